//! Where somebody else was quicker, the same is tried again on what the other has left.

use crate::Failure;
use kaika_wire::Code;

/// Each time somebody else has come further: more in a row are not expected.
const ATTEMPTS: usize = 5;

/// `attempt` begins a transaction of its own, and reads in it what it goes by.
///
/// # Errors
/// [`Code::Busy`] where somebody was quicker every time.
pub(crate) async fn retried<T, Attempt>(attempt: impl Fn() -> Attempt) -> Result<T, Failure>
where
    Attempt: Future<Output = Result<T, Failure>>,
{
    for _ in 0..ATTEMPTS {
        match attempt().await {
            Err(failure) if others_were_quicker(&failure) => {}
            done => return done,
        }
    }
    Err(Code::Busy.into())
}

pub(crate) fn others_were_quicker(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(refusal) if matches!(refusal.code, Code::Stale | Code::Busy))
}
