//! The demo's mailbox.

pub(crate) mod mails;
