//! Links of one card, asked for and followed at two servers at the same time.

use super::servers::{personalised, sites, until_it_waits, with_slow_draw};
use kaika_app::{
    App, Failure,
    access::{
        ask_user_code_reset,
        confirmation::{self, ConfirmationRecord, Purpose},
        prove_holder,
    },
    holders::{ContactChangeOutcome, ask_contact_change, change_contact},
    mail::list_mails,
};
use kaika_domain::holders::Contact;
use kaika_fixtures::{CONTACT, HOLDER, Site, USER_CODE, gca};
use kaika_wire::{CardId, CardNumber, Code, UserCode};
use serde_json::{Value, json};
use std::{
    sync::{Arc, mpsc},
    thread,
};
use tokio::runtime::Runtime;

const NEW: &str = "new.desk@agency.example";

fn contact(email: &str) -> Contact {
    Contact { email: email.parse().unwrap(), name: Some("王小明".into()), telephone: None }
}

/// One server of a site, as threads use it.
#[derive(Clone)]
struct Server {
    app: Arc<App>,
    runtime: Arc<Runtime>,
    postgres: Option<String>,
    number: CardNumber,
    card: CardId,
}

impl Server {
    fn of(site: &Site) -> Self {
        let (app, runtime) = (site.open(), Arc::clone(site.shared_runtime()));
        let card = runtime.block_on(async {
            let card = app.store.read().await.unwrap().card_by_number(&site.number).await;
            card.unwrap().unwrap().id
        });
        Self { app, runtime, postgres: site.postgres.clone(), number: site.number.clone(), card }
    }

    /// A link, as a mail would have it.
    fn link(&self, purpose: Purpose, payload: Value) -> String {
        self.runtime.block_on(async {
            let mut work = self.app.store.begin().await.unwrap();
            let asked =
                confirmation::ask(&self.app, work.as_mut(), purpose, self.card.into(), payload, false).await.unwrap();
            work.commit().await.unwrap();
            asked.token.to_string()
        })
    }

    fn ask_reset(&self) {
        self.runtime.block_on(ask_user_code_reset(&self.app, &gca(), &self.number, HOLDER)).unwrap();
    }

    /// Whom links for a new user code were sent to.
    fn resets(&self) -> Vec<String> {
        let mails = self.runtime.block_on(list_mails(&self.app, true)).unwrap();
        let mails = mails.into_iter().filter(|mail| mail.letter == "user_code_link");
        mails.map(|mail| mail.to.as_str().to_owned()).collect()
    }

    fn contact(&self) -> Contact {
        self.runtime.block_on(async {
            let mut reader = self.app.store.read().await.unwrap();
            let card = reader.card(self.card).await.unwrap().unwrap();
            reader.contact(card.id).await.unwrap().unwrap()
        })
    }

    /// `first` at this server, and in its midst, when it draws random bytes, `other` at another one.
    fn in_the_midst<T: Send + 'static>(
        &self,
        first: impl AsyncFnOnce(&App),
        other: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> T {
        let (elsewhere, postgres) = (self.clone(), self.postgres.clone());
        let (answer, answered) = mpsc::channel();
        let slow = with_slow_draw(&self.app, move || {
            let done = thread::spawn(move || answer.send(other(&elsewhere)).unwrap());
            until_it_waits(postgres.as_deref(), || done.is_finished());
        });
        self.runtime.block_on(first(&slow));
        answered.recv().unwrap()
    }
}

#[test]
fn no_link_for_a_user_code_goes_to_a_contact_of_before() {
    for site in sites(personalised) {
        let server = Server::of(&site);
        let link = server.link(Purpose::ChangeContact, json!(contact(NEW)));
        let change = async |app: &App| {
            change_contact(app, &gca(), &link).await.unwrap();
        };
        server.in_the_midst(change, Server::ask_reset);
        assert_eq!(server.resets(), [NEW]);
    }
}

/// Its name is changed in the midst of the change of its address.
#[test]
fn a_confirmed_contact_is_not_written_back() {
    for site in sites(personalised) {
        let server = Server::of(&site);
        let link = server.link(Purpose::ChangeContact, json!(contact(NEW)));
        let change = async |app: &App| {
            change_contact(app, &gca(), &link).await.unwrap();
        };
        let code = UserCode::parse(USER_CODE).unwrap();
        let proved = server.runtime.block_on(prove_holder(&server.app, &gca(), &server.number, HOLDER, &code)).unwrap();
        let asked = server.in_the_midst(change, move |other| {
            other.runtime.block_on(ask_contact_change(&other.app, &proved, &contact(CONTACT))).unwrap()
        });
        assert_eq!(asked, ContactChangeOutcome::LinkSent, "by then it is another address");
        assert_eq!(server.contact(), contact(NEW));
    }
}

#[test]
fn nobody_is_flooded_by_several_servers() {
    for site in sites(personalised) {
        let server = Server::of(&site);
        server.ask_reset();
        server.ask_reset();
        let third = async |app: &App| ask_user_code_reset(app, &gca(), &site.number, HOLDER).await.unwrap();
        server.in_the_midst(third, Server::ask_reset);
        assert_eq!(server.resets(), [CONTACT; 3]);
    }
}

/// Each uses up its own and then the other.
#[test]
fn two_links_of_a_card_do_not_lock_one_another_out() {
    const PURPOSE: Purpose = Purpose::ResetUserCode;
    for site in sites(personalised) {
        let server = Server::of(&site);
        let link = server.link(PURPOSE, Value::Null);
        let (app, now) = (&server.app, server.app.now());
        let other = ConfirmationRecord {
            token_sha256: [1; 32].into(),
            purpose: PURPOSE,
            subject: server.card.into(),
            payload: Value::Null,
            code_sha256: None,
            code_tries_left: 0,
            asked_at: now,
            expires_at: now + confirmation::GOOD_FOR,
            used_at: None,
        };
        let mut work = server.runtime.block_on(async {
            let mut work = app.store.begin().await.unwrap();
            work.insert_confirmation(&other).await.unwrap();
            work.commit().await.unwrap();
            let mut work = app.store.begin().await.unwrap();
            work.lock_card(server.card).await.unwrap();
            assert!(work.use_confirmation(&other.token_sha256, PURPOSE, now).await.unwrap());
            work
        });
        let follow = || {
            server.runtime.block_on(async {
                let mut work = app.store.begin().await.unwrap();
                confirmation::follow(app, work.as_mut(), PURPOSE, &link).await.map(drop)
            })
        };
        thread::scope(|scope| {
            let followed = scope.spawn(follow);
            until_it_waits(server.postgres.as_deref(), || followed.is_finished());
            server.runtime.block_on(async {
                assert_eq!(work.void_confirmations(server.card.into(), Some(PURPOSE), now).await.unwrap(), 1);
                work.commit().await.unwrap();
            });
            match followed.join().unwrap() {
                Err(Failure::Refused(refusal)) => assert_eq!(refusal.code, Code::LinkOver),
                _ => panic!("two links were good"),
            }
        });
    }
}
