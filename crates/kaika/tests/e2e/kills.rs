//! Server and agent killed for real, once per message between agent and portal: the same inputs again bring the card to
//! its end.

#[path = "kills/database.rs"]
mod database;
#[path = "kills/held.rs"]
mod held;
#[path = "kills/scene.rs"]
mod scene;
#[path = "kills/table.rs"]
mod table;

use crate::bench::Running;
use kaika_testkit::line::{Moment, Then};
use scene::{Job, Messages, Scene};
use std::{
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use table::{Ended, Table};

/// When, of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// The request never gets to the server.
    Before,
    /// The server has worked on it for so long; most requests take it 5 to 30 ms.
    AtWork(Duration),
    /// The answer never gets to the agent.
    After,
}

impl When {
    const ALL: [When; 3] = [When::Before, When::AtWork(Duration::from_millis(6)), When::After];

    fn is(self, moment: Moment) -> bool {
        matches!(
            (self, moment),
            (When::Before, Moment::Arrived) | (When::AtWork(_), Moment::HandedOn) | (When::After, Moment::Answered(_))
        )
    }

    fn words(self) -> &'static str {
        match self {
            When::Before => "before it arrived",
            When::AtWork(_) => "while it was answered",
            When::After => "before the answer arrived",
        }
    }
}

/// The server is killed and started again at once, while the agent asks again, or gives up.
#[test]
fn the_server() {
    let mut scene = Scene::on("sqlite:kaika.db");
    let server = scene.serve();
    let messages = scene.messages();
    let mut table = Table::new("server killed");
    for (at, when) in messages.each() {
        let card = scene.card();
        for job in messages.with(at) {
            let cut = scene.cut(at, when, {
                let (server, start) = (Arc::clone(&server), scene.starter());
                move || {
                    let mut server = server.lock().unwrap();
                    server.kill();
                    *server = start();
                }
            });
            let first = scene.run(job, &card);
            assert!(cut.reached(), "{} {at} {when:?}: {}", job.name(), first.document);
            scene.wait_until_ready();
            let ended = scene.resume(job, &card, Some(first), &format!("{} {at} {when:?}", job.name()));
            table.cell(job, at, when.words(), ended);
        }
    }
    table.keep();
}

/// It stays down until the agent has given up, after its last pause.
#[test]
fn the_server_for_long() {
    let mut scene = Scene::on("sqlite:kaika.db");
    let server = scene.serve();
    let messages = scene.messages();
    let mut table = Table::new("server killed for long");
    for at in 3..=messages.of(Job::Activate) {
        let card = scene.personalised();
        let cut = scene.cut(at, When::After, {
            let server = Arc::clone(&server);
            move || server.lock().unwrap().kill()
        });
        let first = scene.run(Job::Activate, &card);
        first.refused("server_unreachable");
        assert!(cut.reached());
        *server.lock().unwrap() = scene.starter()();
        scene.wait_until_ready();
        let ended = scene.resume(Job::Activate, &card, None, &format!("activate {at}, down for long"));
        assert_ne!(ended, Ended::AtOnce);
        table.cell(Job::Activate, at, When::After.words(), ended);
    }
    table.keep();
}

/// The card tool is killed, with its card in a transaction of pcscd.
#[test]
fn the_agent() {
    let mut scene = Scene::on("sqlite:kaika.db");
    let _server = scene.serve();
    let messages = scene.messages();
    let mut table = Table::new("agent killed");
    for (at, when) in messages.each() {
        let card = scene.card();
        for job in messages.with(at) {
            let agent: Arc<Mutex<Option<Running>>> = Arc::default();
            let cut = scene.cut(at, when, {
                let agent = Arc::clone(&agent);
                move || agent.lock().unwrap().as_mut().unwrap().kill()
            });
            {
                // Its first message waits for the lock.
                let mut agent = agent.lock().unwrap();
                *agent = Some(scene.begin(job, &card));
            }
            cut.wait();
            let status = agent.lock().unwrap().as_mut().unwrap().ended().unwrap();
            assert_eq!(status.code(), None, "{} {at} {when:?}: killed", job.name());
            let ended = scene.resume(job, &card, None, &format!("{} {at} {when:?}", job.name()));
            table.cell(job, at, when.words(), ended);
        }
    }
    table.keep();
}

/// What the judge of a line does at its moment, once.
struct Cut(Arc<Mutex<bool>>);

impl Cut {
    fn reached(&self) -> bool {
        *self.0.lock().unwrap()
    }

    #[track_caller]
    fn wait(&self) {
        crate::bench::eventually("the cut", || self.reached().then_some(()));
    }
}

impl Messages {
    /// Every message of the longer job, in every way.
    fn each(&self) -> impl Iterator<Item = (usize, When)> + use<> {
        let most = Job::BOTH.map(|job| self.of(job)).into_iter().max().unwrap();
        (1..=most).flat_map(|at| When::ALL.into_iter().map(move |when| (at, when)))
    }

    /// The jobs that have so many messages.
    fn with(&self, at: usize) -> impl Iterator<Item = Job> {
        Job::BOTH.into_iter().filter(move |job| at <= self.of(*job))
    }
}

impl Scene {
    /// Does `act` at this message; then the agent's connection is dead.
    fn cut(&self, at: usize, when: When, act: impl Fn() + Send + 'static) -> Cut {
        self.cut_and(at, when, Then::HangUp, act)
    }

    /// Does `act` at this message, which then passes or not.
    fn cut_and(&self, at: usize, when: When, then: Then, act: impl Fn() + Send + 'static) -> Cut {
        let reached = Arc::new(Mutex::new(false));
        self.line.watch({
            let reached = Arc::clone(&reached);
            move |number, moment| {
                if number != at || !when.is(moment) {
                    return Then::PassOn;
                }
                if let When::AtWork(time) = when {
                    thread::sleep(time);
                }
                act();
                *reached.lock().unwrap() = true;
                then
            }
        });
        Cut(reached)
    }
}
