//! Makes the planned cards as any station would: ordered by the use case, personalised by a card job over HTTP.
//! Every step is written down first, so that an interrupted start goes on where it was.

use super::{
    Memory,
    memory::DemoCard,
    plan::{CARDS, PlannedCard},
};
use crate::installation::{Folder, Installation, write_whole};
use anyhow::{Context, Result, anyhow};
use kaika_agent::{
    engine::{Inputs, Order, PAUSES, run_job},
    portal::{Station, Target, http::HttpPortals},
    readers::soft::{SoftReaders, desk_session},
};
use kaika_app::{draw_user_code, enrol_station, order_card};
use kaika_domain::CardState;
use kaika_softcard::{Options, SoftCard};
use kaika_wire::{AuthorityId, CardNumber, JobKind, Refusal};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio::sync::watch;

pub(super) async fn produce(
    folder: &Folder,
    installation: &Installation,
    memory: &mut Memory,
    readers: &SoftReaders,
    stopping: watch::Receiver<bool>,
) -> Result<()> {
    for planned in &CARDS {
        if *stopping.borrow() {
            return Ok(());
        }
        let index = remembered(folder, installation, memory, planned)?;
        if memory.cards[index].placed {
            continue;
        }
        println!("Making card {} of {} …", index + 1, CARDS.len());
        let number = ordered(folder, installation, memory, index, planned).await?;
        personalised(folder, installation, memory, planned, &number).await?;
        if let Some(reader) = planned.reader {
            readers.insert(number.as_str(), reader).map_err(told)?;
        }
        memory.cards[index].placed = true;
        memory.write(folder)?;
    }
    Ok(())
}

/// Where the planned card stands in the memory; a new one gets its user code here.
fn remembered(
    folder: &Folder,
    installation: &Installation,
    memory: &mut Memory,
    planned: &PlannedCard,
) -> Result<usize> {
    if let Some(index) = memory.cards.iter().position(|card| card.plan == planned.name) {
        return Ok(index);
    }
    let authority: AuthorityId = planned.authority.parse().context("the plan names an authority")?;
    let has_user_codes = installation.app.policy(&authority)?.user_code.is_some();
    let user_code = has_user_codes.then(|| draw_user_code(&installation.app));
    memory.cards.push(DemoCard { plan: planned.name.to_owned(), authority, user_code, number: None, placed: false });
    memory.write(folder)?;
    Ok(memory.cards.len() - 1)
}

async fn ordered(
    folder: &Folder,
    installation: &Installation,
    memory: &mut Memory,
    index: usize,
    planned: &PlannedCard,
) -> Result<CardNumber> {
    if let Some(number) = &memory.cards[index].number {
        return Ok(number.clone());
    }
    let app = &installation.app;
    let authority = memory.cards[index].authority.clone();
    let number = match orphan(installation, memory, index, planned).await? {
        Some(number) => number,
        None => order_card(app, &authority, planned.order(), memory.cards[index].user_code.clone()).await?.card.number,
    };
    memory.cards[index].number = Some(number.clone());
    memory.write(folder)?;
    Ok(number)
}

/// The order that was placed just before an interruption: for the planned holder and with the remembered user code, not
/// one that an operator has placed.
async fn orphan(
    installation: &Installation,
    memory: &Memory,
    index: usize,
    planned: &PlannedCard,
) -> Result<Option<CardNumber>> {
    let app = &installation.app;
    let mut reader = app.store.read().await?;
    let known = |number: &CardNumber| memory.cards.iter().any(|card| card.number.as_ref() == Some(number));
    for card in reader.cards(&memory.cards[index].authority).await? {
        if !matches!(card.state, CardState::Ordered) || card.device.is_some() || known(&card.number) {
            continue;
        }
        let holder = reader.holder(card.holder).await?;
        let same_holder = holder.is_some_and(|holder| holder.subject == planned.order().subject);
        let same_code = match (&memory.cards[index].user_code, reader.user_code(card.id).await?) {
            (Some(code), Some(record)) => app.user_codes.verify(&record.hash, code).await?,
            (None, None) => true,
            _ => false,
        };
        if same_holder && same_code {
            return Ok(Some(card.number));
        }
    }
    Ok(None)
}

async fn personalised(
    folder: &Folder,
    installation: &Installation,
    memory: &Memory,
    planned: &PlannedCard,
    number: &CardNumber,
) -> Result<()> {
    let card = installation.app.store.read().await?.card_by_number(number).await?;
    let card = card.ok_or_else(|| anyhow!("card {number} is not in the database"))?;
    if !matches!(card.state, CardState::Ordered) {
        return Ok(());
    }
    let station = station(folder, installation).await?;
    let job = Production {
        path: folder.cards().join(format!("{number}.card")),
        mailer: mailer_file(folder, number),
        device: planned.device,
        portal: memory.origin.clone(),
        number: number.clone(),
        station,
    };
    tokio::task::spawn_blocking(move || job.run())
        .await
        .context("personalising stopped")?
        .with_context(|| format!("card {number} could not be personalised"))
}

struct Production {
    path: PathBuf,
    mailer: PathBuf,
    device: u32,
    portal: String,
    number: CardNumber,
    station: Station,
}

impl Production {
    fn run(self) -> Result<()> {
        let card = match self.path.exists() {
            true => SoftCard::open(&self.path),
            false => SoftCard::create(&self.path, Options { serial: self.device, strict: true }),
        };
        let card = card.with_context(|| format!("{} cannot be used", self.path.display()))?;
        let mut session = desk_session(Arc::new(Mutex::new(card)));
        let target =
            Target::find(&HttpPortals { configured: vec![self.portal.clone()] }, &self.portal).map_err(told)?;
        let order = Order {
            kind: JobKind::Personalise,
            number: Some(self.number),
            station: Some(self.station),
            ticket: None,
            mailer: Some(self.mailer),
        };
        run_job(session.as_mut(), &target, &order, Inputs::default(), PAUSES, &mut |_| {}).map_err(told)?;
        Ok(())
    }
}

/// The demo's own station, enrolled when it is first needed.
async fn station(folder: &Folder, installation: &Installation) -> Result<Station> {
    let path = folder.secrets().join("station.json");
    if !path.exists() {
        let enrolled = enrol_station(&installation.app, "demo").await?;
        let credential = serde_json::to_vec(&enrolled).context("a credential is JSON")?;
        write_whole(&path, &credential).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let credential = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_slice(&credential).with_context(|| format!("{} is damaged", path.display()))
}

/// Where the PIN of a card lies that is delivered with one.
pub(super) fn mailer_file(folder: &Folder, number: &CardNumber) -> PathBuf {
    folder.cards().join(format!("{number}.mailer.json"))
}

fn told(refusal: Refusal) -> anyhow::Error {
    anyhow::Error::from(kaika_texts::explain(crate::output::language(), refusal))
}
