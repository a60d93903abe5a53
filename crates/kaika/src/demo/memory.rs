//! `demo.json`: what the demo knows beside the database – user codes in clear (a demo's cards only), the clock, and the
//! addresses.

use super::Folder;
use crate::{installation::write_whole, state_file};
use anyhow::{Context, Result, bail};
use kaika_wire::{AuthorityId, CardNumber, UserCode};
use serde::{Deserialize, Serialize};
use std::{fs, io::ErrorKind};

/// Of the folder's layout.
const FORMAT: u32 = 1;
const FILE: &str = "demo.json";

#[derive(Serialize, Deserialize)]
pub struct Memory {
    format: u32,
    /// How far the clock is moved forward.
    pub days_later: u32,
    /// Where the portal was last.
    pub origin: String,
    /// What stands in the certificates: where the portal was first.
    pub base_url: String,
    #[serde(default)]
    pub(super) cards: Vec<DemoCard>,
}

/// A card of the plan, written down step by step as it is made.
#[derive(Serialize, Deserialize)]
pub(super) struct DemoCard {
    /// Which card of the plan this is.
    pub(super) plan: String,
    pub(super) authority: AuthorityId,
    /// Drawn and written down before the card is ordered.
    pub(super) user_code: Option<UserCode>,
    /// None until it is ordered.
    pub(super) number: Option<CardNumber>,
    /// It is made and was put where the plan wants it; from then on people move it.
    pub(super) placed: bool,
}

impl Memory {
    /// An empty one where the folder has none yet.
    ///
    /// # Errors
    /// The file cannot be read, or a newer version wrote it.
    pub fn read(folder: &Folder) -> Result<Self> {
        let path = folder.path(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::empty()),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let damaged = |error| {
            let next = "put it back from a copy of the folder, or begin another demo in a new folder (`--data`)";
            state_file::damaged(&path, error, next)
        };
        let Format { format } = serde_json::from_slice(&text).map_err(damaged)?;
        if format > FORMAT {
            bail!(
                "{} belongs to a newer version of Kaika (format {format}, this version knows {FORMAT})",
                path.display()
            );
        }
        serde_json::from_slice(&text).map_err(damaged)
    }

    fn empty() -> Self {
        Self { format: FORMAT, days_later: 0, origin: String::new(), base_url: String::new(), cards: Vec::new() }
    }

    /// The demo opens at this address; the certificates keep the first one.
    ///
    /// # Errors
    /// The clock would go backwards.
    pub(super) fn opened_at(&mut self, origin: &str, base_url: &str, days_later: Option<u32>) -> Result<()> {
        origin.clone_into(&mut self.origin);
        if self.base_url.is_empty() {
            base_url.clone_into(&mut self.base_url);
        }
        if let Some(days) = days_later {
            if days < self.days_later {
                bail!("it is {} days later here already, and time does not go back to {days}", self.days_later);
            }
            self.days_later = days;
        }
        Ok(())
    }

    /// # Errors
    /// The folder cannot be written.
    pub(super) fn write(&self, folder: &Folder) -> Result<()> {
        let path = folder.path(FILE);
        let text = serde_json::to_vec_pretty(self).context("the demo's memory is JSON")?;
        write_whole(&path, &text).with_context(|| format!("{} cannot be written", path.display()))
    }
}
