//! Hands what is due over to the mail server.
//!
//! An attempt is on record before it is made, with the time at which another is due if nothing more is heard of it, and says
//! as long as it lasts that it does: two servers never try the same mail at once, and a crash in between costs a minute.
//! Whether a mail was taken is unknown where the line breaks after its last octet and before the answer (RFC 5321
//! §4.5.4.2): then it is sent again, under the same `Message-ID`.

use super::{Letter, MailRecord, MailState, Posted};
use crate::{
    App, Failure,
    audit::{Action, Event},
    kernel::Lease,
    mail::{MailError, Mailer},
};
use kaika_domain::audit::Actor;
use time::{Duration, OffsetDateTime};
use tokio::time::{sleep, timeout};

/// In one go; the rest is due still.
const AT_ONCE: u32 = 50;
/// After the first attempt; doubled with each.
const FIRST_PAUSE: Duration = Duration::minutes(1);
const LONGEST_PAUSE: Duration = Duration::hours(2);
/// RFC 5321 §4.5.4.1: four to five days.
const GIVEN_UP_AFTER: Duration = Duration::days(5);
/// What a server answers is kept up to here.
const LONGEST_FAILURE: usize = 500;

/// What one go came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    pub sent: u32,
    /// Tried again later.
    pub failed: u32,
    pub given_up: u32,
}

/// Whether there is something to do is asked first, so that an idle outbox costs a read. A mail that is tried is this
/// process's own for as long as `lease` says, and for longer as long as the attempt lasts.
///
/// # Errors
/// The store or the vault failed; what was not settled then is due again later.
#[crate::use_case]
pub async fn deliver_mails(app: &App, mailer: &dyn Mailer, lease: Lease) -> Result<Delivery, Failure> {
    let mut delivery = Delivery::default();
    let due = app.store.read().await?.due_mails(app.now(), AT_ONCE).await?;
    for mut mail in due {
        if !claim(app, &mut mail, lease).await? {
            continue;
        }
        let now = app.now();
        let (next, away) = match attempt(app, mailer, &mail, lease, now).await? {
            Ok(()) => {
                (MailRecord { state: MailState::Sent, due_at: now, sealed: None, failure: None, ..mail.clone() }, false)
            }
            Err(error) => (failed(&mail, &error, now), matches!(error, MailError::Away(_))),
        };
        match next.state {
            MailState::Sent => delivery.sent += 1,
            MailState::Waiting => delivery.failed += 1,
            MailState::GivenUp => delivery.given_up += 1,
        }
        settle(app, &mail, &next).await?;
        // The others would only wait for the same server; each of them is due still, and asks it in its turn.
        if away {
            break;
        }
    }
    Ok(delivery)
}

async fn claim(app: &App, mail: &mut MailRecord, lease: Lease) -> Result<bool, Failure> {
    let mut work = app.store.begin().await?;
    let claimed = work.claim_mail(mail, app.now() + lease.lasts).await?;
    work.commit().await?;
    Ok(claimed)
}

/// Says again and again that this attempt lasts; ends where it is not this process's own any more, or is about to be
/// another's because the database does not hear of it.
async fn keep_claim(app: &App, mail: &MailRecord, lease: Lease) {
    let margin = Duration::try_from(lease.renewed_every).unwrap_or(lease.lasts);
    let mut ours_until = mail.due_at;
    loop {
        sleep(lease.renewed_every).await;
        let until = app.now() + lease.lasts;
        let renewed = async {
            let mut work = app.store.begin().await?;
            let renewed = work.keep_claim(mail, until).await?;
            work.commit().await?;
            Ok::<_, Failure>(renewed)
        };
        match timeout(lease.renewed_every, renewed).await {
            Ok(Ok(true)) => ours_until = until,
            Ok(Ok(false)) => return,
            Ok(Err(_)) | Err(_) if app.now() + margin < ours_until => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

async fn attempt(
    app: &App,
    mailer: &dyn Mailer,
    mail: &MailRecord,
    lease: Lease,
    now: OffsetDateTime,
) -> Result<Result<(), MailError>, Failure> {
    if mail.useless_at.is_some_and(|useless_at| useless_at <= now) {
        return Ok(Err(MailError::Refused("not sent: its link has run out".to_owned())));
    }
    let Some(sealed) = &mail.sealed else {
        return Err(Failure::Inconsistent(format!("mail {} waits without a letter", mail.id)));
    };
    let Some(policy) = app.policies.get(&mail.authority) else {
        return Ok(Err(MailError::PutOff(format!("there is no authority {}", mail.authority))));
    };
    // A letter of a newer version, or of another vault: whoever has that may send it.
    let letter = app.secrets.open_letter(mail.id, sealed).ok();
    let Some(letter) = letter.and_then(|letter| Letter::from_bytes(&letter)) else {
        return Ok(Err(MailError::PutOff("the letter cannot be read by this server".to_owned())));
    };
    let posted = Posted { id: mail.id, to: &mail.to, policy, letter: &letter, queued_at: mail.queued_at };
    tokio::select! {
        sent = mailer.send(&posted) => Ok(sent),
        () = keep_claim(app, mail, lease) => {
            Ok(Err(MailError::PutOff("the database did not hear that it was still being sent".to_owned())))
        }
    }
}

/// Never silently: what is given up stays on record with its reason.
fn failed(mail: &MailRecord, error: &MailError, now: OffsetDateTime) -> MailRecord {
    let failure = error.to_string().chars().filter(|c| !c.is_control()).take(LONGEST_FAILURE).collect();
    let over = matches!(error, MailError::Refused(_)) || now - mail.queued_at >= GIVEN_UP_AFTER;
    let (state, due_at) = match over {
        true => (MailState::GivenUp, now),
        false => (MailState::Waiting, now + pause(mail.attempts)),
    };
    MailRecord { state, due_at, failure: Some(failure), ..mail.clone() }
}

/// After so many attempts.
fn pause(attempts: u32) -> Duration {
    let doubled = 1_i32.checked_shl(attempts.saturating_sub(1)).filter(|factor| *factor > 0).unwrap_or(i32::MAX);
    FIRST_PAUSE.checked_mul(doubled).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

async fn settle(app: &App, mail: &MailRecord, next: &MailRecord) -> Result<(), Failure> {
    let mut work = app.store.begin().await?;
    if !work.settle_mail(mail, next).await? {
        return Ok(());
    }
    if next.state == MailState::GivenUp {
        work.audit(Event {
            at: next.due_at,
            actor: Actor::Scheduler,
            action: Action::GiveMailUp {
                mail: mail.id,
                letter: mail.letter.clone(),
                authority: mail.authority.clone(),
            },
        });
    }
    work.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let minutes: Vec<i64> = [1, 2, 3, 7, 8, 31, 32, 33, 90].map(|n| pause(n).whole_minutes()).to_vec();
        assert_eq!(minutes, [1, 2, 4, 64, 120, 120, 120, 120, 120]);
    }
}
