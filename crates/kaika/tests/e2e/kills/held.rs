//! A card session that is held open in a transaction of pcscd while the server is asked, and another program that wants
//! the card.

use super::scene::{Job, Scene};
use crate::bench::{PATIENCE, Running};
use kaika_testkit::line::{Moment, Then};
use kaika_testkit::tools::find;
use std::sync::mpsc;
use std::{thread, time::Duration};

/// What the portal says of itself, the start, and the report whose answer goes to the same session.
const HELD: usize = 3;

/// Somebody else's, at the same card.
fn other_program(scene: &Scene) -> Running {
    let arguments = ["--reader", scene.bench.reader(), "--send-apdu", "00:A4:04:00:05:A0:00:00:03:08"];
    Running::start_other(&find("opensc-tool"), &arguments, &[scene.bench.pcscd.env()])
}

/// Another program waits for the card as long as the session is held, and no longer: until the job goes on to its end,
/// or until the agent is killed. Then the same inputs bring the job to its end.
#[test]
fn a_held_card_is_another_programs_afterwards() {
    let mut scene = Scene::on("sqlite:kaika.db");
    let _server = scene.serve();
    for killed in [true, false] {
        if killed {
            scene.differing();
        }
        let (reached, is_reached) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        scene.line.watch(move |number, moment| {
            if number == HELD && matches!(moment, Moment::Answered(_)) {
                reached.send(()).unwrap();
                // Nobody is left to say so: the test has failed.
                let _ = may_go_on.recv();
            }
            Then::PassOn
        });
        let mut agent = scene.begin_rewrite();
        is_reached.recv_timeout(PATIENCE).unwrap();
        let mut other = other_program(&scene);
        // It has nothing to do but to wait; were the card free, it would be over by then.
        thread::sleep(Duration::from_millis(500));
        assert!(other.ended().is_none(), "the card is held");
        if killed {
            agent.kill();
        }
        go_on.send(()).unwrap();
        assert!(other.wait_for_end(PATIENCE).success(), "{}", other.stderr());
        if !killed {
            assert_eq!(agent.said().expect_success()["result"], "B-2");
        }
        scene.line.leave_alone();
    }
    scene.agrees(Job::Activate, "held");
}
