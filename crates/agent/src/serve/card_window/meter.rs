//! How far a job is, for a bar that never goes back.

use crate::engine::Progress;
use kaika_wire::Code;

/// A round trip to start, then one per batch; most jobs have two batches.
const USUAL_BATCHES: u32 = 2;
/// Of a batch's part of the bar, what the card takes; the rest is the server's.
const CARDS_SHARE: f32 = 0.75;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Meter {
    percent: u8,
    pub(super) doing: Doing,
    batch: u32,
    commands: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// Reading the card and asking the server.
    Starting,
    AtCard,
    /// The server has the card's answers.
    AtServer,
    /// The server is asked again, since it did not answer.
    Retrying,
    /// The same, since it said that it could not.
    RetryingFailed,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { percent: 5, doing: Doing::Starting, batch: 0, commands: 0 }
    }

    /// Below 100: at its end the job has another screen.
    pub(super) fn percent(&self) -> u8 {
        self.percent
    }

    pub(super) fn advance(&mut self, progress: &Progress) {
        let trips = match progress {
            Progress::Started { .. } => 1.0,
            Progress::Batch { sequence, commands } => {
                (self.batch, self.commands, self.doing) = (*sequence, *commands, Doing::AtCard);
                self.before_batch()
            }
            Progress::Step { done } => {
                self.doing = if *done < self.commands { Doing::AtCard } else { Doing::AtServer };
                let share = *done as f32 / self.commands.max(1) as f32;
                self.before_batch() + CARDS_SHARE * share.min(1.0)
            }
            Progress::Waiting { why } => {
                self.doing = match why {
                    Code::ServerUnreachable => Doing::Retrying,
                    _ => Doing::RetryingFailed,
                };
                return;
            }
        };
        let all = (1 + USUAL_BATCHES.max(self.batch)) as f32;
        let percent = (100.0 * trips / all).clamp(5.0, 98.0) as u8;
        self.percent = self.percent.max(percent);
    }

    fn before_batch(&self) -> f32 {
        self.batch as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_goes_forward_alone() {
        let mut meter = Meter::new();
        let mut shown = vec![meter.percent()];
        let mut job = vec![Progress::Started { card: "GC00000000000001".parse().unwrap() }];
        for (sequence, commands) in [(1, 2), (2, 3), (3, 1), (4, 0)] {
            job.push(Progress::Batch { sequence, commands });
            job.extend((1..=commands).map(|done| Progress::Step { done }));
            job.push(Progress::Waiting { why: Code::ServerUnreachable });
        }
        for step in &job {
            meter.advance(step);
            shown.push(meter.percent());
        }
        assert!(shown.is_sorted(), "{shown:?}");
        assert!(shown.last().is_some_and(|last| (80..100).contains(last)), "{shown:?}");
    }

    #[test]
    fn it_tells_who_is_busy() {
        let mut meter = Meter::new();
        meter.advance(&Progress::Batch { sequence: 1, commands: 2 });
        meter.advance(&Progress::Step { done: 1 });
        assert_eq!(meter.doing, Doing::AtCard);
        meter.advance(&Progress::Step { done: 2 });
        assert_eq!(meter.doing, Doing::AtServer);
        meter.advance(&Progress::Waiting { why: Code::ServerUnreachable });
        assert_eq!(meter.doing, Doing::Retrying);
        for why in [Code::Internal, Code::Busy] {
            meter.advance(&Progress::Waiting { why });
            assert_eq!(meter.doing, Doing::RetryingFailed);
        }
    }
}
