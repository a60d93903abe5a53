//! What helps after a refusal.

use kaika_wire::{CertificateStatus, Code, JobKind, Refusal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Something at the reader; the window sees it and goes on by itself.
    AtReader,
    /// The same card back into a reader, then the same inputs once more.
    SameCard,
    /// The same inputs once more.
    SameInputs,
    /// To look and ask once more.
    Again,
    /// Nothing that could be done here.
    Elsewhere,
}

impl Remedy {
    /// `inputs_kept`: what was typed waits for another try.
    pub(super) fn of(code: Code, inputs_kept: bool) -> Self {
        match code {
            Code::CardRemoved | Code::OtherCard | Code::NoCard | Code::NoReader | Code::ReaderUnknown => {
                if inputs_kept { Self::SameCard } else { Self::AtReader }
            }
            Code::NotKaikaCard | Code::WrongAuthority | Code::NumberDiffers => Self::AtReader,
            Code::CardInUse => {
                if inputs_kept {
                    Self::SameInputs
                } else {
                    Self::AtReader
                }
            }
            Code::PcscMissing | Code::PcscStopped | Code::ReadersRefused | Code::NotAPortal | Code::SecretMissing => {
                Self::Again
            }
            code if code.may_pass() && inputs_kept => Self::SameInputs,
            code if code.may_pass() => Self::Again,
            _ => Self::Elsewhere,
        }
    }

    /// Whether the person can go on in the window.
    pub(super) fn is_here(self) -> bool {
        self != Self::Elsewhere
    }
}

/// The other job that helps, where there is one: the page that asked leads there.
pub(super) fn way_on(refusal: &Refusal) -> Option<JobKind> {
    match (refusal.code, refusal.status) {
        (Code::PinLocked | Code::AlreadyActivated, _) => Some(JobKind::Unlock),
        (Code::NotActivated, _) => Some(JobKind::Activate),
        (Code::CardBarred, Some(CertificateStatus::Suspended)) => Some(JobKind::Resume),
        _ => None,
    }
}
