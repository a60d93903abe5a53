//! The server's face: the API of card jobs, OCSP and CRL, and the portal's pages.
//!
//! **Invariant:** a handler parses, calls one use case and renders; rules and SQL are elsewhere.

mod about;
mod api;
mod http;
mod portal;
mod repository;
mod site;

pub use about::{About, Logo, LogoError, Privacy};
pub use http::health::metrics_router;
pub use http::limits::{OCSP_SIGNATURES, PerSource, Rate};
pub use site::{Settings, Site};

use api::{cards, jobs, tickets};
use axum::{Router, extract::DefaultBodyLimit, middleware};
use http::{errors, guard, health, language};

/// What the server has at its addresses beside authorities, as the first part of a path: no authority has such an id.
pub const RESERVED: [&str; 9] = ["api", "assets", "ca", "crl", "healthz", "mails", "ocsp", "privacy", "readyz"];

/// Everything the server answers. Limits per source need the caller's address, as `kaika_listen` puts it into requests.
pub fn router(site: &Site) -> Router {
    let pages = portal::routes(site)
        .layer(middleware::from_fn_with_state(site.clone(), guard::own_pages_only))
        .layer(middleware::from_fn_with_state(site.clone(), guard::own_host));
    Router::new()
        .merge(pages)
        .merge(tickets::routes(site))
        .merge(jobs::routes(site))
        .merge(cards::routes(site))
        .merge(health::routes())
        .fallback(errors::not_found)
        .method_not_allowed_fallback(errors::other_method)
        // As routes see it: only then is it known which one it was.
        .route_layer(middleware::from_fn(health::observe))
        .layer(middleware::from_fn_with_state(site.clone(), errors::told))
        .layer(middleware::from_fn_with_state(site.clone(), language::one_language))
        .layer(middleware::from_fn_with_state(site.clone(), guard::security_headers))
        .merge(repository::routes())
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(site.clone())
}

/// What certificates name, for those who fetch it without TLS: lists, OCSP, authorities' certificates. All else is sent
/// to the portal's origin.
pub fn repository_router(site: &Site) -> Router {
    Router::new()
        .fallback(guard::to_own_origin)
        .layer(middleware::from_fn_with_state(site.clone(), errors::told))
        .layer(middleware::from_fn_with_state(site.clone(), guard::security_headers))
        .merge(repository::routes())
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(site.clone())
}
