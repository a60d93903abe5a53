//! `POST /tool`: the card tool for programs that hold the token.

use super::{Agent, guard::refused};
use crate::tool::ToolRequest;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::post,
};
use kaika_web::language;
use kaika_wire::{Code, Refusal};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A request has some short texts and a station's token.
const LARGEST_REQUEST: usize = 16 * 1024;

pub(super) fn routes() -> Router<Arc<Agent>> {
    Router::new().route("/tool", post(call)).layer(DefaultBodyLimit::max(LARGEST_REQUEST))
}

async fn call(State(agent): State<Arc<Agent>>, headers: HeaderMap, body: Bytes) -> Response {
    let language = language(&headers);
    if !authorised(&agent, &headers) {
        return refused(StatusCode::UNAUTHORIZED, language, Code::AgentToken.into());
    }
    let Some(request) = secret_document::<ToolRequest>(body) else {
        return refused(StatusCode::BAD_REQUEST, language, Code::BadRequest.into());
    };
    // A caller who goes away cuts no job.
    let (tool, seats) = (agent.tool.clone(), agent.seats.clone());
    let worked = tokio::task::spawn_blocking(move || {
        let reply = tool.perform(request, &mut |_| {});
        seats.forget_all();
        reply
    });
    let worked = worked.await;
    match worked {
        Ok(Ok(reply)) => Json(reply).into_response(),
        Ok(Err(refusal)) => refused(StatusCode::CONFLICT, language, refusal),
        Err(_) => {
            let refusal = Refusal::new(Code::Internal).detail("the work ended early");
            refused(StatusCode::INTERNAL_SERVER_ERROR, language, refusal)
        }
    }
}

/// The document in a body that may hold secrets: the body is wiped. What serde says of a bad one is not told: it could
/// repeat a part of it.
pub(super) fn secret_document<T: serde::de::DeserializeOwned>(body: Bytes) -> Option<T> {
    let body = Zeroizing::new(Vec::from(body));
    serde_json::from_slice(&body).ok()
}

/// Whether the caller has the token of the token file.
pub(super) fn authorised(agent: &Agent, headers: &HeaderMap) -> bool {
    headers
        .get(AUTHORIZATION)
        .and_then(|header| header.as_bytes().strip_prefix(b"Bearer "))
        .is_some_and(|token| token.ct_eq(agent.token.as_bytes()).into())
}
