//! What one source may do: what costs the server work, or tells strangers something, has a limit of its own.

use crate::{http::errors::Stop, site::Site};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    nanos::Nanos,
    state::StateStore,
};
use hashlink::LruCache;
use kaika_listen::Source;
use kaika_wire::Code;
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The requests that a source may make at once, and the time after which it may make one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RateInSeconds", into = "RateInSeconds")]
pub struct Rate {
    pub at_once: NonZeroU32,
    /// Not zero.
    pub then_every: Duration,
}

/// As a configuration has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateInSeconds {
    at_once: NonZeroU32,
    then_every: NonZeroU32,
}

impl From<RateInSeconds> for Rate {
    fn from(rate: RateInSeconds) -> Self {
        Self { at_once: rate.at_once, then_every: Duration::from_secs(rate.then_every.get().into()) }
    }
}

impl From<Rate> for RateInSeconds {
    fn from(rate: Rate) -> Self {
        let seconds = u32::try_from(rate.then_every.as_secs()).unwrap_or(u32::MAX);
        Self { at_once: rate.at_once, then_every: NonZeroU32::new(seconds).unwrap_or(NonZeroU32::MIN) }
    }
}

impl Rate {
    const fn new(at_once: u32, then_every: Duration) -> Self {
        Self { at_once: many(at_once), then_every }
    }
}

const fn many(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("it is not zero")
}

/// All that one source may do, where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PerSource {
    /// Connections at a time, on each listener.
    pub connections: NonZeroU32,
    /// Tickets for a page.
    pub tickets: Rate,
    /// Card jobs begun.
    pub jobs: Rate,
    /// Queries for certificates, and links from mails that are followed.
    pub queries: Rate,
    /// Forms that test a user code without a card: 停用, 復用 and 廢止.
    pub changes: Rate,
    /// Pictures of captchas.
    pub pictures: Rate,
    /// Forms that may send a mail to somebody.
    pub mails: Rate,
}

impl Default for PerSource {
    /// An office behind one address gets through a morning; who walks through card numbers does not get far.
    fn default() -> Self {
        Self {
            // A browser has six. Of too many, those go that wait, and come again when they ask.
            connections: many(256),
            tickets: Rate::new(60, Duration::from_secs(2)),
            jobs: Rate::new(120, Duration::from_secs(1)),
            queries: Rate::new(20, Duration::from_secs(3)),
            // Each of them costs an argon2id, and whoever guesses at cards should not get far.
            changes: Rate::new(20, Duration::from_secs(15)),
            pictures: Rate::new(60, Duration::from_secs(2)),
            mails: Rate::new(10, Duration::from_secs(30)),
        }
    }
}

/// OCSP answers that cannot be signed in advance, from all sources together, in a second, where nothing else is said.
pub const OCSP_SIGNATURES: NonZeroU32 = many(5000);

pub(crate) struct Limits {
    tickets: Limiter,
    jobs: Limiter,
    queries: Limiter,
    changes: Limiter,
    pictures: Limiter,
    mails: Limiter,
    ocsp_signatures: DefaultDirectRateLimiter,
}

impl Limits {
    pub(crate) fn new(each: PerSource, ocsp_signatures: NonZeroU32) -> Self {
        Self {
            tickets: Limiter::new(each.tickets),
            jobs: Limiter::new(each.jobs),
            queries: Limiter::new(each.queries),
            changes: Limiter::new(each.changes),
            pictures: Limiter::new(each.pictures),
            mails: Limiter::new(each.mails),
            ocsp_signatures: RateLimiter::direct(Quota::per_second(ocsp_signatures)),
        }
    }

    /// Whether one more answer may be signed at somebody's will.
    pub(crate) fn may_sign_ocsp(&self) -> bool {
        self.ocsp_signatures.check().is_ok()
    }
}

/// The number of sources that each limit remembers: some megabytes, however many there are.
const SOURCES: usize = 50_000;

struct Limiter(RateLimiter<Source, Sources, DefaultClock>);

impl Limiter {
    fn new(rate: Rate) -> Self {
        Self::remembering(SOURCES, rate)
    }

    fn remembering(sources: usize, rate: Rate) -> Self {
        let quota = Quota::with_period(rate.then_every).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        let sources = Sources(Mutex::new(LruCache::new(sources)));
        Self(RateLimiter::new(quota.allow_burst(rate.at_once), sources, DefaultClock::default()))
    }

    /// How long the source has to wait, where it may not ask now.
    fn ask(&self, source: Source) -> Result<(), Duration> {
        self.0.check_key(&source).map_err(|not_yet| not_yet.wait_time_from(DefaultClock::default().now()))
    }
}

/// The sources that asked last. Where there are more, the one that asked longest ago is forgotten: whoever has so many
/// addresses to ask from needs not ask twice from one.
struct Sources(Mutex<LruCache<Source, Nanos>>);

impl StateStore for Sources {
    type Key = Source;

