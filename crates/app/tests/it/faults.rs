//! The card is cut off at every APDU of personalising and of activation, in every way; started again with the same
//! inputs the job succeeds, and card and database agree.

use super::matrix::{WAYS, each, keep, resume, run};
use kaika_fixtures::{Loss, NEW_PIN, Site};
use kaika_softcard::{Fault, FaultKind, Quirk};
use kaika_testkit::is_wide;
use kaika_wire::{CertificateStatus, Code, JobKind};
use std::fmt::Write as _;

fn with_rsa(policy: String) -> String {
    policy.replace("number_digits = 14\nkey = \"p256\"", "number_digits = 14\nkey = \"rsa2048\"")
}

fn with_delivered_pin(policy: String) -> String {
    let online = "mode = \"online\", within_days = 90, afterwards = \"revoke\"";
    assert!(policy.contains(online));
    policy.replace(online, "mode = \"pin_mailer\"")
}

#[test]
fn personalising() {
    run("personalising", &Site::ordered(), JobKind::Personalise, CertificateStatus::Held, &WAYS);
}

/// What key the card has can only be tried.
#[test]
fn personalising_a_card_that_tells_nothing() {
    let base = Site::builder().quirks([Quirk::F7Absent]).ordered();
    run("personalising, f7-absent", &base, JobKind::Personalise, CertificateStatus::Held, &WAYS);
}

#[test]
fn personalising_a_card_that_forgets_its_challenge() {
    let base = Site::builder().quirks([Quirk::ChallengeVoided]).ordered();
    run("personalising, challenge-voided", &base, JobKind::Personalise, CertificateStatus::Held, &WAYS);
}

#[test]
fn rewriting_cards_of_other_makers() {
    for quirk in [Quirk::F7Absent, Quirk::ChallengeVoided] {
        let base = Site::builder().quirks([quirk]).activated().with_another_certificate();
        run(&format!("re-write, {quirk}"), &base, JobKind::Rewrite, CertificateStatus::Valid, &WAYS);
    }
}

#[test]
fn personalising_with_a_delivered_pin() {
    let base = Site::builder().policy(with_delivered_pin).ordered();
    run("personalising, PIN delivered", &base, JobKind::Personalise, CertificateStatus::Valid, &WAYS[..2]);
}

#[test]
fn activation() {
    run("activation", &Site::personalised(), JobKind::Activate, CertificateStatus::Valid, &WAYS);
}

#[test]
fn activation_of_an_rsa_card() {
    let base = Site::builder().policy(with_rsa).personalised();
    run("activation, RSA", &base, JobKind::Activate, CertificateStatus::Valid, &WAYS);
}

/// A second cut inside the recovery from the first.
#[test]
fn activation_cut_twice() {
    let base = Site::personalised();
    let apdus = base.copy().run(JobKind::Activate, None).apdus;
    let cuts = [FaultKind::LosePowerBefore, FaultKind::LosePowerAfter, FaultKind::RefuseAfterActing];
    let wide = is_wide();
    // Of the narrow form each second cut is one of two by turns, too; each pair of APDUs is cut.
    let firsts: Vec<Fault> = match wide {
        true => (1..=apdus).flat_map(|at| cuts.map(|kind| Fault { at, kind })).collect(),
        false => (1..=apdus).zip(cuts.into_iter().cycle()).map(|(at, kind)| Fault { at, kind }).collect(),
    };
    let cells = each(&firsts, |first| {
        let once = base.copy();
        if once.run(JobKind::Activate, Some(*first)).result.is_ok() {
            return 0;
        }
        let mut cells = 0;
        for at in 1.. {
            let mut reached = false;
            let seconds = [FaultKind::LosePowerBefore, FaultKind::LosePowerAfter];
            let in_turn = (first.at + at) % 2 == 0;
            for kind in seconds.into_iter().filter(|kind| wide || (*kind == seconds[0]) == in_turn) {
                let site = once.copy();
                let second = site.run(JobKind::Activate, Some(Fault { at, kind }));
                reached |= second.fired;
                resume(&site, JobKind::Activate, second, &format!("{first:?}, then {kind:?} at {at}"));
                site.assert_agrees(CertificateStatus::Valid);
                cells += 1;
            }
            if !reached {
                break;
            }
        }
        cells
    });
    keep("activation cut twice", &format!("activation cut twice: {} cells, all resumed", cells.iter().sum::<usize>()));
}

