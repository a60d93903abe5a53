//! The start page, and the home of each authority.

use crate::{
    http::{
        errors::Stop,
        extract::{Authority, Visit},
    },
    portal::{
        cards::card_job::{icon, job_key},
        certificates::status_change::elsewhere,
        page::Page,
    },
};
use askama::Template;
use axum::response::{Redirect, Response};
use kaika_app::authorities::{Generation, generations_of};
use kaika_domain::authorities::{Activation, Policy, StatusChangeWay};
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
        let mut found: Vec<(StatusChangeWay, Vec<String>)> = Vec::new();
        for kind in StatusChangeKind::ALL {
            let (way, title) = (self.policy.status_changes.way(*kind), self.page.t(&format!("status-{kind}")));
            match found.iter_mut().find(|(known, _)| *known == way) {
                Some((_, titles)) => titles.push(title),
                None => found.push((way, vec![title])),
            }
        }
        found.retain(|(way, _)| *way != StatusChangeWay::Online);
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

pub(crate) async fn start(visit: Visit) -> Response {
    let page = Page::new(visit.view(), "portal-start-title");
    let policies = visit.app.policies.values().map(Arc::as_ref).collect();
    html(&Start { page, policies, has_mailbox: visit.settings.mailbox.is_some() })
}

pub(crate) async fn with_slash(policy: Authority) -> Redirect {
    Redirect::permanent(&format!("/{}/", policy.id))
}

pub(crate) async fn home(visit: Visit, policy: Authority) -> Result<Response, Stop> {
    let generations = generations_of(&visit.app, &policy).await?;
    let mut page = Page::new(visit.view(), "portal-title").of_authority(&policy);
    page.title = page.of(&policy.name).to_owned();
    Ok(html(&Home { page, policy: &policy, generations }))
}
