//! Several servers on one database: what one does in the middle of what another does.

use super::{
    concurrency::Window,
    world::{InProcess, Site, USER_CODE},
};
use async_trait::async_trait;
use kaika_agent::portal::Portal;
use kaika_app::{App, CardOrder, Rng, UserCodeHasher, VaultError, order_card};
use kaika_domain::{CardRank, Organisation};
use kaika_testkit::postgres::{fresh_database, psql};
use kaika_wire::{BatchReport, CertificateStatus, Code, Device, JobKind, JobState, UserCode};
use std::sync::{Arc, Mutex};

/// On a file, and on PostgreSQL, where nothing keeps two that write apart but the rows they write to.
fn sites(make: impl Fn(Option<String>) -> Site) -> [Site; 2] {
    [make(None), make(Some(fresh_database()))]
}

fn personalised(postgres: Option<String>) -> Site {
    let site = Site::ordered_in(postgres, |policy| policy);
    site.run(JobKind::Personalise, None).result.unwrap();
    site
}

type Happens = Box<dyn FnOnce() + Send>;

/// Something that happens once, at the next moment of its kind.
#[derive(Default)]
struct Meanwhile(Mutex<Option<Happens>>);

impl Meanwhile {
    fn of(what: impl FnOnce() + Send + 'static) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(Box::new(what)))))
    }

    /// Beside the runtime whose thread waits for it.
    fn happen(&self) {
        let what = self.0.lock().unwrap().take();
        if let Some(what) = what {
            std::thread::spawn(what).join().unwrap();
        }
    }
}

/// While a user code is tested, and no transaction is open.
struct SlowTest {
    user_codes: Arc<dyn UserCodeHasher>,
    meanwhile: Arc<Meanwhile>,
}

#[async_trait]
impl UserCodeHasher for SlowTest {
    async fn hash(&self, code: &UserCode) -> Result<String, VaultError> {
        self.user_codes.hash(code).await
    }

    async fn verify(&self, hash: &str, code: &UserCode) -> Result<bool, VaultError> {
        self.meanwhile.happen();
        self.user_codes.verify(hash, code).await
    }
}

/// While random bytes are drawn, at the next moment when they are.
struct SlowDraw {
    rng: Arc<dyn Rng>,
    meanwhile: Arc<Meanwhile>,
}

impl Rng for SlowDraw {
    fn fill(&self, bytes: &mut [u8]) {
        self.meanwhile.happen();
        self.rng.fill(bytes);
    }
}

/// Another server on the same database.
fn server(app: &App, user_codes: Arc<dyn UserCodeHasher>, rng: Arc<dyn Rng>) -> Arc<App> {
    Arc::new(App::new(
        Arc::clone(&app.store),
        Arc::clone(&app.issuer),
        Arc::clone(&app.secrets),
        user_codes,
        Arc::clone(&app.clock),
        rng,
        app.policies.clone(),
        app.origin.clone(),
    ))
}

/// One at which this happens while it tests a user code.
fn with_slow_test(app: &App, meanwhile: Arc<Meanwhile>) -> Arc<App> {
    let user_codes = SlowTest { user_codes: Arc::clone(&app.user_codes), meanwhile };
    server(app, Arc::new(user_codes), Arc::clone(&app.rng))
}

/// One at which this happens while it draws random bytes, of which it draws some for each card that it looks at.
fn with_slow_draw(app: &App, meanwhile: impl FnOnce() + Send + 'static) -> Arc<App> {
    let later = Arc::new(Meanwhile::default());
    let rng = SlowDraw { rng: Arc::clone(&app.rng), meanwhile: Arc::clone(&later) };
    let server = server(app, Arc::clone(&app.user_codes), Arc::new(rng));
    // From here on: a server that starts draws some, too.
    *later.0.lock().unwrap() = Some(Box::new(meanwhile));
    server
}

/// Until what was begun is done or waits for somebody else's row, as PostgreSQL has it; a file keeps everybody waiting.
fn until_it_waits(postgres: Option<&str>, is_done: impl Fn() -> bool) {
    const WAITING: &str =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let Some(url) = postgres else { return };
    while !is_done() && psql(url, WAITING).trim() == "0" {}
}

