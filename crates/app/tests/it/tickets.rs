//! From a page's ticket to its outcome, and what strangers learn of a card: nothing.

use super::servers::sites;
use kaika_agent::engine::{Finished, Order};
use kaika_app::{
    App, Failure,
    cards::{forget_jobs, forget_tickets, issue_ticket, job_outcome},
    certificates::{certificate_file, certificate_status, find_certificates},
};
use kaika_fixtures::{NEW_PIN, Site, USER_CODE, code, gca};
use kaika_pki::CertificateDigest;
use kaika_softcard::{Fault, FaultKind, SoftCard};
use kaika_wire::{
    AuthorityId, CertificateRole, CertificateStatus, Code, IssuedTicket, JobDetails, JobKind, JobOutcome, Refusal,
    said_name,
};
use std::sync::{Arc, Mutex};
use time::Duration;

fn ticket(site: &Site, app: &App) -> IssuedTicket {
    site.runtime().block_on(issue_ticket(app, &gca(), JobKind::Activate, JobDetails::default(), None)).unwrap()
}

fn outcome(site: &Site, app: &App, ticket: &IssuedTicket) -> JobOutcome {
    let secret = ticket.outcome.strip_prefix("/gca/activate/outcome/").unwrap();
    site.runtime().block_on(job_outcome(app, &gca(), JobKind::Activate, secret)).unwrap()
}

/// A card window with the ticket of a page.
fn activate(site: &Site, app: &Arc<App>, ticket: &IssuedTicket, fault: Option<Fault>) -> Result<Finished, Refusal> {
    let card = Arc::new(Mutex::new(SoftCard::open(site.card_path()).unwrap()));
    if let Some(fault) = fault {
        card.lock().unwrap().plan_fault(fault);
    }
    let order = Order { ticket: Some(ticket.ticket.clone()), ..site.order(JobKind::Activate) };
    site.run_on(app, &card, &order, None)
}

#[test]
fn a_page_learns_how_its_job_ended_and_nothing_of_others() {
    let site = Site::personalised();
    let app = site.open();
    let first = ticket(&site, &app);
    assert_eq!(outcome(&site, &app, &first), JobOutcome::Waiting);
    assert_eq!(first.expires_in, 300);

    // Pulled out in the middle: it is left, and whoever comes with a new ticket goes on.
    let pulled = Fault { at: 9, kind: FaultKind::LosePowerAfter };
    assert_eq!(activate(&site, &app, &first, Some(pulled)).unwrap_err().code, Code::CardRemoved);
    let left = outcome(&site, &app, &first);
    assert!(matches!(left, JobOutcome::Failed { .. } | JobOutcome::Running), "{left:?}");

    let second = ticket(&site, &app);
    assert_ne!((&first.ticket, &first.outcome), (&second.ticket, &second.outcome));
    activate(&site, &app, &second, None).unwrap();
    let JobOutcome::Succeeded { number, holder, certificates, .. } = outcome(&site, &app, &second) else {
        panic!("not succeeded")
    };
    assert_eq!((number, holder.as_str()), (site.number.clone(), "C=TW,O=行政院,OU=測試機關"));
    assert_eq!(certificates.len(), 4);
    assert!(certificates.iter().all(|certificate| certificate.status == CertificateStatus::Valid));
    assert!(!matches!(outcome(&site, &app, &first), JobOutcome::Succeeded { .. }));

    // A ticket that was used is over, whatever became of its job; so it is without a card.
    for used in [&first, &second] {
        assert_eq!(activate(&site, &app, used, None).unwrap_err().code, Code::TicketOver);
    }
    let third = ticket(&site, &app);
    assert_eq!(activate(&site, &app, &third, None).unwrap_err().code, Code::AlreadyActivated);
    let JobOutcome::Failed { error, .. } = outcome(&site, &app, &third) else { panic!("not failed") };
    assert_eq!(error.code, Code::AlreadyActivated);

    // The secret of one page is no other's; the ticket itself tells nothing.
    let xca: AuthorityId = "xca".parse().unwrap();
    let secret = second.outcome.rsplit('/').next().unwrap();
    let runtime = site.runtime();
    for (authority, kind, secret) in [
        (&xca, JobKind::Activate, secret),
        (&gca(), JobKind::Information, secret),
        (&gca(), JobKind::Activate, second.ticket.as_str()),
        (&gca(), JobKind::Activate, ""),
    ] {
        assert_eq!(code(runtime.block_on(job_outcome(&app, authority, kind, secret))), Code::NotFound);
    }
    let events = runtime.block_on(async { app.store.read().await.unwrap().audit_events(0, 1000).await.unwrap() });
    let log = format!("{events:?}");
    assert!(!log.contains(&second.ticket) && !log.contains(secret) && !log.contains(USER_CODE));
    assert!(!log.contains(NEW_PIN));
    site.close(&app);
}

/// What is known of a card does not hang on the jobs that brought it there.
#[test]
fn old_jobs_are_forgotten_and_their_card_works_on() {
    const KEPT: Duration = Duration::days(90);
    let mut site = Site::activated();
    for (later, forgotten) in [(KEPT, 0), (Duration::SECOND, 2), (Duration::SECOND, 0)] {
        site.later(later);
        let app = site.open();
        assert_eq!(site.runtime().block_on(forget_jobs(&app, KEPT)).unwrap(), forgotten, "{later}");
        let receipts = site.runtime().block_on(async {
            let mut reader = app.store.read().await.unwrap();
            let card = reader.card_by_number(&site.number).await.unwrap().unwrap();
            reader.receipts(card.id).await.unwrap()
        });
        assert_eq!(receipts.len(), 1);
        site.close(&app);
    }
    for kind in [JobKind::Check, JobKind::Unlock] {
        site.run(kind, None).result.unwrap();
    }
}

