//! 停用, 復用, 廢止: every state, every side, every kind, as one table; who may ask; what relying parties read.

use kaika_domain::{
    authorities::Policy,
    certificates::{
        Certificate, CertificateState, Hold, HoldBy, RevocationReason, Unchanged, changed, check_change_allowed,
        revocation_reason,
    },
};
use kaika_wire::{
    CertificateId, CertificateRole, Code, GenerationId, HolderId, ResumeReason, RevokeReason, SerialNumber,
    StatusChange, StatusChangeKind, SuspendReason,
};
use time::{Duration, OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-20 08:00 UTC);
const SIDES: [HoldBy; 3] = [HoldBy::Holder, HoldBy::Counter, HoldBy::Authority];
const CHANGES: [StatusChange; 3] = [
    StatusChange::Suspend(SuspendReason::Lost),
    StatusChange::Resume(ResumeReason::Found),
    StatusChange::Revoke(RevokeReason::Ceased),
];

fn certificate(state: CertificateState) -> Certificate {
    Certificate {
        id: CertificateId::new(NOW, [1; 10]),
        authority: "gca".parse().expect("an id"),
        generation: GenerationId::new(NOW, [1; 10]),
        holder: HolderId::new(NOW, [1; 10]),
        card: None,
        role: CertificateRole::Signature.into(),
        serial: SerialNumber::from_random([1; 16]),
        shard: 0,
        certificate: vec![0x30],
        sha256: [1; 32].into(),
        key_fingerprint: [1; 32].into(),
        not_before: NOW - Duration::days(100),
        not_after: NOW + Duration::days(100),
        issued_at: NOW - Duration::days(100),
        job: None,
        placement: None,
        state,
        version: 1,
    }
}

fn holds(sides: &[HoldBy]) -> Vec<Hold> {
    sides.iter().map(|by| Hold { by: *by, reason: "before".into(), at: NOW - Duration::days(1) }).collect()
}

fn letter(by: HoldBy) -> char {
    match by {
        HoldBy::Holder => 'h',
        HoldBy::Counter => 'c',
        HoldBy::Authority => 'a',
    }
}

/// `suspended h+a`; why not in capitals.
fn told(outcome: Result<CertificateState, Unchanged>) -> String {
    match outcome {
        Ok(state) => {
            let sides: Vec<_> = state.holds().iter().map(|hold| letter(hold.by).to_string()).collect();
            format!("{} {}", state.name(), sides.join("+")).trim().to_owned()
        }
        Err(why) => format!("{why:?}").to_uppercase(),
    }
}

#[test]
fn every_state_with_every_change_of_every_side() {
    use HoldBy::{Authority, Holder};
    let revoked = CertificateState::Revoked { reason: RevocationReason::Superseded, at: NOW };
    let states = [
        CertificateState::Held { holds: vec![] },
        CertificateState::Held { holds: holds(&[Authority]) },
        CertificateState::Valid,
        CertificateState::Suspended { holds: holds(&[Holder]) },
        CertificateState::Suspended { holds: holds(&[Authority]) },
        CertificateState::Suspended { holds: holds(&SIDES) },
        revoked,
    ];
    let mut table = String::new();
    for state in states {
        table += &format!("{}\n", told(Ok(state.clone())));
        for by in SIDES {
            let row = CHANGES.map(|change| told(changed(&certificate(state.clone()), change, by, NOW)));
            table += &format!("  {}: {}\n", letter(by), row.join(" | "));
        }
    }
    assert_eq!(
        table,
        "\
held
  h: held h | NOTSUSPENDED | revoked
  c: held c | NOTSUSPENDED | revoked
  a: held a | NOTSUSPENDED | revoked
held a
  h: held a+h | SUSPENDEDBYOTHERS | revoked
  c: held a+c | SUSPENDEDBYOTHERS | revoked
  a: ALREADYSUSPENDED | held | revoked
valid
  h: suspended h | NOTSUSPENDED | revoked
  c: suspended c | NOTSUSPENDED | revoked
  a: suspended a | NOTSUSPENDED | revoked
suspended h
  h: ALREADYSUSPENDED | valid | revoked
  c: suspended h+c | SUSPENDEDBYOTHERS | revoked
  a: suspended h+a | SUSPENDEDBYOTHERS | revoked
suspended a
  h: suspended a+h | SUSPENDEDBYOTHERS | revoked
  c: suspended a+c | SUSPENDEDBYOTHERS | revoked
  a: ALREADYSUSPENDED | valid | revoked
suspended h+c+a
  h: ALREADYSUSPENDED | suspended c+a | revoked
  c: ALREADYSUSPENDED | suspended h+a | revoked
  a: ALREADYSUSPENDED | suspended h+c | revoked
revoked
  h: REVOKED | REVOKED | REVOKED
  c: REVOKED | REVOKED | REVOKED
  a: REVOKED | REVOKED | REVOKED
"
    );
}

