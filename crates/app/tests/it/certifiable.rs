//! What an authority cannot certify is told at the order or the form, and binds neither order nor card.

use kaika_agent::engine::{Inputs, Order};
use kaika_app::{
    Failure,
    audit::{Action, Event},
    cards::{CardOrder, OrderedCard, StoredPuk, order_card, production, withdraw_order},
};
use kaika_domain::{
    cards::{Card, Order as CardsOrder, OrderState, ProvedEmail, PukLedger},
    holders::Holder,
};
use kaika_fixtures::{Running, Site, USER_CODE, gca, operator, refusal};
use kaika_pki::{DistinguishedName, name::Attribute};
use kaika_softcard::SoftCard;
use kaika_wire::{
    CardId, CardNumber, CertificateStatus, Code, EmailAddress, HolderId, JobDetails, JobKind, OrderId, UserCode,
};
use std::sync::{Arc, Mutex};
use time::Duration;

/// An organisation and its units, each with a name of so many Chinese characters.
fn subject(units: &[usize]) -> DistinguishedName {
    let country = (Attribute::Country, "TW".to_owned());
    let attribute = |at| if at == 0 { Attribute::Organization } else { Attribute::OrganizationalUnit };
    let units = units.iter().enumerate().map(|(at, length)| (attribute(at), "測".repeat(*length)));
    DistinguishedName::new(std::iter::once(country).chain(units)).unwrap()
}

fn order(running: &Running, order: CardOrder) -> Result<OrderedCard, Failure> {
    let code = UserCode::parse(USER_CODE).unwrap();
    running.wait(order_card(&running.app, &gca(), order, Some(code), &operator()))
}

fn numbers(running: &Running) -> Vec<CardNumber> {
    let cards = running.wait(async { running.app.store.read().await.unwrap().cards(&gca()).await.unwrap() });
    cards.into_iter().map(|card| card.number).collect()
}

/// Makes the ordered card of the one that is in the reader.
fn make(running: &Running, number: &CardNumber) -> Result<(), kaika_wire::Refusal> {
    let card = Arc::new(Mutex::new(SoftCard::open(running.site.card_path()).unwrap()));
    let order = Order { number: Some(number.clone()), ..running.site.order(JobKind::Personalise) };
    running.site.run_on(&running.app, &card, &order, None).map(drop)
}

#[test]
fn an_order_that_does_not_fit_a_card_is_refused() {
    let running = Running::of(Site::ordered());
    let before = numbers(&running);
    let refused = refusal(order(&running, CardOrder::of(subject(&[64; 6]))).map(drop));
    assert_eq!(refused.code, Code::NotCertifiable);
    let told = refused.detail.unwrap();
    for part in ["the signature certificate would have", "room for 1856", "too many", "the subject takes 1253 of them"]
    {
        assert!(told.contains(part), "{told}");
    }
    let long: EmailAddress = format!("{}@{}.example", "d".repeat(64), ["a"; 90].join(".")).parse().unwrap();
    let named = CardOrder { email: Some(long.clone()), ..CardOrder::of(subject(&[64, 64, 64, 64, 40])) };
    let refused = refusal(order(&running, named).map(drop));
    assert_eq!(refused.code, Code::NotCertifiable);
    let told = refused.detail.unwrap();
    assert!(told.ends_with(&format!("the e-mail address {}", long.as_str().len())), "{told}");
    assert_eq!(numbers(&running), before, "nothing is kept of it");
}

/// So many characters, in units as long as they may be.
fn units(characters: usize) -> Vec<usize> {
    let whole = std::iter::repeat_n(64, characters / 64);
    whole.chain(Some(characters % 64).filter(|rest| *rest > 0)).collect()
}

/// What is taken at the order is issued, for each kind of key.
#[test]
fn the_longest_order_that_is_taken_is_made() {
    for key in ["p256", "p384", "rsa2048"] {
        let of_cards = |policy: String| policy.replace("key = \"p256\"\nroles", &format!("key = \"{key}\"\nroles"));
        let running = Running::of(Site::builder().policy(of_cards).ordered());
        let taken = |characters| order(&running, CardOrder::of(subject(&units(characters))));
        let (mut fits, mut over) = (1, 6 * 64);
        let mut longest = taken(fits).unwrap();
        while fits + 1 < over {
            let middle = (fits + over) / 2;
            match taken(middle) {
                Ok(ordered) => (fits, longest) = (middle, ordered),
                Err(Failure::Refused(refused)) if refused.code == Code::NotCertifiable => over = middle,
                Err(other) => panic!("{key}: {other}"),
            }
        }
        make(&running, &longest.card.number).unwrap_or_else(|refusal| panic!("{key}, {fits}: {refusal}"));
        let longest = running.wait(async {
            let certificates = running.app.store.read().await.unwrap().certificates_of_card(longest.card.id).await;
            certificates.unwrap().iter().map(|one| one.certificate.len()).max().unwrap()
        });
        // A character has three octets, a unit's head some more; signatures differ by a few.
        assert!((1856 - 30..=1856).contains(&longest), "{key}: {longest}");
    }
}

