//! Distinguished names of people, organisations, cards and authorities, as X.509 holds and people read them.

use std::fmt;
use std::str::FromStr;

use der::Tag;
use serde::{Deserialize, Serialize};

use crate::asn1::{self, ParseError, Parser};
use crate::oid::{self, Oid};
use crate::text::{self, Unreadable, code_point};

const MAX_DER: usize = 4096;
const MAX_TEXT: usize = 4096;

/// The attributes our names are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attribute {
    Country,
    State,
    Locality,
    Organization,
    OrganizationalUnit,
    Title,
    CommonName,
    Surname,
    GivenName,
    SerialNumber,
}

impl Attribute {
    pub const ALL: [Self; 10] = [
        Self::Country,
        Self::State,
        Self::Locality,
        Self::Organization,
        Self::OrganizationalUnit,
        Self::Title,
        Self::CommonName,
        Self::Surname,
        Self::GivenName,
        Self::SerialNumber,
    ];

    /// As it stands before the `=`: `C`, `ST`, `L`, `O`, `OU`, `title`, `CN`, `SN`, `GN`, `serialNumber`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Country => "C",
            Self::State => "ST",
            Self::Locality => "L",
            Self::Organization => "O",
            Self::OrganizationalUnit => "OU",
            Self::Title => "title",
            Self::CommonName => "CN",
            Self::Surname => "SN",
            Self::GivenName => "GN",
            Self::SerialNumber => "serialNumber",
        }
    }

    /// Characters at most: the upper bounds of RFC 5280 appendix A.1 (X.520's 64 for the parts of a person's name,
    /// which the RFC leaves at 32,768).
    pub fn max_len(self) -> usize {
        match self {
            Self::Country => 2,
            Self::State | Self::Locality => 128,
            Self::Organization
            | Self::OrganizationalUnit
            | Self::Title
            | Self::CommonName
            | Self::Surname
            | Self::GivenName
            | Self::SerialNumber => 64,
        }
    }

    fn oid(self) -> Oid {
        match self {
            Self::Country => oid::COUNTRY,
            Self::State => oid::STATE,
            Self::Locality => oid::LOCALITY,
            Self::Organization => oid::ORGANIZATION,
            Self::OrganizationalUnit => oid::ORGANIZATIONAL_UNIT,
            Self::Title => oid::TITLE,
            Self::CommonName => oid::COMMON_NAME,
            Self::Surname => oid::SURNAME,
            Self::GivenName => oid::GIVEN_NAME,
            Self::SerialNumber => oid::SERIAL_NUMBER,
        }
    }

    /// Country and serial number are PrintableString by definition; all else is UTF8String (RFC 5280 §4.1.2.4).
    fn string_tag(self) -> Tag {
        match self {
            Self::Country | Self::SerialNumber => Tag::PrintableString,
            _ => Tag::Utf8String,
        }
    }
}

/// A non-empty list of attributes in order, each an RDN of its own. Displayed and parsed with the country first:
/// `C=TW,O=行政院,OU=測試機關`; `,` `+` `"` `\` `<` `>` `;` `=` in a value, a leading `#` or space and a trailing
/// space are escaped with `\` (after RFC 4514, whose order is the reverse). In files and rows it is a list of labels and
/// values: `[["C", "TW"], ["O", "行政院"]]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<(String, String)>", into = "Vec<(String, String)>")]
pub struct DistinguishedName {
    attributes: Vec<(Attribute, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("a name needs at least one attribute")]
    Empty,
    #[error("{} is empty", .0.label())]
    EmptyValue(Attribute),
    #[error("{} is longer than {} characters", .0.label(), .0.max_len())]
    TooLong(Attribute),
    #[error("C is two capital letters")]
    Country,
    #[error("{} has {}, which a PrintableString cannot hold", .0.label(), code_point(*.1))]
    NotPrintable(Attribute, char),
    #[error("{} has the control character {}", .0.label(), code_point(*.1))]
    ControlCharacter(Attribute, char),
    #[error("{}: {}", .0.label(), .1)]
    Unreadable(Attribute, Unreadable),
    #[error("{} stands twice", .0.label())]
    Twice(Attribute),
    #[error("the name is too long")]
    NameTooLong,
    #[error("“{0}” is not one of C, ST, L, O, OU, title, CN, SN, GN, serialNumber")]
    UnknownAttribute(String),
    #[error("a name reads C=TW,O=…,OU=…: “{0}” has no =")]
    NoEquals(String),
    #[error("a \\ at the end of a name escapes nothing")]
    OpenEscape,
}

