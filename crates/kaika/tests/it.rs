//! The whole path in process: real use cases, database, issuer, engine and software card; only HTTP is left out.
#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

mod it {
    mod change_pin;
    mod concurrency;
    mod confirmations;
    mod contacts;
    mod conversations;
    mod emails;
    mod faults;
    mod http;
    mod keypad;
    mod keys;
    mod links;
    mod logins;
    mod mails;
    mod making;
    mod matrix;
    mod organisation_pages;
    mod organisations;
    mod post;
    mod servers;
    mod services;
    mod site_pages;
    mod status_changes;
    mod status_pages;
    mod tickets;
    mod user_codes;
    mod world;
}
