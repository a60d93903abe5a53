//! The use cases in process: real database, issuer, mail folder, engine and software card; only HTTP is left out.
#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

mod it {
    mod certifiable;
    mod change_pin;
    mod concurrency;
    mod confirmations;
    mod emails;
    mod faults;
    mod keypad;
    mod links;
    mod logins;
    mod mails;
    mod making;
    mod matrix;
    mod organisations;
    mod other_makers;
    mod records;
    mod servers;
    mod services;
    mod status_changes;
    mod story;
    mod tickets;
}
