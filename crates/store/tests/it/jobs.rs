//! Card jobs: every kind with every state, and the one open job that changes a card.

use crate::sample::{assert_stale, card, days, holder, job, made, read, seconds, with_card, write};
use kaika_app::{
    Store, StoreError,
    cards::{Ended, JobRecord, Receipt},
};
use kaika_domain::cards::{
    PukVersion,
    job::{CardJob, Step},
};
use kaika_wire::{
    Aftermath, Capabilities, CertificateId, CertificateRole, Code, Expectation, Guid, JobDetails, JobKind,
    KeyAlgorithm, Nonce, PinAfter, PinSource, Refusal, ResumeReason, RevokeReason, Slot, StationId, StatusChange,
    StatusChangeKind, SuspendReason,
};
use serde_json::{Value, json};
use std::sync::Arc;

on_both! {
    jobs_come_back_in_every_state,
    every_step_comes_back,
    every_end_comes_back,
    of_two_updates_of_one_version_the_second_is_stale,
    a_card_has_one_open_job_that_changes_it,
    a_job_that_only_reads_stands_beside_it,
    a_newer_job_fences_the_older,
    of_many_at_once_one_opens,
    held_are_jobs_that_have_not_ended,
    receipts_come_back_oldest_first,
    old_jobs_go_but_for_open_ones_that_change_their_card,
}

/// As a database has them: every phase of every kind.
fn every_state() -> Vec<CardJob> {
    let personalise = |phase: Value, tries: Option<u8>, wrong: bool| json!({"kind": "personalise", "phase": phase, "puk_tries_left": tries, "wrong_puk": wrong});
    let activate = |phase: &str, tries: Option<u8>, wrong: bool| json!({"kind": "activate", "phase": phase, "puk_tries_left": tries, "wrong_puk": wrong});
    let unlock = |phase: Value, tries: Option<u8>| json!({"kind": "unlock", "phase": phase, "puk_tries_left": tries, "wrong_puk": false});
    let states = [
        personalise(json!("surveying"), None, false),
        personalise(json!({"making_keys": {"roles": ["signature", "encryption", "login"]}}), Some(3), false),
        personalise(json!("issuing"), Some(3), false),
        personalise(json!("writing"), Some(3), false),
        personalise(json!("sealing"), Some(2), true),
        personalise(json!("completing"), Some(2), true),
        activate("proving", None, false),
        activate("testing_user_code", Some(3), false),
        activate("settling_puk", Some(3), false),
        activate("opening", Some(2), true),
        activate("accepting", Some(2), true),
        unlock(json!("replacing"), Some(1)),
        unlock(json!({"closing": {"code": "keypad_cancelled"}}), None),
        json!({"kind": "information"}),
        json!({"kind": "unlock", "phase": "opening", "puk_tries_left": 2, "wrong_puk": true}),
        json!({"kind": "check", "found": [{"role": "login", "on_card": null}]}),
        json!({"kind": "rewrite", "phase": "writing", "found": []}),
        json!({"kind": "test", "found": [], "work": ["signature", "login"]}),
        json!({"kind": "login", "asked_at": 1_795_000_000}),
    ];
    let states = states.into_iter().map(|state| serde_json::from_value(state).unwrap());
    // And every kind as it begins.
    let begun = JobKind::ALL.into_iter().filter_map(|kind| {
        let change = match kind.status_change()? {
            StatusChangeKind::Suspend => StatusChange::Suspend(SuspendReason::Lost),
            StatusChangeKind::Resume => StatusChange::Resume(ResumeReason::Found),
            StatusChangeKind::Revoke => StatusChange::Revoke(RevokeReason::Ceased),
        };
        CardJob::new(kind, &JobDetails::change(change), None)
    });
    let email = JobDetails::email("holder@kaika.example".parse().unwrap());
    states
        .chain(begun)
        .chain(JobKind::ALL.into_iter().filter_map(|kind| CardJob::new(kind, &email, Some(&Capabilities::default()))))
        .collect()
}

