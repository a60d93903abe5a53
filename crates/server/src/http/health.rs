//! For whoever watches over the server: is it alive, is it ready, what is it doing.
//!
//! `/healthz` says that the process answers, `/readyz` that the database does, too, and can be written, that its schema
//! still takes this program, and that every authority is founded.
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
use kaika_app::{
    App, Failure, StoreError,
    authorities::{Lack, first_lack},
};
use metrics::{Label, SharedString};
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
    let (status, words) = match tokio::time::timeout(PATIENCE, first_lack(&app)).await {
        Ok(Ok(None)) => (StatusCode::OK, "ready\n"),
        Ok(Ok(Some(lack))) => {
            tracing::error!(%lack, "not ready");
            let words = match lack {
                Lack::Keys(_) => "an authority is not founded\n",
                Lack::Policy(_) => "the policy of an authority that has cards is gone\n",
            };
            (StatusCode::SERVICE_UNAVAILABLE, words)
        }
        Ok(Err(Failure::Store(error @ (StoreError::Empty | StoreError::Older { .. } | StoreError::Newer { .. })))) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database has another schema\n")
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be read or written\n")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], words).into_response()
}

/// Counts and times each request, and logs it with neither address nor body.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = label(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let (status, seconds) = (response.status().as_u16(), begun.elapsed().as_secs_f64());
    tracing::info!(method, route, status, seconds, "answered");
    count(method, route, begun, &response);
    response
}

/// A label takes the words of a closed list: each new one stays in memory for good.
fn label(method: &Method) -> &'static str {
    const KNOWN: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// Counts and times a request that was answered.
pub(crate) fn count(method: &'static str, route: impl Into<SharedString>, begun: Instant, response: &Response) {
    let seconds = begun.elapsed().as_secs_f64();
    let labels = vec![
        Label::new("method", method),
        Label::new("route", route),
        Label::new("status", response.status().as_str().to_owned()),
    ];
    metrics::counter!("kaika_http_requests_total", labels.clone()).increment(1);
    metrics::histogram!("kaika_http_request_seconds", labels).record(seconds);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_method_is_no_label_of_its_own() {
        for method in ["GET", "HEAD", "POST", "TRACE"] {
            assert_eq!(label(&method.parse().unwrap()), method);
        }
        for method in ["get", "PROPFIND", "M1", "CONNECT"] {
            assert_eq!(label(&method.parse().unwrap()), "other");
        }
    }
}
