//! One installation and one card on disk, opened anew for every run, as after a crash.

use kaika_agent::{
    engine::{Finished, Hold, Inputs, Order, Patience, run_job},
    portal::{Portal, Station, Target},
    readers::{
        exclusively,
        soft::{desk_session, desk_session_with_keypad},
    },
};
use kaika_app::{
    App,
    access::{authenticate_station, enrol_station},
    audit::verify_audit,
    authorities::{IssueOrder, found_authorities, well_known},
    cards::{CardOrder, order_card, report_batch, start_card_job},
    kernel::{Clock, Rng},
};
use kaika_ca::{Ca, CaConfig, FileKeyStore, KeyStore, KeyStoreError, Keys, Signer, Signing};
use kaika_card::{Holder, Pin, Secrets};
use kaika_domain::{
    audit::Actor,
    authorities::{Policies, Policy, Roots},
    cards::CardState,
    holders::Contact,
};
use kaika_pki::KeyAlgorithm;
use kaika_softcard::{
    Fault, Inspection, Options, SoftCard,
    keypad::{Key, Keypad},
};
use kaika_vault::{Passphrase, SystemRng, UserCodes, Vault};
use kaika_wire::{
    Batch, BatchReport, CardNumber, CertificateRole, CertificateStatus, Code, Command, Context, Expectation,
    JobDetails, JobId, JobKind, JobStarted, JobState, ManagementKey, Nonce, NotTyped, Puk, Refusal, ResumeReason,
    RevokeReason, Slot, StartJob, StatusChange, SuspendReason, UserCode, WellKnown,
};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use time::{OffsetDateTime, macros::datetime};
use tokio::runtime::Runtime;

pub(crate) const USER_CODE: &str = "Abc12345";
/// Set when the card is activated.
pub(crate) const NEW_PIN: &str = "246813";
/// Set when it is unlocked.
pub(crate) const OTHER_PIN: &str = "97531862";
pub(crate) const CONTACT: &str = "desk@agency.example";
/// To be named in certificates.
pub(crate) const EMAIL: &str = "office@agency.example";
pub(crate) const DEVICE: u32 = 4711;

pub(crate) struct FrozenClock(pub(crate) OffsetDateTime);

impl Clock for FrozenClock {
    fn now(&self) -> OffsetDateTime {
        self.0
    }
}

/// What does not change from run to run: unsealing keys again for thousands of runs would take hours.
struct Shared {
    vault: Arc<Vault>,
    user_codes: Arc<UserCodes>,
    keys: CachedKeys,
    policies: Policies,
    station: Mutex<Option<Station>>,
}

#[derive(Clone)]
struct CachedKeys {
    files: Arc<FileKeyStore>,
    opened: Arc<Mutex<HashMap<String, Arc<dyn Signer>>>>,
}

impl CachedKeys {
    fn cached(
        &self,
        name: &str,
        open: impl FnOnce(&FileKeyStore) -> Result<Arc<dyn Signer>, KeyStoreError>,
    ) -> Result<Arc<dyn Signer>, KeyStoreError> {
        let mut opened = self.opened.lock().unwrap();
        if !opened.contains_key(name) {
            opened.insert(name.to_owned(), open(&self.files)?);
        }
        Ok(Arc::clone(&opened[name]))
    }
}

impl KeyStore for CachedKeys {
    fn signing(&self) -> Signing {
        self.files.signing()
    }

    fn has(&self, name: &str) -> Result<bool, KeyStoreError> {
        self.files.has(name)
    }

    fn open(&self, name: &str) -> Result<Arc<dyn Signer>, KeyStoreError> {
        self.cached(name, |files| files.open(name))
    }

    fn create(&self, name: &str, algorithm: KeyAlgorithm) -> Result<Arc<dyn Signer>, KeyStoreError> {
        self.cached(name, |files| files.create(name, algorithm))
    }
}

