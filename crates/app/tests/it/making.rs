//! Attempts at making a card that come to nothing: the device is spoilt or released, and another becomes the card; or the
//! order is withdrawn.

use super::matrix::{each, keep};
use kaika_agent::engine::Order;
use kaika_app::cards::{CardOrder, OrderChanged, order_card, production, set_device_aside, withdraw_order};
use kaika_domain::{
    cards::{CardState, Findings, Making, MakingEnd, OrderState, TerminationReason},
    certificates::{Certificate, CertificateState},
};
use kaika_fixtures::{DEVICE, Site, USER_CODE, gca, operator};
use kaika_softcard::{Fault, FaultKind, Options, Quirk, Quirks, SoftCard};
use kaika_wire::{CardNumber, CertificateStatus, Code, Command, Guid, JobKind, Lack, MakingId, Refusal, UserCode};
use std::{
    fs,
    sync::{Arc, Mutex},
};

/// Puts another card into the reader, as it left the factory.
fn put_blank(site: &Site, serial: u32) {
    fs::remove_file(site.card_path()).unwrap();
    SoftCard::create(site.card_path(), Options { serial, strict: true, ..Options::default() }).unwrap();
}

fn set_aside(site: &Site) -> Result<OrderChanged, Refusal> {
    let app = site.open();
    let done = site.runtime().block_on(set_device_aside(&app, &site.number, &operator()));
    site.close(&app);
    done.map_err(refusal)
}

fn withdraw(site: &Site) -> Result<OrderChanged, Refusal> {
    let app = site.open();
    let done = site.runtime().block_on(withdraw_order(&app, &site.number, &operator()));
    site.close(&app);
    done.map_err(refusal)
}

fn refusal(failure: kaika_app::Failure) -> Refusal {
    match failure {
        kaika_app::Failure::Refused(refusal) => refusal,
        other => panic!("{other}"),
    }
}

/// How each attempt ended, as its device and its end, in the order of the devices: the clock stands still.
fn makings(site: &Site) -> Vec<(Option<u32>, Option<MakingEnd>)> {
    let app = site.open();
    let makings = site.runtime().block_on(async {
        let mut reader = app.store.read().await.unwrap();
        let card = reader.card_by_number(&site.number).await.unwrap().unwrap();
        reader.makings(card.id).await.unwrap()
    });
    site.close(&app);
    let mut makings: Vec<_> = makings.iter().map(|one| (one.device, one.ended.map(|(how, _)| how))).collect();
    makings.sort_by_key(|(device, _)| *device);
    makings
}

/// Whatever was done to the first device: set aside, its certificates are good for nothing, and another becomes the card.
#[test]
fn a_device_is_spoilt_at_any_apdu_and_another_becomes_the_card() {
    let base = Site::ordered();
    let apdus = base.copy().run(JobKind::Personalise, None).apdus;
    let cells: Vec<_> = (1..apdus).collect();
    let spoilt = each(&cells, |at| {
        let site = base.copy();
        let cut = site.run(JobKind::Personalise, Some(Fault { at: *at, kind: FaultKind::LosePowerAfter }));
        let begun = makings(&site);
        let [(first, None)] = begun[..] else {
            // Done all the same, or cut before the device was changed: it is free again.
            let released = begun.iter().all(|(_, end)| *end == Some(MakingEnd::Released));
            assert!(cut.result.is_ok() || released, "{at}: {begun:?}");
            return false;
        };
        let done = set_aside(&site).unwrap_or_else(|refusal| panic!("{at}: {refusal:?}"));
        assert_eq!(done.making, Some(MakingEnd::Spoilt), "{at}");
        assert_eq!(set_aside(&site).unwrap().making, None, "it is set aside once");
        put_blank(&site, 4713);
        site.run(JobKind::Personalise, None).result.unwrap_or_else(|refusal| panic!("{at}: {refusal:?}"));
        site.assert_agrees(CertificateStatus::Held);
        assert_eq!(makings(&site), [(first, Some(MakingEnd::Spoilt)), (Some(4713), Some(MakingEnd::Made))]);
        assert_first_is_worth_nothing(&site);
        site.run(JobKind::Activate, None).result.unwrap_or_else(|refusal| panic!("{at}: {refusal:?}"));
        site.assert_agrees(CertificateStatus::Valid);
        true
    });
    let spoilt = spoilt.iter().filter(|spoilt| **spoilt).count();
    let before = cells.len() - spoilt;
    keep(
        "personalising, device set aside",
        &format!("{} cells, {before} of them before the device was changed\n", cells.len()),
    );
    assert!(before < 20, "{before}");
}

/// Certificates of before the device was set aside are revoked, and the order is made.
fn assert_first_is_worth_nothing(site: &Site) {
    let app = site.open();
    site.runtime().block_on(async {
        let mut reader = app.store.read().await.unwrap();
        let card = reader.card_by_number(&site.number).await.unwrap().unwrap();
        let certificates = reader.certificates_of_card(card.id).await.unwrap();
        let revoked = |one: &&Certificate| matches!(one.state, CertificateState::Revoked { .. });
        assert_eq!(certificates.iter().filter(revoked).count(), certificates.len() - 4);
        let order = reader.order_of_card(card.id).await.unwrap().unwrap();
        assert!(matches!(order.state, OrderState::Made { .. }));
    });
    site.close(&app);
}

