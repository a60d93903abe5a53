//! What handlers share.

use crate::{
    about::About,
    http::limits::{Limits, PerSource},
};
use axum::{extract::FromRef, http::HeaderValue};
use kaika_app::{App, mail::Mailbox};
use std::{net::IpAddr, num::NonZeroU32, ops::Deref, sync::Arc};

/// What a portal is told beside its authorities.
#[derive(Clone)]
pub struct Settings {
    /// The origin of the agent at a person's own computer: `http://127.0.0.1:61161`.
    pub agent: String,
    pub per_source: PerSource,
    /// OCSP answers that cannot be signed in advance, from all sources together, in a second.
    pub ocsp_signatures: NonZeroU32,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
    /// Where mails are shown on a page, in place of being sent: in the demo.
    pub mailbox: Option<Arc<dyn Mailbox>>,
    /// What pages say of the site.
    pub about: About,
}

/// A portal with its limits, whichever of its routers is asked. Cloned for every request.
#[derive(Clone)]
pub struct Site(Arc<Shared>);

pub struct Shared {
    pub(crate) app: Arc<App>,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) content_security_policy: HeaderValue,
}

impl Deref for Site {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Site {
    /// # Panics
    /// Where the agent's origin cannot stand in a header.
    pub fn new(app: Arc<App>, settings: Settings) -> Self {
        let policy = format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self' {}; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            settings.agent
        );
        let content_security_policy = HeaderValue::from_str(&policy).expect("an origin is printable ASCII");
        let limits = Limits::new(settings.per_source, settings.ocsp_signatures);
        Self(Arc::new(Shared { app, settings, limits, content_security_policy }))
    }
}

impl FromRef<Site> for Arc<App> {
    fn from_ref(site: &Site) -> Self {
        Arc::clone(&site.app)
    }
}