/// A folder with a database and a card, to be copied for every cell of a matrix.
pub(crate) struct Site {
    folder: TempDir,
    shared: Arc<Shared>,
    pub(crate) number: CardNumber,
    runtime: Arc<Runtime>,
    now: OffsetDateTime,
    /// Who types what is typed in the middle of a job.
    pub(crate) hand: Option<Hand>,
    /// On PostgreSQL; none: the file in the folder.
    pub(crate) postgres: Option<String>,
}

/// What a holder types, given the PUK that is shown; without one, it is the proof of the new PIN.
#[derive(Clone, Copy)]
pub(crate) enum Hand {
    /// Keys of the reader: digits, `.` for OK, `X` to cancel, `-` for a minute without a key.
    Keypad(fn(Option<&str>) -> String),
    /// In the window of a reader without keys.
    Window(fn(&str) -> Result<Pin, NotTyped>),
}

struct Typist {
    hand: Hand,
    keypad: Arc<Keypad>,
}

impl Holder for Typist {
    fn at_keypad(&self, puk: Option<&Puk>) {
        let Hand::Keypad(hand) = self.hand else { panic!("there is no keypad") };
        let keys = hand(puk.map(|puk| std::str::from_utf8(puk.expose()).unwrap()));
        let keypad = self.keypad.clone();
        std::thread::spawn(move || {
            for key in keys.chars() {
                let key = match key {
                    '.' => Key::Enter,
                    'X' => Key::Cancel,
                    '-' => return keypad.time_out(),
                    digit => Key::Digit(digit.to_digit(10).unwrap() as u8),
                };
                while !keypad.press(key) {
                    std::thread::yield_now();
                }
            }
        });
    }

    fn new_pin(&self, puk: &Puk, meanwhile: &mut dyn FnMut() -> bool) -> Result<Pin, NotTyped> {
        let Hand::Window(hand) = self.hand else { panic!("there is a keypad") };
        if !meanwhile() {
            return Err(NotTyped::Cancelled);
        }
        hand(std::str::from_utf8(puk.expose()).unwrap())
    }

    fn typing_ended(&self) {}
}

/// What one run of a job came to.
pub(crate) struct Ran {
    pub(crate) result: Result<Finished, Refusal>,
    /// APDUs that the card got.
    pub(crate) apdus: u64,
    pub(crate) fired: bool,
}

/// A folder in memory where there is one: thousands of durable commits need no disk.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn runtime() -> Arc<Runtime> {
    Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap())
}

impl Site {
    /// One authority, founded, with one card ordered and a blank card beside it. `change` edits the authority's policy.
    pub(crate) fn ordered(change: impl FnOnce(String) -> String) -> Self {
        Self::ordered_in(None, change)
    }

    /// The same in this database.
    pub(crate) fn ordered_in(postgres: Option<String>, change: impl FnOnce(String) -> String) -> Self {
        let folder = folder();
        let text = change(include_str!("../../authorities/gca.toml").to_owned());
        let policy = Policy::parse(&text).unwrap();
        let authority = policy.id.clone();
        let passphrase = Passphrase::new("a passphrase for tests");
        let shared = Arc::new(Shared {
            vault: Arc::new(Vault::create_or_open(&folder.path().join("secrets"), &passphrase).unwrap()),
            user_codes: Arc::new(UserCodes::new()),
            keys: CachedKeys {
                files: Arc::new(FileKeyStore::new(folder.path().join("keys"), passphrase)),
                opened: Arc::default(),
            },
            policies: Policies::from([(authority.clone(), Arc::new(policy))]),
            station: Mutex::default(),
        });
        let number = "GC00000000000000".parse().unwrap();
        let now = datetime!(2026-11-20 08:00 UTC);
        let mut site = Self { folder, shared, number, runtime: runtime(), now, hand: None, postgres };
        let app = site.open();
        let subject = "C=TW,O=行政院,OU=測試機關".parse().unwrap();
        let contact = Contact { email: CONTACT.parse().unwrap(), name: None, telephone: None };
        let order = CardOrder { contact: Some(contact), ..CardOrder::of(subject) };
        let (number, station) = site.runtime.block_on(async {
            let roots = Roots::parse(include_str!("../../authorities/roots.toml")).unwrap();
            found_authorities(&app, &roots[..1], &operator()).await.unwrap();
            let code = UserCode::parse(USER_CODE).unwrap();
            let ordered = order_card(&app, &authority, order, Some(code), &operator()).await.unwrap();
            let station = enrol_station(&app, "test", &operator()).await.unwrap();
            (ordered.card.number, Station { station: station.station, token: station.token.into() })
        });
        site.close(&app);
        site.number = number;
        *site.shared.station.lock().unwrap() = Some(station);
        SoftCard::create(site.card_path(), Options { serial: DEVICE, strict: true }).unwrap();
        site
    }

