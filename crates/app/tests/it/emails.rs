//! 寫入安全電子郵件信箱: the address is proved, certificates name it, the ones before are revoked; with its fault matrix.

use super::matrix::{self, WAYS};
use kaika_agent::engine::{Finished, Inputs};
use kaika_app::cards::prove_email;
use kaika_domain::certificates::{CertificateState, RevocationReason};
use kaika_fixtures::{EMAIL, Running, Site, gca};
use kaika_softcard::{Fault, FaultKind, SoftCard};
use kaika_wire::{CertificateRole, CertificateStatus, CheckResult, Code, EmailState, EmailWrite, JobKind, Refusal};
use std::sync::{Arc, Mutex};

/// A card in use for a month.
fn in_use() -> Site {
    let mut site = Site::activated();
    site.later(time::Duration::days(30));
    site
}

fn write(running: &Running, code: Option<&str>) -> Result<Finished, Refusal> {
    let card = Arc::new(Mutex::new(SoftCard::open(running.site.card_path()).unwrap()));
    let inputs = Inputs { mail_code: code.map(str::to_owned), ..Site::inputs(JobKind::SetEmail) };
    running.site.run_given(&running.app, &card, &running.site.order(JobKind::SetEmail), inputs, None)
}

fn state(finished: &Finished) -> EmailState {
    let EmailWrite { address, state } = finished.succeeded.result.email().unwrap().clone();
    assert_eq!(address.as_str(), EMAIL);
    state
}

/// What the certificates on record name, and how those before them ended.
fn assert_written(running: &Running) {
    running.wait(async {
        let mut reader = running.app.store.read().await.unwrap();
        let card = reader.card_by_number(&running.site.number).await.unwrap().unwrap();
        assert_eq!(reader.card(card.id).await.unwrap().unwrap().email, EMAIL.parse().ok());
        let certificates = reader.certificates_of_card(card.id).await.unwrap();
        for certificate in &certificates {
            let before = certificates.iter().find(|c| c.role == certificate.role).unwrap();
            assert_eq!(certificate.not_after, before.not_after, "another address is no renewal");
            let named = kaika_pki::Certificate::from_der(&certificate.certificate).unwrap().emails().to_vec();
            match &certificate.state {
                CertificateState::Revoked { reason, .. } => {
                    assert_eq!(*reason, RevocationReason::Superseded);
                    assert!(named.is_empty());
                }
                _ if certificate.role == CertificateRole::CardAuthentication => assert!(named.is_empty()),
                _ => assert_eq!(named, [EMAIL], "{:?}", certificate.role),
            }
        }
    });
}

/// From a mail on its way to an address that somebody confirmed.
fn confirmed() -> Site {
    let running = Running::of(in_use());
    assert_eq!(state(&write(&running, None).unwrap()), EmailState::AwaitingConfirmation);
    let link = running.link_to(EMAIL);
    running.wait(prove_email(&running.app, &gca(), link.rsplit('/').next().unwrap())).unwrap();
    running.closed()
}

#[test]
fn a_code_from_the_mail_has_the_address_written() {
    let running = Running::of(in_use());
    let asked = write(&running, None).unwrap();
    assert_eq!(state(&asked), EmailState::AwaitingConfirmation);
    let code = running.code_to(EMAIL);
    let wrong = if code == "AAAAAAAA" { "BBBBBBBB" } else { "AAAAAAAA" };
    assert_eq!(write(&running, Some(wrong)).unwrap_err().code, Code::LinkOver);
    // As people type it.
    let typed = format!("{} {}", &code[..4].to_lowercase(), &code[4..]);
    let written = write(&running, Some(&typed)).unwrap();
    assert_eq!(state(&written), EmailState::Written);
    let statuses: Vec<_> = written.succeeded.certificates.iter().map(|c| c.status).collect();
    assert_eq!(statuses, [Some(CertificateStatus::Valid); 4]);
    assert_written(&running);
    assert_eq!(write(&running, Some(&code)).map(|finished| state(&finished)).ok(), Some(EmailState::Written));
    for action in ["email.ask", "email.prove", "holder.set_email"] {
        let audited = running.audited(action);
        assert_eq!(audited.len(), 1, "{action}");
        assert!(audited.iter().all(|(_, payload)| !payload.contains('@')), "no address in the log: {audited:?}");
    }
    running.closed().assert_agrees(CertificateStatus::Valid);
}

#[test]
fn an_address_is_not_flooded() {
    let running = Running::of(in_use());
    for _ in 0..3 {
        write(&running, None).unwrap();
    }
    assert_eq!(write(&running, None).unwrap_err().code, Code::TooManyRequests);
    assert_eq!(running.mails().len(), 3);
}

#[test]
fn a_card_that_cannot_be_used_gets_no_mail() {
    let site = in_use();
    site.run(JobKind::Suspend, None).result.unwrap();
    let running = Running::of(site);
    let barred = write(&running, None).unwrap_err();
    assert_eq!((barred.code, barred.status), (Code::CardBarred, Some(CertificateStatus::Suspended)));
    assert!(running.mails().is_empty());
    let unopened = Running::of(Site::personalised());
    assert_eq!(write(&unopened, None).unwrap_err().code, Code::PinLocked);
}

#[test]
fn writing_an_address_is_cut_anywhere() {
    let base = confirmed();
    matrix::run("e-mail write", &base, JobKind::SetEmail, CertificateStatus::Valid, &WAYS);
}

/// Issued, and cut before anything was written: a check finds it, and the re-write brings it to its end.
#[test]
fn a_cut_write_is_found_by_a_check() {
    let base = confirmed();
    let whole = base.copy().run(JobKind::SetEmail, None).apdus;
    let found = (1..whole).rev().find_map(|at| {
        let site = base.copy();
        let cut = site.run(JobKind::SetEmail, Some(Fault { at, kind: FaultKind::LosePowerBefore }));
        cut.result.unwrap_err();
        let check = site.run(JobKind::Check, None).result.unwrap().succeeded.result.check().unwrap().clone();
        let unwritten = check.slots.iter().all(|slot| !slot.same && slot.on_card.is_some());
        (check.result == CheckResult::Differs && unwritten).then_some((site, check))
    });
    let (site, check) = found.unwrap();
    assert_eq!(check.status, CertificateStatus::Valid, "what was accepted before still is");
    assert_eq!(check.unfinished, [JobKind::Rewrite]);
    let rewritten = site.run(JobKind::Rewrite, None).result.unwrap().succeeded.result.check().unwrap().clone();
    assert_eq!((rewritten.result, rewritten.status), (CheckResult::Rewritten, CertificateStatus::Valid));
    site.assert_agrees(CertificateStatus::Valid);
    assert_written(&Running::of(site));
}
