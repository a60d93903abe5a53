//! Several servers that issue on one PostgreSQL.

use crate::world::World;
use kaika_app::Issuer;
use kaika_testkit::postgres::{fresh_database, psql};
use kaika_wire::CertificateRole;

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
