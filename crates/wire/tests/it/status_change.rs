//! The words of 停用, 復用 and 廢止 are closed lists, the same in JSON, forms and command lines.

use kaika_wire::{ResumeReason, RevokeReason, StatusChange, StatusChangeKind, SuspendReason};

#[test]
fn each_kind_has_its_reasons() {
    for (kind, reasons) in [
        (StatusChangeKind::Suspend, &["lost", "not_in_use", "other"][..]),
        (StatusChangeKind::Resume, &["found", "other"]),
        (StatusChangeKind::Revoke, &["lost", "key_compromise", "affiliation_changed", "superseded", "ceased", "other"]),
    ] {
        assert_eq!(kind.reasons(), reasons);
        assert_eq!(kind.as_str().parse(), Ok(kind));
        for reason in reasons {
            let change = StatusChange::parse(kind, reason).expect(reason);
            assert_eq!((change.kind(), change.reason()), (kind, *reason));
            let json = serde_json::to_value(change).expect("JSON");
            assert_eq!(json, serde_json::json!({"change": kind.as_str(), "reason": reason}));
            assert_eq!(serde_json::from_value::<StatusChange>(json).expect("a change"), change);
        }
    }
}

#[test]
fn no_other_word_is_taken() {
    for (kind, reason) in [
        (StatusChangeKind::Suspend, "found"),
        (StatusChangeKind::Resume, "lost"),
        (StatusChangeKind::Revoke, "not_in_use"),
        (StatusChangeKind::Revoke, "Lost"),
        (StatusChangeKind::Revoke, ""),
    ] {
        let error = StatusChange::parse(kind, reason).expect_err(reason).to_string();
        assert!(kind.reasons().iter().all(|word| error.contains(word)), "{error}");
    }
    assert!("terminate".parse::<StatusChangeKind>().is_err());
    assert!(serde_json::from_str::<StatusChange>(r#"{"change": "resume", "reason": "lost"}"#).is_err());
    assert_eq!(serde_json::to_string(&SuspendReason::NotInUse).expect("JSON"), "\"not_in_use\"");
    assert_eq!(RevokeReason::KeyCompromise.to_string(), "key_compromise");
    assert_eq!(ResumeReason::ALL.len(), 2);
}
