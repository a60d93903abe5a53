//! PostgreSQL stopped in the middle of an activation, and no room left for SQLite to write in.

use super::{
    scene::{Job, Scene},
    table::Table,
};
use crate::{bench::Running, demo::END};
use kaika_testkit::{
    line::{Moment, Then},
    postgres::TestPostgres,
};
use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

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

/// A page of SQLite with its head in the log (https://www.sqlite.org/fileformat2.html#the_write_ahead_log).
const FRAME: u64 = 4096 + 24;

/// What there is room for when a message arrives: nothing; half a page; some pages, so that some of its transactions
/// are committed and the next one is not.
const ROOM: [(&str, u64); 3] = [("no room", 0), ("room for half a page", FRAME / 2), ("room for 8 pages", 8 * FRAME)];

/// No file of the server's may grow over a limit, which anybody may set: SQLite cannot write to its log. There is room
/// again after two refusals, or where the agent gave up.
#[test]
fn disk_full() {
    let mut scene = Scene::on("sqlite:kaika.db");
    let server = scene.serve();
    let messages = scene.messages();
    let mut table = Table::new("disk full");
    for (at, (room, bytes)) in (2..=messages.of(Job::Personalise)).flat_map(|at| ROOM.map(|room| (at, room))) {
        scene.start_anew(&server);
        let card = scene.card();
        for job in messages.with(at) {
            let refused = scene.fill(&server, at, bytes, Some(2));
            let first = scene.run(job, &card);
            Scene::limit_files(&server.lock().unwrap(), None);
            let cell = format!("disk full, {} {at}, {room}", job.name());
            assert!(bytes > 0 || refused.load(Ordering::SeqCst) > 0, "{cell}: nothing was refused");
            let ended = scene.resume(job, &card, Some(first), &cell);
            table.cell(job, at, room, ended);
        }
    }
    for at in 2..=messages.of(Job::Activate) {
        scene.start_anew(&server);
        let card = scene.personalised();
        scene.fill(&server, at, 0, None);
        let first = scene.run(Job::Activate, &card);
        first.refused("busy");
        assert_eq!(scene.readyz(), Some(503), "it can still read, and no more");
        assert!(server.lock().unwrap().stderr().contains("the database failed"));
        Scene::limit_files(&server.lock().unwrap(), None);
        let ended = scene.resume(Job::Activate, &card, None, &format!("disk full for long, activate {at}"));
        table.cell(Job::Activate, at, "no room for long", ended);
    }
    table.keep();
}

impl Scene {
    /// The server once more: it folds its log into the database, and begins a new one.
    fn start_anew(&self, server: &Mutex<Running>) {
        let mut server = server.lock().unwrap();
        server.interrupt();
        assert!(server.wait_for_end(END).success(), "{}", server.stderr());
        *server = self.starter()();
        self.wait_until_ready();
    }

    /// Leaves so much room from this message on, until so many were refused; gives how many are.
    fn fill(&self, server: &Arc<Mutex<Running>>, at: usize, bytes: u64, refusals: Option<usize>) -> Arc<AtomicUsize> {
        let (server, log) = (Arc::clone(server), self.authority.path("kaika.db-wal"));
        let refused = Arc::new(AtomicUsize::new(0));
        self.line.watch({
            let refused = Arc::clone(&refused);
            move |number, moment| {
                match moment {
                    Moment::Arrived if number == at => {
                        let size = fs::metadata(&log).unwrap().len();
                        Scene::limit_files(&server.lock().unwrap(), Some(size + bytes));
                    }
                    Moment::Answered(500..) if Some(refused.fetch_add(1, Ordering::SeqCst) + 1) == refusals => {
                        Scene::limit_files(&server.lock().unwrap(), None);
                    }
                    _ => {}
                }
                Then::PassOn
            }
        });
        refused
    }
}
