//! The command `kaika-agent`.

mod ask;
mod card;
mod config;
mod output;
mod run;
#[cfg(feature = "demo")]
mod softcard;
#[cfg(not(feature = "demo"))]
mod without_demo;

use clap::{Parser, Subcommand, error::ErrorKind};
use kaika_texts::Language;
use kaika_wire::{Code, Refusal};
use output::Output;
use std::{ffi::OsString, path::PathBuf, process::ExitCode};
#[cfg(not(feature = "demo"))]
use without_demo as softcard;

#[derive(Parser)]
#[command(
    name = "kaika-agent",
    version,
    about = "Card readers, card jobs and the local agent of Kaika",
    after_help = "Examples:\n  \
        kaika-agent card list\n  \
        kaika-agent card show --portal http://localhost:8080\n  \
        kaika-agent card activate --portal http://localhost:8080/gca/ --reader \"Reader 1\"\n  \
        kaika-agent run"
)]
struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Run the agent, so that pages and other programs can use this computer's readers
    Run(run::Options),
    /// The card tool
    #[command(subcommand)]
    Card(card::Work),
    /// Put a software card into a reader of pcscd (vsmartcard-vpcd)
    #[cfg_attr(not(feature = "demo"), command(about = "Not in this program, which was built without software cards"))]
    Softcard(softcard::Options),
}

/// Runs the command line; the exit code is 0, 1 for a refusal, 2 for a wrong use.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    kaika_program::keep_to_itself();
    kaika_say::ended(commanded(arguments))
}

fn commanded(arguments: Vec<OsString>) -> ExitCode {
    let output = Output { json: arguments.iter().any(|argument| argument == "--json"), language: language() };
    let command = match Command::try_parse_from(arguments) {
        Ok(command) => command,
        Err(error) => return misused(&output, &error),
    };
    let result = match command.what {
        What::Run(options) => run::run(&options, &output),
        What::Card(work) => card::work(work, &output),
        What::Softcard(options) => softcard::run(&options, &output),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            output.refuse(refusal);
            ExitCode::FAILURE
        }
    }
}

fn misused(output: &Output, error: &clap::Error) -> ExitCode {
    // Where nobody reads it, there is nothing more to say.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        kind => {
            if output.json {
                // What was typed stays out of it: somebody may have given a PIN as an argument.
                output.refuse_quietly(Refusal::new(Code::BadRequest).detail(kind.to_string()));
            }
            ExitCode::from(2)
        }
    }
}

fn language() -> Language {
    Language::of_terminal(|name| std::env::var(name).ok())
}

/// Where a running agent of this user keeps its token.
fn default_token_file() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty())?;
    Some(PathBuf::from(folder).join("kaika").join("agent-token"))
}
