//! A fault matrix: every way of failing at every APDU, and what became of it.
//!
//! Large ones are run whole where `KAIKA_WIDE` is set (`cargo xtask test --wide`), and otherwise in their narrow form, see
//! [`chosen`].

use kaika_fixtures::{Ran, Site};
use kaika_softcard::{Fault, FaultKind};
use kaika_testkit::is_wide;
use kaika_wire::{CertificateStatus, Code, JobKind};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

pub(crate) const WAYS: [(&str, FaultKind); 5] = [
    ("power lost before", FaultKind::LosePowerBefore),
    ("power lost after", FaultKind::LosePowerAfter),
    ("6F00, not acted", FaultKind::Refuse),
    ("6F00, acted", FaultKind::RefuseAfterActing),
    ("slow", FaultKind::Slow(Duration::from_millis(1))),
];

/// What a cell ended as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The fault did not stop the job.
    AtOnce,
    /// The same inputs again brought it to its end.
    Again,
    /// The job was over when its answer was lost: the same inputs are told so, with this code.
    Before(Code),
}

/// Runs all cells on both processors; a cell that fails names itself.
pub(crate) fn each<T: Sync, R: Send>(cells: &[T], run: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let worker = || {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(cell) = cells.get(index) else { return done };
                done.push((index, run(cell)));
            }
        };
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Cuts once, then starts again with the same inputs; the card never loses its last PUK try.
pub(crate) fn cut_and_resume(base: &Site, kind: JobKind, fault: Fault, status: CertificateStatus) -> Ended {
    let site = base.copy();
    let first = site.run(kind, Some(fault));
    let ended = resume(&site, kind, first, &format!("{fault:?}"));
    site.assert_agrees(status);
    ended
}

pub(crate) fn resume(site: &Site, kind: JobKind, first: Ran, cell: &str) -> Ended {
    let left = site.inspect().puk_tries_left();
    assert!(left >= 2, "{cell}: {left} PUK tries left");
    if first.result.is_ok() {
        return Ended::AtOnce;
    }
    assert!(first.fired, "{cell}: {:?} without a fault", first.result);
    match site.run(kind, None).result {
        Ok(_) => Ended::Again,
        // Its last answer was lost: card and certificates are what they were to become.
        Err(refusal) if Some(refusal.code) == done_before(kind) => Ended::Before(refusal.code),
        Err(refusal) => panic!("{cell}: first {:?}, then {refusal:?}", first.result.err()),
    }
}

/// How a job is refused that was done before, if it is.
fn done_before(kind: JobKind) -> Option<Code> {
    match kind {
        JobKind::Personalise => Some(Code::CardNotBlank),
        JobKind::Activate => Some(Code::AlreadyActivated),
        JobKind::Suspend => Some(Code::AlreadySuspended),
        JobKind::Resume => Some(Code::NotSuspended),
        JobKind::Revoke => Some(Code::AlreadyRevoked),
        _ => None,
    }
}

/// The whole matrix of one job, printed and kept below `target/faults`.
pub(crate) fn run(name: &str, base: &Site, kind: JobKind, status: CertificateStatus, ways: &[(&str, FaultKind)]) {
    let clean = base.copy();
    let reference = clean.run(kind, None);
    reference.result.unwrap();
    clean.assert_agrees(status);
    table(name, reference.apdus, ways, |fault| cut_and_resume(base, kind, fault, status));
}

/// More cells than that are too many for every run of the tests.
const LARGE: u64 = 99;

/// The cells of a matrix, each as an APDU and the index of a way. The narrow form of a large one has the first and the last
/// APDU in every way, and each of the others in one, by turns: no APDU is left out, and no way.
pub(crate) fn chosen(apdus: u64, ways: usize, wide: bool) -> Vec<(u64, usize)> {
    let all = (1..=apdus).flat_map(|at| (0..ways).map(move |way| (at, way)));
    let is_large = apdus * ways as u64 > LARGE;
    let in_turn = |at: u64, way: usize| at == 1 || at == apdus || at % ways as u64 == way as u64;
    all.filter(|(at, way)| wide || !is_large || in_turn(*at, *way)).collect()
}

#[test]
fn a_narrow_matrix_leaves_out_no_apdu_and_no_way() {
    assert_eq!(chosen(94, 5, true).len(), 470);
    assert_eq!(chosen(19, 5, false).len(), 95);
    let narrow = chosen(94, 5, false);
    assert_eq!(narrow.len(), 92 + 2 * 5);
    assert!((1..=94).all(|apdu| narrow.iter().any(|(at, _)| *at == apdu)));
    assert!((0..5).all(|way| narrow.iter().filter(|(_, one)| *one == way).count() >= 18));
    assert!([1, 94].iter().all(|apdu| narrow.iter().filter(|(at, _)| at == apdu).count() == 5));
}

/// Runs `cell` for each APDU and way, and prints and keeps how often it ended how.
pub(crate) fn table(name: &str, apdus: u64, ways: &[(&str, FaultKind)], cell: impl Fn(Fault) -> Ended + Sync) {
    let chosen = chosen(apdus, ways.len(), is_wide()).into_iter();
    let cells: Vec<(u64, &str, FaultKind)> = chosen.map(|(at, way)| (at, ways[way].0, ways[way].1)).collect();
    let ends = each(&cells, |(at, _, kind)| cell(Fault { at: *at, kind: *kind }));

    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for ((_, way, _), ended) in cells.iter().zip(&ends) {
        let counts = counts.entry(way).or_default();
        match ended {
            Ended::AtOnce => counts[0] += 1,
            Ended::Again => counts[1] += 1,
            Ended::Before(_) => counts[2] += 1,
        }
    }
    let mut table = format!(
        "{name}: {apdus} APDUs, {} cells\n{:<20}{:>10}{:>10}{:>16}\n",
        cells.len(),
        "way",
        "at once",
        "again",
        "done before"
    );
    for (way, [at_once, again, before]) in counts {
        writeln!(table, "{way:<20}{at_once:>10}{again:>10}{before:>16}").unwrap();
    }
    keep(name, &table);
}

pub(crate) fn keep(name: &str, table: &str) {
    println!("{table}");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("faults");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{}.txt", name.replace(' ', "-"))), table).unwrap();
}
