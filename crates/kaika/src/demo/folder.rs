//! The demo's folder: all that it has lies in it.

use crate::{
    exposed::Secret,
    installation::{Places, copy_examples, create_private},
};
use anyhow::{Context, Result, bail};
use std::{
    fs::{File, TryLockError},
    path::PathBuf,
};

/// Where its things lie.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Makes what is missing.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn create(&self) -> Result<()> {
        let unwritable = || format!("the folder {} cannot be written", self.root.display());
        for folder in [self.root.clone(), self.authorities(), self.secrets(), self.keys(), self.cards()] {
            create_private(&folder).with_context(unwritable)?;
        }
        copy_examples(&self.authorities()).with_context(unwritable)
    }

    /// One program at a time serves the folder.
    ///
    /// # Errors
    /// Another one does, or the folder cannot be written.
    pub fn lock(&self) -> Result<File> {
        let path = self.root.join("lock");
        let unwritable = || format!("the folder {} cannot be written", self.root.display());
        let file = File::options().create(true).append(true).open(path).with_context(unwritable)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                bail!("another program already serves the folder {}", self.root.display())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(unwritable),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn database_url(&self) -> String {
        format!("sqlite:{}", self.root.join("kaika.db").display())
    }

    pub fn authorities(&self) -> PathBuf {
        self.root.join("authorities")
    }

    pub fn secrets(&self) -> PathBuf {
        self.root.join("secrets")
    }

    pub fn passphrase_file(&self) -> PathBuf {
        self.secrets().join("passphrase")
    }

    /// Files that hold secrets in clear.
    pub(crate) fn in_clear(&self) -> Vec<Secret> {
        vec![
            ("the passphrase", self.passphrase_file()),
            ("the station's credential", self.secrets().join("station.json")),
            ("the demo's memory", self.path("demo.json")),
            ("the database", self.path("kaika.db")),
        ]
    }

    pub fn places(&self) -> Places {
        Places {
            database: self.database_url(),
            authorities: self.authorities(),
            secrets: self.secrets(),
            keys: self.keys(),
            passphrase_file: self.passphrase_file(),
            anchors: self.anchor_file(),
            named: format!("--data {}", self.root.display()),
            made_by: "kaika demo",
        }
    }

    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    pub fn cards(&self) -> PathBuf {
        self.root.join("cards")
    }

    /// The demo's mailbox.
    pub fn mails(&self) -> PathBuf {
        self.root.join("mails")
    }

    fn anchor_file(&self) -> PathBuf {
        self.root.join("audit.anchors")
    }

    /// Whether something was ever founded here.
    pub fn exists(&self) -> bool {
        self.root.join("kaika.db").exists()
    }
}
