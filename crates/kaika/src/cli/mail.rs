//! `kaika mail`: what became of mails.

use super::Place;
use crate::output;
use anyhow::Result;
use clap::Subcommand;
use kaika_app::mail::{MailRecord, MailState, list_mails, retry_mails};
use kaika_wire::{Code, MailId, Refusal};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Work {
    /// Mails that wait and those that were given up, with the reason of the last failure
    List {
        #[command(flatten)]
        place: Place,
        /// Those that were sent, too
        #[arg(long)]
        sent: bool,
    },
    /// Try mails that wait or were given up again at once; the server sends them
    Retry {
        #[command(flatten)]
        place: Place,
        /// This one alone, by its id
        #[arg(long, value_name = "ID")]
        mail: Option<MailId>,
    },
}

pub(super) async fn run(work: Work) -> Result<ExitCode> {
    match work {
        Work::List { place, sent } => {
            let installation = place.open().await?;
            let mails = list_mails(&installation.app, sent).await?;
            if place.json {
                let mails: Vec<_> = mails.iter().map(document).collect();
                output::print_json(&json!({ "mails": mails }));
            } else {
                mails.iter().for_each(print);
                kaika_say::say!("{} mails", mails.len());
            }
        }
        Work::Retry { place, mail } => {
            let installation = place.open().await?;
            let retried = retry_mails(&installation.app, mail).await?;
            if let Some(mail) = mail
                && retried == 0
            {
                let detail = format!("no mail {mail} waits or was given up, or its link has run out");
                return Err(Refusal::new(Code::NotFound).detail(detail).into());
            }
            if place.json {
                output::print_json(&json!({ "retried": retried }));
            } else {
                kaika_say::say!("{retried} mails are due now.");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Never what it says.
fn document(mail: &MailRecord) -> Value {
    json!({
        "id": mail.id,
        "authority": mail.authority,
        "letter": mail.letter,
        "to": mail.to,
        "state": mail.state,
        "attempts": mail.attempts,
        "queued_at": output::moment(mail.queued_at),
        "due_at": (mail.state == MailState::Waiting).then(|| output::moment(mail.due_at)),
        "useless_at": mail.useless_at.map(output::moment),
        "failure": mail.failure,
    })
}

fn print(mail: &MailRecord) {
    let state = match mail.state {
        MailState::Waiting => format!("waits until {}", output::moment(mail.due_at)),
        MailState::Sent => format!("sent {}", output::moment(mail.due_at)),
        MailState::GivenUp => format!("given up {}", output::moment(mail.due_at)),
    };
    kaika_say::say!(
        "{} {} {} to {}: {state}, {} attempts",
        mail.id,
        mail.authority,
        mail.letter,
        mail.to,
        mail.attempts
    );
    if let Some(failure) = &mail.failure {
        kaika_say::say!("  {failure}");
    }
}