    /// The same, and the card personalised.
    pub(crate) fn personalised(change: impl FnOnce(String) -> String) -> Self {
        let site = Self::ordered(change);
        site.run(JobKind::Personalise, None).result.unwrap();
        site
    }

    /// The same, and activated.
    pub(crate) fn activated(change: impl FnOnce(String) -> String) -> Self {
        let site = Self::personalised(change);
        site.run(JobKind::Activate, None).result.unwrap();
        site
    }

    /// The same, and something else in the place of its login certificate.
    pub(crate) fn differing(change: impl FnOnce(String) -> String) -> Self {
        let site = Self::activated(change);
        let (slot, certificate) = (CertificateRole::Login.slot(), vec![0x30, 0x00].into());
        site.at_card(|key| vec![Command::OpenManagement { key }, Command::WriteCertificate { slot, certificate }]);
        site
    }

    /// New certificates for the keys of the card, issued and not written.
    pub(crate) fn reissue(&self) {
        let app = self.open();
        self.runtime.block_on(async {
            let mut reader = app.store.read().await.unwrap();
            let card = reader.card_by_number(&self.number).await.unwrap().unwrap();
            let holder = reader.holder(card.holder).await.unwrap().unwrap();
            let certificates = reader.certificates_of_card(card.id).await.unwrap();
            drop(reader);
            let job = JobId::new(self.now, [7; 10]);
            for certificate in certificates.iter().filter(|c| c.role != CertificateRole::CardAuthentication) {
                let parsed = kaika_pki::Certificate::from_der(&certificate.certificate).unwrap();
                let (role, key) = (certificate.card_role().unwrap(), parsed.public_key().spki_der().to_vec());
                let actor = Actor::Holder(card.number.clone());
                let order = IssueOrder::on_card(actor, job, &card, &holder, role, key);
                app.issuer.issue(&order).await.unwrap();
            }
        });
        self.close(&app);
    }

    /// Has the card itself do something, with its management key.
    pub(crate) fn at_card(&self, commands: impl FnOnce(ManagementKey) -> Vec<Command>) {
        let app = self.open();
        let key = app.secrets.management_key(&self.number, 1).unwrap();
        self.close(&app);
        let card = Arc::new(Mutex::new(SoftCard::open(self.card_path()).unwrap()));
        let mut session = desk_session(card);
        let context = Context {
            job: JobId::new(self.now, [9; 10]),
            nonce: Nonce([1; 32]),
            origin: "http://localhost:8080".into(),
            card: self.number.clone(),
        };
        let card = Expectation::Device(DEVICE);
        let batch = Batch { sequence: 1, card, context, commands: commands(key), hold: false };
        let run = exclusively(session.as_mut(), |transport| {
            kaika_card::run(transport, &batch, &Secrets::default(), &mut kaika_agent::random, &mut |_| {})
        });
        let run = run.unwrap();
        assert_eq!((run.outcomes.len(), run.fault), (batch.commands.len(), None));
    }

    /// Wrong PINs until the card is locked.
    pub(crate) fn lock_pin(&self) {
        let mut card = SoftCard::open(self.card_path()).unwrap();
        card.power_on();
        card.transmit(&[0x00, 0xa4, 0x04, 0x00, 0x05, 0xa0, 0x00, 0x00, 0x03, 0x08]).unwrap();
        for _ in 0..3 {
            card.transmit(&[[0x00, 0x20, 0x00, 0x80, 0x08].as_slice(), b"00000000".as_slice()].concat()).unwrap();
        }
        card.power_off();
        assert_eq!(card.inspect().pin_tries_left(), 0);
    }

