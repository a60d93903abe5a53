//! The JSON of card jobs between agent and server.
//!
//! `POST /api/jobs` takes a [`StartJob`] and answers [`JobStarted`] with the first batch.
//! `POST /api/jobs/{job}/reports` takes a [`BatchReport`] under the job's token and answers the next [`JobState`].

use crate::{
    AuthorityId, Batch, Bytes, Capabilities, CardCheck, CardFault, CardNumber, CardTest, CertificateRole,
    CertificateStatus, CheckResult, EmailAddress, Guid, JobId, Outcome, Protocol, Refusal, SerialNumber, Slot,
    StatusChange, StatusChangeKind, UserCode, words::words,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;

words! {
    /// What can be done with a card. The one list that routes, pages and tickets go by.
    pub enum JobKind {
        Personalise = "personalise",
        Activate = "activate",
        Information = "information",
        Unlock = "unlock",
        ChangePin = "change_pin",
        Check = "check",
        Rewrite = "rewrite",
        Suspend = "suspend",
        Resume = "resume",
        Revoke = "revoke",
        Test = "test",
        SetEmail = "set_email",
        Login = "login",
    }
}

/// What a person gives for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Goes to the server with the report of the first batch.
    UserCode,
    /// The present one; stays in the agent.
    Pin,
    /// Stays in the agent.
    NewPin,
}

impl JobKind {
    /// What has to be asked before the job starts; an authority may have it otherwise, see
    /// [`crate::PortalAuthority::inputs`].
    pub fn inputs(self) -> &'static [Input] {
        match self {
            Self::Activate | Self::Unlock => &[Input::UserCode, Input::NewPin],
            Self::ChangePin => &[Input::Pin, Input::NewPin],
            Self::Rewrite | Self::Test | Self::SetEmail | Self::Login => &[Input::Pin],
            Self::Suspend | Self::Resume | Self::Revoke => &[Input::UserCode],
            Self::Personalise | Self::Information | Self::Check => &[],
        }
    }

    /// Whether it changes the card, and so keeps other such jobs away from it.
    pub fn changes_card(self) -> bool {
        match self {
            Self::Personalise | Self::Activate | Self::Unlock | Self::ChangePin | Self::Rewrite | Self::SetEmail => {
                true
            }
            Self::Information
            | Self::Check
            | Self::Suspend
            | Self::Resume
            | Self::Revoke
            | Self::Test
            | Self::Login => false,
        }
    }

    /// Which protocol agent and portal have to speak for it; programs that are older are told so before anything is done.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Personalise => Protocol::CAPABILITIES,
            Self::Rewrite | Self::SetEmail => Protocol::CHALLENGE_LAST,
            Self::Activate
            | Self::Information
            | Self::Unlock
            | Self::ChangePin
            | Self::Check
            | Self::Suspend
            | Self::Resume
            | Self::Revoke
            | Self::Test
            | Self::Login => Protocol::FIRST,
        }
    }

    /// Whether a server decides on it; otherwise it is between the agent and the card.
    pub fn has_server(self) -> bool {
        self != Self::ChangePin
    }

    /// Whether a page that asks for it needs a ticket: what changes nothing at the server, and tells nothing that the
    /// card's proof alone does not earn, needs none.
    pub fn needs_ticket(self) -> bool {
        !matches!(self, Self::ChangePin | Self::Information)
    }

    /// Whether holders do it themselves, in the card window; the other is made at a station.
    pub fn is_for_holders(self) -> bool {
        self != Self::Personalise
    }

    /// Whether it can be done at the card tool, too: a login is for the browser that asks for it.
    pub fn has_command(self) -> bool {
        self != Self::Login
    }

    /// Which change of status it is.
    pub fn status_change(self) -> Option<StatusChangeKind> {
        match self {
            Self::Suspend => Some(StatusChangeKind::Suspend),
            Self::Resume => Some(StatusChangeKind::Resume),
            Self::Revoke => Some(StatusChangeKind::Revoke),
            Self::Personalise
            | Self::Activate
            | Self::Information
            | Self::Unlock
            | Self::ChangePin
            | Self::Check
            | Self::Rewrite
            | Self::Test
            | Self::SetEmail
            | Self::Login => None,
        }
    }
}

impl std::str::FromStr for JobKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or("not a kind of card job")
    }
}

/// No `Debug`: the ticket is a secret until it is used.
#[derive(Serialize, Deserialize)]
pub struct StartJob {
    /// The agent's.
    #[serde(default)]
    pub protocol: Protocol,
    pub kind: JobKind,
    /// The authority whose portal was named; a card of another is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<AuthorityId>,
    pub card: PresentedCard,
    /// For personalising: which ordered card this is to become; none: the oldest order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<CardNumber>,
    #[serde(flatten)]
    pub details: JobDetails,
    /// From the portal's page, where one asked for this job; good once. The page's details count, then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

/// What has to be known of a job beside its kind, and is no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobDetails {
    /// For a change of status: which, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<StatusChange>,
    /// The address that certificates are to name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// The digits of the number of the card that is meant, without the letters in front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<String>,
    /// The one card that it is for, where that is settled: it follows from an earlier job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_card: Option<CardNumber>,
}

