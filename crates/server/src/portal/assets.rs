//! Files that pages load, and the authorities' colours.

use crate::{
    about::LOGO,
    http::{errors::Stop, extract::Authority},
    site::Site,
};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use kaika_app::App;
use kaika_domain::authorities::Policy;
use kaika_web::{Asset, BASE_CSS, ICON};
use kaika_wire::Code;
use std::{fmt::Write, sync::Arc};

/// By their addresses.
pub(crate) const ASSETS: [(&str, Asset); 9] = [
    ("/assets/base.css", BASE_CSS),
    ("/assets/portal.css", Asset::css(include_str!("../../assets/portal.css"))),
    ("/assets/icon.svg", ICON),
    ("/assets/job.js", Asset::script(include_str!("../../assets/job.js"))),
    ("/assets/agent.js", Asset::script(include_str!("../../assets/agent.js"))),
    ("/assets/card-jobs.js", Asset::script(include_str!("../../assets/card-jobs.js"))),
    ("/assets/card-panel.js", Asset::script(include_str!("../../assets/card-panel.js"))),
    ("/assets/outcome.js", Asset::script(include_str!("../../assets/outcome.js"))),
    ("/assets/print.js", Asset::script(include_str!("../../assets/print.js"))),
];

pub(crate) fn routes() -> Router<Site> {
    ASSETS.into_iter().fold(
        Router::new().route("/assets/accents.css", get(accents)).route(LOGO, get(logo)),
        |routes, (path, asset)| routes.route(path, get(async move |headers: HeaderMap| asset.answer(&headers))),
    )
}

/// A whole page in one authority's colour.
pub(crate) async fn accent(policy: Authority) -> Response {
    css(format!(":root {{ --brand: {}; }}\n", policy.accent))
}

/// For parts of a page: a class for each authority.
async fn accents(State(app): State<Arc<App>>) -> Response {
    css(classes(app.policies.values().map(Arc::as_ref)))
}

async fn logo(State(site): State<Site>, headers: HeaderMap) -> Result<Response, Stop> {
    let logo = site.settings.about.logo.as_ref().ok_or(Code::NotFound)?;
    Ok(logo.answer(&headers))
}

fn classes<'a>(policies: impl Iterator<Item = &'a Policy>) -> String {
    policies.fold(String::new(), |mut css, policy| {
        let _ = writeln!(css, ".brand-{} {{ --brand: {}; }}", policy.id, policy.accent);
        css
    })
}

fn css(css: String) -> Response {
    // Its policy may give an authority another colour at the next start.
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], css).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::tests::policy;
    use axum::http::{HeaderValue, StatusCode};

    #[test]
    fn files_say_what_they_are_and_are_sent_once() {
        for (path, asset) in ASSETS {
            let answer = asset.answer(&HeaderMap::new());
            let kind = match path.rsplit_once('.').map(|(_, extension)| extension) {
                Some("css") => "text/css; charset=utf-8",
                Some("js") => "text/javascript; charset=utf-8",
                Some("svg") => "image/svg+xml",
                other => panic!("{path}: {other:?}"),
            };
            assert_eq!(answer.headers()[header::CONTENT_TYPE], kind, "{path}");
            let mut known = HeaderMap::new();
            known.insert(header::IF_NONE_MATCH, answer.headers()[header::ETAG].clone());
            assert_eq!(asset.answer(&known).status(), StatusCode::NOT_MODIFIED, "{path}");
            known.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"other\""));
            assert_eq!(asset.answer(&known).status(), StatusCode::OK, "{path}");
        }
    }

    #[test]
    fn scripts_load_only_what_is_served() {
        for (path, asset) in ASSETS.iter().filter(|(path, _)| path.ends_with(".js")) {
            for import in asset.contents().split("from \"./").skip(1).filter_map(|rest| rest.split('"').next()) {
                let served = ASSETS.iter().any(|(other, _)| *other == format!("/assets/{import}"));
                assert!(served, "{path} loads {import}");
            }
        }
    }

    #[test]
    fn every_authority_has_a_class_with_its_colour() {
        assert_eq!(classes([&policy("TC")].into_iter()), ".brand-tca { --brand: #123456; }\n");
    }
}
