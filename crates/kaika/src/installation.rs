//! What an installation is made of, and the ports over it.

use crate::{clock::ShiftedClock, state_file};
use anyhow::{Context, Result, bail};
use kaika_app::{
    App, Store, StoreError,
    audit::Anchors,
    authorities::{Lack, found_authorities, lacks},
    holders::organise,
    kernel::{Clock, Rng},
    status::StatusSettings,
};
use kaika_ca::{Ca, CaConfig, FileKeyStore, Keys};
use kaika_domain::audit::Actor;
use kaika_domain::authorities::{Authorities, Root};
use kaika_store::Migrated;
use kaika_vault::{AnchorFile, SystemRng, UserCodes, Vault, read_or_create_passphrase};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The demo's authorities; a new folder gets a copy of each.
pub(crate) const AUTHORITIES: [(&str, &str); 6] = [
    ("roots.toml", include_str!("../authorities/roots.toml")),
    ("gca.toml", include_str!("../authorities/gca.toml")),
    ("xca.toml", include_str!("../authorities/xca.toml")),
    ("moica.toml", include_str!("../authorities/moica.toml")),
    ("hca.toml", include_str!("../authorities/hca.toml")),
    ("twca.toml", include_str!("../authorities/twca.toml")),
];

/// Where the parts of an installation lie: in one folder, or wherever a configuration says.
#[derive(Clone, Debug)]
pub struct Places {
    /// `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// Policies and `roots.toml`.
    pub authorities: PathBuf,
    /// Sealed masters for what cards need, and the audit log's key.
    pub secrets: PathBuf,
    /// Sealed keys of authorities and responders.
    pub keys: PathBuf,
    pub passphrase_file: PathBuf,
    /// Signed heads of the audit log.
    pub anchors: PathBuf,
    /// How a command line names all this.
    pub named: String,
    /// The command that makes what is missing.
    pub made_by: &'static str,
}

/// What may be done to the schema where a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// It is only looked at.
    Check,
    /// Made in an empty database.
    Make,
    /// Brought up to date in one that is not empty.
    Update,
    /// One or the other: the demo's folder is its own.
    MakeOrUpdate,
}

impl Schema {
    /// Whether this is what kept a database from being opened, and may be changed.
    fn mends(self, error: &StoreError) -> bool {
        match error {
            StoreError::Empty => matches!(self, Schema::Make | Schema::MakeOrUpdate),
            StoreError::Older { .. } => matches!(self, Schema::Update | Schema::MakeOrUpdate),
            _ => false,
        }
    }
}

impl Places {
    /// # Errors
    /// The database has a schema that this program cannot run on, and may not change; or it cannot be opened.
    pub async fn open_store(&self, schema: Schema) -> Result<Arc<dyn Store>> {
        let mut opened = kaika_store::open(&self.database).await;
        if matches!(opened, Err(StoreError::Empty)) && self.has_keys() {
            return opened.map_err(|error| self.unusable(error));
        }
        if opened.as_ref().is_err_and(|error| schema.mends(error)) {
            let Migrated { from, to } =
                kaika_store::migrate(&self.database).await.map_err(|error| self.unusable(error))?;
            tracing::info!(from, to, "the database's schema was brought up to date");
            opened = kaika_store::open(&self.database).await;
        }
        opened.map_err(|error| self.unusable(error))
    }

    /// Brings the schema up to date. An empty database stays empty: it may be the wrong one.
    ///
    /// # Errors
    /// The database is empty or of a newer version, or cannot be changed.
    pub async fn migrate(&self) -> Result<Migrated> {
        match kaika_store::open(&self.database).await {
            Ok(store) => store.close().await,
            Err(StoreError::Older { .. }) => {}
            Err(error) => return Err(self.unusable(error)),
        }
        kaika_store::migrate(&self.database).await.map_err(|error| self.unusable(error))
    }

    /// Whether authorities were founded here. Their keys are made in a database that has its schema, and stay.
    fn has_keys(&self) -> bool {
        let is_key = |entry: std::io::Result<fs::DirEntry>| {
            entry.is_ok_and(|entry| entry.path().extension().is_some_and(|extension| extension == "key"))
        };
        fs::read_dir(&self.keys).is_ok_and(|mut entries| entries.any(is_key))
    }

