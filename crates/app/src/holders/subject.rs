//! A holder's subject as a distinguished name.

use kaika_pki::{
    DistinguishedName,
    name::{Attribute, NameError},
};

/// From attributes by their labels: `[("C", "TW"), ("O", "行政院")]`.
///
/// # Errors
/// An attribute is unknown, or a value cannot stand in a certificate.
pub fn subject_name(attributes: &[(String, String)]) -> Result<DistinguishedName, NameError> {
    let typed = attributes.iter().map(|(label, value)| {
        let attribute = Attribute::ALL.into_iter().find(|attribute| attribute.label() == label);
        attribute.map(|attribute| (attribute, value.clone())).ok_or_else(|| NameError::UnknownAttribute(label.clone()))
    });
    DistinguishedName::new(typed.collect::<Result<Vec<_>, _>>()?)
}