#[test]
fn a_right_code_costs_no_try_where_another_window_takes_the_card() {
    for site in sites(personalised) {
        let window = Arc::new(Window::of(&site, JobKind::Activate));
        let (older, older_token, batch) = window.start();
        let right = window.carry_out(&batch, USER_CODE);
        let (newer, newer_token, batch) = window.start();
        let without_code = BatchReport { user_code: None, ..window.carry_out(&batch, USER_CODE) };
        let other = Arc::clone(&window);
        let taken = Meanwhile::of(move || {
            let taken = other.portal.report(newer, &newer_token, &without_code);
            let Ok(JobState::Failed { error }) = taken else { panic!("a card was opened without a code") };
            assert_eq!(error.code, Code::SecretMissing);
        });
        let server = with_slow_test(&window.portal.app, taken);
        let server = InProcess::new(server, Arc::clone(&window.portal.runtime));
        let Err(refusal) = server.report(older, &older_token, &right) else { panic!("the older window goes on") };
        assert_eq!(refusal.code, Code::Stale);
        let fails = window.portal.runtime.block_on(async {
            let mut reader = window.portal.app.store.read().await.unwrap();
            let card = reader.card_by_number(&site.number).await.unwrap().unwrap();
            reader.user_code(card.id).await.unwrap().unwrap().fails
        });
        assert_eq!(fails, 0);
    }
}

/// Two windows are about to replace a PUK that somebody has seen. One has read which it is when the other comes, which
/// draws a new one and writes it down.
#[test]
fn no_puk_is_sent_that_is_not_on_record() {
    for site in sites(|postgres| {
        let site = personalised(postgres);
        site.run(JobKind::Activate, None).result.unwrap();
        site
    }) {
        let window = Arc::new(Window::of(&site, JobKind::Rewrite));
        window.portal.runtime.block_on(async {
            let mut work = window.portal.app.store.begin().await.unwrap();
            let card = work.card_by_number(&site.number).await.unwrap().unwrap();
            let mut puk = work.puks(card.id).await.unwrap().pop().unwrap();
            puk.record.exposed = true;
            work.put_puk(card.id, &puk).await.unwrap();
            work.commit().await.unwrap();
        });
        let (other, other_token, batch) = window.start();
        let of_other = window.carry_out(&batch, USER_CODE);
        let (job, token, batch) = window.start();
        let report = window.carry_out(&batch, USER_CODE);

        let (elsewhere, postgres) = (Arc::clone(&window), site.postgres.clone());
        let (answer, answered) = std::sync::mpsc::channel();
        let server = with_slow_draw(&window.portal.app, move || {
            let reported = std::thread::spawn(move || {
                answer.send(elsewhere.portal.report(other, &other_token, &of_other)).unwrap();
            });
            until_it_waits(postgres.as_deref(), || reported.is_finished());
        });
        let server = InProcess::new(server, Arc::clone(&window.portal.runtime));
        let Ok(JobState::Running { batch }) = server.report(job, &token, &report) else { panic!("no batch") };
        answered.recv().unwrap().unwrap();
        // The card gets the one that was sent, whoever has the card by then.
        let report = window.carry_out(&batch, USER_CODE);
        assert_eq!(report.fault, None);
        let _ = server.report(job, &token, &report);
        drop(window);
        site.run(JobKind::Unlock, None).result.unwrap();
        site.assert_agrees(CertificateStatus::Valid);
    }
}

/// Another station has just taken the oldest order, and not yet said so: for another card, and for the same one.
#[test]
fn an_order_and_a_blank_card_are_taken_once() {
    for same_card in [false, true] {
        for site in sites(|postgres| Site::ordered_in(postgres, |policy| policy)) {
            let mut window = Window::of(&site, JobKind::Personalise);
            let device = 4711;
            window.start.card.device = Some(Device { serial: device, version: "5.7.1".into() });
            let station = site.order(JobKind::Personalise).station;
            let app = &window.portal.app;
            let (work, first, others) = window.portal.runtime.block_on(async {
                let gca = "gca".parse().unwrap();
                let order = CardOrder {
                    subject: vec![("C".into(), "TW".into()), ("O".into(), "另一機關".into())],
                    organisation: Organisation::default(),
                    email: None,
                    contact: None,
                    rank: CardRank::Primary,
                };
                order_card(app, &gca, order, None).await.unwrap();
                let mut work = app.store.begin().await.unwrap();
                let mut first = work.oldest_order(None).await.unwrap().unwrap();
                first.device = Some(if same_card { device } else { device + 1 });
                work.update_card(&mut first).await.unwrap();
                let mut cards = work.cards(&gca).await.unwrap();
                cards.retain(|card| card.id != first.id);
                (work, first, cards)
            });
            let started = std::thread::scope(|scope| {
                let started = scope.spawn(|| window.portal.start(&window.start, station.as_ref()));
                until_it_waits(site.postgres.as_deref(), || started.is_finished());
                window.portal.runtime.block_on(work.commit()).unwrap();
                started.join().unwrap().unwrap()
            });
            assert_eq!(started.card, if same_card { first.number } else { others[0].number.clone() });
        }
    }
}
