//! 寫入安全電子郵件信箱: the page behind the link in the mail.

use super::server::Server;
use axum::http::StatusCode;
use kaika_fixtures::{EMAIL, Site};
use kaika_softcard::SoftCard;
use kaika_wire::{EmailState, JobKind};
use std::sync::{Arc, Mutex};

fn state_after_job(server: &Server) -> EmailState {
    let card = Arc::new(Mutex::new(SoftCard::open(server.site.card_path()).unwrap()));
    let finished = server.site.run_on(&server.app, &card, &server.site.order(JobKind::SetEmail), None).unwrap();
    finished.succeeded.result.email().unwrap().state
}

#[test]
fn the_link_in_the_mail_does_what_its_code_does() {
    let mut site = Site::activated();
    site.later(time::Duration::days(30));
    let server = Server::of(site);
    assert_eq!(state_after_job(&server), EmailState::AwaitingConfirmation);
    let link = server.link_to(EMAIL);
    let looked = server.get(&link);
    assert!(looked.status == StatusCode::OK && looked.page().contains(EMAIL));
    assert!(looked.page().contains("id=\"confirm\""));
    // Looking proves nothing.
    assert_eq!(state_after_job(&server), EmailState::AwaitingConfirmation);
    assert_eq!(server.submit(&link, &[]).location(), link);
    let offered = server.get(&link);
    assert!(offered.page().contains("id=\"confirmed\"") && offered.page().contains("data-kind=\"set_email\""));
    assert_eq!(state_after_job(&server), EmailState::Written);
    assert!(server.get(&link).page().contains("done-banner"));
    assert_eq!(server.submit(&link, &[]).status, StatusCode::GONE, "a link is good once");
    assert_eq!(server.card().email, EMAIL.parse().ok());
}
