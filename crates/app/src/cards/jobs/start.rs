//! Starts a card job: which card is it, is it ours, what is to be done first.

use crate::{
    App, Failure, UnitOfWork,
    access::Station,
    audit::Action,
    authorities::Applicant,
    cards::{
        JobRecord,
        jobs::{Codes, JobTransaction, View, drive, event, fence},
        making,
    },
    kernel::{JobHash, TicketHash, retried, token},
};
use kaika_domain::{
    audit::Actor,
    cards::{
        Card, CardState,
        job::{CardJob, Event},
    },
};
use kaika_wire::{
    Capabilities, CertificateRole, Code, Expectation, JobId, JobKind, JobStarted, Nonce, PresentedCard, Refusal,
    SerialNumber, StartJob,
};

/// `station`: who asks to personalise.
///
/// # Errors
/// The agent is too old for it; the card is not ours, not blank, of another authority, not the one that the page was
/// told; nothing is ordered; the station is not enrolled; the ticket is over.
#[crate::use_case]
pub async fn start_card_job(app: &App, request: StartJob, station: Option<Station>) -> Result<JobStarted, Failure> {
    request.protocol.suffices(request.kind, Code::AgentTooOld)?;
    let (card, expectation) = match request.kind {
        JobKind::Personalise => {
            let station = station.as_ref().ok_or(Code::StationUnknown)?;
            // Another station may take the same order, or another window the same card, at this moment.
            retried(|| ordered_card(app, &request, station)).await?
        }
        _ => presented_card(app, &request).await?,
    };
    let policy = app.policy(&card.authority)?;
    let token = token(app.rng.as_ref());
    let (mut job, open) = open_job(app, &card, &request, expectation, &token, station.as_ref()).await?;
    let state = drive(app, &mut job, Event::Started, Codes::default(), open).await?;
    Ok(JobStarted {
        job: job.id,
        token,
        authority: card.authority,
        card: card.number,
        delivers_pin: request.kind == JobKind::Personalise && policy.delivers_pin(),
        state,
    })
}

/// The card whose 9E certificate was presented: issued by us, on record, and the very same.
async fn presented_card(app: &App, request: &StartJob) -> Result<(Card, Expectation), Failure> {
    let PresentedCard { guid: Some(guid), certificate: Some(presented), .. } = &request.card else {
        return Err(Code::NotKaikaCard.into());
    };
    let certificate = kaika_pki::Certificate::from_der(presented).map_err(|_| Code::NotKaikaCard)?;
    let mut reader = app.store.read().await?;
    let generations = reader.generations().await?;
    // Several generations share one name: the key identifier chooses, name and signature are both checked.
    let issuer = generations.iter().filter(|generation| !generation.is_root).find(|generation| {
        certificate.authority_key_id() == Some(&generation.key_identifier[..])
            && kaika_pki::Certificate::from_der(&generation.certificate)
                .is_ok_and(|issuer| certificate.verify_issued_by(&issuer).is_ok())
    });
    let issuer = issuer.ok_or(Code::NotKaikaCard)?;
    if request.authority.as_ref().is_some_and(|named| *named != issuer.owner) {
        return Err(Refusal { authority: Some(issuer.owner.clone()), ..Code::WrongAuthority.into() }.into());
    }
    let serial = SerialNumber::from_be_bytes(certificate.serial().as_bytes()).map_err(|_| Code::NotKaikaCard)?;
    let on_record = reader.certificate_by_serial(issuer.id, &serial).await?;
    let on_record = on_record.filter(|c| c.certificate == presented.0 && c.role == CertificateRole::CardAuthentication);
    let card = on_record.and_then(|certificate| certificate.card).ok_or(Code::NotKaikaCard)?;
    let card = reader.card(card).await?.ok_or(Code::NotKaikaCard)?;
    Ok((card, Expectation::Identity(*guid)))
}

/// Which card a device is, or is being made into, by its serial number and what was written here: serial numbers may be equal.
enum Known {
    /// It holds what was written on this card.
    Certainly(Card),
    /// No more than the serial number tells it: the attempt was cut before there was an identity on it, or another device has
    /// the same number.
    BySerial(Card),
    No,
}

async fn known(work: &mut dyn UnitOfWork, device: u32, presented: &PresentedCard) -> Result<Known, Failure> {
    let of_device = work.cards_by_device(device).await?;
    for card in &of_device {
        let has_guid = card.guid.is_some() && card.guid == presented.guid;
        let has_certificate = match &presented.certificate {
            Some(der) if !has_guid => {
                work.certificates_of_card(card.id).await?.iter().any(|certificate| certificate.certificate == der.0)
            }
            _ => false,
        };
        if has_guid || has_certificate {
            return Ok(Known::Certainly(card.clone()));
        }
    }
    let in_the_making = of_device.iter().position(|card| matches!(card.state, CardState::Ordered));
    Ok(of_device.into_iter().nth(in_the_making.unwrap_or(0)).map_or(Known::No, Known::BySerial))
}

/// Whether a card of this policy can be made of it, as far as can be seen from outside.
fn suits(app: &App, found: &Capabilities, card: &Card) -> Result<(), Failure> {
    let missing = found.missing_for(app.policy(&card.authority)?.card.key);
    if missing.is_empty() { Ok(()) } else { Err(Refusal::unsuitable(missing).into()) }
}