    pub(crate) fn copy(&self) -> Self {
        let folder = folder();
        for name in ["kaika.db", "card.card", "mailer.json"] {
            let from = self.folder.path().join(name);
            if from.exists() {
                fs::copy(from, folder.path().join(name)).unwrap();
            }
        }
        assert!(self.postgres.is_none(), "only a file is copied");
        assert!(!self.folder.path().join("kaika.db-wal").exists(), "the database was not closed");
        Self {
            folder,
            shared: Arc::clone(&self.shared),
            number: self.number.clone(),
            runtime: runtime(),
            now: self.now,
            hand: self.hand,
            postgres: None,
        }
    }

    /// The same installation with its authority's policy as in the demo, but for this change.
    pub(crate) fn with_policy(&self, change: impl FnOnce(String) -> String) -> Self {
        let policy = Policy::parse(&change(include_str!("../../authorities/gca.toml").to_owned())).unwrap();
        self.with_policies(Policies::from([(policy.id.clone(), Arc::new(policy))]))
    }

    /// The same installation, and the file of its authority is gone.
    pub(crate) fn without_policies(&self) -> Self {
        self.with_policies(Policies::new())
    }

    fn with_policies(&self, policies: Policies) -> Self {
        let shared = &self.shared;
        let shared = Shared {
            vault: Arc::clone(&shared.vault),
            user_codes: Arc::clone(&shared.user_codes),
            keys: shared.keys.clone(),
            policies,
            station: Mutex::new(shared.station.lock().unwrap().clone()),
        };
        Self { shared: Arc::new(shared), ..self.copy() }
    }

    pub(crate) fn shared_runtime(&self) -> &Arc<Runtime> {
        &self.runtime
    }

    pub(crate) fn later(&mut self, span: time::Duration) {
        self.now += span;
    }

    /// By wrong ones.
    pub(crate) fn spend_puk_tries(&self, tries: usize) {
        const SELECT_PIV: &[u8] = b"\x00\xa4\x04\x00\x05\xa0\x00\x00\x03\x08";
        const RESET_RETRY_COUNTER: &[u8] = b"\x00\x2c\x00\x80\x1000000000111111\xff\xff";
        let mut card = SoftCard::open(self.card_path()).unwrap();
        card.power_on();
        card.transmit(SELECT_PIV).unwrap();
        for _ in 0..tries {
            card.transmit(RESET_RETRY_COUNTER).unwrap();
        }
    }

    pub(crate) fn card_path(&self) -> PathBuf {
        self.folder.path().join("card.card")
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn open(&self) -> Arc<App> {
        self.open_with(Keys::in_one(self.key_files()))
    }

    pub(crate) fn key_files(&self) -> Arc<dyn KeyStore> {
        Arc::new(self.shared.keys.clone())
    }

    /// The same on so many workers.
    pub(crate) fn on_workers(self, workers: usize) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        Self { runtime: Arc::new(runtime.worker_threads(workers).enable_all().build().unwrap()), ..self }
    }

    /// With keys from elsewhere.
    pub(crate) fn open_with(&self, keys: Keys) -> Arc<App> {
        let shared = &self.shared;
        let clock: Arc<dyn Clock> = Arc::new(FrozenClock(self.now));
        let rng: Arc<dyn Rng> = Arc::new(SystemRng::new());
        self.runtime.block_on(async {
            let file = || format!("sqlite:{}", self.folder.path().join("kaika.db").display());
            let url = self.postgres.clone().unwrap_or_else(file);
            kaika_store::migrate(&url).await.unwrap();
            let store = kaika_store::open(&url).await.unwrap();
            let config = CaConfig {
                store: Arc::clone(&store),
                keys,
                policies: shared.policies.clone(),
                roots: Roots::parse(include_str!("../../authorities/roots.toml")).unwrap(),
                base_url: "http://127.0.0.1:8080".into(),
                clock: Arc::clone(&clock),
                rng: Arc::clone(&rng),
            };
            let issuer = Arc::new(Ca::open(config).await.unwrap());
            let origin = "http://localhost:8080".to_owned();
            let (vault, user_codes) = (shared.vault.clone(), shared.user_codes.clone());
            Arc::new(App::new(store, issuer, vault, user_codes, clock, rng, shared.policies.clone(), origin))
        })
    }

