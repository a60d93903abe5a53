//! What mails say, and how they leave: by SMTP, or into a mailbox that is read on a page.

mod folder;
mod smtp;
mod words;

pub use folder::FolderMailbox;
pub use smtp::{Encryption, SetUpError, SmtpMailer, SmtpSettings};
pub use words::{MailText, words};
