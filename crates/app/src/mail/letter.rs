//! What a mail says, as facts.

use kaika_domain::authorities::Policy;
use kaika_wire::{CardNumber, EmailAddress, MailId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// No `Debug`: a link opens something.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    /// 用戶代碼重設: somebody who knows card number and holder's name asked for a link.
    UserCodeLink { number: CardNumber, link: String, minutes: u32 },
    /// The user code is another one.
    UserCodeChanged { number: CardNumber },
    /// 聯絡人修改, to the new address: it counts once this link was followed.
    ContactLink { number: CardNumber, link: String, minutes: u32 },
    /// To the old address, when it was asked for.
    ContactChangeAsked { number: CardNumber, new: String },
    /// 寫入安全電子郵件信箱, to the address itself: certificates may name it once the link was followed, or the code typed.
    EmailProof { number: CardNumber, link: String, code: String, minutes: u32 },
    /// To the old address, when it was done.
    ContactChanged { number: CardNumber, new: String },
}

impl Letter {
    /// As in the outbox, in the names of texts, and for operators.
    pub fn name(&self) -> &'static str {
        match self {
            Self::UserCodeLink { .. } => "user_code_link",
            Self::UserCodeChanged { .. } => "user_code_changed",
            Self::ContactLink { .. } => "contact_link",
            Self::ContactChangeAsked { .. } => "contact_change_asked",
            Self::ContactChanged { .. } => "contact_changed",
            Self::EmailProof { .. } => "email_proof",
        }
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(self).expect("a letter is JSON"))
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// A mail on its way out.
pub struct Posted<'a> {
    pub id: MailId,
    pub to: &'a EmailAddress,
    /// On whose behalf.
    pub policy: &'a Policy,
    pub letter: &'a Letter,
    pub queued_at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_called_as_its_json_says() {
        let number: CardNumber = "GC00000000000017".parse().expect("a number");
        let link = || "https://portal.example/".to_owned();
        for letter in [
            Letter::UserCodeLink { number: number.clone(), link: link(), minutes: 30 },
            Letter::UserCodeChanged { number: number.clone() },
            Letter::ContactLink { number: number.clone(), link: link(), minutes: 30 },
            Letter::ContactChangeAsked { number: number.clone(), new: "n***@new.example".into() },
            Letter::EmailProof { number: number.clone(), link: link(), code: "ABCD2345".into(), minutes: 30 },
            Letter::ContactChanged { number, new: "n***@new.example".into() },
        ] {
            let json: serde_json::Value = serde_json::from_slice(&letter.to_bytes()).expect("JSON");
            assert_eq!(json["letter"], letter.name());
            assert!(Letter::from_bytes(&letter.to_bytes()) == Some(letter));
        }
        assert!(Letter::from_bytes(b"{}").is_none());
    }
}
