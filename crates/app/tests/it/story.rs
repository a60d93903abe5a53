//! Window, page and card tell one story: each job is cut at each APDU, in the card, or beside that in the line to the
//! server, as it is where the agent ends. What the window says then, and what the page says when it has closed, is held
//! against what the card has.

use super::matrix::{WAYS, chosen, each};
use kaika_agent::{
    engine::{Finished, Order, run_job},
    portal::{Portal, Station, Target},
    readers::soft::desk_session,
};
use kaika_app::{
    App,
    cards::{issue_ticket, job_outcome},
};
use kaika_fixtures::{InProcess, NEW_PIN, OTHER_PIN, Site, gca};
use kaika_softcard::{Fault, SoftCard};
use kaika_testkit::is_wide;
use kaika_texts::{Language, aftermath, explain};
use kaika_wire::{
    Aftermath, BatchReport, CertificateStatus, Code, IssuedTicket, JobId, JobKind, JobOutcome, JobStarted, JobState,
    PinAfter, Refusal, StartJob, WellKnown,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use time::Duration;

/// Nothing reaches the server any more once the card was cut.
struct Dies {
    portal: InProcess,
    dead: AtomicBool,
}

impl Portal for Dies {
    fn origin(&self) -> &str {
        self.portal.origin()
    }

    fn well_known(&self) -> Result<WellKnown, Refusal> {
        self.portal.well_known()
    }

    fn start(&self, start: &StartJob, station: Option<&Station>) -> Result<JobStarted, Refusal> {
        self.portal.start(start, station)
    }

    fn report(&self, job: JobId, token: &str, report: &BatchReport) -> Result<JobState, Refusal> {
        let dead = report.fault.is_some() || self.dead.load(Ordering::Relaxed);
        self.dead.store(dead, Ordering::Relaxed);
        match dead {
            true => Err(Code::ServerUnreachable.into()),
            false => self.portal.report(job, token, report),
        }
    }
}

struct Told {
    window: Result<Finished, Refusal>,
    page: JobOutcome,
    /// Whether the cut was reached.
    cut: bool,
    apdus: u64,
}

fn ticket(site: &Site, app: &App, kind: JobKind) -> IssuedTicket {
    site.runtime().block_on(issue_ticket(app, &gca(), kind, site.order(kind).details, None)).unwrap()
}

/// A page's job in a window. `dies`: the agent ends with the cut, and the page waits until nobody goes on.
fn perform(site: &mut Site, kind: JobKind, fault: Option<Fault>, dies: bool) -> Told {
    let app = site.open();
    let issued = ticket(site, &app, kind);
    let card = Arc::new(Mutex::new(SoftCard::open(site.card_path()).unwrap()));
    if let Some(fault) = fault {
        card.lock().unwrap().plan_fault(fault);
    }
    let portal = InProcess::new(Arc::clone(&app), Arc::clone(site.shared_runtime()));
    let portal: Box<dyn Portal> = match dies {
        true => Box::new(Dies { portal, dead: AtomicBool::new(false) }),
        false => Box::new(portal),
    };
    let target = Target { well_known: portal.well_known().unwrap(), portal, named: Some(gca()) };
    let order = Order { ticket: Some(issued.ticket.clone()), ..Order::new(kind) };
    let mut session = desk_session(Arc::clone(&card));
    let window = run_job(session.as_mut(), &target, &order, Site::inputs(kind), &[], &mut |_| {});
    let (cut, apdus) = {
        let card = card.lock().unwrap();
        (card.fired_fault().is_some(), card.apdu_count())
    };
    drop((session, target, card));
    site.close(&app);
    if dies {
        site.later(Duration::minutes(11));
    }
    let app = site.open();
    let secret = issued.outcome.rsplit('/').next().unwrap();
    let page = site.runtime().block_on(job_outcome(&app, &gca(), kind, secret)).unwrap();
    site.close(&app);
    Told { window, page, cut, apdus }
}

fn page_left(page: &JobOutcome) -> Option<&Aftermath> {
    match page {
        JobOutcome::Failed { error, .. } => error.aftermath.as_ref(),
        JobOutcome::Over { aftermath, .. } => aftermath.as_ref(),
        _ => None,
    }
}

/// What is said to be certain is so; what the holder is to do next is told, and no code alone.
#[track_caller]
fn assert_true(left: &Aftermath, site: &Site, pins: (&str, &str), cell: &str) {
    let card = site.inspect();
    let (before, new) = (card.pin_is(pins.0), card.pin_is(pins.1));
    match left.pin {
        PinAfter::Before => assert!(before || pins.0 == pins.1, "{cell}: {left:?}, and the card has the new PIN"),
        PinAfter::New => assert!(new, "{cell}: {left:?}, and the card has not the new PIN"),
        PinAfter::Unsure => {}
    }
    for language in Language::ALL {
        let words = aftermath(language, left).unwrap();
        assert!(words.certain.chars().count() > 8, "{cell}: {words:?}");
        let doubts = left.pin == PinAfter::Unsure && left.kind == JobKind::Unlock || left.maybe_done;
        assert!(!doubts || words.heading.is_some() && words.next.is_some(), "{cell}: {words:?}");
    }
}

/// The cells of one job, each with the window left open and closed.
fn walk(name: &str, base: &Site, kind: JobKind, pins: (&str, &str), status: CertificateStatus) -> usize {
    let mut clean = base.copy();
    let reference = perform(&mut clean, kind, None, false);
    reference.window.unwrap();
    assert!(matches!(reference.page, JobOutcome::Succeeded { .. }), "{name}: {:?}", reference.page);
    let ways = &WAYS[..4];
    let both = chosen(reference.apdus, ways.len(), is_wide())
        .into_iter()
        .flat_map(|(at, way)| [(at, way, false), (at, way, true)]);
    // Of the narrow form each cell is open or closed, by turns: each APDU and each way is both.
    let in_turn = |at: u64, way: usize, dies: bool| (at + way as u64).is_multiple_of(2) == dies;
    let cells: Vec<_> = both.filter(|(at, way, dies)| is_wide() || in_turn(*at, *way, *dies)).collect();
    let doubts = each(&cells, |(at, way, dies)| {
        let fault = Fault { at: *at, kind: ways[*way].1 };
        let cell = format!("{name}, {fault:?}, {}", if *dies { "closed" } else { "open" });
        let mut site = base.copy();
        let told = perform(&mut site, kind, Some(fault), *dies);
        let page = page_left(&told.page).copied();
        let (window, refusal) = match told.window {
            Ok(_) => {
                assert!(matches!(told.page, JobOutcome::Succeeded { .. }), "{cell}: {:?}", told.page);
                return 0;
            }
            Err(refusal) if !told.cut => panic!("{cell}: {refusal} without a cut"),
            Err(refusal) => (refusal.aftermath.unwrap_or_else(|| panic!("{cell}: {refusal}")), refusal),
        };
        assert_eq!(window.kind, kind, "{cell}");
        assert_true(&window, &site, pins, &cell);
        assert!(!explain(Language::En, refusal.clone()).certain.is_empty(), "{cell}");
        match (&told.page, page) {
            // The line was cut, and the job was done: the page knows it, and the window does not say that it was not.
            (JobOutcome::Succeeded { .. }, _) => assert!(window.maybe_done, "{cell}: {window:?}"),
            (_, Some(page)) => {
                assert_true(&page, &site, pins, &cell);
                // The server may know less than the agent, but nothing else.
                let agrees = page.pin == window.pin || *dies && page.pin == PinAfter::Unsure;
                assert!(agrees, "{cell}: the window has {window:?}, the page {page:?}");
            }
            // It never came to the server.
            (JobOutcome::Waiting | JobOutcome::Over { aftermath: None, .. }, None) => {
                assert_eq!(window, Aftermath::nothing(kind), "{cell}");
            }
            (other, None) => panic!("{cell}: {other:?}"),
        }
        let in_doubt = window.pin == PinAfter::Unsure || page.is_some_and(|page| page.pin == PinAfter::Unsure);
        // Once more with the same inputs, and it is done, or was.
        let again = perform(&mut site, kind, None, false);
        match again.window {
            Ok(_) => assert!(matches!(again.page, JobOutcome::Succeeded { .. }), "{cell}: {:?}", again.page),
            Err(refusal) => assert!(window.maybe_done, "{cell}: {refusal}"),
        }
        site.assert_agrees(status);
        usize::from(in_doubt)
    });
    let in_doubt: usize = doubts.iter().sum();
    println!("{name}: {} APDUs, {} cells, the PIN in doubt in {in_doubt}", reference.apdus, cells.len());
    if kind == JobKind::Unlock {
        assert!(in_doubt > 0, "a cut at RESET RETRY COUNTER leaves it in doubt");
        assert!(in_doubt * 3 < cells.len(), "{in_doubt} of {}: no more than that is in doubt", cells.len());
    }
    cells.len()
}

#[test]
fn page_window_and_card_tell_one_story() {
    let activated = Site::activated();
    let suspended = activated.copy();
    suspended.run(JobKind::Suspend, None).result.unwrap();
    let (valid, one) = (CertificateStatus::Valid, (NEW_PIN, NEW_PIN));
    walk("unlocking", &activated, JobKind::Unlock, (NEW_PIN, OTHER_PIN), valid);
    walk("re-writing", &Site::differing(), JobKind::Rewrite, one, valid);
    for kind in [JobKind::Check, JobKind::Test] {
        walk(kind.as_str(), &activated, kind, one, valid);
    }
    walk("suspending", &activated, JobKind::Suspend, one, CertificateStatus::Suspended);
    walk("resuming", &suspended, JobKind::Resume, one, valid);
    walk("revoking", &activated, JobKind::Revoke, one, CertificateStatus::Revoked);
}

#[test]
fn an_activation_that_was_cut_is_told_as_it_is() {
    // Before activation nobody knows the PIN.
    walk("activating", &Site::personalised(), JobKind::Activate, (NEW_PIN, NEW_PIN), CertificateStatus::Valid);
}
