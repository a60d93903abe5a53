//! The command line of `kaika`.

mod audit;
mod backup;
mod card;
mod certificate;
#[cfg(feature = "demo")]
mod demo;
mod mail;
mod migrate;
mod server;
mod station;
mod sweep;
#[cfg(not(feature = "demo"))]
mod without_demo;

#[cfg(feature = "demo")]
use crate::allocator;
use crate::{
    config::Config,
    installation::{Installation, Places, Schema},
    operator::operator,
    output, serve,
};
use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use kaika_app::Failure;
use kaika_domain::audit::{Actor, OperatorName};
use kaika_program::Targets;
use kaika_wire::{Code, Refusal};
use std::{env, ffi::OsString, path::PathBuf, process::ExitCode};
#[cfg(not(feature = "demo"))]
use without_demo as demo;

#[derive(Parser)]
#[command(
    name = "kaika",
    version,
    about = "Runs smart-card certificates end to end",
    after_help = "Examples:\n  \
        kaika demo\n  \
        kaika demo --data /tmp/kaika --days-later 91\n  \
        kaika init --config kaika.toml && kaika serve --config kaika.toml\n  \
        kaika card order --authority gca --holder holder.toml\n  \
        kaika station enrol --name \"Counter 1\" --out station.json\n  \
        kaika certificate suspend --card GC00000000000017 --reason lost\n  \
        kaika audit verify"
)]
struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Show the main job with software cards: server, agent and card tray in one
    #[cfg_attr(not(feature = "demo"), command(about = "Not in this program, which was built without the demo"))]
    Demo(demo::Options),
    /// Make an authority: policies, keys, database, as the configuration says; what exists is left alone
    Init(server::Init),
    /// Run an authority: portal, API, OCSP and revocation lists
    Serve(server::Options),
    /// Bring the database's schema up to date, for a newer version of this program; no other command changes it
    Migrate(migrate::Options),
    /// Copy an authority's database, keys, policies and anchors into a folder, while it is served
    Backup(backup::Options),
    /// The configuration
    #[command(subcommand)]
    Config(server::Work),
    /// Order cards and look at orders
    #[command(subcommand)]
    Card(card::Work),
    /// Suspend, resume and revoke certificates, as the authority
    #[command(subcommand)]
    Certificate(certificate::Work),
    /// The places where cards are personalised
    #[command(subcommand)]
    Station(station::Work),
    /// Mails that wait or were given up
    #[command(subcommand)]
    Mail(mail::Work),
    /// Deal with cards that were not activated in time
    Sweep(sweep::Options),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::Work),
}

/// What every operator's command takes.
#[derive(Args)]
struct Place {
    /// The demo's folder
    #[arg(long, value_name = "DIR", default_value = "kaika-demo")]
    data: PathBuf,
    /// The configuration of an authority's server, in place of a demo's folder
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    config: Option<PathBuf>,
    #[command(flatten)]
    operator: Operator,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// Who gives the command.
#[derive(Args)]
struct Operator {
    /// What the audit log calls you, instead of your user's name on this computer
    #[arg(long = "as", value_name = "NAME")]
    called: Option<OperatorName>,
}

impl Operator {
    fn actor(&self) -> Actor {
        operator(self.called.as_ref())
    }
}

/// What the environment wants logged, where that can be read: `info`, `warn,kaika_server=debug`.
fn log_filter() -> Option<Targets> {
    env::var("KAIKA_LOG").ok()?.parse().ok()
}

/// Runs the command line: 0, 1 for a refusal or a failure, 2 for a wrong use.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    kaika_program::keep_to_itself();
    kaika_say::ended(commanded(arguments))
}

fn commanded(arguments: Vec<OsString>) -> ExitCode {
    let as_json = arguments.iter().any(|argument| argument == "--json");
    let command = match Command::try_parse_from(&arguments) {
        Ok(command) => command,
        Err(error) => {
            let misused = error.use_stderr();
            // Where nobody reads it, there is nothing more to say.
            let _ = error.print();
            if misused && as_json {
                let refusal = Refusal::new(Code::BadRequest).detail(error.kind().to_string());
                output::print_json(&serde_json::json!({ "error": refusal }));
            }
            return if misused { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    #[cfg(feature = "demo")]
    if matches!(command.what, What::Demo(_)) {
        allocator::give_back_at_once(&arguments);
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    // A server has the machine to itself; the demo is to take little memory, and commands need no more.
    if !matches!(command.what, What::Serve(_)) {
        runtime.worker_threads(2);
    }
    let runtime = runtime.enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(command));
            // A card in the making may be at work still.
            runtime.shutdown_timeout(std::time::Duration::from_secs(1));
            result
        }
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            complain(&error, as_json);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    match command.what {
        What::Demo(options) => demo::run(options).await,
        What::Init(options) => server::init(options).await,
        What::Serve(options) => server::serve(options).await,
        What::Migrate(options) => migrate::run(options).await,
        What::Backup(options) => backup::run(options).await,
        What::Config(work) => server::check(work).await,
        What::Card(work) => card::run(work).await,
        What::Certificate(work) => certificate::run(work).await,
        What::Station(work) => station::run(work).await,
        What::Mail(work) => mail::run(work).await,
        What::Sweep(options) => sweep::run(options).await,
        What::Audit(work) => audit::run(work).await,
    }
}

/// A refusal in the person's language; anything else as one line with its causes.
fn complain(error: &anyhow::Error, as_json: bool) {
    let refusal = error.chain().find_map(|cause| match cause.downcast_ref::<Failure>() {
        Some(Failure::Refused(refusal)) => Some(refusal.clone()),
        Some(Failure::Conflict(conflict)) => Some(conflict.refusal()),
        _ => cause.downcast_ref::<Refusal>().cloned(),
    });
    match refusal {
        Some(refusal) => output::refuse(refusal, as_json),
        None => {
            kaika_say::complain!("kaika: {error:#}");
            if as_json {
                let refusal = Refusal::new(Code::Internal).detail(format!("{error:#}"));
                output::print_json(&serde_json::json!({ "error": kaika_texts::explain(output::language(), refusal) }));
            }
        }
    }
}

impl Place {
    /// Opens what `init` or a demo has made, at the time that the demo has.
    async fn open(&self) -> Result<Installation> {
        if let Some(config) = self.config()? {
            return serve::open(&config, Schema::Check).await;
        }
        demo::open(&self.data).await
    }

    fn places(&self) -> Result<Places> {
        Ok(match self.config()? {
            Some(config) => config.places(),
            None => demo::places(&self.data)?,
        })
    }

    fn config(&self) -> Result<Option<Config>> {
        self.config.as_deref().map(Config::read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn no_command_contradicts_itself() {
        Command::command().debug_assert();
    }
}