#[test]
fn a_ticket_runs_out_after_five_minutes_and_is_forgotten_after_a_day() {
    let mut site = Site::personalised();
    let app = site.open();
    let late = ticket(&site, &app);
    site.close(&app);
    site.later(Duration::seconds(300));
    let app = site.open();
    assert_eq!(outcome(&site, &app, &late), JobOutcome::Over { aftermath: None, number: None });
    assert_eq!(activate(&site, &app, &late, None).unwrap_err().code, Code::TicketOver);
    assert_eq!(site.runtime().block_on(forget_tickets(&app)).unwrap(), 0);
    site.close(&app);
    site.later(Duration::days(1) + Duration::SECOND);
    let app = site.open();
    assert_eq!(site.runtime().block_on(forget_tickets(&app)).unwrap(), 1);
    site.close(&app);
}

#[test]
fn a_page_gets_tickets_for_what_its_authority_does_online() {
    let site = Site::builder()
        .policy(|policy| {
            let online = "activation = { mode = \"online\", within_days = 90, afterwards = \"revoke\" }";
            assert!(policy.contains(online));
            policy.replace(online, "activation = { mode = \"counter\" }")
        })
        .ordered();
    let app = site.open();
    let asked = |authority: &str, kind| {
        site.runtime().block_on(issue_ticket(&app, &authority.parse().unwrap(), kind, JobDetails::default(), None))
    };
    let Err(Failure::Refused(refusal)) = asked("gca", JobKind::Activate) else { panic!("a ticket") };
    assert_eq!((refusal.code, refusal.contact.is_some()), (Code::ActivatedElsewhere, true));
    assert_eq!(code(asked("gca", JobKind::Personalise)), Code::NotFound);
    assert_eq!(code(asked("nobody", JobKind::Activate)), Code::NotFound);
    site.close(&app);
}

/// In each of the ways that a holder would write it, and in no other; as it is shown among them.
#[test]
fn a_card_is_found_by_what_its_holder_is_called() {
    for site in sites(|postgres| Site::builder().database(postgres).activated()) {
        let app = site.open();
        let find = |name: &str| site.runtime().block_on(find_certificates(&app, &gca(), &site.number, name));
        let subject = find("測試機關").unwrap()[0].subject.clone();
        let shown = said_name(&subject);
        assert_eq!((subject.as_str(), shown.as_str()), ("C=TW,O=行政院,OU=測試機關", "行政院測試機關"));
        for name in
            [&shown, &subject, "行政院", "行政院 測試機關", "測試機關（行政院）", "ＴＷ行政院測試機關", "OU=測試機關"]
        {
            assert_eq!(find(name).unwrap().len(), 3, "{name}");
        }
        for name in ["", "（）", "TW", "C=TW", "OU=", "TEST", "行政院測試", "測試機關二", "行政院測試機關行政院"]
        {
            assert_eq!(code(find(name)), Code::NotFound, "{name}");
        }
        site.close(&app);
    }
}

#[test]
fn certificates_are_found_by_card_and_name_and_their_status_by_serial() {
    for (site, held) in [(Site::personalised(), true), (Site::activated(), false)] {
        let app = site.open();
        let authority = |id: &str| -> AuthorityId { id.parse().unwrap() };
        let find = |id: &str, number: &str, name: &str| {
            site.runtime().block_on(find_certificates(&app, &authority(id), &number.parse().unwrap(), name))
        };
        let number = site.number.as_str();
        let found = find("gca", number, "測試機關").unwrap();
        assert_eq!(found.len(), 3, "the holder's, not the card's own");
        for certificate in &found {
            assert_ne!(certificate.role, CertificateRole::CardAuthentication);
            assert_eq!(certificate.status == CertificateStatus::Held, held);
            assert_eq!(certificate.subject, "C=TW,O=行政院,OU=測試機關");
            let status =
                |id: &str| site.runtime().block_on(certificate_status(&app, &authority(id), &certificate.serial));
            let hash = CertificateDigest::of(&certificate.certificate).to_string();
            let file = |id: &str| site.runtime().block_on(certificate_file(&app, &authority(id), &hash));
            assert_eq!(code(status("xca")), Code::NotFound);
            assert_eq!(code(file("xca")), Code::NotFound);
            if held {
                assert_eq!((code(status("gca")), code(file("gca"))), (Code::NotFound, Code::NotFound));
                assert_eq!(certificate.file, None);
                continue;
            }
            let told = status("gca").unwrap();
            assert_eq!((told.status, told.not_after), (certificate.status, certificate.not_after));
            assert_eq!(certificate.file.unwrap().to_string(), hash);
            assert_eq!(file("gca").unwrap(), *certificate);
        }
        for (id, number, name) in [
            ("gca", number, "測試機"),
            ("gca", number, ""),
            ("gca", number, "TW"),
            ("gca", number, "行政"),
            ("gca", "GC99999999999999", "測試機關"),
            ("xca", number, "測試機關"),
        ] {
            assert_eq!(code(find(id, number, name)), Code::NotFound);
        }
        site.close(&app);
    }
}
