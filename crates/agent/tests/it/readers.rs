//! Readers of software: who is where, what is remembered, what is told.

use crate::{
    cards::{GCA, blank, unopened},
    portal::NUMBER,
};
use kaika_agent::readers::{Readers, Source, exclusively, soft::SoftReaders};
use kaika_card::TransportError;
use kaika_softcard::{Inspection, Quirk, Quirks, SoftCard};
use kaika_wire::{Code, Refusal};
use std::sync::Arc;
use tempfile::TempDir;

fn bench() -> (TempDir, SoftReaders) {
    let folder = tempfile::tempdir().unwrap();
    drop(blank(folder.path(), "one"));
    drop(blank(folder.path(), "two"));
    let readers = SoftReaders::open(folder.path(), ["Reader A", "Reader B"]).unwrap();
    (folder, readers)
}

fn all(soft: &SoftReaders) -> Readers {
    let source: Arc<dyn Source> = Arc::new(soft.clone());
    Readers::new([source])
}

fn seats(soft: &SoftReaders) -> Vec<(String, Option<String>)> {
    let cards = soft.cards().unwrap();
    cards.into_iter().map(|card| (card.name, card.reader)).collect()
}

fn code<T>(result: Result<T, Refusal>) -> Code {
    result.err().expect("this was to be refused").code
}

#[test]
fn cards_stay_in_their_readers() {
    let (folder, readers) = bench();
    readers.insert("two", "Reader A").unwrap();
    drop(readers);
    let readers = SoftReaders::open(folder.path(), ["Reader A", "Reader B"]).unwrap();
    let in_a = Some("Reader A".to_owned());
    assert_eq!(seats(&readers), [("one".to_owned(), None), ("two".to_owned(), in_a)]);
    drop(readers);
    // A reader that is gone holds no card any more.
    let readers = SoftReaders::open(folder.path(), ["Reader B"]).unwrap();
    assert!(seats(&readers).iter().all(|(_, reader)| reader.is_none()));
}

#[test]
fn blank_cards_are_made_each_as_another_device() {
    let (folder, readers) = bench();
    let names = [Quirks::NONE, Quirks::NONE.with(Quirk::Plain)].map(|quirks| readers.add_blank(quirks).unwrap());
    assert_eq!(names, ["blank-1", "blank-2"]);
    let [one, two] = names.each_ref().map(|name| Inspection::of_file(readers.path(name)).unwrap().serial());
    assert!(one != two && one >= 1 << 31 && two >= 1 << 31, "{one} {two}");
    assert_eq!(readers.face("blank-1").unwrap().number, None);
    let odd = names.each_ref().map(|name| readers.face(name).unwrap().quirks.iter().collect::<Vec<_>>());
    assert_eq!(odd, [vec![], vec![Quirk::Plain]]);
    readers.insert("blank-1", "Reader A").unwrap();
    // A card that was thrown away leaves its name to another.
    std::fs::remove_file(folder.path().join("blank-2.card")).unwrap();
    assert_eq!(readers.add_blank(Quirks::NONE).unwrap(), "blank-2");
}

#[test]
fn a_card_is_in_one_reader_and_a_reader_has_one_card() {
    let (_folder, readers) = bench();
    readers.insert("one", "Reader A").unwrap();
    readers.insert("one", "Reader B").unwrap();
    let in_b = Some("Reader B".to_owned());
    assert_eq!(seats(&readers)[0], ("one".to_owned(), in_b.clone()));
    readers.insert("two", "Reader B").unwrap();
    assert_eq!(seats(&readers), [("one".to_owned(), None), ("two".to_owned(), in_b)]);
    assert_eq!(code(readers.insert("three", "Reader A")), Code::NotFound);
    assert_eq!(code(readers.insert("../one", "Reader A")), Code::NotFound);
    assert_eq!(code(readers.insert("one", "Reader C")), Code::ReaderUnknown);
    assert_eq!(code(readers.remove("Reader A")), Code::NoCard);
}

#[test]
fn a_card_outside_is_free_for_others() {
    let (folder, readers) = bench();
    let file = folder.path().join("one.card");
    readers.insert("one", "Reader A").unwrap();
    assert!(SoftCard::open(&file).is_err());
    readers.remove("Reader A").unwrap();
    let elsewhere = SoftCard::open(&file).unwrap();
    assert_eq!(code(readers.insert("one", "Reader A")), Code::Busy);
    drop(elsewhere);
    readers.insert("one", "Reader A").unwrap();
}

