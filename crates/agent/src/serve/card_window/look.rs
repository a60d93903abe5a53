//! Which of the cards in the readers a job can be done with: by what the cards tell, and what the portal says of the
//! one that it would be.

use super::state::{AskingPortal, Barred, Brief, Choice, Informed, Offer, Outcome, ReaderSurvey, Unfit};
use crate::{
    engine::{Inputs, Order, run_job_on},
    portal::{Portals, Target},
    readers::Readers,
    seats::{Face, Seat, Seated, Seats},
};
use kaika_wire::{CardInformation, Code, JobKind, JobResult, Protocol, Refusal, TicketFacts};
use std::{sync::Arc, time::Duration};

/// Somebody is waiting for a first answer: a server that is not there is told soon.
const PAUSES: &[Duration] = &[Duration::from_millis(300)];

/// Blocks while cards are read and the portal is asked. `reading` is called before that takes its time.
pub(super) fn look(
    readers: &Readers,
    seats: &Seats,
    portals: &dyn Portals,
    brief: &Brief,
    reading: impl FnOnce(),
) -> ReaderSurvey {
    let mut found = ReaderSurvey {
        present: Vec::new(),
        outcome: Outcome::Refused(Code::NoReader.into(), None),
        target: None,
        informed: None,
        facts: None,
    };
    if readers.list().is_ok_and(|readers| readers.iter().any(|reader| reader.card)) {
        reading();
    }
    let all = match seats.look() {
        Ok((_, all)) => all,
        Err(refusal) => {
            found.outcome = Outcome::Refused(refusal, None);
            return found;
        }
    };
    found.present = all.iter().filter_map(|seat| face(seat)?.number.clone()).collect();
    if brief.presence_alone || all.is_empty() {
        return found;
    }
    let outcome = choose(&all, readers, portals, brief, &mut found);
    found.outcome = outcome.unwrap_or_else(|refusal| Outcome::Refused(refusal, None));
    found
}

fn choose(
    all: &[Seat],
    readers: &Readers,
    portals: &dyn Portals,
    brief: &Brief,
    found: &mut ReaderSurvey,
) -> Result<Outcome, Refusal> {
    if all.iter().all(|seat| matches!(seat.card, Seated::Nothing)) {
        return Err(Code::NoCard.into());
    }
    let target = match (&brief.target, &brief.asked.portal) {
        (Some(target), _) => Some(target.clone()),
        (None, Some(portal)) => match open(portals, portal) {
            Ok(target) => Some(Arc::new(target)),
            // A portal that is away keeps nobody from what needs none.
            Err(_) if !brief.asked.kind.has_server() => None,
            Err(refusal) => return Err(refusal),
        },
        (None, None) => None,
    };
    found.target.clone_from(&target);
    found.facts = facts(brief, target.as_deref())?;
    let mut offers: Vec<Offer> = all.iter().filter_map(|seat| offer(seat, target.as_deref())).collect();
    if let Some(facts) = &found.facts
        && let Some(other) = offers.iter().find(|offer| !facts.is_for(&offer.number)).cloned()
    {
        offers.retain(|offer| facts.is_for(&offer.number));
        if offers.is_empty() {
            return Ok(Outcome::Refused(Code::NumberDiffers.into(), Some(unfit_card(other))));
        }
    }
    let chosen = offers.iter().position(|offer| brief.chosen.as_ref() == Some(&offer.number));
    // One that cannot be read may be the one that is meant.
    let barred = unread(all);
    let others = offers.len() + barred.len() > 1;
    let offer = match (chosen, offers.len()) {
        (Some(chosen), _) => offers.swap_remove(chosen),
        (None, 1) if barred.is_empty() => offers.swap_remove(0),
        (None, 0) => return Ok(why_none(all, target.as_deref())),
        (None, _) => return Ok(Outcome::Several(Choice { offers, barred })),
    };
    let Some(target) = target.filter(|_| brief.asked.kind.has_server()) else {
        return Ok(Outcome::One(offer, others));
    };
    let told = match &brief.informed {
        Some((number, told)) if *number == offer.number => told.clone(),
        _ => match ask_portal(readers, &target, &offer) {
            Ok(told) => told,
            Err(refusal) => return Ok(Outcome::Refused(refusal, Some(unfit_card(offer)))),
        },
    };
    found.informed = Some((offer.number.clone(), told.clone()));
    let information = told.information;
    Ok(match unfit(brief.asked.kind, &information) {
        Some(refusal) => {
            let authority = target.named.clone();
            Outcome::Refused(Refusal { authority, ..refusal }, Some(unfit_card(offer)))
        }
        None => {
            let (holder, validity) = (Some(information.holder), Some((information.not_before, information.not_after)));
            Outcome::One(Offer { holder, validity, ..offer }, others)
        }
    })
}

