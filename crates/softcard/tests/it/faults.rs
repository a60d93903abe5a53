//! The fault switch.

use std::time::{Duration, Instant};

use kaika_softcard::{CardError, Fault, FaultKind};

use super::rig::{Rig, SELECT, extended, padded};

fn change_pin() -> Vec<u8> {
    extended(0x24, 0x00, 0x80, &[padded("123456"), padded("111111")].concat())
}

#[test]
fn power_is_lost_before_acting() {
    let mut rig = Rig::new();
    rig.card().plan_fault(Fault { at: 1, kind: FaultKind::LosePowerBefore });
    assert!(matches!(rig.try_raw(&change_pin()), Err(CardError::PowerLost)));
    assert!(rig.card().inspect().pin_is("123456"));
}

#[test]
fn power_is_lost_after_acting() {
    let mut rig = Rig::new();
    rig.card().plan_fault(Fault { at: 1, kind: FaultKind::LosePowerAfter });
    assert!(matches!(rig.try_raw(&change_pin()), Err(CardError::PowerLost)));
    assert!(rig.card().inspect().pin_is("111111"));
    rig.reopen();
    assert_eq!(rig.verify("111111"), 0x9000);
}

#[test]
fn without_power_there_is_no_answer() {
    let mut rig = Rig::new();
    rig.verify("123456");
    rig.card().plan_fault(Fault { at: 1, kind: FaultKind::LosePowerBefore });
    let before = rig.card().apdu_count();
    for _ in 0..2 {
        assert!(matches!(rig.try_raw(SELECT), Err(CardError::PowerLost)));
    }
    assert!(!rig.card().is_powered());
    assert_eq!(rig.card().apdu_count(), before + 1);
    rig.card().power_on();
    assert_eq!(rig.raw(SELECT).1, 0x9000);
    assert!(!rig.is_verified());
}

#[test]
fn refusals_may_have_acted_or_not() {
    let mut rig = Rig::new();
    rig.card().plan_fault(Fault { at: 1, kind: FaultKind::Refuse });
    assert_eq!(rig.raw(&change_pin()), (vec![], 0x6F00));
    assert!(rig.card().inspect().pin_is("123456"));
    rig.card().plan_fault(Fault { at: 1, kind: FaultKind::RefuseAfterActing });
    assert_eq!(rig.raw(&change_pin()), (vec![], 0x6F00));
    assert!(rig.card().inspect().pin_is("111111"));
}

#[test]
fn a_slow_answer_is_right() {
    let mut rig = Rig::new();
    let time = Duration::from_millis(30);
    rig.card().plan_fault(Fault { at: 1, kind: FaultKind::Slow(time) });
    let begin = Instant::now();
    assert_eq!(rig.verify("123456"), 0x9000);
    assert!(begin.elapsed() >= time);
}

#[test]
fn a_fault_fires_once_where_it_was_planned() {
    let mut rig = Rig::new();
    let count = rig.card().apdu_count();
    rig.card().plan_fault(Fault { at: 3, kind: FaultKind::Refuse });
    assert!(rig.card().has_planned_fault() && rig.card().fired_fault().is_none());
    let statuses: Vec<u16> = (0..5).map(|_| rig.status(0xFD, 0, 0, &[])).collect();
    assert_eq!(statuses, [0x9000, 0x9000, 0x6F00, 0x9000, 0x9000]);
    let fired = rig.card().fired_fault().unwrap();
    assert_eq!((fired.kind, fired.apdu, fired.instruction), (FaultKind::Refuse, count + 3, Some(0xFD)));
    assert!(!rig.card().has_planned_fault());
}

#[test]
fn a_fault_waits_for_its_instruction() {
    let mut rig = Rig::new();
    rig.card().plan_fault_at_instruction(0x24, FaultKind::LosePowerAfter);
    rig.card().reset();
    assert_eq!(rig.raw(SELECT).1, 0x9000);
    assert_eq!(rig.status(0xFD, 0, 0, &[]), 0x9000);
    assert!(rig.card().has_planned_fault());
    assert!(matches!(rig.try_raw(&change_pin()), Err(CardError::PowerLost)));
    assert_eq!(rig.card().fired_fault().unwrap().instruction, Some(0x24));
    assert!(rig.card().inspect().pin_is("111111") && !rig.card().has_planned_fault());
}

#[test]
fn a_plan_is_replaced_or_cancelled() {
    let mut rig = Rig::new();
    rig.card().plan_fault(Fault { at: 1, kind: FaultKind::LosePowerBefore });
    rig.card().plan_fault(Fault { at: 2, kind: FaultKind::Refuse });
    assert_eq!(rig.status(0xFD, 0, 0, &[]), 0x9000);
    rig.card().cancel_fault();
    assert_eq!(rig.status(0xFD, 0, 0, &[]), 0x9000);
    assert_eq!(rig.card().fired_fault(), None);
}
