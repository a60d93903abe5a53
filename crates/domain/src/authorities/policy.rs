//! What makes one authority differ from another: data, read from one TOML file each.
//!
//! **Invariant:** no code asks *which* authority it serves, only what its policy says.

use super::profile::{ProfileName, ProfileRules};
use kaika_pki::DistinguishedName;
use kaika_pki::text::{Unreadable, readable};
use kaika_wire::{
    AuthorityId, CardNumber, CertificateRole, Code, EmailAddress, HolderName, JobKind, KeyAlgorithm, PinPattern,
    PinRules, Refusal, StatusChangeKind,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use time::Duration;

/// Why a policy file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("{0}")]
    Form(#[from] toml::de::Error),
    #[error("{field}: {what}")]
    Value { field: &'static str, what: String },
}

/// A root authority, as in `roots.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    pub id: AuthorityId,
    pub subject: DistinguishedName,
    pub key: AuthorityKey,
    pub validity_years: u16,
}

/// Algorithm of an authority's own key, or of another that lies on no card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorityKey {
    P256,
    P384,
    Rsa2048,
    Rsa3072,
    Rsa4096,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub id: AuthorityId,
    pub name: Text,
    /// For whom it is, in a few words: by it people find the authority of their card.
    #[serde(default)]
    pub purpose: Option<Text>,
    /// The pages' accent colour, `#rrggbb`: dark enough to be read on white.
    pub accent: String,
    pub hierarchy: Hierarchy,
    pub card: CardRules,
    /// None where holders have an account and a password instead.
    #[serde(default)]
    pub user_code: Option<UserCodeRules>,
    pub pin: PinPolicy,
    pub activation: Activation,
    pub unlock: Unlock,
    #[serde(default)]
    pub status_changes: StatusChanges,
    /// What holders are called.
    #[serde(default)]
    pub holders: Option<HolderRules>,
    /// None where holders are not organisations with a contact who sees all their certificates.
    #[serde(default)]
    pub organisation: Option<OrganisationRules>,
    pub certificates: CertificateRules,
    #[serde(default)]
    pub crl: CrlRules,
    /// Of certificates that lie on no card.
    #[serde(default)]
    pub profiles: BTreeMap<ProfileName, ProfileRules>,
    pub contact: Contact,
}

/// A text in both languages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub zh: String,
    pub en: String,
}

