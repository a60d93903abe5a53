//! The outbox and a mail server that goes away: nothing is lost, and nothing sent twice that could be known to be there.

use async_trait::async_trait;
use kaika_app::{
    App,
    access::{ask_user_code_reset, authenticate_station, enrol_station, set_user_code},
    audit::verify_audit,
    kernel::{Clock, Lease},
    mail::{Delivery, MailError, MailState, Mailer, Posted, deliver_mails, forget_mails, list_mails, retry_mails},
};
use kaika_domain::holders::Contact;
use kaika_fixtures::{CONTACT, HOLDER, Running, Site, gca, operator};
use kaika_mail::{Encryption, SmtpMailer, SmtpSettings};
use kaika_testkit::smtp::{Encryption as Peers, SmtpPeer};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};
use time::{Duration, OffsetDateTime};
use tokio::{sync::Notify, time::timeout};

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
    running.wait(deliver_mails(&running.app, mailer, Lease::USUAL)).unwrap()
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

/// A clock that the test moves.
struct Moved(Mutex<OffsetDateTime>);

impl Clock for Moved {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

/// Has a mail on its way until the test lets it go.
struct Slow {
    begun: Notify,
    go: Notify,
    sent: AtomicU32,
}

#[async_trait]
impl Mailer for Slow {
    async fn send(&self, _mail: &Posted<'_>) -> Result<(), MailError> {
        self.begun.notify_one();
        self.go.notified().await;
        self.sent.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// By the real clock, for what another task does.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// A minute by the clock that the test moves, renewed all the time.
const BUSY: Lease = Lease { lasts: Duration::MINUTE, renewed_every: std::time::Duration::from_millis(5) };

fn moved(running: &Running) -> (Arc<App>, Arc<Moved>) {
    let clock = Arc::new(Moved(Mutex::new(running.app.now())));
    let mut app = Arc::into_inner(running.site.open()).unwrap();
    app.clock = clock.clone();
    (Arc::new(app), clock)
}

#[test]
fn a_long_delivery_keeps_its_mail_to_itself() {
    let running = Running::of(Site::ordered());
    told(&running, 1);
    let (app, clock) = moved(&running);
    let slow = Arc::new(Slow { begun: Notify::new(), go: Notify::new(), sent: AtomicU32::new(0) });
    running.wait(async {
        let sending = tokio::spawn({
            let (app, slow) = (Arc::clone(&app), Arc::clone(&slow));
            async move { deliver_mails(&app, slow.as_ref(), BUSY).await.unwrap() }
        });
        slow.begun.notified().await;
        let due_at = async || app.store.read().await.unwrap().mails(false, 1).await.unwrap()[0].due_at;
        // Ten minutes, in steps of which each is shorter than the lease.
        for _ in 0..20 {
            *clock.0.lock().unwrap() += Duration::seconds(30);
            let other = Counting::default();
            assert_eq!(deliver_mails(&app, &other, BUSY).await.unwrap(), Delivery::default());
            assert_eq!(retry_mails(&app, None).await.unwrap(), 0);
            let renewed = async {
                while due_at().await < app.now() + Duration::MINUTE {
                    tokio::task::yield_now().await;
                }
            };
            timeout(PATIENCE, renewed).await.expect("the claim is renewed");
        }
        slow.go.notify_one();
        assert_eq!(sending.await.unwrap(), Delivery { sent: 1, ..Delivery::default() });
    });
    assert_eq!(slow.sent.load(Ordering::SeqCst), 1);
}

#[test]
fn of_a_server_that_died_a_mail_is_due_after_a_minute() {
    let running = Running::of(Site::ordered());
    told(&running, 1);
    let (app, clock) = moved(&running);
    let slow = Slow { begun: Notify::new(), go: Notify::new(), sent: AtomicU32::new(0) };
    running.wait(async {
        tokio::select! {
            _ = deliver_mails(&app, &slow, Lease::USUAL) => panic!("it is held"),
            () = slow.begun.notified() => {}
        }
        let counting = Counting::default();
        *clock.0.lock().unwrap() += Duration::seconds(59);
        assert_eq!(deliver_mails(&app, &counting, Lease::USUAL).await.unwrap(), Delivery::default());
        *clock.0.lock().unwrap() += Duration::SECOND;
        assert_eq!(deliver_mails(&app, &counting, Lease::USUAL).await.unwrap().sent, 1);
    });
}

/// The first one cannot tell any more that it is at work, and another has begun: the first lets go.
#[test]
fn whose_claim_is_lost_stops_sending() {
    let running = Running::of(Site::ordered());
    told(&running, 1);
    let (app, clock) = moved(&running);
    let slow = Arc::new(Slow { begun: Notify::new(), go: Notify::new(), sent: AtomicU32::new(0) });
    let seldom = Lease { renewed_every: std::time::Duration::from_millis(300), ..BUSY };
    running.wait(async {
        let sending = tokio::spawn({
            let (app, slow) = (Arc::clone(&app), Arc::clone(&slow));
            async move { deliver_mails(&app, slow.as_ref(), seldom).await.unwrap() }
        });
        slow.begun.notified().await;
        *clock.0.lock().unwrap() += Duration::MINUTE;
        let mut work = app.store.begin().await.unwrap();
        let [mut mail] = work.due_mails(app.now(), 1).await.unwrap().try_into().unwrap();
        assert!(work.claim_mail(&mut mail, app.now() + Duration::MINUTE).await.unwrap());
        work.commit().await.unwrap();
        assert_eq!(timeout(PATIENCE, sending).await.expect("it lets go").unwrap().sent, 0);
        // Nor does it write anything over what the other has.
        assert_eq!(app.store.read().await.unwrap().mails(false, 1).await.unwrap(), [mail]);
    });
    assert_eq!(slow.sent.load(Ordering::SeqCst), 0);
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
                tokio::spawn(async move { deliver_mails(&app, counting.as_ref(), Lease::USUAL).await.unwrap().sent })
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
        assert_eq!(deliver_mails(&self.running.app, self, Lease::USUAL).await.unwrap(), Delivery::default());
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
