//! Certificates a second, each durable and in the audit log, against what the issuing key alone could sign.

use crate::cpu::{Cpu, Spent, median};
use crate::fill;
use crate::report::{Figure, Table, number, percent};
use crate::site::{Database, Keys, Site};
use crate::{Setting, runtime, signatures};
use anyhow::{Result, ensure};
use kaika_app::{App, authorities::IssueOrder};
use kaika_pki::KeyAlgorithm;
use kaika_testkit::postgres::TestPostgres;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// Orders that wait for their certificates at the same time.
const IN_FLIGHT: usize = 64;
/// Issued before anything is measured.
const FIRST: u64 = 128;

pub(crate) fn measure(setting: &Setting) -> Result<Vec<Table>> {
    let postgres = TestPostgres::start_durable(&setting.folder);
    let mut figures = Vec::new();
    for key in
        [Key { name: "rsa2048", algorithm: KeyAlgorithm::Rsa2048 }, Key { name: "p256", algorithm: KeyAlgorithm::P256 }]
    {
        for database in [Database::Sqlite, Database::Postgres(&postgres)] {
            figures.extend(of_key(setting, &key, &database)?);
        }
    }
    Ok(vec![Table::of("certificates", figures)])
}

/// The issuing key.
struct Key {
    name: &'static str,
    algorithm: KeyAlgorithm,
}

struct Round {
    issued: Spent,
    database: Duration,
    /// Signatures of the key alone, a second of CPU.
    raw: f64,
}

fn of_key(setting: &Setting, key: &Key, database: &Database<'_>) -> Result<Vec<Figure>> {
    let site = Site::make(
        &setting.folder,
        database,
        &Keys { authority: key.name, ..Keys::default() },
        &crate::site::Address::None,
    )?;
    let (rounds, count) = (setting.size(3, 1), setting.size(2000, 128));
    let runtime = runtime()?;
    runtime.block_on(async {
        site.open().await?.app.store.close().await;
        Ok::<_, anyhow::Error>(())
    })?;
    let syncs = database.syncs();
    let app = runtime.block_on(site.open())?.app;
    // The first ones open the key and the connections.
    runtime.block_on(async { issue_all(&app, fill::orders(&app, 0..FIRST).await?).await })?;
    let mut measured = Vec::new();
    for round in 1..=rounds {
        let orders = runtime.block_on(fill::orders(&app, round * 1_000_000..round * 1_000_000 + count))?;
        let raw = signatures::rate(key.algorithm, setting)?;
        let before = database.cpu()?;
        let ((), issued) = Cpu::OWN.spent(|| runtime.block_on(issue_all(&app, orders)))?;
        measured.push(Round { issued, database: database.cpu()?.since(&before), raw });
    }
    runtime.block_on(app.store.close());
    let syncs = database.syncs().zip(syncs).map(|(after, before)| (after - before) as f64);
    Ok(figures(key, database, &measured, count, syncs.map(|syncs| syncs / (FIRST + rounds * count) as f64)))
}

fn figures(key: &Key, database: &Database<'_>, rounds: &[Round], count: u64, syncs: Option<f64>) -> Vec<Figure> {
    let of = |figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure));
    let rate = of(&|round| round.issued.rate(count));
    let raw = of(&|round| round.raw);
    let share = of(&|round| round.issued.rate(count) / round.raw);
    let what = format!("{}, {}", key.algorithm, database.name());
    let issued = Figure::new(format!("{what}: a CPU-second"), format!("{} ({})", number(rate), percent(share)))
        .beside(format!("{} signatures of the key alone", number(raw)));
    let issued = match key.algorithm {
        KeyAlgorithm::P256 => issued.at_least(rate, 3000.0, "3,000"),
        _ => issued.at_least(share, 0.5, "50 % of the signatures"),
    };
    let wall = Figure::new(format!("{what}: a second"), number(of(&|round| round.issued.wall_rate(count))));
    if let Database::Sqlite = database {
        return vec![issued, wall];
    }
    let micros = of(&|round| round.database.as_secs_f64() * 1e6 / count as f64);
    let wall = wall.beside(format!(
        "{} µs of PostgreSQL's CPU, {} syncs of its log, for each",
        number(micros),
        syncs.map_or_else(|| "?".to_owned(), number)
    ));
    vec![issued, wall]
}

/// Every order gets its certificate, and each is in the audit log.
async fn issue_all(app: &Arc<App>, orders: Vec<IssueOrder>) -> Result<()> {
    let count = orders.len();
    let logged = app.store.read().await?.audit_head().await?.sequence;
    let orders = Arc::new(Mutex::new(orders.into_iter()));
    let mut workers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (app, orders) = (Arc::clone(app), Arc::clone(&orders));
        workers.spawn(async move {
            let mut serials = Vec::new();
            let next = || orders.lock().unwrap_or_else(PoisonError::into_inner).next();
            while let Some(order) = next() {
                serials.push(app.issuer.issue(&order).await?.serial);
            }
            Ok::<_, kaika_app::authorities::IssueError>(serials)
        });
    }
    let mut serials = HashSet::new();
    while let Some(worker) = workers.join_next().await {
        serials.extend(worker??);
    }
    ensure!(serials.len() == count, "{count} orders, {} serial numbers", serials.len());
    let logged = app.store.read().await?.audit_head().await?.sequence - logged;
    ensure!(logged == i64::try_from(count)?, "{count} certificates, {logged} events in the audit log");
    Ok(())
}
