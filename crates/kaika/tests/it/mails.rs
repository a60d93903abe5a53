//! The outbox and a mail server that goes away: nothing is lost, and nothing sent twice that could be known to be there.

use super::{
    post::Post,
    world::{CONTACT, Site},
};
use async_trait::async_trait;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use kaika_app::{
    audit::verify_audit,
    mail::{Delivery, MailError, MailState, Mailer, Posted, deliver_mails, forget_mails, list_mails, retry_mails},
};
use kaika_domain::holders::Contact;
use kaika_mail::{Encryption, SmtpMailer, SmtpSettings};
use kaika_testkit::smtp::{Encryption as Peers, SmtpPeer};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use time::Duration;

fn mailer(peer: &SmtpPeer) -> SmtpMailer {
    SmtpMailer::new(SmtpSettings {
        host: "localhost".into(),
        port: peer.port(),
        encryption: Encryption::None,
        credentials: None,
        trusted: None,
        from: "no-reply@kaika.example".parse().unwrap(),
        reply_to: None,
        hello: "localhost".into(),
    })
    .unwrap()
}

/// So many user codes set at a counter, each of which is told by mail.
fn told(post: &Post, mails: usize) {
    let station = post.station();
    for _ in 0..mails {
        let path = format!("/api/cards/{}/user-code", post.site.number);
        let request = Request::post(path).header("authorization", &station).header("content-type", "application/json");
        assert_eq!(post.ask(request.body(Body::from("{}")).unwrap()).status, StatusCode::OK);
    }
}

fn written_to(post: &Post, address: &str) {
    let contact = Contact { email: address.parse().unwrap(), name: None, telephone: None };
    post.site.runtime().block_on(async {
        let mut work = post.app.store.begin().await.unwrap();
        let card = work.card_by_number(&post.site.number).await.unwrap().unwrap();
        work.upsert_contact(card.id, &contact, post.app.now()).await.unwrap();
        work.commit().await.unwrap();
    });
}

fn deliver(post: &Post, mailer: &dyn Mailer) -> Delivery {
    post.site.runtime().block_on(deliver_mails(&post.app, mailer)).unwrap()
}

