//! Profiles: kinds of certificates that an authority issues, by their names in its policy.
//!
//! Those of cards have the names of their roles on the card, and are what the sections `card` and `certificates` of a
//! policy say. Others lie on no card, and are declared in the table `profiles`.

use super::policy::{AuthorityKey, Policy, PolicyError, Text};
use kaika_wire::{CertificateRole, KeyAlgorithm};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// The name of a profile: `signature`, `seal`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProfileName(Cow<'static, str>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a profile is a lower-case letter and up to 31 letters, digits and _")]
pub struct NoProfileName;

impl ProfileName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// On a card; none where it lies on no card.
    pub fn role(&self) -> Option<CertificateRole> {
        CertificateRole::ALL.into_iter().find(|role| role.as_str() == self.as_str())
    }
}

impl From<CertificateRole> for ProfileName {
    fn from(role: CertificateRole) -> Self {
        Self(Cow::Borrowed(role.as_str()))
    }
}

impl FromStr for ProfileName {
    type Err = NoProfileName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        match begins && text.len() <= 32 && text.bytes().all(is_part) {
            true => Ok(Self(Cow::Owned(text.to_owned()))),
            false => Err(NoProfileName),
        }
    }
}

impl TryFrom<String> for ProfileName {
    type Error = NoProfileName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ProfileName> for String {
    fn from(name: ProfileName) -> Self {
        name.0.into_owned()
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq<CertificateRole> for ProfileName {
    fn eq(&self, role: &CertificateRole) -> bool {
        self.as_str() == role.as_str()
    }
}

/// What a certificate's key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// To sign mails and documents.
    Signature,
    /// For others to encrypt to.
    Encryption,
    /// To log in by TLS.
    Login,
    /// To prove a card, which alone it names.
    CardAuthentication,
}

impl From<CertificateRole> for Usage {
    fn from(role: CertificateRole) -> Self {
        match role {
            CertificateRole::Signature => Self::Signature,
            CertificateRole::Encryption => Self::Encryption,
            CertificateRole::Login => Self::Login,
            CertificateRole::CardAuthentication => Self::CardAuthentication,
        }
    }
}

/// A profile of certificates that lie on no card, as a policy declares it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRules {
    /// As people read it.
    pub name: Text,
    pub usage: Usage,
    /// Kinds of keys that are certified.
    pub keys: Vec<AuthorityKey>,
    pub validity_years: u16,
    /// Certificate policies, as OIDs; none: those of the section `certificates`.
    #[serde(default)]
    pub policies: Option<Vec<String>>,
    /// As an OID; none: that of the section `certificates`.
    #[serde(default)]
    pub subject_type: Option<String>,
}

impl ProfileRules {
    pub(super) fn validate(&self, name: &ProfileName) -> Result<(), PolicyError> {
        let wrong = |what: &str| Err(PolicyError::Value { field: "profiles", what: format!("{name}: {what}") });
        if name.role().is_some() {
            return wrong("that is the name of a certificate on a card");
        }
        if let Err(why) = self.name.check_name() {
            return wrong(&format!("name: {why}"));
        }
        if self.usage == Usage::CardAuthentication {
            return wrong("usage: only a card's certificate proves a card");
        }
        if self.keys.is_empty() {
            return wrong("keys: at least one kind of key");
        }
        if self.validity_years == 0 {
            return wrong("validity_years: at least 1");
        }
        Ok(())
    }
}

/// Which keys a profile takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys<'p> {
    OfCards(KeyAlgorithm),
    OneOf(&'p [AuthorityKey]),
}

/// What certificates of one name are like.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'p> {
    pub usage: Usage,
    pub keys: Keys<'p>,
    pub validity_years: u16,
    /// OIDs.
    pub policies: &'p [String],
    /// An OID.
    pub subject_type: &'p str,
    pub is_on_card: bool,
}

impl Policy {
    /// None where this authority issues no such certificates.
    pub fn profile(&self, name: &ProfileName) -> Option<Profile<'_>> {
        let usual = &self.certificates;
        if let Some(role) = name.role() {
            return self.roles().any(|one| one == role).then_some(Profile {
                usage: role.into(),
                keys: Keys::OfCards(self.card.key),
                validity_years: match role {
                    CertificateRole::CardAuthentication => self.card.identity_years,
                    _ => usual.validity_years,
                },
                policies: &usual.policies,
                subject_type: &usual.subject_type,
                is_on_card: true,
            });
        }
        let rules = self.profiles.get(name)?;
        Some(Profile {
            usage: rules.usage,
            keys: Keys::OneOf(&rules.keys),
            validity_years: rules.validity_years,
            policies: rules.policies.as_ref().unwrap_or(&usual.policies),
            subject_type: rules.subject_type.as_ref().unwrap_or(&usual.subject_type),
            is_on_card: false,
        })
    }

    /// All that this authority issues.
    pub fn profile_names(&self) -> impl Iterator<Item = ProfileName> + '_ {
        self.roles().map(ProfileName::from).chain(self.profiles.keys().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for role in CertificateRole::ALL {
            let name: ProfileName = role.as_str().parse().expect("a role is a name");
            assert_eq!((name.role(), &name), (Some(role), &role.into()));
            assert!(name == role);
        }
        let seal: ProfileName = "seal_2".parse().expect("plain");
        assert_eq!(seal.role(), None);
        let long = "a".repeat(33);
        for wrong in ["", "2seal", "_seal", "Seal", "se al", "印", long.as_str()] {
            assert_eq!(wrong.parse::<ProfileName>(), Err(NoProfileName), "{wrong}");
        }
    }
}
