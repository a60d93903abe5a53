//! `GET /hello`: the agent shows that it is the one that wrote the token file, before anybody sends it a secret. Another
//! program may have taken the port while the agent is not running. It says there what it speaks, too.

use super::Agent;
use aws_lc_rs::hmac;
use axum::{
    Json, Router,
    extract::{Query, State},
    routing::get,
};
use kaika_wire::Protocol;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize)]
struct Question {
    nonce: String,
}

/// The answer of `GET /hello?nonce=…`.
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

async fn hello(State(agent): State<Arc<Agent>>, Query(question): Query<Question>) -> Json<Hello> {
    Json(Hello { proof: proof(&agent.token, &question.nonce), protocol: Protocol::OURS })
}

/// HMAC-SHA-256 of the nonce under the token, in hexadecimal; of no use for anything but this.
pub(crate) fn proof(token: &str, nonce: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    hex::encode(hmac::sign(&key, format!("kaika/agent-hello/1:{nonce}").as_bytes()))
}
