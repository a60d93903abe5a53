//! What an activation asks of the card, of the line and of the server. Card time and round trips are what people wait
//! for; the server's time is what an authority pays for.

use crate::cpu::{Cpu, Spent, median};
use crate::desk::{Desk, Traffic, user_code};
use crate::relay::Relay;
use crate::report::{Figure, Table, millis, number};
use crate::server::Server;
use crate::site::{Address, Database, Keys, Site};
use crate::{Setting, runtime};
use anyhow::{Result, ensure};
use kaika_app::access::UserCodeHasher;
use kaika_testkit::ports::PortPair;
use kaika_vault::UserCodes;
use std::time::Duration;

pub(crate) fn measure(setting: &Setting) -> Result<Vec<Table>> {
    let p256 = of_cards("p256", setting.size(30, 3), setting)?;
    let rsa = of_cards("rsa2048", setting.size(5, 1), setting)?;
    Ok(vec![
        Table::of("an activation, P-256 card", with_targets(&p256)),
        Table::of(
            "for comparison",
            [of_rsa(&rsa), of_personalising("P-256", &p256), of_personalising("RSA-2048", &rsa)].concat(),
        ),
    ])
}

struct Measured {
    personalised: Job,
    activated: Job,
    /// One verification of a user code, at the same time.
    argon2: Spent,
    /// What the server spends on an activation beside it: each with its own, since a machine is not always as quick.
    rest: Duration,
}

/// A job of which each is as the others; only time differs.
struct Job {
    first: Traffic,
    /// To the server and from it, with HTTP around.
    wire: (u64, u64),
    server: Spent,
}

fn of_cards(kind: &'static str, count: u32, setting: &Setting) -> Result<Measured> {
    let ports = PortPair::claim()?;
    let address = Address::Plain { origin: format!("http://127.0.0.1:{}", ports.first), port: ports.first + 1 };
    let keys = Keys { card: kind, ..Keys::default() };
    let site = Site::make(&setting.folder, &Database::Sqlite, &keys, &address)?;
    let runtime = runtime()?;
    let app = runtime.block_on(site.open())?.app;
    let server = Server::kaika(&site, ports.first + 1)?;
    let relay = Relay::start(ports.first, ports.first + 1)?;
    let desk = runtime.block_on(Desk::at(&format!("http://127.0.0.1:{}", ports.first), &app, &site.path("")))?;
    let user_codes = UserCodes::new();
    let hash = runtime.block_on(user_codes.hash(&user_code()))?;

    let (mut personalised, mut activated, mut argon2) = (Vec::new(), Vec::new(), Vec::new());
    let counted = |job: &mut Vec<(Traffic, (u64, u64))>, run: &dyn Fn() -> Result<Traffic>| -> Result<()> {
        let before = relay.bytes();
        let traffic = run()?;
        let after = relay.bytes();
        job.push((traffic, (after.0 - before.0, after.1 - before.1)));
        Ok(())
    };
    for serial in 1..=count {
        let card = desk.order(&runtime, &app, serial)?;
        counted(&mut personalised, &|| desk.personalise(&card, &server))?;
        counted(&mut activated, &|| desk.activate(&card, &server))?;
        let (right, spent) = Cpu::OWN.spent(|| Ok(runtime.block_on(user_codes.verify(&hash, &user_code()))?))?;
        ensure!(right, "the user code is the right one");
        argon2.push(spent);
    }
    runtime.block_on(app.store.close());
    let pairs = activated.iter().zip(&argon2);
    let rest = median(pairs.map(|((traffic, _), argon2)| traffic.server.cpu.saturating_sub(argon2.cpu)));
    Ok(Measured { personalised: job(personalised)?, activated: job(activated)?, argon2: middle(argon2), rest })
}

fn job(mut runs: Vec<(Traffic, (u64, u64))>) -> Result<Job> {
    let server = middle(runs.iter().map(|(traffic, _)| traffic.server));
    let (first, wire) = runs.swap_remove(0);
    let same = runs.iter().all(|(run, _)| run.job.apdus == first.job.apdus && run.round_trips == first.round_trips);
    ensure!(same, "not every job took the same way");
    Ok(Job { first, wire, server })
}

fn middle(spent: impl IntoIterator<Item = Spent>) -> Spent {
    let (cpu, wall): (Vec<_>, Vec<_>) = spent.into_iter().map(|spent| (spent.cpu, spent.wall)).unzip();
    Spent { cpu: median(cpu), wall: median(wall) }
}

fn with_targets(p256: &Measured) -> Vec<Figure> {
    let Job { first, wire, server } = &p256.activated;
    let rest = p256.rest;
    vec![
        Figure::new("APDUs", first.job.apdus.to_string()).beside("with those that find out which card it is").at_most(
            first.job.apdus as f64,
            13.0,
            "13",
        ),
        Figure::new("bytes to the card, from the card", both(first.job.to_card, first.job.from_card)),
        Figure::new("round trips to the server", first.round_trips.to_string()).at_most(
            first.round_trips as f64,
            3.0,
            "3",
        ),
        Figure::new("bytes to the server, from the server", both(wire.0, wire.1))
            .beside("with HTTP, and with one question before: what the portal is"),
        Figure::new("CPU of the server without argon2", millis(rest))
            .beside(format!("{} with it; argon2 alone {}", millis(server.cpu), millis(p256.argon2.cpu)))
            .below(rest.as_secs_f64(), 0.005, "5 ms"),
        Figure::new("on the wall, software card", millis(server.wall)),
    ]
}

fn of_rsa(rsa: &Measured) -> Vec<Figure> {
    let Job { first, wire, .. } = &rsa.activated;
    vec![
        Figure::new("activation, RSA-2048 card: APDUs", first.job.apdus.to_string())
            .beside(format!("{} round trips", first.round_trips)),
        Figure::new("bytes to the card, from the card", both(first.job.to_card, first.job.from_card))
            .beside(format!("{} to the server, from the server", both(wire.0, wire.1))),
        Figure::new("CPU of the server without argon2", millis(rsa.rest)),
    ]
}

fn of_personalising(key: &str, measured: &Measured) -> Vec<Figure> {
    let Job { first, server, .. } = &measured.personalised;
    vec![
        Figure::new(format!("personalising, {key} card: APDUs"), first.job.apdus.to_string())
            .beside(format!("{} round trips", first.round_trips)),
        Figure::new("CPU of the server", millis(server.cpu)),
    ]
}

fn both(to: u64, from: u64) -> String {
    format!("{}, {}", number(to as f64), number(from as f64))
}
