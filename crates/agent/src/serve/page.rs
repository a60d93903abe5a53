//! `GET /`: what this is, for whoever opens the address; and the files that the agent's pages use.

use super::Agent;
use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use kaika_texts::{Language, text};
use kaika_web::{Asset, BASE_CSS, ICON, LanguageQuery, html};
use std::sync::Arc;

const ASSETS: [(&str, Asset); 6] = [
    ("/assets/base.css", BASE_CSS),
    ("/assets/icon.svg", ICON),
    ("/assets/agent.css", Asset::css(include_str!("../../assets/agent.css"))),
    ("/assets/home.js", Asset::script(include_str!("../../assets/home.js"))),
    ("/assets/card-window.js", Asset::script(include_str!("../../assets/card-window.js"))),
    ("/assets/tray.js", Asset::script(include_str!("../../assets/tray.js"))),
];

pub(super) fn routes() -> Router<Arc<Agent>> {
    let router = Router::new().route("/", get(home)).route("/accent/{file}", get(accent));
    ASSETS.iter().fold(router, |router, (path, asset)| {
        router.route(path, get(move |headers: HeaderMap| async move { asset.answer(&headers) }))
    })
}

/// Six hexadecimal digits.
pub(super) fn is_colour(digits: &str) -> bool {
    digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// `/accent/RRGGBB.css`: pages in this colour, since none may have a style in its markup.
async fn accent(Path(file): Path<String>) -> Response {
    match file.strip_suffix(".css").filter(|digits| is_colour(digits)) {
        Some(digits) => {
            ([(CONTENT_TYPE, "text/css; charset=utf-8")], format!(":root {{ --brand: #{digits}; }}\n")).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    language: Language,
    tray: bool,
    /// The sites that may use the cards of this computer.
    sites: Vec<String>,
}

impl Home {
    fn t(&self, key: &str) -> String {
        text(self.language, key, &[])
    }
}

async fn home(State(agent): State<Arc<Agent>>, Query(wish): Query<LanguageQuery>, headers: HeaderMap) -> Response {
    html(&Home {
        language: wish.language(&headers),
        tray: agent.has_tray(),
        sites: agent.permissions.sites().map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_page_renders_in_both_languages() {
        for language in Language::ALL {
            for sites in [Vec::new(), vec!["https://portal.example".to_owned()]] {
                let page = Home { language, tray: true, sites: sites.clone() }.render().unwrap();
                assert!(page.contains("/tray?lang="));
                assert!(sites.iter().all(|site| page.contains(site)));
            }
        }
    }
}
