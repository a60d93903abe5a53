//! The typed commands that the server has the agent carry out on a card, and what comes back.
//! Never raw APDUs: the agent can say what each one does.

use crate::{
    Bytes, CertificateReference, Code, Context, EmailAddress, Guid, KeyAlgorithm, Lack, Leaves, ManagementKey,
    PinPolicy, Puk, Slot,
};
use serde::{Deserialize, Serialize};

/// All that can be done on the card without a decision of the server: run in one PC/SC transaction, in order,
/// until one of them fails. It begins with SELECT and the check of [`Batch::card`].
#[derive(Serialize, Deserialize)]
pub struct Batch {
    /// Counts from 1; the report of batch n asks for batch n + 1.
    pub sequence: u32,
    /// Which card this is for; another one: stop, no try spent.
    pub card: Expectation,
    /// What every document signed in this batch names.
    pub context: Context,
    pub commands: Vec<Command>,
    #[serde(default, skip_serializing_if = "Hold::is_none")]
    pub hold: Hold,
}

/// Whether the next batch goes on in the same card session, which the agent then keeps open until it has asked the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "HoldForm", into = "HoldForm")]
pub enum Hold {
    #[default]
    None,
    Open,
    /// The card waits for the answer to its challenge: whatever else is sent to it may void that, so nothing is.
    Challenged,
}

impl Hold {
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// `true`, `false`, or `"challenged"`.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum HoldForm {
    Plain(bool),
    Word(HoldWord),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HoldWord {
    Challenged,
}

impl From<HoldForm> for Hold {
    fn from(form: HoldForm) -> Self {
        match form {
            HoldForm::Plain(false) => Self::None,
            HoldForm::Plain(true) => Self::Open,
            HoldForm::Word(HoldWord::Challenged) => Self::Challenged,
        }
    }
}

impl From<Hold> for HoldForm {
    fn from(hold: Hold) -> Self {
        match hold {
            Hold::None => Self::Plain(false),
            Hold::Open => Self::Plain(true),
            Hold::Challenged => Self::Word(HoldWord::Challenged),
        }
    }
}

/// How the agent knows the job's card again, with one APDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// The GUID of the CHUID.
    Identity(Guid),
    /// The device's serial number: for a card that has no contents yet.
    Device(u32),
}

