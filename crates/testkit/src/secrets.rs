//! Where secrets turn up that should not: in what was written, and in the memory of a running program.

use crate::tools::Tool;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::process::Command;

/// Which of these texts are in there. It is grep that looks: our own code is not optimised in tests.
///
/// # Panics
/// Where a text is empty or has several lines.
#[track_caller]
pub fn occurring(texts: &BTreeSet<String>, octets: Vec<u8>) -> BTreeSet<String> {
    assert!(texts.iter().all(|text| text.lines().count() == 1), "grep takes them line by line");
    let folder = tempfile::tempdir().expect("there is room for a file");
    let patterns = folder.path().join("patterns");
    let lines: Vec<_> = texts.iter().map(String::as_str).collect();
    fs::write(&patterns, lines.join("\n")).expect("there is room for a file");
    let grep = Tool::new("grep").args(["--text", "--only-matching", "--fixed-strings", "--file"]).arg(&patterns);
    let said = grep.env("LC_ALL", "C").input(octets).run();
    said.stdout().lines().map(str::to_owned).collect()
}

/// Which of these secrets, each with a name, lie in the memory that a process can write to. Only root may look into our
/// programs: see [`done_as_root`].
///
/// # Panics
/// Where the process is not there, or may not be looked into.
#[track_caller]
pub fn in_memory<'a>(process: u32, secrets: &[(&'a str, &str)]) -> BTreeSet<&'a str> {
    const PAGE: usize = 4096;
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("the process runs");
    let memory = File::open(format!("/proc/{process}/mem")).expect("root may look into it");
    let mut written = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split(' ');
        let (Some(range), Some(rights)) = (fields.next(), fields.next()) else { continue };
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').expect("a range");
        let at = |address| u64::from_str_radix(address, 16).expect("an address");
        let mut octets = vec![0; usize::try_from(at(to) - at(from)).expect("it fits")];
        // What has gone meanwhile holds nothing.
        let Ok(read) = memory.read_at(&mut octets, at(from)) else { continue };
        // Most of what is set aside was never touched.
        for page in octets[..read].chunks(PAGE).filter(|page| *page != &[0; PAGE][..page.len()]) {
            written.extend_from_slice(page);
        }
        written.push(0);
    }
    let texts = secrets.iter().flat_map(|(_, secret)| forms(secret)).collect();
    let there = occurring(&texts, written);
    let is_there = |secret: &str| forms(secret).iter().any(|form| there.contains(form));
    secrets.iter().filter(|(_, secret)| is_there(secret)).map(|(name, _)| *name).collect()
}

/// Each way in which a secret may lie in memory: as it is, and in hexadecimal.
fn forms(secret: &str) -> [String; 3] {
    let hex = |digits: fn(u8) -> String| secret.bytes().map(digits).collect();
    [secret.to_owned(), hex(|octet| format!("{octet:02x}")), hex(|octet| format!("{octet:02X}"))]
}

/// Runs this test once more, as the root of a user namespace, where it is not root itself; true where that was done.
///
/// # Panics
/// Where that is forbidden, or the test fails there.
#[track_caller]
pub fn done_as_root(test: &str) -> bool {
    if fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0) {
        return false;
    }
    let this = std::env::current_exe().expect("a test has a file");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user"]).arg(this).args(["--exact", test]);
    let output = command.output().expect("unshare of util-linux is there");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "without root this wants user namespaces\n{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    true
}
