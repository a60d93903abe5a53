//! The outbox and a mail server that goes away: nothing is lost, and nothing sent twice that could be known to be there.

use async_trait::async_trait;
use kaika_app::{
    access::{ask_user_code_reset, authenticate_station, enrol_station, set_user_code},
    audit::verify_audit,
    mail::{Delivery, MailError, MailState, Mailer, Posted, deliver_mails, forget_mails, list_mails, retry_mails},
};
use kaika_domain::holders::Contact;
use kaika_fixtures::{CONTACT, HOLDER, Running, Site, gca, operator};
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
fn told(running: &Running, mails: usize) {
    let Running { app, site, .. } = running;
    running.wait(async {
        let enrolled = enrol_station(app, "counter", &operator()).await.unwrap();
        let station = authenticate_station(app, enrolled.station, &enrolled.token).await.unwrap();
        for _ in 0..mails {
            set_user_code(app, &station, &site.number, None).await.unwrap();
        }
    });
}

fn written_to(running: &Running, address: &str) {
    let contact = Contact { email: address.parse().unwrap(), name: None, telephone: None };
    running.wait(async {
        let mut work = running.app.store.begin().await.unwrap();
        let card = work.card_by_number(&running.site.number).await.unwrap().unwrap();
        work.upsert_contact(card.id, &contact, running.app.now()).await.unwrap();
        work.commit().await.unwrap();
    });
}

fn deliver(running: &Running, mailer: &dyn Mailer) -> Delivery {
    running.wait(deliver_mails(&running.app, mailer)).unwrap()
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
    let mut running = Running::of(Site::ordered());
    let mut peer = SmtpPeer::start(Peers::None);
    let mailer = mailer(&peer);
    peer.stop();
    told(&running, 5);
    // The first is tried, and the others spare themselves the way.
    assert_eq!(deliver(&running, &mailer), Delivery { sent: 0, failed: 1, given_up: 0 });
    for hours in [1, 2, 4, 24, 48] {
        running.later(Duration::hours(hours));
        let went = deliver(&running, &mailer);
        assert_eq!((went.sent, went.given_up), (0, 0));
    }
    let waiting = running.wait(list_mails(&running.app, false)).unwrap();
    assert_eq!(waiting.len(), 5);
    assert!(waiting.iter().all(|mail| mail.state == MailState::Waiting));
    assert!(waiting[0].failure.as_ref().is_some_and(|failure| failure.contains("refused")), "{waiting:?}");

    peer.start_again();
    running.later(Duration::hours(2));
    assert_eq!(deliver(&running, &mailer), Delivery { sent: 5, failed: 0, given_up: 0 });
    assert_eq!(deliver(&running, &mailer), Delivery::default());
    assert_eq!(came(&peer).into_values().collect::<Vec<_>>(), [1; 5]);
    let sent = running.wait(list_mails(&running.app, true)).unwrap();
    assert!(sent.iter().all(|mail| mail.state == MailState::Sent && mail.sealed.is_none()), "what they said is gone");
    running.later(Duration::days(31));
    assert_eq!(running.wait(forget_mails(&running.app)).unwrap(), 5);
}

