//! Certificates: their states and placements, what a revocation list shows of them, and the revision that tells of it.

use crate::sample::{
    assert_stale, card, certificate, days, generation, holder, job_id, read, serial, with_generation, write,
};
use kaika_app::{Generation, Revocation, Store, StoreError};
use kaika_domain::{Certificate, CertificateState, Hold, HoldBy, Placement, RevocationReason};
use kaika_wire::CertificateRole;
use std::sync::Arc;

on_both! {
    certificates_come_back_in_every_state,
    roles_and_placements_come_back,
    a_serial_number_is_taken_once_per_generation,
    of_two_updates_of_one_version_the_second_is_stale,
    certificates_of_a_card_come_oldest_first,
    a_key_of_another_holder_is_known,
    revocations_are_all_that_are_not_valid_and_not_expired,
    the_revision_counts_changes_of_status_alone,
}

fn hold(by: HoldBy, day: i64) -> Hold {
    Hold { by, reason: format!("測試 {day}"), at: days(day) }
}

fn every_state() -> Vec<CertificateState> {
    let three = vec![hold(HoldBy::Holder, 1), hold(HoldBy::Counter, 2), hold(HoldBy::Authority, 3)];
    let mut states = vec![
        CertificateState::Held { holds: Vec::new() },
        CertificateState::Held { holds: vec![hold(HoldBy::Authority, 1)] },
        CertificateState::Valid,
        CertificateState::Suspended { holds: vec![hold(HoldBy::Holder, 1)] },
        CertificateState::Suspended { holds: three },
    ];
    states.extend(RevocationReason::ALL.map(|reason| CertificateState::Revoked { reason, at: days(5) }));
    states
}

async fn found(store: &dyn Store, certificate: &Certificate) -> Certificate {
    let mut reader = read(store).await;
    let by_id = reader.certificate(certificate.id).await.unwrap();
    let by_serial = reader.certificate_by_serial(certificate.generation, &certificate.serial).await.unwrap();
    assert_eq!(by_id, by_serial);
    by_id.unwrap()
}

async fn certificates_come_back_in_every_state(store: Arc<dyn Store>) {
    let (generation, holder) = with_generation(&*store).await;
    for (n, state) in (1..).zip(every_state()) {
        let inserted = Certificate { state: state.clone(), ..certificate(n, &generation, &holder) };
        write(&*store, async |work| work.insert_certificate(&inserted).await).await.unwrap();
        assert_eq!(found(&*store, &inserted).await, inserted);

        let mut updated = certificate(n + 50, &generation, &holder);
        write(&*store, async |work| work.insert_certificate(&updated).await).await.unwrap();
        updated.state = state;
        write(&*store, async |work| work.update_certificate(&mut updated).await).await.unwrap();
        assert_eq!(updated.version, 2);
        assert_eq!(found(&*store, &updated).await, updated);
    }
}

async fn roles_and_placements_come_back(store: Arc<dyn Store>) {
    let (generation, holder) = with_generation(&*store).await;
    let card = card(1, &holder);
    write(&*store, async |work| work.insert_card(&card).await).await.unwrap();
    let placements = [None, Some(Placement::Pending), Some(Placement::Written { read_back_at: days(2) })];
    for (n, (role, placement)) in
        (1..).zip(CertificateRole::ALL.into_iter().flat_map(|role| placements.map(|placement| (role, placement))))
    {
        let mut placed = certificate(n, &generation, &holder);
        placed.role = role;
        placed.card = Some(card.id);
        placed.job = Some(job_id(n));
        placed.placement = Some(Placement::Pending);
        write(&*store, async |work| work.insert_certificate(&placed).await).await.unwrap();
        assert_eq!(found(&*store, &placed).await, placed);
        placed.placement = placement;
        write(&*store, async |work| work.update_certificate(&mut placed).await).await.unwrap();
        assert_eq!(found(&*store, &placed).await, placed);
    }
}