fn every_step() -> Vec<Step> {
    let certificate = CertificateId::new(days(0), [1; 10]);
    let guid = Guid::from_bytes([2; 16]);
    let (slot, algorithm) = (Slot::Signature, KeyAlgorithm::Rsa2048);
    vec![
        Step::ReadRetries,
        Step::ProveCard,
        Step::SignAcceptance { pin: PinSource::New, certificates: vec![certificate] },
        Step::ProvePossession { slot, algorithm },
        Step::Agree { slot: Slot::KeyManagement, algorithm: KeyAlgorithm::P384 },
        Step::ResetRetryCounter { puk: PukVersion(7), pin: PinSource::New },
        Step::ResetRetryCounter { puk: PukVersion(8), pin: PinSource::Keypad },
        Step::ProveHolder { pin: PinSource::Keypad },
        Step::AllowWriting { pin: PinSource::Current, email: None },
        Step::AllowWriting { pin: PinSource::Current, email: Some("holder@kaika.example".parse().unwrap()) },
        Step::ChallengeManagement,
        Step::TestKey { role: CertificateRole::Signature, pin: PinSource::Drawn },
        Step::TestPinEachTime,
        Step::TestPinForgotten,
        Step::PrepareObjects,
        Step::SetTries,
        Step::AnswerManagement { challenge: vec![3; 16] },
        Step::ChangePuk { from: PukVersion::FACTORY, to: PukVersion(u32::MAX) },
        Step::BlockPin,
        Step::OpenManagement,
        Step::GenerateKey { slot: Slot::from_reference(0x95).unwrap(), algorithm: KeyAlgorithm::P256 },
        Step::ReadKey { slot: Slot::CardAuthentication },
        Step::WriteCertificate { certificate },
        Step::ReadCertificate { certificate },
        Step::WriteIdentity { guid },
        Step::ReadIdentity { guid },
    ]
}

async fn found(store: &dyn Store, job: &JobRecord) -> JobRecord {
    read(store).await.job(job.id).await.unwrap().unwrap()
}

async fn insert(store: &dyn Store, job: &JobRecord) {
    write(store, async |work| work.insert_job(job).await).await.unwrap();
}

async fn update(store: &dyn Store, job: &mut JobRecord) {
    write(store, async |work| work.update_job(job).await).await.unwrap();
}

async fn jobs_come_back_in_every_state(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    // A change of PIN is between agent and card alone.
    for kind in JobKind::ALL.into_iter().filter(|kind| kind.has_server()) {
        assert!(every_state().iter().any(|state| state.kind() == kind), "{kind:?} is in the list");
    }
    for (n, state) in (1..).zip(every_state()) {
        let mut inserted = job(n, JobKind::Information, &card);
        inserted.state = state.clone();
        inserted.open = false;
        inserted.station = (n % 2 == 0).then(|| StationId::new(days(0), [n; 10]));
        inserted.expectation = Expectation::Device(u32::MAX);
        insert(&*store, &inserted).await;
        assert_eq!(found(&*store, &inserted).await, inserted);

        let mut updated = job(n + 100, JobKind::Information, &card);
        updated.state = CardJob::new(state.kind(), &JobDetails::default(), None).unwrap_or_else(|| state.clone());
        insert(&*store, &updated).await;
        updated.state = state;
        updated.open = false;
        updated.sequence = u32::MAX;
        updated.nonce = Nonce([0xee; 32]);
        updated.expectation = Expectation::Device(n.into());
        updated.updated_at = days(1);
        update(&*store, &mut updated).await;
        assert_eq!(updated.version, 2);
        assert_eq!(found(&*store, &updated).await, updated);
    }
}

async fn every_step_comes_back(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let mut job = job(1, JobKind::Personalise, &card);
    job.steps = every_step();
    insert(&*store, &job).await;
    assert_eq!(found(&*store, &job).await, job);
    job.steps.reverse();
    update(&*store, &mut job).await;
    assert_eq!(found(&*store, &job).await, job);
}

async fn every_end_comes_back(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let full = Refusal {
        certain: "certain".to_owned(),
        aftermath: Some(Aftermath { pin: PinAfter::Unsure, changed: true, ..Aftermath::nothing(JobKind::Unlock) }),
        code: Code::UserCodeWrong,
        message: "用戶代碼錯誤".into(),
        next_step: "\"再試一次\"".into(),
        tries_left: Some(2),
        authority: Some(card.authority.clone()),
        contact: Some("02-0000-0000".into()),
        status: Some(kaika_wire::CertificateStatus::Suspended),
        certificates: vec![kaika_wire::RoleStatus {
            role: CertificateRole::Login,
            status: kaika_wire::CertificateStatus::Expired,
        }],
        missing: vec![kaika_wire::Lack::ManagementKeyAes],
        detail: Some("status word 6a80".into()),
    };
    let mut ends = vec![None, Some(Ended::Succeeded), Some(Ended::Fenced), Some(Ended::Failed(full))];
    ends.extend(Code::ALL.iter().map(|code| Some(Ended::Failed((*code).into()))));
    for (n, ended) in (1..).zip(ends) {
        let mut job = job(n, JobKind::Activate, &card);
        insert(&*store, &job).await;
        (job.open, job.ended) = (false, ended.clone());
        update(&*store, &mut job).await;
        assert_eq!(found(&*store, &job).await, job);

        job.id = kaika_wire::JobId::new(days(1), [n; 10]);
        insert(&*store, &job).await;
        assert_eq!(found(&*store, &job).await, job);
    }
}