#[test]
fn a_device_that_refuses_is_released_by_itself() {
    let site = Site::ordered();
    // Another installation has made a card of it.
    fs::copy(Site::personalised().card_path(), site.card_path()).unwrap();
    for _ in 0..2 {
        let refused = site.run(JobKind::Personalise, None).result.unwrap_err();
        assert_eq!(refused.code, Code::CardNotBlank);
    }
    assert_eq!(makings(&site), [(Some(DEVICE), Some(MakingEnd::Released)); 2]);
    assert_eq!(set_aside(&site).unwrap().making, None, "nothing is to be set aside");
    put_blank(&site, 4713);
    site.run(JobKind::Personalise, None).result.unwrap();
    site.assert_agrees(CertificateStatus::Held);
}

#[test]
fn an_order_is_withdrawn_until_its_card_is_made() {
    let base = Site::ordered();
    let untouched = base.copy();
    let half = base.copy();
    let apdus = base.copy().run(JobKind::Personalise, None).apdus;
    let cut = Fault { at: apdus / 2, kind: FaultKind::LosePowerAfter };
    half.run(JobKind::Personalise, Some(cut)).result.unwrap_err();
    for (site, making) in [(&untouched, None), (&half, Some(MakingEnd::Spoilt))] {
        let done = withdraw(site).unwrap();
        assert_eq!(done.making, making);
        let ended = TerminationReason::NoLongerNeeded;
        assert!(matches!(done.card.state, CardState::Terminated { reason, .. } if reason == ended));
        assert_eq!(withdraw(site).unwrap_err().code, Code::OrderOver);
        put_blank(site, 4713);
        assert_eq!(site.run(JobKind::Personalise, None).result.unwrap_err().code, Code::NoOrder);
    }
    // Reset, the device of the withdrawn order is as good as any.
    order_another(&half);
    put_blank(&half, DEVICE);
    half.run(JobKind::Personalise, None).result.unwrap();
    base.run(JobKind::Personalise, None).result.unwrap();
    for done in [withdraw(&base), set_aside(&base)] {
        assert_eq!(done.unwrap_err().code, Code::OrderOver, "it is a card");
    }
    base.assert_agrees(CertificateStatus::Held);
}

/// One more order of the same authority.
fn order_another(site: &Site) -> CardNumber {
    let app = site.open();
    let ordered = site.runtime().block_on(async {
        let order = CardOrder::of("C=TW,O=行政院,OU=另一機關".parse().unwrap());
        let code = UserCode::parse(USER_CODE).unwrap();
        order_card(&app, &gca(), order, Some(code), &operator()).await.unwrap()
    });
    site.close(&app);
    ordered.card.number
}

/// Serial number and what was written tell cards apart.
#[test]
fn a_serial_number_that_is_known_is_told_as_that() {
    let site = Site::builder().quirks([Quirk::FixedSerial]).personalised();
    let first = fs::read(site.card_path()).unwrap();
    order_another(&site);
    fs::remove_file(site.card_path()).unwrap();
    let options = Options { serial: 4713, strict: true, quirks: Quirks::NONE.with(Quirk::FixedSerial) };
    SoftCard::create(site.card_path(), options).unwrap();
    let refused = site.run(JobKind::Personalise, None).result.unwrap_err();
    assert_eq!((refused.code, refused.detail), (Code::SerialKnown, Some(format!("card {}", site.number))));
    fs::write(site.card_path(), first).unwrap();
    let refused = site.run(JobKind::Personalise, None).result.unwrap_err();
    assert_eq!((refused.code, refused.detail), (Code::CardNotBlank, Some(format!("it is card {}", site.number))));
    site.assert_agrees(CertificateStatus::Held);
}

/// By its 9E certificate alone, too: a card whose identity somebody has written over is no blank one.
#[test]
fn a_card_is_known_by_its_certificate() {
    let site = Site::personalised();
    order_another(&site);
    let (guid, expires) = (Guid::from_random([9; 16]), "20400101".to_owned());
    site.at_card(|key| vec![Command::OpenManagement { key }, Command::WriteIdentity { guid, expires }]);
    let refused = site.run(JobKind::Personalise, None).result.unwrap_err();
    assert_eq!((refused.code, refused.detail), (Code::CardNotBlank, Some(format!("it is card {}", site.number))));
}

