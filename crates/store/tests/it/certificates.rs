//! Certificates: their states and placements, what a revocation list shows of them, and the revision that tells of it.

use crate::sample::{
    assert_stale, card, certificate, days, generation, holder, job_id, read, serial, with_generation, write,
};
use kaika_app::{Store, StoreError, authorities::Generation, certificates::KeyUse, status::StatusRecord};
use kaika_domain::certificates::{Certificate, CertificateState, Hold, HoldBy, Placement, RevocationReason};
use kaika_pki::KeyFingerprint;
use kaika_pki::crl::{RevocationReason as CrlReason, Revoked};
use kaika_wire::{CertificateRole, SerialNumber};
use std::{slice::from_ref, sync::Arc};
use time::OffsetDateTime;

on_both! {
    certificates_come_back_in_every_state,
    roles_and_placements_come_back,
    a_serial_number_is_taken_once_per_generation,
    of_two_updates_of_one_version_the_second_is_stale,
    certificates_of_a_card_come_oldest_first,
    a_key_of_another_holder_is_known,
    revocations_are_all_that_are_not_valid_and_not_expired,
    a_shard_has_its_own_revocations_and_changes,
    the_revision_counts_changes_of_status_alone,
    a_responder_learns_the_status_with_the_revision_it_was_read_at,
    changes_of_status_are_counted_where_they_may_have_been_made,
    many_certificates_are_put_on_record_at_once,
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
    assert_eq!(by_id, reader.certificate_by_digest(&certificate.sha256).await.unwrap());
    by_id.unwrap()
}

async fn certificates_come_back_in_every_state(store: Arc<dyn Store>) {
    let (generation, holder) = with_generation(&*store).await;
    for (n, state) in (1..).zip(every_state()) {
        let inserted = Certificate { state: state.clone(), ..certificate(n, &generation, &holder) };
        write(&*store, async |work| work.insert_certificates(from_ref(&inserted)).await).await.unwrap();
        assert_eq!(found(&*store, &inserted).await, inserted);

        let mut updated = certificate(n + 50, &generation, &holder);
        write(&*store, async |work| work.insert_certificates(from_ref(&updated)).await).await.unwrap();
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
        placed.role = role.into();
        placed.card = Some(card.id);
        placed.job = Some(job_id(n));
        placed.placement = Some(Placement::Pending);
        write(&*store, async |work| work.insert_certificates(from_ref(&placed)).await).await.unwrap();
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
    write(&*store, async |work| work.insert_certificates(from_ref(&one)).await).await.unwrap();
    assert_stale(write(&*store, async |work| work.insert_certificates(from_ref(&twin)).await).await);
    write(&*store, async |work| work.insert_certificates(from_ref(&elsewhere)).await).await.unwrap();
    assert_eq!(found(&*store, &one).await, one);
    assert_eq!(found(&*store, &elsewhere).await, elsewhere);
    assert_eq!(read(&*store).await.certificate(twin.id).await.unwrap(), None);
}

async fn of_two_updates_of_one_version_the_second_is_stale(store: Arc<dyn Store>) {
    let (generation, holder) = with_generation(&*store).await;
    let mut first = certificate(1, &generation, &holder);
    write(&*store, async |work| work.insert_certificates(from_ref(&first)).await).await.unwrap();
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
            work.insert_certificates(from_ref(certificate)).await?;
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
        work.insert_certificates(from_ref(&held)).await
    })
    .await
    .unwrap();
    let by_owner = KeyUse {
        fingerprint: held.key_fingerprint,
        holder: owner.id,
        card: None,
        role: CertificateRole::Signature.into(),
    };
    let uses = async |keys: &[KeyFingerprint]| read(&*store).await.uses_of_keys(keys).await.unwrap();
    assert_eq!(uses(&[held.key_fingerprint, [99; 32].into()]).await, std::slice::from_ref(&by_owner));
    assert_eq!(uses(&[[99; 32].into()]).await, []);

    // A revoked certificate's key is not free for others either.
    held.state = CertificateState::Revoked { reason: RevocationReason::Superseded, at: days(1) };
    write(&*store, async |work| work.update_certificate(&mut held).await).await.unwrap();
    // Another's, on a card, is told beside it.
    let card = card(1, &stranger);
    let second = Certificate {
        key_fingerprint: held.key_fingerprint,
        card: Some(card.id),
        role: CertificateRole::Login.into(),
        ..certificate(2, &generation, &stranger)
    };
    write(&*store, async |work| {
        work.insert_card(&card).await?;
        work.insert_certificates(from_ref(&second)).await
    })
    .await
    .unwrap();
    let by_stranger =
        KeyUse { holder: stranger.id, card: Some(card.id), role: CertificateRole::Login.into(), ..by_owner.clone() };
    let mut uses = uses(&[held.key_fingerprint]).await;
    uses.sort_by_key(|used| used.card.is_some());
    assert_eq!(uses, [by_owner, by_stranger]);
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
            work.insert_certificates(from_ref(&certificate)).await?;
        }
        Ok(())
    })
    .await
    .unwrap();

    let issued_at = |n: u8| certificate(n, &one, &holder).issued_at;
    let (hold, compromised) = (CrlReason::CertificateHold, CrlReason::KeyCompromise);
    let all = [
        entry(1, issued_at(1), hold),
        entry(2, issued_at(2), hold),
        entry(4, days(3), hold),
        entry(5, days(5), compromised),
        entry(6, days(5), compromised),
    ];
    for shard in [None, Some(0)] {
        assert_eq!(revocations(&*store, &one, shard, now).await, all);
    }
    assert_eq!(revocations(&*store, &one, Some(1), now).await, []);
}