    /// What is to be done about it goes first.
    fn unusable(&self, error: StoreError) -> anyhow::Error {
        // An address may have a password in it.
        let database = match self.database.strip_prefix("sqlite:") {
            Some(path) => format!("the database {path}"),
            None => "the PostgreSQL database".to_owned(),
        };
        let (named, made_by) = (&self.named, self.made_by);
        let told = match &error {
            StoreError::Empty if self.has_keys() => {
                let keys = self.keys.display();
                format!(
                    "{database} was emptied, or is another one: the keys in {keys} are of authorities that it does not know. \
                     Nothing was changed. Put the database back from a backup, or correct its address; to begin anew, take the \
                     keys away first, then `{made_by} {named}`"
                )
            }
            StoreError::Empty => format!("{database} cannot be used; `{made_by} {named}` makes a new one"),
            StoreError::Damaged(_) => format!("{database} is damaged; put it back from a backup"),
            StoreError::Older { .. } => format!("{database} has to be brought up to date: `kaika migrate {named}`"),
            _ => format!("{database} cannot be used"),
        };
        anyhow::Error::new(error).context(told)
    }

    /// # Errors
    /// A file cannot be read, or is not right by itself or beside the others.
    pub fn read_authorities(&self) -> Result<Authorities> {
        let folder = &self.authorities;
        let unreadable = || format!("the policies in {} cannot be read", folder.display());
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let unreadable = || format!("{} cannot be read", path.display());
                let text = fs::read_to_string(&path).with_context(unreadable)?;
                if text.trim().is_empty() {
                    let next = match self.made_by == "kaika demo" && AUTHORITIES.iter().any(|(file, _)| *file == name) {
                        true => "remove it, and the next start puts the demo's own there",
                        false => "put it back from a backup",
                    };
                    return Err(state_file::damaged(&path, "it says nothing", next));
                }
                files.push((name, text));
            }
        }
        // Folders have no order, and what is told shall have one.
        files.sort();
        Authorities::parse(&files, &kaika_server::RESERVED).with_context(|| format!("in {}", folder.display()))
    }
}

/// An opened installation.
pub struct Installation {
    pub app: Arc<App>,
    pub anchors: Arc<dyn Anchors>,
    pub roots: Vec<Root>,
    ca: Arc<Ca>,
}

/// What differs from one opening to another.
pub struct OpenOptions {
    /// The portal's origin as people type it.
    pub origin: String,
    /// What stands in certificates that are issued by authorities founded from now on.
    pub base_url: String,
    pub clock: ShiftedClock,
    pub status: StatusSettings,
    pub schema: Schema,
}

impl Installation {
    /// # Errors
    /// The database does not fit or cannot be opened; a policy is wrong; a key cannot be opened.
    pub async fn open(places: &Places, opening: OpenOptions) -> Result<Self> {
        let Authorities { policies, roots } = places.read_authorities()?;
        let store = places.open_store(opening.schema).await?;
        let passphrase_file = &places.passphrase_file;
        let is_founded = !store.read().await?.generations().await?.is_empty();
        let passphrase_missing = || (!passphrase_file.exists()).then(|| passphrase_file.clone());
        if is_founded && let Some(missing) = passphrase_missing().or_else(|| Vault::missing(&places.secrets)) {
            bail!("{} is missing: put it back from a backup; a new one would open nothing", missing.display());
        }
        let passphrase = read_or_create_passphrase(passphrase_file)
            .with_context(|| format!("the passphrase in {} cannot be read: put it back", passphrase_file.display()))?;
        let clock: Arc<dyn Clock> = Arc::new(opening.clock);
        let rng: Arc<dyn Rng> = Arc::new(SystemRng::new());
        let vault = Vault::create_or_open(&places.secrets, &passphrase).context("the vault cannot be opened")?;
        let anchors = Arc::new(AnchorFile::new(places.anchors.clone(), vault.audit_key()));
        let ca = Ca::open(CaConfig {
            store: Arc::clone(&store),
            keys: Keys::in_one(Arc::new(FileKeyStore::new(places.keys.clone(), passphrase))),
            policies: policies.clone(),
            roots: roots.clone(),
            base_url: opening.base_url,
            clock: Arc::clone(&clock),
            rng: Arc::clone(&rng),
        })
        .await
        .context("the authorities' keys cannot be opened")?;
        let ca = Arc::new(ca);
        let app = App::new(
            store,
            ca.clone(),
            Arc::new(vault),
            Arc::new(UserCodes::new()),
            clock,
            rng,
            policies,
            opening.origin,
        )
        .with_status(opening.status);
        organise(&app).await.context("the holders could not be put into organisations")?;
        Ok(Self { app: Arc::new(app), anchors, roots, ca })
    }

