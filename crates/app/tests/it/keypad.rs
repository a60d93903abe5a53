//! 鎖卡解碼 where the holder is shown the PUK and types it: on the reader's keypad, or in the window.

use super::matrix::{WAYS, run};
use kaika_agent::engine::Order;
use kaika_app::{
    Failure,
    cards::{CardOrder, issue_ticket, order_card},
};
use kaika_card::Pin;
use kaika_domain::cards::{CardRank, PukLedger, PukVersion};
use kaika_fixtures::{Hand, NEW_PIN, OTHER_PIN, Site, operator};
use kaika_softcard::{FaultKind, SoftCard};
use kaika_wire::{CardNumber, CertificateStatus, Code, JobDetails, JobKind, NotTyped, Refusal};

fn by_keypad(policy: String) -> String {
    let changed = policy.replace("unlock = \"agent\"", "unlock = \"keypad\"");
    assert_ne!(policy, changed);
    changed
}

/// As the screen says it.
fn typed_well(puk: Option<&str>) -> String {
    match puk {
        Some(puk) => format!("{puk}.{OTHER_PIN}.{OTHER_PIN}."),
        None => format!("{OTHER_PIN}."),
    }
}

fn locked(hand: Hand) -> Site {
    let mut site = Site::builder().policy(by_keypad).activated();
    site.lock_pin();
    site.hand = Some(hand);
    site
}

/// What is on record of the card's PUK, and whether a person has seen it.
fn puk_of(site: &Site) -> (PukLedger, Vec<String>) {
    let app = site.open();
    let found = site.runtime().block_on(async {
        let mut reader = app.store.read().await.unwrap();
        let card = reader.card_by_number(&site.number).await.unwrap().unwrap();
        let puks = reader.puks(card.id).await.unwrap();
        let events = reader.audit_events(0, 10_000).await.unwrap();
        let shown = events.iter().filter(|event| event.action == "puk.show").map(|event| event.payload.clone());
        (PukLedger::from_records(puks.iter().map(|puk| puk.record).collect()), shown.collect())
    });
    site.close(&app);
    found
}

fn settled(site: &Site) -> PukVersion {
    puk_of(site).0.settled().expect("one PUK on record")
}

fn refused(site: &Site) -> Refusal {
    site.run(JobKind::Unlock, None).result.unwrap_err()
}

fn unlocked(site: &Site) {
    site.run(JobKind::Unlock, None).result.unwrap();
    assert!(site.inspect().pin_is(OTHER_PIN));
    assert_eq!(site.inspect().pin_tries_left(), 3);
    site.assert_agrees(CertificateStatus::Valid);
}

#[test]
fn unlocking_on_the_keypad() {
    let base = locked(Hand::Keypad(typed_well));
    run("unlocking by keypad", &base, JobKind::Unlock, CertificateStatus::Valid, &WAYS);
    let before = settled(&base);
    unlocked(&base);
    let (ledger, shown) = puk_of(&base);
    assert_eq!(ledger.settled(), Some(PukVersion(before.0 + 1)), "the PUK changes after every use");
    assert_eq!(shown.len(), 1);
    unlocked(&base);
    assert_eq!(settled(&base), PukVersion(before.0 + 2));
}

#[test]
fn unlocking_in_the_window() {
    let base = locked(Hand::Window(|puk| {
        assert_eq!(puk.len(), 8);
        Ok(Pin::parse(OTHER_PIN).unwrap())
    }));
    run("unlocking in the window", &base, JobKind::Unlock, CertificateStatus::Valid, &WAYS);
    unlocked(&base);
    assert_eq!(puk_of(&base).1.len(), 1);
}

/// The card tool has asked for the new PIN as for any other, and nobody is shown a PUK; it is replaced all the same.
#[test]
fn the_card_tool_types_for_its_holder() {
    let site = Site::builder().policy(by_keypad).activated();
    site.lock_pin();
    let before = settled(&site);
    unlocked(&site);
    assert_eq!(settled(&site), PukVersion(before.0 + 1));
}