async fn a_serial_number_is_taken_once_per_generation(store: Arc<dyn Store>) {
    let (first, holder) = with_generation(&*store).await;
    let second = generation(2);
    write(&*store, async |work| work.insert_generation(&second).await).await.unwrap();
    let one = certificate(1, &first, &holder);
    let twin = Certificate { serial: one.serial.clone(), ..certificate(2, &first, &holder) };
    let elsewhere = Certificate { serial: one.serial.clone(), ..certificate(3, &second, &holder) };
    write(&*store, async |work| work.insert_certificate(&one).await).await.unwrap();
    assert_stale(write(&*store, async |work| work.insert_certificate(&twin).await).await);
    write(&*store, async |work| work.insert_certificate(&elsewhere).await).await.unwrap();
    assert_eq!(found(&*store, &one).await, one);
    assert_eq!(found(&*store, &elsewhere).await, elsewhere);
    assert_eq!(read(&*store).await.certificate(twin.id).await.unwrap(), None);
}

async fn of_two_updates_of_one_version_the_second_is_stale(store: Arc<dyn Store>) {
    let (generation, holder) = with_generation(&*store).await;
    let mut first = certificate(1, &generation, &holder);
    write(&*store, async |work| work.insert_certificate(&first).await).await.unwrap();
    let mut second = first.clone();
    first.state = CertificateState::Valid;
    write(&*store, async |work| work.update_certificate(&mut first).await).await.unwrap();
    second.state = CertificateState::Revoked { reason: RevocationReason::KeyCompromise, at: days(1) };
    assert_stale(write(&*store, async |work| work.update_certificate(&mut second).await).await);
    assert_eq!(second.version, 1);
    assert_eq!(found(&*store, &first).await, first);
}