    /// # Errors
    /// A key of an authority or a responder is not the one that was certified, or cannot be opened.
    pub async fn check_keys(&self) -> Result<()> {
        self.ca.check_keys().await.context("the authorities' keys cannot be used")
    }

    /// Says so where what was anchored before is not in the file any more: from here on nobody would see that the log was
    /// cut.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn warn_of_anchors(&self, file: &Path) -> Result<()> {
        let events = self.app.store.read().await?.audit_head().await?.sequence;
        let is_empty = fs::metadata(file).map_or(true, |metadata| metadata.len() == 0);
        if events > 0 && is_empty {
            tracing::warn!(
                file = %file.display(),
                events,
                "the anchors of the audit log are gone; put back a copy, or nobody sees whether its tail was cut before now"
            );
        }
        Ok(())
    }

    /// # Errors
    /// Policies and database do not go together; the message says what to do.
    pub async fn check_authorities(&self) -> Result<()> {
        check_lacks(lacks(self.app.store.as_ref(), &self.app.policies).await?)
    }

    /// Makes the authorities' keys and certificates where they are missing.
    ///
    /// # Errors
    /// A key cannot be made or a certificate would not be right.
    pub async fn found(&self, by: &Actor) -> Result<()> {
        found_authorities(&self.app, &self.roots, by).await.context("the authorities could not be founded")?;
        Ok(())
    }
}

/// What policies and database lack of one another, as one line.
///
/// # Errors
/// There is something.
pub fn check_lacks(lacks: Vec<Lack>) -> Result<()> {
    if lacks.is_empty() {
        return Ok(());
    }
    bail!(lacks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// Examples to begin with, where there is no folder of policies yet.
///
/// # Errors
/// The folder cannot be made.
pub fn copy_authorities(folder: &Path) -> Result<()> {
    if folder.exists() {
        return Ok(());
    }
    let made = create_private(folder).and_then(|()| copy_examples(folder));
    made.with_context(|| format!("the folder {} cannot be written", folder.display()))
}

pub(crate) fn copy_examples(folder: &Path) -> std::io::Result<()> {
    for (name, contents) in AUTHORITIES {
        let path = folder.join(name);
        if !path.exists() {
            write_whole(&path, contents.as_bytes())?;
        }
    }
    Ok(())
}

pub(crate) fn create_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Nobody ever sees half a file: written beside its place, made durable, then moved there. Its owner alone reads it.
pub(crate) fn write_whole(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    Draft::of(path)?.finish(path, contents)
}

/// A file that is not in its place yet; that there can be one is known before its contents are.
pub(crate) struct Draft(tempfile::NamedTempFile);

impl Draft {
    pub(crate) fn of(path: &Path) -> std::io::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        tempfile::NamedTempFile::new_in(folder).map(Self)
    }

    pub(crate) fn finish(mut self, path: &Path, contents: &[u8]) -> std::io::Result<()> {
        self.0.write_all(contents)?;
        self.0.as_file().sync_all()?;
        self.0.persist(path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_schema_is_changed_only_by_whoever_may() {
        for schema in [Schema::Check, Schema::Make, Schema::Update, Schema::MakeOrUpdate] {
            for is_empty in [true, false] {
                let data = tempfile::tempdir().unwrap();
                let of = |name| data.path().join(name);
                let places = Places {
                    database: format!("sqlite:{}", of("kaika.db").display()),
                    authorities: of("authorities"),
                    secrets: of("secrets"),
                    keys: of("keys"),
                    passphrase_file: of("passphrase"),
                    anchors: of("audit.anchors"),
                    named: "--config kaika.toml".to_owned(),
                    made_by: "kaika init",
                };
                if !is_empty {
                    kaika_store::migrate_to(&places.database, 14).await.unwrap();
                }
                let may = match is_empty {
                    true => matches!(schema, Schema::Make | Schema::MakeOrUpdate),
                    false => matches!(schema, Schema::Update | Schema::MakeOrUpdate),
                };
                let opened = places.open_store(schema).await;
                match &opened {
                    Ok(store) => store.check_schema().await.unwrap(),
                    Err(error) => {
                        let command = if is_empty { "`kaika init --config " } else { "`kaika migrate --config " };
                        assert!(format!("{error:#}").contains(command), "{error:#}");
                    }
                }
                assert_eq!(opened.is_ok(), may, "{schema:?}, empty: {is_empty}");
            }
        }
    }
}