/// How often each mail came, by its Message-ID.
fn came(peer: &SmtpPeer) -> BTreeMap<String, usize> {
    let mut came = BTreeMap::new();
    for mail in peer.mails() {
        *came.entry(mail["headers"]["Message-ID"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    came
}

#[test]
fn nothing_is_lost_while_the_mail_server_is_away() {
    let mut post = Post::of(Site::ordered(|policy| policy));
    let mut peer = SmtpPeer::start(Peers::None);
    let mailer = mailer(&peer);
    peer.stop();
    told(&post, 5);
    // The first is tried, and the others spare themselves the way.
    assert_eq!(deliver(&post, &mailer), Delivery { sent: 0, failed: 1, given_up: 0 });
    for hours in [1, 2, 4, 24, 48] {
        post.later(Duration::hours(hours));
        let went = deliver(&post, &mailer);
        assert_eq!((went.sent, went.given_up), (0, 0));
    }
    let waiting = post.site.runtime().block_on(list_mails(&post.app, false)).unwrap();
    assert_eq!(waiting.len(), 5);
    assert!(waiting.iter().all(|mail| mail.state == MailState::Waiting));
    assert!(waiting[0].failure.as_ref().is_some_and(|failure| failure.contains("refused")), "{waiting:?}");

    peer.start_again();
    post.later(Duration::hours(2));
    assert_eq!(deliver(&post, &mailer), Delivery { sent: 5, failed: 0, given_up: 0 });
    assert_eq!(deliver(&post, &mailer), Delivery::default());
    assert_eq!(came(&peer).into_values().collect::<Vec<_>>(), [1; 5]);
    let sent = post.site.runtime().block_on(list_mails(&post.app, true)).unwrap();
    assert!(sent.iter().all(|mail| mail.state == MailState::Sent && mail.sealed.is_none()), "what they said is gone");
    post.later(Duration::days(31));
    assert_eq!(post.site.runtime().block_on(forget_mails(&post.app)).unwrap(), 5);
}

#[test]
fn what_is_given_up_stays_with_its_reason() {
    let mut post = Post::of(Site::ordered(|policy| policy));
    let peer = SmtpPeer::start(Peers::None);
    let mailer = mailer(&peer);
    written_to(&post, "nobody@agency.example");
    told(&post, 1);
    written_to(&post, "later@agency.example");
    told(&post, 1);
    // One that is refused keeps nobody else from being tried.
    assert_eq!(deliver(&post, &mailer), Delivery { sent: 0, failed: 1, given_up: 1 });
    let list = |post: &Post| post.site.runtime().block_on(list_mails(&post.app, false)).unwrap();
    let mut mails = list(&post);
    // Put there in the same moment: which of them comes first is drawn.
    mails.sort_by_key(|mail| mail.state != MailState::GivenUp);
    assert_eq!((mails[0].state, mails[1].state), (MailState::GivenUp, MailState::Waiting));
    assert!(mails[0].failure.as_ref().unwrap().contains("no such mailbox"), "{mails:?}");
    assert!(mails[1].failure.as_ref().unwrap().contains("try again later"), "{mails:?}");
    let [(actor, payload)] = post.audited("mail.give_up").try_into().unwrap();
    assert_eq!(actor, "scheduler");
    assert!(!payload.contains('@'), "no address in the log: {payload}");

    // Put off for days, it is given up as well.
    let mut went = Delivery::default();
    for _ in 0..6 {
        post.later(Duration::days(1));
        let again = deliver(&post, &mailer);
        went.given_up += again.given_up;
    }
    assert_eq!(went.given_up, 1);
    assert_eq!(post.audited("mail.give_up").len(), 2);
    // An operator who has set things right has them tried again.
    assert_eq!(post.site.runtime().block_on(retry_mails(&post.app, Some(mails[0].id))).unwrap(), 1);
    assert_eq!(post.site.runtime().block_on(retry_mails(&post.app, None)).unwrap(), 2);
    assert_eq!(deliver(&post, &mailer), Delivery { sent: 0, failed: 0, given_up: 2 });
    let report = post.site.runtime().block_on(verify_audit(post.app.store.as_ref(), &[])).unwrap();
    assert_eq!(report.findings, [kaika_app::audit::AuditFinding::NoAnchors]);
}

#[test]
fn a_mail_that_came_unheard_of_comes_under_the_same_name() {
    let mut post = Post::of(Site::ordered(|policy| policy));
    let peer = SmtpPeer::start(Peers::None);
    let mailer = mailer(&peer);
    written_to(&post, "vanish@agency.example");
    told(&post, 1);
    assert_eq!(deliver(&post, &mailer).failed, 1);
    post.later(Duration::minutes(2));
    assert_eq!(deliver(&post, &mailer).failed, 1);
    // SMTP cannot exclude it; a receiver can tell.
    assert_eq!(came(&peer).into_values().collect::<Vec<_>>(), [2]);
}

/// Counts, and takes its time.
#[derive(Default)]
struct Counting(Mutex<BTreeMap<String, usize>>);

#[async_trait]
impl Mailer for Counting {
    async fn send(&self, mail: &Posted<'_>) -> Result<(), MailError> {
        tokio::task::yield_now().await;
        *self.0.lock().unwrap().entry(mail.id.to_string()).or_default() += 1;
        Ok(())
    }
}

#[test]
fn many_that_send_at_once_send_each_mail_once() {
    let post = Post::of(Site::ordered(|policy| policy));
    told(&post, 12);
    let counting = Arc::new(Counting::default());
    let sent: u32 = post.site.runtime().block_on(async {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let (app, counting) = (Arc::clone(&post.app), Arc::clone(&counting));
                tokio::spawn(async move { deliver_mails(&app, counting.as_ref()).await.unwrap().sent })
            })
            .collect();
        let mut sent = 0;
        for task in tasks {
            sent += task.await.unwrap();
        }
        sent
    });
    assert_eq!(sent, 12);
    assert_eq!(counting.0.lock().unwrap().values().copied().collect::<Vec<_>>(), [1; 12]);
}

#[test]
fn a_link_that_has_run_out_is_not_sent() {
    let mut post = Post::of(Site::ordered(|policy| policy));
    let number = post.site.number.to_string();
    post.submit("/gca/user-code", &[("number", &number), ("name", super::post::HOLDER)]);
    let [mail] = post.site.runtime().block_on(list_mails(&post.app, false)).unwrap().try_into().unwrap();
    assert_eq!((mail.letter.as_str(), mail.to.as_str()), ("user_code_link", CONTACT));
    post.later(Duration::minutes(30));
    let counting = Counting::default();
    assert_eq!(deliver(&post, &counting), Delivery { sent: 0, failed: 0, given_up: 1 });
    assert!(counting.0.lock().unwrap().is_empty());
    assert_eq!(post.site.runtime().block_on(retry_mails(&post.app, None)).unwrap(), 0, "of no use any more");
}

/// An operator tries all mails again while one is on its way, and another server looks what is due.
struct Retried<'a> {
    post: &'a Post,
    sent: Mutex<u32>,
}

#[async_trait]
impl Mailer for Retried<'_> {
    async fn send(&self, _mail: &Posted<'_>) -> Result<(), MailError> {
        *self.sent.lock().unwrap() += 1;
        assert_eq!(retry_mails(&self.post.app, None).await.unwrap(), 0);
        assert_eq!(deliver_mails(&self.post.app, self).await.unwrap(), Delivery::default());
        Ok(())
    }
}

#[test]
fn a_mail_on_its_way_is_not_sent_again() {
    let post = Post::of(Site::ordered(|policy| policy));
    told(&post, 1);
    let mailer = Retried { post: &post, sent: Mutex::default() };
    assert_eq!(deliver(&post, &mailer), Delivery { sent: 1, ..Delivery::default() });
    assert_eq!(deliver(&post, &mailer), Delivery::default());
    assert_eq!(*mailer.sent.lock().unwrap(), 1);
}
