//! Identifiers: UUID version 7 (RFC 9562 §5.7), so that rows lie in the order in which they were made.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use time::OffsetDateTime;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier from the time and ten random bytes.
            pub fn new(now: OffsetDateTime, random: [u8; 10]) -> Self {
                let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A card, from its order to its end.
    CardId
    /// A cardholder: a person or an organisation at one authority.
    HolderId
    /// An order for a card.
    OrderId
    /// An attempt at making an ordered card.
    MakingId
    /// A certificate, known before its serial number is reserved.
    CertificateId
    /// One run of a card job.
    JobId
    /// A production station that may personalise cards.
    StationId
    /// One generation of a certification authority: one key, one certificate.
    GenerationId
    /// An account with a password.
    AccountId
    /// An officer of a registration authority.
    OfficerId
    /// Another system, to which people log in with their cards.
    ClientId
    /// An application for certificates.
    ApplicationId
    /// By whom certificates are ordered: a card job or an application. What it orders again is the same certificate.
    RequestId
    /// A mail, from the transaction that it tells of until it is forgotten.
    MailId
}

impl From<JobId> for RequestId {
    fn from(job: JobId) -> Self {
        Self(job.0)
    }
}

impl From<ApplicationId> for RequestId {
    fn from(application: ApplicationId) -> Self {
        Self(application.0)
    }
}

/// The GUID of a card's CHUID (SP 800-73-4 part 1 §3.1.2): new whenever the card's contents change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Guid(Uuid);

impl Guid {
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(random).into_uuid())
    }

    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for Guid {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::from_str(text).map(Self)
    }
}
