//! Signed heads of the audit log in a text file of their own, one JSON object a line: who cuts the log's tail, or writes
//! the whole of it anew, cannot sign these.

use crate::{AuditKey, AuditPublicKey};
use async_trait::async_trait;
use kaika_app::{
    audit::{Anchor, Anchors, Head},
    kernel::{Pool, VaultError},
};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use time::OffsetDateTime;

/// Far more than a line takes.
const LONGEST_LINE: u64 = 4096;

/// The file and the key that signs its lines. To lock the file and have it written to the disk takes its time.
pub struct AnchorFile {
    lines: Arc<Lines>,
    pool: Pool,
}

struct Lines {
    path: PathBuf,
    key: AuditKey,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sequence: i64,
    #[serde(with = "hex")]
    hash: [u8; 32],
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    #[serde(with = "kaika_wire::Base64")]
    signature: Vec<u8>,
}

impl AnchorFile {
    /// The file need not be there yet.
    pub fn new(path: impl Into<PathBuf>, key: AuditKey) -> Self {
        Self { lines: Arc::new(Lines { path: path.into(), key }), pool: Pool::of_one() }
    }
}

#[async_trait]
impl Anchors for AnchorFile {
    /// `at` is kept to the second.
    async fn append(&self, anchor: &Anchor) -> Result<(), VaultError> {
        let (lines, anchor) = (Arc::clone(&self.lines), anchor.clone());
        self.pool.run(move || lines.append(&anchor)).await?
    }
}

impl Lines {
    fn append(&self, anchor: &Anchor) -> Result<(), VaultError> {
        let at = anchor.at.replace_nanosecond(0).expect("zero is a nanosecond");
        let signature = self.key.sign(&signed_text(&anchor.head, at))?;
        let line = Line { sequence: anchor.head.sequence, hash: anchor.head.hash, at, signature };
        let mut text = serde_json::to_vec(&line).map_err(|error| VaultError::Io(error.into()))?;
        text.push(b'\n');

        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&self.path)?;
        file.lock()?;
        let end = end_of_last_line(&mut file)?;
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        file.write_all(&text)?;
        file.sync_all()?;
        if end == 0
            && let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty())
        {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

/// What a file of anchors holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadAnchors {
    /// In the order of the file, each with its signature checked.
    pub anchors: Vec<Anchor>,
    /// Lines that are not what was signed, by their numbers; at most 1000.
    pub forged: Vec<usize>,
}

/// The anchors of this file; none where there is no file. A last line without its end was cut off while it was written,
/// and does not count.
///
/// # Errors
/// The file cannot be read.
pub fn read_anchors(path: &Path, key: &AuditPublicKey) -> std::io::Result<ReadAnchors> {
    const MOST_FORGED: usize = 1000;
    let mut read = ReadAnchors::default();
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(read),
        file => file?,
    };
    let (mut file, mut line, mut number) = (BufReader::new(file), Vec::new(), 0);
    loop {
        line.clear();
        // One that is longer was not written by us.
        file.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        let ended = line.pop_if(|byte| *byte == b'\n').is_some();
        if !ended && (line.len() as u64) < LONGEST_LINE {
            return Ok(read);
        }
        if !ended {
            file.skip_until(b'\n')?;
        }
        number += 1;
        match read_line(&line, key).filter(|_| ended) {
            Some(anchor) => read.anchors.push(anchor),
            None if read.forged.len() < MOST_FORGED => read.forged.push(number),
            None => {}
        }
    }
}

fn read_line(text: &[u8], key: &AuditPublicKey) -> Option<Anchor> {
    let line: Line = serde_json::from_slice(text).ok()?;
    let anchor = Anchor { head: Head { sequence: line.sequence, hash: line.hash }, at: line.at };
    let right = anchor.at.nanosecond() == 0 && key.verifies(&signed_text(&anchor.head, anchor.at), &line.signature);
    right.then_some(anchor)
}

fn signed_text(head: &Head, at: OffsetDateTime) -> Vec<u8> {
    let (hash, at) = (hex::encode(head.hash), at.unix_timestamp());
    format!("kaika/audit-anchor/1\n{}\n{hash}\n{at}\n", head.sequence).into_bytes()
}

/// Where the next line begins: after the last line that was written whole.
fn end_of_last_line(file: &mut File) -> std::io::Result<u64> {
    let length = file.seek(SeekFrom::End(0))?;
    let start = length.saturating_sub(LONGEST_LINE);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.take(LONGEST_LINE).read_to_end(&mut tail)?;
    Ok(tail.iter().rposition(|byte| *byte == b'\n').map_or(start, |index| start + index as u64 + 1))
}
