//! An authority's server: portal, API, OCSP and revocation lists, by its configuration.

use crate::{
    clock::ShiftedClock,
    config::{self, Config},
    exposed,
    installation::{Installation, OpenOptions, Schema},
    network,
};
use anyhow::{Context, Result, bail};
use axum::Router;
use kaika_app::{kernel::Lease, mail::Mailer};
use kaika_domain::audit::Actor;
use kaika_listen::{Caps, Endpoint, Patience, Tls, everybody, stopped};
use kaika_server::{Settings, Site, metrics_router, repository_router, router};
use kaika_worker::Worker;
use metrics_exporter_prometheus::PrometheusBuilder;
use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

const SWEEP_EVERY: Duration = Duration::from_secs(3600);
/// Bounds of the histograms: a page takes some milliseconds, a query for a certificate 0.4 s, a report with argon2 0.1 s.
const SECONDS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];
const ANCHOR_EVERY: Duration = Duration::from_secs(60);
const MAIL_EVERY: Duration = Duration::from_secs(5);
/// Who asks for metrics is one of few.
const METRICS_CONNECTIONS: usize = 64;

/// Until it is interrupted.
///
/// # Errors
/// A port is taken; database, keys or certificate cannot be opened; an authority was not founded yet.
pub async fn run(config: Config) -> Result<()> {
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(async move {
        network::interrupted().await;
        stop.send_replace(true);
    });
    // Before anything else: another server may be in its place.
    let mut bound = Vec::new();
    for (field, addresses) in [("listen", &config.server.listen), ("plain_listen", &config.server.plain_listen)] {
        let mut listeners = Vec::new();
        for address in addresses {
            listeners.extend(network::bind(*address).with_context(|| format!("server.{field}"))?.1);
        }
        bound.push(listeners);
    }
    let tls = match &config.server.tls {
        Some(tls) => Some(read_tls(tls).await?),
        None => None,
    };
    exposed::warn(&config.secrets());
    let mailer = config.mailer()?.map(|mailer| Arc::new(mailer) as Arc<dyn Mailer>);
    is_made(&config)?;
    let about = config.site.about(&config.places().read_authorities()?)?;
    let schema = if config.database.migrates() { Schema::Update } else { Schema::Check };
    let installation = open(&config, schema).await?;
    installation.check_keys().await?;
    installation.warn_of_anchors(&config.keys.anchors).await?;
    if mailer.is_none() {
        tracing::warn!("no mail server is configured: mails wait in the database");
    }
    let app = Arc::clone(&installation.app);
    let settings = Settings {
        agent: config.agent.origin.clone(),
        per_source: config.limits.per_source,
        ocsp_signatures: config.status.ocsp_signatures,
        proxies: config.server.proxies.clone(),
        mailbox: None,
        about,
    };
    let site = Site::new(Arc::clone(&app), settings);
    let [listen, plain] = <[_; 2]>::try_from(bound).expect("two kinds of listeners");
    let [caps, plain_caps, metrics_caps] = caps(&config);
    let endpoint = |name, listeners, tls, router, caps| Endpoint {
        name,
        listeners,
        tls,
        router,
        hears: everybody,
        caps,
        patience: Patience::default(),
    };
    let mut endpoints = vec![
        endpoint("listen", listen, tls.clone(), router(&site), caps),
        endpoint("plain_listen", plain, None, repository_router(&site), plain_caps),
    ];
    if let Some(address) = config.server.metrics_listen {
        let (listeners, router) = metrics(address)?;
        endpoints.push(endpoint("metrics_listen", listeners, None, router, metrics_caps));
    }
    if let (Some(config), Some(tls)) = (config.server.tls.clone(), tls) {
        tokio::spawn(read_tls_again(config, tls));
    }

    let worker = tokio::spawn(kaika_worker::run(
        Worker {
            app: Arc::clone(&app),
            anchors: Arc::clone(&installation.anchors),
            owner: format!("server {} {}", hostname(), std::process::id()),
            lease: Lease::USUAL,
            sweep_every: SWEEP_EVERY,
            jobs_kept: config.retention.card_jobs(),
            anchor_every: ANCHOR_EVERY,
            mailer,
            mail_every: MAIL_EVERY,
        },
        stopping.clone(),
    ));
    tokio::spawn(crate::allocator::give_back());
    tracing::info!(origin = %app.origin, "serving");
    kaika_listen::serve(endpoints, stopping.clone()).await.context("the server failed")?;
    stopped(stopping).await;
    let _ = worker.await;
    app.store.close().await;
    Ok(())
}

/// Makes what is missing: policies, keys, schema, authorities. What exists is left alone, be it an older schema.
///
/// # Errors
/// A folder cannot be written, a policy is wrong, the database cannot be used as it is.
pub async fn init(config: &Config, by: &Actor) -> Result<Installation> {
    crate::installation::copy_authorities(&config.authorities)?;
    // What is founded once stays: before it is, all that is configured is right.
    config.site.about(&config.places().read_authorities()?)?;
    let installation = Installation::open(&config.places(), opening(config, Schema::Make)).await?;
    installation.found(by).await?;
    Ok(installation)
}

/// An installation that `init` has made.
///
/// # Errors
/// An authority was not founded yet, or its policy is gone; or the database does not fit.
pub async fn open(config: &Config, schema: Schema) -> Result<Installation> {
    is_made(config)?;
    let installation = Installation::open(&config.places(), opening(config, schema)).await?;
    installation.check_authorities().await?;
    Ok(installation)
}

fn is_made(config: &Config) -> Result<()> {
    let file = &config.keys.passphrase_file;
    if !file.exists() {
        bail!("there is no passphrase in {}; `kaika init` makes a new installation", file.display());
    }
    Ok(())
}

fn opening(config: &Config, schema: Schema) -> OpenOptions {
    OpenOptions {
        origin: config.server.origin.clone(),
        base_url: config.base_url().to_owned(),
        clock: ShiftedClock::default(),
        status: config.status.settings(),
        schema,
    }
}

/// Of portal, repository and metrics, each its own: whoever fills one keeps nobody from the others.
fn caps(config: &Config) -> [Caps; 3] {
    let limits = &config.limits;
    let wanted = [limits.connections(), limits.connections(), METRICS_CONNECTIONS];
    kaika_listen::share(wanted, kaika_listen::raise_descriptors())
        .map(|in_all| limits.caps(in_all, &config.server.proxies))
}

fn metrics(address: SocketAddr) -> Result<(Vec<TcpListener>, Router)> {
    let (_, listeners) = network::bind(address).context("server.metrics_listen")?;
    let recorder = PrometheusBuilder::new().set_buckets(&SECONDS).context("bounds of times")?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).context("metrics are recorded already")?;
    metrics::gauge!("kaika_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let render = move || {
        handle.run_upkeep();
        handle.render()
    };
    Ok((listeners, metrics_router(render)))
}

async fn read_tls(tls: &config::Tls) -> Result<Tls> {
    let read = Tls::read(&tls.certificate, &tls.key).await;
    read.with_context(|| format!("{} and {} cannot be used", tls.certificate.display(), tls.key.display()))
}

/// A renewed certificate is taken up on SIGHUP; a broken one is told, and the old one stays.
async fn read_tls_again(tls: config::Tls, running: Tls) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        match running.read_again(&tls.certificate, &tls.key).await {
            Ok(()) => tracing::info!("the server's certificate was read again"),
            Err(error) => tracing::error!(%error, "the server's new certificate cannot be used"),
        }
    }
}

/// Tells processes of several machines apart in the lease.
fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map_or_else(|_| "?".to_owned(), |name| name.trim().to_owned())
}