fn entry(n: u8, at: OffsetDateTime, reason: CrlReason) -> Revoked {
    Revoked { serial: pki_serial(&serial(n)), at, reason }
}

fn pki_serial(serial: &SerialNumber) -> kaika_pki::Serial {
    kaika_pki::Serial::new(serial.as_be_bytes()).unwrap()
}

async fn revocations(
    store: &dyn Store,
    generation: &Generation,
    shard: Option<u32>,
    now: OffsetDateTime,
) -> Vec<Revoked> {
    let mut entries = read(store).await.revocations(generation.id, shard, now).await.unwrap();
    entries.sort_by_key(|entry| entry.serial);
    entries
}

async fn a_shard_has_its_own_revocations_and_changes(store: Arc<dyn Store>) {
    let (generation, holder) = with_generation(&*store).await;
    let in_shard = |n: u8, shard| Certificate { shard, ..certificate(n, &generation, &holder) };
    let (mut first, second, third) = (in_shard(1, 0), in_shard(2, 1), in_shard(3, 1));
    let revision = async |shard| read(&*store).await.shard_revision(generation.id, shard).await.unwrap();
    let changed = async |shard, since, limit| {
        let mut reader = read(&*store).await;
        let mut serials = reader.changed_since(generation.id, shard, since, limit).await.unwrap();
        serials.sort_by_key(ToString::to_string);
        serials
    };
    assert_eq!((revision(None).await, revision(Some(0)).await), (0, 0));
    write(&*store, async |work| work.insert_certificates(&[second.clone(), third.clone()]).await).await.unwrap();
    write(&*store, async |work| work.insert_certificates(from_ref(&first)).await).await.unwrap();
    assert_eq!((revision(None).await, revision(Some(0)).await, revision(Some(1)).await), (2, 2, 1));
    assert_eq!(changed(0, 0, 10).await, from_ref(&first.serial));
    assert_eq!(changed(1, 0, 10).await, [second.serial.clone(), third.serial.clone()]);
    assert_eq!(changed(1, 0, 1).await.len(), 1);
    assert_eq!(changed(1, 1, 10).await, []);

    let issued_at = |n: u8| certificate(n, &generation, &holder).issued_at;
    let hold = CrlReason::CertificateHold;
    let now = days(1);
    assert_eq!(revocations(&*store, &generation, Some(0), now).await, [entry(1, issued_at(1), hold)]);
    let of_second = [entry(2, issued_at(2), hold), entry(3, issued_at(3), hold)];
    assert_eq!(revocations(&*store, &generation, Some(1), now).await, of_second);
    assert_eq!(revocations(&*store, &generation, Some(2), now).await, []);

    first.state = CertificateState::Valid;
    write(&*store, async |work| work.update_certificate(&mut first).await).await.unwrap();
    assert_eq!((revision(Some(0)).await, revision(Some(1)).await), (3, 1));
    assert_eq!(changed(0, 2, 10).await, from_ref(&first.serial));
    assert_eq!(revocations(&*store, &generation, None, now).await, of_second);
}

