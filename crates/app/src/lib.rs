//! Use cases, one file each, in the contexts that they belong to, and the ports they need. A use case reads, decides by the
//! rules of `domain`, and writes the new state and its audit events in one transaction.
//!
//! A context may use those before it: `kernel`, `audit`, `mail`, `authorities`, `access`, `holders`, `status`,
//! `certificates`, `cards` (`cargo xtask tidy`). [`App`] and [`Store`] are made of the ports of all of them.
//!
//! **Invariant:** no SQL, no HTTP, no key of an authority, no PIN comes in here.

pub mod access;
mod app;
pub mod audit;
pub mod authorities;
pub mod cards;
pub mod certificates;
pub mod holders;
pub mod kernel;
pub mod mail;
pub mod status;
mod store;

pub use app::App;
pub use kernel::{Failure, StoreError};
pub use store::{Reader, Store, UnitOfWork};

/// Makes an `async fn` one that returns a boxed future. Without it, a use case would be compiled in every crate and program
/// that awaits it: an `async fn` is a type, and its code is made where that type is polled.
pub(crate) use async_recursion::async_recursion as use_case;
