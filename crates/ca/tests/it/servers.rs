//! Several servers that issue on one database.

use crate::guards::cut_off;
use crate::world::World;
use kaika_app::{
    authorities::{IssueError, Issuer},
    cards::{Ended, JobRecord},
};
use kaika_domain::cards::job::CardJob;
use kaika_testkit::postgres::{fresh_database, psql};
use kaika_wire::{Capabilities, CertificateRole, Expectation, JobDetails, JobKind, Nonce};

/// Until somebody waits for another's row.
async fn until_one_waits(url: &str) {
    const WAITING: &str =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    loop {
        let url = url.to_owned();
        let waiting = tokio::task::spawn_blocking(move || psql(&url, WAITING)).await.unwrap();
        if waiting.trim() != "0" {
            return;
        }
    }
}

/// On one thread, so that both orders wait in the queue before one of them is taken: they are a group.
#[tokio::test]
async fn a_group_takes_generations_in_one_order() {
    let url = fresh_database();
    let world = World::on_postgres(url.clone()).await;
    let mut generations = [world.found("gca").await, world.found("xca").await];
    generations.sort_by_key(|generation| generation.id);
    let [first, second] = generations.map(|generation| generation.owner.as_str().to_owned());
    let role = CertificateRole::Signature;
    let mut issued = Vec::new();
    for owner in [&first, &second] {
        let order = world.order(owner, role).await;
        issued.push(world.ca.issue(&order).await.unwrap());
    }
    for certificate in &mut issued {
        certificate.state = certificate.state.clone().accept().unwrap();
    }
    let orders = [world.order(&second, role).await, world.order(&first, role).await];

    // Another server that changes certificates of both, and would rather fail than wait.
    let other = kaika_store::open(&format!("{url}&options=-c%20lock_timeout%3D100ms")).await.unwrap();
    let mut work = other.begin().await.unwrap();
    work.update_certificate(&mut issued[0]).await.unwrap();
    let change_both = async {
        until_one_waits(&url).await;
        work.update_certificate(&mut issued[1]).await.unwrap();
        work.commit().await.unwrap();
    };
    let [last, before] = &orders;
    let (one, two, ()) = tokio::join!(world.ca.issue(last), world.ca.issue(before), change_both);
    one.unwrap();
    two.unwrap();
}

/// A server that hung in the midst of issuing goes on when another job has the card.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_issued_for_a_job_that_has_ended() {
    for world in [World::new().await, World::on_postgres(fresh_database()).await] {
        world.found("gca").await;
        let order = world.order("gca", CertificateRole::Signature).await;
        let left = cut_off(&world, &order).await;
        let mut job = JobRecord {
            id: order.job().unwrap(),
            card: order.card().unwrap().id,
            station: None,
            open: true,
            token_sha256: [1; 32].into(),
            state: CardJob::new(JobKind::Personalise, &JobDetails::default(), Some(&Capabilities::default())).unwrap(),
            sequence: 2,
            nonce: Nonce([1; 32]),
            steps: Vec::new(),
            expectation: Expectation::Device(4711),
            ended: None,
            origin: "https://portal.example.tw".to_owned(),
            started_at: order.card().unwrap().ordered_at,
            updated_at: order.card().unwrap().ordered_at,
            worker: None,
            version: 1,
        };
        let mut work = world.store.begin().await.unwrap();
        work.insert_job(&job).await.unwrap();
        (job.open, job.ended) = (false, Some(Ended::Fenced));
        work.update_job(&mut job).await.unwrap();
        work.commit().await.unwrap();

        // Beside one that goes on.
        let other = world.order("gca", CertificateRole::Signature).await;
        let (refused, issued) = tokio::join!(world.ca.issue(&order), world.ca.issue(&other));
        assert!(matches!(refused, Err(IssueError::JobOver)), "{refused:?}");
        issued.unwrap();
        let mut reader = world.store.read().await.unwrap();
        assert_eq!(reader.certificates_of_card(order.card().unwrap().id).await.unwrap(), []);
        assert_eq!(reader.certificate_by_serial(left.generation, &left.serial).await.unwrap(), None);
        assert_eq!(reader.unfinished_issuances(left.at + time::Duration::DAY).await.unwrap(), []);
    }
}
