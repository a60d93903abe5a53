//! `GET /`: what this is, for whoever opens the address; and the files that the agent's pages use.

use super::{Agent, guard::language};
use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use kaika_texts::{Language, text};
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Agent>> {
    Router::new()
        .route("/", get(home))
        .route("/assets/agent.css", get(|| asset("text/css; charset=utf-8", include_str!("../../assets/agent.css"))))
        .route("/assets/tray.js", get(|| asset("text/javascript; charset=utf-8", include_str!("../../assets/tray.js"))))
}

async fn asset(kind: &'static str, contents: &'static str) -> Response {
    ([(CONTENT_TYPE, kind)], contents).into_response()
}

/// `?lang=`, which goes before the browser's language.
#[derive(Deserialize)]
pub(super) struct Wish {
    lang: Option<String>,
}

impl Wish {
    pub(super) fn language(&self, headers: &HeaderMap) -> Language {
        self.lang.as_deref().and_then(Language::from_tag).unwrap_or_else(|| language(headers))
    }
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    language: Language,
    tray: bool,
}

impl Home {
    fn t(&self, key: &str) -> String {
        text(self.language, key, &[])
    }
}

async fn home(State(agent): State<Arc<Agent>>, Query(wish): Query<Wish>, headers: HeaderMap) -> Response {
    let language = wish.language(&headers);
    let tray = agent.tray.is_some();
    html(&Home { language, tray })
}

pub(super) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
