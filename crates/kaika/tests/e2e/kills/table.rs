//! What became of the cells, printed and kept as the other fault matrices are.

use super::scene::Job;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

/// How a cell ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The job went on by itself.
    AtOnce,
    /// The same inputs again brought it to its end.
    Again,
    /// The job was over when its answer was lost: the same inputs are told so, with this code.
    Before(String),
}

pub(crate) struct Table {
    name: &'static str,
    cells: Vec<(Job, usize, &'static str, Ended)>,
}

impl Table {
    pub(crate) fn new(name: &'static str) -> Table {
        Table { name, cells: Vec::new() }
    }

    pub(crate) fn cell(&mut self, job: Job, message: usize, way: &'static str, ended: Ended) {
        self.cells.push((job, message, way, ended));
    }

    /// Prints it and adds it to those of the other tests of this run, in `target/faults/kills.txt`.
    pub(crate) fn keep(&self) {
        static TABLES: Mutex<BTreeMap<&str, String>> = Mutex::new(BTreeMap::new());
        let table = self.text();
        println!("{table}");
        let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
        tables.insert(self.name, table);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("faults");
        fs::create_dir_all(&folder).unwrap();
        let all: Vec<&str> = tables.values().map(String::as_str).collect();
        fs::write(folder.join("kills.txt"), all.join("\n")).unwrap();
    }

    fn text(&self) -> String {
        let mut text = format!("{}: {} cells\n", self.name, self.cells.len());
        writeln!(text, "{:<12}{:<28}{:>8}{:>8}{:>13}", "job", "way", "at once", "again", "done before").unwrap();
        let mut rows: Vec<(Job, &str, [usize; 3])> = Vec::new();
        for (job, _, way, ended) in &self.cells {
            let row = rows.iter().position(|row| (row.0, row.1) == (*job, *way)).unwrap_or_else(|| {
                rows.push((*job, way, [0; 3]));
                rows.len() - 1
            });
            let column = match ended {
                Ended::AtOnce => 0,
                Ended::Again => 1,
                Ended::Before(_) => 2,
            };
            rows[row].2[column] += 1;
        }
        rows.sort_by_key(|row| row.0);
        for (job, way, [at_once, again, before]) in rows {
            writeln!(text, "{:<12}{way:<28}{at_once:>8}{again:>8}{before:>13}", job.name()).unwrap();
        }
        for (job, message, way, ended) in &self.cells {
            writeln!(text, "  {} {}, {way}: {ended:?}", job.name(), message_name(*message)).unwrap();
        }
        text
    }
}

/// Of the `n`-th message of a card job.
fn message_name(n: usize) -> String {
    match n {
        1 => "well-known".into(),
        2 => "start".into(),
        n => format!("report {}", n - 2),
    }
}
