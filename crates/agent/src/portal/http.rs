//! A portal over HTTPS; plain HTTP only to this computer.

use super::{Portal, Portals, Station, is_loopback, same_origin};
use kaika_wire::{
    BatchReport, Code, JobId, JobStarted, JobState, LookAtTicket, Protocol, Refusal, StartJob, TicketFacts,
    WELL_KNOWN_PATH, WellKnown,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use ureq::{
    Agent, Body,
    http::{Response, StatusCode, Uri},
    tls::{RootCerts, TlsConfig, TlsProvider},
};
use zeroize::Zeroizing;

/// The portals of the configuration; none configured: any that the person names.
#[derive(Clone, Default)]
pub struct HttpPortals {
    pub configured: Vec<String>,
}

impl Portals for HttpPortals {
    fn open(&self, url: &str) -> Result<Box<dyn Portal>, Refusal> {
        let portal = HttpPortal::new(url)?;
        let known = self.configured.is_empty()
            || self
                .configured
                .iter()
                .filter_map(|url| HttpPortal::new(url).ok())
                .any(|configured| same_origin(&configured.origin, &portal.origin));
        if !known {
            // On this computer a mistyped port, or a portal that is not running, is told as such. Nobody else is asked.
            if portal.local
                && let Err(refusal) = portal.well_known()
                && refusal.code == Code::ServerUnreachable
            {
                return Err(refusal);
            }
            let detail = format!("{} is not in the agent's configuration", portal.origin);
            return Err(Refusal::new(Code::NotAPortal).detail(detail));
        }
        Ok(Box::new(portal))
    }
}

pub struct HttpPortal {
    origin: String,
    /// On this computer.
    local: bool,
    agent: Agent,
    known: OnceLock<Known>,
}

/// What the portal says of its API.
struct Known {
    jobs: String,
    protocol: Protocol,
}

/// The most that an answer may hold: a batch with some certificates is far below it.
const LARGEST_ANSWER: u64 = 1 << 20;

impl HttpPortal {
    /// # Errors
    /// [`Code::NotAPortal`] where the address is not one over HTTPS, or over HTTP to this computer.
    pub fn new(url: &str) -> Result<Self, Refusal> {
        let no_portal = |detail: &str| Refusal::new(Code::NotAPortal).detail(detail);
        let uri: Uri = url.parse().map_err(|_| no_portal("not an address"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(no_portal("the address begins with https://"));
        };
        if authority.as_str().contains('@') {
            return Err(no_portal("the address has no user name"));
        }
        let local = is_loopback(authority.host());
        if scheme != "https" && !(scheme == "http" && local) {
            return Err(no_portal("the address begins with https://"));
        }
        Ok(Self { origin: format!("{scheme}://{authority}"), local, agent: http_agent(local), known: OnceLock::new() })
    }

    fn known(&self) -> Result<&Known, Refusal> {
        if self.known.get().is_none() {
            self.well_known()?;
        }
        self.known.get().ok_or_else(|| Code::Internal.into())
    }

    fn post<T: DeserializeOwned>(
        &self,
        known: &Known,
        path: &str,
        authorization: Option<&str>,
        body: &impl Serialize,
    ) -> Result<T, Refusal> {
        // It may hold a user code.
        let body = Zeroizing::new(
            serde_json::to_vec(body).map_err(|error| Refusal::new(Code::Internal).detail(error.to_string()))?,
        );
        let mut request =
            self.agent.post(format!("{}{}{path}", self.origin, known.jobs)).content_type("application/json");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        answer(request.send(body.as_slice()), known.meaning())
    }
}

impl Portal for HttpPortal {
    fn origin(&self) -> &str {
        &self.origin
    }

    fn well_known(&self) -> Result<WellKnown, Refusal> {
        let url = format!("{}{WELL_KNOWN_PATH}", self.origin);
        let well_known: WellKnown =
            answer(self.agent.get(url).call(), OF_PORTAL).map_err(|refusal| match refusal.code {
                // A portal whose database is away is a portal all the same: the person is to try again later.
                Code::ServerUnreachable | Code::Busy | Code::Internal => refusal,
                code => Refusal::new(Code::NotAPortal).detail(refusal.detail.unwrap_or(code.to_string())),
            })?;
        if !well_known.jobs.starts_with('/') {
            return Err(Refusal::new(Code::NotAPortal).detail("its job API is elsewhere"));
        }
        let _ = self.known.set(Known { jobs: well_known.jobs.clone(), protocol: well_known.protocol });
        Ok(well_known)
    }

    fn start(&self, start: &StartJob, station: Option<&Station>) -> Result<JobStarted, Refusal> {
        let authorization =
            station.map(|station| Zeroizing::new(format!("Station {}:{}", station.station, *station.token)));
        self.post(self.known()?, "", authorization.as_deref().map(String::as_str), start)
    }

    fn look_at(&self, ticket: &str) -> Result<TicketFacts, Refusal> {
        self.post(self.known()?, "/ticket", None, &LookAtTicket { ticket: ticket.to_owned() })
    }

    fn report(&self, job: JobId, token: &str, report: &BatchReport) -> Result<JobState, Refusal> {
        let authorization = Zeroizing::new(format!("Bearer {token}"));
        self.post(self.known()?, &format!("/{job}/reports"), Some(&authorization), report)
    }
}

/// One client with its own connections; redirects are errors, so that nothing goes to another address than the named one.
pub(crate) fn http_agent(local: bool) -> Agent {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(Duration::from_secs(10)))
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_global(Some(Duration::from_secs(60)))
        .tls_config(
            TlsConfig::builder()
                .provider(TlsProvider::Rustls)
                .root_certs(RootCerts::PlatformVerifier)
                .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .build(),
        );
    if local {
        // A proxy cannot reach this computer's own portal.
        config = config.proxy(None);
    }
    config.build().new_agent()
}

#[derive(Deserialize)]
struct Refused {
    error: Refusal,
}

/// Which refusals mean that no answer came, and that the answer is nobody's of ours.
#[derive(Clone, Copy)]
pub(crate) struct Meaning {
    pub(crate) silent: Code,
    pub(crate) strange: Code,
}

impl Known {
    /// What cannot be read of a portal that speaks a newer protocol is told as that.
    fn meaning(&self) -> Meaning {
        match self.protocol > Protocol::OURS {
            true => Meaning { strange: Code::AgentTooOld, ..OF_PORTAL },
            false => OF_PORTAL,
        }
    }
}

const OF_PORTAL: Meaning = Meaning { silent: Code::ServerUnreachable, strange: Code::NotAPortal };

/// The document of a good answer, or the refusal in another one.
pub(crate) fn answer<T: DeserializeOwned>(
    response: Result<Response<Body>, ureq::Error>,
    meaning: Meaning,
) -> Result<T, Refusal> {
    let silent = |error: ureq::Error| Refusal::new(meaning.silent).detail(error.to_string());
    let mut response = response.map_err(silent)?;
    let status = response.status();
    let body =
        response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec().map(Zeroizing::new).map_err(silent)?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| Refusal::new(meaning.strange).detail(error.to_string()));
    }
    match serde_json::from_slice::<Refused>(&body) {
        Ok(refused) => Err(refused.error),
        // It is there, and has failed without a word of ours.
        Err(_) if status == StatusCode::INTERNAL_SERVER_ERROR => {
            Err(Refusal::new(Code::Internal).detail(status.to_string()))
        }
        // A gateway in front of a server that is not there.
        Err(_) if status.is_server_error() => Err(Refusal::new(meaning.silent).detail(status.to_string())),
        Err(_) => Err(Refusal::new(meaning.strange).detail(status.to_string())),
    }
}