#[test]
fn a_hold_keeps_who_why_and_when() {
    let change = StatusChange::Suspend(SuspendReason::NotInUse);
    let state = changed(&certificate(CertificateState::Valid), change, HoldBy::Holder, NOW).expect("suspended");
    assert_eq!(state.holds(), [Hold { by: HoldBy::Holder, reason: "not_in_use".into(), at: NOW }]);
    let change = StatusChange::Revoke(RevokeReason::Lost);
    let state = changed(&certificate(state), change, HoldBy::Authority, NOW).expect("revoked");
    assert_eq!(state, CertificateState::Revoked { reason: RevocationReason::KeyCompromise, at: NOW });
}

#[test]
fn an_expired_certificate_stays_as_it_is() {
    for state in [CertificateState::Valid, CertificateState::Suspended { holds: holds(&[HoldBy::Holder]) }] {
        let certificate = Certificate { not_after: NOW - Duration::SECOND, ..certificate(state) };
        for change in CHANGES {
            assert_eq!(changed(&certificate, change, HoldBy::Holder, NOW), Err(Unchanged::Expired));
        }
    }
}

#[test]
fn of_several_reasons_the_one_that_can_be_dealt_with_is_told() {
    let mut reasons = [
        Unchanged::SuspendedByOthers,
        Unchanged::Expired,
        Unchanged::AlreadySuspended,
        Unchanged::Revoked,
        Unchanged::NotSuspended,
    ];
    reasons.sort();
    assert_eq!(
        reasons.map(Unchanged::code),
        [
            Code::CertificatesExpired,
            Code::AlreadyRevoked,
            Code::NotSuspended,
            Code::AlreadySuspended,
            Code::SuspendedByOthers,
        ]
    );
}

#[test]
fn relying_parties_read_a_reason_of_the_standard() {
    let read: Vec<_> = RevokeReason::ALL.iter().map(|reason| revocation_reason(*reason).as_str()).collect();
    assert_eq!(
        read,
        [
            "key_compromise",
            "key_compromise",
            "affiliation_changed",
            "superseded",
            "cessation_of_operation",
            "unspecified"
        ]
    );
}

/// What the authorities of the demo let a holder do himself.
#[test]
fn the_holder_does_what_the_policy_offers_online() {
    macro_rules! policy {
        ($id:literal) => {
            Policy::parse(include_str!(concat!("../../../kaika/authorities/", $id, ".toml"))).expect($id)
        };
    }
    let online = |policy: &Policy| {
        let mut online = String::new();
        for change in CHANGES {
            for by in [HoldBy::Counter, HoldBy::Authority] {
                assert_eq!(check_change_allowed(policy, change, by), Ok(()), "{}", policy.id);
            }
            match check_change_allowed(policy, change, HoldBy::Holder) {
                Ok(()) => online += &format!("{} ", change.kind()),
                Err(refusal) => {
                    assert_eq!(refusal.code, Code::ChangedElsewhere);
                    assert_eq!(refusal.contact.as_ref(), Some(&policy.contact.telephone));
                }
            }
        }
        online.trim().to_owned()
    };
    assert_eq!(online(&policy!("gca")), "suspend resume revoke");
    assert_eq!(online(&policy!("hca")), "suspend resume revoke");
    assert_eq!(online(&policy!("xca")), "suspend resume");
    assert_eq!(online(&policy!("moica")), "suspend resume");
    assert_eq!(online(&policy!("twca")), "");
    assert_eq!(StatusChangeKind::ALL.len(), CHANGES.len());
}
