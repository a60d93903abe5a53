//! What happens at the same time: tries of a user code, windows on one card, reports that are sent twice.

use kaika_agent::{portal::Portal, readers::exclusively, readers::soft::desk_session};
use kaika_card::{Pin, Secrets};
use kaika_fixtures::{InProcess, NEW_PIN, Site, USER_CODE};
use kaika_softcard::SoftCard;
use kaika_wire::{
    Batch, BatchReport, CertificateStatus, Code, JobKind, JobState, Outcome, Protocol, Refusal, StartJob, UserCode,
};
use std::sync::{Arc, Mutex};

pub(super) struct Window {
    pub(super) start: StartJob,
    pub(super) portal: InProcess,
    card: Arc<Mutex<SoftCard>>,
    /// One session at a time: the end of one takes the card's power, which another's would miss.
    reader: Mutex<()>,
}

impl Window {
    fn open(site: &Site) -> Self {
        Self::of(site, JobKind::Activate)
    }

    pub(super) fn of(site: &Site, kind: JobKind) -> Self {
        let app = site.open();
        let runtime =
            Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());
        let card = Arc::new(Mutex::new(SoftCard::open(site.card_path()).unwrap()));
        let start = StartJob {
            protocol: Protocol::OURS,
            kind,
            authority: None,
            card: exclusively(desk_session(Arc::clone(&card)).as_mut(), |card| match kind {
                JobKind::Personalise => kaika_card::survey(card, &mut kaika_agent::random),
                _ => kaika_card::recognise(card),
            })
            .unwrap()
            .unwrap(),
            number: None,
            details: site.order(kind).details,
            ticket: None,
        };
        Self { start, portal: InProcess::new(app, runtime), card, reader: Mutex::default() }
    }

    pub(super) fn start(&self) -> (kaika_wire::JobId, String, Batch) {
        self.try_start().unwrap()
    }

    pub(super) fn try_start(&self) -> Result<(kaika_wire::JobId, String, Batch), Refusal> {
        let started = self.portal.start(&self.start, None)?;
        let JobState::Running { batch } = started.state else { panic!("a job begins with a batch") };
        Ok((started.job, started.token, batch))
    }

    pub(super) fn carry_out(&self, batch: &Batch, code: &str) -> BatchReport {
        let _reader = self.reader.lock().unwrap();
        let mut session = desk_session(Arc::clone(&self.card));
        let pin = || Some(Pin::parse(NEW_PIN).unwrap());
        let secrets = Secrets { current_pin: pin(), new_pin: pin(), ..Secrets::default() };
        let run = exclusively(session.as_mut(), |transport| {
            kaika_card::run(transport, batch, &secrets, &mut kaika_agent::random, &mut |_| {})
        })
        .unwrap();
        BatchReport {
            protocol: Protocol::OURS,
            sequence: batch.sequence,
            outcomes: run.outcomes,
            fault: run.fault,
            mail_code: None,
            user_code: Some(UserCode::parse(code).unwrap()),
        }
    }
}

#[test]
fn parallel_wrong_user_codes_never_get_past_the_limit() {
    let site = Site::personalised();
    let window = Window::open(&site);
    let tested = Mutex::new(Vec::new());
    let try_once = || {
        let (job, token, batch) = match window.try_start() {
            Ok(started) => started,
            // Taken over before its first batch was out.
            Err(refusal) => {
                assert_eq!(refusal.code, Code::Stale);
                return;
            }
        };
        let report = window.carry_out(&batch, "Wrong123");
        // Sent twice at the same moment: the second costs no try of its own.
        let codes: Vec<Code> = std::thread::scope(|twice| {
            let send = || match window.portal.report(job, &token, &report) {
                Ok(JobState::Failed { error }) => error.code,
                Ok(_) => panic!("a wrong user code opened a card"),
                // Another window took the card over.
                Err(refusal) => refusal.code,
            };
            let other = twice.spawn(send);
            vec![send(), other.join().unwrap()]
        });
        tested.lock().unwrap().extend(codes);
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|_| try_once()));
        }
    });
    // Windows that take the card from one another seldom get to a test: the rest of the tries one after the other.
    (0..4).for_each(|_| try_once());
    let seen = tested.lock().unwrap();
    assert!(
        seen.iter().all(|code| matches!(code, Code::UserCodeWrong | Code::UserCodeLocked | Code::Stale)),
        "{seen:?}"
    );
    let app = &window.portal.app;
    let wrong = window.portal.runtime.block_on(async {
        let mut reader = app.store.read().await.unwrap();
        let card = reader.card_by_number(&site.number).await.unwrap().unwrap();
        assert_eq!(reader.user_code(card.id).await.unwrap().unwrap().fails, 3);
        let events = reader.audit_events(0, 10_000).await.unwrap();
        events.iter().filter(|event| event.action == "user_code.wrong").count()
    });
    assert_eq!(wrong, 3, "so many codes were tested, and not one more");

    // The right one does not help any more, and the card is unharmed.
    let (job, token, batch) = window.start();
    let report = window.carry_out(&batch, USER_CODE);
    let Ok(JobState::Failed { error }) = window.portal.report(job, &token, &report) else { panic!("not locked") };
    assert_eq!((error.code, error.tries_left), (Code::UserCodeLocked, Some(0)));
    assert_eq!(window.card.lock().unwrap().inspect().puk_tries_left(), 3);
}

