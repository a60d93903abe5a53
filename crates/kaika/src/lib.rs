//! The program that runs an authority: the demo and the operator's commands. Here the ports meet their adapters.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod allocator;
pub mod cli;
pub mod clock;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
mod exposed;
pub mod installation;
mod network;
pub mod operator;
mod output;
pub mod serve;
mod state_file;
