//! Card jobs.

use super::{JobDone, Tool, TypedSecrets};
use crate::{
    change_pin::change_pin,
    engine::{Inputs, Order, Progress, run_job},
    new_pin,
    portal::{Station, Target},
};
use kaika_card::Retries;
use kaika_wire::{CardNumber, Code, JobKind, PinForm, Refusal};
use std::{path::PathBuf, time::Instant};

impl Tool {
    /// A job that holders do themselves.
    pub(super) fn job(
        &self,
        order: &Order,
        portal: Option<&str>,
        reader: Option<&str>,
        secrets: &TypedSecrets,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<JobDone, Refusal> {
        let kind = order.kind;
        if !kind.is_for_holders() {
            return Err(Refusal::new(Code::BadRequest).detail("not a holder's job"));
        }
        let inputs = secrets.inputs(kind)?;
        let portal = portal.ok_or_else(|| Refusal::new(Code::BadRequest).detail("a portal is needed"))?;
        self.run(portal, reader, order, inputs, progress)
    }

    /// `after_cut`: the same was cut before, which a tool that was started anew does not know.
    pub(super) fn change_pin(
        &self,
        reader: Option<&str>,
        secrets: &TypedSecrets,
        after_cut: bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<JobDone, Refusal> {
        let secrets = secrets.inputs(JobKind::ChangePin)?.secrets;
        // No portal is asked for its rules.
        secrets.new_pin.iter().try_for_each(|pin| new_pin::check(pin, &PinForm::default()))?;
        let reader = self.readers.select(reader)?;
        let mut session = self.readers.connect(&reader)?;
        let mut begun = None;
        let mut resumes = |card: &CardNumber| {
            begun = Some(card.clone());
            self.cut_changes.begin(card, &secrets, Instant::now()) || after_cut
        };
        let changed = change_pin(&mut *session, None, &secrets, &mut resumes, progress);
        let code = changed.as_ref().err().map(|refusal| refusal.code);
        if let (Some(card), None | Some(Code::PinWrong | Code::PinLocked | Code::PinNotTaken)) = (begun, code) {
            self.cut_changes.settle(&card);
        }
        changed.map(JobDone::alone)
    }

    pub(super) fn personalise(
        &self,
        portal: &str,
        reader: Option<&str>,
        station: Station,
        number: Option<CardNumber>,
        mailer: Option<PathBuf>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<JobDone, Refusal> {
        let order = Order { number, station: Some(station), mailer, ..Order::new(JobKind::Personalise) };
        self.run(portal, reader, &order, Inputs::default(), progress)
    }

    fn run(
        &self,
        portal: &str,
        reader: Option<&str>,
        order: &Order,
        inputs: Inputs,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<JobDone, Refusal> {
        let reader = self.readers.select(reader)?;
        let target = Target::find(&*self.portals, portal)?;
        let mut session = self.readers.connect(&reader)?;
        let finished = run_job(&mut *session, &target, order, inputs, self.pauses, progress)?;
        // Other jobs change them after they were read.
        let told = finished.retries.filter(|_| order.kind == JobKind::Check);
        let done = JobDone::of(finished);
        Ok(match told {
            Some(Retries { pin, puk }) => JobDone { pin_tries_left: pin, puk_tries_left: puk, ..done },
            None => done,
        })
    }
}
