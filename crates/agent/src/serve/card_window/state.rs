//! The state machine of one card window: what it shows and what may happen next. No I/O; the time is given.

use super::{
    inputs::{Field, Given, InputForm, Remark, Says, check, check_puk},
    meter::Meter,
    remedy::Remedy,
};
use crate::{engine::Progress, portal::Target};
use kaika_card::{Pin, Retries};
use kaika_wire::{
    AuthorityId, CardInformation, CardNumber, Code, Input, IssuedCertificate, JobKind, JobResult, NotTyped, PinAfter,
    PinForm, PortalAuthority, Puk, Refusal, TicketFacts,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc::Sender},
    time::{Duration, Instant},
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// A ticket is good for five minutes; one that is nearly over is not tried.
const TICKET_GOOD: Duration = Duration::from_secs(270);
/// How long inputs are kept for going on after a cut.
const INPUTS_KEPT: Duration = Duration::from_secs(300);

/// The job that a site asked for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct JobRequest {
    pub(super) kind: JobKind,
    /// None where the agent's own page asked.
    pub(super) portal: Option<AskingPortal>,
}

/// Whose page asked.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct AskingPortal {
    /// As the agent's configuration has it.
    pub(super) origin: String,
    pub(super) authority: AuthorityId,
}

/// A card that the job can be done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) reader: String,
    pub(super) number: CardNumber,
    pub(super) holder: Option<String>,
    pub(super) validity: Option<(OffsetDateTime, OffsetDateTime)>,
    /// PIN and PUK tries left.
    pub(super) tries: Option<Retries>,
}

/// A card that the job cannot be done with, or not now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Barred {
    pub(super) reader: String,
    /// None where it could not be read.
    pub(super) number: Option<CardNumber>,
    pub(super) holder: Option<String>,
    pub(super) refusal: Refusal,
}

/// Several cards, one of which is to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) offers: Vec<Offer>,
    /// Shown beside them, so that nobody looks for a card in vain.
    pub(super) barred: Vec<Barred>,
}

/// What the portal says of a card that has proved itself.
#[derive(Clone)]
pub(super) struct Informed {
    pub(super) information: CardInformation,
    pub(super) certificates: Vec<IssuedCertificate>,
}

/// What the portal said of each card.
pub(super) type Known = BTreeMap<CardNumber, Informed>;

/// What a look at the readers came to.
pub(super) struct ReaderSurvey {
    /// The numbers of all cards that are in.
    pub(super) present: Vec<CardNumber>,
    pub(super) outcome: Outcome,
    pub(super) target: Option<Arc<Target>>,
    pub(super) informed: Known,
    /// What it said of the ticket.
    pub(super) facts: Option<TicketFacts>,
}

pub(super) enum Outcome {
    /// The one that there is, or that was chosen; and whether there are others.
    One(Offer, bool),
    Several(Choice),
    /// No card that will do, and the card that it is about, where there is one.
    Refused(Refusal, Option<Unfit>),
}

impl Outcome {
    /// Whether another program has the card in this reader.
    fn is_in_use(&self, reader: &str) -> bool {
        match self {
            Self::Refused(refusal, card) => {
                let reads = card.as_ref().and_then(|card| card.reader.as_deref());
                refusal.code == Code::CardInUse && reads == Some(reader)
            }
            Self::Several(choice) => {
                choice.barred.iter().any(|card| card.reader == reader && card.refusal.code == Code::CardInUse)
            }
            Self::One(..) => false,
        }
    }
}

/// A card that will not do, as far as it can be told which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unfit {
    pub(super) reader: Option<String>,
    pub(super) number: Option<CardNumber>,
    /// Whose card it is: in Chinese and in English.
    pub(super) authority: Option<(String, String)>,
}

/// What is on the screen.
pub(super) enum Stage {
    /// Nobody has asked for a job yet.
    Waiting,
    /// At the cards.
    Looking,
    Choosing(Choice),
    /// The person types.
    Asking {
        offer: Offer,
        others: bool,
        remarks: Vec<Remark>,
    },
    /// The inputs are there; the page is asked for a ticket.
    WantsTicket,
    Working(Meter),
    Refused {
        refusal: Refusal,
        remedy: Remedy,
        card: Option<Unfit>,
        back: bool,
    },
    /// The page has none to give, for the reason that it tells; or it does not answer.
    NoTicket {
        words: Option<SitesWords>,
    },
    Done {
        number: CardNumber,
        result: Box<JobResult>,
    },
}