async fn a_responder_learns_the_status_with_the_revision_it_was_read_at(store: Arc<dyn Store>) {
    let (generation, holder) = with_generation(&*store).await;
    let status = async |n: u8| read(&*store).await.certificate_status(generation.id, &serial(n)).await.unwrap();
    assert_eq!(status(1).await, None);
    for (n, state) in (1..).zip(every_state()) {
        let issued = Certificate { state: state.clone(), ..certificate(n, &generation, &holder) };
        write(&*store, async |work| work.insert_certificates(from_ref(&issued)).await).await.unwrap();
        let expected = StatusRecord { state, issued_at: issued.issued_at, read_at: n.into() };
        assert_eq!(status(n).await, Some(expected));
    }
    // What changes elsewhere in the generation counts too.
    assert!(status(1).await.unwrap().read_at > 1);
}

async fn changes_of_status_are_counted_where_they_may_have_been_made(store: Arc<dyn Store>) {
    let (generation, holder) = with_generation(&*store).await;
    let mut certificate = certificate(1, &generation, &holder);
    write(&*store, async |work| work.insert_certificates(from_ref(&certificate)).await).await.unwrap();
    assert_eq!(store.status_changes(), 0, "nobody has been told of a new one");
    certificate.placement = Some(Placement::Pending);
    write(&*store, async |work| work.update_certificate(&mut certificate).await).await.unwrap();
    assert_eq!(store.status_changes(), 0);
    certificate.state = CertificateState::Valid;
    write(&*store, async |work| work.update_certificate(&mut certificate).await).await.unwrap();
    assert_eq!(store.status_changes(), 1);
    certificate.state = CertificateState::Revoked { reason: RevocationReason::Superseded, at: days(1) };
    let rolled_back = write(&*store, async |work| {
        work.update_certificate(&mut certificate).await?;
        Err::<(), _>(StoreError::Row("changed its mind".into()))
    });
    rolled_back.await.unwrap_err();
    assert_eq!(store.status_changes(), 1);
}

async fn many_certificates_are_put_on_record_at_once(store: Arc<dyn Store>) {
    let (generation, holder) = with_generation(&*store).await;
    let many: Vec<_> = (1..=200).map(|n| certificate(n, &generation, &holder)).collect();
    write(&*store, async |work| work.insert_certificates(&many).await).await.unwrap();
    for certificate in &many {
        assert_eq!(found(&*store, certificate).await, *certificate);
    }
    assert_eq!(read(&*store).await.generations().await.unwrap()[0].revision, 1, "one transaction, one change");
    let keys: Vec<_> = many.iter().map(|certificate| certificate.key_fingerprint).collect();
    assert_eq!(read(&*store).await.uses_of_keys(&keys).await.unwrap().len(), 200);
    // All or none.
    let fresh = certificate(201, &generation, &holder);
    assert_stale(write(&*store, async |work| work.insert_certificates(&[fresh.clone(), many[0].clone()]).await).await);
    assert_eq!(read(&*store).await.certificate(fresh.id).await.unwrap(), None);
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
    write(&*store, async |work| work.insert_certificates(from_ref(&certificate)).await).await.unwrap();
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