/// What the page's ticket is for. A portal of before tells nothing, and then refuses another card when the job is started.
fn facts(brief: &Brief, target: Option<&Target>) -> Result<Option<TicketFacts>, Refusal> {
    let (None, Some(ticket), Some(target)) = (&brief.facts, &brief.ticket, target) else {
        return Ok(brief.facts.clone());
    };
    if target.well_known.protocol < Protocol::TICKETS {
        return Ok(None);
    }
    match target.portal.look_at(ticket) {
        Ok(facts) => Ok(Some(facts)),
        // The page is asked for another when it is needed.
        Err(refusal) if matches!(refusal.code, Code::TicketOver | Code::ServerTooOld) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// The configured portal, for the authority that the page named.
fn open(portals: &dyn Portals, portal: &AskingPortal) -> Result<Target, Refusal> {
    let mut target = Target::find(portals, &portal.origin)?;
    let known = target.well_known.authorities.iter().any(|authority| authority.id == portal.authority);
    if !known {
        let detail = format!("it has no authority {}", portal.authority);
        return Err(Refusal::new(Code::NotAPortal).detail(detail));
    }
    target.named = Some(portal.authority.clone());
    Ok(target)
}

fn face(seat: &Seat) -> Option<&Face> {
    match &seat.card {
        Seated::Card(face) => Some(face),
        Seated::Nothing | Seated::Unread(_) => None,
    }
}

/// The card, where it is one of the authority's; without a portal, any that has a number.
fn offer(seat: &Seat, target: Option<&Target>) -> Option<Offer> {
    let face = face(seat)?;
    if let Some(target) = target {
        let authority = target.authority_of(face.own.as_ref()?)?;
        if target.named.as_ref() != Some(&authority.id) {
            return None;
        }
    }
    Some(Offer {
        reader: seat.reader.clone(),
        number: face.number.clone()?,
        holder: face.holder.clone(),
        validity: face.validity,
        tries: face.tries,
    })
}

/// The cards that cannot be read now.
fn unread(all: &[Seat]) -> Vec<Barred> {
    let barred = |seat: &Seat| {
        let refusal = seat.card.unread()?.clone();
        Some(Barred { reader: seat.reader.clone(), number: None, holder: None, refusal })
    };
    all.iter().filter_map(barred).collect()
}

/// Why none of the cards will do, by the one that comes nearest.
fn why_none(all: &[Seat], target: Option<&Target>) -> Outcome {
    let about = |seat: &Seat| Unfit { reader: Some(seat.reader.clone()), ..Unfit::default() };
    let unread = all.iter().find_map(|seat| Some((seat.card.unread()?.clone(), about(seat))));
    if let Some((refusal, card)) = unread {
        return Outcome::Refused(refusal, Some(card));
    }
    let of_others = all.iter().find_map(|seat| {
        let face = face(seat)?;
        Some((seat, face, target?.authority_of(face.own.as_ref()?)?))
    });
    if let Some((seat, face, authority)) = of_others {
        let refusal = Refusal { authority: Some(authority.id.clone()), ..Refusal::new(Code::WrongAuthority) };
        let names = (authority.name.clone(), authority.name_en.clone());
        return Outcome::Refused(
            refusal,
            Some(Unfit { number: face.number.clone(), authority: Some(names), ..about(seat) }),
        );
    }
    let strange = all.iter().find(|seat| !matches!(seat.card, Seated::Nothing));
    Outcome::Refused(Code::NotKaikaCard.into(), Some(strange.map(about).unwrap_or_default()))
}

fn unfit_card(offer: Offer) -> Unfit {
    Unfit { reader: Some(offer.reader), number: Some(offer.number), authority: None }
}

/// What the portal knows of the card, once the card has proved itself.
fn ask_portal(readers: &Readers, target: &Target, offer: &Offer) -> Result<Informed, Refusal> {
    let mut session = readers.connect(&offer.reader)?;
    let order = Order::new(JobKind::Information);
    let finished =
        run_job_on(&mut *session, Some(&offer.number), target, &order, Inputs::default(), PAUSES, &mut |_| {})?;
    let silent = || Refusal::new(Code::NotAPortal).detail("it says nothing of the card");
    let JobResult::Information(information) = finished.succeeded.result else { return Err(silent()) };
    Ok(Informed { information, certificates: finished.succeeded.certificates })
}

/// What keeps a card in this state from this job, told before anything is typed.
fn unfit(kind: JobKind, information: &CardInformation) -> Option<Refusal> {
    information.not_now.get(&kind).cloned()
}
