//! Several servers on one database: what one does in the middle of what another does.

use super::concurrency::Window;
use async_trait::async_trait;
use kaika_agent::portal::Portal;
use kaika_app::{
    App, Store, StoreError,
    access::UserCodeHasher,
    audit::{Action, Event, InJob},
    cards::{CardOrder, Receipt, order_card, sweep},
    certificates::{Which, change_status_by_authority},
    kernel::{Rng, VaultError},
};
use kaika_domain::{
    audit::Actor,
    cards::Making,
    certificates::{Certificate, CertificateState, Placement},
};
use kaika_fixtures::{FailingStore, InProcess, Site, USER_CODE, operator};
use kaika_testkit::postgres::{fresh_database, psql};
use kaika_wire::{
    BatchReport, CertificateId, CertificateRole, CertificateStatus, Code, Command, Device, JobId, JobKind, JobState,
    MakingId, RevokeReason, SerialNumber, StatusChange, UserCode,
};
use std::sync::{Arc, Mutex};
use time::Duration;

/// On a file, and on PostgreSQL, where nothing keeps two that write apart but the rows they write to.
pub(super) fn sites(make: impl Fn(Option<String>) -> Site) -> [Site; 2] {
    [make(None), make(Some(fresh_database()))]
}

pub(super) fn personalised(postgres: Option<String>) -> Site {
    Site::builder().database(postgres).personalised()
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
fn server(app: &App, store: Arc<dyn Store>, user_codes: Arc<dyn UserCodeHasher>, rng: Arc<dyn Rng>) -> Arc<App> {
    Arc::new(App::new(
        store,
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
    server(app, Arc::clone(&app.store), Arc::new(user_codes), Arc::clone(&app.rng))
}

/// One at which this happens while it draws random bytes, of which it draws some for each card that it looks at.
pub(super) fn with_slow_draw(app: &App, meanwhile: impl FnOnce() + Send + 'static) -> Arc<App> {
    let later = Arc::new(Meanwhile::default());
    let rng = SlowDraw { rng: Arc::clone(&app.rng), meanwhile: Arc::clone(&later) };
    let server = server(app, Arc::clone(&app.store), Arc::clone(&app.user_codes), Arc::new(rng));
    // From here on: a server that starts draws some, too.
    *later.0.lock().unwrap() = Some(Box::new(meanwhile));
    server
}

/// Until what was begun is done or waits for somebody else's row, as PostgreSQL has it; a file keeps everybody waiting.
pub(super) fn until_it_waits(postgres: Option<&str>, is_done: impl Fn() -> bool) {
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
            work.upsert_puk(card.id, &puk).await.unwrap();
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

/// Several orders register a new holder at the same moment: it is one, and all of the cards are its.
#[test]
fn a_holder_is_registered_once() {
    for site in sites(|postgres| Site::builder().database(postgres).ordered()) {
        let app = site.open();
        let (gca, by) = ("gca".parse().unwrap(), operator());
        let subject = || "C=TW,O=新設機關".parse().unwrap();
        let order = || order_card(&app, &gca, CardOrder::of(subject()), None, &by);
        site.runtime().block_on(async {
            let (one, two, three) = tokio::join!(order(), order(), order());
            let cards = [one, two, three].map(|ordered| ordered.unwrap().card);
            let mut reader = app.store.read().await.unwrap();
            let holder = reader.holder_by_subject(&gca, &subject()).await.unwrap().unwrap();
            assert!(cards.iter().all(|card| card.holder == holder.id));
            assert_eq!(reader.cards_of_holder(holder.id).await.unwrap().len(), 3);
        });
        site.close(&app);
    }
}

/// Another station has just taken the oldest order, and not yet said so: for another card, and for the same one.
#[test]
fn an_order_and_a_blank_card_are_taken_once() {
    for same_card in [false, true] {
        for site in sites(|postgres| Site::builder().database(postgres).ordered()) {
            let mut window = Window::of(&site, JobKind::Personalise);
            let device = 4711;
            window.start.card.device = Some(Device { serial: device, version: "5.7.1".into() });
            let station = site.order(JobKind::Personalise).station;
            let app = &window.portal.app;
            let (work, first, others) = window.portal.runtime.block_on(async {
                let gca = "gca".parse().unwrap();
                let order = CardOrder::of("C=TW,O=另一機關".parse().unwrap());
                order_card(app, &gca, order, None, &operator()).await.unwrap();
                let mut work = app.store.begin().await.unwrap();
                let mut first = work.oldest_order(None).await.unwrap().unwrap();
                first.device = Some(if same_card { device } else { device + 1 });
                work.update_card(&mut first).await.unwrap();
                let making = Making::begin(MakingId::new(app.now(), [1; 10]), first.id, first.device, app.now());
                work.insert_making(&making).await.unwrap();
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

/// Whichever of its transactions has to give way, a job goes on: the agent is told to ask again, or notices nothing.
#[test]
fn no_job_ends_because_the_database_is_crowded() {
    let personalised = Site::personalised();
    let activated = personalised.copy();
    activated.run(JobKind::Activate, None).result.unwrap();
    for (kind, base, status) in [
        (JobKind::Activate, &personalised, CertificateStatus::Valid),
        (JobKind::Suspend, &activated, CertificateStatus::Suspended),
    ] {
        let mut told = 0;
        for left in 0.. {
            let site = base.copy();
            let window = Window::of(&site, kind);
            let (job, token, batch) = window.start();
            let app = &window.portal.app;
            let crowded = FailingStore::after(left, &app.store, || StoreError::Conflict);
            let server = server(app, Arc::clone(&crowded) as _, Arc::clone(&app.user_codes), Arc::clone(&app.rng));
            let server = InProcess::new(server, Arc::clone(&window.portal.runtime));
            let mut state = JobState::Running { batch };
            while let JobState::Running { batch } = state {
                let report = window.carry_out(&batch, USER_CODE);
                state = server.report(job, &token, &report).unwrap_or_else(|refusal| {
                    assert_eq!(refusal.code, Code::Busy);
                    told += 1;
                    server.report(job, &token, &report).unwrap()
                });
            }
            assert!(matches!(state, JobState::Succeeded(_)), "{kind:?}, transaction {left}");
            site.close(app);
            drop(window);
            site.assert_agrees(status);
            if !crowded.failed() {
                break;
            }
        }
        assert!(told >= 3, "{kind:?}: {told}");
    }
}

/// Somebody changes a certificate of the card, and has not yet said so.
#[test]
fn a_change_of_status_goes_by_what_another_has_left() {
    for site in sites(|postgres| {
        let site = personalised(postgres);
        site.run(JobKind::Activate, None).result.unwrap();
        site
    }) {
        let window = Window::of(&site, JobKind::Suspend);
        let (app, runtime) = (&window.portal.app, &window.portal.runtime);
        let (job, token, batch) = window.start();
        let report = window.carry_out(&batch, USER_CODE);
        let by_card = || match window.portal.report(job, &token, &report) {
            Ok(JobState::Succeeded(_)) => {}
            Ok(_) => panic!("not suspended"),
            Err(refusal) => panic!("{:?}", refusal.code),
        };
        let by_authority = || {
            let (which, revoke) = (Which::Card(site.number.clone()), StatusChange::Revoke(RevokeReason::Ceased));
            runtime.block_on(change_status_by_authority(app, &which, revoke, &operator())).unwrap();
        };
        let ways: [&(dyn Fn() + Sync); 2] = [&by_card, &by_authority];
        for way in ways {
            let work = runtime.block_on(async {
                let mut work = app.store.begin().await.unwrap();
                let card = work.card_by_number(&site.number).await.unwrap().unwrap();
                let mut last = work.certificates_of_card(card.id).await.unwrap().pop().unwrap();
                last.placement = Some(Placement::Pending);
                work.update_certificate(&mut last).await.unwrap();
                work
            });
            std::thread::scope(|scope| {
                let changed = scope.spawn(way);
                until_it_waits(site.postgres.as_deref(), || changed.is_finished());
                runtime.block_on(work.commit()).unwrap();
            });
        }
    }
}

/// In SQLite there is one writer. An activation has the card, and would rather fail than wait for its certificates.
#[test]
fn a_sweep_waits_for_an_activation() {
    let mut site = personalised(Some(fresh_database()));
    site.later(Duration::days(365));
    let url = site.postgres.clone().unwrap();
    let (app, runtime) = (site.open(), site.shared_runtime());
    let mut work = runtime.block_on(async {
        let store = kaika_store::open(&format!("{url}&options=-c%20lock_timeout%3D100ms")).await.unwrap();
        let mut work = store.begin().await.unwrap();
        let card = work.card_by_number(&site.number).await.unwrap().unwrap();
        work.lock_card(card.id).await.unwrap();
        work
    });
    let swept = std::thread::scope(|scope| {
        let swept = scope.spawn(|| runtime.block_on(sweep(&app, false, &Actor::Scheduler)).unwrap());
        until_it_waits(Some(&url), || swept.is_finished());
        runtime.block_on(async {
            let mut card = work.card_by_number(&site.number).await.unwrap().unwrap();
            let id = JobId::new(app.now(), app.rng.bytes());
            let job = InJob { card: card.number.clone(), job: id, kind: JobKind::Activate };
            let event = |action| Event { at: app.now(), actor: Actor::Scheduler, action };
            for mut certificate in work.certificates_of_card(card.id).await.unwrap() {
                certificate.state = certificate.state.clone().accept().unwrap();
                work.update_certificate(&mut certificate).await.unwrap();
                let (serial, role) = (certificate.serial, certificate.role);
                work.audit(event(Action::AcceptCertificate { job: job.clone(), serial, role }));
            }
            card.state = card.state.activate(app.now()).unwrap();
            work.update_card(&mut card).await.unwrap();
            work.insert_receipt(&Receipt { job: id, card: card.id, cms: vec![0x30], at: app.now() }).await.unwrap();
            work.audit(event(Action::ActivateCard { job }));
            work.commit().await.unwrap();
        });
        swept.join().unwrap()
    });
    assert_eq!(swept.len(), 0, "it was activated just in time");
    site.assert_agrees(CertificateStatus::Valid);
}

/// In the midst of the last moment of issuing for one job, another takes the card.
#[test]
fn who_takes_a_card_knows_what_was_issued_until_then() {
    for site in sites(|postgres| {
        let site = personalised(postgres);
        site.run(JobKind::Activate, None).result.unwrap();
        site
    }) {
        let mut window = Window::of(&site, JobKind::Unlock);
        let (older, token, batch) = window.start();
        let report = window.carry_out(&batch, USER_CODE);
        assert!(matches!(window.portal.report(older, &token, &report), Ok(JobState::Running { .. })));
        window.start.kind = JobKind::Rewrite;
        let (newer, token, batch) = window.start();
        let report = window.carry_out(&batch, USER_CODE);

        let (app, runtime) = (&window.portal.app, &window.portal.runtime);
        let work = runtime.block_on(async {
            let mut work = app.store.begin().await.unwrap();
            let card = work.card_by_number(&site.number).await.unwrap().unwrap();
            let certificates = work.certificates_of_card(card.id).await.unwrap();
            let signature = certificates.into_iter().find(|c| c.role == CertificateRole::Signature).unwrap();
            let issued = Certificate {
                id: CertificateId::new(app.now(), [7; 10]),
                serial: SerialNumber::from_random([7; 16]),
                sha256: [7; 32].into(),
                issued_at: signature.issued_at + Duration::SECOND,
                placement: Some(Placement::Pending),
                state: CertificateState::Held { holds: Vec::new() },
                version: 1,
                ..signature
            };
            work.insert_certificates(&[issued]).await.unwrap();
            assert_eq!(work.hold_jobs(&[older]).await.unwrap(), []);
            work
        });
        let state = std::thread::scope(|scope| {
            let taken = scope.spawn(|| window.portal.report(newer, &token, &report));
            until_it_waits(site.postgres.as_deref(), || taken.is_finished());
            runtime.block_on(work.commit()).unwrap();
            taken.join().unwrap().unwrap()
        });
        let JobState::Running { batch } = state else { panic!("nothing is written") };
        assert!(batch.commands.iter().any(|command| matches!(command, Command::WriteCertificate { .. })));
    }
}
