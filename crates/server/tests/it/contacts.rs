//! 聯絡人修改: by user code; the old address is told, the new one confirms.

use super::server::{Answer, Server};
use axum::http::StatusCode;
use kaika_domain::holders::Contact;
use kaika_fixtures::{CONTACT, HOLDER, Site, USER_CODE};

const NEW: &str = "new.desk@agency.example";

fn ask(server: &Server, code: &str, email: &str, person: &str) -> Answer {
    let number = server.site.number.to_string();
    let fields =
        [("number", number.as_str()), ("name", HOLDER), ("user_code", code), ("email", email), ("person", person)];
    server.submit("/gca/contact", &fields)
}

fn contact(server: &Server) -> Contact {
    server.wait(async {
        let mut reader = server.app.store.read().await.unwrap();
        let card = reader.card_by_number(&server.site.number).await.unwrap().unwrap();
        reader.contact(card.id).await.unwrap().unwrap()
    })
}

#[test]
fn a_new_address_counts_once_its_owner_has_confirmed() {
    let server = Server::of(Site::personalised());
    let asked = ask(&server, USER_CODE, NEW, "王小明");
    assert_eq!((asked.status, asked.location()), (StatusCode::SEE_OTHER, "/gca/contact/sent"));
    let mails = server.mails();
    let to: Vec<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to.len(), 2);
    let told = mails.iter().find(|mail| mail.to.as_str() == CONTACT).unwrap();
    assert!(told.text.contains("n***@agency.example") && !told.text.contains(NEW) && !told.text.contains("http"));
    let sent = mails.iter().find(|mail| mail.to.as_str() == NEW).unwrap();
    let link = sent.text.lines().find_map(|line| line.strip_prefix("http://localhost:8080")).unwrap();
    let page = server.get(link);
    assert!(page.status == StatusCode::OK && page.page().contains(NEW) && page.page().contains("王小明"));
    assert_eq!(contact(&server).email.as_str(), CONTACT, "looking changes nothing");

    let done = server.submit(link, &[]);
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/gca/contact/done"));
    let expected = Contact { email: NEW.parse().unwrap(), name: Some("王小明".into()), telephone: None };
    assert_eq!(contact(&server), expected);
    let [told] = server.mails().try_into().unwrap();
    assert_eq!(told.to.as_str(), CONTACT, "the old one is told");
    assert_eq!(server.submit(link, &[]).status, StatusCode::GONE);
    let number = server.site.number.to_string();
    for action in ["contact.ask_change", "contact.change"] {
        let [(actor, payload)] = server.audited(action).try_into().unwrap();
        assert_eq!(actor, format!("holder:{number}"));
        assert!(!payload.contains('@'), "no address in the log: {payload}");
    }
    // The rest may be changed without another confirmation.
    let asked = ask(&server, USER_CODE, NEW, "李小華");
    assert_eq!(asked.location(), "/gca/contact/done");
    assert_eq!(contact(&server).name.as_deref(), Some("李小華"));
}

#[test]
fn the_user_code_is_needed_and_its_tries_count() {
    let server = Server::of(Site::personalised());
    for _ in 0..3 {
        let wrong = ask(&server, "wrong-code", NEW, "");
        assert_eq!(wrong.status, StatusCode::FORBIDDEN);
        assert!(wrong.page().contains("id=\"user_code-error\"") && wrong.page().contains(NEW));
        assert!(!wrong.page().contains("wrong-code"), "a secret is not shown again");
    }
    let locked = ask(&server, USER_CODE, NEW, "");
    assert!(locked.status == StatusCode::FORBIDDEN && locked.page().contains("id=\"forgotten\""));
    assert!(locked.page().contains("/gca/user-code\""), "what helps is named");
    assert_eq!((server.mails().len(), contact(&server).email.as_str()), (0, CONTACT));
}

#[test]
fn a_new_user_code_stops_what_the_old_one_began() {
    let server = Server::of(Site::personalised());
    ask(&server, USER_CODE, NEW, "");
    let begun = server.link_to(NEW);
    let number = server.site.number.to_string();
    server.submit("/gca/user-code", &[("number", &number), ("name", HOLDER)]);
    let link = server.link();
    server.submit(&link, &[("code", "Xyz-6789"), ("again", "Xyz-6789")]);
    assert_eq!(server.submit(&begun, &[]).status, StatusCode::GONE);
    assert_eq!(contact(&server).email.as_str(), CONTACT);
}

#[test]
fn links_to_the_old_address_end_with_it() {
    let server = Server::of(Site::personalised());
    let number = server.site.number.to_string();
    server.submit("/gca/user-code", &[("number", &number), ("name", HOLDER)]);
    let to_old = server.link();
    ask(&server, USER_CODE, NEW, "");
    let confirm = server.link_to(NEW);
    assert_eq!(server.submit(&confirm, &[]).status, StatusCode::SEE_OTHER);
    assert_eq!(server.get(&to_old).status, StatusCode::GONE);
}

#[test]
fn an_address_is_not_flooded_by_changes() {
    let server = Server::of(Site::personalised());
    let statuses: Vec<_> = (0..4).map(|_| ask(&server, USER_CODE, NEW, "").status).collect();
    assert_eq!(statuses[..3], [StatusCode::SEE_OTHER; 3]);
    assert_eq!(statuses[3], StatusCode::TOO_MANY_REQUESTS);
}
