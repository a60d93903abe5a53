//! The demo's card tray: cards go in and out of readers by hand, and are pulled out in the middle of a job.

use super::window_screen::CardWindow;
use super::{LANGUAGES, NARROW, agent, assert_quiet, portal, said, start};
use crate::bench::Running;
use crate::demo::Demo;
use kaika_testkit::browser::{Browser, By, Look, key};
use kaika_wire::Code;
use serde_json::json;

const READER: &str = "Kaika Demo Reader GCA";
const SPARE: &str = "Kaika Demo Reader Spare";
const LOOKS: [Look; 4] = [Look::Desktop, Look::DesktopDark, Look::Phone, Look::PhoneDark];

fn open(browser: &Browser, language: (&str, &str), demo: &Demo) {
    browser.open(&format!("{}/tray?lang={}", agent(demo), language.0));
    // All of it in sight, as on a large screen.
    let screen = json!({"width": 1280, "height": 4000, "deviceScaleFactor": 1, "mobile": false});
    browser.cdp("Emulation.setDeviceMetricsOverride", &screen);
}

fn in_reader(reader: &str, card: &str) -> String {
    format!("[data-reader='{reader}'] [data-card='{card}']")
}

fn on_desk(card: &str) -> String {
    format!("[data-desk] [data-card='{card}']")
}

fn center(browser: &Browser, selector: &str) -> (f64, f64) {
    let script = "const box = document.querySelector(arguments[0]).getBoundingClientRect(); \
                  return [box.x + box.width / 2, box.y + box.height / 2]";
    let center = browser.run(script, &[json!(selector)]);
    (center[0].as_f64().unwrap(), center[1].as_f64().unwrap())
}

fn mouse(browser: &Browser, what: &str, (x, y): (f64, f64)) {
    let event = json!({"type": what, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1});
    browser.cdp("Input.dispatchMouseEvent", &event);
}

/// Takes hold of a card with the mouse, carries it there, and lets it go, or (`cancelDrag`) thinks better of it.
fn drag(browser: &Browser, card: &str, from: &str, to: &str, end: &str) {
    browser.find(By::Css(from));
    let (begin, target) = (center(browser, from), center(browser, to));
    // There is no screen to draw the moving card on: the browser leaves it to us.
    browser.cdp("Input.setInterceptDrags", &json!({"enabled": true}));
    mouse(browser, "mousePressed", begin);
    mouse(browser, "mouseMoved", (begin.0 + 5.0, begin.1 + 5.0));
    mouse(browser, "mouseMoved", (begin.0 + 30.0, begin.1 + 30.0));
    browser.find(By::Css(".in-the-air"));
    let data = json!({"items": [{"mimeType": "text/plain", "data": card}], "dragOperationsMask": 16});
    for what in ["dragEnter", "dragOver", end] {
        let event = json!({"type": what, "x": target.0, "y": target.1, "data": data});
        browser.cdp("Input.dispatchDragEvent", &event);
        if what == "dragOver" {
            // The place shows that it takes the card.
            browser.find(By::Css(&format!("{to}.lit")));
        }
    }
    mouse(browser, "mouseReleased", target);
    browser.cdp("Input.setInterceptDrags", &json!({"enabled": false}));
}

/// What the card tool sees in this reader.
fn number_in(demo: &Demo, reader: &str) -> Option<String> {
    let list = demo.agent(&["card", "list"], "").expect_success();
    let entry = list["readers"].as_array().unwrap().iter().find(|entry| entry["reader"] == reader).unwrap();
    entry["number"].as_str().map(str::to_owned)
}

