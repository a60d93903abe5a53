//! A portal over HTTP: what is sent, and what answers mean.

use crate::portal::{NUMBER, Script, TOKEN, job, running, succeeded};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use kaika_agent::portal::{
    Portal, Portals, Station, Target,
    http::{HttpPortal, HttpPortals},
};
use kaika_wire::{
    BatchReport, Code, JobDetails, JobId, JobKind, JobState, PresentedCard, Protocol, Refusal, StartJob, StationId,
};
use serde_json::json;
use time::OffsetDateTime;
use tokio::{net::TcpListener, runtime::Runtime};
use zeroize::Zeroizing;

/// A script behind a socket.
pub(crate) struct HttpScript {
    pub(crate) origin: String,
    _runtime: Runtime,
}

impl HttpScript {
    pub(crate) fn start(script: &Script) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let origin = format!("http://localhost:{port}");
        let routes = Router::new()
            .route("/.well-known/kaika.json", get(well_known))
            .route("/api/jobs", post(start))
            .route("/api/jobs/{job}/reports", post(report))
            .with_state(script.at(&origin));
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Self { origin, _runtime: runtime }
    }
}

async fn well_known(State(script): State<Script>) -> Response {
    Json(script.well_known().unwrap()).into_response()
}

async fn start(State(script): State<Script>, headers: HeaderMap, body: Bytes) -> Response {
    let start = serde_json::from_slice(&body).unwrap();
    let authorization = headers.get("authorization");
    let station = authorization.map(|header| {
        let credential = header.to_str().unwrap().strip_prefix("Station ").unwrap();
        let (station, token) = credential.split_once(':').unwrap();
        Station { station: station.parse().unwrap(), token: Zeroizing::new(token.to_owned()) }
    });
    answer(script.start(&start, station.as_ref()))
}

async fn report(State(script): State<Script>, Path(job): Path<JobId>, headers: HeaderMap, body: Bytes) -> Response {
    let token = headers["authorization"].to_str().unwrap();
    let report = serde_json::from_slice(&body).unwrap();
    answer(script.report(job, token.strip_prefix("Bearer ").unwrap(), &report))
}

fn answer<T: serde::Serialize>(result: Result<T, Refusal>) -> Response {
    match result {
        Ok(document) => Json(document).into_response(),
        Err(error) => (StatusCode::CONFLICT, Json(json!({ "error": error }))).into_response(),
    }
}

fn start_job() -> StartJob {
    StartJob {
        protocol: Protocol::OURS,
        kind: JobKind::Information,
        authority: None,
        card: PresentedCard { guid: None, certificate: None, device: None, capabilities: None },
        number: None,
        details: JobDetails::default(),
        ticket: None,
    }
}

fn report_of_nothing() -> BatchReport {
    BatchReport {
        protocol: Protocol::OURS,
        sequence: 1,
        outcomes: Vec::new(),
        fault: None,
        user_code: None,
        mail_code: None,
    }
}

#[test]
fn a_job_goes_over_http() {
    let script = Script::new([running(1, Vec::new()), succeeded(Vec::new())]);
    let server = HttpScript::start(&script);
    let target = Target::find(&HttpPortals::default(), &format!("{}/gca/", server.origin)).unwrap();
    assert_eq!(target.named.unwrap().as_str(), "gca");
    let station = Station {
        station: StationId::new(OffsetDateTime::UNIX_EPOCH, [4; 10]),
        token: Zeroizing::new("station-token".to_owned()),
    };
    let started = target.portal.start(&start_job(), Some(&station)).unwrap();
    assert_eq!(started.card.as_str(), NUMBER);
    let state = target.portal.report(job(), TOKEN, &report_of_nothing()).unwrap();
    assert!(matches!(state, JobState::Succeeded(_)));
    assert_eq!(script.played(|played| played.stations.clone()), ["station-token"]);
}

#[test]
fn refusals_come_over_http() {
    let refusal = Refusal::new(Code::UserCodeWrong).tries_left(1);
    let script = Script::new([Err(refusal.clone())]);
    let server = HttpScript::start(&script);
    let portal = HttpPortal::new(&server.origin).unwrap();
    assert_eq!(portal.start(&start_job(), None).err(), Some(refusal));
}

#[test]
fn secrets_go_over_https_or_to_this_computer_alone() {
    for url in [
        "http://portal.example",
        "http://localhost.example:8080",
        "http://127.0.0.1.example/",
        "http://user@localhost:8080",
        "ftp://localhost",
        "localhost:8080",
        "/gca/",
        "nonsense",
    ] {
        let refused = HttpPortal::new(url).err().expect(url);
        assert_eq!(refused.code, Code::NotAPortal, "{url}");
    }
    for (url, origin) in [
        ("https://portal.example/gca/?x#y", "https://portal.example"),
        ("http://localhost:8080/gca/", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ] {
        assert_eq!(HttpPortal::new(url).unwrap().origin(), origin);
    }
}

#[test]
fn an_agent_keeps_to_its_portals() {
    let portals = HttpPortals { configured: vec!["http://localhost:8080/".to_owned()] };
    portals.open("http://127.0.0.1:8080/gca/").unwrap();
    let other = HttpScript::start(&Script::default());
    for (url, expected) in [
        (other.origin.as_str(), Code::NotAPortal),
        // Not even looked for.
        ("https://portal.example", Code::NotAPortal),
        ("http://localhost:1", Code::ServerUnreachable),
    ] {
        assert_eq!(portals.open(url).err().unwrap().code, expected, "{url}");
    }
}

#[test]
fn what_is_no_portal_is_told_from_what_is_not_there() {
    let runtime = Runtime::new().unwrap();
    let serve = |routes: Router| {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(async move { axum::serve(listener, routes).await });
        format!("http://127.0.0.1:{port}")
    };
    let path = "/.well-known/kaika.json";
    let page = serve(Router::new().route(path, get(|| async { "<html>" })));
    let nothing = serve(Router::new());
    let failing = serve(Router::new().route(path, get(|| async { StatusCode::INTERNAL_SERVER_ERROR })));
    let gateway = serve(Router::new().route(path, get(|| async { StatusCode::BAD_GATEWAY })));
    let elsewhere = serve(Router::new().route(path, get(|| async { Redirect::to("http://localhost:1/") })));
    let stranger = HttpScript::start(&Script::default()).origin;
    let posing = serve(
        Router::new()
            .route(path, get(|| async { Json(Script::default().at("http://localhost:1").well_known().unwrap()) })),
    );
    for (url, expected) in [
        (page, Code::NotAPortal),
        (nothing, Code::NotAPortal),
        (elsewhere, Code::NotAPortal),
        (posing, Code::NotAPortal),
        (gateway, Code::ServerUnreachable),
        (failing, Code::Internal),
        // Its server has just been stopped.
        (stranger, Code::ServerUnreachable),
    ] {
        let found = Target::find(&HttpPortals::default(), &url);
        assert_eq!(found.err().expect(&url).code, expected, "{url}");
    }
}
