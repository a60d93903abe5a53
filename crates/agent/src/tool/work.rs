//! Card jobs.

use super::{JobDone, Tool, TypedSecrets};
use crate::{
    change_pin::change_pin,
    engine::{Inputs, Order, Progress, lost, refusal, run_job},
    portal::{Station, Target},
    readers::exclusively,
};
use kaika_wire::{CardNumber, Code, JobKind, Refusal};
use std::path::PathBuf;

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
        if !kind.has_server() {
            let reader = self.readers.select(reader)?;
            let mut session = self.readers.connect(&reader)?;
            let number = change_pin(&mut *session, None, &inputs.secrets, false, progress)?;
            return Ok(JobDone::alone(number));
        }
        let portal = portal.ok_or_else(|| Refusal::new(Code::BadRequest).detail("a portal is needed"))?;
        self.run(portal, reader, order, inputs, progress)
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
        let done = JobDone::of(run_job(&mut *session, &target, order, inputs, self.pauses, progress)?);
        match order.kind {
            // What the card tells beside what the server does.
            JobKind::Check => {
                let retries = exclusively(&mut *session, |transport| kaika_card::retries(transport));
                let retries = retries.map_err(lost)?.map_err(refusal)?;
                Ok(JobDone { pin_tries_left: retries.pin, puk_tries_left: retries.puk, ..done })
            }
            _ => Ok(done),
        }
    }
}
