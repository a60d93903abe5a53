//! Values that are parsed once, at the edge, and true from then on.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, hash, str::FromStr};

/// Why a text is not the value it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    #[error("a card number is two capital letters and 4 to 20 digits")]
    CardNumber,
    #[error("an authority's id is 1 to 32 lower-case letters, digits or hyphens, a letter first")]
    AuthorityId,
    #[error("a serial number is 1 to 20 octets in hexadecimal")]
    SerialNumber,
    #[error("an e-mail address is name@host.domain, at most 254 characters")]
    EmailAddress,
    #[error("before the @ of an e-mail address there are letters, digits and signs of ASCII alone")]
    EmailName,
}

macro_rules! text_value {
    ($name:ident) => {
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = ValueError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

/// The number printed on a card: two capital letters and digits. Its length is a matter of the authority's policy,
/// and older cards are shorter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CardNumber(String);

impl CardNumber {
    /// The two letters in front.
    pub fn prefix(&self) -> &str {
        &self.0[..2]
    }

    pub fn digits(&self) -> &str {
        &self.0[2..]
    }
}

impl FromStr for CardNumber {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (letters, digits) = text.split_at_checked(2).ok_or(ValueError::CardNumber)?;
        let right = letters.bytes().all(|b| b.is_ascii_uppercase())
            && (4..=20).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit());
        right.then(|| Self(text.to_owned())).ok_or(ValueError::CardNumber)
    }
}

text_value!(CardNumber);

/// An authority's short name in paths and data: `gca`, `moica`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuthorityId(String);

impl FromStr for AuthorityId {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let right = text.len() <= 32
            && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        right.then(|| Self(text.to_owned())).ok_or(ValueError::AuthorityId)
    }
}

text_value!(AuthorityId);

/// A certificate's serial number: a positive integer of at most 20 octets (RFC 5280 §4.1.2.2), without leading zeros.
/// Written in lower-case hexadecimal, two digits an octet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SerialNumber(Vec<u8>);

impl SerialNumber {
    /// 128 random bits made a positive number of exactly 16 octets: the top bit is cleared, the next set.
    pub fn from_random(mut random: [u8; 16]) -> Self {
        random[0] = random[0] & 0x7f | 0x40;
        Self(random.to_vec())
    }

    /// From the unsigned big-endian integer; leading zeros are dropped.
    ///
    /// # Errors
    /// Zero, or longer than 20 octets.
    pub fn from_be_bytes(bytes: &[u8]) -> Result<Self, ValueError> {
        let start = bytes.iter().position(|b| *b != 0).ok_or(ValueError::SerialNumber)?;
        let significant = &bytes[start..];
        (significant.len() <= 20).then(|| Self(significant.to_vec())).ok_or(ValueError::SerialNumber)
    }

    pub fn as_be_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for SerialNumber {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        hex::decode(text).map_err(|_| ValueError::SerialNumber).and_then(|bytes| Self::from_be_bytes(&bytes))
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl TryFrom<String> for SerialNumber {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<SerialNumber> for String {
    fn from(serial: SerialNumber) -> Self {
        serial.to_string()
    }
}

/// A mailbox that Kaika writes to: `name@host.domain`, the unquoted form of RFC 5321 §4.1.2 in ASCII, which every mail
/// server takes and certificates name. A domain in other letters is kept in its ASCII form (RFC 5890 A-labels), and
/// displayed in its letters; what is ASCII is kept as it was given. Two are equal where mail to both comes to one mailbox, as
/// far as can be said: domains know no case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// In ASCII, as it is sent, stored and certified.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough for its owner to know it again, and not for a stranger: `w***@agency.example`.
    pub fn masked(&self) -> String {
        let (name, _) = self.parts();
        let first: String = name.chars().take(1).collect();
        format!("{first}***@{}", self.shown_domain())
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once('@').unwrap_or(("", &self.0))
    }

    fn shown_domain(&self) -> Cow<'_, str> {
        let (_, domain) = self.parts();
        let (shown, whole) = Uts46::new().to_unicode(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::Check);
        if whole.is_ok() { shown } else { domain.into() }
    }

    /// As certificates may name one (RFC 5280 §4.2.1.6, §7.5): also at a host without a domain, as in an organisation's own
    /// net. The name before the @ in other letters would need another kind of name (RFC 9598), and mail servers for it.
    ///
    /// # Errors
    /// It is no such mailbox, or longer than mail systems take.
    pub fn in_certificate(text: &str) -> Result<Self, ValueError> {
        let (name, domain) = text.split_once('@').ok_or(ValueError::EmailAddress)?;
        if !name.is_ascii() {
            return Err(ValueError::EmailName);
        }
        if domain.is_ascii() {
            return Self::in_ascii(text);
        }
        let (deny, hyphens) = (AsciiDenyList::STD3, Hyphens::Check);
        let domain = Uts46::new().to_ascii(domain.as_bytes(), deny, hyphens, DnsLength::Verify);
        Self::in_ascii(&format!("{name}@{}", domain.map_err(|_| ValueError::EmailAddress)?))
    }

    fn in_ascii(text: &str) -> Result<Self, ValueError> {
        let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let right = text.len() <= 254
            && text.split_once('@').is_some_and(|(name, domain)| {
                name.len() <= 64
                    && name.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
                    && domain.split('.').all(label)
            });
        right.then(|| Self(text.to_owned())).ok_or(ValueError::EmailAddress)
    }
}

impl FromStr for EmailAddress {
    type Err = ValueError;

    /// As people have one: without a dot after the @ something was forgotten.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let address = Self::in_certificate(text)?;
        if address.parts().1.contains('.') { Ok(address) } else { Err(ValueError::EmailAddress) }
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        let ((name, domain), (others_name, others_domain)) = (self.parts(), other.parts());
        name == others_name && domain.eq_ignore_ascii_case(others_domain)
    }
}

impl Eq for EmailAddress {}

impl hash::Hash for EmailAddress {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        let (name, domain) = self.parts();
        (name, domain.to_ascii_lowercase()).hash(state);
    }
}

/// For people.
impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, _) = self.parts();
        write!(f, "{name}@{}", self.shown_domain())
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}
