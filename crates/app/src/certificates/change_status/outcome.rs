//! What became of a change, for the page that says so: under a sealed address, so that it can be read again and in the
//! other language without being done again.

use crate::{App, Failure, certificates::standing, kernel::sealed, status::VALIDITY, store::holder_of};
use kaika_domain::certificates::Certificate;
use kaika_wire::{
    AuthorityId, CardId, CardNumber, CardStanding, CertificateOutcome, CertificateRole, Code, StatusChange,
    StatusChangeKind,
};
use time::{Duration, OffsetDateTime};

const PURPOSE: &str = "status change outcome";
/// As long as the outcome of a job.
const REMEMBERED: Duration = Duration::days(1);

/// The card's certificates as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeOutcome {
    pub number: CardNumber,
    /// As on the screen, C first.
    pub holder: String,
    /// The latest of each role.
    pub certificates: Vec<CertificateOutcome>,
    pub standing: CardStanding,
    pub change: StatusChange,
    pub at: OffsetDateTime,
    /// When the last list that somebody may have fetched before the change is over.
    pub everywhere_by: OffsetDateTime,
}

pub(super) fn seal_outcome(
    app: &App,
    card: CardId,
    change: StatusChange,
    at: OffsetDateTime,
) -> Result<String, Failure> {
    sealed::seal(app, &purpose(change.kind()), &format!("{card}.{}.{}", at.unix_timestamp(), change.reason()))
}

/// # Errors
/// [`Code::NotFound`] for a token that is not ours, of another kind or authority, or a day old.
#[crate::use_case]
pub async fn change_outcome(
    app: &App,
    authority: &AuthorityId,
    kind: StatusChangeKind,
    token: &str,
) -> Result<ChangeOutcome, Failure> {
    let text = sealed::open(app, &purpose(kind), token)?.ok_or(Code::NotFound)?;
    let (card, at) = text.split_once('.').ok_or(Code::NotFound)?;
    // Version 0.3 sealed no reason; its tokens are a day old at most.
    let (at, reason) = at.split_once('.').unwrap_or((at, "other"));
    let change = StatusChange::parse(kind, reason).map_err(|_| Code::NotFound)?;
    let card: CardId = card.parse().map_err(|_| Code::NotFound)?;
    let at: i64 = at.parse().map_err(|_| Code::NotFound)?;
    let at = OffsetDateTime::from_unix_timestamp(at).map_err(|_| Code::NotFound)?;
    if app.now() > at + REMEMBERED {
        return Err(Code::NotFound.into());
    }
    let mut reader = app.store.read().await?;
    let card = reader.card(card).await?.filter(|card| card.authority == *authority).ok_or(Code::NotFound)?;
    let holder = holder_of(reader.as_mut(), &card).await?;
    let certificates = latest(reader.certificates_of_card(card.id).await?);
    Ok(ChangeOutcome {
        standing: standing(&card, certificates.iter()),
        number: card.number,
        holder: holder.subject.to_string(),
        certificates: certificates
            .iter()
            .filter_map(|certificate| {
                Some(CertificateOutcome {
                    role: certificate.card_role()?,
                    serial: certificate.serial.clone(),
                    status: certificate.status(app.now()),
                })
            })
            .collect(),
        change,
        at,
        everywhere_by: at + VALIDITY,
    })
}

fn purpose(kind: StatusChangeKind) -> String {
    format!("{PURPOSE} {kind}")
}

/// Of each role the last that was issued; the holder's first.
fn latest(mut certificates: Vec<Certificate>) -> Vec<Certificate> {
    certificates.reverse();
    let mut latest = Vec::new();
    for role in CertificateRole::ALL {
        latest.extend(certificates.iter().find(|certificate| certificate.role == role).cloned());
    }
    latest
}
