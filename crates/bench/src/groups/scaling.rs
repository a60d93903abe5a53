//! What grows with the number of certificates, and should not.

use crate::cpu::{Cpu, Spent, median};
use crate::desk::{Desk, DeskCard, HOLDER, user_code};
use crate::fill::{Filler, card_number, holder_name, serial};
use crate::report::{Table, number};
use crate::revoke::revoke;
use crate::server::Server;
use crate::site::{Address, Database, GENERATION, Keys, Site, authority};
use crate::{Setting, groups::ocsp, runtime};
use anyhow::{Context, Result, ensure};
use kaika_app::{
    App, Failure,
    access::draw_captcha,
    authorities::Generation,
    cards::sweep,
    certificates::{WithoutCard, certificate_status, change_status_without_card, find_certificates},
    status::publish_crl,
};
use kaika_pki::Certificate;
use kaika_testkit::{ports::PortPair, postgres::TestPostgres};
use kaika_wire::{JobKind, StatusChange, SuspendReason};
use std::future::Future;
use tokio::runtime::Runtime;

/// Cards whose period is over, whatever the size.
const OVERDUE: u64 = 20;

pub(crate) fn measure(setting: &Setting) -> Result<Vec<Table>> {
    let postgres = TestPostgres::start_durable(&setting.folder);
    [Database::Sqlite, Database::Postgres(&postgres)].iter().map(|database| on(database, setting)).collect()
}

fn on(database: &Database<'_>, setting: &Setting) -> Result<Table> {
    let sizes = setting.size([1_000, 100_000, 1_000_000], [100, 1_000, 10_000]);
    let title = format!("{}: CPU ms (ms on the wall)", database.name());
    let heads = sizes.map(|size| format!("{} certificates", number(size as f64)));
    let mut table =
        Table::new(std::iter::once(title.as_str()).chain(heads.iter().map(String::as_str)).chain(["growth"]));
    let columns = sizes.into_iter().map(|size| at(size, database, setting)).collect::<Result<Vec<_>>>()?;
    for (index, (what, first)) in columns[0].iter().enumerate() {
        let mut row = vec![(*what).to_owned()];
        row.extend(columns.iter().map(|column| {
            let Spent { cpu, wall } = column[index].1;
            format!("{} ({})", number(cpu.as_secs_f64() * 1e3), number(wall.as_secs_f64() * 1e3))
        }));
        let last = columns.last().context("there are sizes")?[index].1;
        row.push(format!("× {}", number(last.cpu.as_secs_f64() / first.cpu.as_secs_f64())));
        table.row(row);
    }
    Ok(table)
}

type Column = Vec<(&'static str, Spent)>;

fn at(size: u64, database: &Database<'_>, setting: &Setting) -> Result<Column> {
    let ports = PortPair::claim()?;
    let origin = format!("http://127.0.0.1:{}", ports.first);
    let address = Address::Plain { origin: origin.clone(), port: ports.first };
    let site = Site::make(&setting.folder, database, &Keys::default(), &address)?;
    let runtime = runtime()?;
    let app = runtime.block_on(site.open())?.app;
    let cards = size / 4;
    let generation = runtime.block_on(fill(&app, cards))?;
    database.settle();
    let issuer = Certificate::from_der(&generation.certificate)?;
    let each = Each { runtime: &runtime, database, count: setting.size(50, 5), among: cards };
    let mut column = vec![
        ("certificates by card number and holder", each.median(|card| by_card(&app, card))?),
        ("certificates by serial number", each.median(|card| by_serial(&app, card * 4))?),
        ("OCSP, never asked before", each.median(|card| by_ocsp(&app, &issuer, card * 4 + 1))?),
        ("a revocation", each.median(|card| revoke(&app, &generation, card * 4 + 2))?),
        (
            "a shard's revocation list after it",
            each.after(|card| revoke(&app, &generation, card * 4 + 3), |card| list(&app, &generation, card * 4 + 3))?,
        ),
        ("the sweep, 20 cards overdue", each.once(sweep_overdue(&app, OVERDUE))?),
        ("the sweep, none", each.once(sweep_overdue(&app, 0))?),
    ];

    let server = Server::kaika(&site, ports.first)?;
    let desk = runtime.block_on(Desk::at(&origin, &app, &site.path("")))?;
    let mut cards = Vec::new();
    for serial in 1..=setting.size(9, 2) {
        let card = desk.order(&runtime, &app, serial)?;
        desk.personalise(&card, &server)?;
        cards.push(card);
    }
    for (what, kind) in [
        ("an activation, argon2 included", JobKind::Activate),
        ("a check of a card", JobKind::Check),
        ("an unlocking, argon2 included", JobKind::Unlock),
    ] {
        let spent: Result<Vec<_>> = cards
            .iter()
            .map(|card| {
                let before = database.cpu()?;
                let mut spent = desk.job(kind, card, &server)?.server;
                spent.cpu += database.cpu()?.since(&before);
                Ok(spent)
            })
            .collect();
        column.push((what, middle(&spent?)));
    }
    let spent: Result<Vec<_>> = cards.iter().map(|card| each.once(suspend(&app, card))).collect();
    column.push(("a suspension without the card, argon2 included", middle(&spent?)));
    runtime.block_on(app.store.close());
    Ok(column)
}

/// Nine of ten cards are activated, one is on its way to its holder.
async fn fill(app: &App, cards: u64) -> Result<Generation> {
    let filler = Filler::new(app).await?;
    filler.activated(0..cards).await?;
    filler.dispatched(cards..cards + cards / 10).await?;
    filler.overdue(2 * cards..2 * cards + OVERDUE).await?;
    Ok(filler.generation().clone())
}

/// One thing done for some cards among all.
struct Each<'a> {
    runtime: &'a Runtime,
    database: &'a Database<'a>,
    count: u64,
    among: u64,
}