async fn certificates_of_a_card_come_oldest_first(store: Arc<dyn Store>) {
    let (generation, holder) = with_generation(&*store).await;
    let (one, other) = (card(1, &holder), card(2, &holder));
    let on = |n: u8, card, day| Certificate {
        card: Some(card),
        issued_at: days(day),
        ..certificate(n, &generation, &holder)
    };
    let (first, second, third) = (on(9, one.id, 1), on(1, one.id, 2), on(2, one.id, 2));
    write(&*store, async |work| {
        work.insert_card(&one).await?;
        work.insert_card(&other).await?;
        for certificate in [&third, &on(3, other.id, 1), &first, &certificate(4, &generation, &holder), &second] {
            work.insert_certificate(certificate).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(read(&*store).await.certificates_of_card(one.id).await.unwrap(), [first, second, third]);
}

async fn a_key_of_another_holder_is_known(store: Arc<dyn Store>) {
    let (generation, owner) = with_generation(&*store).await;
    let stranger = holder(2);
    let mut held = certificate(1, &generation, &owner);
    write(&*store, async |work| {
        work.insert_holder(&stranger).await?;
        work.insert_certificate(&held).await
    })
    .await
    .unwrap();
    let mut reader = read(&*store).await;
    assert!(!reader.key_used_by_another(&held.key_fingerprint, owner.id).await.unwrap());
    assert!(reader.key_used_by_another(&held.key_fingerprint, stranger.id).await.unwrap());
    assert!(!reader.key_used_by_another(&[99; 32], stranger.id).await.unwrap());

    // A revoked certificate's key is not free for others either.
    held.state = CertificateState::Revoked { reason: RevocationReason::Superseded, at: days(1) };
    write(&*store, async |work| work.update_certificate(&mut held).await).await.unwrap();
    assert!(read(&*store).await.key_used_by_another(&held.key_fingerprint, stranger.id).await.unwrap());
}

async fn revocations_are_all_that_are_not_valid_and_not_expired(store: Arc<dyn Store>) {
    let (one, holder) = with_generation(&*store).await;
    let other = generation(2);
    let of = |n: u8, generation: &Generation, state: &CertificateState| Certificate {
        state: state.clone(),
        ..certificate(n, generation, &holder)
    };
    let held = CertificateState::Held { holds: Vec::new() };
    let barred = CertificateState::Held { holds: vec![hold(HoldBy::Authority, 8)] };
    let twice = CertificateState::Suspended { holds: vec![hold(HoldBy::Holder, 3), hold(HoldBy::Counter, 4)] };
    let revoked = CertificateState::Revoked { reason: RevocationReason::KeyCompromise, at: days(5) };
    let now = days(10);
    let mut last_second = of(6, &one, &revoked);
    last_second.not_after = now;
    let mut expired = of(7, &one, &revoked);
    expired.not_after = days(9);
    let mut expired_and_held = of(8, &one, &held);
    expired_and_held.not_after = days(9);
    write(&*store, async |work| {
        work.insert_generation(&other).await?;
        for certificate in [
            last_second,
            expired,
            expired_and_held,
            of(5, &one, &revoked),
            of(4, &one, &twice),
            of(3, &one, &CertificateState::Valid),
            of(2, &one, &barred),
            of(1, &one, &held),
            of(9, &other, &revoked),
        ] {
            work.insert_certificate(&certificate).await?;
        }
        Ok(())
    })
    .await
    .unwrap();

    let issued_at = |n: u8| certificate(n, &one, &holder).issued_at;
    let entry = |n: u8, at, reason| Revocation { serial: serial(n), at, reason };
    let compromised = Some(RevocationReason::KeyCompromise);
    assert_eq!(
        read(&*store).await.revocations(one.id, now).await.unwrap(),
        [
            entry(1, issued_at(1), None),
            entry(2, issued_at(2), None),
            entry(4, days(3), None),
            entry(5, days(5), compromised),
            entry(6, days(5), compromised),
        ]
    );
}

async fn the_revision_counts_changes_of_status_alone(store: Arc<dyn Store>) {
    let (one, holder) = with_generation(&*store).await;
    let other = generation(2);
    write(&*store, async |work| work.insert_generation(&other).await).await.unwrap();
    let revisions = async || {
        let generations = read(&*store).await.generations().await.unwrap();
        (generations[0].revision, generations[1].revision)
    };
    assert_eq!(revisions().await, (0, 0));

    let mut certificate = certificate(1, &one, &holder);
    write(&*store, async |work| work.insert_certificate(&certificate).await).await.unwrap();
    assert_eq!(revisions().await, (1, 0), "a new certificate is held");

    // Each step: what changes, and the revision after it.
    let suspended = |holds: &[Hold]| CertificateState::Suspended { holds: holds.to_vec() };
    let (mine, yours) = (hold(HoldBy::Holder, 1), hold(HoldBy::Counter, 2));
    let pending = Some(Placement::Pending);
    let written = Some(Placement::Written { read_back_at: days(1) });
    let revoked = |reason| CertificateState::Revoked { reason, at: days(3) };
    let steps = [
        (pending, certificate.state.clone(), 1, "placement is no status"),
        (written, certificate.state.clone(), 1, "nor is another placement"),
        (written, CertificateState::Held { holds: vec![mine.clone()] }, 2, "held and barred"),
        (written, certificate.state.clone(), 3, "held again"),
        (written, CertificateState::Valid, 4, "accepted"),
        (written, CertificateState::Valid, 4, "nothing changed"),
        (written, suspended(std::slice::from_ref(&mine)), 5, "suspended"),
        (written, suspended(&[mine, yours.clone()]), 6, "a second hold"),
        (written, suspended(&[yours]), 7, "the first lifted: the entry's time changes"),
        (written, CertificateState::Valid, 8, "resumed"),
        (written, revoked(RevocationReason::Unspecified), 9, "revoked"),
        (written, revoked(RevocationReason::KeyCompromise), 10, "for another reason"),
    ];
    for (placement, state, revision, what) in steps {
        (certificate.placement, certificate.state) = (placement, state);
        write(&*store, async |work| work.update_certificate(&mut certificate).await).await.unwrap();
        assert_eq!(revisions().await, (revision, 0), "{what}");
    }

    // Neither what was refused nor what was rolled back counts.
    let mut old = Certificate { version: 1, state: CertificateState::Valid, ..certificate.clone() };
    assert_stale(write(&*store, async |work| work.update_certificate(&mut old).await).await);
    certificate.state = CertificateState::Valid;
    let rolled_back = write(&*store, async |work| {
        work.update_certificate(&mut certificate).await?;
        Err::<(), _>(StoreError::Row("changed its mind".into()))
    });
    rolled_back.await.unwrap_err();
    assert_eq!(revisions().await, (10, 0));
}