/// Whether the order's card can get its certificates: an order may be older than what is asked of it today.
async fn certifiable(app: &App, work: &mut dyn UnitOfWork, card: &Card) -> Result<(), Failure> {
    let holder = work.holder(card.holder).await?;
    let holder = holder.ok_or_else(|| Failure::Inconsistent(format!("card {} has no holder", card.number)))?;
    let applicant = Applicant { authority: card.authority.clone(), holder, email: card.email.clone() };
    app.issuer.foresee(&applicant, card).await?;
    Ok(())
}

/// The order that this blank card is to become: the one it was already taken for, or the named, or the oldest.
async fn ordered_card(app: &App, request: &StartJob, station: &Station) -> Result<(Card, Expectation), Failure> {
    let capabilities = request.card.capabilities.clone().ok_or(Code::BadRequest)?;
    // A card that tells no serial number has none of what goes with it.
    let device = request.card.device.as_ref().ok_or_else(|| Refusal::unsuitable(capabilities.missing()))?.serial;
    let expectation = Expectation::Device(device);
    let mut work = app.store.begin().await?;
    let asked = |card: &Card| {
        matches!(card.state, CardState::Ordered)
            && request.number.as_ref().is_none_or(|number| *number == card.number)
            && request.authority.as_ref().is_none_or(|authority| *authority == card.authority)
    };
    match known(work.as_mut(), device, &request.card).await? {
        Known::Certainly(card) | Known::BySerial(card) if asked(&card) => {
            suits(app, &capabilities, &card)?;
            certifiable(app, work.as_mut(), &card).await?;
            return Ok((card, expectation));
        }
        Known::Certainly(card) => {
            return Err(Refusal::new(Code::CardNotBlank).detail(format!("it is card {}", card.number)).into());
        }
        // A blank one with the serial number of a card that was made is another device, or was reset since.
        Known::BySerial(card) => {
            return Err(Refusal::new(Code::SerialKnown).detail(format!("card {}", card.number)).into());
        }
        Known::No => {}
    }
    let ordered = |card: &Card| matches!(card.state, CardState::Ordered);
    let order = match &request.number {
        Some(number) => work.card_by_number(number).await?,
        None => work.oldest_order(request.authority.as_ref()).await?,
    };
    let mut card = order.filter(ordered).ok_or(Code::NoOrder)?;
    if request.authority.as_ref().is_some_and(|authority| *authority != card.authority) {
        return Err(Code::WrongAuthority.into());
    }
    suits(app, &capabilities, &card)?;
    certifiable(app, work.as_mut(), &card).await?;
    let station = Actor::Station(station.id);
    if let Some(other) = card.device {
        // Its order was named: another device that was put to it, and is as it was, gives way.
        work.lock_card(card.id).await?;
        card = work.card(card.id).await?.filter(ordered).ok_or(Code::NoOrder)?;
        making::release_unchanged(app, work.as_mut(), &mut card, &station).await?;
        if card.device.is_some() {
            let detail = format!("device {other} is being made into card {}", card.number);
            return Err(Refusal::new(Code::OrderTaken).detail(detail).into());
        }
    }
    making::begin(app, work.as_mut(), &mut card, device, capabilities, station).await?;
    work.commit().await?;
    Ok((card, expectation))
}

/// Puts the job on record. A station takes the card at once and fences an older job; a holder's job takes it when the
/// card has proved itself: anybody may have read its certificate.
async fn open_job<'a>(
    app: &'a App,
    card: &Card,
    request: &StartJob,
    expectation: Expectation,
    token: &str,
    station: Option<&Station>,
) -> Result<(JobRecord, JobTransaction<'a>), Failure> {
    let now = app.now();
    let id = JobId::new(now, app.rng.bytes());
    let mut work = app.store.begin().await?;
    let takes_card = request.kind == JobKind::Personalise;
    if takes_card {
        work.lock_card(card.id).await?;
    }
    let of_page;
    let details = match &request.ticket {
        Some(ticket) => {
            let redeemed = work.redeem_ticket(&TicketHash::of(ticket), request.kind, &card.authority, id, now).await?;
            of_page = redeemed.ok_or(Code::TicketOver)?;
            &of_page
        }
        None => &request.details,
    };
    let is_other = details.of_card.as_ref().is_some_and(|number| *number != card.number)
        || details.digits.as_ref().is_some_and(|digits| digits != card.number.digits());
    if is_other {
        return Err(Code::NumberDiffers.into());
    }
    let found = request.card.capabilities.as_ref();
    let state = CardJob::new(request.kind, details, found).ok_or(Code::BadRequest)?;
    let job = JobRecord {
        id,
        card: card.id,
        station: station.map(|station| station.id),
        open: takes_card,
        token_sha256: JobHash::of(token),
        state,
        sequence: 0,
        nonce: Nonce(app.rng.bytes()),
        steps: Vec::new(),
        expectation,
        ended: None,
        origin: app.origin.clone(),
        started_at: now,
        updated_at: now,
        worker: None,
        version: 1,
    };
    let mut view = View::load(app, work.as_mut(), card.id).await?;
    if takes_card {
        fence(app, work.as_mut(), &job, &mut view).await?;
    }
    work.insert_job(&job).await?;
    // Anybody may have read a card's certificate: a holder's job is in the log once the card has proved itself.
    if job.station.is_some() {
        work.audit(event(app, &job, &view, |job| Action::StartJob { job }));
    }
    Ok((job, JobTransaction { work, view }))
}
