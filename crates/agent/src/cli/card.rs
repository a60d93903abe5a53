//! `kaika-agent card`: the card tool, at this computer's readers or through a running agent.

use super::{ask, default_token_file, output::Output};
use crate::{
    client::AgentClient,
    portal::{Station, http::HttpPortals},
    readers::{Readers, Source, pcsc::PcscReaders},
    tool::{Tool, ToolReply, ToolRequest, TypedSecrets},
};
use clap::{Args, Subcommand};
use kaika_wire::{CardNumber, Code, EmailAddress, JobDetails, JobKind, Refusal, StatusChange, StatusChangeKind};
use std::{path::PathBuf, sync::Arc};
use zeroize::Zeroizing;

#[derive(Subcommand)]
pub(super) enum Work {
    /// The readers, and the cards in them
    List {
        /// The portal's address: then the cards' authorities are told, too
        #[arg(long, value_name = "URL")]
        portal: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// What is on a card; with --portal also what the portal says of it
    Show {
        /// The portal's address, or an authority's page there
        #[arg(long, value_name = "URL")]
        portal: Option<String>,
        #[command(flatten)]
        reader: ReaderOption,
        #[command(flatten)]
        place: Place,
    },
    /// What a card can do: whether it can be used, whether it can be made into an authority's, and what it lacks for that.
    /// Nothing on it is changed, and no try is spent
    Probe {
        #[command(flatten)]
        reader: ReaderOption,
        #[command(flatten)]
        place: Place,
    },
    /// Activate a card: the user code is asked for, and the new PIN
    Activate(HolderJob),
    /// Unlock a card whose PIN is locked or forgotten: the user code is asked for, and the new PIN
    Unlock(HolderJob),
    /// Change the PIN: the present one is asked for, and the new one. No server is needed
    ChangePin {
        #[command(flatten)]
        reader: ReaderOption,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        secrets: SecretsOption,
        /// The same change was cut before: a card that refuses the present PIN is asked whether it has the new one,
        /// which costs another try where it has not
        #[arg(long)]
        after_cut: bool,
    },
    /// Compare what is on a card with what the portal has on record
    Check(HolderJob),
    /// Write to a card what it should hold and does not: the PIN is asked for
    Rewrite(HolderJob),
    /// Test a card's keys and certificates: the PIN is asked for, and nothing is changed
    Test(HolderJob),
    /// Have an e-mail address written into the certificates: the PIN is asked for, and the code that is mailed to the
    /// address; without a code the mail is sent
    SetEmail {
        #[command(flatten)]
        work: HolderJob,
        /// The address
        #[arg(long, value_name = "ADDRESS")]
        email: EmailAddress,
    },
    /// Suspend a card's certificates: the user code is asked for
    Suspend(ChangeOfStatus),
    /// Lift the holder's own suspension: the user code is asked for
    Resume(ChangeOfStatus),
    /// Revoke a card's certificates, for ever: the user code is asked for
    Revoke(ChangeOfStatus),
    /// Make a blank card the one that was ordered
    Personalise {
        /// The portal's address, or an authority's page there
        #[arg(long, value_name = "URL")]
        portal: String,
        #[command(flatten)]
        reader: ReaderOption,
        #[command(flatten)]
        place: Place,
        /// The station's credential, from `kaika station enrol`
        #[arg(long, value_name = "FILE")]
        station: PathBuf,
        /// Which ordered card this is to become; otherwise the oldest order
        #[arg(long)]
        number: Option<CardNumber>,
        /// Where a PIN that is delivered to the holder is written
        #[arg(long, value_name = "FILE")]
        mailer: Option<PathBuf>,
    },
}

/// What holders do with their card at a portal.
#[derive(Args)]
pub(super) struct HolderJob {
    /// The portal's address, or an authority's page there
    #[arg(long, value_name = "URL")]
    portal: String,
    #[command(flatten)]
    reader: ReaderOption,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    secrets: SecretsOption,
}

#[derive(Args)]
pub(super) struct ChangeOfStatus {
    #[command(flatten)]
    work: HolderJob,
    /// Why: lost, not_in_use, other (suspend); found, other (resume); lost, key_compromise, affiliation_changed,
    /// superseded, ceased, other (revoke)
    #[arg(long)]
    reason: String,
}

#[derive(Args)]
pub(super) struct SecretsOption {
    /// Read the secrets from standard input: lines user_code=…, pin=…, new_pin=… and mail_code=…, those
    /// that the command needs
    #[arg(long)]
    secrets_stdin: bool,
}

#[derive(Args)]
pub(super) struct ReaderOption {
    /// The reader's name or a part of it, where more than one has a card
    #[arg(long, value_name = "NAME")]
    reader: Option<String>,
}

/// Whose readers, and how to answer.
#[derive(Args)]
pub(super) struct Place {
    /// Use the readers of the agent at this address; by default the one that its token file names
    #[arg(long, value_name = "URL")]
    agent: Option<String>,
    /// The file with that agent's token; by default the local agent's, $XDG_RUNTIME_DIR/kaika/agent-token
    #[arg(long, value_name = "FILE")]
    agent_token_file: Option<PathBuf>,
    /// Answer with one JSON document on standard output
    #[arg(long)]
    json: bool,
}

pub(super) fn work(work: Work, output: &Output) -> Result<(), Refusal> {
    let with = |kind, work: HolderJob, details| {
        let (portal, reader) = (Some(work.portal), work.reader.reader);
        let secrets = secrets(kind, &portal, &reader, &work.place, &work.secrets, output)?;
        let request = ToolRequest::Job { kind, portal, reader, details, secrets, after_cut: false };
        Ok::<_, Refusal>((request, work.place, Some(kind)))
    };
    let holders = |kind, work| with(kind, work, JobDetails::default());
    let change = |kind, to: StatusChangeKind, asked: ChangeOfStatus| {
        let change = StatusChange::parse(to, &asked.reason);
        let change = change.map_err(|error| Refusal::new(Code::BadRequest).detail(format!("--reason: {error}")))?;
        with(kind, asked.work, JobDetails::change(change))
    };
    let (request, place, kind) = match work {
        Work::List { portal, place } => (ToolRequest::List { portal }, place, None),
        Work::Show { portal, reader, place } => {
            let request = ToolRequest::Show { portal, reader: reader.reader };
            (request, place, Some(JobKind::Information))
        }
        Work::Probe { reader, place } => (ToolRequest::Probe { reader: reader.reader }, place, None),
        Work::Activate(work) => holders(JobKind::Activate, work)?,
        Work::Unlock(work) => holders(JobKind::Unlock, work)?,
        Work::Check(work) => holders(JobKind::Check, work)?,
        Work::Rewrite(work) => holders(JobKind::Rewrite, work)?,
        Work::Test(work) => holders(JobKind::Test, work)?,
        Work::SetEmail { work, email } => with(JobKind::SetEmail, work, JobDetails::email(email))?,
        Work::Suspend(asked) => change(JobKind::Suspend, StatusChangeKind::Suspend, asked)?,
        Work::Resume(asked) => change(JobKind::Resume, StatusChangeKind::Resume, asked)?,
        Work::Revoke(asked) => change(JobKind::Revoke, StatusChangeKind::Revoke, asked)?,
        Work::ChangePin { reader, place, secrets, after_cut } => {
            let kind = JobKind::ChangePin;
            let (reader, details) = (reader.reader, JobDetails::default());
            let secrets = self::secrets(kind, &None, &reader, &place, &secrets, output)?;
            let request = ToolRequest::Job { kind, portal: None, reader, details, secrets, after_cut };
            (request, place, Some(kind))
        }
        Work::Personalise { portal, reader, place, station, number, mailer } => {
            let request = ToolRequest::Personalise {
                portal,
                reader: reader.reader,
                station: read_station(&station)?,
                number,
                // The agent may have another working folder.
                mailer: mailer.map(absolute).transpose()?,
            };
            (request, place, Some(JobKind::Personalise))
        }
    };
    let output = Output { json: place.json, ..*output };
    let reply = perform(request, &place, &output);
    let unsure = reply.as_ref().is_err_and(|refusal| matches!(refusal.code, Code::CardRemoved | Code::CardFault));
    if unsure && kind == Some(JobKind::ChangePin) && !output.json {
        output.say("tool-pin-unsure", &[]);
    }
    output.reply(kind, &reply?);
    Ok(())
}

/// What the job needs, from standard input or from a person. A person first sees which card it is and how many tries it
/// has left, and is asked for nothing where the job cannot succeed.
fn secrets(
    kind: JobKind,
    portal: &Option<String>,
    reader: &Option<String>,
    place: &Place,
    from: &SecretsOption,
    output: &Output,
) -> Result<TypedSecrets, Refusal> {
    match (kind.inputs().is_empty(), from.secrets_stdin) {
        (true, _) => return Ok(TypedSecrets::default()),
        (false, true) => return ask::lines(kind),
        (false, false) => {}
    }
    let look = ToolRequest::Tries { portal: portal.clone(), reader: reader.clone(), kind: Some(kind) };
    let ToolReply::Tries(tries) = perform(look, place, output)? else {
        return Err(Refusal::new(Code::AgentTooOld).detail("its answer is another one's"));
    };
    output.tries(kind, &tries);
    if kind == JobKind::Revoke {
        ask::sure(output)?;
    }
    ask::person(kind, &tries.pin_form(), output)
}

fn perform(request: ToolRequest, place: &Place, output: &Output) -> Result<ToolReply, Refusal> {
    match running_agent(place)? {
        Some(agent) => agent.call(&request),
        None => {
            let source: Arc<dyn Source> = Arc::new(PcscReaders);
            let tool = Tool::new(Readers::new([source]), Arc::new(HttpPortals::default()));
            tool.perform(request, &mut |progress| output.progress(&progress))
        }
    }
}

/// The named agent, or else the local one if it runs.
fn running_agent(place: &Place) -> Result<Option<AgentClient>, Refusal> {
    let named = place.agent.is_some() || place.agent_token_file.is_some();
    let Some(token_file) = place.agent_token_file.clone().or_else(default_token_file) else {
        return match named {
            true => Err(Refusal::new(Code::AgentToken).detail("--agent-token-file is needed")),
            false => Ok(None),
        };
    };
    match AgentClient::connect(place.agent.as_deref(), &token_file) {
        // A token that an agent left behind is no reason to fail. One of another age has the readers.
        Err(refusal) if !named && refusal.code != Code::AgentTooOld => Ok(None),
        connected => connected.map(Some),
    }
}

fn read_station(path: &PathBuf) -> Result<Station, Refusal> {
    let unreadable = |what: String| Refusal::new(Code::StationUnknown).detail(format!("{}: {what}", path.display()));
    let contents = std::fs::read(path).map(Zeroizing::new).map_err(|error| unreadable(error.to_string()))?;
    serde_json::from_slice(&contents).map_err(|_| unreadable("not a station's file".to_owned()))
}

fn absolute(path: PathBuf) -> Result<PathBuf, Refusal> {
    std::path::absolute(&path)
        .map_err(|error| Refusal::new(Code::BadRequest).detail(format!("{}: {error}", path.display())))
}
