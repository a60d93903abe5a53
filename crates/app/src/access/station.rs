//! Production stations: the places where ordered cards are personalised.

use crate::{
    App, Failure,
    audit::{Action, Event},
    kernel::{StationHash, token},
};
use kaika_domain::audit::Actor;
use kaika_pki::text::readable;
use kaika_wire::{Code, Refusal, StationId};
use serde::Serialize;
use time::OffsetDateTime;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    pub id: StationId,
    pub name: String,
    pub token_sha256: StationHash,
    pub enrolled_at: OffsetDateTime,
    pub withdrawn_at: Option<OffsetDateTime>,
}

/// What the station keeps; the token is nowhere else.
#[derive(Serialize)]
pub struct EnrolledStation {
    pub station: StationId,
    pub token: String,
}

/// # Errors
/// [`Code::BadRequest`] for a name that others would not read as it is; the store failed.
#[crate::use_case]
pub async fn enrol_station(app: &App, name: &str, by: &Actor) -> Result<EnrolledStation, Failure> {
    let name = readable(name).map_err(|why| Refusal::new(Code::BadRequest).detail(format!("name: {why}")))?;
    let now = app.now();
    let token = token(app.rng.as_ref());
    let station = Station {
        id: StationId::new(now, app.rng.bytes()),
        name: name.clone(),
        token_sha256: StationHash::of(&token),
        enrolled_at: now,
        withdrawn_at: None,
    };
    let mut work = app.store.begin().await?;
    work.insert_station(&station).await?;
    work.audit(Event { at: now, actor: by.clone(), action: Action::EnrolStation { station: station.id, name } });
    work.commit().await?;
    Ok(EnrolledStation { station: station.id, token })
}

/// # Errors
/// [`Code::StationUnknown`] for an unknown or withdrawn station, or a wrong token.
#[crate::use_case]
pub async fn authenticate_station(app: &App, id: StationId, token: &str) -> Result<Station, Failure> {
    let station = app.store.read().await?.station(id).await?;
    let presented = StationHash::of(token);
    // Digests of random tokens: how long the comparison takes tells nothing of the token.
    station
        .filter(|station| station.withdrawn_at.is_none() && station.token_sha256 == presented)
        .ok_or_else(|| Code::StationUnknown.into())
}
