//! Where somebody else was quicker, the same is tried again on what the other has left.

use super::{Conflict, Failure};

/// Each time somebody else has come further: more in a row are not expected.
const ATTEMPTS: usize = 5;

/// `attempt` begins a transaction of its own, and reads in it what it goes by.
///
/// # Errors
/// [`Conflict::GaveWay`] where somebody was quicker every time.
pub(crate) async fn retried<T, Attempt>(attempt: impl Fn() -> Attempt) -> Result<T, Failure>
where
    Attempt: Future<Output = Result<T, Failure>>,
{
    for _ in 0..ATTEMPTS {
        match attempt().await {
            Err(Failure::Conflict(_)) => {}
            done => return done,
        }
    }
    Err(Conflict::GaveWay.into())
}
