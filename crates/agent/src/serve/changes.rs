//! `GET /changes?since=N`: answers as soon as a reader or a card came or went. It tells that something changed and not
//! what; N is the count that the caller knows.

use super::{Agent, stopped};
use axum::{
    Json, Router,
    extract::{Query, State},
    routing::get,
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

pub(super) fn routes() -> Router<Arc<Agent>> {
    Router::new().route("/changes", get(changes))
}

#[derive(Deserialize)]
struct Since {
    since: u64,
}

#[derive(Serialize)]
struct Count {
    changes: u64,
}

/// How long a caller is kept waiting before he asks again.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

async fn changes(State(agent): State<Arc<Agent>>, Query(known): Query<Since>) -> Json<Count> {
    let mut changes = agent.tool.readers().changes();
    tokio::select! {
        // The sender lives as long as the agent, which this request holds.
        _ = changes.wait_for(|count| *count != known.since) => {}
        () = tokio::time::sleep(LONGEST_WAIT) => {}
        () = stopped(agent.stopping.clone()) => {}
    }
    let changes = *changes.borrow();
    Json(Count { changes })
}