impl Each<'_> {
    /// Once before, for what is opened at first use.
    fn median<F: Future<Output = Result<()>>>(&self, work: impl Fn(u64) -> F) -> Result<Spent> {
        self.after(async |_| Ok(()), work)
    }

    fn after<F: Future<Output = Result<()>>>(
        &self,
        prepare: impl AsyncFn(u64) -> Result<()>,
        work: impl Fn(u64) -> F,
    ) -> Result<Spent> {
        let mut spent = Vec::new();
        let count = self.count.min(self.among - 1);
        for index in 0..=count {
            let card = index * (self.among / (count + 1));
            self.runtime.block_on(prepare(card))?;
            spent.push(self.once(work(card))?);
        }
        Ok(middle(&spent[1..]))
    }

    fn once(&self, work: impl Future<Output = Result<()>>) -> Result<Spent> {
        let before = self.database.cpu()?;
        let ((), mut spent) = Cpu::OWN.spent(|| self.runtime.block_on(work))?;
        spent.cpu += self.database.cpu()?.since(&before);
        Ok(spent)
    }
}

fn middle(spent: &[Spent]) -> Spent {
    Spent { cpu: median(spent.iter().map(|spent| spent.cpu)), wall: median(spent.iter().map(|spent| spent.wall)) }
}

async fn by_card(app: &App, card: u64) -> Result<()> {
    let found = find_certificates(app, &authority(), &card_number(card).parse()?, &holder_name(card)).await?;
    ensure!(found.len() == 3, "three certificates of a card are shown");
    Ok(())
}

async fn by_serial(app: &App, certificate: u64) -> Result<()> {
    match certificate_status(app, &authority(), &serial(certificate)).await {
        // Of a card's own certificate nothing is told.
        Ok(_) | Err(Failure::Refused(_)) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

async fn by_ocsp(app: &App, issuer: &Certificate, certificate: u64) -> Result<()> {
    ocsp::answer(app, &ocsp::question(issuer, certificate)?).await
}

/// As the form of the page does it.
async fn suspend(app: &App, card: &DeskCard) -> Result<()> {
    let captcha = draw_captcha(app)?;
    let form = WithoutCard {
        number: card.number.clone(),
        name: HOLDER.to_owned(),
        user_code: user_code(),
        change: StatusChange::Suspend(SuspendReason::Lost),
        answer: captcha.sum.result().to_string(),
        captcha: captcha.token,
    };
    change_status_without_card(app, &authority(), form).await?;
    Ok(())
}

async fn list(app: &App, generation: &Generation, certificate: u64) -> Result<()> {
    let shard = generation.shard_of(&serial(certificate));
    ensure!(!publish_crl(app, GENERATION, Some(shard)).await?.der.is_empty());
    Ok(())
}

async fn sweep_overdue(app: &App, expected: u64) -> Result<()> {
    let swept = sweep(app, false, &kaika_domain::audit::Actor::Scheduler).await?;
    ensure!(swept.len() as u64 == expected, "{} cards were swept", swept.len());
    Ok(())
}