impl DistinguishedName {
    /// Checks lengths and characters; OU alone may stand more than once.
    pub fn new<V: Into<String>>(attributes: impl IntoIterator<Item = (Attribute, V)>) -> Result<Self, NameError> {
        let attributes: Vec<(Attribute, String)> =
            attributes.into_iter().map(|(attribute, value)| (attribute, value.into())).collect();
        if attributes.is_empty() {
            return Err(NameError::Empty);
        }
        for (index, (attribute, value)) in attributes.iter().enumerate() {
            check_value(*attribute, value)?;
            let before = &attributes[..index];
            if *attribute != Attribute::OrganizationalUnit && before.iter().any(|(other, _)| other == attribute) {
                return Err(NameError::Twice(*attribute));
            }
        }
        let name = Self { attributes };
        if name.to_der().len() > MAX_DER {
            return Err(NameError::NameTooLong);
        }
        Ok(name)
    }

    /// The name as it is registered and certified: each value as others read it ([`text::readable`]). What is on record may
    /// be older than that rule, so reading a name does not ask for it.
    pub fn readable(&self) -> Result<Self, NameError> {
        let readable = |(attribute, value): &(Attribute, String)| match text::readable(value) {
            Ok(value) => Ok((*attribute, value)),
            Err(why) => Err(NameError::Unreadable(*attribute, why)),
        };
        Self::new(self.attributes.iter().map(readable).collect::<Result<Vec<_>, _>>()?)
    }

    pub fn attributes(&self) -> &[(Attribute, String)] {
        &self.attributes
    }

    /// Each attribute by its label: `("C", "TW")`.
    pub fn labelled(&self) -> impl DoubleEndedIterator<Item = (&'static str, &str)> {
        self.attributes.iter().map(|(attribute, value)| (attribute.label(), value.as_str()))
    }

    /// The first value of this attribute.
    pub fn value(&self, attribute: Attribute) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| *other == attribute).map(|(_, value)| value.as_str())
    }

    pub fn to_der(&self) -> Vec<u8> {
        let rdns: Vec<Vec<u8>> = self
            .attributes
            .iter()
            .map(|(attribute, value)| {
                let string = asn1::tlv(attribute.string_tag(), &[value.as_bytes()]);
                let pair = asn1::sequence(&[&asn1::oid(attribute.oid()), &string]);
                asn1::tlv(Tag::Set, &[&pair])
            })
            .collect();
        asn1::sequence(&[&rdns.concat()])
    }

    /// Reads a name of the form we write: known attributes, one per RDN, UTF8String or PrintableString.
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        asn1::limit(der, MAX_DER)?;
        let mut rdns = Parser::only(der, Tag::Sequence)?;
        let mut attributes = Vec::new();
        while !rdns.is_empty() {
            let mut rdn = rdns.enter(Tag::Set)?;
            let mut pair = rdn.enter(Tag::Sequence)?;
            rdn.finish()?;
            let id = pair.oid()?;
            let string = pair.any()?;
            pair.finish()?;
            let attribute = Attribute::ALL
                .into_iter()
                .find(|attribute| attribute.oid() == id)
                .ok_or(ParseError::Content("a name attribute not known here"))?;
            if !matches!(string.tag, Tag::Utf8String | Tag::PrintableString) {
                return Err(ParseError::Content("a name in an old string type"));
            }
            let value =
                std::str::from_utf8(string.value).map_err(|_| ParseError::Content("a name that is not UTF-8"))?;
            attributes.push((attribute, value));
        }
        Self::new(attributes).map_err(|_| ParseError::Content("a name outside its bounds"))
    }
}

