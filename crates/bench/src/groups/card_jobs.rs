//! What a job asks of its card, beside the same work by other people's tools. Each side's card is in a reader of a real
//! pcscd and counts for itself; the programs are those that people run.

mod peers;
mod rig;

use crate::Setting;
use crate::report::{Table, number};
use anyhow::Result;
use kaika_softcard::Exchange;
use kaika_wire::JobKind;
use peers::{Opensc, Peers, Yubico};
use rig::Rig;

pub(crate) fn measure(setting: &Setting) -> Result<Vec<Table>> {
    let rig = Rig::new(setting)?;
    let rows = rows(&rig)?;
    Ok(vec![
        table("P-256 card: APDUs", &rows, |sum| sum.apdus),
        table("P-256 card: bytes, both ways", &rows, |sum| sum.bytes),
    ])
}

/// One job, and what the others' tools need for what they can do of it.
struct Row {
    job: &'static str,
    round_trips: usize,
    ours: Counted,
    yubico: Sum,
    opensc: Sum,
}

#[derive(Clone, Copy, Default)]
struct Sum {
    apdus: usize,
    bytes: usize,
}

impl<'e> FromIterator<&'e Exchange> for Sum {
    fn from_iter<I: IntoIterator<Item = &'e Exchange>>(exchanges: I) -> Self {
        exchanges.into_iter().fold(Self::default(), |sum, exchange| Self {
            apdus: sum.apdus + 1,
            bytes: sum.bytes + exchange.to_card + exchange.from_card,
        })
    }
}

/// What a job of ours took.
struct Counted {
    /// What others' tools do as well.
    same: Sum,
    /// What none of them does.
    apart: Sum,
}

impl Counted {
    fn new(kind: JobKind, exchanges: &[Exchange]) -> Self {
        let (apart, same): (Vec<_>, Vec<_>) = exchanges.iter().partition(|exchange| is_apart(kind, exchange));
        Self { same: same.into_iter().collect(), apart: apart.into_iter().collect() }
    }
}

/// The card's proof, the holder's receipt or proof with the PIN that it wants, and what the PUK's replacement takes: its
/// tries and the replacement itself. A test of certificates is about the holder's signature.
fn is_apart(kind: JobKind, exchange: &Exchange) -> bool {
    const EMPTY: usize = 5;
    match exchange.header {
        [_, 0x87, _, 0x9e] | [_, 0x24, _, 0x81] | [_, 0xf7, _, 0x81] => true,
        [_, 0x87, _, 0x9c] => kind != JobKind::Test,
        [_, 0x20, _, 0x80] => kind != JobKind::Test && exchange.to_card > EMPTY,
        _ => false,
    }
}

fn rows(rig: &Rig) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let ours = rig.run(JobKind::Activate, &["activate"])?;
    let peers = Peers::of(rig)?;
    rows.push(row("activation", JobKind::Activate, ours, &peers));
    let mut then = |job, kind, arguments: &[&str], peers: &Peers| -> Result<()> {
        rows.push(row(job, kind, rig.run(kind, arguments)?, peers));
        Ok(())
    };
    then("unlocking", JobKind::Unlock, &["unlock"], &peers)?;
    then("change of the PIN", JobKind::ChangePin, &["change-pin"], &peers)?;
    then("information", JobKind::Information, &["show"], &peers)?;
    then("check", JobKind::Check, &["check"], &peers)?;
    then("certificate test", JobKind::Test, &["test"], &peers)?;
    rig.spoil()?;
    then("re-write, one certificate", JobKind::Rewrite, &["rewrite"], &Peers::of(rig)?)?;
    rig.reissue()?;
    then("download, three certificates", JobKind::Rewrite, &["rewrite"], &Peers::of(rig)?)?;
    then("suspension", JobKind::Suspend, &["suspend", "--reason", "lost"], &peers)?;
    then("resumption", JobKind::Resume, &["resume", "--reason", "found"], &peers)?;
    then("revocation", JobKind::Revoke, &["revoke", "--reason", "ceased"], &peers)?;
    Ok(rows)
}

fn row(job: &'static str, kind: JobKind, (round_trips, exchanges): (usize, Vec<Exchange>), peers: &Peers) -> Row {
    let (yubico, opensc) = peers_of(job);
    let (yubico, opensc) = (peers.yubico(&yubico), peers.opensc(&opensc));
    Row { job, round_trips, ours: Counted::new(kind, &exchanges), yubico, opensc }
}

/// The same work, in the words of the others.
fn peers_of(job: &str) -> (Vec<Yubico>, Vec<Opensc>) {
    use Yubico::{ChangePin, Decipher, Identity, Read, Sign, Status, Unblock, Write};
    let which_card = [Identity, Read("9e")];
    let certificates = [Read("9c"), Read("9d"), Read("9a")];
    match job {
        "activation" | "unlocking" => ([&which_card[..], &[Unblock]].concat(), vec![Opensc::Unblock]),
        "change of the PIN" => (vec![Read("9e"), ChangePin], vec![Opensc::ChangePin]),
        "information" => (vec![Status], vec![Opensc::Certificates]),
        "check" => ([&which_card[..], &certificates].concat(), vec![Opensc::Certificates]),
        "certificate test" => {
            let uses = [Sign("9c"), Decipher("9d"), Sign("9a")];
            ([&which_card[..], &certificates, &uses].concat(), vec![Opensc::Test])
        }
        "re-write, one certificate" | "download, three certificates" => {
            let written: &[_] = if job.starts_with("download") { &["9c", "9d", "9a"] } else { &["9a"] };
            let yubico = [&which_card[..], &certificates, &[Write(written)], &certificates, &[Identity]].concat();
            let writes: Vec<_> = written.iter().map(|slot| Opensc::Write(slot)).collect();
            (yubico, [&[Opensc::Certificates][..], &writes, &[Opensc::Certificates]].concat())
        }
        _ => (which_card.into(), vec![Opensc::Certificate]),
    }
}

/// `12,345`, without a fraction.
fn whole(count: usize) -> String {
    if count < 100 { count.to_string() } else { number(count as f64) }
}

fn table(title: &str, rows: &[Row], of: fn(&Sum) -> usize) -> Table {
    let heads = ["round trips", "in all", "proof, receipt, PUK", "the rest", "`yubico-piv-tool`", "OpenSC", "no more"];
    let mut table = Table::new(std::iter::once(title).chain(heads));
    let count = |sum: &Sum| whole(of(sum));
    for row in rows {
        let Counted { same, apart } = &row.ours;
        let all = Sum { apdus: same.apdus + apart.apdus, bytes: same.bytes + apart.bytes };
        let least = of(&row.yubico).min(of(&row.opensc));
        table.row(vec![
            row.job.to_owned(),
            row.round_trips.to_string(),
            count(&all),
            count(apart),
            count(same),
            count(&row.yubico),
            count(&row.opensc),
            if of(same) <= least { "met" } else { "**missed**" }.to_owned(),
        ]);
    }
    table
}
