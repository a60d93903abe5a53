//! Who a station is: `Authorization: Station <id>:<token>`.

use axum::http::{HeaderMap, header};
use kaika_app::{
    App, Failure,
    access::{Station, authenticate_station},
};
use kaika_wire::{Code, StationId};

pub(crate) async fn station(app: &App, headers: &HeaderMap) -> Result<Station, Failure> {
    let credentials = credentials(headers, "Station ").and_then(|credentials| credentials.split_once(':'));
    let (id, token) = credentials.ok_or(Code::StationUnknown)?;
    let id: StationId = id.parse().map_err(|_| Code::StationUnknown)?;
    authenticate_station(app, id, token).await
}

pub(crate) fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix(scheme)
}
