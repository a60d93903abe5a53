//! What a holder does with a card that is in use: unlocking, checking, writing it again, changes of status; each with its
//! fault matrix.

use super::matrix::{WAYS, run};
use kaika_fixtures::{NEW_PIN, OTHER_PIN, Site};
use kaika_softcard::{Fault, FaultKind, SoftCard};
use kaika_wire::{
    CardCheck, CardTest, CertificateRole, CertificateStatus, CheckResult, Code, Command, JobKind, Refusal,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

fn check(site: &Site) -> CardCheck {
    site.run(JobKind::Check, None).result.unwrap().succeeded.result.check().unwrap().clone()
}

fn refusal(site: &Site, kind: JobKind) -> Refusal {
    site.run(kind, None).result.unwrap_err()
}

#[test]
fn unlocking() {
    let base = Site::activated();
    base.lock_pin();
    run("unlocking", &base, JobKind::Unlock, CertificateStatus::Valid, &WAYS);
    assert!(base.run(JobKind::Unlock, None).result.is_ok());
    assert!(base.inspect().pin_is(OTHER_PIN));
    assert_eq!(base.inspect().pin_tries_left(), 3);
    // A forgotten PIN needs no lock first.
    assert!(base.run(JobKind::Unlock, None).result.is_ok());
    base.assert_agrees(CertificateStatus::Valid);
}

#[test]
fn an_unopened_card_is_not_unlocked() {
    let site = Site::personalised();
    for kind in [JobKind::Unlock, JobKind::Check, JobKind::Rewrite] {
        // The last has no PIN to be proved with: the card refuses it first.
        let code = if kind == JobKind::Rewrite { Code::PinLocked } else { Code::NotActivated };
        assert_eq!(refusal(&site, kind).code, code, "{kind:?}");
    }
    site.assert_agrees(CertificateStatus::Held);
}

#[test]
fn a_card_without_puk_tries_is_told_apart_and_costs_no_user_code() {
    let site = Site::activated();
    site.spend_puk_tries(3);
    assert_eq!(site.inspect().puk_tries_left(), 0);
    let refused = refusal(&site, JobKind::Unlock);
    assert_eq!((refused.code, refused.tries_left), (Code::PukBlocked, Some(3)), "the PIN still works");
    assert!(refused.contact.is_some(), "who helps");
    let app = site.open();
    let fails = site.runtime().block_on(async {
        let mut reader = app.store.read().await.unwrap();
        let card = reader.card_by_number(&site.number).await.unwrap().unwrap();
        reader.user_code(card.id).await.unwrap().unwrap().fails
    });
    site.close(&app);
    assert_eq!(fails, 0);
}

#[test]
fn a_card_as_the_database_has_it_is_a() {
    let site = Site::activated();
    let check = check(&site);
    assert_eq!((check.result, check.status), (CheckResult::Same, CertificateStatus::Valid));
    let roles: Vec<_> = check.slots.iter().map(|slot| slot.role).collect();
    assert_eq!(roles, [CertificateRole::Signature, CertificateRole::Encryption, CertificateRole::Login]);
    assert!(check.slots.iter().all(|slot| slot.same && slot.on_card == slot.in_database && slot.on_card.is_some()));
}

/// Written over, emptied: what the card holds is shown beside what it should hold, and put right with the PIN.
#[test]
fn a_card_that_differs_is_b_1_and_then_b_2() {
    let site = Site::differing();
    let found = check(&site);
    assert_eq!((found.result, found.status), (CheckResult::Differs, CertificateStatus::Valid));
    let login = found.slots.iter().find(|slot| slot.role == CertificateRole::Login).unwrap();
    assert_eq!((login.same, &login.on_card), (false, &None));
    assert!(login.in_database.is_some());
    assert_eq!(found.slots.iter().filter(|slot| slot.same).count(), 2);

    run("re-write", &site, JobKind::Rewrite, CertificateStatus::Valid, &WAYS);
    let written = site.run(JobKind::Rewrite, None).result.unwrap().succeeded.result.check().unwrap().clone();
    assert_eq!(written.result, CheckResult::Rewritten);
    assert!(written.slots.iter().all(|slot| slot.same));
    assert_eq!(check(&site).result, CheckResult::Same);
    site.assert_agrees(CertificateStatus::Valid);
    // Nothing is left to be done, and the PIN is asked for all the same.
    assert!(site.run(JobKind::Rewrite, None).result.is_ok());
    assert!(site.inspect().pin_is(NEW_PIN));
}

/// Cut when the card was about to get its new PUK: a check tells, and unlocking again ends it.
#[test]
fn an_unfinished_unlocking_is_found_by_a_check() {
    let base = Site::activated();
    assert_eq!(check(&base).unfinished, []);
    let whole = base.copy().run(JobKind::Unlock, None).apdus;
    let found = (1..=whole).rev().find_map(|at| {
        let site = base.copy();
        let cut = site.run(JobKind::Unlock, Some(Fault { at, kind: FaultKind::LosePowerAfter }));
        // The last one takes back the PIN when the job is over.
        assert_eq!(cut.result.is_ok(), at == whole);
        (check(&site).unfinished == [JobKind::Unlock]).then_some(site)
    });
    let site = found.unwrap();
    assert_eq!(check(&site).result, CheckResult::Same);
    assert!(site.run(JobKind::Unlock, None).result.is_ok());
    assert_eq!(check(&site).unfinished, []);
    site.assert_agrees(CertificateStatus::Valid);
}

/// The server takes longer than a card's session is kept open for it: another program gets the card. A challenge of that
/// session is void, and the card is asked for another; the next batch begins anew.
#[test]
fn a_session_that_was_given_up_leaves_nothing_half_done() {
    for (kind, site) in [(JobKind::Rewrite, Site::differing()), (JobKind::Unlock, Site::activated())] {
        let app = site.open();
        let card = Arc::new(Mutex::new(SoftCard::open(site.card_path()).unwrap()));
        let (mine, got) = (Arc::clone(&card), Arc::new(AtomicBool::new(false)));
        let other_program = {
            let got = Arc::clone(&got);
            move || {
                let mut card = mine.lock().unwrap();
                card.reset();
                got.store(true, Ordering::Relaxed);
            }
        };
        let done = site.run_late(&app, &card, kind, other_program);
        assert!(got.load(Ordering::Relaxed), "the card was another's meanwhile");
        done.unwrap();
        site.close(&app);
        site.assert_agrees(CertificateStatus::Valid);
        assert_eq!(site.inspect().pin_tries_left(), 3);
    }
}

/// 憑證下載: issued, never written.
#[test]
fn certificates_that_were_never_written_are_downloaded() {
    let mut base = Site::activated();
    base.later(time::Duration::days(30));
    base.reissue();
    let found = check(&base);
    assert_eq!((found.result, found.status), (CheckResult::Differs, CertificateStatus::Valid));
    assert!(found.slots.iter().all(|slot| !slot.same && slot.on_card.is_some() && slot.in_database.is_some()));
    run("download", &base, JobKind::Rewrite, CertificateStatus::Valid, &WAYS);
}

fn status(site: &Site, kind: JobKind) -> Vec<CertificateStatus> {
    let certificates = site.run(kind, None).result.unwrap().succeeded.certificates;
    certificates.iter().filter_map(|certificate| certificate.status).collect()
}

/// With the card at hand: what is suspended bars the card until it is resumed, and what is revoked for ever.
#[test]
fn the_holder_suspends_resumes_and_revokes_with_the_card() {
    let site = Site::activated();
    assert_eq!(refusal(&site, JobKind::Resume).code, Code::NotSuspended);
    assert_eq!(status(&site, JobKind::Suspend), [CertificateStatus::Suspended; 4]);
    assert_eq!(refusal(&site, JobKind::Suspend).code, Code::AlreadySuspended);
    for kind in [JobKind::Unlock, JobKind::Rewrite] {
        let barred = refusal(&site, kind);
        assert_eq!((barred.code, barred.status), (Code::CardBarred, Some(CertificateStatus::Suspended)), "{kind:?}");
    }
    let found = check(&site);
    assert_eq!((found.result, found.status), (CheckResult::NotValid, CertificateStatus::Suspended));
    assert_eq!(status(&site, JobKind::Resume), [CertificateStatus::Valid; 4]);
    site.assert_agrees(CertificateStatus::Valid);
    assert_eq!(status(&site, JobKind::Revoke), [CertificateStatus::Revoked; 4]);
    assert_eq!(refusal(&site, JobKind::Resume).code, Code::AlreadyRevoked);
    let found = check(&site);
    assert_eq!((found.result, found.status), (CheckResult::NotValid, CertificateStatus::Revoked));
}

/// A change of status is not done twice, and not lost.
#[test]
fn changes_of_status_are_cut_anywhere() {
    let base = Site::activated();
    run("suspending", &base, JobKind::Suspend, CertificateStatus::Suspended, &WAYS);
    run("revoking", &base, JobKind::Revoke, CertificateStatus::Revoked, &WAYS);
    base.run(JobKind::Suspend, None).result.unwrap();
    run("resuming", &base, JobKind::Resume, CertificateStatus::Valid, &WAYS);
}

/// Those that change nothing leave nothing behind, either.
#[test]
fn what_only_looks_is_cut_anywhere() {
    let base = Site::activated();
    run("check", &base, JobKind::Check, CertificateStatus::Valid, &WAYS);
    run("certificate test", &base, JobKind::Test, CertificateStatus::Valid, &WAYS);
}

fn test(site: &Site) -> CardTest {
    site.run(JobKind::Test, None).result.unwrap().succeeded.result.test().unwrap().clone()
}

/// Each key does what it is for; what is not in order is named.
#[test]
fn certificates_are_tested() {
    for site in [Site::activated(), Site::builder().policy(with_rsa).activated()] {
        let passed = test(&site);
        assert!(passed.passed, "{passed:?}");
        assert_eq!(passed.tests.len(), 3);
        assert!(passed.tests.iter().all(|one| one.key && one.on_card && one.chain));
        site.assert_agrees(CertificateStatus::Valid);

        site.at_card(|key| {
            vec![
                Command::OpenManagement { key },
                Command::WriteCertificate { slot: CertificateRole::Login.slot(), certificate: vec![0x30, 0x00].into() },
                // Another key in the place of the certified one.
                Command::GenerateKey {
                    slot: CertificateRole::Encryption.slot(),
                    algorithm: kaika_wire::KeyAlgorithm::P256,
                    pin_policy: kaika_wire::PinPolicy::Default,
                },
            ]
        });
        if site.run(JobKind::Test, None).result.is_err() {
            // An RSA certificate over what is no RSA key any more: the card itself refuses the algorithm.
            continue;
        }
        let failed = test(&site);
        let of = |role| failed.tests.iter().find(|one| one.role == role).unwrap();
        assert!(!failed.passed && of(CertificateRole::Signature).passed());
        assert_eq!((of(CertificateRole::Login).on_card, of(CertificateRole::Login).key), (false, true));
        assert_eq!((of(CertificateRole::Encryption).on_card, of(CertificateRole::Encryption).key), (true, false));
    }
}

fn with_rsa(policy: String) -> String {
    policy.replace("number_digits = 14\nkey = \"p256\"", "number_digits = 14\nkey = \"rsa2048\"")
}
