//! What runs at the cardholder's computer: readers and cards, card jobs at the card, the card tool, and the local agent
//! that serves both to other programs over 127.0.0.1.
//!
//! PINs and user codes pass through here on their way to the card or the server; nothing here prints them,
//! logs them or writes them down; after a cut they are kept in memory for five minutes.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod advice;
pub mod certificate;
mod change_pin;
pub mod cli;
pub mod client;
pub mod engine;
mod file;
mod mailer;
mod new_pin;
pub mod portal;
pub mod readers;
mod seats;
pub mod serve;
pub mod tool;
mod words;

/// Fills `bytes` from the system's random generator.
pub fn random(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the generator of AWS-LC aborts rather than fail");
}
