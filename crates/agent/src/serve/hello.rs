//! `GET /hello`: the agent shows that it is the one that wrote the token file, before anybody sends it a secret. Another
//! program may have its port while it is not running, or may hand questions on to it from another port. It says there
//! what it speaks, too.

use super::{Agent, guard::refused};
use aws_lc_rs::hmac;
use axum::{
    Extension, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header::ORIGIN},
    response::{IntoResponse, Response},
    routing::get,
};
use kaika_listen::AskedAt;
use kaika_web::language;
use kaika_wire::{Code, Protocol, Refusal};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, sync::Arc};

#[derive(Deserialize)]
struct Question {
    nonce: String,
    /// Where the card tool has found the agent. Pages do not say it, nor did card tools of before.
    #[serde(default)]
    address: Option<SocketAddr>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) proof: String,
    /// The agent's.
    #[serde(default)]
    pub(crate) protocol: Protocol,
}

pub(super) fn routes() -> Router<Arc<Agent>> {
    Router::new().route("/hello", get(hello))
}

async fn hello(
    State(agent): State<Arc<Agent>>,
    Extension(AskedAt(address)): Extension<AskedAt>,
    Query(question): Query<Question>,
    headers: HeaderMap,
) -> Response {
    if question.address.is_none() && !headers.contains_key(ORIGIN) {
        // It would take the proof for a wrong one, and blame the token.
        let refusal = Refusal::new(Code::AgentTooOld).detail("the card tool is older than the running agent");
        return refused(StatusCode::CONFLICT, language(&headers), refusal);
    }
    Json(Hello { proof: proof(&agent.token, address, &question.nonce), protocol: Protocol::OURS }).into_response()
}

/// HMAC-SHA-256 under the token of the nonce and of the agent's own address, in hexadecimal; of no use for anything but
/// this. Whoever hands it on from another address proves nothing.
pub(crate) fn proof(token: &str, address: SocketAddr, nonce: &str) -> String {
    mac(token, &format!("kaika/agent-hello/2:{address}:{nonce}"))
}

/// As agents of before did: it shows how old one is, and nothing else.
pub(crate) fn proof_without_address(token: &str, nonce: &str) -> String {
    mac(token, &format!("kaika/agent-hello/1:{nonce}"))
}

fn mac(token: &str, message: &str) -> String {
    hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes()), message.as_bytes()))
}