async fn of_two_updates_of_one_version_the_second_is_stale(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let mut first = job(1, JobKind::Activate, &card);
    insert(&*store, &first).await;
    let mut second = first.clone();
    first.sequence = 1;
    update(&*store, &mut first).await;
    second.sequence = 2;
    assert_stale(write(&*store, async |work| work.update_job(&mut second).await).await);
    assert_eq!(second.version, 1);
    assert_eq!(found(&*store, &first).await, first);
    assert_eq!(read(&*store).await.job(job(2, JobKind::Activate, &card).id).await.unwrap(), None);
}

async fn a_card_has_one_open_job_that_changes_it(store: Arc<dyn Store>) {
    let one = with_card(&*store).await;
    let other = card(2, &holder(1));
    write(&*store, async |work| work.insert_card(&other).await).await.unwrap();
    assert_eq!(read(&*store).await.open_job(one.id).await.unwrap(), None);

    let mut first = job(1, JobKind::Personalise, &one);
    insert(&*store, &first).await;
    let mut second = job(2, JobKind::Activate, &one);
    assert_stale(write(&*store, async |work| work.insert_job(&second).await).await);
    insert(&*store, &job(3, JobKind::Activate, &other)).await;
    assert_eq!(read(&*store).await.open_job(one.id).await.unwrap(), Some(first.clone()));

    second.open = false;
    insert(&*store, &second).await;
    second.open = true;
    assert_stale(write(&*store, async |work| work.update_job(&mut second).await).await);

    first.open = false;
    update(&*store, &mut first).await;
    update(&*store, &mut second).await;
    assert_eq!(read(&*store).await.open_job(one.id).await.unwrap(), Some(second));
}

async fn a_job_that_only_reads_stands_beside_it(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let changing = job(1, JobKind::Activate, &card);
    let reading = [job(2, JobKind::Information, &card), job(3, JobKind::Information, &card)];
    insert(&*store, &reading[0]).await;
    assert_eq!(read(&*store).await.open_job(card.id).await.unwrap(), None);
    insert(&*store, &changing).await;
    insert(&*store, &reading[1]).await;
    assert_eq!(read(&*store).await.open_job(card.id).await.unwrap(), Some(changing));
    for job in reading {
        assert_eq!(found(&*store, &job).await, job);
    }
}

async fn a_newer_job_fences_the_older(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let mut older = job(1, JobKind::Activate, &card);
    insert(&*store, &older).await;
    let newer = job(2, JobKind::Activate, &card);
    let fenced = write(&*store, async |work| {
        let mut open = work.open_job(card.id).await?.unwrap();
        (open.open, open.ended) = (false, Some(Ended::Fenced));
        work.update_job(&mut open).await?;
        work.insert_job(&newer).await?;
        Ok(open)
    });
    let fenced = fenced.await.unwrap();
    older.sequence = 1;
    assert_stale(write(&*store, async |work| work.update_job(&mut older).await).await);
    assert_eq!(found(&*store, &older).await, fenced);
    assert_eq!(read(&*store).await.open_job(card.id).await.unwrap(), Some(newer));
}

async fn of_many_at_once_one_opens(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let tasks: Vec<_> = (1..=20)
        .map(|n| {
            let (store, job) = (Arc::clone(&store), job(n, JobKind::Activate, &card));
            tokio::spawn(async move {
                let mut work = store.begin().await?;
                work.insert_job(&job).await?;
                work.commit().await.map(|()| job)
            })
        })
        .collect();
    let mut opened = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(job) => opened.push(job),
            refused => assert_stale(refused),
        }
    }
    assert_eq!(opened.len(), 1);
    assert_eq!(read(&*store).await.open_job(card.id).await.unwrap(), opened.pop());
}

