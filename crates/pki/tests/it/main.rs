//! What this crate writes, judged by programs that we did not write (openssl, pkilint), and what it reads, from
//! good bytes and from bad ones.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic too")]

mod certificates;
mod chains;
mod cms;
mod crls;
mod keys;
mod lints;
mod names;
mod ocsp;
mod parsers;
mod world;
