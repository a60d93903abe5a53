//! The way of a certificate through issuing: one serial number, one to-be-signed text.

use crate::sample::{assert_stale, days, generation, job_id, read, serial, write};
use kaika_app::{
    Store,
    certificates::{Issuance, IssuanceState, Settled},
};
use kaika_domain::authorities::ProfileName;
use kaika_wire::{CertificateId, CertificateRole};
use std::{slice::from_ref, sync::Arc};

on_both! {
    issuances_come_back_in_every_state,
    one_issuance_per_request_role_and_key_unless_void,
    a_serial_number_is_taken_once,
    what_is_settled_stays_settled,
    of_a_group_all_are_settled_or_none,
    unfinished_are_those_begun_before_and_neither_issued_nor_void,
    of_many_at_once_one_is_recorded,
}

fn issuance(n: u8) -> Issuance {
    Issuance {
        certificate: CertificateId::new(days(0), [n; 10]),
        generation: generation(1).id,
        serial: serial(n),
        request: Some(job_id(n).into()),
        role: CertificateRole::Signature.into(),
        key_fingerprint: [n; 32].into(),
        state: IssuanceState::Recorded { to_be_signed: vec![0x30, n] },
        at: days(0),
    }
}

async fn found(store: &dyn Store, issuance: &Issuance) -> Option<Issuance> {
    let issuances = read(store).await.issuances(&[issuance.request.unwrap()]).await.unwrap();
    issuances.into_iter().find(|found| found.certificate == issuance.certificate)
}

async fn insert(store: &dyn Store, issuance: &Issuance) -> Result<(), kaika_app::StoreError> {
    write(store, async |work| work.insert_issuances(from_ref(issuance)).await).await
}

async fn settle(store: &dyn Store, issuance: &Issuance, settled: Settled) -> Result<(), kaika_app::StoreError> {
    write(store, async |work| work.settle_issuances(&[issuance.certificate], settled).await).await
}

async fn issuances_come_back_in_every_state(store: Arc<dyn Store>) {
    let roles = CertificateRole::ALL.into_iter().map(ProfileName::from).chain(["seal_2".parse().unwrap()]);
    for (n, role) in (1..).zip(roles) {
        let recorded = Issuance { role, ..issuance(n) };
        insert(&*store, &recorded).await.unwrap();
        assert_eq!(found(&*store, &recorded).await, Some(recorded.clone()));
        settle(&*store, &recorded, Settled::Issued).await.unwrap();
        let issued = Issuance { state: IssuanceState::Issued, ..recorded };
        assert_eq!(found(&*store, &issued).await, Some(issued));
    }
    let void = issuance(9);
    insert(&*store, &void).await.unwrap();
    settle(&*store, &void, Settled::Void).await.unwrap();
    assert_eq!(found(&*store, &void).await, None);
    // Of several jobs at once, in any number.
    let requests: Vec<_> = (1..=100).map(|n| job_id(n).into()).collect();
    assert_eq!(read(&*store).await.issuances(&requests).await.unwrap().len(), CertificateRole::ALL.len() + 1);
}

async fn one_issuance_per_request_role_and_key_unless_void(store: Arc<dyn Store>) {
    let first = issuance(1);
    let again = Issuance { request: first.request, key_fingerprint: first.key_fingerprint, ..issuance(2) };
    insert(&*store, &first).await.unwrap();
    assert_stale(insert(&*store, &again).await);

    // Another request, role or key is another issuance.
    for different in [
        Issuance { request: Some(job_id(9).into()), ..issuance(3) },
        Issuance { role: CertificateRole::Encryption.into(), request: first.request, ..issuance(4) },
        Issuance { key_fingerprint: [9; 32].into(), request: first.request, ..issuance(5) },
    ] {
        insert(&*store, &different).await.unwrap();
    }
    // So is one that belongs to no request.
    for n in [6, 7] {
        insert(&*store, &Issuance { request: None, key_fingerprint: [1; 32].into(), ..issuance(n) }).await.unwrap();
    }

    settle(&*store, &first, Settled::Void).await.unwrap();
    insert(&*store, &again).await.unwrap();
    assert_eq!(found(&*store, &again).await, Some(again));
}

async fn a_serial_number_is_taken_once(store: Arc<dyn Store>) {
    let first = issuance(1);
    let twin = Issuance { serial: first.serial.clone(), ..issuance(2) };
    let elsewhere = Issuance { serial: first.serial.clone(), generation: generation(2).id, ..issuance(3) };
    insert(&*store, &first).await.unwrap();
    assert_stale(insert(&*store, &twin).await);
    insert(&*store, &elsewhere).await.unwrap();

    // Void, the serial stays taken for ever.
    settle(&*store, &first, Settled::Void).await.unwrap();
    assert_stale(insert(&*store, &twin).await);
}

async fn what_is_settled_stays_settled(store: Arc<dyn Store>) {
    let both = [Settled::Issued, Settled::Void];
    for (n, (first, then)) in (1..).zip(both.into_iter().flat_map(|first| both.map(|then| (first, then)))) {
        let issuance = issuance(n);
        insert(&*store, &issuance).await.unwrap();
        settle(&*store, &issuance, first).await.unwrap();
        assert_stale(settle(&*store, &issuance, then).await);
        let state = found(&*store, &issuance).await.map(|found| found.state);
        assert_eq!(state, (first == Settled::Issued).then_some(IssuanceState::Issued));
    }
    assert_stale(settle(&*store, &issuance(99), Settled::Issued).await);
}

async fn of_a_group_all_are_settled_or_none(store: Arc<dyn Store>) {
    let group: Vec<_> = (1..=90).map(issuance).collect();
    write(&*store, async |work| work.insert_issuances(&group).await).await.unwrap();
    settle(&*store, &group[80], Settled::Void).await.unwrap();
    let ids: Vec<_> = group.iter().map(|issuance| issuance.certificate).collect();
    assert_stale(write(&*store, async |work| work.settle_issuances(&ids, Settled::Issued).await).await);
    assert_eq!(found(&*store, &group[0]).await, Some(group[0].clone()));
    write(&*store, async |work| work.settle_issuances(&ids[..80], Settled::Issued).await).await.unwrap();
    assert_eq!(read(&*store).await.unfinished_issuances(days(1)).await.unwrap(), group[81..]);
}

async fn unfinished_are_those_begun_before_and_neither_issued_nor_void(store: Arc<dyn Store>) {
    let at = |n: u8, day| Issuance { at: days(day), ..issuance(n) };
    let (oldest, older, old) = (at(9, -3), at(1, -2), at(2, -2));
    let (issued, void, young) = (at(3, -3), at(4, -3), at(5, -1));
    for issuance in [&old, &older, &oldest, &issued, &void, &young] {
        insert(&*store, issuance).await.unwrap();
    }
    settle(&*store, &issued, Settled::Issued).await.unwrap();
    settle(&*store, &void, Settled::Void).await.unwrap();
    assert_eq!(read(&*store).await.unfinished_issuances(days(-1)).await.unwrap(), [oldest, older, old]);
}

async fn of_many_at_once_one_is_recorded(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (1..=20)
        .map(|n| {
            let store = Arc::clone(&store);
            let rival = Issuance { request: Some(job_id(1).into()), key_fingerprint: [1; 32].into(), ..issuance(n) };
            tokio::spawn(async move {
                let mut work = store.begin().await?;
                work.insert_issuances(from_ref(&rival)).await?;
                work.commit().await
            })
        })
        .collect();
    let mut recorded = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => recorded += 1,
            refused => assert_stale(refused),
        }
    }
    assert_eq!(recorded, 1);
}
