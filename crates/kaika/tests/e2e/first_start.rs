//! A first start that is interrupted goes on at the next.

use crate::demo::{Data, Demo, END};
use std::{collections::BTreeSet, fs};

/// Starts, waits until this is said, and ends it there as Ctrl-C does.
#[track_caller]
fn interrupted(data: Data, said: &str) -> Data {
    let mut demo = Demo::launch(data, &[]);
    demo.process().wait_until(said, |process| process.stdout().contains(said));
    let (data, status) = demo.stop();
    assert!(status.success(), "{said}: {status}");
    data
}

#[test]
fn an_interrupted_first_start_goes_on() {
    // While the authorities' keys are made.
    let mut demo = Demo::launch(Data::new(), &[]);
    let keys = demo.data().path().join("keys");
    demo.process().wait_until("the first key", |_| fs::read_dir(&keys).is_ok_and(|keys| keys.count() > 0));
    demo.process().interrupt();
    assert!(demo.process().wait_for_end(END).success());
    let (data, _) = demo.stop();

    // In the middle of cards; once as a power cut does.
    let data = interrupted(data, "Making card 2 ");
    let mut demo = Demo::launch(data, &[]);
    demo.process().wait_until("card 4", |process| process.stdout().contains("Making card 4 "));
    let data = interrupted(demo.kill(), "Making card 6 ");
    let demo = Demo::start(data, &[]);

    // No card was made twice, and none was lost.
    let listed: BTreeSet<&str> =
        demo.ready()["cards"].as_array().unwrap().iter().map(|card| card["number"].as_str().unwrap()).collect();
    assert_eq!(listed.len(), 17);
    for (authority, count) in [("gca", 2), ("xca", 11), ("hca", 2), ("moica", 1), ("twca", 1)] {
        let on_record = demo.data().operator(&["card", "list", "--authority", authority]).expect_success();
        let on_record = on_record["cards"].as_array().unwrap();
        assert_eq!(on_record.len(), count, "{authority}");
        assert!(on_record.iter().all(|card| listed.contains(card["number"].as_str().unwrap())), "{authority}");
    }
    for (authority, pin) in [("gca", "135790"), ("xca", "135790"), ("hca", "246802")] {
        demo.activate(demo.portal(authority), &demo.card(authority), pin).expect_success();
    }
    for authority in ["moica", "twca"] {
        let shown = demo.show_at(demo.portal(authority), &demo.card(authority)).expect_success();
        assert_eq!(shown["activated"], true);
    }
    demo.data().operator(&["audit", "verify"]).expect_success();
}