/// As many windows, each with a proof of the card, and all their wrong codes at the same moment. Those whose job changes
/// the card take it from one another; the others do not.
#[test]
fn of_fifty_wrong_codes_at_the_card_three_are_tested() {
    let activated = Site::activated();
    for (kind, site) in
        [(JobKind::Activate, Site::personalised()), (JobKind::Unlock, activated.copy()), (JobKind::Suspend, activated)]
    {
        let window = Window::of(&site, kind);
        let started: Vec<_> = (0..50).map(|_| window.start()).collect();
        let reports: Vec<_> = started.iter().map(|(_, _, batch)| window.carry_out(batch, "Wrong123")).collect();
        let codes: Vec<Code> = std::thread::scope(|scope| {
            let sent = started.iter().zip(&reports).map(|((job, token, _), report)| {
                scope.spawn(|| match window.portal.report(*job, token, report) {
                    Ok(JobState::Failed { error }) => error.code,
                    Ok(_) => panic!("a wrong user code was right"),
                    Err(refusal) => refusal.code,
                })
            });
            sent.collect::<Vec<_>>().into_iter().map(|sent| sent.join().unwrap()).collect()
        });
        let expected = |code: &Code| match code {
            Code::UserCodeWrong | Code::UserCodeLocked => true,
            Code::Stale => kind.changes_card(),
            _ => false,
        };
        assert!(codes.iter().all(expected), "{kind:?}: {codes:?}");
        let (fails, events) = window.portal.runtime.block_on(async {
            let mut reader = window.portal.app.store.read().await.unwrap();
            let card = reader.card_by_number(&site.number).await.unwrap().unwrap();
            let fails = reader.user_code(card.id).await.unwrap().unwrap().fails;
            (fails, reader.audit_events(0, 10_000).await.unwrap())
        });
        let wrong: Vec<_> = events.iter().filter(|event| event.action == "user_code.wrong").collect();
        assert_eq!((fails, wrong.len()), (3, 3), "{kind:?}: so many were tested, and not one more");
        // Locked also for who knows it, and only the user code is.
        let order = site.order(kind);
        let refused = site.run_on(&window.portal.app, &window.card, &order, None).unwrap_err();
        assert_eq!((refused.code, refused.tries_left), (Code::UserCodeLocked, Some(0)), "{kind:?}");
        assert_eq!(window.card.lock().unwrap().inspect().puk_tries_left(), 3);
    }
}

/// Who has read a card's certificate can start jobs for it. What such a one reports goes nowhere: not on record of the
/// card, and not into the log in its holder's name.
#[test]
fn nothing_is_believed_of_a_card_that_has_not_proved_itself() {
    let reissued = Site::activated();
    reissued.reissue();
    for (site, kind) in [(reissued, JobKind::Check), (Site::personalised(), JobKind::Activate)] {
        let window = Window::of(&site, kind);
        let app = &window.portal.app;
        let on_record = || {
            window.portal.runtime.block_on(async {
                let mut reader = app.store.read().await.unwrap();
                let card = reader.card_by_number(&site.number).await.unwrap().unwrap();
                let certificates = reader.certificates_of_card(card.id).await.unwrap();
                (certificates, reader.audit_events(0, 10_000).await.unwrap().len())
            })
        };
        let before = on_record();
        let (job, token, batch) = window.start();
        let mut report = window.carry_out(&batch, USER_CODE);
        // As if what was issued lay on the card: certificates are no secrets.
        let issued = before.0.iter().find(|certificate| !certificate.is_written());
        assert_eq!(issued.is_some(), kind == JobKind::Check);
        for outcome in &mut report.outcomes {
            match (outcome, issued) {
                (Outcome::Signature { signature }, _) => signature.0[10] ^= 1,
                (Outcome::Certificate { certificate }, Some(issued)) => {
                    *certificate = Some(issued.certificate.clone().into());
                }
                _ => {}
            }
        }
        let Ok(JobState::Failed { error }) = window.portal.report(job, &token, &report) else { panic!("{kind:?}") };
        assert_eq!(error.code, Code::NotKaikaCard, "{kind:?}");
        assert_eq!(on_record(), before, "{kind:?}");
        // With the proof it is begun by the card.
        let (job, token, batch) = window.start();
        assert_eq!(on_record(), before, "{kind:?}: nothing is said of a start");
        window.portal.report(job, &token, &window.carry_out(&batch, USER_CODE)).unwrap();
        assert!(on_record().1 > before.1, "{kind:?}");
    }
}

