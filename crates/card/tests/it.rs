//! The interpreter and its parsers: against recorded APDUs, against arbitrary answers, and against the software card.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic too")]

#[path = "it/activation.rs"]
mod activation;
#[path = "it/arbitrary.rs"]
mod arbitrary;
#[path = "it/change_pin.rs"]
mod change_pin;
#[path = "it/commands.rs"]
mod commands;
#[path = "it/detection.rs"]
mod detection;
#[path = "it/management.rs"]
mod management;
#[path = "it/pin.rs"]
mod pin;
#[path = "it/probe.rs"]
mod probe;
#[path = "it/script.rs"]
mod script;
#[path = "it/softcard.rs"]
mod softcard;
