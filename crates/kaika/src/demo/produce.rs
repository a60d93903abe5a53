//! Makes the planned cards as any station would: ordered by the use case, personalised by a card job over HTTP.
//! Every step is written down first, so that an interrupted start goes on where it was.

use super::{
    Folder, Memory,
    memory::DemoCard,
    plan::{CARDS, PIN, PlannedCard, Story},
};
use crate::clock::ShiftedClock;
use crate::installation::{Installation, write_whole};
use crate::{operator::operator, state_file};
use anyhow::{Context, Result, anyhow, bail};
use kaika_agent::{
    engine::{Inputs, Order, PAUSES, run_job},
    portal::{Station, Target, http::HttpPortals},
    readers::soft::{SoftReaders, desk_session},
    tool::TypedSecrets,
};
use kaika_app::{
    App, Failure,
    access::{draw_user_code, enrol_station},
    cards::order_card,
    certificates::{Which, change_status_by_authority},
    kernel::Lease,
    mail::{Mailbox, deliver_mails},
};
use kaika_domain::{audit::Actor, cards::CardState, certificates::CertificateState};
use kaika_mail::FolderMailbox;
use kaika_softcard::{FaultKind, Options, SoftCard};
use kaika_wire::{
    AuthorityId, CardNumber, Code, EmailAddress, JobDetails, JobKind, Refusal, RevokeReason, StatusChange,
    SuspendReason, UserCode,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// When the first of the old cards that are still to be made was made, in days from now; none where all are.
pub(super) fn days_of_first(memory: &Memory) -> Option<i64> {
    let missing = CARDS.iter().filter(|planned| planned.story.days_ago() > 0 && !is_placed(memory, planned));
    missing.map(|planned| -planned.story.days_ago()).min()
}

/// The authorities of old cards, each with its root before it, are as old.
pub(super) async fn found_for_old(installation: &Installation, by: &Actor) -> Result<()> {
    for planned in CARDS.iter().filter(|planned| planned.story.days_ago() > 0) {
        let authority: AuthorityId = planned.authority.parse().context("the plan names an authority")?;
        let root = installation.app.policy(&authority)?.hierarchy.root.clone();
        for owner in [root, authority] {
            installation.app.issuer.found(&owner, by).await.context("an old authority could not be founded")?;
        }
    }
    Ok(())
}

fn is_placed(memory: &Memory, planned: &PlannedCard) -> bool {
    memory.cards.iter().any(|card| card.plan == planned.name && card.placed)
}

pub(super) async fn produce(
    folder: &Folder,
    installation: &Installation,
    memory: &mut Memory,
    readers: &SoftReaders,
    clock: &ShiftedClock,
    stopping: watch::Receiver<bool>,
) -> Result<()> {
    // The oldest first, so that time goes on.
    let mut cards: Vec<_> = CARDS.iter().collect();
    cards.sort_by_key(|planned| std::cmp::Reverse(planned.story.days_ago()));
    for (count, planned) in (1..).zip(cards) {
        if *stopping.borrow() {
            return Ok(());
        }
        let index = remembered(folder, installation, memory, planned)?;
        if memory.cards[index].placed {
            continue;
        }
        kaika_say::say!("Making card {count} of {} …", CARDS.len());
        let now = match planned.story.days_ago() {
            0 => memory.days_later.into(),
            days => -days,
        };
        clock.set(now);
        let number = ordered(folder, installation, memory, index, planned).await?;
        personalised(folder, installation, memory, planned, &number).await?;
        let user_code = memory.cards[index].user_code.clone();
        lived(folder, installation, memory, planned, &number, user_code).await?;
        if let Some(reader) = planned.reader {
            readers.insert(number.as_str(), reader).map_err(refusal_error)?;
        }
        memory.cards[index].placed = true;
        memory.write(folder)?;
    }
    clock.set(memory.days_later.into());
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
        None => {
            let code = memory.cards[index].user_code.clone();
            order_card(app, &authority, planned.order(), code, &operator(None)).await?.card.number
        }
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
    let order = Order {
        number: Some(number.clone()),
        station: Some(station),
        mailer: Some(mailer_file(folder, number)),
        ..Order::new(JobKind::Personalise)
    };
    at_card(folder, memory, planned, number, move |desk| desk.run(&order, Inputs::default()).map_err(refusal_error))
        .await
}

/// What the story of the card has happen to it after it was delivered.
async fn lived(
    folder: &Folder,
    installation: &Installation,
    memory: &Memory,
    planned: &PlannedCard,
    number: &CardNumber,
    user_code: Option<UserCode>,
) -> Result<()> {
    if planned.story == Story::AsDelivered {
        return Ok(());
    }
    let app = &installation.app;
    let card = app.store.read().await?.card_by_number(number).await?;
    let activated = card.is_some_and(|card| card.state.is_activated());
    let story = planned.story;
    at_card(folder, memory, planned, number, move |desk| {
        if !activated {
            desk.run(&Order::new(JobKind::Activate), typed(user_code.as_ref(), JobKind::Activate)?)
                .map_err(refusal_error)?;
        }
        match story {
            Story::PinLocked => desk.lock_pin(),
            Story::PukBlocked => {
                desk.block_puk()?;
                desk.lock_pin()
            }
            Story::UserCodeLocked => desk.lock_user_code(),
            Story::Suspended => {
                let details = JobDetails::change(StatusChange::Suspend(SuspendReason::NotInUse));
                let order = Order { details, ..Order::new(JobKind::Suspend) };
                unless(Code::AlreadySuspended, desk.run(&order, typed(user_code.as_ref(), order.kind)?))
            }
            Story::AsDelivered
            | Story::InUse
            | Story::Revoked
            | Story::IssuedNotWritten
            | Story::Expiring
            | Story::Expired => Ok(()),
        }
    })
    .await?;
    if story == Story::IssuedNotWritten {
        cut_email_write(folder, installation, memory, planned, number).await?;
    }
    if story == Story::Revoked {
        let change = StatusChange::Revoke(RevokeReason::Ceased);
        match change_status_by_authority(app, &Which::Card(number.clone()), change, &operator(None)).await {
            Err(Failure::Refused(refusal)) if refusal.code == Code::AlreadyRevoked => {}
            done => drop(done?),
        }
    }
    Ok(())
}

/// The holder asks for an address to be written, types the code from the mail, and takes the card out when the first
/// certificate is about to be written.
async fn cut_email_write(
    folder: &Folder,
    installation: &Installation,
    memory: &Memory,
    planned: &PlannedCard,
    number: &CardNumber,
) -> Result<()> {
    let app = &installation.app;
    let mut reader = app.store.read().await?;
    let card = reader.card_by_number(number).await?.ok_or_else(|| anyhow!("card {number} is not in the database"))?;
    let certificates = reader.certificates_of_card(card.id).await?;
    drop(reader);
    if certificates.iter().any(|certificate| matches!(certificate.state, CertificateState::Held { .. })) {
        return Ok(());
    }
    let address = planned.office();
    let order = || Order { details: JobDetails::email(planned.office()), ..Order::new(JobKind::SetEmail) };
    let first = order();
    at_card(folder, memory, planned, number, move |desk| {
        desk.run(&first, typed(None, first.kind)?).map_err(refusal_error)
    })
    .await?;
    let code = mailed_code(folder, app, &address).await?;
    let second = order();
    at_card(folder, memory, planned, number, move |desk| {
        const PUT_DATA: u8 = 0xdb;
        let mut card = desk.card.lock().unwrap_or_else(PoisonError::into_inner);
        card.plan_fault_at_instruction(PUT_DATA, FaultKind::LosePowerBefore);
        drop(card);
        let inputs = Inputs { mail_code: Some(code), ..typed(None, second.kind)? };
        match desk.run(&second, inputs) {
            Err(refusal) if refusal.code == Code::CardRemoved => Ok(()),
            Err(refusal) => Err(refusal_error(refusal)),
            Ok(()) => bail!("the card was not taken out"),
        }
    })
    .await
}

/// The code in the newest mail to this address; the scheduler may be about to send it, too.
async fn mailed_code(folder: &Folder, app: &App, address: &EmailAddress) -> Result<String> {
    let mailbox = FolderMailbox::open(folder.mails()).context("the mailbox cannot be opened")?;
    let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_alphanumeric());
    for _ in 0..100 {
        deliver_mails(app, &mailbox, Lease::USUAL).await?;
        if let Some(mail) = mailbox.delivered().await?.into_iter().find(|mail| mail.to == *address) {
            return mail.text.lines().map(str::trim).find(is_code).context("the mail has no code").map(str::to_owned);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("no mail came to {address}")
}

/// It may have been done before an interruption.
fn unless(done_before: Code, done: Result<(), Refusal>) -> Result<()> {
    match done {
        Err(refusal) if refusal.code != done_before => Err(refusal_error(refusal)),
        _ => Ok(()),
    }
}

/// As the holder would type them.
fn typed(user_code: Option<&UserCode>, kind: JobKind) -> Result<Inputs> {
    let user_code = user_code.map(|code| code.expose().to_owned().into());
    let pin = || Some(PIN.to_owned().into());
    let secrets = TypedSecrets { user_code, pin: pin(), new_pin: pin(), ..TypedSecrets::default() };
    secrets.inputs(kind).map_err(refusal_error)
}

/// Somebody at a computer with this card.
async fn at_card(
    folder: &Folder,
    memory: &Memory,
    planned: &PlannedCard,
    number: &CardNumber,
    work: impl FnOnce(&Desk) -> Result<()> + Send + 'static,
) -> Result<()> {
    let path = folder.cards().join(format!("{number}.card"));
    let (device, portal) = (planned.device, memory.origin.clone());
    let done = tokio::task::spawn_blocking(move || work(&Desk::new(&path, device, &portal)?));
    done.await.context("it stopped")?.with_context(|| format!("card {number} could not be made"))
}

struct Desk {
    card: Arc<Mutex<SoftCard>>,
    target: Target,
}

/// More than any counter has.
const MOST_TRIES: usize = 15;

impl Desk {
    fn new(path: &Path, device: u32, portal: &str) -> Result<Self> {
        let card = match path.exists() {
            true => SoftCard::open(path),
            false => SoftCard::create(path, Options { serial: device, strict: true, ..Options::default() }),
        };
        let card = card.with_context(|| format!("{} cannot be used", path.display()))?;
        let target =
            Target::find(&HttpPortals { configured: vec![portal.to_owned()] }, portal).map_err(refusal_error)?;
        Ok(Self { card: Arc::new(Mutex::new(card)), target })
    }

    fn run(&self, order: &Order, inputs: Inputs) -> Result<(), Refusal> {
        let mut session = desk_session(Arc::clone(&self.card));
        run_job(session.as_mut(), &self.target, order, inputs, PAUSES, &mut |_| {}).map(drop)
    }

    /// Wrong PINs until the card takes none.
    fn lock_pin(&self) -> Result<()> {
        const VERIFY: [u8; 13] = *b"\x00\x20\x00\x80\x08000000\xff\xff";
        self.until_blocked(&VERIFY)
    }

    fn block_puk(&self) -> Result<()> {
        const RESET_RETRY_COUNTER: [u8; 21] = *b"\x00\x2c\x00\x80\x1000000000000000\xff\xff";
        self.until_blocked(&RESET_RETRY_COUNTER)
    }

    /// 6983: authentication method blocked (ISO 7816-4 §5.6).
    fn until_blocked(&self, apdu: &[u8]) -> Result<()> {
        const SELECT_PIV: [u8; 10] = *b"\x00\xa4\x04\x00\x05\xa0\x00\x00\x03\x08";
        let mut card = self.card.lock().unwrap_or_else(PoisonError::into_inner);
        card.power_on();
        card.transmit(&SELECT_PIV)?;
        for _ in 0..=MOST_TRIES {
            if card.transmit(apdu)?.ends_with(&[0x69, 0x83]) {
                card.power_off();
                return Ok(());
            }
        }
        bail!("the card does not block");
    }

    /// Wrong user codes until the server tests no more.
    fn lock_user_code(&self) -> Result<()> {
        let wrong = UserCode::parse("Wrong000")?;
        for _ in 0..MOST_TRIES {
            match self.run(&Order::new(JobKind::Unlock), typed(Some(&wrong), JobKind::Unlock)?) {
                Err(refusal) if refusal.code == Code::UserCodeLocked => return Ok(()),
                Err(refusal) if refusal.code == Code::UserCodeWrong => {}
                Err(refusal) => return Err(refusal_error(refusal)),
                Ok(()) => bail!("a wrong user code unlocked a card"),
            }
        }
        bail!("the user code does not lock")
    }
}

/// The demo's own station, enrolled when it is first needed.
async fn station(folder: &Folder, installation: &Installation) -> Result<Station> {
    let path = folder.secrets().join("station.json");
    if !path.exists() {
        let enrolled = enrol_station(&installation.app, "demo", &operator(None)).await?;
        let credential = serde_json::to_vec(&enrolled).context("a credential is JSON")?;
        write_whole(&path, &credential).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let credential = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let next = "remove it, and the demo enrols another";
    serde_json::from_slice(&credential).map_err(|error| state_file::damaged(&path, error, next))
}

/// Where the PIN of a card lies that is delivered with one.
pub(super) fn mailer_file(folder: &Folder, number: &CardNumber) -> PathBuf {
    folder.cards().join(format!("{number}.mailer.json"))
}

fn refusal_error(refusal: Refusal) -> anyhow::Error {
    anyhow::Error::from(kaika_texts::explain(crate::output::language(), refusal))
}