#[track_caller]
fn cards_are_moved(language: (&'static str, &'static str)) {
    let demo = Demo::new();
    let (first, second) = (demo.card("gca").number(), demo.spare_card("gca").0.number());
    let browser = start(language);
    open(&browser, language, &demo);
    browser.wait_for_text_of(By::Css("h1"), &said(language, "tray-title"));
    browser.wait_for_count_of(By::Css("[data-reader]"), 15);
    browser.wait_for_count_of(By::Css("[data-card]"), 17);
    let labels = browser.attributes_of(By::Css("[data-card] svg[role=img]"), "aria-label");
    let labels: Vec<String> = labels.into_iter().map(Option::unwrap).collect();
    assert!(labels.iter().any(|label| label.contains(first) && label.contains(&said(language, "tray-state-blocked"))));
    browser.judge(&format!("tray-{}", language.1), &LOOKS);
    browser.assert_reflows(&NARROW);
    open(&browser, language, &demo);

    // Into an empty reader, into one that is taken, and out.
    let (spare, reader) = (format!("[data-reader='{SPARE}']"), format!("[data-reader='{READER}']"));
    drag(&browser, second, &on_desk(second), &spare, "drop");
    browser.find(By::Css(&in_reader(SPARE, second)));
    assert_eq!(number_in(&demo, SPARE).as_deref(), Some(second));
    drag(&browser, second, &in_reader(SPARE, second), &reader, "drop");
    browser.find(By::Css(&in_reader(READER, second)));
    browser.find(By::Css(&on_desk(first)));
    assert_eq!((number_in(&demo, READER).as_deref(), number_in(&demo, SPARE)), (Some(second), None));
    drag(&browser, second, &in_reader(READER, second), "[data-desk]", "drop");
    browser.find(By::Css(&on_desk(second)));
    assert_eq!(number_in(&demo, READER), None);
    // Another thought.
    drag(&browser, second, &on_desk(second), &spare, "dragCancel");
    browser.find(By::Css(&on_desk(second)));
    assert_eq!(number_in(&demo, SPARE), None);

    // The same by keyboard: the focus stays at the card.
    open(&browser, language, &demo);
    let button = format!("insert-{first}");
    browser.run("document.getElementById(arguments[0]).focus()", &[json!(button)]);
    browser.press(key::ENTER);
    browser.find(By::Css(&in_reader(READER, first)));
    browser.wait_for_focus("remove-1");
    browser.press(key::ENTER);
    browser.find(By::Css(&on_desk(first)));
    browser.wait_for_focus(&button);
    browser.run(
        "document.getElementById(arguments[0]).value = arguments[1]",
        &[json!(format!("into-{first}")), json!(SPARE)],
    );
    browser.click(By::Css(&format!("#{button}")));
    browser.find(By::Css(&in_reader(SPARE, first)));
    assert_quiet(&browser, &[&agent(&demo)]);

    // A card that another program has.
    let file = demo.spare_card("hca").1;
    let arguments = ["softcard", "--card", file.to_str().unwrap(), "--vpcd", "127.0.0.1:1"];
    let mut holder = Running::start("kaika-agent", &arguments, &[]);
    holder.wait_until("the other program has it", |holder| holder.stderr().contains("127.0.0.1:1"));
    let held = demo.spare_card("hca").0.number();
    browser.click(By::Css(&format!("#insert-{held}")));
    browser.wait_for_text(&said(language, "refusal-busy"));
    browser.wait_for_words_in(By::Css("#said"), &said(language, "tray-refused"));
    browser.judge(&format!("tray-refused-{}", language.1), &[Look::Desktop, Look::PhoneDark]);
    drop(holder);
    browser.click(By::Css(&format!("#insert-{held}")));
    browser.find(By::Css(&in_reader(READER, held)));
    browser.wait_until_gone(By::Css("#said"));
}

#[test]
fn cards_are_moved_in_chinese() {
    cards_are_moved(LANGUAGES[0]);
}

#[test]
fn cards_are_moved_in_english() {
    cards_are_moved(LANGUAGES[1]);
}

