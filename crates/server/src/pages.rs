//! The portal's pages.

use crate::errors::{language, not_found};
use crate::site::Site;
use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use kaika_app::App;
use kaika_domain::{Policy, policy::Activation, policy::Text};
use kaika_texts::{FluentValue, Language, text};
use serde::Deserialize;
use std::sync::Arc;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/", get(start))
        .route("/{authority}", get(with_slash))
        .route("/{authority}/", get(authority))
        .route("/assets/portal.css", get(stylesheet))
}

async fn stylesheet() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("../assets/portal.css")).into_response()
}

/// `?lang=`, which goes before the browser's language.
#[derive(Deserialize)]
struct Wish {
    lang: Option<String>,
}

impl Wish {
    fn language(&self, headers: &HeaderMap) -> Language {
        self.lang.as_deref().and_then(Language::from_tag).unwrap_or_else(|| language(headers))
    }
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    page: Page<'a>,
    policies: Vec<&'a Policy>,
}

#[derive(Template)]
#[template(path = "authority.html")]
struct Authority<'a> {
    page: Page<'a>,
    policy: &'a Policy,
    /// What a person types to activate a card here; none where it is not done online.
    command: Option<String>,
    days: u16,
}

/// What every page has.
struct Page<'a> {
    language: Language,
    title: String,
    /// Of this page, for the language switch.
    path: &'a str,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        text(self.language, key, &[])
    }

    fn days(&self, key: &str, days: &u16) -> String {
        text(self.language, key, &[("days", FluentValue::from(*days))])
    }

    fn of<'t>(&self, both: &'t Text) -> &'t str {
        in_language(self.language, both)
    }
}

fn in_language(language: Language, both: &Text) -> &str {
    match language {
        Language::ZhTw => &both.zh,
        Language::En => &both.en,
    }
}

async fn start(State(app): State<Arc<App>>, Query(wish): Query<Wish>, headers: HeaderMap) -> Response {
    let language = wish.language(&headers);
    let page = Page { language, title: text(language, "portal-title", &[]), path: "/" };
    html(&Start { page, policies: app.policies.values().collect() })
}

async fn with_slash(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match id.parse().ok().and_then(|id| app.policies.get(&id)) {
        Some(policy) => Redirect::permanent(&format!("/{}/", policy.id)).into_response(),
        None => not_found(headers).await,
    }
}

async fn authority(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Response {
    let Some(policy) = id.parse().ok().and_then(|id| app.policies.get(&id)) else { return not_found(headers).await };
    let language = wish.language(&headers);
    let path = format!("/{}/", policy.id);
    let page = Page { language, title: in_language(language, &policy.name).to_owned(), path: &path };
    let (command, days) = match policy.activation {
        Activation::Online { within_days, .. } => {
            (Some(format!("kaika-agent card activate --portal {}{path}", app.origin)), within_days)
        }
        Activation::Counter | Activation::PinMailer => (None, 0),
    };
    html(&Authority { page, policy, command, days })
}

fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