impl TryFrom<Vec<(String, String)>> for DistinguishedName {
    type Error = NameError;

    fn try_from(labelled: Vec<(String, String)>) -> Result<Self, NameError> {
        let typed = labelled.into_iter().map(|(label, value)| {
            let attribute = Attribute::ALL.into_iter().find(|attribute| attribute.label() == label);
            attribute.map(|attribute| (attribute, value)).ok_or(NameError::UnknownAttribute(label))
        });
        Self::new(typed.collect::<Result<Vec<_>, _>>()?)
    }
}

impl From<DistinguishedName> for Vec<(String, String)> {
    fn from(name: DistinguishedName) -> Self {
        name.labelled().map(|(label, value)| (label.to_owned(), value.to_owned())).collect()
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (attribute, value)) in self.attributes.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write!(f, "{}=", attribute.label())?;
            let last = value.chars().count() - 1;
            for (at, character) in value.chars().enumerate() {
                let special = matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=')
                    || (at == 0 && matches!(character, '#' | ' '))
                    || (at == last && character == ' ');
                if special {
                    f.write_str("\\")?;
                }
                write!(f, "{character}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for DistinguishedName {
    type Err = NameError;

    /// Reads the displayed form; labels in any case, spaces around them and around unescaped values ignored.
    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.len() > MAX_TEXT {
            return Err(NameError::NameTooLong);
        }
        if text.trim().is_empty() {
            return Err(NameError::Empty);
        }
        let attributes = split_unescaped(text).into_iter().map(parse_pair).collect::<Result<Vec<_>, _>>()?;
        Self::new(attributes)
    }
}

fn check_value(attribute: Attribute, value: &str) -> Result<(), NameError> {
    if value.is_empty() {
        return Err(NameError::EmptyValue(attribute));
    }
    if attribute == Attribute::Country && (value.len() != 2 || !value.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return Err(NameError::Country);
    }
    if value.chars().count() > attribute.max_len() {
        return Err(NameError::TooLong(attribute));
    }
    let not_printable = value.chars().find(|sign| !is_printable(*sign));
    if let Some(sign) = not_printable.filter(|_| attribute.string_tag() == Tag::PrintableString) {
        return Err(NameError::NotPrintable(attribute, sign));
    }
    match value.chars().find(|sign| sign.is_control()) {
        Some(sign) => Err(NameError::ControlCharacter(attribute, sign)),
        None => Ok(()),
    }
}

/// The characters of a PrintableString (X.680 §41.4).
pub(crate) fn is_printable(character: char) -> bool {
    character.is_ascii_alphanumeric() || " '()+,-./:=?".contains(character)
}

fn split_unescaped(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            ',' if !escaped => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    parts.push(&text[start..]);
    parts
}

fn parse_pair(part: &str) -> Result<(Attribute, String), NameError> {
    let (label, value) = part.split_once('=').ok_or_else(|| NameError::NoEquals(part.trim().to_owned()))?;
    let label = label.trim();
    let attribute = Attribute::ALL
        .into_iter()
        .find(|attribute| attribute.label().eq_ignore_ascii_case(label))
        .ok_or_else(|| NameError::UnknownAttribute(label.to_owned()))?;
    Ok((attribute, unescape(value)?))
}

fn unescape(value: &str) -> Result<String, NameError> {
    let mut out = String::with_capacity(value.len());
    // How much of `out` ends in something that must not be trimmed away.
    let mut kept = 0;
    let mut characters = value.trim_start_matches(' ').chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            out.push(characters.next().ok_or(NameError::OpenEscape)?);
            kept = out.len();
        } else {
            out.push(character);
            if character != ' ' {
                kept = out.len();
            }
        }
    }
    out.truncate(kept);
    Ok(out)
}
