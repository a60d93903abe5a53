//! A portal without sockets, and the mailbox of whoever it writes to.

use super::world::{CONTACT, Site};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use kaika_app::{
    App,
    access::enrol_station,
    mail::{DeliveredMail, Mailbox, deliver_mails},
};
use kaika_mail::FolderMailbox;
use kaika_server::{About, Rates, Settings, router};
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

/// Whom the card in [`Site`] is for.
pub(crate) const HOLDER: &str = "測試機關";

pub(crate) struct Post {
    pub(crate) site: Site,
    pub(crate) app: Arc<App>,
    router: Router,
    mailbox: Arc<FolderMailbox>,
    _folder: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |location| location.to_str().unwrap())
    }
}

impl Post {
    pub(crate) fn of(site: Site) -> Self {
        Self::with_rates(site, Rates::default())
    }

    pub(crate) fn with_rates(site: Site, rates: Rates) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Arc::new(FolderMailbox::open(folder.path().join("mails")).unwrap());
        let (app, router) = opened(&site, rates);
        Self { site, app, router, mailbox, _folder: folder }
    }

    /// The same server later.
    pub(crate) fn later(&mut self, span: time::Duration) {
        self.site.close(&self.app);
        self.site.later(span);
        (self.app, self.router) = opened(&self.site, Rates::default());
    }

    /// The server is stopped, and what it kept is left.
    pub(crate) fn closed(self) -> Site {
        self.site.close(&self.app);
        self.site
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap())
    }

    pub(crate) fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let form_type = "application/x-www-form-urlencoded";
        self.ask(Request::post(path).header("content-type", form_type).body(Body::from(form.join("&"))).unwrap())
    }

    pub(crate) fn ask(&self, mut request: Request<Body>) -> Answer {
        request.headers_mut().insert("host", "localhost:8080".parse().unwrap());
        self.site.runtime().block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
            Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body).unwrap() }
        })
    }

    /// What was sent since, the oldest first; it is taken out of the outbox by this.
    pub(crate) fn mails(&self) -> Vec<DeliveredMail> {
        let (before, mut mails) = self.site.runtime().block_on(async {
            let before = self.mailbox.delivered().await.unwrap();
            deliver_mails(&self.app, self.mailbox.as_ref()).await.unwrap();
            (before, self.mailbox.delivered().await.unwrap())
        });
        mails.retain(|mail| !before.contains(mail));
        mails.reverse();
        mails
    }

    /// The path of the link in the only mail, which went to this address.
    #[track_caller]
    pub(crate) fn link_to(&self, address: &str) -> String {
        let mails = self.mails();
        let [mail] = mails.iter().filter(|mail| mail.to.as_str() == address).collect::<Vec<_>>().try_into().unwrap();
        let line = mail.text.lines().find_map(|line| line.strip_prefix("http://localhost:8080"));
        line.expect("a link").to_owned()
    }

    pub(crate) fn link(&self) -> String {
        self.link_to(CONTACT)
    }

    /// A station's `Authorization`.
    pub(crate) fn station(&self) -> String {
        let enrolled =
            self.site.runtime().block_on(enrol_station(&self.app, "counter", &super::world::operator())).unwrap();
        format!("Station {}:{}", enrolled.station, enrolled.token)
    }

    /// What the audit log has of these actions, with actor and payload.
    pub(crate) fn audited(&self, action: &str) -> Vec<(String, String)> {
        let events = self
            .site
            .runtime()
            .block_on(async { self.app.store.read().await.unwrap().audit_events(0, 10_000).await.unwrap() });
        let events = events.into_iter().filter(|event| event.action == action);
        events.map(|event| (event.actor, event.payload)).collect()
    }
}

fn opened(site: &Site, rates: Rates) -> (Arc<App>, Router) {
    let app = site.open();
    let settings = Settings {
        agent: "http://127.0.0.1:61161".into(),
        rates,
        proxies: Vec::new(),
        mailbox: None,
        about: About::default(),
    };
    (Arc::clone(&app), router(&kaika_server::Site::new(app, settings)))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
