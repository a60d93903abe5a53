//! Every state with every transition, as one table each.

use kaika_domain::{
    cards::{CardState, TerminationReason},
    certificates::{CertificateState, Hold, HoldBy, RevocationReason},
};
use time::{OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-20 08:00 UTC);

fn told<T, E: std::fmt::Display>(result: Result<T, E>, name: impl Fn(&T) -> String) -> String {
    result.map_or_else(|_| "–".to_owned(), |state| name(&state))
}

#[test]
fn cards() {
    let reason = TerminationReason::Lost;
    let states = [
        CardState::Ordered,
        CardState::Personalised { at: NOW },
        CardState::Dispatched { at: NOW },
        CardState::Activated { dispatched_at: NOW, at: NOW },
        CardState::Terminated { reason, at: NOW },
    ];
    let name = |state: &CardState| state.name().to_owned();
    let table: Vec<_> = states
        .into_iter()
        .map(|state| {
            [
                state.name().to_owned(),
                told(state.clone().personalise(NOW), name),
                told(state.clone().dispatch(NOW), name),
                told(state.clone().activate(NOW), name),
                told(state.terminate(reason, NOW), name),
            ]
        })
        .collect();
    assert_eq!(
        table,
        [
            ["ordered", "personalised", "–", "–", "terminated"],
            ["personalised", "–", "dispatched", "–", "terminated"],
            ["dispatched", "–", "–", "activated", "terminated"],
            ["activated", "–", "–", "–", "terminated"],
            ["terminated", "–", "–", "–", "–"],
        ]
    );
}

fn hold(by: HoldBy) -> Hold {
    Hold { by, reason: "test".into(), at: NOW }
}

/// The state with the sides that hold it.
fn described(state: &CertificateState) -> String {
    match state {
        CertificateState::Held { holds } | CertificateState::Suspended { holds } if !holds.is_empty() => {
            let sides: Vec<_> = holds.iter().map(|hold| format!("{:?}", hold.by).to_lowercase()).collect();
            format!("{} by {}", state.name(), sides.join("+"))
        }
        other => other.name().to_owned(),
    }
}

#[test]
fn certificates() {
    use HoldBy::{Authority, Holder};
    let states = [
        CertificateState::Held { holds: vec![] },
        CertificateState::Held { holds: vec![hold(Authority)] },
        CertificateState::Valid,
        CertificateState::Suspended { holds: vec![hold(Holder)] },
        CertificateState::Suspended { holds: vec![hold(Holder), hold(Authority)] },
        CertificateState::Revoked { reason: RevocationReason::Superseded, at: NOW },
    ];
    let table: Vec<_> = states
        .into_iter()
        .map(|state| {
            [
                described(&state),
                told(state.clone().accept(), described),
                told(state.clone().suspend(hold(Authority)), described),
                told(state.clone().resume(Holder), described),
                told(state.clone().resume(Authority), described),
                told(state.revoke(RevocationReason::KeyCompromise, NOW), described),
            ]
        })
        .collect();
    assert_eq!(
        table,
        [
            // from, accept, suspend by the authority, resume by the holder, resume by the authority, revoke
            ["held", "valid", "held by authority", "–", "–", "revoked"],
            ["held by authority", "–", "held by authority+authority", "–", "held", "revoked"],
            ["valid", "–", "suspended by authority", "–", "–", "revoked"],
            ["suspended by holder", "–", "suspended by holder+authority", "valid", "–", "revoked"],
            [
                "suspended by holder+authority",
                "–",
                "suspended by holder+authority+authority",
                "suspended by authority",
                "suspended by holder",
                "revoked"
            ],
            ["revoked", "–", "–", "–", "–", "–"],
        ]
    );
}
