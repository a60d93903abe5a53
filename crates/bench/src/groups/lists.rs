//! A revocation list of a million entries, from the database to the signed list in it, and a revocation among them.

use crate::cpu::{Cpu, Spent, median};
use crate::fill::Filler;
use crate::report::{Figure, Table, megabytes, millis, number};
use crate::revoke::revoke;
use crate::server::memory;
use crate::site::{Address, Database, GENERATION, Keys, Site};
use crate::{Setting, runtime};
use anyhow::{Context, Result, ensure};
use kaika::{config::Config, installation::Schema, serve};
use kaika_app::{App, authorities::Generation, status::publish_crl};
use kaika_domain::certificates::{CertificateState, RevocationReason};
use kaika_testkit::postgres::TestPostgres;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use time::OffsetDateTime;

/// Certificates that are still good, to be revoked.
const GOOD: u64 = 100;
/// Lists signed, each after a change.
const LISTS: u64 = 3;

pub(crate) fn measure(setting: &Setting) -> Result<Vec<Table>> {
    let postgres = TestPostgres::start_durable(&setting.folder);
    let mut figures = Vec::new();
    for database in [Database::Sqlite, Database::Postgres(&postgres)] {
        figures.extend(on(&database, setting)?);
    }
    Ok(vec![Table::of("revocation lists", figures)])
}

fn on(database: &Database<'_>, setting: &Setting) -> Result<Vec<Figure>> {
    let count = setting.size(1_000_000, 10_000);
    let site = Site::make(&setting.folder, database, &Keys::default(), &Address::None)?;
    let runtime = runtime()?;
    let app = runtime.block_on(site.open())?.app;
    let generation = runtime.block_on(fill(&app, count))?;
    database.settle();

    let before = database.cpu()?;
    let output = Command::new(std::env::current_exe()?)
        .arg("list")
        .arg(site.config())
        .arg(count.to_string())
        .output()
        .context("the process that signs lists")?;
    let spent = database.cpu()?.since(&before);
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let signed: Signed = serde_json::from_slice(&output.stdout).context("what the process says")?;
    // The one that all the others are copies of is held.
    ensure!(signed.entries == count + LISTS + 1, "{} entries of {count}", signed.entries);

    let first = count + 2 * LISTS;
    let revoked = (first..count + GOOD)
        .map(|number| Ok(Cpu::OWN.spent(|| runtime.block_on(revoke(&app, &generation, number)))?.1))
        .collect::<Result<Vec<_>>>()?;
    runtime.block_on(app.store.close());
    Ok(figures(database, count, &signed, &revoked, spent))
}

fn figures(database: &Database<'_>, count: u64, signed: &Signed, revoked: &[Spent], spent: Duration) -> Vec<Figure> {
    let (name, count) = (database.name(), number(count as f64));
    let revocation = median(revoked.iter().map(|revoked| revoked.wall));
    let of_postgres = match database {
        Database::Sqlite => String::new(),
        Database::Postgres(_) => format!(", {} of PostgreSQL's for all", millis(spent)),
    };
    vec![
        Figure::new(format!("{name}: a list of {count} entries"), millis(signed.all.wall()))
            .beside(format!("{} of CPU{of_postgres}; {}", millis(signed.all.cpu()), megabytes(signed.bytes)))
            .below(signed.all.wall().as_secs_f64(), 2.0, "2 s"),
        Figure::new(format!("{name}: memory it takes"), megabytes(signed.grown))
            .beside(format!("{} before", megabytes(signed.before)))
            .below(signed.grown as f64, 300e6, "300 MB"),
        Figure::new(format!("{name}: the list of one of 16 shards"), millis(signed.shard.wall()))
            .beside(format!("{} of CPU", millis(signed.shard.cpu()))),
        Figure::new(format!("{name}: a revocation"), millis(revocation))
            .beside(format!("{} of CPU", millis(median(revoked.iter().map(|revoked| revoked.cpu)))))
            .below(revocation.as_secs_f64(), 0.01, "10 ms"),
    ]
}

async fn fill(app: &App, count: u64) -> Result<Generation> {
    let filler = Filler::new(app).await?;
    let revoked = CertificateState::Revoked { reason: RevocationReason::Superseded, at: app.now() };
    filler.certificates(0..count, &revoked).await?;
    filler.certificates(count..count + GOOD, &CertificateState::Valid).await?;
    Ok(filler.generation().clone())
}

/// What the process of its own tells.
#[derive(Serialize, Deserialize)]
struct Signed {
    all: Times,
    shard: Times,
    entries: u64,
    bytes: u64,
    /// Resident before the first list.
    before: u64,
    /// At most, above that.
    grown: u64,
}

#[derive(Default, Serialize, Deserialize)]
struct Times(Vec<(Duration, Duration)>);

impl Times {
    fn cpu(&self) -> Duration {
        median(self.0.iter().map(|(cpu, _)| *cpu))
    }

    fn wall(&self) -> Duration {
        median(self.0.iter().map(|(_, wall)| *wall))
    }
}

/// The part that is a process of its own: nothing else is in its memory. `count` certificates are revoked, and those
/// that come after them are good.
pub(crate) fn sign(config: &Path, count: u64) -> Result<()> {
    let runtime = runtime()?;
    let app = runtime.block_on(async { serve::open(&Config::read(config)?, Schema::Check).await })?.app;
    let generations = runtime.block_on(async { app.store.read().await?.generations().await })?;
    let generation = generations.iter().find(|generation| generation.name() == GENERATION);
    let generation = generation.context("the authority is founded")?;
    let now = app.now();
    // Opens the key.
    runtime.block_on(app.issuer.sign_crl(generation, None, 1, Vec::new(), now, now + time::Duration::DAY))?;
    // The peak begins anew (proc(5)).
    std::fs::write("/proc/self/clear_refs", "5")?;
    let before = memory("self", "VmRSS")?;
    let (mut all, mut shard, mut der) = (Times::default(), Times::default(), Vec::new());
    for number in count..count + LISTS {
        runtime.block_on(revoke(&app, generation, number))?;
        drop(std::mem::take(&mut der));
        let (crl, spent) = Cpu::OWN.spent(|| Ok(runtime.block_on(publish_crl(&app, GENERATION, None))?))?;
        all.0.push((spent.cpu, spent.wall));
        der = crl.der;
    }
    let grown = memory("self", "VmHWM")?.saturating_sub(before);
    for number in count + LISTS..count + 2 * LISTS {
        runtime.block_on(revoke(&app, generation, number))?;
        let of = generation.shard_of(&crate::fill::serial(number));
        let (crl, spent) = Cpu::OWN.spent(|| Ok(runtime.block_on(publish_crl(&app, GENERATION, Some(of)))?))?;
        shard.0.push((spent.cpu, spent.wall));
        let entries = kaika_pki::crl::Crl::from_der(&crl.der)?.entries().len() as u64;
        ensure!(entries > count / 20, "a shard with {entries} entries of {count}");
    }
    let list = kaika_pki::crl::Crl::from_der(&der)?;
    list.verify_issued_by(&kaika_pki::Certificate::from_der(&generation.certificate)?)?;
    ensure!(list.next_update() > OffsetDateTime::now_utc(), "the list is over");
    let entries = list.entries().len() as u64;
    let signed = Signed { all, shard, entries, bytes: der.len() as u64, before, grown };
    println!("{}", serde_json::to_string(&signed)?);
    Ok(())
}
