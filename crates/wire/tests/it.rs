//! Every parser of the wire takes any text without panicking and gives back what it took; the documents that cards
//! sign have fixed octets.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic too")]

#[path = "it/conversations.rs"]
mod conversations;
#[path = "it/documents.rs"]
mod documents;
#[path = "it/messages.rs"]
mod messages;
#[path = "it/status_change.rs"]
mod status_change;
#[path = "it/values.rs"]
mod values;