impl JobDetails {
    pub fn change(change: StatusChange) -> Self {
        Self { change: Some(change), ..Self::default() }
    }

    pub fn email(address: EmailAddress) -> Self {
        Self { email: Some(address), ..Self::default() }
    }
}

/// What the agent found in the reader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PresentedCard {
    /// The GUID of the CHUID.
    pub guid: Option<Guid>,
    /// The certificate in 9E (DER).
    pub certificate: Option<Bytes>,
    /// Where the card can tell.
    pub device: Option<Device>,
    /// For personalising: what the card can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
}

/// The piece of hardware: firmware version and serial number by the Yubico extensions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub serial: u32,
    pub version: String,
}

#[derive(Serialize, Deserialize)]
pub struct JobStarted {
    pub job: JobId,
    /// Bearer token of this job alone; 256 random bits, base64url.
    pub token: String,
    pub authority: AuthorityId,
    pub card: CardNumber,
    /// Whether the station has to set a PIN and deliver it: the second input of personalising.
    #[serde(default)]
    pub delivers_pin: bool,
    pub state: JobState,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum JobState {
    Running { batch: Batch },
    Succeeded(Succeeded),
    Failed { error: Refusal },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succeeded {
    pub number: CardNumber,
    pub certificates: Vec<IssuedCertificate>,
    #[serde(flatten)]
    pub result: JobResult,
}

/// The results of jobs, and the key under which each stands in JSON: a message that has a result has the one key of it,
/// beside its own. A new result is a line here.
macro_rules! results {
    ($($(#[$doc:meta])* $variant:ident($content:ty) = $key:ident,)*) => {
        /// What a job came to, beside the status of the card's certificates.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(from = "Keys", into = "Keys")]
        pub enum JobResult {
            /// What the job is for is done, and there is no more to tell.
            Done,
            $($(#[$doc])* $variant($content),)*
        }

        impl JobResult {
            /// By which key each is told, but for `Done`, which needs none: tests go by it.
            pub const KEYS: &[&str] = &[$(stringify!($key)),*];

            pub fn key(&self) -> Option<&'static str> {
                match self {
                    Self::Done => None,
                    $(Self::$variant(_) => Some(stringify!($key)),)*
                }
            }

            $(
                /// Where it is that.
                pub fn $key(&self) -> Option<&$content> {
                    if let Self::$variant(content) = self { Some(content) } else { None }
                }
            )*
        }

        impl JobResult {
            /// Whether all is well, and nothing is left to do.
            pub fn is_good(&self) -> bool {
                match self {
                    Self::Done | Self::Information(_) => true,
                    Self::Check(check) => matches!(check.result, CheckResult::Same | CheckResult::Rewritten),
                    Self::Test(test) => test.passed,
                    Self::Email(email) => email.state == EmailState::Written,
                }
            }
        }

        #[derive(Default, Serialize, Deserialize)]
        struct Keys {
            $(#[serde(default, skip_serializing_if = "Option::is_none")] $key: Option<$content>,)*
        }

        impl From<JobResult> for Keys {
            fn from(result: JobResult) -> Self {
                match result {
                    JobResult::Done => Self::default(),
                    $(JobResult::$variant(content) => Self { $key: Some(content), ..Self::default() },)*
                }
            }
        }

        impl From<Keys> for JobResult {
            fn from(keys: Keys) -> Self {
                $(if let Some(content) = keys.$key {
                    return Self::$variant(content);
                })*
                Self::Done
            }
        }
    };
}

results! {
    /// What the portal says of the card.
    Information(CardInformation) = information,
    /// Of a check, and of a re-write.
    Check(CardCheck) = check,
    Test(CardTest) = test,
    /// How far an address is on its way into the certificates.
    Email(EmailWrite) = email,
}

/// 寫入安全電子郵件信箱: how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailWrite {
    pub address: EmailAddress,
    pub state: EmailState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailState {
    /// A mail with a link and a code is on its way to the address.
    AwaitingConfirmation,
    /// Somebody who got that mail confirmed it; the certificates are still to be written.
    Confirmed,
    /// The card's certificates name it.
    Written,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardInformation {
    pub activated: bool,
    /// Jobs that cannot be done now, each with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_now: BTreeMap<JobKind, Refusal>,
    /// All cards of the same holder that were sent out, this one first, where the authority tells of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<HeldCard>,
    /// As on the screen, C first.
    pub holder: String,
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// Until when the card can be activated, where that is still to be done.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub activate_by: Option<OffsetDateTime>,
    /// Whom its holder may call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

/// One of a holder's cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCard {
    pub number: CardNumber,
    /// 已開卡 or 未開卡.
    pub activated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedCertificate {
    pub role: CertificateRole,
    pub slot: Slot,
    pub serial: SerialNumber,
    /// None where no server could be asked.
    pub status: Option<CertificateStatus>,
    pub pem: String,
}

/// What became of a batch: one outcome per command carried out, and why it stopped, if it did.
#[derive(Serialize, Deserialize)]
pub struct BatchReport {
    /// The agent's: the answer names no kind of job that is newer.
    #[serde(default)]
    pub protocol: Protocol,
    pub sequence: u32,
    pub outcomes: Vec<Outcome>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<CardFault>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<UserCode>,
    /// The code from the mail, where one was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_code: Option<String>,
}
