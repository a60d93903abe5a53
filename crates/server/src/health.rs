//! For whoever watches over the server: is it alive, is it ready, what is it doing.
//!
//! `/healthz` says that the process answers, `/readyz` that the database does, too, and that every authority is founded.
//! Requests are counted by route, never by address: an outcome's address is a secret.

use crate::site::Site;
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use kaika_app::{App, Failure};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A database that does not answer for so long is not ready.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/healthz", get(|| async { "alive\n" })).route("/readyz", get(ready))
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    let (status, words) = match tokio::time::timeout(PATIENCE, is_founded(&app)).await {
        Ok(Ok(true)) => (StatusCode::OK, "ready\n"),
        Ok(Ok(false)) => (StatusCode::SERVICE_UNAVAILABLE, "an authority is not founded\n"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], words).into_response()
}

async fn is_founded(app: &App) -> Result<bool, Failure> {
    let generations = app.store.read().await?.generations().await?;
    Ok(app.policies.keys().all(|id| generations.iter().any(|generation| generation.owner == *id)))
}

/// Counts and times each request, and logs it with neither address nor body.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let seen = Seen::of(&request);
    let response = next.run(request).await;
    let (status, seconds) = (response.status().as_u16(), seen.begun.elapsed().as_secs_f64());
    tracing::info!(method = %seen.method, route = %seen.route, status, seconds, "answered");
    seen.count(&response);
    response
}

/// What is counted of a request.
pub(crate) struct Seen {
    begun: Instant,
    method: Method,
    route: String,
}

impl Seen {
    pub(crate) fn of(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
        Self { begun: Instant::now(), method: request.method().clone(), route }
    }

    pub(crate) fn count(self, response: &Response) {
        let seconds = self.begun.elapsed().as_secs_f64();
        let status = response.status().as_u16().to_string();
        let labels = [("method", self.method.to_string()), ("route", self.route), ("status", status)];
        metrics::counter!("kaika_http_requests_total", &labels).increment(1);
        metrics::histogram!("kaika_http_request_seconds", &labels).record(seconds);
    }
}

/// `/metrics` on its own: what it shows is nobody's business outside. `render` gives Prometheus' text format.
pub fn metrics_router(render: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
    const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
    let metrics = move || {
        let text = render();
        async move { ([(header::CONTENT_TYPE, FORMAT)], text) }
    };
    Router::new().route("/metrics", get(metrics))
}
