//! What pages say of the site, as it was configured; and whether policies and database go together.

use super::server::{OWN, Server};
use axum::http::{Method, StatusCode};
use kaika_app::authorities::{Lack, lacks};
use kaika_domain::authorities::{Policies, Policy, policy::Text};
use kaika_fixtures::Site;
use kaika_server::{About, Logo, Privacy};
use std::sync::Arc;

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"><circle r=\"4\"/></svg>";
/// What a site says that is a test.
const MARKS: [&str; 2] = [">TEST<", "no legal effect"];

fn text(zh: &str, en: &str) -> Text {
    Text { zh: zh.to_owned(), en: en.to_owned() }
}

fn configured() -> About {
    About {
        name: Some(text("某機關憑證服務", "Agency & certificates")),
        logo: Some(Logo::parse(LOGO.into()).unwrap()),
        is_test: false,
        footer: Some(text("某機關", "© Agency\nOur site https://www.agency.example/en")),
        privacy: Some(Privacy::Notice(text("我們只記卡號。", "We keep card numbers.\nNothing <else>."))),
    }
}

fn server(about: About) -> Server {
    Server::about(Site::ordered(), about)
}

fn get(server: &Server, path: &str, language: &str) -> (StatusCode, String) {
    let headers = [("host", OWN), ("accept", "text/html"), ("accept-language", language)];
    let answer = server.ask(Method::GET, path, &headers);
    (answer.status, answer.page().to_owned())
}

#[test]
fn every_page_says_what_is_configured() {
    let server = server(configured());
    // A page, one of an authority, one of an error, one where lists are fetched.
    for (path, status) in [
        ("/", StatusCode::OK),
        ("/gca/", StatusCode::OK),
        ("/gca/activate", StatusCode::OK),
        ("/nowhere", StatusCode::NOT_FOUND),
        ("/gca/nowhere", StatusCode::NOT_FOUND),
        ("/ca/nowhere", StatusCode::NOT_FOUND),
        ("/mails", StatusCode::NOT_FOUND),
    ] {
        let (answered, page) = get(&server, path, "en");
        assert_eq!(answered, status, "{path}");
        for said in [
            "Agency &#38; certificates</title>",
            "<img src=\"/assets/logo\" alt=\"\">",
            "<p>© Agency</p>",
            "<a href=\"https://www.agency.example/en\">Our site</a>",
            "<a href=\"/privacy\">Privacy</a>",
        ] {
            assert!(page.contains(said), "{path} does not say {said}: {page}");
        }
        assert!(MARKS.iter().all(|mark| !page.contains(mark)), "{path} is marked as a test: {page}");
        let (_, page) = get(&server, path, "zh-TW");
        assert!(page.contains("某機關憑證服務</title>") && page.contains("<p>某機關</p>"), "{path}: {page}");
    }
}

#[test]
fn a_refusal_as_a_page_is_private_and_whole() {
    let server = server(configured());
    let answer = server.ask(Method::GET, "/gca/nowhere", &[("host", OWN), ("accept", "text/html")]);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert!(answer.page().ends_with("</html>\n") || answer.page().ends_with("</html>"), "{}", answer.page());
    let answer = server.ask(Method::POST, "/healthz", &[("host", OWN), ("accept", "text/html")]);
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(answer.page().contains("<h1"), "{}", answer.page());
    let answer = server.ask(Method::GET, "/gca/nowhere", &[("host", OWN)]);
    assert_eq!(answer.header("content-type"), "application/json", "for programs");
}

#[test]
fn a_logo_is_a_picture_and_nothing_else() {
    let logo = server(configured()).ask(Method::GET, "/assets/logo", &[("host", OWN)]);
    assert_eq!((logo.status, logo.header("content-type")), (StatusCode::OK, "image/svg+xml"));
    assert_eq!(logo.page(), LOGO);
    assert!(logo.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(get(&server(About::default()), "/assets/logo", "en").0, StatusCode::NOT_FOUND);
}

#[test]
fn a_privacy_notice_is_a_page_or_elsewhere() {
    let (status, page) = get(&server(configured()), "/privacy", "en");
    assert_eq!(status, StatusCode::OK);
    let notice = "<p>We keep card numbers.</p>\n<p>Nothing &#60;else&#62;.</p>";
    assert!(page.contains("<h1>Privacy</h1>") && page.contains(notice), "{page}");
    assert!(get(&server(configured()), "/privacy", "zh-TW").1.contains("我們只記卡號。"));

    let elsewhere = Privacy::Elsewhere(text("https://agency.example/zh", "https://agency.example/en"));
    let server = server(About { privacy: Some(elsewhere), ..About::default() });
    let answer = server.ask(Method::GET, "/privacy", &[("host", OWN), ("accept-language", "zh-TW")]);
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "https://agency.example/zh"));
    assert!(get(&server, "/", "en").1.contains("<a href=\"https://agency.example/en\">Privacy</a>"));
}

#[test]
fn a_site_says_that_it_is_a_test_where_it_is_one_and_nothing_where_nothing_is_configured() {
    let (_, page) = get(&server(About { is_test: true, ..About::default() }), "/gca/", "en");
    assert!(MARKS.iter().all(|mark| page.contains(mark)), "{page}");
    let plain = server(About::default());
    let (_, page) = get(&plain, "/gca/", "en");
    assert!(page.contains("Certificate card portal</title>") && !page.contains("/privacy"), "{page}");
    assert!(MARKS.iter().all(|mark| !page.contains(mark)), "{page}");
    assert_eq!(get(&plain, "/privacy", "en").0, StatusCode::NOT_FOUND);
}

#[test]
fn a_server_whose_policies_do_not_fit_its_database_is_not_ready() {
    let site = Site::ordered();
    let app = site.open();
    let missing = |policies: &Policies| site.runtime().block_on(lacks(app.store.as_ref(), policies)).unwrap();
    assert_eq!(missing(&app.policies), []);
    // Of an authority that has cards the policy is gone, and another came whose keys were not made.
    let mut policies = app.policies.clone();
    let (_, gone) = policies.pop_first().unwrap();
    assert_eq!(missing(&policies), [Lack::Policy(gone.id.clone())]);
    let came = Policy { id: "zca".parse().unwrap(), ..Policy::clone(&gone) };
    policies.insert(came.id.clone(), Arc::new(came.clone()));
    assert_eq!(missing(&policies), [Lack::Keys(came.id), Lack::Policy(gone.id.clone())]);
    site.close(&app);

    for (site, status, told) in [
        (site.copy(), StatusCode::OK, "ready"),
        (
            site.with_policy(|policy| policy.replace("id = \"gca\"", "id = \"zca\"")),
            StatusCode::SERVICE_UNAVAILABLE,
            "an authority is not founded",
        ),
        (site.without_policies(), StatusCode::SERVICE_UNAVAILABLE, "the policy of an authority that has cards is gone"),
    ] {
        let answer = Server::of(site).ask(Method::GET, "/readyz", &[("host", OWN)]);
        assert_eq!((answer.status, answer.page().trim()), (status, told));
    }
}
