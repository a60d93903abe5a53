//! What a certificate on a card tells without a server: number, holder, validity, and by whom it was issued.
//!
//! Nothing here verifies a signature: the server does, and gives nothing away before the card has proved itself.

use const_oid::{ObjectIdentifier, db};
use kaika_wire::{CardNumber, SerialNumber, spelled_name};
use time::OffsetDateTime;
use x509_cert::{
    Certificate,
    attr::AttributeValue,
    der::{
        Decode, DecodePem, SliceReader, Tag, Tagged,
        asn1::{AnyRef, BmpString, PrintableStringRef, TeletexStringRef, UintRef, Utf8StringRef},
        pem::{self, LineEnding},
    },
    ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier},
    name::Name,
    time::Time,
};

pub struct CardCertificate(Certificate);

impl CardCertificate {
    /// `None` where the bytes are not an X.509 certificate (DER).
    pub fn parse(der: &[u8]) -> Option<Self> {
        Certificate::from_der(der).ok().map(Self)
    }

    /// `None` where the text is not such a certificate.
    pub fn from_pem(pem: &str) -> Option<Self> {
        Certificate::from_pem(pem).ok().map(Self)
    }

    /// Kind and size of its key, as people write it: `P-256`, `RSA-2048`.
    pub fn key(&self) -> Option<String> {
        let key = self.0.tbs_certificate().subject_public_key_info();
        let curve = || key.algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok();
        match key.algorithm.oid {
            db::rfc5912::ID_EC_PUBLIC_KEY => match curve()? {
                db::rfc5912::SECP_256_R_1 => Some("P-256".to_owned()),
                db::rfc5912::SECP_384_R_1 => Some("P-384".to_owned()),
                other => Some(other.to_string()),
            },
            db::rfc5912::RSA_ENCRYPTION => {
                // RFC 8017 appendix A.1.1: the modulus comes first.
                let key = AnyRef::from_der(key.subject_public_key.raw_bytes()).ok()?;
                let modulus = UintRef::decode(&mut SliceReader::new(key.value()).ok()?).ok()?;
                Some(format!("RSA-{}", 8 * modulus.as_bytes().len()))
            }
            other => Some(other.to_string()),
        }
    }

    /// The card number in the subject of the 9E certificate.
    pub fn card_number(&self) -> Option<CardNumber> {
        self.subject()
            .iter()
            .find(|attribute| attribute.oid == db::rfc4519::SERIAL_NUMBER)
            .and_then(|attribute| text(&attribute.value))
            .and_then(|number| number.parse().ok())
    }

    pub fn serial(&self) -> Option<SerialNumber> {
        let serial = self.0.tbs_certificate().serial_number();
        SerialNumber::from_be_bytes(serial.as_bytes()).ok()
    }

    /// The subject in the order of the certificate: `C=TW,O=…,OU=…`.
    pub fn holder(&self) -> String {
        spelled(self.subject())
    }

    /// The last part of the issuer's name that says something: its common name, unit or organisation.
    pub fn issuer_name(&self) -> Option<String> {
        let name = self.0.tbs_certificate().issuer();
        [db::rfc4519::CN, db::rfc4519::OU, db::rfc4519::O].into_iter().find_map(|oid| {
            let found = name.iter().filter(|attribute| attribute.oid == oid).last();
            found.and_then(|attribute| text(&attribute.value))
        })
    }

    /// First and last second.
    pub fn validity(&self) -> Option<(OffsetDateTime, OffsetDateTime)> {
        let validity = self.0.tbs_certificate().validity();
        Some((moment(validity.not_before)?, moment(validity.not_after)?))
    }

    /// Whether this names `authority` as its issuer: by name, and by key where both say it. Several generations of an
    /// authority share one name (RFC 5280 §4.2.1.1).
    pub fn issued_by(&self, authority: &Self) -> bool {
        let (own, issuer) = (self.0.tbs_certificate(), authority.0.tbs_certificate());
        if own.issuer() != issuer.subject() {
            return false;
        }
        let wanted = own
            .get_extension::<AuthorityKeyIdentifier>()
            .ok()
            .flatten()
            .and_then(|(_, extension)| extension.key_identifier);
        let there = issuer.get_extension::<SubjectKeyIdentifier>().ok().flatten().map(|(_, extension)| extension.0);
        match (wanted, there) {
            (Some(wanted), Some(there)) => wanted == there,
            _ => true,
        }
    }

    fn subject(&self) -> &Name {
        self.0.tbs_certificate().subject()
    }
}

/// The certificate as people and OpenSSL take it.
pub fn to_pem(der: &[u8]) -> String {
    pem::encode_string("CERTIFICATE", LineEnding::LF, der).expect("the label is valid and the bytes are below 4 GiB")
}

fn spelled(name: &Name) -> String {
    let attributes = name.iter().map(|attribute| {
        let value = text(&attribute.value).unwrap_or_else(|| hex::encode(attribute.value.value()));
        (short(&attribute.oid), value)
    });
    let attributes: Vec<_> = attributes.collect();
    spelled_name(attributes.iter().map(|(label, value)| (label.as_str(), value.as_str())))
}

fn short(oid: &ObjectIdentifier) -> String {
    let known = [
        (db::rfc4519::C, "C"),
        (db::rfc4519::ST, "ST"),
        (db::rfc4519::L, "L"),
        (db::rfc4519::O, "O"),
        (db::rfc4519::OU, "OU"),
        (db::rfc4519::CN, "CN"),
        (db::rfc4519::SN, "SN"),
        (db::rfc4519::GIVEN_NAME, "GN"),
        (db::rfc4519::TITLE, "title"),
        (db::rfc4519::SERIAL_NUMBER, "serialNumber"),
    ];
    known.iter().find(|(known, _)| known == oid).map_or_else(|| oid.to_string(), |(_, name)| (*name).to_owned())
}

/// DirectoryString (RFC 5280 §4.1.2.4).
fn text(value: &AttributeValue) -> Option<String> {
    match value.tag() {
        Tag::Utf8String => Utf8StringRef::new(value.value()).ok().map(|s| s.as_str().to_owned()),
        Tag::PrintableString => PrintableStringRef::new(value.value()).ok().map(|s| s.as_str().to_owned()),
        Tag::TeletexString => TeletexStringRef::new(value.value()).ok().map(|s| s.as_str().to_owned()),
        Tag::BmpString => BmpString::from_ucs2(value.value().to_vec()).ok().map(|s| s.to_string()),
        _ => None,
    }
}

fn moment(time: Time) -> Option<OffsetDateTime> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}