/// Whatever the holder does, the PUK that was seen is gone when the job ends, the card has all its tries, and the holder
/// may try again.
#[test]
fn a_puk_that_was_seen_is_replaced_whatever_becomes_of_the_job() {
    let hands: [(Hand, Code); 9] = [
        (
            Hand::Keypad(|puk| typed_well(Some(if puk == Some("00000000") { "11111111" } else { "00000000" }))),
            Code::PukWrong,
        ),
        (Hand::Keypad(|_| "12X".to_owned()), Code::KeypadCancelled),
        (Hand::Keypad(|_| "12-".to_owned()), Code::KeypadTimedOut),
        (Hand::Keypad(|puk| format!("{}.{OTHER_PIN}.{NEW_PIN}.", puk.unwrap())), Code::PinsDiffer),
        (Hand::Keypad(|puk| format!("{}.123.", puk.unwrap())), Code::KeypadForm),
        (Hand::Keypad(|puk| puk.map_or_else(|| "000000.".to_owned(), |puk| typed_well(Some(puk)))), Code::PinNotProved),
        (Hand::Keypad(|puk| puk.map_or_else(|| "X".to_owned(), |puk| typed_well(Some(puk)))), Code::PinNotProved),
        (Hand::Window(|_| Err(NotTyped::Cancelled)), Code::KeypadCancelled),
        (Hand::Window(|_| Err(NotTyped::TimedOut)), Code::KeypadTimedOut),
    ];
    let base = locked(Hand::Keypad(typed_well));
    for (index, (hand, code)) in hands.into_iter().enumerate() {
        let mut site = base.copy();
        let before = settled(&site);
        site.hand = Some(hand);
        assert_eq!(refused(&site).code, code, "{index}");
        assert_eq!(site.inspect().pin_is(OTHER_PIN), code == Code::PinNotProved, "{index}");
        let (ledger, shown) = puk_of(&site);
        assert_eq!((ledger.exposed(), shown.len()), (None, 1), "{index}");
        assert!(ledger.settled() > Some(before), "{index}");
        assert_eq!(site.inspect().puk_tries_left(), 3, "{index}");
        site.assert_agrees(CertificateStatus::Valid);
        site.hand = base.hand;
        unlocked(&site);
    }
}

/// Cut while the PUK is on the screen: the next job that changes the card begins with another.
#[test]
fn after_a_cut_the_next_job_replaces_the_puk_that_was_seen() {
    let base = {
        let mut site = Site::builder().policy(by_keypad).activated();
        site.hand = Some(Hand::Keypad(typed_well));
        site
    };
    let before = settled(&base);
    for kind in [JobKind::Unlock, JobKind::Rewrite] {
        let site = base.copy();
        let app = site.open();
        let card = std::sync::Arc::new(std::sync::Mutex::new(SoftCard::open(site.card_path()).unwrap()));
        card.lock().unwrap().plan_fault_at_instruction(0x2c, FaultKind::LosePowerBefore);
        let cut = site.run_on(&app, &card, &site.order(JobKind::Unlock), None);
        assert_eq!(cut.unwrap_err().code, Code::CardRemoved);
        drop(card);
        site.close(&app);
        assert_eq!(puk_of(&site).0.exposed(), Some(before), "on record before it was shown");
        // What only reads leaves it alone.
        site.run(JobKind::Check, None).result.unwrap();
        assert_eq!(puk_of(&site).0.exposed(), Some(before));
        site.run(kind, None).result.unwrap();
        let (ledger, shown) = puk_of(&site);
        assert_eq!(ledger.exposed(), None);
        assert!(ledger.settled() > Some(before));
        let versions = if kind == JobKind::Unlock { 2 } else { 1 };
        assert_eq!(shown.len(), versions, "{kind:?}: {shown:?}");
        assert!(shown.windows(2).all(|two| two[0] != two[1]), "no PUK is shown twice");
        site.assert_agrees(CertificateStatus::Valid);
    }
}

/// Three slips in a row block nothing: with one try left the card first gets another PUK, and all tries with it.
#[test]
fn the_last_try_of_a_puk_is_not_left_to_the_holder() {
    let mut site = locked(Hand::Keypad(typed_well));
    site.spend_puk_tries(2);
    assert_eq!(site.inspect().puk_tries_left(), 1);
    site.hand = Some(Hand::Keypad(|_| typed_well(Some("00000000"))));
    for _ in 0..3 {
        assert_eq!(refused(&site).code, Code::PukWrong);
        assert_eq!(site.inspect().puk_tries_left(), 3);
    }
    site.hand = Some(Hand::Keypad(typed_well));
    unlocked(&site);
}

