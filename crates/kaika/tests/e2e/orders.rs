//! `kaika card`: orders that come to nothing, and who is on record for it.

use crate::demo::Demo;
use serde_json::json;
use std::fs;

#[test]
fn an_order_is_withdrawn_under_the_operators_name() {
    let demo = Demo::new();
    let operator = |arguments: &[&str]| demo.data().operator(arguments);
    let holder = demo.data().path().join("holder.toml");
    fs::write(&holder, "subject = [[\"C\", \"TW\"], [\"O\", \"行政院\"], [\"OU\", \"測試機關\"]]\n").unwrap();
    let holder = holder.to_str().unwrap();
    let order = ["card", "order", "--authority", "gca", "--holder", holder, "--as", "王小明"];
    let order = operator(&order).expect_success();
    let number = order["number"].as_str().unwrap();

    let set_aside = operator(&["card", "set-aside", "--number", number]).expect_success();
    assert_eq!(set_aside, json!({ "number": number, "state": "ordered", "making": null }));
    let withdrawn = operator(&["card", "withdraw", "--number", number, "--as", "Counter 2"]).expect_success();
    assert_eq!(withdrawn, json!({ "number": number, "state": "terminated", "making": null }));
    operator(&["card", "withdraw", "--number", number]).refused("order_over");
    operator(&["card", "withdraw", "--number", "GC00000000000000"]).refused("not_found");
    let made = demo.card("moica");
    operator(&["card", "set-aside", "--number", made.number()]).refused("order_over");
    let shown = operator(&["card", "show", "--number", made.number()]).expect_success();
    assert_eq!((&shown["state"], &shown["order"]), (&json!("activated"), &json!("made")));
    let making = &shown["makings"][0];
    assert_eq!((&making["ended"], &making["changed"]), (&json!("made"), &json!(true)));
    let found = &making["found"];
    assert_eq!((&found["objects_grow"], &found["tested"], &found["missing"]), (&json!(true), &json!(true), &json!([])));
    let factory = json!({ "algorithm": "aes192", "factory": true });
    assert_eq!(
        (&found["capabilities"]["management_key"], &making["device"]),
        (&factory, &found["capabilities"]["serial"])
    );
    operator(&["card", "show", "--number", "GC00000000000000"]).refused("not_found");
    assert_eq!(operator(&["card", "withdraw", "--number", number, "--as", " "]).exit, Some(2));

    let (data, _) = demo.stop();
    data.operator(&["audit", "verify"]).expect_success();
    let of_card = format!("SELECT actor, action FROM audit_event WHERE payload LIKE '%{number}%' ORDER BY sequence");
    assert_eq!(data.sql(&of_card), "operator:王小明|card.order\noperator:Counter 2|card.withdraw\n");
}
