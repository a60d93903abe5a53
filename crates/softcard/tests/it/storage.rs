//! The card's file.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use kaika_softcard::{CardError, Inspection, Options, SoftCard};

use super::rig::{P256, Rig, padded};

#[test]
fn a_new_card_is_as_from_the_factory() {
    let mut rig = Rig::new();
    let inspection = rig.card().inspect();
    assert!(inspection.pin_is("123456") && inspection.puk_is("12345678") && inspection.has_factory_management_key());
    assert_eq!((inspection.pin_tries_left(), inspection.puk_tries_left()), (3, 3));
    assert_eq!(inspection.keys().into_keys().collect::<Vec<_>>(), [0xF9]);
}

#[test]
fn the_file_is_for_its_owner_alone() {
    let mut rig = Rig::new();
    let mode = |rig: &mut Rig| fs::metadata(rig.card().path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&mut rig), 0o600);
    rig.verify("000000");
    assert_eq!(mode(&mut rig), 0o600);
    let names: Vec<_> = fs::read_dir(rig.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "card and lock, no temporary files: {names:?}");
}

#[test]
fn a_card_is_in_one_reader_at_a_time() {
    let mut rig = Rig::new();
    let path = rig.card().path().to_owned();
    assert!(matches!(SoftCard::open(&path), Err(CardError::InUse(_))));
    rig.verify("000000");
    assert_eq!(Inspection::of_file(&path).unwrap().pin_tries_left(), 2);
    drop(rig.into_card().0);
}

#[test]
fn an_existing_card_is_not_made_anew() {
    let mut rig = Rig::new();
    rig.generate(0x9A, P256);
    let (card, folder) = rig.into_card();
    let path = card.path().to_owned();
    drop(card);
    let again = SoftCard::create(&path, Options::default());
    assert!(matches!(again, Err(CardError::Storage { .. })));
    assert!(SoftCard::open(&path).unwrap().inspect().key(0x9A).is_some());
    drop(folder);
}

#[test]
fn what_is_no_card_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.json");
    assert!(matches!(SoftCard::open(&path), Err(CardError::Storage { .. })));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    fs::write(&path, "{}").unwrap();
    assert!(matches!(SoftCard::open(&path), Err(CardError::Damaged { .. })));

    let other = folder.path().join("other.json");
    drop(SoftCard::create(&other, Options::default()).unwrap());
    let newer = fs::read_to_string(&other).unwrap().replace("\"format\": 1", "\"format\": 2");
    fs::write(&other, newer).unwrap();
    assert!(matches!(SoftCard::open(&other), Err(CardError::Damaged { .. })));
}

#[test]
fn what_cannot_be_written_has_not_happened() {
    let mut rig = Rig::new();
    let (folder, aside) = (rig.folder.path().to_owned(), rig.folder.path().with_extension("aside"));
    fs::rename(&folder, &aside).unwrap();
    let apdu = super::rig::extended(0x20, 0x00, 0x80, &padded("000000"));
    assert!(matches!(rig.try_raw(&apdu), Err(CardError::Storage { .. })));
    assert!(!rig.card().is_powered());
    assert_eq!(rig.card().inspect().pin_tries_left(), 3);
    fs::rename(&aside, &folder).unwrap();
    rig.restart();
    assert_eq!(rig.verify("000000"), 0x63C2);
}

#[test]
fn nothing_is_written_when_nothing_changes() {
    let mut rig = Rig::new();
    let written = |rig: &mut Rig| fs::metadata(rig.card().path()).unwrap().modified().unwrap();
    let before = written(&mut rig);
    rig.verify("123456");
    rig.get(0x7E);
    rig.authenticate();
    assert_eq!(written(&mut rig), before);
}
