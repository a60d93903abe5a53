//! 憑證登入: from the ticket to the session, and what ends it. A login is good once, soon, and in one browser.

use super::matrix::{WAYS, run};
use kaika_agent::{
    engine::{Inputs, run_job},
    portal::{Portal, Station, Target},
    readers::soft::desk_session,
};
use kaika_app::{
    App, Failure,
    access::{BegunSession, CardPrincipal, Principal, end_session, forget_sessions, logged_in},
    cards::{self, LoginTicket, begin_session, issue_ticket, job_outcome},
};
use kaika_card::{Pin, Secrets};
use kaika_fixtures::{InProcess, NEW_PIN, Site, USER_CODE, ask_login, code, log_in, prove};
use kaika_softcard::SoftCard;
use kaika_wire::{
    AuthorityId, BatchReport, CertificateStatus, Code, JobDetails, JobId, JobKind, JobOutcome, JobStarted, JobState,
    Refusal, StartJob, WellKnown,
};
use std::sync::{Arc, Mutex};
use time::Duration;

fn authority(id: &str) -> AuthorityId {
    id.parse().unwrap()
}

fn secret(asked: &LoginTicket) -> &str {
    asked.ticket.outcome.strip_prefix("/gca/login/outcome/").unwrap()
}

fn begin(site: &Site, app: &App, asked: &LoginTicket) -> Result<BegunSession, Failure> {
    site.runtime().block_on(begin_session(app, &authority("gca"), secret(asked), &asked.browser))
}

fn who(site: &Site, app: &App, id: &str, token: &str) -> Result<CardPrincipal, Failure> {
    match site.runtime().block_on(logged_in(app, &authority(id), token))?.into_principal() {
        Principal::Card(card) => Ok(*card),
        Principal::Account(_) | Principal::Officer(_) | Principal::Client(_) => panic!("the session is of no card"),
    }
}

fn actions(site: &Site, app: &App) -> Vec<String> {
    let events = async { app.store.read().await.unwrap().audit_events(0, 1000).await.unwrap() };
    site.runtime().block_on(events).into_iter().map(|event| event.action).collect()
}

#[test]
fn a_login_opens_one_session_in_the_browser_that_asked() {
    let site = Site::activated();
    let app = site.open();
    let asked = ask_login(&site, &app);
    assert_eq!(code(begin(&site, &app, &asked)), Code::NotLoggedIn, "before the card has proved itself");
    prove(&site, &app, &asked).unwrap();
    let JobOutcome::Succeeded { .. } =
        site.runtime().block_on(job_outcome(&app, &authority("gca"), JobKind::Login, secret(&asked))).unwrap()
    else {
        panic!("not succeeded")
    };

    // Whoever has the address, and not the browser's secret.
    let other = ask_login(&site, &app);
    for (id, outcome, browser) in [
        ("gca", secret(&asked), other.browser.as_str()),
        ("gca", secret(&asked), ""),
        ("gca", secret(&asked), secret(&asked)),
        ("gca", secret(&other), asked.browser.as_str()),
        ("gca", asked.ticket.ticket.as_str(), asked.browser.as_str()),
        ("xca", secret(&asked), asked.browser.as_str()),
    ] {
        let begun = site.runtime().block_on(begin_session(&app, &authority(id), outcome, browser));
        assert_eq!(code(begun), Code::NotLoggedIn);
    }

    let session = begin(&site, &app, &asked).unwrap();
    assert_eq!((session.expires_at - app.now(), session.token.len()), (Duration::minutes(30), 43));
    assert_eq!(code(begin(&site, &app, &asked)), Code::NotLoggedIn, "a second time");
    let logged_in = who(&site, &app, "gca", &session.token).unwrap();
    assert_eq!(logged_in.card().number, site.number);
    for (id, token) in [("xca", session.token.as_str()), ("gca", ""), ("gca", &asked.browser), ("gca", secret(&asked))]
    {
        assert_eq!(code(who(&site, &app, id, token)), Code::NotLoggedIn, "{id} {token}");
    }

    // Another authority's page logs nobody out.
    site.runtime().block_on(end_session(&app, &authority("xca"), &session.token)).unwrap();
    assert!(who(&site, &app, "gca", &session.token).is_ok());
    for _ in 0..2 {
        site.runtime().block_on(end_session(&app, &authority("gca"), &session.token)).unwrap();
        assert_eq!(code(who(&site, &app, "gca", &session.token)), Code::NotLoggedIn);
    }
    assert_eq!(code(begin(&site, &app, &asked)), Code::NotLoggedIn, "nor is it opened again");

    let actions = actions(&site, &app);
    for (action, times) in [("session.begin", 1), ("session.end", 1)] {
        assert_eq!(actions.iter().filter(|one| *one == action).count(), times, "{action}");
    }
    let events = async { app.store.read().await.unwrap().audit_events(0, 1000).await.unwrap() };
    let log = format!("{:?}", site.runtime().block_on(events));
    for secret in [&session.token, &asked.browser, secret(&asked), NEW_PIN, USER_CODE] {
        assert!(!log.contains(secret));
    }
    site.close(&app);
}