impl Text {
    /// As a name of something.
    ///
    /// # Errors
    /// Others would not read it as it is.
    pub fn check_name(&self) -> Result<(), Unreadable> {
        readable(&self.zh).and(readable(&self.en)).map(drop)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hierarchy {
    /// The root that certifies this authority.
    pub root: AuthorityId,
    pub subject: DistinguishedName,
    pub key: AuthorityKey,
    pub validity_years: u16,
    /// Into how many lists the revocation list is cut, of generations founded from now on. Some ten thousand entries
    /// each make lists of half a megabyte.
    #[serde(default = "Hierarchy::usual_shards")]
    pub crl_shards: u32,
}

impl Hierarchy {
    /// A list of one shard is for all certificates.
    pub const MOST_SHARDS: u32 = 1024;

    fn usual_shards() -> u32 {
        16
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardRules {
    /// The letters in front of a card number; new cards get the first.
    pub number_prefixes: Vec<String>,
    /// How many digits new cards get. Older ones may be shorter.
    pub number_digits: u8,
    pub key: KeyAlgorithm,
    /// Roles of the certificates for the holder; card authentication comes of itself.
    pub roles: Vec<CertificateRole>,
    /// How long the card authentication certificate lives.
    pub identity_years: u16,
    /// Whether holders have several cards, and go by their numbers: who unlocks one types the digits of its number
    /// before, and a card that has proved itself is told which others its holder has.
    #[serde(default)]
    pub by_number: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserCodeRules {
    /// Wrong tries until it is locked.
    pub tries: u8,
}

/// Of revocation lists.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrlRules {
    /// Older than that, a list is signed anew although nothing has changed.
    pub every_hours: u16,
}

impl CrlRules {
    pub fn every(self) -> time::Duration {
        time::Duration::hours(self.every_hours.into())
    }
}

impl Default for CrlRules {
    /// As EN 319 411-1 has it.
    fn default() -> Self {
        Self { every_hours: 24 }
    }
}

/// Of PINs that holders choose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinPolicy {
    pub min: u8,
    pub max: u8,
    /// Which are not taken.
    #[serde(default = "PinRules::usually_refused")]
    pub refused: Vec<PinPattern>,
    /// Which are taken after a warning.
    #[serde(default = "PinRules::usually_warned_of")]
    pub warned_of: Vec<PinPattern>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Activation {
    /// By the holder, at the portal.
    Online { within_days: u16, afterwards: Overdue },
    /// By an officer, with the card handed over.
    Counter,
    /// Valid from the start, with a PIN that comes by post.
    PinMailer,
}

/// What becomes of a card that was not activated in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overdue {
    Revoke,
    Suspend,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unlock {
    /// The PUK goes to the agent, unseen.
    Agent,
    /// The PUK is shown and typed on the reader's keypad.
    Keypad,
    Counter,
}

/// How a holder has certificates suspended, resumed and revoked. Where nothing is said: at a counter.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusChanges {
    pub suspend: StatusChangeWay,
    pub resume: StatusChangeWay,
    pub revoke: StatusChangeWay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusChangeWay {
    /// By himself, with his user code: with the card in a reader or without it.
    Online,
    #[default]
    Counter,
    /// By an official letter to the registration authority.
    Letter,
    /// By a form on paper, signed and sent to the registration authority.
    PaperForm,
}

impl StatusChanges {
    pub fn way(&self, kind: StatusChangeKind) -> StatusChangeWay {
        match kind {
            StatusChangeKind::Suspend => self.suspend,
            StatusChangeKind::Resume => self.resume,
            StatusChangeKind::Revoke => self.revoke,
        }
    }

    pub fn is_online(&self, kind: StatusChangeKind) -> bool {
        self.way(kind) == StatusChangeWay::Online
    }
}

/// Of the names of holders.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolderRules {
    /// A subject as this authority's holders have it, made up: forms that ask for a holder's name show it.
    pub example: DistinguishedName,
}

impl HolderRules {
    pub fn name(&self) -> Option<HolderName> {
        HolderName::of(self.example.labelled())
    }
}

/// 機關所有憑證: whose certificates are shown together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganisationRules {
    /// Attributes of a subject that together name the organisation, each as often as it stands here; what else the
    /// subject has is the holder's place within: `["C", "O", "OU"]` is all up to the first unit.
    pub named_by: Vec<String>,
    /// What ends within so many days is in the list of 快過期 certificates.
    pub expiring_within_days: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRules {
    pub validity_years: u16,
    /// Certificate policies, as OIDs.
    pub policies: Vec<String>,
    /// Certification practice statement.
    pub cps: Option<String>,
    /// Subject type in the subject directory attributes, as an OID.
    pub subject_type: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub telephone: String,
    /// Where answers to our mails go; none: as the server's configuration says.
    #[serde(default)]
    pub email: Option<EmailAddress>,
    pub hours: Text,
    pub address: Text,
}

impl Policy {
    /// # Errors
    /// The TOML is not a policy, or a value contradicts itself; the message names the field.
    pub fn parse(toml: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(toml)?;
        policy.validate()?;
        Ok(policy)
    }

    fn validate(&self) -> Result<(), PolicyError> {
        let wrong = |field, what: String| Err(PolicyError::Value { field, what });
        for (field, text) in [("name", Some(&self.name)), ("purpose", self.purpose.as_ref())] {
            if let Some(Err(why)) = text.map(Text::check_name) {
                return wrong(field, why.to_string());
            }
        }
        if self.holders.as_ref().is_some_and(|holders| holders.name().is_none()) {
            return wrong("holders.example", "without O, OU and CN it names nobody".into());
        }
        if self.card.number_prefixes.is_empty() {
            return wrong("card.number_prefixes", "at least one prefix is needed".into());
        }
        for prefix in &self.card.number_prefixes {
            let sample = format!("{prefix}{}", "0".repeat(usize::from(self.card.number_digits)));
            if sample.parse::<CardNumber>().is_err() || prefix.len() != 2 {
                return wrong("card.number_prefixes", format!("{sample} would not be a card number"));
            }
        }
        if !self.card.roles.contains(&CertificateRole::Signature) {
            return wrong(
                "card.roles",
                "a holder accepts with the signature certificate: it cannot be left out".into(),
            );
        }
        if self.card.roles.contains(&CertificateRole::CardAuthentication) {
            return wrong("card.roles", "card_authentication comes of itself".into());
        }
        self.profiles.iter().try_for_each(|(name, rules)| rules.validate(name))?;
        if !(6..=8).contains(&self.pin.min) || !(self.pin.min..=8).contains(&self.pin.max) {
            return wrong("pin", "a PIV card takes 6 to 8 digits".into());
        }
        if !(1..=144).contains(&self.crl.every_hours) {
            return wrong("crl.every_hours", "a list is good for seven days: 1 to 144 hours".into());
        }
        if matches!(self.activation, Activation::Online { .. }) && self.user_code.is_none() {
            return wrong("user_code", "online activation asks for the user code".into());
        }
        if self.unlock != Unlock::Counter && self.user_code.is_none() {
            return wrong(
                "unlock",
                "a PUK is released for a user code: without one, cards are unlocked at a counter".into(),
            );
        }
        let online = StatusChangeKind::ALL.iter().any(|kind| self.status_changes.is_online(*kind));
        if online && self.user_code.is_none() {
            return wrong("status_changes", "what is done online asks for the user code".into());
        }
        if let Some(OrganisationRules { named_by, expiring_within_days }) = &self.organisation {
            if !named_by.iter().any(|label| label == "O") {
                return wrong("organisation.named_by", "without O it names no organisation".into());
            }
            if *expiring_within_days == 0 {
                return wrong("organisation.expiring_within_days", "at least 1 day".into());
            }
        }
        if !(1..=Hierarchy::MOST_SHARDS).contains(&self.hierarchy.crl_shards) {
            return wrong("hierarchy.crl_shards", format!("1 to {} lists", Hierarchy::MOST_SHARDS));
        }
        let Some(accent) = rgb(&self.accent) else {
            return wrong("accent", format!("{} is not #rrggbb", self.accent));
        };
        let contrast = contrast_with_white(accent);
        if contrast < LEAST_CONTRAST {
            let what =
                format!("{} has a contrast of {contrast:.2} with white; {LEAST_CONTRAST} is needed", self.accent);
            return wrong("accent", what);
        }
        Ok(())
    }

    /// All certificates that a card of this authority gets.
    pub fn roles(&self) -> impl Iterator<Item = CertificateRole> + '_ {
        std::iter::once(CertificateRole::CardAuthentication).chain(self.card.roles.iter().copied())
    }

    /// Whether its cards open what was encrypted for their holders.
    pub fn encrypts(&self) -> bool {
        self.roles().any(|role| role == CertificateRole::Encryption)
    }

    /// Whether the station sets the holder's PIN and delivers it.
    pub fn delivers_pin(&self) -> bool {
        !matches!(self.activation, Activation::Online { .. })
    }

    /// Whether its certificates say that they are for tests, by a policy of id-TEST (RFC 7229).
    pub fn is_test(&self) -> bool {
        self.certificates.policies.iter().any(|oid| oid.starts_with("1.3.6.1.5.5.7.13."))
    }

    pub fn owns(&self, number: &CardNumber) -> bool {
        self.card.number_prefixes.iter().any(|prefix| prefix == number.prefix())
    }

    /// Whether holders of this authority's cards do such a job themselves.
    ///
    /// # Errors
    /// Why not, and who does it.
    pub fn offers(&self, kind: JobKind) -> Result<(), Refusal> {
        let elsewhere = |code: Code| Refusal {
            authority: Some(self.id.clone()),
            contact: Some(self.contact.telephone.clone()),
            ..code.into()
        };
        match kind {
            JobKind::Activate if self.delivers_pin() => Err(elsewhere(Code::ActivatedElsewhere)),
            JobKind::Unlock if self.unlock == Unlock::Counter => Err(elsewhere(Code::UnlockedElsewhere)),
            kind if kind.status_change().is_some_and(|kind| !self.status_changes.is_online(kind)) => {
                Err(elsewhere(Code::ChangedElsewhere))
            }
            kind if kind.is_for_holders() => Ok(()),
            _ => Err(Code::NotFound.into()),
        }
    }

    /// Whether the page of this job asks for the digits of the card number.
    pub fn asks_number(&self, kind: JobKind) -> bool {
        self.card.by_number && kind == JobKind::Unlock
    }

    pub fn user_code_tries(&self) -> u8 {
        self.user_code.as_ref().map_or(0, |rules| rules.tries)
    }
}

/// For text (WCAG 2.2, success criterion 1.4.3).
const LEAST_CONTRAST: f64 = 4.5;

fn rgb(hex: &str) -> Option<[u8; 3]> {
    let hex = hex.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let [_, r, g, b] = u32::from_str_radix(hex, 16).ok()?.to_be_bytes();
    Some([r, g, b])
}

/// WCAG 2.2, “contrast ratio” and “relative luminance”.
fn contrast_with_white(rgb: [u8; 3]) -> f64 {
    let [r, g, b] = rgb.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)
}

impl Activation {
    /// The time within which a card is to be activated online.
    pub fn period(&self) -> Option<Duration> {
        match self {
            Self::Online { within_days, .. } => Some(Duration::days(i64::from(*within_days))),
            Self::Counter | Self::PinMailer => None,
        }
    }
}

/// `roots.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roots {
    pub root: Vec<Root>,
}

impl Roots {
    /// # Errors
    /// The TOML is not a list of roots.
    pub fn parse(toml: &str) -> Result<Vec<Root>, PolicyError> {
        Ok(toml::from_str::<Self>(toml)?.root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_as_the_standard_has_it() {
        for (hex, expected) in
            [("#ffffff", 1.0), ("#000000", 21.0), ("#767676", 4.54), ("#777777", 4.48), ("#ff0000", 4.0)]
        {
            let contrast = contrast_with_white(rgb(hex).expect(hex));
            assert!((contrast - expected).abs() < 0.005, "{hex}: {contrast}");
        }
        for wrong in ["", "#fff", "123456", "#12345g", "#+12345"] {
            assert_eq!(rgb(wrong), None, "{wrong}");
        }
    }
}
