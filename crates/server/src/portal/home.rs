//! The start page, and the home of each authority.

use crate::{
    http::errors::{fail, not_found},
    portal::{
        cards::card_job::{icon, job_key},
        certificates::status_change::elsewhere,
        page::{Page, authority},
    },
    site::Site,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use kaika_app::{App, Failure, authorities::Generation};
use kaika_domain::authorities::{Activation, Policy, Way};
use kaika_texts::{FluentValue, text};
use kaika_web::html;
use kaika_wire::{JobKind, StatusChangeKind};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "start.html")]
pub(crate) struct Start<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policies: Vec<&'a Policy>,
    /// In the demo.
    pub(crate) has_mailbox: bool,
}

#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct Home<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    /// Its own generations, the newest first, then the roots'.
    pub(crate) generations: Vec<Generation>,
}

impl Home<'_> {
    /// What holders do with their cards here.
    fn jobs(&self) -> impl Iterator<Item = JobKind> {
        let kinds = JobKind::ALL.into_iter().filter(|kind| kind.is_for_holders() && kind.status_change().is_none());
        kinds.filter(|kind| self.policy.offers(*kind).is_ok())
    }

    fn job(&self, kind: &JobKind, what: &str) -> String {
        self.page.t(&job_key(*kind, what))
    }

    fn icon(&self, kind: &JobKind) -> &'static str {
        icon(*kind)
    }

    /// What holders do here themselves.
    fn online(&self) -> Vec<StatusChangeKind> {
        let kinds = StatusChangeKind::ALL.iter().copied();
        kinds.filter(|kind| self.policy.status_changes.is_online(*kind)).collect()
    }

    /// What is done in another way, by that way.
    fn elsewhere(&self) -> Vec<(Vec<String>, String)> {
        let mut found: Vec<(Way, Vec<String>)> = Vec::new();
        for kind in StatusChangeKind::ALL {
            let (way, title) = (self.policy.status_changes.way(*kind), self.page.t(&format!("status-{kind}")));
            match found.iter_mut().find(|(known, _)| *known == way) {
                Some((_, titles)) => titles.push(title),
                None => found.push((way, vec![title])),
            }
        }
        found.retain(|(way, _)| *way != Way::Online);
        found.into_iter().map(|(way, titles)| (titles, elsewhere(&self.page, way))).collect()
    }

    fn file(&self, generation: &Generation, what: &str) -> String {
        let facts = [
            ("what", self.page.t(what).into()),
            ("ordinal", FluentValue::from(generation.ordinal)),
            ("since", self.page.day(&generation.founded_at).into()),
        ];
        text(self.page.view.language, "portal-file-of", &facts)
    }
}

pub(crate) async fn start(State(site): State<Site>, headers: HeaderMap) -> Response {
    let page = Page::new(site.view(&headers), "portal-start-title");
    html(&Start { page, policies: site.app.policies.values().collect(), has_mailbox: site.settings.mailbox.is_some() })
}

pub(crate) async fn with_slash(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match authority(&app, &id) {
        Some(policy) => Redirect::permanent(&format!("/{}/", policy.id)).into_response(),
        None => not_found(headers).await,
    }
}

pub(crate) async fn home(State(site): State<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    let generations = match generations(&site.app, policy).await {
        Ok(generations) => generations,
        Err(failure) => return fail(failure, &headers),
    };
    let mut page = Page::new(site.view(&headers), "portal-title").of_authority(policy);
    page.title = page.of(&policy.name).to_owned();
    html(&Home { page, policy, generations })
}

async fn generations(app: &App, policy: &Policy) -> Result<Vec<Generation>, Failure> {
    let mut found = app.store.read().await?.generations().await?;
    found.retain(|generation| generation.owner == policy.id || generation.owner == policy.hierarchy.root);
    found.sort_by_key(|generation| (generation.is_root, std::cmp::Reverse(generation.ordinal)));
    Ok(found)
}
