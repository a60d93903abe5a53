//! The way of a certificate through issuing: one serial number, one to-be-signed text.

use crate::sample::{assert_stale, days, generation, job_id, read, serial, write};
use kaika_app::{Issuance, IssuanceState, Store};
use kaika_wire::{CertificateId, CertificateRole};
use std::sync::Arc;

on_both! {
    issuances_come_back_in_every_state,
    one_issuance_per_job_role_and_key_unless_void,
    a_serial_number_is_reserved_once,
    an_issuance_goes_its_way_and_no_other,
    unfinished_are_those_begun_before_and_neither_issued_nor_void,
    of_many_at_once_one_reserves,
}

fn issuance(n: u8) -> Issuance {
    Issuance {
        certificate: CertificateId::new(days(0), [n; 10]),
        generation: generation(1).id,
        serial: serial(n),
        job: Some(job_id(n)),
        role: CertificateRole::Signature,
        key_fingerprint: [n; 32],
        state: IssuanceState::Reserved,
        at: days(0),
    }
}

fn recorded(byte: u8) -> IssuanceState {
    IssuanceState::Recorded { to_be_signed: vec![0x30, byte] }
}

async fn found(store: &dyn Store, issuance: &Issuance) -> Option<Issuance> {
    let mut reader = read(store).await;
    reader.issuance(issuance.job.unwrap(), issuance.role, &issuance.key_fingerprint).await.unwrap()
}

async fn issuances_come_back_in_every_state(store: Arc<dyn Store>) {
    let states = [IssuanceState::Reserved, recorded(7), IssuanceState::Issued, IssuanceState::Void];
    for (n, (role, state)) in
        (1..).zip(CertificateRole::ALL.into_iter().flat_map(|role| states.clone().map(|state| (role, state))))
    {
        let issuance = Issuance { role, state, ..issuance(n) };
        write(&*store, async |work| work.insert_issuance(&issuance).await).await.unwrap();
        let is_void = issuance.state == IssuanceState::Void;
        assert_eq!(found(&*store, &issuance).await, (!is_void).then_some(issuance));
    }
}

async fn one_issuance_per_job_role_and_key_unless_void(store: Arc<dyn Store>) {
    let mut first = issuance(1);
    let again = Issuance { job: first.job, key_fingerprint: first.key_fingerprint, ..issuance(2) };
    write(&*store, async |work| work.insert_issuance(&first).await).await.unwrap();
    assert_stale(write(&*store, async |work| work.insert_issuance(&again).await).await);

    // Another job, role or key is another issuance.
    for different in [
        Issuance { job: Some(job_id(9)), ..Issuance { serial: serial(3), ..issuance(3) } },
        Issuance { role: CertificateRole::Encryption, ..Issuance { job: first.job, ..issuance(4) } },
        Issuance { key_fingerprint: [9; 32], ..Issuance { job: first.job, ..issuance(5) } },
    ] {
        write(&*store, async |work| work.insert_issuance(&different).await).await.unwrap();
    }
    // So is one that belongs to no job.
    for n in [6, 7] {
        let jobless = Issuance { job: None, key_fingerprint: [1; 32], ..issuance(n) };
        write(&*store, async |work| work.insert_issuance(&jobless).await).await.unwrap();
    }

    first.state = IssuanceState::Void;
    write(&*store, async |work| work.update_issuance(&first, &IssuanceState::Reserved).await).await.unwrap();
    assert_eq!(found(&*store, &first).await, None);
    write(&*store, async |work| work.insert_issuance(&again).await).await.unwrap();
    assert_eq!(found(&*store, &first).await, Some(again));
}

async fn a_serial_number_is_reserved_once(store: Arc<dyn Store>) {
    let first = issuance(1);
    let twin = Issuance { serial: first.serial.clone(), ..issuance(2) };
    let elsewhere = Issuance { serial: first.serial.clone(), generation: generation(2).id, ..issuance(3) };
    write(&*store, async |work| work.insert_issuance(&first).await).await.unwrap();
    assert_stale(write(&*store, async |work| work.insert_issuance(&twin).await).await);
    write(&*store, async |work| work.insert_issuance(&elsewhere).await).await.unwrap();

    // Void, the serial stays taken for ever.
    let void = Issuance { state: IssuanceState::Void, ..first };
    write(&*store, async |work| work.update_issuance(&void, &IssuanceState::Reserved).await).await.unwrap();
    assert_stale(write(&*store, async |work| work.insert_issuance(&twin).await).await);
}

/// Every pair of states, in a row that really stands at `before`: the ports' doc names the four that are allowed.
async fn an_issuance_goes_its_way_and_no_other(store: Arc<dyn Store>) {
    use IssuanceState::{Issued, Reserved, Void};
    let states = [Reserved, recorded(1), recorded(2), Issued, Void];
    let mut n = 0;
    for before in &states {
        for after in &states {
            n += 1;
            let stored = Issuance { state: before.clone(), ..issuance(n) };
            write(&*store, async |work| work.insert_issuance(&stored).await).await.unwrap();
            let next = Issuance { state: after.clone(), ..stored.clone() };
            let done = write(&*store, async |work| work.update_issuance(&next, before).await).await;
            let allowed = matches!(
                (before, after),
                (Reserved, IssuanceState::Recorded { .. } | Void) | (IssuanceState::Recorded { .. }, Issued | Void)
            );
            if allowed {
                done.unwrap();
            } else {
                assert_stale(done);
            }
            let now = if allowed { next } else { stored };
            assert_eq!(found(&*store, &now).await, (now.state != Void).then_some(now), "{before:?} to {after:?}");
        }
    }

    // Another state than it was believed to have: also where only the recorded bytes are others.
    let stored = Issuance { state: recorded(1), ..issuance(100) };
    write(&*store, async |work| work.insert_issuance(&stored).await).await.unwrap();
    let issued = Issuance { state: Issued, ..stored.clone() };
    let void = Issuance { state: Void, ..stored.clone() };
    assert_stale(write(&*store, async |work| work.update_issuance(&issued, &recorded(2)).await).await);
    assert_stale(write(&*store, async |work| work.update_issuance(&void, &Reserved).await).await);
    assert_eq!(found(&*store, &stored).await, Some(stored));
}

async fn unfinished_are_those_begun_before_and_neither_issued_nor_void(store: Arc<dyn Store>) {
    let at = |n: u8, day, state| Issuance { at: days(day), state, ..issuance(n) };
    let (oldest, older, old) =
        (at(9, -3, recorded(1)), at(1, -2, IssuanceState::Reserved), at(2, -2, IssuanceState::Reserved));
    for issuance in [
        &old,
        &older,
        &oldest,
        &at(3, -3, IssuanceState::Issued),
        &at(4, -3, IssuanceState::Void),
        &at(5, -1, IssuanceState::Reserved),
    ] {
        write(&*store, async |work| work.insert_issuance(issuance).await).await.unwrap();
    }
    assert_eq!(read(&*store).await.unfinished_issuances(days(-1)).await.unwrap(), [oldest, older, old]);
}

async fn of_many_at_once_one_reserves(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (1..=20)
        .map(|n| {
            let store = Arc::clone(&store);
            let rival = Issuance { job: Some(job_id(1)), key_fingerprint: [1; 32], ..issuance(n) };
            tokio::spawn(async move {
                let mut work = store.begin().await?;
                work.insert_issuance(&rival).await?;
                work.commit().await
            })
        })
        .collect();
    let mut reserved = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => reserved += 1,
            refused => assert_stale(refused),
        }
    }
    assert_eq!(reserved, 1);
}