    fn measure_and_replace<T, F, E>(&self, source: &Source, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, state) = measure(sources.get(source).copied())?;
        sources.insert(*source, state);
        Ok(outcome)
    }
}

pub(crate) async fn tickets(State(site): State<Site>, request: Request, next: Next) -> Response {
    limited(&site, &site.limits.tickets, request, next).await
}

pub(crate) async fn jobs(State(site): State<Site>, request: Request, next: Next) -> Response {
    limited(&site, &site.limits.jobs, request, next).await
}

pub(crate) async fn queries(State(site): State<Site>, request: Request, next: Next) -> Response {
    limited(&site, &site.limits.queries, request, next).await
}

pub(crate) async fn changes(State(site): State<Site>, request: Request, next: Next) -> Response {
    limited(&site, &site.limits.changes, request, next).await
}

/// A picture is drawn for each who asks, though it changes nothing.
pub(crate) async fn pictures(State(site): State<Site>, request: Request, next: Next) -> Response {
    limited_always(&site, &site.limits.pictures, request, next).await
}

pub(crate) async fn mails(State(site): State<Site>, request: Request, next: Next) -> Response {
    limited(&site, &site.limits.mails, request, next).await
}

/// Reading a page costs nothing.
async fn limited(site: &Site, limiter: &Limiter, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    limited_always(site, limiter, request, next).await
}

async fn limited_always(site: &Site, limiter: &Limiter, request: Request, next: Next) -> Response {
    match limiter.ask(source(&request, &site.settings.proxies)) {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            let mut response = Stop::from(Code::TooManyRequests).into_response();
            let seconds = wait.as_secs() + 1;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

fn source(request: &Request, proxies: &[IpAddr]) -> Source {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    peer.map_or(Source::UNKNOWN, |peer| Source::of(caller(peer, request.headers(), proxies)))
}

/// Behind believed proxies the last address that is none of theirs: each adds the one that it heard from at the end, and
/// what stands before that anybody may have written.
fn caller(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> IpAddr {
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    let backwards = named.into_iter().rev().map_while(|address| address.trim().parse::<IpAddr>().ok());
    let mut way = std::iter::once(peer).chain(backwards.map(|address| address.to_canonical())).peekable();
    let mut caller = peer;
    while let Some(address) = way.next() {
        caller = address;
        if !proxies.contains(&address) || way.peek().is_none() {
            break;
        }
    }
    caller
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn from(address: &str) -> Source {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(ConnectInfo(address.parse::<SocketAddr>().unwrap()));
        source(&request, &[])
    }

    #[test]
    fn only_believed_proxies_name_the_caller() {
        let [proxy, other, caller_address] =
            ["10.0.0.1", "10.0.0.2", "192.0.2.7"].map(|address| address.parse::<IpAddr>().unwrap());
        let heard = |peer, lines: &[&'static str], proxies: &[IpAddr]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_static(line));
            }
            caller(peer, &headers, proxies)
        };
        assert_eq!(heard(proxy, &["192.0.2.7"], &[proxy]), caller_address);
        assert_eq!(heard(proxy, &["203.0.113.9, 192.0.2.7"], &[proxy]), caller_address, "anybody may write the first");
        assert_eq!(heard(proxy, &["203.0.113.9", "192.0.2.7, 10.0.0.2"], &[proxy, other]), caller_address);
        assert_eq!(heard(proxy, &["192.0.2.7"], &[]), proxy, "not believed");
        assert_eq!(heard(caller_address, &["203.0.113.9"], &[proxy]), caller_address);
        assert_eq!(heard(proxy, &["nonsense"], &[proxy]), proxy);
        assert_eq!(heard(proxy, &["nonsense, 192.0.2.7"], &[proxy]), caller_address);
        assert_eq!(heard(proxy, &[], &[proxy]), proxy);
    }

    #[test]
    fn a_source_waits_after_its_burst_and_others_do_not() {
        let limiter = Limiter::new(Rate::new(2, Duration::from_secs(3600)));
        let (one, other) = (from("192.0.2.1:1"), from("192.0.2.2:1"));
        assert!(limiter.ask(one).is_ok() && limiter.ask(one).is_ok());
        let wait = limiter.ask(one).unwrap_err();
        assert!(wait > Duration::from_secs(3000) && wait <= Duration::from_secs(3600), "{wait:?}");
        assert!(limiter.ask(other).is_ok());
    }

    #[test]
    fn of_too_many_sources_those_that_asked_last_are_remembered() {
        let limiter = Limiter::remembering(2, Rate::new(1, Duration::from_secs(3600)));
        let [one, two, three] = ["192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"].map(from);
        assert!(limiter.ask(one).is_ok() && limiter.ask(two).is_ok());
        // Also whoever is refused has asked.
        assert!(limiter.ask(one).is_err());
        assert!(limiter.ask(three).is_ok());
        assert!(limiter.ask(one).is_err() && limiter.ask(three).is_err());
        assert!(limiter.ask(two).is_ok(), "it was forgotten");
    }
}
