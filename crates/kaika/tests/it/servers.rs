//! Several servers on one database: what one does in the middle of what another does.

use super::{
    concurrency::Window,
    world::{InProcess, Site, USER_CODE},
};
use async_trait::async_trait;
use kaika_agent::portal::Portal;
use kaika_app::{App, UserCodeHasher, VaultError};
use kaika_testkit::postgres::fresh_database;
use kaika_wire::{BatchReport, Code, JobKind, JobState, UserCode};
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

/// Another server, at which this happens while it tests a user code.
fn with_slow_test(app: &App, meanwhile: Arc<Meanwhile>) -> Arc<App> {
    let user_codes = Arc::new(SlowTest { user_codes: Arc::clone(&app.user_codes), meanwhile });
    Arc::new(App::new(
        Arc::clone(&app.store),
        Arc::clone(&app.issuer),
        Arc::clone(&app.secrets),
        user_codes,
        Arc::clone(&app.clock),
        Arc::clone(&app.rng),
        app.policies.clone(),
        app.origin.clone(),
    ))
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
