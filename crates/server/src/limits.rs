//! How often one source may ask: what costs the server work, or tells strangers something, has a limit of its own.
//!
//! A source is an IPv4 address, or the 64 bits of an IPv6 address that one customer has.

use crate::{errors::refuse, site::Site};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};
use governor::{Quota, RateLimiter, clock::DefaultClock, state::keyed::HashMapStateStore};
use kaika_wire::Code;
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

/// So many at once, and then one every so often.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub burst: NonZeroU32,
    /// Not zero.
    pub then_every: Duration,
}

impl Rate {
    const fn new(burst: u32, then_every: Duration) -> Self {
        Self { burst: NonZeroU32::new(burst).expect("a burst is not zero"), then_every }
    }
}

/// Per source.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Tickets for a page.
    pub tickets: Rate,
    /// Card jobs begun.
    pub jobs: Rate,
    /// Queries for certificates.
    pub queries: Rate,
}

impl Default for Rates {
    /// An office behind one address gets through a morning; who walks through card numbers does not get far.
    fn default() -> Self {
        Self {
            tickets: Rate::new(60, Duration::from_secs(2)),
            jobs: Rate::new(120, Duration::from_secs(1)),
            queries: Rate::new(20, Duration::from_secs(3)),
        }
    }
}

pub(crate) struct Limits {
    tickets: Limiter,
    jobs: Limiter,
    queries: Limiter,
}

impl Limits {
    pub(crate) fn new(rates: Rates) -> Self {
        Self {
            tickets: Limiter::new(rates.tickets),
            jobs: Limiter::new(rates.jobs),
            queries: Limiter::new(rates.queries),
        }
    }
}

/// More sources than this are looked through for those that have not asked lately.
const MANY: usize = 10_000;

struct Limiter(RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>);

impl Limiter {
    fn new(rate: Rate) -> Self {
        let quota = Quota::with_period(rate.then_every).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        Self(RateLimiter::hashmap(quota.allow_burst(rate.burst)))
    }

    /// How long the source has to wait, where it may not ask now.
    fn ask(&self, source: IpAddr) -> Result<(), Duration> {
        if self.0.len() > MANY {
            self.0.retain_recent();
        }
        use governor::clock::Clock;
        self.0.check_key(&source).map_err(|not_yet| not_yet.wait_time_from(DefaultClock::default().now()))
    }
}

pub(crate) async fn tickets(State(site): State<Site>, request: Request, next: Next) -> Response {
    limited(&site.limits.tickets, request, next).await
}

pub(crate) async fn jobs(State(site): State<Site>, request: Request, next: Next) -> Response {
    limited(&site.limits.jobs, request, next).await
}

pub(crate) async fn queries(State(site): State<Site>, request: Request, next: Next) -> Response {
    limited(&site.limits.queries, request, next).await
}

/// Reading a page costs nothing.
async fn limited(limiter: &Limiter, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match limiter.ask(source(&request)) {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            let mut response = refuse(Code::TooManyRequests.into(), request.headers());
            let seconds = wait.as_secs() + 1;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

/// Where the address is not known, all share one.
fn source(request: &Request) -> IpAddr {
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        Some(address) => address,
        None => Ipv6Addr::UNSPECIFIED.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn from(address: &str) -> IpAddr {
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(ConnectInfo(address.parse::<SocketAddr>().unwrap()));
        source(&request)
    }

    #[test]
    fn one_customer_is_one_source() {
        assert_eq!(from("192.0.2.1:1000"), from("192.0.2.1:2000"));
        assert_eq!(from("192.0.2.1:1000"), from("[::ffff:192.0.2.1]:1000"));
        assert_ne!(from("192.0.2.1:1000"), from("192.0.2.2:1000"));
        assert_eq!(from("[2001:db8::1]:1"), from("[2001:db8::ffff:1]:1"));
        assert_ne!(from("[2001:db8::1]:1"), from("[2001:db8:0:1::1]:1"));
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
}
