//! Who did something, as the audit log has it.

use kaika_pki::text::{Unreadable, readable};
use std::{fmt, str::FromStr};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The holder of a card, proved by the card or the user code.
    Holder(kaika_wire::CardNumber),
    /// Whoever knows the password of an account.
    Account(kaika_wire::AccountId),
    Officer(kaika_wire::OfficerId),
    /// Another system, to which people log in with their cards.
    Client(kaika_wire::ClientId),
    Station(kaika_wire::StationId),
    /// Somebody at the operator's console.
    Operator(OperatorName),
    /// The authority's own rules, by the clock.
    Scheduler,
    /// A certification authority, when it signs.
    Authority(kaika_wire::AuthorityId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holder(number) => write!(f, "holder:{number}"),
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Officer(id) => write!(f, "officer:{id}"),
            Self::Client(id) => write!(f, "client:{id}"),
            Self::Station(id) => write!(f, "station:{id}"),
            Self::Operator(name) => write!(f, "operator:{name}"),
            Self::Scheduler => f.write_str("scheduler"),
            Self::Authority(id) => write!(f, "authority:{id}"),
        }
    }
}

/// What an operator is called: 1 to 64 characters that others can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorName(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperatorNameError {
    #[error("an operator's name has at most 64 characters")]
    TooLong,
    #[error("an operator's name: {0}")]
    Unreadable(Unreadable),
}

impl FromStr for OperatorName {
    type Err = OperatorNameError;

    fn from_str(text: &str) -> Result<Self, OperatorNameError> {
        let name = readable(text).map_err(OperatorNameError::Unreadable)?;
        if name.chars().count() <= 64 { Ok(Self(name)) } else { Err(OperatorNameError::TooLong) }
    }
}

impl fmt::Display for OperatorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_has_a_name() {
        let longest = "名".repeat(64);
        for (text, name) in [("root", "root"), (" 王 小明 ", "王 小明"), (&longest, &longest)] {
            assert_eq!(text.parse::<OperatorName>().map(|name| name.to_string()).as_deref(), Ok(name));
        }
        for text in ["", "　", "a\nb", "\u{7f}", "a\u{202e}b", "a\u{200b}", &"n".repeat(65)] {
            assert!(text.parse::<OperatorName>().is_err(), "{text:?}");
        }
        let name = "root".parse().expect("a name");
        assert_eq!(Actor::Operator(name).to_string(), "operator:root");
    }
}
