//! A person adds an authority to the demo, and makes its first card: from the order to the activation.

use super::{LANGUAGES, agent, portal, said, start};
use crate::bench::PATIENCE;
use crate::demo::{Data, Demo};
use kaika_testkit::browser::{By, Look};
use std::fs;

const SPARE: &str = "Kaika Demo Reader Spare";

/// GCA's policy under another name, with card numbers and certificates of its own.
fn policy() -> String {
    let gca = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/authorities/gca.toml")).unwrap();
    gca.replace("id = \"gca\"", "id = \"zca\"")
        .replace("測試政府憑證管理中心 GCA", "測試新設憑證管理中心 ZCA")
        .replace("TEST Government CA (GCA)", "TEST new CA (ZCA)")
        .replace("測試政府憑證管理中心 TEST GCA", "測試新設憑證管理中心 TEST ZCA")
        .replace("[\"GC\"]", "[\"ZC\"]")
}

#[track_caller]
fn a_new_authority_makes_its_first_card(language: (&'static str, &'static str)) {
    let data = Data::made();
    fs::write(data.path().join("authorities/zca.toml"), policy()).unwrap();
    let holder = data.path().join("holder.toml");
    fs::write(&holder, "subject = [[\"C\", \"TW\"], [\"O\", \"測試新機關 TEST\"]]\n").unwrap();
    let station = data.path().join("my-station.json");
    let (holder, station) = (holder.to_str().unwrap(), station.to_str().unwrap());
    let demo = Demo::start(data, &[]);
    let order = demo.data().operator(&["card", "order", "--authority", "zca", "--holder", holder]).expect_success();
    demo.data().operator(&["station", "enrol", "--name", "mine", "--out", station]).expect_success();

    // From the tray into a reader, where it is a card without a number.
    let browser = start(language);
    browser.open(&format!("{}/tray?lang={}", agent(&demo), language.0));
    browser.click(By::Css("#blank"));
    browser.find(By::Css("[data-desk] [data-card='blank-1']"));
    browser.judge(&format!("tray-blank-{}", language.1), &[Look::Desktop, Look::PhoneDark]);
    let picture = browser.attribute_of(By::Css("[data-card='blank-1'] svg"), "aria-label").unwrap();
    assert!(picture.contains(&said(language, "tray-state-blank")), "{picture}");
    browser.click(By::Css("#insert-blank-1"));
    let seat = format!("[data-reader='{SPARE}'] [data-card='blank-1']");
    browser.find(By::Css(&seat));
    browser.click(By::Css("#blank"));
    browser.find(By::Css("[data-desk] [data-card='blank-2']"));

    let number = order["number"].as_str().unwrap();
    assert!(number.starts_with("ZC"), "{number}");
    let made = ["card", "personalise", "--portal", &portal(&demo), "--reader", SPARE, "--station", station];
    let made = demo.agent(&[&made[..], &["--number", number]].concat(), "").expect_success();
    assert_eq!(made["number"], number);
    let done = demo.activate_with(demo.portal("zca"), SPARE, order["user_code"].as_str().unwrap(), "135790");
    let done = done.expect_success();
    let certificates = done["certificates"].as_array().unwrap();
    assert!(certificates.len() == 4 && certificates.iter().all(|one| one["status"] == "valid"), "{done}");
    browser.reload();
    let picture = browser.attribute_of(By::Css(&format!("{seat} svg")), "aria-label").unwrap();
    assert!(picture.contains(number) && picture.contains("ZCA"), "{picture}");

    // All is there at the next start, and the policy has to be.
    let (data, status) = demo.stop();
    assert!(status.success());
    let demo = Demo::start(data, &[]);
    let list = demo.agent(&["card", "list"], "").expect_success();
    let entry = list["readers"].as_array().unwrap().iter().find(|entry| entry["reader"] == SPARE).unwrap();
    assert_eq!(entry["number"], number);
    let (data, _) = demo.stop();
    fs::remove_file(data.path().join("authorities/zca.toml")).unwrap();
    let mut demo = Demo::launch(data, &[]);
    assert_eq!(demo.process().wait_for_end(PATIENCE).code(), Some(1));
    let told = demo.process().stderr();
    assert!(told.contains("the authority zca has cards, and its policy is gone"), "{told}");
}

#[test]
fn a_new_authority_makes_its_first_card_in_chinese() {
    a_new_authority_makes_its_first_card(LANGUAGES[0]);
}

#[test]
fn a_new_authority_makes_its_first_card_in_english() {
    a_new_authority_makes_its_first_card(LANGUAGES[1]);
}