/// Whose PIN a command uses. The PIN itself never leaves the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinSource {
    /// The one the holder types as the present PIN.
    Current,
    /// The one the holder has just chosen, or the station has printed.
    #[default]
    New,
    /// The factory's, before a card is personalised.
    Factory,
    /// One that the agent draws for this batch, and nobody learns.
    Drawn,
    /// The new one, which the holder types on the reader's keypad when the command comes to the card: the agent never
    /// has it. Where the reader has no keypad, a window of the agent stands in.
    Keypad,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// PIN and PUK tries left, without spending one. → [`Outcome::Retries`]
    ReadRetries,
    /// Sign a [`crate::Document::CardProof`] with 9E. → [`Outcome::Signature`]
    ///
    /// This and the other commands that use a key name its `algorithm`: the server knows it, and the card need not
    /// be asked.
    ProveCard { algorithm: KeyAlgorithm },
    /// VERIFY and, next to it, sign a [`crate::Document::Acceptance`] with 9C. → [`Outcome::Signature`]
    SignAcceptance { pin: PinSource, algorithm: KeyAlgorithm, certificates: Vec<CertificateReference> },
    /// VERIFY and, next to it, sign a [`crate::Document::HolderProof`] with 9C. → [`Outcome::Signature`]
    ProveHolder { pin: PinSource, algorithm: KeyAlgorithm },
    /// Sign a [`crate::Document::Possession`] of the slot's public key with the slot's own key. → [`Outcome::Signature`]
    ProvePossession {
        slot: Slot,
        algorithm: KeyAlgorithm,
        pin: PinSource,
        /// The key that it is to be, SubjectPublicKeyInfo in DER; none: the one that the card says it has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_key: Option<Bytes>,
    },
    /// Elliptic-curve Diffie-Hellman of the slot's key with `peer` (uncompressed point). → [`Outcome::Agreed`]
    Agree { slot: Slot, algorithm: KeyAlgorithm, peer: Bytes, pin: PinSource },
    /// The holder's new PIN by the PUK; with [`PinSource::Keypad`] the holder is shown the PUK and types it, too.
    /// → [`Outcome::Done`] or [`Outcome::Refused`]
    ResetRetryCounter {
        puk: Puk,
        #[serde(default)]
        pin: PinSource,
    },
    /// A new PUK; no `from`: the factory's. → [`Outcome::Done`] or [`Outcome::Refused`]
    ChangePuk {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Puk>,
        to: Puk,
    },
    /// As many tries as this for PIN and PUK, which both are the factory's afterwards, as they have to be before. A card that
    /// cannot do it keeps what it has. → [`Outcome::Done`]
    SetPinRetries { pin: u8, puk: u8 },
    /// Use 9C again after a signature, without the PIN: the card has to refuse. → [`Outcome::Done`]
    ///
    /// A card that this, or one of the next two, finds to be wanting ends the batch with [`CardFault::Unsuitable`].
    TestPinEachTime { algorithm: KeyAlgorithm },
    /// Take back that the PIN was verified: the card has to hold to it. → [`Outcome::Done`]
    TestPinForgotten,
    /// See to it that the certificates' objects of these slots hold the largest one, also where a card lets none grow.
    /// → [`Outcome::Objects`]
    PrepareObjects { slots: Vec<Slot> },
    /// Make the factory PIN one that nobody knows, and use up its tries. → [`Outcome::Done`]
    BlockPin,
    /// Authenticate with this management key; where the card still has the factory's, set this one. → [`Outcome::Done`]
    OpenManagement { key: ManagementKey },
    /// VERIFY and, next to it, sign a [`crate::Document::ManagementProof`] with 9C: the holder lets the server open the
    /// card for writing; `email`: certificates that name it. → [`Outcome::Signature`]
    AllowWriting {
        pin: PinSource,
        algorithm: KeyAlgorithm,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<EmailAddress>,
    },
    /// Ask for a challenge to the management key: the last command of its batch, which says [`Hold::Challenged`].
    /// → [`Outcome::Challenge`]
    ChallengeManagement,
    /// Answer the challenge before, encrypted with the management key: the first command of its batch. → [`Outcome::Done`],
    /// or [`Outcome::Refused`], which is also the outcome where the challenge is gone, with nothing sent
    AnswerManagement { response: Bytes },
    /// → [`Outcome::Key`]
    GenerateKey { slot: Slot, algorithm: KeyAlgorithm, pin_policy: PinPolicy },
    /// The slot's public key, where the card can tell it. → [`Outcome::Key`]
    ReadKey { slot: Slot },
    /// The device's own word that the slot's key was made in it. → [`Outcome::Attestation`]
    Attest { slot: Slot },
    /// → [`Outcome::Done`]
    WriteCertificate { slot: Slot, certificate: Bytes },
    /// → [`Outcome::Certificate`]
    ReadCertificate { slot: Slot },
    /// CHUID with this GUID and expiry (YYYYMMDD), CCC and Discovery object. → [`Outcome::Done`]
    WriteIdentity { guid: Guid, expires: String },
    /// The GUID of the CHUID, read from the card. → [`Outcome::Identity`]
    ReadIdentity,
}

