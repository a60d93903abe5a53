//! The card tool's operations, on readers of this process. The command line calls them here or has a running agent
//! call them; request and reply are the same documents either way.

mod read;
mod view;
mod work;

pub use view::{CardList, CardView, JobDone, ListedReader, Succeeded};

use crate::{
    engine::{PAUSES, Progress},
    portal::{Portals, Station, Target},
    readers::Readers,
};
use kaika_wire::{CardNumber, Refusal};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc, time::Duration};
use zeroize::Zeroizing;

/// What is asked of the tool. No `Debug`: it holds secrets.
///
/// `portal` is a portal's origin or an authority's page; `reader` a name or an unambiguous part of one, needed where
/// more than one reader has a card. PIN and user code are as the person typed them: their form is checked here, before
/// anything else happens.
#[derive(Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum ToolRequest {
    List {
        #[serde(default)]
        portal: Option<String>,
    },
    Show {
        #[serde(default)]
        portal: Option<String>,
        #[serde(default)]
        reader: Option<String>,
    },
    Activate {
        portal: String,
        #[serde(default)]
        reader: Option<String>,
        user_code: Zeroizing<String>,
        new_pin: Zeroizing<String>,
    },
    Personalise {
        portal: String,
        #[serde(default)]
        reader: Option<String>,
        station: Station,
        #[serde(default)]
        number: Option<CardNumber>,
        /// Where a PIN that is delivered to the holder is written; an absolute path.
        #[serde(default)]
        mailer: Option<PathBuf>,
    },
}

/// In JSON the document alone; which one it is follows from the request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ToolReply {
    List(CardList),
    Done(JobDone),
    Show(Box<CardView>),
}

/// The tool over the readers and portals of this process. Clones share them.
#[derive(Clone)]
pub struct Tool {
    readers: Readers,
    portals: Arc<dyn Portals>,
    pauses: &'static [Duration],
}

impl Tool {
    pub fn new(readers: Readers, portals: Arc<dyn Portals>) -> Self {
        Self { readers, portals, pauses: PAUSES }
    }

    /// With other pauses before a report is sent again.
    #[must_use]
    pub fn pauses(mut self, pauses: &'static [Duration]) -> Self {
        self.pauses = pauses;
        self
    }

    pub fn readers(&self) -> &Readers {
        &self.readers
    }

    /// Does what is asked; blocks until it is done.
    ///
    /// # Errors
    /// The refusal, without words: `kaika_texts::explain` has them.
    pub fn perform(&self, request: ToolRequest, progress: &mut dyn FnMut(Progress)) -> Result<ToolReply, Refusal> {
        match request {
            ToolRequest::List { portal } => self.list(portal.as_deref()).map(ToolReply::List),
            ToolRequest::Show { portal, reader } => {
                self.show(portal.as_deref(), reader.as_deref(), progress).map(|view| ToolReply::Show(Box::new(view)))
            }
            ToolRequest::Activate { portal, reader, user_code, new_pin } => {
                self.activate(&portal, reader.as_deref(), &user_code, &new_pin, progress).map(ToolReply::Done)
            }
            ToolRequest::Personalise { portal, reader, station, number, mailer } => {
                self.personalise(&portal, reader.as_deref(), station, number, mailer, progress).map(ToolReply::Done)
            }
        }
    }

    fn target(&self, portal: Option<&str>) -> Result<Option<Target>, Refusal> {
        portal.map(|url| Target::find(&*self.portals, url)).transpose()
    }
}