/// What the site says, in its own words.
pub(super) struct SitesWords {
    pub(super) message: String,
    pub(super) next_step: String,
}

/// What the holder is to type in the middle of a job. No `Debug`.
pub(super) enum Typing {
    /// On the keypad of this reader: the PUK, and the new PIN twice; without a PUK, the new PIN once more.
    AtKeypad { reader: String, puk: Option<Puk> },
    /// In the window, since the reader has no keypad; whoever waits is told.
    Here { puk: Puk, remarks: Vec<Remark>, tell: Sender<Result<Pin, NotTyped>> },
}

/// What the page is told of the job; the last thing, if it was not told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JobNotice {
    Begun,
    Running,
    Succeeded,
    /// And whether the window has a way on.
    Refused(Box<Refusal>, Remedy),
}

/// A job to be run now. No `Debug`.
pub(super) struct Assignment {
    pub(super) kind: JobKind,
    pub(super) how: How,
    pub(super) card: CardNumber,
    pub(super) given: Given,
}

/// How a job is done. No `Debug`.
pub(super) enum How {
    /// Decided on by a portal that the page's ticket is for.
    Portal { target: Arc<Target>, ticket: Zeroizing<String> },
    /// Between the agent and the card; `resumes`: the same was cut before, and may have been done.
    Alone { resumes: bool },
}

/// What a look is to find out.
pub(super) struct Brief {
    pub(super) asked: JobRequest,
    pub(super) target: Option<Arc<Target>>,
    pub(super) chosen: Option<CardNumber>,
    /// What the ticket is for, once the portal has told.
    pub(super) facts: Option<TicketFacts>,
    /// To be asked about, as long as it has not.
    pub(super) ticket: Option<Zeroizing<String>>,
    pub(super) informed: Known,
    /// Only which cards are in.
    pub(super) presence_alone: bool,
}

struct Ticket {
    ticket: Zeroizing<String>,
    since: Instant,
}

struct Kept {
    given: Given,
    card: CardNumber,
    since: Instant,
    /// A job with these inputs was begun, and how it ended is not known.
    cut: bool,
    /// Which PIN the card has since.
    pin: PinAfter,
}