/// The line to the server fails at every message, before it arrives or after it was answered; nothing is sent again by
/// itself, the person starts once more.
#[test]
fn messages_lost() {
    let mut table = String::from("messages lost\n");
    let (activated, suspended) = (Site::activated(), Site::activated());
    suspended.run(JobKind::Suspend, None).result.unwrap();
    let jobs = [
        ("personalising", 5, JobKind::Personalise, Site::ordered(), CertificateStatus::Held),
        (
            "personalising, PIN delivered",
            5,
            JobKind::Personalise,
            Site::builder().policy(with_delivered_pin).ordered(),
            CertificateStatus::Valid,
        ),
        ("activation", 3, JobKind::Activate, Site::personalised(), CertificateStatus::Valid),
        ("unlocking", 3, JobKind::Unlock, activated.copy(), CertificateStatus::Valid),
        ("re-write", 3, JobKind::Rewrite, Site::differing(), CertificateStatus::Valid),
        ("certificate test", 2, JobKind::Test, activated.copy(), CertificateStatus::Valid),
        ("suspending", 2, JobKind::Suspend, activated.copy(), CertificateStatus::Suspended),
        ("resuming", 2, JobKind::Resume, suspended, CertificateStatus::Valid),
        ("revoking", 2, JobKind::Revoke, activated, CertificateStatus::Revoked),
    ];
    for (name, messages, kind, base, status) in jobs {
        for at in 1.. {
            let mut over = true;
            for answer in [false, true] {
                let site = base.copy();
                let loss = Loss { at, answer };
                let first = site.run_with(kind, None, Some(loss));
                over &= first.result.is_ok();
                let ended = resume(&site, kind, first, &format!("{name} {loss:?}"));
                site.assert_agrees(status);
                let what = if answer { "answer" } else { "message" };
                writeln!(table, "{name} {at} {what}: {ended:?}").unwrap();
            }
            if over {
                assert_eq!(at, messages + 1, "{name}");
                break;
            }
        }
    }
    keep("messages lost", &table);
}

/// The software card's device attests its keys, as a YubiKey does; the audit log says so.
#[test]
fn new_keys_are_attested() {
    let site = Site::personalised();
    let app = site.open();
    let events =
        site.runtime().block_on(async { app.store.read().await.unwrap().audit_events(0, 1000).await.unwrap() });
    let attested: Vec<_> = events.iter().filter(|event| event.action == "key.attest").collect();
    assert_eq!(attested.len(), 4);
    assert!(attested.iter().all(|event| event.payload.contains("\"right\":true")), "{attested:?}");
    site.close(&app);
}

#[test]
fn activation_takes_three_round_trips_and_few_apdus() {
    let site = Site::personalised();
    let apdus = site.run(JobKind::Activate, None).apdus;
    assert!(apdus <= 13, "{apdus} APDUs, with those that find out which card it is");
    assert_eq!(site.inspect().pin_tries_left(), 3);
    assert!(site.inspect().pin_is(NEW_PIN));
}

#[test]
fn after_the_period_a_card_is_not_activated() {
    let mut site = Site::personalised();
    site.later(time::Duration::days(91));
    let refusal = site.run(JobKind::Activate, None).result.unwrap_err();
    assert_eq!(refusal.code, Code::ActivationPeriodOver);
    let app = site.open();
    let swept =
        site.runtime().block_on(kaika_app::cards::sweep(&app, true, &kaika_domain::audit::Actor::Scheduler)).unwrap();
    assert_eq!(swept.len(), 1);
    let swept =
        site.runtime().block_on(kaika_app::cards::sweep(&app, false, &kaika_domain::audit::Actor::Scheduler)).unwrap();
    assert_eq!(swept.len(), 1);
    assert_eq!(
        site.runtime()
            .block_on(kaika_app::cards::sweep(&app, false, &kaika_domain::audit::Actor::Scheduler))
            .unwrap()
            .len(),
        0
    );
    site.close(&app);
    let refusal = site.run(JobKind::Activate, None).result.unwrap_err();
    assert_eq!(refusal.code, Code::ActivationPeriodOver);
}

/// Where the policy suspends, the card stays; its certificates cannot be accepted, and the card says why.
#[test]
fn a_suspended_card_is_not_activated() {
    let mut site = Site::builder()
        .policy(|policy| policy.replace("afterwards = \"revoke\"", "afterwards = \"suspend\""))
        .personalised();
    site.later(time::Duration::days(91));
    let app = site.open();
    assert_eq!(
        site.runtime()
            .block_on(kaika_app::cards::sweep(&app, false, &kaika_domain::audit::Actor::Scheduler))
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        site.runtime()
            .block_on(kaika_app::cards::sweep(&app, false, &kaika_domain::audit::Actor::Scheduler))
            .unwrap()
            .len(),
        0
    );
    site.close(&app);
    assert_eq!(site.run(JobKind::Activate, None).result.unwrap_err().code, Code::ActivationPeriodOver);
}
