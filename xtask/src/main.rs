//! Build logic: `cargo xtask COMMAND`. What CI does is here, so that everybody can do the same.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod fuzz;
mod install;
mod scripts;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Installs what the tests need, checks the code's rules, and runs all tests.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the tests need and is missing: packages of Debian; pkilint, axe-core and aiosmtpd under
    /// target/judges.
    Install,
    /// Check the rules that the compiler cannot: which crate may use which, what must be absent where, and which packages
    /// may come in.
    Tidy,
    /// Check the types of the pages' scripts, with tsc.
    Scripts,
    /// Run every fuzz target for some seconds
    Fuzz {
        /// For each target
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Measure Kaika against its limits and peers, in a release build
    Bench {
        /// Groups and options, after `--`: for example `-- issuing ocsp`, `-- --quick`, `-- --help`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Everything: formatting, tidy, install, the pages' scripts, a build with all lints, all tests.
    Test {
        /// Large matrices whole, not in their narrow form: once before an issue is closed
        #[arg(long)]
        wide: bool,
        /// For `cargo test`, after `--`: for example `-- -p kaika-ca lint`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Bench { arguments } => bench::run(&arguments),
        Command::Fuzz { seconds } => fuzz::run(seconds),
        Command::Install => install::run(shell::run),
        Command::Scripts => scripts::run(shell::run),
        Command::Tidy => tidy::run(),
        Command::Test { wide, arguments } => test::run_all(wide, &arguments),
    };
    kaika_say::ended(match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            kaika_say::complain!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    })
}