    pub(crate) fn close(&self, app: &App) {
        self.runtime.block_on(app.store.close());
    }

    /// Opens everything from disk, runs the job with the same inputs as ever, and drops everything again.
    pub(crate) fn run(&self, kind: JobKind, fault: Option<Fault>) -> Ran {
        self.run_with(kind, fault, None)
    }

    pub(crate) fn run_with(&self, kind: JobKind, fault: Option<Fault>, loss: Option<Loss>) -> Ran {
        let app = self.open();
        let card = Arc::new(Mutex::new(SoftCard::open(self.card_path()).unwrap()));
        if let Some(fault) = fault {
            card.lock().unwrap().plan_fault(fault);
        }
        let result = self.run_on(&app, &card, &self.order(kind), loss);
        let (apdus, fired) = {
            let card = card.lock().unwrap();
            (card.apdu_count(), card.fired_fault().is_some() || loss.is_some())
        };
        self.close(&app);
        Ran { result, apdus, fired }
    }

    pub(crate) fn order(&self, kind: JobKind) -> Order {
        let details = match kind {
            JobKind::Suspend => JobDetails::change(StatusChange::Suspend(SuspendReason::Lost)),
            JobKind::Resume => JobDetails::change(StatusChange::Resume(ResumeReason::Found)),
            JobKind::Revoke => JobDetails::change(StatusChange::Revoke(RevokeReason::Ceased)),
            JobKind::SetEmail => JobDetails::email(EMAIL.parse().unwrap()),
            _ => JobDetails::default(),
        };
        Order {
            kind,
            details,
            ticket: None,
            number: None,
            station: self.shared.station.lock().unwrap().clone(),
            mailer: Some(self.folder.path().join("mailer.json")),
        }
    }

    pub(crate) fn run_on(
        &self,
        app: &Arc<App>,
        card: &Arc<Mutex<SoftCard>>,
        order: &Order,
        loss: Option<Loss>,
    ) -> Result<Finished, Refusal> {
        self.run_given(app, card, order, Self::inputs(order.kind), loss)
    }

    /// What the person gives, the same each time.
    pub(crate) fn inputs(kind: JobKind) -> Inputs {
        let pin = |digits| Some(Pin::parse(digits).unwrap());
        let new_pin = if kind == JobKind::Unlock { OTHER_PIN } else { NEW_PIN };
        match kind {
            JobKind::Personalise => Inputs::default(),
            _ => Inputs {
                mail_code: None,
                user_code: Some(UserCode::parse(USER_CODE).unwrap()),
                secrets: Secrets { current_pin: pin(NEW_PIN), new_pin: pin(new_pin), ..Secrets::default() },
            },
        }
    }

    pub(crate) fn run_given(
        &self,
        app: &Arc<App>,
        card: &Arc<Mutex<SoftCard>>,
        order: &Order,
        mut inputs: Inputs,
        loss: Option<Loss>,
    ) -> Result<Finished, Refusal> {
        let portal = InProcess::new(Arc::clone(app), Arc::clone(&self.runtime));
        *portal.loss.lock().unwrap() = loss;
        let target = Target { well_known: portal.well_known().unwrap(), portal: Box::new(portal), named: None };
        let holder = self.hand.filter(|_| order.kind == JobKind::Unlock);
        let holder = holder.map(|hand| Arc::new(Typist { hand, keypad: Arc::default() }));
        let mut session = match &holder {
            Some(typist) if matches!(typist.hand, Hand::Keypad(_)) => {
                desk_session_with_keypad(Arc::clone(card), typist.keypad.clone())
            }
            _ => desk_session(Arc::clone(card)),
        };
        if let Some(holder) = holder {
            inputs.secrets = Secrets { holder: Some(holder), ..Secrets::default() };
        }
        run_job(session.as_mut(), &target, order, inputs, &[], &mut |_| {})
    }

