//! Authorities' policies, the life cycles of cards and certificates, and the card jobs: types and rules, in the contexts
//! that they belong to.
//!
//! **Invariant:** nothing here does I/O, reads a clock or draws randomness; every transition takes the time.

pub mod access;
pub mod audit;
pub mod authorities;
pub mod cards;
pub mod certificates;
pub mod holders;
pub mod kernel;
