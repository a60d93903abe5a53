//! Why something was not done: one closed list of codes for server, agent, page and card tool.
//! The words for people are in the crate `texts`.

use crate::{Aftermath, AuthorityId, CertificateStatus, Lack, RoleStatus, words::words};
use serde::{Deserialize, Serialize};

words! {
    pub enum Code {
        UserCodeWrong = "user_code_wrong",
        UserCodeLocked = "user_code_locked",
        /// Not 6 to 10 characters.
        UserCodeForm = "user_code_form",
        AlreadyActivated = "already_activated",
        NotActivated = "not_activated",
        ActivationPeriodOver = "activation_period_over",
        /// This authority's cards are not activated online.
        ActivatedElsewhere = "activated_elsewhere",
        WrongAuthority = "wrong_authority",
        NotKaikaCard = "not_kaika_card",
        /// This authority's cards are not unlocked online.
        UnlockedElsewhere = "unlocked_elsewhere",
        /// The card is terminated, or its certificates are suspended, revoked or expired: [`Refusal::status`].
        CardBarred = "card_barred",
        NoReader = "no_reader",
        /// Several readers and none named, or the named one is not there.
        ReaderUnknown = "reader_unknown",
        NoCard = "no_card",
        CardRemoved = "card_removed",
        OtherCard = "other_card",
        /// The card answered what it should not.
        CardFault = "card_fault",
        /// The card lacks a command or an algorithm that the job needs.
        CardUnsuitable = "card_unsuitable",
        PinForm = "pin_form",
        /// By the authority's rules; the card was not asked.
        PinTooSimple = "pin_too_simple",
        /// The card itself does not take this new PIN.
        PinNotTaken = "pin_not_taken",
        PinWrong = "pin_wrong",
        PinLocked = "pin_locked",
        /// The new PIN is set; only typing it once more did not come off. [`Refusal::tries_left`] of it, if it was wrong.
        PinNotProved = "pin_not_proved",
        /// The PUK cannot be tried any more without risk: a counter has to help. [`Refusal::tries_left`] of the PIN.
        PukBlocked = "puk_blocked",
        /// The holder has typed another PUK than the one that was shown.
        PukWrong = "puk_wrong",
        /// The page was told another card number than that of the card in the reader.
        NumberDiffers = "number_differs",
        /// Nobody typed for too long.
        KeypadTimedOut = "keypad_timed_out",
        /// The holder pressed the keypad's key to cancel, or gave up in the window.
        KeypadCancelled = "keypad_cancelled",
        /// Too few digits were typed on the keypad, or too many.
        KeypadForm = "keypad_form",
        /// A newer window or tool took this card over, or the job is past its time.
        Stale = "stale",
        /// Somebody else changes this card at the moment.
        Busy = "busy",
        /// Another program on this computer has the card for itself.
        CardInUse = "card_in_use",
        /// The ticket from the portal's page has run out, or was used before.
        TicketOver = "ticket_over",
        /// Nobody has logged in with a card, or not any more.
        NotLoggedIn = "not_logged_in",
        /// Logged in with a supplementary card (附卡), where the primary one (正卡) is needed.
        PrimaryCardNeeded = "primary_card_needed",
        /// A link or code from a mail has run out, was used before, or is none of ours.
        LinkOver = "link_over",
        ServerUnreachable = "server_unreachable",
        /// What answers at the portal's address is not a Kaika portal.
        NotAPortal = "not_a_portal",
        AgentUnreachable = "agent_unreachable",
        /// The agent is too old for what the portal does, or the card tool and the running agent are not of one age.
        AgentTooOld = "agent_too_old",
        /// The portal is too old for what the agent does.
        ServerTooOld = "server_too_old",
        AgentToken = "agent_token",
        /// This site is not among those that the agent's configuration lets use the card.
        NotPermitted = "not_permitted",
        /// Another program listens where the agent should.
        PortTaken = "port_taken",
        /// This computer has no smart card service.
        PcscMissing = "pcsc_missing",
        /// It has one that does not run.
        PcscStopped = "pcsc_stopped",
        /// It has one that does not let this person at the readers.
        ReadersRefused = "readers_refused",
        /// A reader, its driver or the service failed; the card is not to blame.
        ReaderFault = "reader_fault",
        /// This station is not enrolled, or its enrolment was withdrawn.
        StationUnknown = "station_unknown",
        /// No card is ordered that this one could become.
        NoOrder = "no_order",
        /// Another device was put to this order, and may have been changed.
        OrderTaken = "order_taken",
        /// Its card was made, or the order was withdrawn.
        OrderOver = "order_over",
        /// What the certificates are to say does not fit on a card, or may not stand in one.
        NotCertifiable = "not_certifiable",
        /// The authority's own certificate ends before those of a card that is ordered now.
        AuthorityEnding = "authority_ending",
        /// The card does not take the key by which the authority writes to it.
        ManagementKeyRefused = "management_key_refused",
        /// The card is not in factory state and not the ordered one.
        CardNotBlank = "card_not_blank",
        /// A card was made of a device with this serial number, and this is another one, or was reset since.
        SerialKnown = "serial_known",
        SecretMissing = "secret_missing",
        /// The two entries of the new PIN are not the same.
        PinsDiffer = "pins_differ",
        /// Card number, holder's name and user code do not belong together, or were wrong too often: never told which.
        DetailsWrong = "details_wrong",
        /// The answer to the captcha is wrong, was used before, or came too late.
        CaptchaWrong = "captcha_wrong",
        /// This authority does this not online, but at a counter or by letter.
        ChangedElsewhere = "changed_elsewhere",
        /// The side that asks has suspended all of these certificates already.
        AlreadySuspended = "already_suspended",
        AlreadyRevoked = "already_revoked",
        /// There is no suspension to lift.
        NotSuspended = "not_suspended",
        /// Suspended, but by another side, which alone lifts it.
        SuspendedByOthers = "suspended_by_others",
        /// All of these certificates have expired: nothing is left to change.
        CertificatesExpired = "certificates_expired",
        BadRequest = "bad_request",
        /// A form that did not come from one of our own pages.
        ForeignPage = "foreign_page",
        NotFound = "not_found",
        TooManyRequests = "too_many_requests",
        Internal = "internal",
    }
}