    /// A job whose first report is answered only when `meanwhile` is done; the card's session is given up before.
    pub(crate) fn run_late(
        &self,
        app: &Arc<App>,
        card: &Arc<Mutex<SoftCard>>,
        kind: JobKind,
        meanwhile: impl FnOnce() + Send + 'static,
    ) -> Result<Finished, Refusal> {
        let portal = InProcess::new(Arc::clone(app), Arc::clone(&self.runtime));
        *portal.meanwhile.lock().unwrap() = Some(Box::new(meanwhile));
        let target = Target { well_known: portal.well_known().unwrap(), portal: Box::new(portal), named: None };
        let soon = Duration::from_millis(10);
        let patience = Patience { pauses: &[], hold: Hold { every: soon, most: soon } };
        let (order, inputs) = (self.order(kind), Self::inputs(kind));
        run_job(desk_session(Arc::clone(card)).as_mut(), &target, &order, inputs, patience, &mut |_| {})
    }

    pub(crate) fn inspect(&self) -> Inspection {
        Inspection::of_file(self.card_path()).unwrap()
    }

    /// Database and card agree: contents, PUK on record, states; the audit log is whole.
    pub(crate) fn assert_agrees(&self, status: CertificateStatus) {
        let app = self.open();
        let inspection = self.inspect();
        self.runtime.block_on(async {
            let mut reader = app.store.read().await.unwrap();
            let card = reader.card_by_number(&self.number).await.unwrap().unwrap();
            let certificates = reader.certificates_of_card(card.id).await.unwrap();
            let revoked = CertificateStatus::Revoked;
            let live: Vec<_> =
                certificates.iter().filter(|c| status == revoked || c.status(self.now) != revoked).collect();
            assert_eq!(live.len(), 4, "four certificates, none issued twice");
            for certificate in live {
                assert!(certificate.is_written());
                assert_eq!(certificate.status(self.now), status, "{:?}", certificate.role);
                let slot: Slot = certificate.card_role().unwrap().slot();
                let object = inspection.object(slot.certificate_tag()).expect("a certificate on the card");
                assert!(contains(object, &certificate.certificate), "the card holds what the database has");
                let key = inspection.key(slot.reference()).expect("a key on the card");
                let on_record = kaika_pki::Certificate::from_der(&certificate.certificate).unwrap();
                assert_eq!(key.public_key, on_record.public_key().spki_der(), "the key is the certified one");
            }
            let guid = card.guid.expect("an identity on record");
            assert!(contains(inspection.object(0x5f_c102).expect("a CHUID"), guid.as_bytes()));
            let settled = kaika_domain::cards::PukLedger::from_records(
                reader.puks(card.id).await.unwrap().iter().map(|puk| puk.record).collect(),
            )
            .settled()
            .expect("one PUK on record");
            let seen = reader.puks(card.id).await.unwrap();
            let seen = seen.iter().find(|puk| puk.record.version == settled).unwrap().record.exposed;
            assert!(!seen, "a PUK that was seen is no longer the card's");
            let stored = reader.puks(card.id).await.unwrap();
            let stored = stored.iter().find(|puk| puk.record.version == settled).unwrap();
            let puk = app.secrets.open_puk(card.id, settled, &stored.ciphertext).unwrap();
            assert!(inspection.puk_is(std::str::from_utf8(puk.expose()).unwrap()), "the PUK on record is the card's");
            assert_eq!(inspection.puk_tries_left(), 3);
            let key = app.secrets.management_key(&self.number, 1).unwrap();
            assert!(
                inspection.management_key_is(kaika_softcard::ManagementAlgorithm::Aes256, key.expose()),
                "the management key is the diversified one"
            );
            match status {
                CertificateStatus::Held => assert!(matches!(card.state, CardState::Dispatched { .. })),
                _ => assert!(matches!(card.state, CardState::Activated { .. })),
            }
            drop(reader);
            let report = verify_audit(app.store.as_ref(), &[]).await.unwrap();
            let broken: Vec<_> = report
                .findings
                .iter()
                .filter(|finding| !matches!(finding, kaika_app::audit::AuditFinding::NoAnchors))
                .collect();
            assert!(broken.is_empty(), "{broken:?}");
        });
        self.close(&app);
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// The portal without HTTP: everything still passes through its JSON.
pub(crate) struct InProcess {
    pub(crate) app: Arc<App>,
    pub(crate) runtime: Arc<Runtime>,
    /// What goes wrong on the way, once.
    loss: Mutex<Option<Loss>>,
    /// What happens while the server has the first report.
    meanwhile: Mutex<Option<Meanwhile>>,
}

type Meanwhile = Box<dyn FnOnce() + Send>;

/// The network fails at the n-th message to the server, counted from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss {
    pub(crate) at: u32,
    /// The server gets the message, and its answer is lost.
    pub(crate) answer: bool,
}

impl InProcess {
    pub(crate) fn new(app: Arc<App>, runtime: Arc<Runtime>) -> Self {
        Self { app, runtime, loss: Mutex::default(), meanwhile: Mutex::default() }
    }

