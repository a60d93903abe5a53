//! 聯絡人: who is written to about a holder's cards.

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
    #[error("a contact's name has at most {} characters, and none that control something", Contact::LONGEST_NAME)]
    Name,
    #[error("a telephone number is 3 to 40 digits, spaces and + - ( ) # , x")]
    Telephone,
}

impl Contact {
    pub const LONGEST_NAME: usize = 100;

    /// Spaces around are taken off; what is empty then is none.
    ///
    /// # Errors
    /// Name or telephone number are not such.
    pub fn new(email: EmailAddress, name: &str, telephone: &str) -> Result<Self, ContactError> {
        let contact = Self { email, name: none_if_empty(name), telephone: none_if_empty(telephone) };
        contact.check()?;
        Ok(contact)
    }

    /// # Errors
    /// Name or telephone number are not such.
    pub fn check(&self) -> Result<(), ContactError> {
        let named = |name: &String| name.chars().count() <= Self::LONGEST_NAME && !name.chars().any(char::is_control);
        if !self.name.as_ref().is_none_or(named) {
            return Err(ContactError::Name);
        }
        let dialled = |number: &String| {
            (3..=40).contains(&number.len())
                && number.bytes().any(|byte| byte.is_ascii_digit())
                && number.bytes().all(|byte| byte.is_ascii_digit() || b" +-()#,x".contains(&byte))
        };
        if !self.telephone.as_ref().is_none_or(dialled) {
            return Err(ContactError::Telephone);
        }
        Ok(())
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
        let email = || "desk@agency.example".parse::<EmailAddress>().expect("an address");
        let contact = Contact::new(email(), " 王小明 ", "").expect("a contact");
        assert_eq!((contact.name.as_deref(), contact.telephone), (Some("王小明"), None));
        for right in ["02-2345-6789 #12", "+886 2 2345 6789", "119"] {
            assert!(Contact::new(email(), "", right).is_ok(), "{right}");
        }
        for wrong in ["12", "call me", "---", &"1".repeat(41)] {
            assert_eq!(Contact::new(email(), "", wrong), Err(ContactError::Telephone), "{wrong}");
        }
        for wrong in ["a\nb", &"名".repeat(101)] {
            assert_eq!(Contact::new(email(), wrong, ""), Err(ContactError::Name), "{wrong}");
        }
    }
}