/// While one device is made, another with the same serial number is not taken for it where it is put to another order.
#[test]
fn of_two_devices_with_one_serial_number_one_is_made_at_a_time() {
    let site = Site::builder().quirks([Quirk::FixedSerial]).ordered();
    let apdus = site.copy().run(JobKind::Personalise, None).apdus;
    let cut = Fault { at: apdus / 2, kind: FaultKind::LosePowerAfter };
    site.run(JobKind::Personalise, Some(cut)).result.unwrap_err();
    let first = fs::read(site.card_path()).unwrap();
    let another = order_another(&site);
    fs::remove_file(site.card_path()).unwrap();
    let options = Options { serial: 4713, strict: true, quirks: Quirks::NONE.with(Quirk::FixedSerial) };
    SoftCard::create(site.card_path(), options).unwrap();
    let app = site.open();
    let card = Arc::new(Mutex::new(SoftCard::open(site.card_path()).unwrap()));
    let order = Order { number: Some(another), ..site.order(JobKind::Personalise) };
    let refused = site.run_on(&app, &card, &order, None).unwrap_err();
    assert_eq!((refused.code, refused.detail), (Code::SerialKnown, Some(format!("card {}", site.number))));
    drop(card);
    site.close(&app);
    fs::write(site.card_path(), first).unwrap();
    site.run(JobKind::Personalise, None).result.unwrap();
    site.assert_agrees(CertificateStatus::Held);
}

/// What is found out about a device stays with the card, whatever becomes of the device.
#[test]
fn what_was_found_out_is_on_record_with_the_card() {
    let findings = |quirks: &[Quirk]| {
        let site = Site::builder().quirks(quirks.iter().copied()).ordered();
        let done = site.run(JobKind::Personalise, None).result.map(drop).map_err(|refusal| refusal.missing);
        let app = site.open();
        let makings = site.runtime().block_on(production(&app, &site.number)).unwrap().makings;
        site.close(&app);
        (done, makings.into_iter().map(|making| making.found).collect::<Vec<_>>())
    };
    let (done, found) = findings(&[]);
    done.unwrap();
    let [Findings { capabilities: Some(can), objects_grow: Some(true), tested: true, missing }] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(can.can_be_made() && can.serial == Some(DEVICE) && missing.is_empty(), "{can:?}");
    let (done, found) = findings(&[Quirk::ObjectsFixed, Quirk::FiveTries]);
    done.unwrap();
    assert_eq!((found[0].objects_grow, found[0].tested), (Some(false), true));
    assert_eq!(found[0].capabilities.as_ref().unwrap().pin_tries, Some(5));
    let (done, found) = findings(&[Quirk::ResetBreaksKeys]);
    assert_eq!(done, Err(vec![Lack::KeysOutliveReset]));
    assert_eq!((found[0].tested, &found[0].missing), (false, &vec![Lack::KeysOutliveReset]));
    // It was set free as it was.
    let (done, found) = findings(&[Quirk::TripleDesOnly]);
    assert_eq!(done, Err(vec![Lack::ManagementKeyAes]));
    assert_eq!((found[0].objects_grow, &found[0].missing), (None, &vec![Lack::ManagementKeyAes]));
    // What can be seen from outside is told before it is put to an order.
    assert_eq!(findings(&[Quirk::Plain]), (Err(vec![Lack::YubicoExtensions, Lack::KeyAlgorithm]), Vec::new()));
}

/// A station that names an order gets it where the device that another has put to it is as it was.
#[test]
fn a_named_order_is_given_to_another_device() {
    let base = Site::ordered();
    let named = |site: &Site| {
        let app = site.open();
        let card = Arc::new(Mutex::new(SoftCard::open(site.card_path()).unwrap()));
        let order = Order { number: Some(site.number.clone()), ..site.order(JobKind::Personalise) };
        let done = site.run_on(&app, &card, &order, None);
        site.close(&app);
        done
    };
    let untouched = base.copy();
    let app = untouched.open();
    untouched.runtime().block_on(async {
        let mut work = app.store.begin().await.unwrap();
        let mut card = work.card_by_number(&untouched.number).await.unwrap().unwrap();
        card.device = Some(DEVICE);
        work.update_card(&mut card).await.unwrap();
        let now = app.now();
        let making = Making::begin(MakingId::new(now, [1; 10]), card.id, Some(DEVICE), now);
        work.insert_making(&making).await.unwrap();
        work.commit().await.unwrap();
    });
    untouched.close(&app);
    put_blank(&untouched, 4713);
    named(&untouched).unwrap();
    untouched.assert_agrees(CertificateStatus::Held);
    assert_eq!(makings(&untouched), [(Some(DEVICE), Some(MakingEnd::Released)), (Some(4713), Some(MakingEnd::Made))]);

    let half = base.copy();
    let apdus = base.copy().run(JobKind::Personalise, None).apdus;
    let cut = Fault { at: apdus / 2, kind: FaultKind::LosePowerAfter };
    half.run(JobKind::Personalise, Some(cut)).result.unwrap_err();
    put_blank(&half, 4713);
    assert_eq!(named(&half).unwrap_err().code, Code::OrderTaken);
    assert_eq!(half.run(JobKind::Personalise, None).result.unwrap_err().code, Code::NoOrder, "no other order waits");
}
