//! What the server answers to a request, without a socket, over the real use cases and a card.
#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

mod it {
    mod contacts;
    mod conversations;
    mod emails;
    mod http;
    mod keys;
    mod organisation_pages;
    mod server;
    mod site_pages;
    mod status_pages;
    mod user_codes;
}
