//! Questions to the server, each in a thread of its own, so that the card is not left alone meanwhile.

use super::{Bounds, Patience, Progress};
use crate::portal::{Portal, Station};
use kaika_card::Transport;
use kaika_wire::{BatchReport, Code, JobStarted, JobState, Refusal, StartJob};
use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, Scope},
    time::{Duration, Instant},
};

/// How long a card session is kept open for the server's answer.
#[derive(Clone, Copy, Debug)]
pub struct HoldTimes {
    /// How often the card gets something to do.
    pub every: Duration,
    /// After that the session is given up: other programs get at the card.
    pub most: Duration,
    /// As `most`, where the card waits for the answer to its challenge and gets nothing else to do.
    pub challenged: Duration,
}

impl HoldTimes {
    /// Windows resets a card that is idle in a transaction for five seconds.
    pub const USUAL: Self =
        Self { every: Duration::from_secs(2), most: Duration::from_secs(20), challenged: Duration::from_secs(4) };
}

#[derive(Clone, Copy)]
pub(super) struct Server<'scope, 'env> {
    pub(super) scope: &'scope Scope<'scope, 'env>,
    pub(super) portal: &'env dyn Portal,
    pub(super) patience: Patience<'env>,
}

/// A question that is on its way.
pub(super) struct PendingAnswer<T>(mpsc::Receiver<Reply<T>>);

enum Reply<T> {
    /// It was asked again.
    Waiting(Code),
    Answer(Result<T, Refusal>),
}

impl<'scope, 'env> Server<'scope, 'env> {
    pub(super) fn start(self, start: StartJob, station: Option<&'env Station>) -> PendingAnswer<JobStarted> {
        self.ask(move |_| self.portal.start(&start, station))
    }

    /// Sends the report, and again where no answer came: the server gives the same answer to the same report.
    pub(super) fn report(self, bounds: &Bounds, report: BatchReport) -> PendingAnswer<JobState> {
        let (job, token) = (bounds.job, bounds.token.clone());
        self.ask(move |waiting| {
            let mut pauses = self.patience.pauses.iter();
            loop {
                match self.portal.report(job, &token, &report) {
                    // The server answers a report that is sent again as it did, or would have, the first time.
                    Err(refused) if matches!(refused.code, Code::ServerUnreachable | Code::Busy | Code::Internal) => {
                        let Some(pause) = pauses.next() else {
                            return Err(refused);
                        };
                        waiting(refused.code);
                        thread::sleep(*pause);
                    }
                    answer => return answer,
                }
            }
        })
    }

    fn ask<T: Send + 'scope>(
        self,
        question: impl FnOnce(&mut dyn FnMut(Code)) -> Result<T, Refusal> + Send + 'scope,
    ) -> PendingAnswer<T> {
        let (tell, told) = mpsc::channel();
        self.scope.spawn(move || {
            // Whoever asked waits for the answer.
            let answer = question(&mut |why| drop(tell.send(Reply::Waiting(why))));
            let _ = tell.send(Reply::Answer(answer));
        });
        PendingAnswer(told)
    }
}

impl<T> PendingAnswer<T> {
    /// The answer, while the card session is kept open; none where it is not worth waiting in it any longer. A card that
    /// is `challenged` gets nothing to do meanwhile.
    pub(super) fn held(
        &self,
        transport: &mut dyn Transport,
        times: HoldTimes,
        challenged: bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Option<Result<T, Refusal>> {
        let (every, most) = match challenged {
            true => (times.challenged, times.challenged),
            false => (times.every, times.most),
        };
        let until = Instant::now() + most;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.0.recv_timeout(every.min(left)) {
                Ok(Reply::Answer(answer)) => return Some(answer),
                Ok(Reply::Waiting(why)) => progress(Progress::Waiting { why }),
                Err(RecvTimeoutError::Timeout) if left <= every => return None,
                Err(RecvTimeoutError::Timeout) => {
                    // A card that is gone is told by the next batch.
                    let _ = kaika_card::keep_alive(transport);
                }
                Err(RecvTimeoutError::Disconnected) => return Some(Err(Code::Internal.into())),
            }
        }
    }

    /// The answer, whenever it comes.
    pub(super) fn wait(&self, progress: &mut dyn FnMut(Progress)) -> Result<T, Refusal> {
        loop {
            match self.0.recv() {
                Ok(Reply::Answer(answer)) => return answer,
                Ok(Reply::Waiting(why)) => progress(Progress::Waiting { why }),
                Err(mpsc::RecvError) => return Err(Code::Internal.into()),
            }
        }
    }
}
