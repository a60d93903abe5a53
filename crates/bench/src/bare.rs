//! The peer of the OCSP responder: the same HTTP stack, and nothing behind it.

use anyhow::{Context, Result};
use axum::{Router, http::header, routing::get};
use std::{fs, net::Ipv4Addr, net::SocketAddr, path::Path};

/// Answers a question's path with the same bytes every time, until it is killed.
pub(crate) fn answer_always(port: u16, answer: &Path) -> Result<()> {
    let answer: &'static [u8] = fs::read(answer).context("the answer")?.leak();
    crate::runtime()?.block_on(async {
        let always = move || async move { ([(header::CONTENT_TYPE, "application/ocsp-response")], answer) };
        let router = Router::new().route("/ocsp/{generation}/{*request}", get(always));
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
    })?;
    Ok(())
}