impl Command {
    pub fn leaves(&self) -> Leaves {
        match self {
            Self::ResetRetryCounter { pin, .. } => {
                Leaves { new_pin: matches!(pin, PinSource::New | PinSource::Keypad), changes: true }
            }
            Self::ChangePuk { .. }
            | Self::SetPinRetries { .. }
            | Self::PrepareObjects { .. }
            | Self::BlockPin
            | Self::OpenManagement { .. }
            | Self::GenerateKey { .. }
            | Self::WriteCertificate { .. }
            | Self::WriteIdentity { .. } => Leaves { new_pin: false, changes: true },
            Self::ReadRetries
            | Self::ProveCard { .. }
            | Self::SignAcceptance { .. }
            | Self::ProveHolder { .. }
            | Self::ProvePossession { .. }
            | Self::Agree { .. }
            | Self::TestPinEachTime { .. }
            | Self::TestPinForgotten
            | Self::AllowWriting { .. }
            | Self::ChallengeManagement
            | Self::AnswerManagement { .. }
            | Self::ReadKey { .. }
            | Self::Attest { .. }
            | Self::ReadCertificate { .. }
            | Self::ReadIdentity => Leaves::default(),
        }
    }
}

/// What one command came to. A batch stops after [`Outcome::Refused`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Done,
    /// Tries left; none where the card does not tell.
    Retries {
        pin: Option<u8>,
        puk: Option<u8>,
    },
    /// Over the document's bytes: ECDSA as DER `ECDSA-Sig-Value`, RSA as PKCS #1 v1.5.
    Signature {
        signature: Bytes,
    },
    /// The card's challenge to the management key.
    Challenge {
        challenge: Bytes,
    },
    /// SubjectPublicKeyInfo (DER); none where the slot is empty or the card cannot tell.
    Key {
        public_key: Option<Bytes>,
    },
    /// Whether the card's data objects grow with what is written into them.
    Objects {
        grow: bool,
    },
    /// The shared secret's x-coordinate.
    Agreed {
        secret: Bytes,
    },
    /// Both certificates as DER; none where the card cannot attest.
    Attestation {
        certificate: Option<Bytes>,
        issuer: Option<Bytes>,
    },
    /// DER; none where the slot's object is absent or empty.
    Certificate {
        certificate: Option<Bytes>,
    },
    Identity {
        guid: Option<Guid>,
    },
    /// The card did not take this secret.
    Refused {
        secret: SecretKind,
        tries_left: Option<u8>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    Pin,
    Puk,
    ManagementKey,
}

/// Why a batch stopped before its end, other than by a refused secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum CardFault {
    /// No card, or it lost its power.
    Removed,
    /// Another card than the job's lies in the reader.
    OtherCard,
    /// The card answered with a status word that the command does not know (hexadecimal).
    Status { status: String },
    /// The card cannot do this at all.
    Unsupported,
    /// This is what it cannot do.
    Unsuitable { missing: Vec<Lack> },
    /// The card's answer could not be read.
    Malformed,
    /// The reader failed.
    Reader { detail: String },
    /// The holder was asked to type, and nothing was sent to the card.
    NotTyped { why: NotTyped },
}

impl CardFault {
    /// Whether the command at which it happened may have been carried out all the same: there was no answer, or one by
    /// which the card does not say that it refuses (ISO/IEC 7816-4 §5.6: 64 to 66, and 6F).
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::Removed | Self::Malformed | Self::Reader { .. } => true,
            Self::Status { status } => {
                ["61", "62", "64", "65", "66", "6f", "90"].iter().any(|class| status.starts_with(class))
            }
            Self::OtherCard | Self::Unsupported | Self::Unsuitable { .. } | Self::NotTyped { .. } => false,
        }
    }

    /// What a card says to a new PIN that it finds too simple: conditions of use not satisfied, or wrong data.
    pub fn refuses_new_pin(&self) -> bool {
        matches!(self, Self::Status { status } if matches!(status.as_str(), "6985" | "6a80"))
    }
}

/// Why nothing came from a keypad; the reader's own status words of PC/SC part 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotTyped {
    /// 6400
    TimedOut,
    /// 6401
    Cancelled,
    /// 6402: the new PIN and its repetition are not the same.
    Differ,
    /// 6403: too few digits, or too many.
    Form,
}

impl NotTyped {
    pub fn code(self) -> Code {
        match self {
            Self::TimedOut => Code::KeypadTimedOut,
            Self::Cancelled => Code::KeypadCancelled,
            Self::Differ => Code::PinsDiffer,
            Self::Form => Code::KeypadForm,
        }
    }
}