    /// One message and its answer over a line that may fail.
    fn send<T>(&self, message: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
        let lost = {
            let mut loss = self.loss.lock().unwrap();
            match loss.as_mut() {
                Some(planned) => {
                    planned.at -= 1;
                    if planned.at == 0 { loss.take() } else { None }
                }
                None => None,
            }
        };
        match lost {
            Some(Loss { answer: false, .. }) => Err(Code::ServerUnreachable.into()),
            Some(Loss { answer: true, .. }) => {
                // Whatever the server says, nobody hears it.
                let _ = message();
                Err(Code::ServerUnreachable.into())
            }
            None => message(),
        }
    }
}

fn through_json<T: serde::Serialize, U: serde::de::DeserializeOwned>(value: &T) -> U {
    serde_json::from_slice(&serde_json::to_vec(value).unwrap()).unwrap()
}

fn refused(failure: kaika_app::Failure) -> Refusal {
    match failure {
        kaika_app::Failure::Refused(refusal) => refusal,
        kaika_app::Failure::Conflict(conflict) => conflict.refusal(),
        other => Refusal::new(Code::Internal).detail(other.to_string()),
    }
}

impl Portal for InProcess {
    fn origin(&self) -> &str {
        &self.app.origin
    }

    fn well_known(&self) -> Result<WellKnown, Refusal> {
        self.runtime.block_on(well_known(&self.app, "/api/jobs")).map_err(refused)
    }

    fn start(&self, start: &StartJob, station: Option<&Station>) -> Result<JobStarted, Refusal> {
        let answer = async {
            let station = match station {
                Some(station) if start.kind == JobKind::Personalise => {
                    Some(authenticate_station(&self.app, station.station, &station.token).await.map_err(refused)?)
                }
                _ => None,
            };
            let started = start_card_job(&self.app, through_json(start), station).await.map_err(refused)?;
            Ok(through_json(&started))
        };
        self.send(|| self.runtime.block_on(answer))
    }

    fn report(&self, job: JobId, token: &str, report: &BatchReport) -> Result<JobState, Refusal> {
        if let Some(meanwhile) = self.meanwhile.lock().unwrap().take() {
            meanwhile();
        }
        self.send(|| {
            let state = report_batch(&self.app, job, token, through_json(report));
            Ok(through_json(&self.runtime.block_on(state).map_err(refused)?))
        })
    }
}

/// Who gives commands in tests.
pub(crate) fn operator() -> Actor {
    Actor::Operator("tester".parse().unwrap())
}
