//! 開卡: what is needed, the card that is there, and the way into the card window.

use super::page::{Page, authority};
use crate::{errors::not_found, site::Site};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use kaika_domain::{
    Policy,
    policy::{Activation, Overdue, PinRules},
};
use kaika_texts::{Language, text};
use kaika_web::{html, language};
use kaika_wire::JobKind;

#[derive(Template)]
#[template(path = "activate.html")]
pub(super) struct Activate<'a> {
    pub(super) page: Page<'a>,
    pub(super) policy: &'a Policy,
    pub(super) kind: JobKind,
    /// Origins of the agent and of this portal.
    pub(super) agent: &'a str,
    pub(super) origin: &'a str,
    pub(super) days: u16,
    pub(super) afterwards: Overdue,
    /// Where cards of other authorities belong.
    pub(super) others: Vec<&'a Policy>,
}

impl Activate<'_> {
    /// How a period is written, with `FROM` and `TO` for its days.
    fn form(&self) -> String {
        text(self.page.language, "portal-card-from-to", &[("from", "FROM".into()), ("to", "TO".into())])
    }

    /// How many digits a PIN has.
    fn digits(&self) -> String {
        let PinRules { min, max } = self.policy.pin;
        match self.page.language {
            _ if min == max => min.to_string(),
            Language::ZhTw => format!("{min} 至 {max}"),
            Language::En => format!("{min} to {max}"),
        }
    }
}

pub(super) async fn activate(State(site): State<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let app = &site.app;
    let Some(policy) = authority(app, &id) else { return not_found(headers).await };
    let Activation::Online { within_days, afterwards } = policy.activation else {
        // There it says how cards are activated.
        return Redirect::temporary(&format!("/{}/", policy.id)).into_response();
    };
    html(&Activate {
        page: Page::new(language(&headers), "portal-activate").of_authority(policy),
        policy,
        kind: JobKind::Activate,
        agent: &site.settings.agent,
        origin: &app.origin,
        days: within_days,
        afterwards,
        others: app.policies.values().filter(|other| other.id != policy.id).collect(),
    })
}
