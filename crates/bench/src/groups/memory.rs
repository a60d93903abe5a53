//! What the server keeps in memory at rest, once it has done everything that it does.

use crate::desk::Desk;
use crate::groups::ocsp::{self, Questions};
use crate::load::{Turns, ask, get, load};
use crate::report::{Figure, Table, megabytes};
use crate::server::Server;
use crate::site::{Address, Database, GENERATION, Keys, Site};
use crate::{Setting, runtime};
use anyhow::Result;
use kaika_testkit::ports::PortPair;
use std::thread;
use std::time::Duration;

pub(crate) fn measure(setting: &Setting) -> Result<Vec<Table>> {
    let count = setting.size(100_000, 2_000);
    let ports = PortPair::claim()?;
    let (port, origin) = (ports.first, format!("http://127.0.0.1:{}", ports.first));
    let address = Address::Plain { origin: origin.clone(), port };
    let site = Site::make(&setting.folder, &Database::Sqlite, &Keys::default(), &address)?;
    let runtime = runtime()?;
    let issuer = runtime.block_on(ocsp::fill(&site, count))?;
    let questions = Questions::about(&issuer, count)?;
    let server = Server::kaika(&site, port)?;
    let started = server.memory("VmRSS")?;

    let time = setting.size(Duration::from_secs(5), Duration::from_millis(300));
    for (requests, turns) in
        [(&questions.get, Turns::OnceFrom(0)), (&questions.nonce, Turns::Round), (&questions.get, Turns::Round)]
    {
        load(port, requests, turns, time)?;
    }
    let app = runtime.block_on(site.open())?.app;
    let desk = runtime.block_on(Desk::at(&origin, &app, &site.path("")))?;
    for serial in 1..=setting.size(20, 2) {
        let card = desk.order(&runtime, &app, serial)?;
        desk.personalise(&card, &server)?;
        desk.activate(&card, &server)?;
    }
    runtime.block_on(app.store.close());
    ask(port, &get(&format!("/crl/{GENERATION}.crl")))?;
    let worked = server.memory("VmRSS")?;
    // Threads for blocking work end after ten seconds without any.
    thread::sleep(setting.size(Duration::from_secs(15), Duration::from_secs(1)));
    let (rest, own) = (server.memory("VmRSS")?, server.memory("RssAnon")?);
    let what = format!("at rest, after {} activations and OCSP for all", setting.size(20, 2));
    Ok(vec![Table::of(
        "resident memory of the server",
        vec![
            Figure::new("after its start", megabytes(started)),
            Figure::new("straight after the work", megabytes(worked))
                .beside(format!("{} at most", megabytes(server.memory("VmHWM")?))),
            Figure::new(what, megabytes(rest))
                .beside(format!("{} of it its own, the rest the program's file", megabytes(own)))
                .below(rest as f64, 60e6, "60 MB"),
        ],
    )])
}
