//! `cargo xtask bench`: measures Kaika against its limits and against its peers, both in the same run.
//!
//! What counts is CPU time, since machines are shared; the time on the wall stands beside it. Every group can be run
//! alone, and prints its figures as a table.

mod bare;
mod cpu;
mod desk;
mod fill;
mod groups;
mod load;
mod machine;
mod relay;
mod report;
mod revoke;
mod server;
mod signatures;
mod site;

use anyhow::Result;
use clap::{Parser, Subcommand};
use groups::Group;
use std::{path::PathBuf, process::ExitCode};
use tokio::runtime::Runtime;

/// The server's own allocator: what is measured in this process is to be as it is there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Kaika. Nothing else should be at work on the machine.
#[derive(Parser)]
#[command(name = "cargo xtask bench --", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// What to measure; all of it where nothing is named
    groups: Vec<Group>,
    /// Small sizes: shows that everything works, its figures mean nothing
    #[arg(long)]
    quick: bool,
    /// Put the tables into docs/PERFORMANCE.md
    #[arg(long, conflicts_with = "quick")]
    write: bool,
    /// Where the databases are made; a disk, for durable figures
    #[arg(long, value_name = "DIR", default_value = "/var/tmp")]
    folder: PathBuf,
}

/// What this program is as a process of its own.
#[derive(Subcommand)]
enum Part {
    /// Answers every question with one and the same file
    #[command(hide = true)]
    Bare { port: u16, answer: PathBuf },
    /// Signs revocation lists and tells what they took
    #[command(hide = true)]
    List { config: PathBuf, count: u64 },
}

/// What every group is told.
struct Setting {
    quick: bool,
    /// On a disk.
    folder: PathBuf,
}

impl Setting {
    /// The one, or the other in a quick run.
    fn size<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

/// As `kaika` has it.
fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

fn main() -> ExitCode {
    let done = match Arguments::parse() {
        Arguments { part: Some(Part::Bare { port, answer }), .. } => bare::answer_always(port, &answer),
        Arguments { part: Some(Part::List { config, count }), .. } => groups::lists::sign(&config, count),
        arguments => measure(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: Arguments) -> Result<()> {
    let setting = Setting { quick: arguments.quick, folder: arguments.folder };
    machine::check_disk(&setting.folder)?;
    site::clear(&setting.folder)?;
    let groups = if arguments.groups.is_empty() { Group::ALL.to_vec() } else { arguments.groups };
    let machine = machine::describe(&setting.folder)?;
    println!("{machine}");
    if arguments.write {
        report::write("machine", &machine)?;
    }
    for group in groups {
        eprintln!("▶ {}", group.name());
        let tables: Vec<String> = group.measure(&setting)?.iter().map(report::Table::to_string).collect();
        let tables = tables.join("\n");
        println!("{tables}");
        if arguments.write {
            report::write(group.name(), &tables)?;
        }
    }
    Ok(())
}
