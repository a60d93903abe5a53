//! `kaika init`, `kaika serve`, `kaika config check`: an authority's own server.

use super::{Operator, log_filter};
use crate::{
    config::{Config, EXAMPLE},
    exposed,
    installation::{Schema, check_lacks, write_whole},
    output, serve,
};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use kaika_app::authorities::{Lack, lacks};
use kaika_program::{LevelFilter, Targets, start_log};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

#[derive(Args)]
pub(super) struct Options {
    /// The configuration (TOML)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Init {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Subcommand)]
pub(super) enum Work {
    /// Say whether the configuration is right, and the policies and files that it names; nothing is made, and the database
    /// is asked where there is one
    Check {
        #[command(flatten)]
        options: Options,
    },
}

pub(super) async fn check(work: Work) -> Result<ExitCode> {
    let Work::Check { options } = work;
    let config = Config::read(&options.config)?;
    let authorities = config.places().read_authorities()?;
    config.site.about(&authorities)?;
    config.mailer()?;
    // It may not be there yet, be of another version, or be out of reach from here.
    let unasked = match config.places().open_store(Schema::Check).await {
        Ok(store) => {
            let lacks = lacks(store.as_ref(), &authorities.policies).await;
            store.close().await;
            // What `init` is for is not wrong.
            check_lacks(lacks?.into_iter().filter(|lack| !matches!(lack, Lack::Keys(_))).collect())?;
            None
        }
        Err(error) => Some(format!("{error:#}")),
    };
    let warnings = exposed::exposed(&config.secrets());
    let names: Vec<_> = authorities.policies.keys().map(|id| id.as_str()).collect();
    if options.json {
        let origin = &config.server.origin;
        output::print_json(
            &json!({ "origin": origin, "authorities": names, "database_unasked": unasked, "warnings": warnings }),
        );
    } else {
        kaika_say::say!("{} is right: {} for {}.", options.config.display(), config.server.origin, names.join(", "));
        if let Some(why) = unasked {
            kaika_say::say!("The database was not asked: {why}");
        }
        for warning in warnings {
            kaika_say::say!("{warning}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn init(init: Init) -> Result<ExitCode> {
    let Init { options, operator } = init;
    if !options.config.exists() {
        write_whole(&options.config, EXAMPLE.as_bytes())
            .with_context(|| format!("{} cannot be written", options.config.display()))?;
        bail!("there was no {0}; it is an example now: edit it, and do the same again", options.config.display());
    }
    let config = Config::read(&options.config)?;
    let installation = serve::init(&config, &operator.actor()).await?;
    let generations = installation.app.store.read().await?.generations().await?;
    installation.app.store.close().await;
    if options.json {
        let names: Vec<_> = generations.iter().map(|generation| generation.name()).collect();
        output::print_json(&json!({ "generations": names, "passphrase_file": config.keys.passphrase_file }));
    } else {
        for generation in &generations {
            kaika_say::say!("{} {}", generation.name(), generation.certificate_url());
        }
        kaika_say::say!(
            "Keep {} apart from the rest; without it the keys are lost.",
            config.keys.passphrase_file.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn serve(options: Options) -> Result<ExitCode> {
    let config = Config::read(&options.config)?;
    let filter = match &config.log.filter {
        Some(filter) => filter.parse().with_context(|| format!("log.filter: {filter}"))?,
        None => Targets::new().with_default(LevelFilter::INFO),
    };
    start_log(&log_filter().unwrap_or(filter), config.log.format.into());
    serve::run(config).await?;
    Ok(ExitCode::SUCCESS)
}
