//! 機關所有憑證 and 快過期憑證: all certificates of an organisation, for its contact – whoever has logged in with a primary
//! card (正卡) of it.

use crate::{
    App, Failure,
    access::CardPrincipal,
    certificates::{ListOrder, ListPosition, ListQuery, ListedCertificate, StatusFilter},
};
use kaika_domain::{
    cards::CardRank,
    holders::{Membership, organisation_name},
};
use kaika_wire::{CertificateStatus, Code};
use serde::{Deserialize, Serialize};
use time::Duration;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sorting {
    #[default]
    Holder,
    Number,
    Expiry,
    LatestExpiry,
    Status,
}

impl Sorting {
    pub const ALL: [Self; 5] = [Self::Holder, Self::Number, Self::Expiry, Self::LatestExpiry, Self::Status];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Number => "number",
            Self::Expiry => "expiry",
            Self::LatestExpiry => "latest_expiry",
            Self::Status => "status",
        }
    }
}

#[derive(Clone, Debug)]
pub struct ListRequest {
    /// Only those that are good no longer than the policy's days.
    pub expiring: bool,
    pub sorting: Sorting,
    /// None: of any.
    pub status: Option<CertificateStatus>,
    pub after: Option<ListPosition>,
    pub limit: u32,
}

pub struct CertificatePage {
    /// Its name, as people know it.
    pub organisation: String,
    /// Within how many days what is about to expire does.
    pub days: u16,
    pub certificates: Vec<(ListedCertificate, CertificateStatus)>,
    /// Where the next page begins; none: this is the last.
    pub next: Option<ListPosition>,
}

/// # Errors
/// [`Code::NotFound`] where the authority has no organisations or the holder is of none; [`Code::PrimaryCardNeeded`].
#[crate::use_case]
pub async fn list_certificates(app: &App, who: &CardPrincipal, wish: &ListRequest) -> Result<CertificatePage, Failure> {
    let (policy, subject) = (app.policy(&who.card.authority)?, &who.holder.subject);
    let membership = Membership::of(policy, subject).ok_or(Code::NotFound)?;
    let days = policy.organisation.as_ref().map_or(0, |rules| rules.expiring_within_days);
    if who.card.rank != CardRank::Primary {
        return Err(Code::PrimaryCardNeeded.into());
    }
    let now = app.now();
    let query = ListQuery {
        organisation: &membership.key,
        order: match wish.sorting {
            Sorting::Holder => ListOrder::Holder,
            Sorting::Number => ListOrder::Number,
            Sorting::Expiry | Sorting::Status => ListOrder::Expiry,
            Sorting::LatestExpiry => ListOrder::LatestExpiry,
        },
        shown: match wish.status {
            Some(status) => StatusFilter::With(status),
            None if wish.expiring => StatusFilter::Unrevoked,
            None => StatusFilter::All,
        },
        ending: wish.expiring.then(|| now..=now + Duration::days(days.into())),
        after: wish.after.as_ref(),
        // One more tells whether there is another page.
        limit: wish.limit.saturating_add(1),
        now,
    };
    let mut found = match (wish.sorting, wish.status) {
        (Sorting::Status, None) => by_status(app, query, wish.expiring).await?,
        _ => app.store.read().await?.list_certificates(&query).await?,
    };
    let is_last = found.len() <= wish.limit as usize;
    found.truncate(wish.limit as usize);
    Ok(CertificatePage {
        organisation: organisation_name(policy, subject).unwrap_or_default(),
        days,
        next: if is_last { None } else { found.last().map(|last| last.place(now)) },
        certificates: found.into_iter().map(|one| (one.status(now), one)).map(|(status, one)| (one, status)).collect(),
    })
}

/// One status after the other, each by the day on which they end.
async fn by_status(app: &App, query: ListQuery<'_>, expiring: bool) -> Result<Vec<ListedCertificate>, Failure> {
    let mut reader = app.store.read().await?;
    let mut after = query.after;
    let begin = after.and_then(|after| CertificateStatus::ALL.iter().position(|one| *one == after.status)).unwrap_or(0);
    let mut found = Vec::new();
    for status in CertificateStatus::ALL.into_iter().skip(begin) {
        if expiring && status == CertificateStatus::Revoked {
            break;
        }
        let left = query.limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let part = ListQuery { shown: StatusFilter::With(status), after: after.take(), limit: left, ..query.clone() };
        found.extend(reader.list_certificates(&part).await?);
    }
    Ok(found)
}
