//! The start page, and the home of each authority.

use super::page::{Page, authority};
use crate::{
    errors::{fail, not_found},
    site::Site,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{App, Failure, Generation};
use kaika_domain::{Policy, policy::Activation};
use kaika_texts::{FluentValue, text};
use kaika_web::{html, language};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "start.html")]
pub(super) struct Start<'a> {
    pub(super) page: Page<'a>,
    pub(super) policies: Vec<&'a Policy>,
    /// In the demo.
    pub(super) has_mailbox: bool,
}

#[derive(Template)]
#[template(path = "home.html")]
pub(super) struct Home<'a> {
    pub(super) page: Page<'a>,
    pub(super) policy: &'a Policy,
    /// Its own generations, the newest first, then the roots'.
    pub(super) generations: Vec<Generation>,
}

impl Home<'_> {
    fn file(&self, generation: &Generation, what: &str) -> String {
        let facts = [
            ("what", self.page.t(what).into()),
            ("ordinal", FluentValue::from(generation.ordinal)),
            ("since", self.page.day(&generation.founded_at).into()),
        ];
        text(self.page.language, "portal-file-of", &facts)
    }
}

pub(super) async fn start(State(site): State<Site>, headers: HeaderMap) -> Response {
    let page = Page::new(language(&headers), "portal-start-title");
    html(&Start { page, policies: site.app.policies.values().collect(), has_mailbox: site.settings.mailbox.is_some() })
}

pub(super) async fn with_slash(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match authority(&app, &id) {
        Some(policy) => Redirect::permanent(&format!("/{}/", policy.id)).into_response(),
        None => not_found(headers).await,
    }
}

pub(super) async fn home(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(policy) = authority(&app, &id) else { return not_found(headers).await };
    let generations = match generations(&app, policy).await {
        Ok(generations) => generations,
        Err(failure) => return fail(failure, &headers),
    };
    let mut page = Page::new(language(&headers), "portal-title").of_authority(policy);
    page.title = page.of(&policy.name).to_owned();
    html(&Home { page, policy, generations })
}

async fn generations(app: &App, policy: &Policy) -> Result<Vec<Generation>, Failure> {
    let mut found = app.store.read().await?.generations().await?;
    found.retain(|generation| generation.owner == policy.id || generation.owner == policy.hierarchy.root);
    found.sort_by_key(|generation| (generation.is_root, std::cmp::Reverse(generation.ordinal)));
    Ok(found)
}