pub(super) struct State {
    /// The site that the first job came from; no other is listened to.
    pub(super) site: Option<String>,
    pub(super) asked: Option<JobRequest>,
    pub(super) stage: Stage,
    pub(super) target: Option<Arc<Target>>,
    /// The card that the job is for, once it is clear which.
    pub(super) chosen: Option<Offer>,
    pub(super) told: Option<JobNotice>,
    /// How often a job was begun.
    pub(super) attempt: u32,
    pub(super) informed: Known,
    /// While a job is at work.
    pub(super) typing: Option<Typing>,
    /// What the page's tickets are for: all of them for the same.
    facts: Option<TicketFacts>,
    ticket: Option<Ticket>,
    kept: Option<Kept>,
    /// The count of changes that the last look was for.
    looked: Option<u64>,
    looking: bool,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            site: None,
            asked: None,
            stage: Stage::Waiting,
            target: None,
            chosen: None,
            told: None,
            attempt: 0,
            informed: Known::new(),
            typing: None,
            facts: None,
            ticket: None,
            kept: None,
            looked: None,
            looking: false,
        }
    }

    /// The window listens to the site that spoke first.
    ///
    /// # Errors
    /// Another one.
    pub(super) fn bind(&mut self, site: &str) -> Result<(), Refusal> {
        let bound = self.site.get_or_insert_with(|| site.to_owned());
        let same = bound == site;
        same.then_some(()).ok_or_else(|| Refusal::new(Code::BadRequest).detail("the window belongs to another site"))
    }

    /// A refusal before any job; there is no way on.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.stage = Stage::Refused { refusal, remedy: Remedy::Elsewhere, card: None, back: false };
    }

    /// A job with its ticket; the second time the same job with another ticket, for inputs that may be waiting for it.
    ///
    /// # Errors
    /// Another job than before.
    pub(super) fn begin(&mut self, asked: JobRequest, ticket: Zeroizing<String>, now: Instant) -> Result<(), Refusal> {
        match &self.asked {
            None => {
                self.asked = Some(asked);
                self.stage = Stage::Looking;
            }
            Some(before) if *before == asked => {}
            Some(_) => return Err(Refusal::new(Code::BadRequest).detail("the window belongs to another job")),
        }
        if !ticket.is_empty() {
            self.ticket = Some(Ticket { ticket, since: now });
        }
        Ok(())
    }

    /// Which look at the readers is due, where there were this many changes; [`State::found`] is told what it came to.
    pub(super) fn look(&mut self, changes: u64) -> Option<Brief> {
        let idle = match &self.stage {
            Stage::Looking | Stage::Choosing(_) | Stage::Asking { .. } | Stage::Refused { .. } => true,
            Stage::Waiting | Stage::WantsTicket | Stage::Working(_) | Stage::NoTicket { .. } | Stage::Done { .. } => {
                false
            }
        };
        if !idle || self.looking || self.looked == Some(changes) {
            return None;
        }
        let asked = self.asked.clone()?;
        self.looking = true;
        self.looked = Some(changes);
        let presence_alone = matches!(self.stage, Stage::Refused { remedy: Remedy::SameCard, .. });
        Some(Brief {
            asked,
            target: self.target.clone(),
            chosen: self.chosen.as_ref().map(|offer| offer.number.clone()),
            facts: self.facts.clone(),
            ticket: self.ticket.as_ref().map(|ticket| ticket.ticket.clone()).filter(|_| self.facts.is_none()),
            informed: self.informed.clone(),
            presence_alone,
        })
    }

    /// A card is being read: that is told where otherwise an earlier finding would stand.
    pub(super) fn reading(&mut self) -> bool {
        let waits = matches!(&self.stage, Stage::Refused { remedy: Remedy::AtReader, .. });
        if waits {
            self.stage = Stage::Looking;
        }
        waits
    }

    /// Whether the screen is another one now.
    pub(super) fn found(&mut self, found: ReaderSurvey) -> bool {
        self.looking = false;
        self.target = found.target.or(self.target.take());
        self.informed.extend(found.informed);
        self.facts = found.facts.or(self.facts.take());
        let is_in = |card: &Unfit| card.number.as_ref().is_some_and(|number| found.present.contains(number));
        match (&mut self.stage, &found.outcome) {
            (Stage::Refused { remedy: Remedy::SameCard, card: Some(card), back, .. }, _) => {
                let before = std::mem::replace(back, is_in(card));
                return *back != before;
            }
            // The inputs wait, whatever becomes of the card meanwhile.
            (Stage::Refused { remedy: Remedy::SameInputs, .. }, _) => return false,
            // What was said of a card stands as long as it is in.
            (Stage::Refused { card: Some(card), remedy: Remedy::Elsewhere, .. }, _) if is_in(card) => return false,
            // What was typed so far stays.
            (Stage::Asking { offer, others, .. }, Outcome::One(same, more)) if offer.number == same.number => {
                let shown = (&*offer, &*others) != (same, more);
                offer.clone_from(same);
                *others = *more;
                return shown;
            }
            // Another program has it for a while: that is told when it is needed.
            (Stage::Asking { offer, .. }, outcome) if outcome.is_in_use(&offer.reader) => return false,
            (Stage::Looking | Stage::Choosing(_) | Stage::Asking { .. } | Stage::Refused { .. }, _) => {}
            _ => return false,
        }
        if let (Stage::Choosing(shown), Outcome::Several(choice)) = (&self.stage, &found.outcome)
            && shown == choice
        {
            return false;
        }
        self.kept = None;
        self.tell_way(&found.outcome);
        self.stage = match found.outcome {
            Outcome::One(offer, others) => {
                self.chosen = Some(offer.clone());
                Stage::Asking { offer, others, remarks: Vec::new() }
            }
            Outcome::Several(choice) => {
                self.chosen = None;
                Stage::Choosing(choice)
            }
            Outcome::Refused(refusal, card) => {
                let remedy = Remedy::of(refusal.code, false);
                Stage::Refused { refusal, remedy, card, back: false }
            }
        };
        true
    }

    /// The page is told why it does not go on, and when that is over.
    fn tell_way(&mut self, outcome: &Outcome) {
        self.told = match (outcome, self.told.take()) {
            (Outcome::Refused(refusal, _), _) => {
                Some(JobNotice::Refused(Box::new(refusal.clone()), Remedy::of(refusal.code, false)))
            }
            (Outcome::One(..) | Outcome::Several(_), Some(JobNotice::Refused(..))) => Some(JobNotice::Begun),
            (Outcome::One(..) | Outcome::Several(_), told) => told,
        };
    }

    /// The person chooses a card, or wants to choose again.
    pub(super) fn choose(&mut self, number: Option<&CardNumber>) {
        match (&self.stage, number) {
            (Stage::Choosing(choice), Some(number)) => {
                if let Some(offer) = choice.offers.iter().find(|offer| offer.number == *number) {
                    self.chosen = Some(offer.clone());
                    self.look_once_more();
                }
            }
            (Stage::Asking { .. }, None) => {
                self.chosen = None;
                self.look_once_more();
            }
            _ => {}
        }
    }

    /// The person has typed everything for the card of this number.
    pub(super) fn run(&mut self, number: &CardNumber, typed: &InputForm, now: Instant) -> Option<Assignment> {
        let (form, inputs) = (self.pin_form(), self.inputs());
        let Stage::Asking { offer, remarks, .. } = &mut self.stage else {
            return None;
        };
        if offer.number != *number {
            return None;
        }
        match check(inputs, typed, &form, remarks) {
            Err(said) => {
                *remarks = said;
                None
            }
            Ok(given) => {
                self.kept = Some(Kept { given, card: number.clone(), since: now, cut: false, pin: PinAfter::Before });
                self.start(now)
            }
        }
    }

    /// What the button on the screen of a refusal does.
    pub(super) fn again(&mut self, now: Instant) -> Option<Assignment> {
        match &self.stage {
            Stage::Refused { remedy: Remedy::SameInputs | Remedy::SameCard, .. } => self.start(now),
            Stage::Refused { remedy: Remedy::Again | Remedy::AtReader, .. } => {
                self.look_again();
                None
            }
            Stage::NoTicket { .. } => {
                self.stage = Stage::WantsTicket;
                None
            }
            _ => None,
        }
    }

    /// The ticket that was asked for has come.
    pub(super) fn go_on(&mut self, now: Instant) -> Option<Assignment> {
        match self.stage {
            Stage::WantsTicket | Stage::NoTicket { .. } => self.start(now),
            _ => None,
        }
    }

    pub(super) fn no_ticket(&mut self, words: Option<SitesWords>) {
        if let Stage::Waiting | Stage::WantsTicket = self.stage {
            self.stage = Stage::NoTicket { words };
        }
    }

    /// Begins the job where inputs and ticket are there; without a ticket asks for one, without inputs for them.
    fn start(&mut self, now: Instant) -> Option<Assignment> {
        self.expire(now);
        let (Some(asked), Some(kept)) = (&self.asked, &mut self.kept) else {
            self.look_again();
            return None;
        };
        let how = match (asked.kind.has_server(), &self.target) {
            (false, _) => How::Alone { resumes: std::mem::replace(&mut kept.cut, true) },
            (true, None) => {
                self.look_again();
                return None;
            }
            (true, Some(target)) => {
                let fresh = |ticket: &Ticket| now.duration_since(ticket.since) < TICKET_GOOD;
                let Some(ticket) = self.ticket.take().filter(fresh) else {
                    self.stage = Stage::WantsTicket;
                    return None;
                };
                How::Portal { target: target.clone(), ticket: ticket.ticket }
            }
        };
        self.stage = Stage::Working(Meter::new());
        self.attempt += 1;
        self.told = Some(JobNotice::Begun);
        Some(Assignment { kind: asked.kind, how, card: kept.card.clone(), given: kept.given.clone() })
    }

    /// The holder is to type, while the job is at work.
    pub(super) fn ask_to_type(&mut self, typing: Typing) {
        self.typing = self.is_working().then_some(typing);
    }

    /// The holder has typed in the window what the reader has no keypad for.
    pub(super) fn typed(&mut self, typed: &InputForm) {
        let form = self.pin_form();
        let Some(Typing::Here { puk, remarks, tell }) = &mut self.typing else { return };
        match check_puk(puk, typed, &form, remarks) {
            Err(said) => *remarks = said,
            Ok(pin) => {
                // A job that has ended meanwhile says so itself.
                let _ = tell.send(Ok(pin));
                self.typing = None;
            }
        }
    }

    /// The holder does not want to type.
    pub(super) fn give_up(&mut self) {
        if let Some(Typing::Here { tell, .. }) = &self.typing {
            let _ = tell.send(Err(NotTyped::Cancelled));
            self.typing = None;
        }
    }

    pub(super) fn progressed(&mut self, progress: &Progress) {
        if let Stage::Working(meter) = &mut self.stage {
            meter.advance(progress);
            if matches!(progress, Progress::Started { .. }) {
                self.told = Some(JobNotice::Running);
            }
        }
    }

    pub(super) fn finished(&mut self, result: Result<(CardNumber, JobResult), Refusal>, now: Instant) {
        self.typing = None;
        let mut refusal = match result {
            Ok((number, result)) => {
                self.kept = None;
                self.told = Some(JobNotice::Succeeded);
                self.stage = Stage::Done { number, result: Box::new(result) };
                return;
            }
            Err(refusal) => refusal,
        };
        // What an earlier try with the same inputs has left in doubt, this one that did not come so far has not settled.
        if let (Some(left), Some(kept)) = (&mut refusal.aftermath, &mut self.kept) {
            left.pin = if left.pin == PinAfter::Before { kept.pin } else { left.pin };
            kept.pin = left.pin;
        }
        let remedy = Remedy::of(refusal.code, self.kept.is_some());
        self.told = Some(JobNotice::Refused(Box::new(refusal.clone()), remedy));
        self.expire(now);
        let card = self.kept.as_ref().map(|kept| Unfit { number: Some(kept.card.clone()), ..Unfit::default() });
        let inputs = self.inputs();
        if let (Some(field), Some(offer)) = (Field::blamed(refusal.code, inputs), &self.chosen) {
            let says = Says::Wrong { code: refusal.code, tries_left: refusal.tries_left };
            let remarks = vec![Remark { field, says }];
            self.stage = Stage::Asking { offer: offer.clone(), others: false, remarks };
            // Whether there are others is to be seen.
            self.looked = None;
            self.kept = None;
            return;
        }
        let remedy = Remedy::of(refusal.code, self.kept.is_some());
        match remedy {
            // Whether the card is back already is to be seen.
            Remedy::SameCard => self.looked = None,
            Remedy::SameInputs => {}
            Remedy::AtReader | Remedy::Again | Remedy::Elsewhere => self.kept = None,
        }
        self.stage = Stage::Refused { refusal, remedy, card, back: false };
    }

    /// Forgets inputs that were kept long enough.
    pub(super) fn expire(&mut self, now: Instant) {
        if self.kept.as_ref().is_some_and(|kept| now.duration_since(kept.since) >= INPUTS_KEPT) {
            self.kept = None;
        }
    }

    pub(super) fn is_working(&self) -> bool {
        matches!(self.stage, Stage::Working(_))
    }

    /// What the portal says of the authority.
    pub(super) fn authority(&self) -> Option<&PortalAuthority> {
        let (portal, target) = (self.asked.as_ref()?.portal.as_ref()?, self.target.as_ref()?);
        target.well_known.authorities.iter().find(|authority| authority.id == portal.authority)
    }

    /// What is asked for before the job begins.
    pub(super) fn inputs(&self) -> &'static [Input] {
        let Some(asked) = &self.asked else { return &[] };
        self.authority().map_or_else(|| asked.kind.inputs(), |authority| authority.inputs(asked.kind))
    }

    pub(super) fn pin_form(&self) -> PinForm {
        self.authority().map(PortalAuthority::pin_form).unwrap_or_default()
    }

    /// From the beginning: the portal is asked anew, too.
    fn look_again(&mut self) {
        self.informed.clear();
        self.look_once_more();
    }

    fn look_once_more(&mut self) {
        self.looked = None;
        self.kept = None;
        self.stage = Stage::Looking;
    }
}

#[cfg(test)]
mod tests;