#[test]
fn a_blocked_puk_is_told_before_anything_is_shown() {
    let site = locked(Hand::Keypad(|_| panic!("nothing is asked for")));
    let mut card = SoftCard::open(site.card_path()).unwrap();
    card.power_on();
    card.transmit(&[0x00, 0xa4, 0x04, 0x00, 0x05, 0xa0, 0x00, 0x00, 0x03, 0x08]).unwrap();
    for _ in 0..3 {
        let wrong = [[0x00, 0x2c, 0x00, 0x80, 0x10].as_slice(), b"00000000111111\xff\xff".as_slice()].concat();
        card.transmit(&wrong).unwrap();
    }
    drop(card);
    let refused = refused(&site);
    assert_eq!((refused.code, refused.tries_left), (Code::PukBlocked, Some(0)), "neither of them works");
    assert!(puk_of(&site).1.is_empty());
}

fn by_number(policy: String) -> String {
    let changed = by_keypad(policy).replace("identity_years = 11\n", "identity_years = 11\nby_number = true\n");
    assert!(changed.contains("by_number"));
    changed
}

/// Another card for a holder of this name, sent out.
fn sent_out(site: &Site, unit: &str) -> CardNumber {
    let app = site.open();
    let number = site.runtime().block_on(async {
        let subject = format!("C=TW,O=行政院,OU={unit}").parse().unwrap();
        let order = CardOrder { rank: CardRank::Supplementary, ..CardOrder::of(subject) };
        let authority = "gca".parse().unwrap();
        let mut card = order_card(&app, &authority, order, None, &operator()).await.unwrap().card;
        let now = app.clock.now();
        card.state = card.state.personalise(now).and_then(|state| state.dispatch(now)).unwrap();
        let mut work = app.store.begin().await.unwrap();
        work.update_card(&mut card).await.unwrap();
        work.commit().await.unwrap();
        card.number
    });
    site.close(&app);
    number
}

/// 已開卡 and 未開卡, of the same holder alone, and told to nobody but a card that has proved itself.
#[test]
fn a_card_that_has_proved_itself_is_told_of_its_holders_others() {
    let site = Site::builder().policy(by_number).activated();
    let (other, _) = (sent_out(&site, "測試機關"), sent_out(&site, "另一個機關"));
    let told =
        site.run(JobKind::Information, None).result.unwrap().succeeded.result.information().unwrap().cards.clone();
    let told: Vec<_> = told.iter().map(|card| (&card.number, card.activated)).collect();
    assert_eq!(told, [(&site.number, true), (&other, false)]);

    // Where the policy does not say so, nothing is told.
    let site = Site::builder().policy(by_keypad).activated();
    sent_out(&site, "測試機關");
    assert!(
        site.run(JobKind::Information, None).result.unwrap().succeeded.result.information().unwrap().cards.is_empty()
    );
}

/// The page's ticket is for the card whose digits were typed, and for no other.
#[test]
fn a_ticket_is_for_the_card_that_was_typed() {
    let mut site = Site::builder().policy(by_number).activated();
    site.hand = Some(Hand::Keypad(typed_well));
    let digits = site.number.digits().to_owned();
    let ticket = |site: &Site, digits: Option<&str>| {
        let app = site.open();
        let details = JobDetails { digits: digits.map(str::to_owned), ..JobDetails::default() };
        let authority = "gca".parse().unwrap();
        let issued = site.runtime().block_on(issue_ticket(&app, &authority, JobKind::Unlock, details, None));
        site.close(&app);
        issued.map(|issued| issued.ticket)
    };
    for wrong in [None, Some(""), Some("GC00000000000000"), Some("１２３４")] {
        assert!(matches!(ticket(&site, wrong), Err(Failure::Refused(refusal)) if refusal.code == Code::BadRequest));
    }
    let run = |ticket: String| {
        let app = site.open();
        let card = std::sync::Arc::new(std::sync::Mutex::new(SoftCard::open(site.card_path()).unwrap()));
        let order = Order { ticket: Some(ticket), ..site.order(JobKind::Unlock) };
        let ended = site.run_on(&app, &card, &order, None);
        drop(card);
        site.close(&app);
        ended
    };
    let another = format!("{}{}", if digits.starts_with('0') { '1' } else { '0' }, &digits[1..]);
    assert_eq!(run(ticket(&site, Some(&another)).unwrap()).unwrap_err().code, Code::NumberDiffers);
    assert!(puk_of(&site).1.is_empty(), "nothing was done");
    assert!(run(ticket(&site, Some(&digits)).unwrap()).is_ok());
    assert!(site.inspect().pin_is(OTHER_PIN));
}
