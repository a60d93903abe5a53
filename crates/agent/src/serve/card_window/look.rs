//! Which of the cards in the readers a job can be done with: by what the cards tell, and what the portal says of the
//! one that it would be.

use super::state::{AskingPortal, Barred, Brief, Choice, Informed, Known, Offer, Outcome, ReaderSurvey, Unfit};
use crate::{
    advice::unfit,
    engine::{Inputs, Order, run_job_on},
    portal::{Portals, Target},
    readers::Readers,
    seats::{Face, Seat, Seated, Seats},
};
use kaika_wire::{CardInformation, CardNumber, Code, JobKind, JobResult, Protocol, Refusal, TicketFacts};
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
        informed: Known::new(),
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
    let chosen = target(portals, brief, &all).and_then(|target| {
        found.target.clone_from(&target);
        found.facts = facts(brief, target.as_deref())?;
        let (known, facts) = (brief.informed.clone(), found.facts.clone());
        let mut look = Look { readers, seats, kind: brief.asked.kind, target, facts, known };
        let outcome = look.choose(&all, brief.chosen.as_ref());
        found.informed = look.known;
        outcome
    });
    found.outcome = chosen.unwrap_or_else(|refusal| Outcome::Refused(refusal, None));
    found
}

/// The portal to ask, where there is a card to ask about.
fn target(portals: &dyn Portals, brief: &Brief, all: &[Seat]) -> Result<Option<Arc<Target>>, Refusal> {
    if all.iter().all(|seat| matches!(seat.card, Seated::Nothing)) {
        return Err(Code::NoCard.into());
    }
    match (&brief.target, &brief.asked.portal) {
        (Some(target), _) => Ok(Some(target.clone())),
        (None, Some(portal)) => match open(portals, portal) {
            Ok(target) => Ok(Some(Arc::new(target))),
            // A portal that is away keeps nobody from what needs none.
            Err(_) if !brief.asked.kind.has_server() => Ok(None),
            Err(refusal) => Err(refusal),
        },
        (None, None) => Ok(None),
    }
}

struct Look<'a> {
    readers: &'a Readers,
    seats: &'a Seats,
    kind: JobKind,
    target: Option<Arc<Target>>,
    /// What the page's ticket is for.
    facts: Option<TicketFacts>,
    /// What the portal said of cards, now or before.
    known: Known,
}

impl Look<'_> {
    fn choose(&mut self, all: &[Seat], chosen: Option<&CardNumber>) -> Result<Outcome, Refusal> {
        let mut offers: Vec<Offer> = all.iter().filter_map(|seat| offer(seat, self.target.as_deref())).collect();
        // One that cannot be read may be the one that is meant.
        let mut unread = unread(all);
        if let Some(facts) = &self.facts {
            let other = offers.iter().find(|offer| !facts.is_for(&offer.number)).cloned();
            offers.retain(|offer| facts.is_for(&offer.number));
            let names_one = facts.number.is_some() || facts.digits.is_some();
            match other {
                _ if names_one && !offers.is_empty() => unread.clear(),
                Some(other) if offers.is_empty() && unread.is_empty() => {
                    return Ok(Outcome::Refused(Code::NumberDiffers.into(), Some(unfit_card(other))));
                }
                _ => {}
            }
        }
        let chosen = chosen.and_then(|chosen| offers.iter().position(|offer| offer.number == *chosen));
        let others = offers.len() + unread.len() > 1;
        match (chosen, offers.len()) {
            (Some(chosen), _) => Ok(self.judge(offers.swap_remove(chosen), others)),
            (None, 1) if unread.is_empty() => Ok(self.judge(offers.swap_remove(0), others)),
            (None, 0) => Ok(why_none(all, self.target.as_deref())),
            (None, _) => self.sort(offers, unread).map(Outcome::Several),
        }
    }

    /// The only card, or the chosen one.
    fn judge(&mut self, offer: Offer, others: bool) -> Outcome {
        match self.bars(&offer) {
            Err(refusal) => Outcome::Refused(refusal, Some(unfit_card(offer))),
            Ok(Some(refusal)) => {
                let authority = self.target.as_ref().and_then(|target| target.named.clone());
                Outcome::Refused(Refusal { authority, ..refusal }, Some(unfit_card(offer)))
            }
            Ok(None) => {
                let told = self.known.get(&offer.number).map(|told| &told.information);
                let holder = told.map_or(offer.holder, |told| Some(told.holder.clone()));
                let validity = told.map_or(offer.validity, |told| Some((told.not_before, told.not_after)));
                Outcome::One(Offer { holder, validity, ..offer }, others)
            }
        }
    }

    /// Those that will do apart from the others.
    fn sort(&mut self, all: Vec<Offer>, unread: Vec<Barred>) -> Result<Choice, Refusal> {
        let (mut offers, mut barred) = (Vec::new(), Vec::new());
        for offer in all {
            // Every card can be looked at, and of one of them the portal will be asked.
            let bars = match self.kind {
                JobKind::Information => Ok(None),
                _ => self.bars(&offer),
            };
            match bars {
                Ok(None) => offers.push(offer),
                Err(refusal) if !is_of_card(refusal.code) => return Err(refusal),
                Ok(Some(refusal)) | Err(refusal) => {
                    let Offer { reader, number, holder, .. } = offer;
                    barred.push(Barred { reader, number: Some(number), holder, refusal });
                }
            }
        }
        barred.extend(unread);
        Ok(Choice { offers, barred })
    }

    /// What keeps this card from the job, told before anything is typed.
    fn bars(&mut self, offer: &Offer) -> Result<Option<Refusal>, Refusal> {
        let unsure = unfit(self.kind, None, offer.tries).is_some();
        let told = match (self.target.clone(), self.kind.has_server()) {
            (Some(target), true) => Some(self.inform(&target, offer)?),
            // Perhaps it is not locked, but not activated.
            (Some(target), false) if unsure => self.inform(&target, offer).ok(),
            _ => None,
        };
        let bars = |tries| unfit(self.kind, told.as_ref(), tries);
        Ok(match bars(offer.tries) {
            Some(_) if unsure => bars(self.seats.tries_now(&offer.reader)?),
            bars => bars,
        })
    }

    fn inform(&mut self, target: &Target, offer: &Offer) -> Result<CardInformation, Refusal> {
        if let Some(known) = self.known.get(&offer.number) {
            return Ok(known.information.clone());
        }
        let told = ask_portal(self.readers, target, offer)?;
        let information = told.information.clone();
        self.known.insert(offer.number.clone(), told);
        Ok(information)
    }
}

/// Whether one card refuses so, and another may do better.
fn is_of_card(code: Code) -> bool {
    matches!(
        code,
        Code::CardInUse
            | Code::CardRemoved
            | Code::CardFault
            | Code::CardUnsuitable
            | Code::CardBarred
            | Code::NoCard
            | Code::NotKaikaCard
            | Code::OtherCard
            | Code::ReaderFault
            | Code::ReaderUnknown
            | Code::NoReader
    )
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