impl Code {
    /// Whether the same once more may come off: what stood in the way can be mended at the reader, by typing something else,
    /// or by waiting.
    pub fn may_pass(self) -> bool {
        matches!(
            self,
            Self::NoReader
                | Self::ReaderUnknown
                | Self::NoCard
                | Self::CardRemoved
                | Self::OtherCard
                | Self::NumberDiffers
                | Self::NotKaikaCard
                | Self::WrongAuthority
                | Self::CardFault
                | Self::ReaderFault
                | Self::PcscMissing
                | Self::PcscStopped
                | Self::ReadersRefused
                | Self::Busy
                | Self::CardInUse
                | Self::Stale
                | Self::TicketOver
                | Self::TooManyRequests
                | Self::ServerUnreachable
                | Self::NotAPortal
                | Self::Internal
                | Self::SecretMissing
                | Self::UserCodeWrong
                | Self::UserCodeForm
                | Self::PinForm
                | Self::PinTooSimple
                | Self::PinNotTaken
                | Self::PinWrong
                | Self::PinsDiffer
                | Self::PinNotProved
                | Self::PukWrong
                | Self::KeypadForm
                | Self::KeypadTimedOut
                | Self::KeypadCancelled
        )
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal with the facts that its text needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}{}", detail.as_deref().map(|d| format!(": {d}")).unwrap_or_default())]
pub struct Refusal {
    pub code: Code,
    /// For people: what happened and what to do next. Filled in where the person's language is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next_step: String,
    /// For people: what is certain of the card. Filled in with the other two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub certain: String,
    /// What the job has left that ended so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aftermath: Option<Aftermath>,
    /// Tries left of what was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u8>,
    /// Whose contact helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<AuthorityId>,
    /// Telephone, hours or address of who helps, as in the authority's policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The status that bars the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<CertificateStatus>,
    /// How the card's certificates stand, where the refusal is about them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<RoleStatus>,
    /// What an unsuitable card lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Lack>,
    /// For whoever looks into it; never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Refusal {
    pub fn new(code: Code) -> Self {
        Self {
            code,
            message: String::new(),
            next_step: String::new(),
            certain: String::new(),
            aftermath: None,
            tries_left: None,
            authority: None,
            contact: None,
            status: None,
            certificates: Vec::new(),
            missing: Vec::new(),
            detail: None,
        }
    }

    #[must_use]
    pub fn tries_left(mut self, tries: u8) -> Self {
        self.tries_left = Some(tries);
        self
    }

    /// A card that lacks this.
    pub fn unsuitable(missing: Vec<Lack>) -> Self {
        Self { missing, ..Self::new(Code::CardUnsuitable) }
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}
