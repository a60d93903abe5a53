//! `activate` and `personalise`: card jobs.

use super::{JobDone, Tool, view::Succeeded};
use crate::{
    engine::{Finished, Inputs, Order, Progress, run_job},
    portal::{Station, Target},
};
use kaika_card::{Pin, Secrets};
use kaika_wire::{CardNumber, Code, JobKind, Refusal, UserCode};
use std::path::PathBuf;

impl Tool {
    pub(super) fn activate(
        &self,
        portal: &str,
        reader: Option<&str>,
        user_code: &str,
        new_pin: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<JobDone, Refusal> {
        let inputs = Inputs {
            user_code: Some(UserCode::parse(user_code).map_err(|_| Code::UserCodeForm)?),
            secrets: Secrets { current_pin: None, new_pin: Some(Pin::parse(new_pin).map_err(|_| Code::PinForm)?) },
        };
        let order = Order::new(JobKind::Activate);
        self.run(portal, reader, &order, inputs, progress)
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
        run_job(&mut *session, &target, order, inputs, self.pauses, progress).map(done)
    }
}

fn done(finished: Finished) -> JobDone {
    JobDone {
        job: finished.job,
        state: Succeeded::Succeeded,
        number: finished.card,
        certificates: finished.succeeded.certificates,
    }
}
