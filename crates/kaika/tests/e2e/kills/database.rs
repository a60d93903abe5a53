//! PostgreSQL stopped in the middle of an activation, and a disk with no room left for SQLite.

use super::{
    scene::{Job, Scene},
    table::Table,
};
use kaika_testkit::{line::Then, postgres::TestPostgres};
use std::sync::{Arc, Mutex};

/// It is stopped at each message; once the server has said that it is not ready, it is started on its data.
#[test]
fn postgresql() {
    let postgres = Arc::new(Mutex::new(TestPostgres::start_lasting()));
    let database = postgres.lock().unwrap().fresh_database();
    let mut scene = Scene::on(&database);
    let _server = scene.serve();
    let messages = scene.messages();
    let mut table = Table::new("PostgreSQL stopped");
    for (at, when) in messages.each().filter(|(at, _)| *at <= messages.of(Job::Activate)) {
        let card = scene.personalised();
        let cut = scene.cut_and(at, when, Then::PassOn, {
            let postgres = Arc::clone(&postgres);
            move || postgres.lock().unwrap().stop()
        });
        let mut agent = scene.begin(Job::Activate, &card);
        cut.wait();
        assert_eq!(scene.readyz(), Some(503));
        postgres.lock().unwrap().start_again();
        scene.wait_until_ready();
        let first = agent.said();
        let ended = scene.resume(Job::Activate, &card, Some(first), &format!("PostgreSQL, {at} {when:?}"));
        table.cell(Job::Activate, at, when.words(), ended);
    }
    table.keep();
}
