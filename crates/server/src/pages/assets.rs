//! Files that pages load, and the authorities' colours.

use super::page::authority;
use crate::{errors::not_found, site::Site};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use kaika_app::App;
use kaika_domain::Policy;
use kaika_web::{Asset, BASE_CSS, ICON};
use std::{fmt::Write, sync::Arc};

/// By their addresses.
pub(super) const ASSETS: [(&str, Asset); 8] = [
    ("/assets/base.css", BASE_CSS),
    ("/assets/portal.css", Asset::css(include_str!("../../assets/portal.css"))),
    ("/assets/icon.svg", ICON),
    ("/assets/activate.js", Asset::script(include_str!("../../assets/activate.js"))),
    ("/assets/agent.js", Asset::script(include_str!("../../assets/agent.js"))),
    ("/assets/card-jobs.js", Asset::script(include_str!("../../assets/card-jobs.js"))),
    ("/assets/card-panel.js", Asset::script(include_str!("../../assets/card-panel.js"))),
    ("/assets/outcome.js", Asset::script(include_str!("../../assets/outcome.js"))),
];

pub(super) fn routes() -> Router<Site> {
    ASSETS.into_iter().fold(Router::new().route("/assets/accents.css", get(accents)), |routes, (path, asset)| {
        routes.route(path, get(async move |headers: HeaderMap| asset.answer(&headers)))
    })
}

/// A whole page in one authority's colour.
pub(super) async fn accent(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match authority(&app, &id) {
        Some(policy) => css(format!(":root {{ --brand: {}; }}\n", policy.accent)),
        None => not_found(headers).await,
    }
}

/// For parts of a page: a class for each authority.
async fn accents(State(app): State<Arc<App>>) -> Response {
    css(classes(app.policies.values()))
}

fn classes<'a>(policies: impl Iterator<Item = &'a Policy>) -> String {
    policies.fold(String::new(), |mut css, policy| {
        let _ = writeln!(css, ".brand-{} {{ --brand: {}; }}", policy.id, policy.accent);
        css
    })
}

fn css(css: String) -> Response {
    // Its policy may give an authority another colour at the next start.
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], css).into_response()
}