async fn receipts_come_back_oldest_first(store: Arc<dyn Store>) {
    let one = with_card(&*store).await;
    let other = card(2, &holder(1));
    write(&*store, async |work| work.insert_card(&other).await).await.unwrap();
    let receipt = |n: u8, card, second| Receipt {
        job: job(n, JobKind::Activate, &one).id,
        card,
        cms: vec![0x30, 0x00, n],
        at: seconds(second),
    };
    let (first, second) = (receipt(9, one.id, 1), receipt(1, one.id, 2));
    for receipt in [&second, &receipt(3, other.id, 1), &first] {
        write(&*store, async |work| work.insert_receipt(receipt).await).await.unwrap();
    }
    let again = receipt(9, one.id, 5);
    assert_stale(write(&*store, async |work| work.insert_receipt(&again).await).await);
    assert_eq!(read(&*store).await.receipts(one.id).await.unwrap(), [first, second]);
    assert_eq!(read(&*store).await.receipts(card(3, &holder(1)).id).await.unwrap(), []);
}

async fn old_jobs_go_but_for_open_ones_that_change_their_card(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let last_heard = |n, kind, open, second| JobRecord {
        open,
        ended: (!open).then_some(Ended::Succeeded),
        updated_at: seconds(second),
        ..job(n, kind, &card)
    };
    let [changing, ended, younger, read_only, oldest] = [
        last_heard(1, JobKind::Activate, true, 1),
        last_heard(2, JobKind::Activate, false, 2),
        last_heard(3, JobKind::Activate, false, 4),
        last_heard(4, JobKind::Check, true, 3),
        last_heard(5, JobKind::Activate, false, 0),
    ];
    let receipt = Receipt { job: ended.id, card: card.id, cms: vec![0x30], at: seconds(2) };
    write(&*store, async |work| {
        work.insert_receipt(&receipt).await?;
        for job in [&changing, &ended, &younger, &read_only, &oldest] {
            work.insert_job(job).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let delete = async |limit| write(&*store, async |work| work.delete_jobs(seconds(4), limit).await).await.unwrap();
    let left = async |jobs: &[&JobRecord]| {
        let mut reader = read(&*store).await;
        for job in [&changing, &ended, &younger, &read_only, &oldest] {
            let expected = jobs.contains(&job).then_some(job);
            assert_eq!(reader.job(job.id).await.unwrap().as_ref(), expected, "{:?}", job.id);
        }
    };
    assert_eq!(delete(1).await, 1);
    left(&[&changing, &ended, &younger, &read_only]).await;
    assert_eq!(delete(10).await, 2);
    left(&[&changing, &younger]).await;
    assert_eq!(delete(10).await, 0);
    assert_eq!(read(&*store).await.receipts(card.id).await.unwrap(), [receipt], "evidence stays");
}

async fn held_are_jobs_that_have_not_ended(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let (open, mut ended) = (job(1, JobKind::Activate, &card), job(2, JobKind::Check, &card));
    ended.open = false;
    ended.ended = Some(Ended::Fenced);
    write(&*store, async |work| {
        work.insert_job(&open).await?;
        work.insert_job(&ended).await
    })
    .await
    .unwrap();
    let unknown = job(3, JobKind::Check, &card).id;
    let found = write(&*store, async |work| work.hold_jobs(&[open.id, ended.id, unknown]).await).await.unwrap();
    assert_eq!(found, [ended.id]);
    assert_eq!(write(&*store, async |work| work.hold_jobs(&[]).await).await.unwrap(), []);
    assert_eq!(read(&*store).await.job(open.id).await.unwrap(), Some(open), "they are as they were");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_job_does_not_end_in_postgres() {
    let url = kaika_testkit::postgres::fresh_database();
    let store = made(&format!("{url}&options=-c%20lock_timeout%3D50ms")).await;
    let card = with_card(&*store).await;
    let mut job = job(1, JobKind::Activate, &card);
    write(&*store, async |work| work.insert_job(&job).await).await.unwrap();
    let mut work = store.begin().await.unwrap();
    assert_eq!(work.hold_jobs(&[job.id]).await.unwrap(), []);
    job.ended = Some(Ended::Fenced);
    let waits = write(&*store, async |work| work.update_job(&mut job).await).await;
    assert!(matches!(waits, Err(StoreError::Database(_))), "{waits:?}");
    work.commit().await.unwrap();
    write(&*store, async |work| work.update_job(&mut job).await).await.unwrap();
}
