//! Jobs and steps as the release before has written them down: they are read, or the card they are of is out of reach.

use kaika_domain::cards::job::{CardJob, Step};
use kaika_wire::{CertificateRole, JobKind, PinSource};
use serde_json::{Value, from_value, json};

#[test]
fn a_re_write_of_before_is_read_in_each_of_its_phases() {
    let kind = |stored: Value| from_value::<CardJob>(stored).unwrap().kind();
    let issuing = json!({"issuing": {"challenge": [1, 2, 3], "unfinished": true}});
    let phases = ["proving", "writing", "replacing_puk", "accepting", "completing"].map(|phase| json!(phase));
    for phase in phases.into_iter().chain([issuing]) {
        let rewrite = json!({"phase": phase, "found": [], "replaces_puk": false});
        assert_eq!(kind(json!({"kind": "rewrite", "phase": phase, "found": []})), JobKind::Rewrite);
        let email = json!({"kind": "set_email", "address": "a@b.example", "phase": {"writing": rewrite}});
        assert_eq!(kind(email), JobKind::SetEmail);
    }
}

#[test]
fn a_personalising_of_before_is_read() {
    let stored = json!({"kind": "personalise", "phase": "sealing", "puk_tries_left": 3, "wrong_puk": false});
    assert_eq!(from_value::<CardJob>(stored).unwrap().kind(), JobKind::Personalise);
}

#[test]
fn steps_of_before_are_read() {
    let step = |stored: Value| from_value::<Step>(stored).unwrap();
    assert_eq!(step(json!({"step": "challenge_management", "pin": "current"})), Step::ChallengeManagement);
    let holders = Step::TestKey { role: CertificateRole::Login, pin: PinSource::Current };
    assert_eq!(step(json!({"step": "test_key", "role": "login"})), holders);
}