#[track_caller]
fn a_blank_card_of_another_maker(language: (&'static str, &'static str)) {
    let demo = Demo::new();
    let browser = start(language);
    open(&browser, language, &demo);
    browser.click(By::Css("#odd summary"));
    browser.judge(&format!("tray-odd-{}", language.1), &[Look::Desktop, Look::PhoneDark]);
    for quirk in ["f7-absent", "five-tries"] {
        browser.click(By::Css(&format!("#odd-{quirk}")));
    }
    browser.click(By::Css("#blank"));
    browser.wait_for_text_of(By::Css(&format!("{} .odd", on_desk("blank-1"))), "f7-absent · five-tries");
    // What was ticked stays so for the next one, which takes all but that.
    browser.find(By::Css("#odd-five-tries:checked"));
    browser.click(By::Css("#odd-five-tries"));
    browser.click(By::Css("#blank"));
    browser.wait_for_text_of(By::Css(&format!("{} .odd", on_desk("blank-2"))), "f7-absent");
    assert_quiet(&browser, &[&agent(&demo)]);
}

#[test]
fn a_blank_card_of_another_maker_in_chinese() {
    a_blank_card_of_another_maker(LANGUAGES[0]);
}

#[test]
fn a_blank_card_of_another_maker_in_english() {
    a_blank_card_of_another_maker(LANGUAGES[1]);
}

#[test]
fn an_agent_that_starts_anew_is_followed() {
    let mut demo = Demo::new();
    let browser = start(LANGUAGES[1]);
    open(&browser, LANGUAGES[1], &demo);
    demo.process().kill();
    browser.wait_for_text(&said(LANGUAGES[1], "tray-gone"));
    demo.start_again(&[]);
    browser.wait_until_gone(By::Css("#said"));
    let number = demo.card("gca").number();
    browser.click(By::Css("#remove-1"));
    browser.find(By::Css(&on_desk(number)));
}

/// The journey of a person who tries out what happens.
#[track_caller]
fn pulled_out_at_a_step(language: (&'static str, &'static str), step: u32) {
    let demo = Demo::new();
    let card = demo.card("gca");
    let browser = start(language);
    let window = CardWindow::open(&browser, language, &portal(&demo), "gca");
    browser.find(By::Css("[data-screen=form]"));

    let tray = browser.open_tab();
    open(&browser, language, &demo);
    browser.fill(By::Css("#step-1"), &step.to_string());
    browser.click(By::Css("#later-1"));
    browser.wait_for_text(&said(language, "tray-planned"));
    browser.judge(&format!("tray-planned-{}", language.1), &[Look::Desktop, Look::PhoneDark]);

    browser.switch_to(&window.window);
    browser.cdp("Page.bringToFront", &json!({}));
    window.begin(card.user_code(), "13579086");
    window.is_refused(Code::CardRemoved);
    browser.switch_to(&tray);
    browser.cdp("Page.bringToFront", &json!({}));
    open(&browser, language, &demo);
    let number = card.number();
    drag(&browser, number, &on_desk(number), &format!("[data-reader='{READER}']"), "drop");
    browser.find(By::Css(&in_reader(READER, number)));
    assert!(!browser.text().contains(&said(language, "tray-planned")));

    browser.switch_to(&window.window);
    browser.cdp("Page.bringToFront", &json!({}));
    browser.find(By::Css("[data-back=true]"));
    window.press("#again");
    window.succeeds("gca");
    let shown = demo.show_at(demo.portal("gca"), &card).expect_success();
    assert_eq!((&shown["activated"], &shown["pin_tries_left"]), (&json!(true), &json!(3)));
    browser.switch_to(&tray);
    let ready = said(language, "tray-state-ready");
    browser.reload();
    let picture = format!("{} svg", in_reader(READER, number));
    let label = browser.attribute_of(By::Css(&picture), "aria-label").unwrap();
    assert!(label.contains(&ready), "{label}");
}

#[test]
fn pulled_out_at_a_step_in_chinese() {
    pulled_out_at_a_step(LANGUAGES[0], 6);
}

#[test]
fn pulled_out_at_a_step_in_english() {
    pulled_out_at_a_step(LANGUAGES[1], 10);
}
