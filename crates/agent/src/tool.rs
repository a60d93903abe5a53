//! The card tool's operations, on readers of this process. The command line calls them here or has a running agent
//! call them; request and reply are the same documents either way.

mod done;
mod read;
mod view;
mod work;

pub use crate::advice::{Advice, Standing};
pub use done::JobDone;
pub use view::{CardList, CardProbe, CardTries, CardView, ListedReader, ToldCertificate};

use crate::{
    change_pin::CutChanges,
    engine::{Inputs, Order, PAUSES, Progress},
    portal::{Portals, Station, Target},
    readers::Readers,
};
use kaika_card::Pin;
use kaika_wire::{CardNumber, Code, Input, JobDetails, JobKind, Refusal, UserCode};
use serde::{Deserialize, Serialize};
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
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
    /// What the card can do; nothing on it is changed.
    Probe {
        #[serde(default)]
        reader: Option<String>,
    },
    /// What somebody should know who is about to type a PIN.
    Tries {
        #[serde(default)]
        portal: Option<String>,
        #[serde(default)]
        reader: Option<String>,
        /// For which job: one that cannot succeed is refused here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<JobKind>,
    },
    /// What holders do themselves, with the secrets of [`JobKind::inputs`].
    Job {
        kind: JobKind,
        /// Not for what has no server.
        #[serde(default)]
        portal: Option<String>,
        #[serde(default)]
        reader: Option<String>,
        #[serde(flatten)]
        details: JobDetails,
        secrets: TypedSecrets,
        /// Of a change of the PIN: the person says that the same was cut before.
        #[serde(default)]
        after_cut: bool,
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

impl ToolRequest {
    /// The card job that it takes, where it takes one.
    pub(crate) fn kind(&self) -> Option<JobKind> {
        match self {
            Self::List { .. } | Self::Probe { .. } | Self::Tries { .. } | Self::Show { portal: None, .. } => None,
            Self::Show { portal: Some(_), .. } => Some(JobKind::Information),
            Self::Job { kind, .. } => Some(*kind),
            Self::Personalise { .. } => Some(JobKind::Personalise),
        }
    }
}

/// As the person typed them. No `Debug`.
#[derive(Default, Serialize, Deserialize)]
pub struct TypedSecrets {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<Zeroizing<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Zeroizing<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_pin: Option<Zeroizing<String>>,
    /// Where a mail with one has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_code: Option<Zeroizing<String>>,
}

impl TypedSecrets {
    /// Those that a job of this kind needs.
    ///
    /// # Errors
    /// [`Code::SecretMissing`] with its name, [`Code::UserCodeForm`], [`Code::PinForm`].
    pub fn inputs(&self, kind: JobKind) -> Result<Inputs, Refusal> {
        let mut inputs = Inputs { mail_code: self.mail_code.as_deref().cloned(), ..Inputs::default() };
        let pin = |typed: &Option<Zeroizing<String>>, name: &str| match typed {
            Some(pin) => Pin::parse(pin).map(Some).map_err(|_| Code::PinForm.into()),
            None => Err(Refusal::new(Code::SecretMissing).detail(name)),
        };
        for input in kind.inputs() {
            match input {
                Input::UserCode => {
                    let code = self.user_code.as_ref();
                    let code = code.ok_or_else(|| Refusal::new(Code::SecretMissing).detail("user_code"))?;
                    inputs.user_code = Some(UserCode::parse(code).map_err(|_| Code::UserCodeForm)?);
                }
                Input::Pin => inputs.secrets.current_pin = pin(&self.pin, "pin")?,
                Input::NewPin => inputs.secrets.new_pin = pin(&self.new_pin, "new_pin")?,
            }
        }
        Ok(inputs)
    }
}

/// In JSON the document alone; which one it is follows from the request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ToolReply {
    List(CardList),
    Done(JobDone),
    Probe(Box<CardProbe>),
    Show(Box<CardView>),
    Tries(CardTries),
}

/// The tool over the readers and portals of this process. Clones share them.
#[derive(Clone)]
pub struct Tool {
    readers: Readers,
    portals: Arc<dyn Portals>,
    pauses: &'static [Duration],
    cut_changes: Arc<CutChanges>,
}

impl Tool {
    pub fn new(readers: Readers, portals: Arc<dyn Portals>) -> Self {
        Self { readers, portals, pauses: PAUSES, cut_changes: Arc::default() }
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

    /// Forgets PINs that were kept long enough for going on after a cut.
    pub(crate) fn sweep(&self, now: Instant) {
        self.cut_changes.expire(now);
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
            ToolRequest::Probe { reader } => {
                self.probe(reader.as_deref()).map(|probe| ToolReply::Probe(Box::new(probe)))
            }
            ToolRequest::Tries { portal, reader, kind } => {
                self.tries(portal.as_deref(), reader.as_deref(), kind).map(ToolReply::Tries)
            }
            ToolRequest::Job { kind, reader, secrets, after_cut, .. } if !kind.has_server() => {
                self.change_pin(reader.as_deref(), &secrets, after_cut, progress).map(ToolReply::Done)
            }
            ToolRequest::Job { kind, portal, reader, details, secrets, .. } => {
                let order = Order { details, ..Order::new(kind) };
                let done = self.job(&order, portal.as_deref(), reader.as_deref(), &secrets, progress);
                done.map(ToolReply::Done)
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