#[test]
fn what_is_given_up_stays_with_its_reason() {
    let mut running = Running::of(Site::ordered());
    let peer = SmtpPeer::start(Peers::None);
    let mailer = mailer(&peer);
    written_to(&running, "nobody@agency.example");
    told(&running, 1);
    written_to(&running, "later@agency.example");
    told(&running, 1);
    // One that is refused keeps nobody else from being tried.
    assert_eq!(deliver(&running, &mailer), Delivery { sent: 0, failed: 1, given_up: 1 });
    let list = |running: &Running| running.wait(list_mails(&running.app, false)).unwrap();
    let mut mails = list(&running);
    // Put there in the same moment: which of them comes first is drawn.
    mails.sort_by_key(|mail| mail.state != MailState::GivenUp);
    assert_eq!((mails[0].state, mails[1].state), (MailState::GivenUp, MailState::Waiting));
    assert!(mails[0].failure.as_ref().unwrap().contains("no such mailbox"), "{mails:?}");
    assert!(mails[1].failure.as_ref().unwrap().contains("try again later"), "{mails:?}");
    let [(actor, payload)] = running.audited("mail.give_up").try_into().unwrap();
    assert_eq!(actor, "scheduler");
    assert!(!payload.contains('@'), "no address in the log: {payload}");

    // Put off for days, it is given up as well.
    let mut went = Delivery::default();
    for _ in 0..6 {
        running.later(Duration::days(1));
        let again = deliver(&running, &mailer);
        went.given_up += again.given_up;
    }
    assert_eq!(went.given_up, 1);
    assert_eq!(running.audited("mail.give_up").len(), 2);
    // An operator who has set things right has them tried again.
    assert_eq!(running.wait(retry_mails(&running.app, Some(mails[0].id))).unwrap(), 1);
    assert_eq!(running.wait(retry_mails(&running.app, None)).unwrap(), 2);
    assert_eq!(deliver(&running, &mailer), Delivery { sent: 0, failed: 0, given_up: 2 });
    let report = running.wait(verify_audit(running.app.store.as_ref(), &[])).unwrap();
    assert_eq!(report.findings, [kaika_app::audit::AuditFinding::NoAnchors]);
}

#[test]
fn a_mail_that_came_unheard_of_comes_under_the_same_name() {
    let mut running = Running::of(Site::ordered());
    let peer = SmtpPeer::start(Peers::None);
    let mailer = mailer(&peer);
    written_to(&running, "vanish@agency.example");
    told(&running, 1);
    assert_eq!(deliver(&running, &mailer).failed, 1);
    running.later(Duration::minutes(2));
    assert_eq!(deliver(&running, &mailer).failed, 1);
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
    let running = Running::of(Site::ordered());
    told(&running, 12);
    let counting = Arc::new(Counting::default());
    let sent: u32 = running.wait(async {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let (app, counting) = (Arc::clone(&running.app), Arc::clone(&counting));
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
    let mut running = Running::of(Site::ordered());
    running.wait(ask_user_code_reset(&running.app, &gca(), &running.site.number, HOLDER)).unwrap();
    let [mail] = running.wait(list_mails(&running.app, false)).unwrap().try_into().unwrap();
    assert_eq!((mail.letter.as_str(), mail.to.as_str()), ("user_code_link", CONTACT));
    running.later(Duration::minutes(30));
    let counting = Counting::default();
    assert_eq!(deliver(&running, &counting), Delivery { sent: 0, failed: 0, given_up: 1 });
    assert!(counting.0.lock().unwrap().is_empty());
    assert_eq!(running.wait(retry_mails(&running.app, None)).unwrap(), 0, "of no use any more");
}

/// An operator tries all mails again while one is on its way, and another server looks what is due.
struct Retried<'a> {
    running: &'a Running,
    sent: Mutex<u32>,
}

#[async_trait]
impl Mailer for Retried<'_> {
    async fn send(&self, _mail: &Posted<'_>) -> Result<(), MailError> {
        *self.sent.lock().unwrap() += 1;
        assert_eq!(retry_mails(&self.running.app, None).await.unwrap(), 0);
        assert_eq!(deliver_mails(&self.running.app, self).await.unwrap(), Delivery::default());
        Ok(())
    }
}

#[test]
fn a_mail_on_its_way_is_not_sent_again() {
    let running = Running::of(Site::ordered());
    told(&running, 1);
    let mailer = Retried { running: &running, sent: Mutex::default() };
    assert_eq!(deliver(&running, &mailer), Delivery { sent: 1, ..Delivery::default() });
    assert_eq!(deliver(&running, &mailer), Delivery::default());
    assert_eq!(*mailer.sent.lock().unwrap(), 1);
}
