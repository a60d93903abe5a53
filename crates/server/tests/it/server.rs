//! A server without a socket: what it answers to a request.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode},
};
use kaika_app::App;
use kaika_fixtures::{Running, Site};
use kaika_server::{About, OCSP_SIGNATURES, PerSource, Settings, router};
use serde_json::Value;
use std::{
    net::SocketAddr,
    ops::{Deref, DerefMut},
    sync::Arc,
};
use tower::ServiceExt;

pub(crate) const OWN: &str = "localhost:8080";
/// Whoever asks, where nothing else is said.
const SOURCE: &str = "192.0.2.1:5000";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(crate) struct Server {
    running: Running,
    pub(crate) router: Router,
    per_source: PerSource,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    pub(crate) fn page(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Of an error, which says more than its code.
    pub(crate) fn code(&self) -> String {
        let error = &self.json()["error"];
        assert!(!error["message"].as_str().unwrap().is_empty() && !error["next_step"].as_str().unwrap().is_empty());
        error["code"].as_str().unwrap().to_owned()
    }
}

impl Server {
    pub(crate) fn of(site: Site) -> Self {
        Self::with_limits(site, PerSource::default())
    }

    pub(crate) fn with_limits(site: Site, per_source: PerSource) -> Self {
        let running = Running::of(site);
        let router = routed(&running.app, per_source, About::default());
        Self { running, router, per_source }
    }

    /// Whose pages say this of the site.
    pub(crate) fn about(site: Site, about: About) -> Self {
        let (running, per_source) = (Running::of(site), PerSource::default());
        Self { router: routed(&running.app, per_source, about), running, per_source }
    }

    /// The same server later.
    pub(crate) fn later(&mut self, span: time::Duration) {
        self.running.later(span);
        self.router = routed(&self.app, self.per_source, About::default());
    }

    /// It is stopped, and what it kept is left.
    pub(crate) fn closed(self) -> Site {
        self.running.closed()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[("host", OWN)])
    }

    /// A form of ours.
    pub(crate) fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(SOURCE, Method::POST, path, &[("host", OWN), FORM], encoded(fields).into())
    }

    /// The same by a browser that reads English.
    pub(crate) fn fill_in(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [("host", OWN), ("origin", "http://localhost:8080"), FORM, ("accept-language", "en")];
        self.send(SOURCE, Method::POST, path, &headers, encoded(fields).into())
    }

    /// A message of a program.
    pub(crate) fn post_json(&self, path: &str, authorization: Option<&str>, message: impl Into<Body>) -> Answer {
        let mut headers = vec![("host", OWN), ("content-type", "application/json")];
        headers.extend(authorization.map(|authorization| ("authorization", authorization)));
        self.send(SOURCE, Method::POST, path, &headers, message.into())
    }

    pub(crate) fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask_from(SOURCE, method, path, headers)
    }

    pub(crate) fn ask_from(&self, source: &str, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(source, method, path, headers, Body::empty())
    }

    pub(crate) fn send(
        &self,
        source: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let request = request(source, method, path, headers, body);
        self.wait(answered(self.router.clone(), request))
    }
}

impl Deref for Server {
    type Target = Running;

    fn deref(&self) -> &Running {
        &self.running
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Running {
        &mut self.running
    }
}

pub(crate) fn routed(app: &Arc<App>, per_source: PerSource, about: About) -> Router {
    let agent = "http://127.0.0.1:61161".into();
    let settings =
        Settings { agent, per_source, ocsp_signatures: OCSP_SIGNATURES, proxies: Vec::new(), mailbox: None, about };
    router(&kaika_server::Site::new(Arc::clone(app), settings))
}

pub(crate) fn request(source: &str, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let source: SocketAddr = source.parse().unwrap();
    request.extension(ConnectInfo(source)).body(body).unwrap()
}

pub(crate) async fn answered(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let octet = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    let text = |text: &str| text.bytes().map(octet).collect::<String>();
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    fields.join("&")
}