#[test]
fn pages_of_one_browser_share_its_secret() {
    let site = Site::activated();
    let app = site.open();
    let first = ask_login(&site, &app);
    let again = |kept| site.runtime().block_on(cards::ask_login(&app, &authority("gca"), Some(kept))).unwrap();
    let second = again(&first.browser);
    assert_eq!(first.browser, second.browser);
    // What a browser never got from here is not kept.
    for made_up in ["", "short", "no token; Domain=evil.example", &"a".repeat(44)] {
        assert_ne!(again(made_up).browser, made_up);
    }
    for asked in [&second, &first] {
        prove(&site, &app, asked).unwrap();
        assert!(begin(&site, &app, asked).is_ok());
    }
    // For a job that is not a login there is no browser, and for a login no ticket without one.
    let plain =
        site.runtime().block_on(issue_ticket(&app, &authority("gca"), JobKind::Login, JobDetails::default(), None));
    assert_eq!(code(plain), Code::NotFound);
    site.close(&app);
}

#[test]
fn a_login_is_taken_within_a_minute_and_a_session_ends_after_thirty() {
    let mut site = Site::activated();
    let app = site.open();
    let (taken, left) = (ask_login(&site, &app), ask_login(&site, &app));
    prove(&site, &app, &taken).unwrap();
    prove(&site, &app, &left).unwrap();
    let token = begin(&site, &app, &taken).unwrap().token;
    site.close(&app);

    site.later(Duration::seconds(61));
    let app = site.open();
    assert_eq!(code(begin(&site, &app, &left)), Code::NotLoggedIn);
    assert!(who(&site, &app, "gca", &token).is_ok());
    site.close(&app);

    site.later(Duration::minutes(29));
    let app = site.open();
    assert_eq!(code(who(&site, &app, "gca", &token)), Code::NotLoggedIn);
    assert_eq!(site.runtime().block_on(forget_sessions(&app)).unwrap(), 0);
    site.close(&app);
    site.later(Duration::days(3));
    let app = site.open();
    assert_eq!(site.runtime().block_on(forget_sessions(&app)).unwrap(), 1);
    site.close(&app);
}

/// What the card signs is asked of one server, and told to another, later.
struct Late {
    asked: InProcess,
    told: InProcess,
}

impl Portal for Late {
    fn origin(&self) -> &str {
        self.asked.origin()
    }

    fn well_known(&self) -> Result<WellKnown, Refusal> {
        self.asked.well_known()
    }

    fn start(&self, start: &StartJob, station: Option<&Station>) -> Result<JobStarted, Refusal> {
        self.asked.start(start, station)
    }

    fn report(&self, job: JobId, token: &str, report: &BatchReport) -> Result<JobState, Refusal> {
        self.told.report(job, token, report)
    }
}

#[test]
fn a_signature_that_comes_late_logs_nobody_in() {
    for (seconds, expected) in [(60, None), (61, Some(Code::Stale))] {
        let mut site = Site::activated();
        let early = site.open();
        site.later(Duration::seconds(seconds));
        let late = site.open();
        let runtime = || Arc::clone(site.shared_runtime());
        let portal = Late {
            asked: InProcess::new(Arc::clone(&early), runtime()),
            told: InProcess::new(Arc::clone(&late), runtime()),
        };
        let target = Target { well_known: portal.well_known().unwrap(), portal: Box::new(portal), named: None };
        let pin = Some(Pin::parse(NEW_PIN).unwrap());
        let inputs = Inputs { secrets: Secrets { current_pin: pin, ..Secrets::default() }, ..Inputs::default() };
        let mut session = desk_session(Arc::new(Mutex::new(SoftCard::open(site.card_path()).unwrap())));
        let order = site.order(JobKind::Login);
        let ran = run_job(session.as_mut(), &target, &order, inputs, &[], &mut |_| {});
        assert_eq!(ran.err().map(|refusal| refusal.code), expected, "{seconds}");
        drop(target);
        site.close(&early);
        site.close(&late);
    }
}

#[test]
fn only_a_card_in_use_with_its_pin_logs_in() {
    let site = Site::personalised();
    let refusal = |site: &Site| site.run(JobKind::Login, None).result.unwrap_err();
    assert_eq!(refusal(&site).code, Code::NotActivated);

    let site = Site::activated();
    let app = site.open();
    let (token, _) = log_in(&site, &app);
    site.close(&app);
    site.run(JobKind::Suspend, None).result.unwrap();
    let barred = refusal(&site);
    assert_eq!((barred.code, barred.status), (Code::CardBarred, Some(CertificateStatus::Suspended)));
    let app = site.open();
    assert_eq!(code(who(&site, &app, "gca", &token)), Code::NotLoggedIn, "its session has ended with it");
    site.close(&app);
    site.run(JobKind::Resume, None).result.unwrap();
    let app = site.open();
    assert!(who(&site, &app, "gca", &token).is_ok());
    site.close(&app);

    site.lock_pin();
    assert_eq!(refusal(&site).code, Code::PinLocked);

    // Six years later.
    let mut site = Site::activated();
    site.later(Duration::days(6 * 365 + 10));
    let expired = refusal(&site);
    assert_eq!((expired.code, expired.status), (Code::CardBarred, Some(CertificateStatus::Expired)));
}

/// It changes nothing on the card, wherever it is cut.
#[test]
fn logging_in() {
    let base = Site::activated();
    run("logging in", &base, JobKind::Login, CertificateStatus::Valid, &WAYS);
}
