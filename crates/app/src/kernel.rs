//! What every use case stands on: why something fails, time and randomness, secrets that are handed out, and trying again
//! where others were quicker. It knows nothing of cards or holders.

mod clock;
mod draw;
mod failure;
mod lease;
mod locks;
mod pool;
mod retry;
pub(crate) mod sealed;
mod token;

pub use clock::{Clock, Rng};
pub(crate) use draw::draw;
pub use failure::{Conflict, Failure, StoreError, VaultError};
pub use lease::Lease;
pub(crate) use locks::Locks;
pub use pool::{Pool, Unfinished};
pub(crate) use retry::retried;
pub use token::{BrowserHash, JobHash, LinkHash, OutcomeHash, SessionHash, StationHash, TicketHash};
pub(crate) use token::{is_token, token};
