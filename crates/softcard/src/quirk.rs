//! Ways in which other makers' PIV cards differ from a YubiKey: switches that are set when a card is made, remembered in
//! its file, and combined at will.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! quirks {
    ($($(#[$doc:meta])* $quirk:ident = $name:literal,)*) => {
        /// One oddity, named as `kaika-agent softcard --quirk` takes it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Quirk {
            $($(#[$doc])* $quirk,)*
        }

        impl Quirk {
            pub const ALL: [Quirk; [$($name),*].len()] = [$(Quirk::$quirk),*];

            pub fn name(self) -> &'static str {
                match self {
                    $(Quirk::$quirk => $name,)*
                }
            }
        }
    };
}

quirks! {
    /// A challenge or witness of the management key is good for the next command alone.
    ChallengeVoided = "challenge-voided",
    /// GET METADATA tells nothing of the management key.
    F7Empty = "f7-empty",
    /// GET METADATA says of the management key that it is the factory's where it is not, and the other way round.
    F7Flag = "f7-flag",
    /// No GET METADATA.
    F7Absent = "f7-absent",
    /// RESET RETRY COUNTER makes the keys of 9A, 9C and 9D unusable for ever; new ones work until the next.
    ResetBreaksKeys = "reset-breaks-keys",
    /// A key made in 9C without a PIN policy asks for the PIN once, not each time.
    SignatureOnce = "9c-once",
    /// A reset leaves the PIN verified; VERIFY with P1 = FF and a loss of power do not.
    ResetKeepsPin = "reset-keeps-pin",
    /// GET SERIAL answers 0 on every card.
    FixedSerial = "fixed-serial",
    /// The management key is 3DES, and can be nothing else.
    TripleDesOnly = "3des-only",
    /// PIN and PUK have five tries.
    FiveTries = "five-tries",
    /// SP 800-73-4 alone: none of Yubico's commands, and GENERATE takes no PIN policy.
    Plain = "plain",
    /// The key in 9D agrees on no secrets.
    NoAgreement = "no-ecdh",
    /// A wrong PIN or PUK is answered 6300, without the tries left.
    TriesUntold = "6300",
    /// A data object never grows beyond what was first written into it.
    ObjectsFixed = "objects-fixed",
    /// A signature with 9C drops the PIN for all keys.
    SignatureDropsPin = "9c-drops-pin",
    /// A new PIN or PUK of one digit repeated, of a run up or down, or that many people take, is refused: 6985.
    PinComplexity = "pin-complexity",
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no card is known to be {0:?}; known are: {known}", known = Quirk::ALL.map(Quirk::name).join(", "))]
pub struct UnknownQuirk(String);

impl FromStr for Quirk {
    type Err = UnknownQuirk;

    fn from_str(name: &str) -> Result<Quirk, UnknownQuirk> {
        Quirk::ALL.into_iter().find(|quirk| quirk.name() == name).ok_or_else(|| UnknownQuirk(name.to_owned()))
    }
}

impl TryFrom<String> for Quirk {
    type Error = UnknownQuirk;

    fn try_from(name: String) -> Result<Quirk, UnknownQuirk> {
        name.parse()
    }
}

impl From<Quirk> for &'static str {
    fn from(quirk: Quirk) -> &'static str {
        quirk.name()
    }
}

/// The oddities of one card.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Quirk>", into = "Vec<Quirk>")]
pub struct Quirks(u32);

impl Quirks {
    pub const NONE: Quirks = Quirks(0);

    #[must_use]
    pub fn with(self, quirk: Quirk) -> Quirks {
        Quirks(self.0 | bit(quirk))
    }

    pub fn has(self, quirk: Quirk) -> bool {
        self.0 & bit(quirk) != 0
    }

    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Quirk> {
        Quirk::ALL.into_iter().filter(move |quirk| self.has(*quirk))
    }
}

fn bit(quirk: Quirk) -> u32 {
    1 << quirk as u32
}

impl FromIterator<Quirk> for Quirks {
    fn from_iter<I: IntoIterator<Item = Quirk>>(quirks: I) -> Quirks {
        quirks.into_iter().fold(Quirks::NONE, Quirks::with)
    }
}

impl From<Vec<Quirk>> for Quirks {
    fn from(quirks: Vec<Quirk>) -> Quirks {
        quirks.into_iter().collect()
    }
}

impl From<Quirks> for Vec<Quirk> {
    fn from(quirks: Quirks) -> Vec<Quirk> {
        quirks.iter().collect()
    }
}

impl fmt::Debug for Quirks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
