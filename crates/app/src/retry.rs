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
            Err(Failure::Refused(refusal)) if refusal.code == Code::Stale => {}
            done => return done,
        }
    }
    Err(Code::Busy.into())
}