/// Before a mail is sent, and again where the address was proved before.
#[test]
fn an_address_that_does_not_fit_is_refused_before_anything_is_done() {
    let running = Running::of(Site::ordered());
    let most = (1..=4 * 64).rev().find_map(|most| order(&running, CardOrder::of(subject(&units(most)))).ok());
    let number = most.expect("one fits").card.number;
    make(&running, &number).unwrap();
    let mut site = running.closed();
    site.number = number;
    site.run(JobKind::Activate, None).result.unwrap();
    let running = Running::of(site);
    let write = |address: &EmailAddress| {
        let card = Arc::new(Mutex::new(SoftCard::open(running.site.card_path()).unwrap()));
        let details = JobDetails::email(address.clone());
        let order = Order { details, ..running.site.order(JobKind::SetEmail) };
        let inputs = Inputs { mail_code: None, ..Site::inputs(JobKind::SetEmail) };
        running.site.run_given(&running.app, &card, &order, inputs, None).unwrap_err()
    };
    let long: EmailAddress = format!("{}@{}.example", "d".repeat(64), ["a"; 90].join(".")).parse().unwrap();
    let refused = write(&long);
    assert_eq!(refused.code, Code::NotCertifiable);
    assert!(refused.detail.unwrap().contains("the e-mail address 252"));
    assert!(running.mails().is_empty(), "nothing was sent");
    running.wait(async {
        let mut work = running.app.store.begin().await.unwrap();
        let mut card = work.card_by_number(&running.site.number).await.unwrap().unwrap();
        card.proved_email = Some(ProvedEmail { address: long.clone(), at: running.app.now() });
        work.update_card(&mut card).await.unwrap();
        work.commit().await.unwrap();
    });
    assert_eq!(write(&long).code, Code::NotCertifiable);
    let site = running.closed();
    site.assert_agrees(CertificateStatus::Valid);
}

/// An order that a program of before has taken: the station is told, no device is bound, and it can be withdrawn.
fn taken_before(running: &Running, subject: DistinguishedName) -> CardNumber {
    let now = running.app.now();
    let number: CardNumber = "GC99999999999999".parse().unwrap();
    running.wait(async {
        let mut work = running.app.store.begin().await.unwrap();
        let holder = Holder::registered(HolderId::new(now, [7; 10]), gca(), subject, now);
        work.insert_holder(&holder).await.unwrap();
        let card = Card::ordered(CardId::new(now, [7; 10]), number.clone(), &holder, now);
        work.insert_card(&card).await.unwrap();
        let id = OrderId::new(now, [7; 10]);
        let order = CardsOrder { id, card: card.id, ordered_at: now, state: OrderState::Open, version: 1 };
        work.insert_order(&order).await.unwrap();
        for record in PukLedger::factory().records() {
            work.upsert_puk(card.id, &StoredPuk { record: *record, ciphertext: Vec::new() }).await.unwrap();
        }
        let action = Action::OrderCard { card: number.clone(), authority: gca(), holder: holder.id };
        work.audit(Event { at: now, actor: operator(), action });
        work.commit().await.unwrap();
    });
    number
}

#[test]
fn an_order_of_before_binds_no_card_and_is_withdrawn() {
    for (subject, told) in [
        (subject(&[64; 6]), "the signature certificate would have"),
        ("C=TW,O=測試\u{202e}機關".parse().unwrap(), "O: U+202E in place 3"),
        ("C=TW,O=\\ \\ ".parse().unwrap(), "O: there is nothing in it but blanks"),
    ] {
        let running = Running::of(Site::ordered());
        let number = taken_before(&running, subject);
        for _ in 0..2 {
            let refused = make(&running, &number).unwrap_err();
            assert_eq!(refused.code, Code::NotCertifiable);
            assert!(refused.detail.as_deref().is_some_and(|detail| detail.contains(told)), "{refused:?}");
        }
        let made = running.wait(production(&running.app, &number)).unwrap();
        assert_eq!(made.makings, [], "the card is free");
        running.wait(withdraw_order(&running.app, &number, &operator())).unwrap();
        assert_eq!(running.audited("card.withdraw").len(), 1);
        make(&running, &running.site.number).unwrap();
        running.closed().assert_agrees(CertificateStatus::Held);
    }
}

/// Until its last day an authority looks after its cards; new ones it takes as long as they are good for their whole time.
#[test]
fn an_authority_near_its_end_takes_no_orders_beyond_it() {
    let mut running = Running::of(Site::ordered());
    let one = |name: &str| CardOrder::of(format!("C=TW,O=行政院,OU={name}").parse().unwrap());
    // Founded for 20 years, with certificates for 6.
    running.later(Duration::days(14 * 365));
    let last = order(&running, one("最後機關")).unwrap();
    running.later(Duration::days(8));
    let refused = refusal(order(&running, one("太晚機關")).map(drop));
    assert_eq!(refused.code, Code::AuthorityEnding);
    let told = refused.detail.unwrap();
    assert_eq!(told, "gca-1 ends on 2046-11-20, certificates of this order would end on 2046-11-24");
    // What was ordered before is made, if not for so long.
    make(&running, &last.card.number).unwrap();
}
