//! Whose a session, a link or a deed is.

use kaika_wire::{AccountId, CardId, ClientId, OfficerId};
use std::{fmt, str::FromStr};

/// Written `card:0190…`: the kind, and the id of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Whoever has this card and knows its PIN.
    Card(CardId),
    /// An account with a password.
    Account(AccountId),
    /// An officer of a registration authority.
    Officer(OfficerId),
    /// Another system, to which people log in with their cards.
    Client(ClientId),
}

impl Subject {
    /// The card, where it is one.
    pub fn card(self) -> Option<CardId> {
        match self {
            Self::Card(card) => Some(card),
            Self::Account(_) | Self::Officer(_) | Self::Client(_) => None,
        }
    }

    /// The id's octets.
    pub fn as_bytes(&self) -> &[u8; 16] {
        match self {
            Self::Card(id) => id.as_bytes(),
            Self::Account(id) => id.as_bytes(),
            Self::Officer(id) => id.as_bytes(),
            Self::Client(id) => id.as_bytes(),
        }
    }
}

impl From<CardId> for Subject {
    fn from(card: CardId) -> Self {
        Self::Card(card)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card(id) => write!(f, "card:{id}"),
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Officer(id) => write!(f, "officer:{id}"),
            Self::Client(id) => write!(f, "client:{id}"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a subject is card, account, officer or client, a colon and an id")]
pub struct SubjectError;

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let (kind, id) = text.split_once(':').ok_or(SubjectError)?;
        Ok(match kind {
            "card" => Self::Card(id.parse().map_err(|_| SubjectError)?),
            "account" => Self::Account(id.parse().map_err(|_| SubjectError)?),
            "officer" => Self::Officer(id.parse().map_err(|_| SubjectError)?),
            "client" => Self::Client(id.parse().map_err(|_| SubjectError)?),
            _ => return Err(SubjectError),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    #[test]
    fn a_subject_is_read_as_it_is_written() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let card = CardId::new(now, [1; 10]);
        for subject in [
            Subject::Card(card),
            Subject::Account(AccountId::new(now, [2; 10])),
            Subject::Officer(OfficerId::new(now, [3; 10])),
            Subject::Client(ClientId::new(now, [4; 10])),
        ] {
            assert_eq!(subject.to_string().parse(), Ok(subject));
        }
        assert_eq!(Subject::from(card).card(), Some(card));
        for text in ["", "card", "card:", "card:1", "Card:00000000-0000-7101-8101-010101010101", "holder:GC01"] {
            assert_eq!(text.parse::<Subject>(), Err(SubjectError), "{text}");
        }
    }
}
