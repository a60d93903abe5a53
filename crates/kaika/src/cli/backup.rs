//! `kaika backup`: what an authority's server needs, copied into one folder while it is served.
//!
//! The order makes the copies fit each other. Anchors come before the database, which then has every event they sign;
//! keys come after it, so that none is missing that it names.

use crate::{config::Config, installation::create_private, output};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Args)]
pub(super) struct Options {
    /// The configuration (TOML)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder to be made
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Copy the passphrase too: whoever gets hold of the folder then has the authority
    #[arg(long)]
    with_passphrase: bool,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: Options) -> Result<ExitCode> {
    let config = Config::read(&options.config)?;
    if options.to.exists() {
        bail!("{} exists already; choose another --to", options.to.display());
    }
    let parent = options.to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Removed where something fails.
    let mut draft = tempfile::Builder::new();
    draft.prefix(".kaika-backup-").permissions(Permissions::from_mode(0o700));
    let draft = draft.tempdir_in(parent);
    let draft = draft.with_context(|| format!("{} cannot be written", parent.display()))?;
    let has_database = copy(&config, &options, draft.path()).await?;
    fs::rename(draft.path(), &options.to).with_context(|| format!("{} cannot be written", options.to.display()))?;
    let _ = draft.keep();
    sync(parent)?;
    if options.json {
        let (folder, passphrase) = (&options.to, options.with_passphrase);
        output::print_json(&json!({ "folder": folder, "database": has_database, "passphrase": passphrase }));
        return Ok(ExitCode::SUCCESS);
    }
    kaika_say::say!("The backup is in {}.", options.to.display());
    if !has_database {
        kaika_say::say!("The database is not in it: copy it now, with pg_dump, and keep both together.");
    }
    match options.with_passphrase {
        true => kaika_say::say!("The passphrase is in it: whoever has it has the authority."),
        false => kaika_say::say!("The passphrase is not in it; without it the keys are lost. Keep it elsewhere."),
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the database is among it.
async fn copy(config: &Config, options: &Options, folder: &Path) -> Result<bool> {
    let places = config.places();
    // There are none before a server was started.
    if places.anchors.exists() {
        copy_file(&places.anchors, &folder.join("audit.anchors"))?;
    }
    let copied = kaika_store::copy(&places.database, &folder.join("kaika.db")).await;
    let has_database = copied.context("the database cannot be copied")?;
    let passphrase = fs::canonicalize(&places.passphrase_file).ok();
    for (from, name) in [(&places.keys, "keys"), (&places.secrets, "secrets"), (&places.authorities, "authorities")] {
        copy_folder(from, &folder.join(name), passphrase.as_deref())?;
    }
    if options.with_passphrase {
        copy_file(&places.passphrase_file, &folder.join("passphrase"))?;
    }
    copy_file(&options.config, &folder.join("kaika.toml"))?;
    sync(folder)?;
    Ok(has_database)
}

/// The files in it, but this one, and those that are still being written.
fn copy_folder(from: &Path, to: &Path, but: Option<&Path>) -> Result<()> {
    let failed = || format!("{} cannot be copied", from.display());
    create_private(to).with_context(|| format!("{} cannot be written", to.display()))?;
    for entry in fs::read_dir(from).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let (path, name) = (entry.path(), entry.file_name());
        let is_passphrase = but.is_some() && fs::canonicalize(&path).ok().as_deref() == but;
        if path.is_file() && !is_passphrase && !name.as_encoded_bytes().starts_with(b".") {
            copy_file(&path, &to.join(name))?;
        }
    }
    sync(to)
}

/// With its mode.
fn copy_file(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("{} cannot be copied to {}", from.display(), to.display()))?;
    sync(to)
}

/// File or folder: there after a power cut, too.
fn sync(path: &Path) -> Result<()> {
    let synced: io::Result<()> = File::open(path).and_then(|file| file.sync_all());
    synced.with_context(|| format!("{} cannot be written", path.display()))
}
