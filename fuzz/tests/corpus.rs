//! Every target on its corpus, and on what lies close by.
//!
//! Close by is, for each input of the corpus and each of its octets (of up to [`PLACES`], evenly spread, where it is
//! longer): the input cut before that octet, with all bits of the octet turned over, and with its lowest alone.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 7] = [
    ("card_answers", kaika_fuzz::card_answers),
    ("card_objects", kaika_fuzz::card_objects),
    ("certificates", kaika_fuzz::certificates),
    ("messages", kaika_fuzz::messages),
    ("ocsp", kaika_fuzz::ocsp),
    ("softcard", kaika_fuzz::softcard),
    ("values", kaika_fuzz::values),
];

const PLACES: usize = 256;

#[test]
fn card_answers() {
    replay("card_answers");
}

#[test]
fn card_objects() {
    replay("card_objects");
}

#[test]
fn certificates() {
    replay("certificates");
}

#[test]
fn messages() {
    replay("messages");
}

#[test]
fn ocsp() {
    replay("ocsp");
}

#[test]
fn softcard() {
    replay("softcard");
}

#[test]
fn values() {
    replay("values");
}

fn replay(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).expect("a target");
    attempt(target, "nothing", &[]);
    for path in children(&Path::new("corpus").join(name)) {
        let input = fs::read(&path).expect("an input of the corpus");
        let path = path.display();
        attempt(target, &format!("{path}"), &input);
        for place in (0..input.len()).step_by(input.len().div_ceil(PLACES).max(1)) {
            attempt(target, &format!("{path}, cut before octet {place}"), &input[..place]);
            for bits in [0xff, 0x01] {
                let mut changed = input.clone();
                changed[place] ^= bits;
                attempt(target, &format!("{path}, octet {place} is {:#04x}", changed[place]), &changed);
            }
        }
    }
}

#[track_caller]
fn attempt(target: Target, what: &str, input: &[u8]) {
    if catch_unwind(|| target(input)).is_err() {
        panic!("it fails on {what}: {}\nmend it, and put the input into the corpus", hex::encode(input));
    }
}

#[test]
fn every_target_has_its_corpus_and_its_program() {
    let targets = BTreeSet::from(TARGETS.map(|(name, _)| name.to_owned()));
    assert_eq!(stems("corpus"), targets, "folders of fuzz/corpus, and targets");
    assert_eq!(stems("targets"), targets, "files of fuzz/targets, and targets");
    let manifest = fs::read_to_string("Cargo.toml").expect("the manifest");
    for name in targets {
        assert_ne!(children(&Path::new("corpus").join(&name)), [] as [PathBuf; 0], "{name} needs real inputs");
        let program = format!("[[bin]]\nname = \"{name}\"\npath = \"targets/{name}.rs\"\n");
        assert!(manifest.contains(&program), "fuzz/Cargo.toml has no program {name}");
    }
}

fn stems(folder: &str) -> BTreeSet<String> {
    let stem = |path: PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
    children(Path::new(folder)).into_iter().map(stem).collect()
}

/// What is in a folder, from this package's, in which cargo runs its tests.
fn children(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}