/// Two windows at one card, whatever the job: the older one is told, and what it had begun is lost on nobody.
#[test]
fn a_newer_window_takes_the_card_over() {
    let activated = Site::activated();
    for (kind, site) in
        [(JobKind::Activate, Site::personalised()), (JobKind::Unlock, activated), (JobKind::Rewrite, Site::differing())]
    {
        let window = Window::of(&site, kind);
        let (older, older_token, older_batch) = window.start();
        let (newer, newer_token, newer_batch) = window.start();
        // Whoever only knows the card's certificate takes it from nobody: the older window goes on.
        let report = window.carry_out(&older_batch, USER_CODE);
        let Ok(JobState::Running { batch }) = window.portal.report(older, &older_token, &report) else {
            panic!("{kind:?}: no batch")
        };
        let late = window.carry_out(&batch, USER_CODE);
        // With the card's proof the newer one takes over, even while a new PUK is on its way.
        let report = window.carry_out(&newer_batch, USER_CODE);
        let taken = window.portal.report(newer, &newer_token, &report).unwrap();
        let Err(refusal) = window.portal.report(older, &older_token, &late) else {
            panic!("{kind:?}: the older window goes on")
        };
        assert_eq!(refusal.code, Code::Stale);
        // Batch by batch to its end; a challenge is answered in its own session alone, and so that one begins anew.
        let mut state = taken;
        if kind != JobKind::Rewrite {
            while let JobState::Running { batch } = state {
                let report = window.carry_out(&batch, USER_CODE);
                state = window.portal.report(newer, &newer_token, &report).unwrap();
            }
            assert!(matches!(state, JobState::Succeeded(_)), "{kind:?}");
        } else {
            site.run_on(&window.portal.app, &window.card, &site.order(kind), None).unwrap();
        }
        site.assert_agrees(CertificateStatus::Valid);
    }
}

#[test]
fn a_report_that_is_sent_again_gets_the_same_answer() {
    let site = Site::personalised();
    let window = Window::open(&site);
    let (job, token, batch) = window.start();
    let report = window.carry_out(&batch, USER_CODE);
    let answer =
        |report: &BatchReport| serde_json::to_string(&window.portal.report(job, &token, report).unwrap()).unwrap();
    let first = answer(&report);
    assert_eq!(first, answer(&report), "the same batch, the same secrets, the same nonce");
    let JobState::Running { batch } = serde_json::from_str(&first).unwrap() else { panic!("no batch") };
    let report = window.carry_out(&batch, USER_CODE);
    let last = answer(&report);
    assert_eq!(last, answer(&report));
    // Neither another's token nor another batch's number gets anything.
    let Err(refusal) = window.portal.report(job, "another", &report) else { panic!("a wrong token was taken") };
    assert_eq!(refusal.code, Code::NotFound);
}

#[test]
fn a_proof_by_another_card_opens_nothing() {
    let site = Site::personalised();
    let other = Site::personalised();
    let window = Window::open(&site);
    let (job, token, batch) = window.start();
    let mut report = window.carry_out(&batch, USER_CODE);
    let foreign = Window::open(&other);
    let (_, _, foreign_batch) = foreign.start();
    report.outcomes = foreign.carry_out(&foreign_batch, USER_CODE).outcomes;
    let Ok(JobState::Failed { error }) = window.portal.report(job, &token, &report) else { panic!("a foreign proof") };
    assert_eq!(error.code, Code::NotKaikaCard);
}

/// Two servers on one database, and a report that reaches both at the same moment.
#[test]
fn one_try_is_one_try_at_whichever_server() {
    let site = Site::personalised();
    let window = Window::open(&site);
    let other = InProcess::new(site.open(), Arc::clone(&window.portal.runtime));
    for left in [2, 1, 0] {
        let (job, token, batch) = window.start();
        let report = window.carry_out(&batch, "Wrong123");
        let answers: Vec<_> = std::thread::scope(|scope| {
            // Some while the first is at its test, which takes some dozen milliseconds.
            let portals = [&window.portal, &other, &other, &window.portal, &other, &other];
            let mut late = 0;
            let sent = portals.map(|portal| {
                let (token, report) = (&token, &report);
                late += 8;
                scope.spawn(move || {
                    std::thread::sleep(std::time::Duration::from_millis(late));
                    portal.report(job, token, report)
                })
            });
            sent.map(|sent| sent.join().unwrap()).into()
        });
        for answer in answers {
            let Ok(JobState::Failed { error }) = answer else { panic!("not refused as the first time") };
            let expected = if left == 0 { Code::UserCodeLocked } else { Code::UserCodeWrong };
            assert_eq!((error.code, error.tries_left), (expected, Some(left)));
        }
    }
    let app = &window.portal.app;
    window.portal.runtime.block_on(async {
        let mut reader = app.store.read().await.unwrap();
        let events = reader.audit_events(0, 10_000).await.unwrap();
        assert_eq!(events.iter().filter(|event| event.action == "user_code.wrong").count(), 3);
    });
}