#[test]
fn whoever_waits_is_told() {
    let (_folder, soft) = bench();
    let readers = all(&soft);
    let mut changes = readers.changes();
    changes.mark_unchanged();
    soft.insert("one", "Reader A").unwrap();
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    soft.remove("Reader A").unwrap();
    assert!(changes.has_changed().unwrap());
}

#[test]
fn a_removed_card_answers_no_more() {
    let (_folder, soft) = bench();
    soft.insert("one", "Reader A").unwrap();
    let readers = all(&soft);
    let mut session = readers.connect("Reader A").unwrap();
    let verdict = exclusively(&mut *session, |card| {
        kaika_card::recognise(card).unwrap();
        soft.remove("Reader A").unwrap();
        card.transmit(&[0x00, 0x20, 0x00, 0x80])
    });
    assert_eq!(verdict.unwrap(), Err(TransportError::Removed));
    assert_eq!(session.reset(), Err(TransportError::Removed));
    // Back again it is there, for a new connection only.
    soft.insert("one", "Reader A").unwrap();
    assert_eq!(session.reset(), Err(TransportError::Removed));
    readers.connect("Reader A").unwrap().reset().unwrap();
}

#[test]
fn a_card_is_pulled_out_at_the_step() {
    let (_folder, soft) = bench();
    soft.insert("one", "Reader A").unwrap();
    let readers = all(&soft);
    soft.remove_at("Reader A", 2).unwrap();
    let mut session = readers.connect("Reader A").unwrap();
    let select = [0x00, 0xa4, 0x04, 0x00, 0x05, 0xa0, 0x00, 0x00, 0x03, 0x08];
    let answers = exclusively(&mut *session, |card| [card.transmit(&select), card.transmit(&select)]);
    let [first, second] = answers.unwrap();
    assert!(first.is_ok());
    assert_eq!(second, Err(TransportError::Removed));
    assert_eq!(seats(&soft)[0].1, None);
    assert_eq!(code(readers.connect("Reader A")), Code::NoCard);
}

#[test]
fn the_meant_reader_is_found() {
    let folder = tempfile::tempdir().unwrap();
    unopened(folder.path(), NUMBER, &GCA);
    drop(blank(folder.path(), "two"));
    let soft = SoftReaders::open(folder.path(), ["Kaika 1", "Kaika 10", "Other"]).unwrap();
    let readers = all(&soft);
    assert_eq!(code(readers.select(None)), Code::NoCard);
    soft.insert(NUMBER, "Kaika 10").unwrap();
    assert_eq!(readers.select(None).unwrap(), "Kaika 10");
    soft.insert("two", "Other").unwrap();
    let refusal = readers.select(None).unwrap_err();
    assert_eq!(refusal.code, Code::ReaderUnknown);
    assert_eq!(refusal.detail.unwrap(), "Kaika 1, Kaika 10, Other");
    for (name, found) in [("Kaika 1", "Kaika 1"), ("Oth", "Other"), ("10", "Kaika 10")] {
        assert_eq!(readers.select(Some(name)).unwrap(), found);
    }
    // Of several, the one that has a card.
    assert_eq!(readers.select(Some("Kaika")).unwrap(), "Kaika 10");
    soft.remove("Kaika 10").unwrap();
    assert_eq!(code(readers.select(Some("Kaika"))), Code::ReaderUnknown);
    assert_eq!(code(readers.select(Some("none"))), Code::ReaderUnknown);
    assert_eq!(code(Readers::new([]).select(None)), Code::NoReader);
}

#[test]
fn a_card_has_a_face() {
    let folder = tempfile::tempdir().unwrap();
    unopened(folder.path(), NUMBER, &GCA);
    drop(blank(folder.path(), "two"));
    let soft = SoftReaders::open(folder.path(), ["Reader"]).unwrap();
    let face = soft.face(NUMBER).unwrap();
    assert_eq!(face.number.unwrap().as_str(), NUMBER);
    assert_eq!(face.authority.as_deref(), Some(GCA.unit));
    assert_eq!(face.pin_tries_left, Some(0));
    assert_eq!(soft.face("two").unwrap().number, None);
    assert_eq!(code(soft.face("../two")), Code::NotFound);
}
