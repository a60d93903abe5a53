//! 聯絡人: who is written to about a card.

use kaika_pki::text::{Unreadable, readable};
use kaika_wire::EmailAddress;
use serde::{Deserialize, Serialize};

/// Links that open something go to this address, and it stands in no certificate: what a certificate names is for
/// everybody, and may be an address that many read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub email: EmailAddress,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telephone: Option<String>,
}

/// What of a contact is not right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    #[error("a contact's name has at most {} characters", Contact::LONGEST_NAME)]
    Name,
    #[error("a contact's name: {0}")]
    Unreadable(Unreadable),
    #[error("a telephone number is 3 to 40 digits, spaces and + - ( ) # , x")]
    Telephone,
}

impl Contact {
    pub const LONGEST_NAME: usize = 100;

    /// As it is kept.
    ///
    /// # Errors
    /// Name or telephone number are not such.
    pub fn checked(self) -> Result<Self, ContactError> {
        Ok(Self {
            name: self.name.as_deref().map_or(Ok(None), Self::name)?,
            telephone: self.telephone.as_deref().map_or(Ok(None), Self::telephone)?,
            ..self
        })
    }

    /// A name as somebody typed it; nothing typed is none.
    ///
    /// # Errors
    /// It is too long, or others would not read it as it is.
    pub fn name(text: &str) -> Result<Option<String>, ContactError> {
        let name = match readable(text) {
            Ok(name) => name,
            Err(Unreadable::Blank) => return Ok(None),
            Err(why) => return Err(ContactError::Unreadable(why)),
        };
        if name.chars().count() <= Self::LONGEST_NAME { Ok(Some(name)) } else { Err(ContactError::Name) }
    }

    /// A telephone number as somebody typed it; nothing typed is none.
    ///
    /// # Errors
    /// It has other characters than telephone numbers have.
    pub fn telephone(text: &str) -> Result<Option<String>, ContactError> {
        let Some(number) = none_if_empty(text) else { return Ok(None) };
        let right = (3..=40).contains(&number.len())
            && number.bytes().any(|byte| byte.is_ascii_digit())
            && number.bytes().all(|byte| byte.is_ascii_digit() || b" +-()#,x".contains(&byte));
        right.then_some(Some(number)).ok_or(ContactError::Telephone)
    }
}

fn none_if_empty(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_checked() {
        assert_eq!(Contact::name(" 王小明 "), Ok(Some("王小明".to_owned())));
        assert_eq!((Contact::name("　"), Contact::telephone(" ")), (Ok(None), Ok(None)));
        for right in ["02-2345-6789 #12", "+886 2 2345 6789", "119"] {
            assert_eq!(Contact::telephone(right), Ok(Some(right.to_owned())));
        }
        for wrong in ["12", "call me", "---", &"1".repeat(41)] {
            assert_eq!(Contact::telephone(wrong), Err(ContactError::Telephone), "{wrong}");
        }
        assert_eq!(Contact::name("Jose\u{301}"), Ok(Some("Jos\u{e9}".to_owned())));
        assert_eq!(Contact::name(&"名".repeat(101)), Err(ContactError::Name));
        for sign in ['\n', '\u{202e}', '\u{200b}'] {
            let why = Unreadable::Sign { sign, place: 2 };
            assert_eq!(Contact::name(&format!("a{sign}b")), Err(ContactError::Unreadable(why)), "{sign:?}");
        }
        let email: EmailAddress = "desk@agency.example".parse().expect("an address");
        let wrong = Contact { email, name: None, telephone: Some("call me".to_owned()) };
        assert_eq!(wrong.checked(), Err(ContactError::Telephone));
    }
}
