//! Pages and the files that they use, as HTTP answers.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use headers::{ETag, HeaderMapExt, IfNoneMatch};
use sha2::{Digest, Sha256};

/// A page; it differs by the language that was asked for.
pub fn html(page: &impl Template) -> Response {
    html_with_status(StatusCode::OK, page)
}

/// As [`html`], for a page that says that something did not go well.
pub fn html_with_status(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(page) => {
            let headers = [(header::VARY, "Accept-Language"), (header::CACHE_CONTROL, "no-cache")];
            (status, headers, Html(page)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A file that pages load, compiled in.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    kind: &'static str,
    contents: &'static str,
}

impl Asset {
    pub const fn css(contents: &'static str) -> Self {
        Self { kind: "text/css; charset=utf-8", contents }
    }

    pub const fn script(contents: &'static str) -> Self {
        Self { kind: "text/javascript; charset=utf-8", contents }
    }

    pub const fn svg(contents: &'static str) -> Self {
        Self { kind: "image/svg+xml", contents }
    }

    pub fn contents(&self) -> &'static str {
        self.contents
    }

    /// A page never meets the script of an older version.
    pub fn answer(&self, request: &HeaderMap) -> Response {
        file(self.kind, self.contents, request)
    }
}

/// Whether whoever asks has what this tag names already: If-None-Match whole (RFC 9110 §13.1.2).
pub fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let Ok(tag) = tag.parse::<ETag>() else { return false };
    request.typed_get::<IfNoneMatch>().is_some_and(|known| !known.precondition_passes(&tag))
}

/// A file that pages load; `kind` is its media type. Asked for again every time, sent again only where it is another one.
pub fn file(kind: &'static str, contents: impl AsRef<[u8]> + IntoResponse, request: &HeaderMap) -> Response {
    let digest = Sha256::digest(contents.as_ref());
    let tag = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let tag = format!("\"{tag}\"");
    let mut response = match is_known(request, &tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => contents.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9110 §13.1.2, compared weakly (§8.8.3.2).
    #[test]
    fn what_is_known_already_is_told_by_any_of_its_tags() {
        let asks = |known: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for known in known {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(known));
            }
            is_known(&headers, "\"17\"")
        };
        for known in ["\"17\"", "W/\"17\"", "\"16\", \"17\"", "\"16\",W/\"17\"", "*"] {
            assert!(asks(&[known]), "{known}");
        }
        assert!(asks(&["\"16\"", "\"17\""]), "in two lines");
        for other in ["\"16\"", "17", "W/\"16\", \"18\"", ""] {
            assert!(!asks(&[other]), "{other}");
        }
        assert!(!asks(&[]));
    }
}
