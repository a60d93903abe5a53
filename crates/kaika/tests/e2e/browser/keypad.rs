//! 鎖卡解碼 as health professionals do it: the PUK on the screen, typed with the new PIN on the reader's keypad; and in the
//! window, where the reader has none.

use super::desk::{Desk, start_agent};
use super::window_screen::LOOKS;
use super::{LANGUAGES, agent, assert_quiet, inspect, portal, said, start};
use crate::bench::{Said, eventually, folder, tool};
use crate::demo::{Data, Demo};
use kaika_softcard::SoftCard;
use kaika_softcard::keypad::{Entry, Key, Keypad};
use kaika_testkit::browser::{Browser, By, Look, Window};
use kaika_testkit::pcscd::PrivatePcscd;
use serde_json::json;
use std::fs;
use std::sync::{Arc, Mutex};

type Tongue = (&'static str, &'static str);

const READER: &str = "Kaika Demo Reader HCA";
const FIRST_PIN: &str = "135790";
const PIN: &str = "864202";

/// The portal's page, the card window, and the tray in a tab of its own.
struct Scene<'b> {
    browser: &'b Browser,
    page: Window,
    window: Window,
    tray: Window,
}

impl<'b> Scene<'b> {
    /// With the window's form before the person.
    #[track_caller]
    fn open(browser: &'b Browser, demo: &Demo, language: Tongue) -> Scene<'b> {
        let number = demo.card("hca").number();
        browser.open(&format!("{}/tray?lang={}", agent(demo), language.0));
        let screen = json!({"width": 1280, "height": 4000, "deviceScaleFactor": 1, "mobile": false});
        browser.cdp("Emulation.setDeviceMetricsOverride", &screen);
        let tray = browser.window();
        let page = browser.open_tab();
        browser.open(&format!("{}/hca/unlock", portal(demo)));
        browser.wait_until("the page's look at the readers", |browser| {
            browser.has(By::Css("#card-said > [data-card]:not([data-card=unasked], [data-card=looking])"))
        });
        // The only card that there is has its number in the field already.
        browser.wait_for_value_of(By::Css("#digits"), number);
        browser.fill(By::Css("#digits"), "");
        browser.click(By::Css("#start"));
        // What is missing is said.
        browser.find(By::Css("#digits-error"));
        assert_eq!(browser.windows().len(), 2, "no window yet");
        browser.fill(By::Css("#digits"), &number[2..10]);
        // It is being corrected.
        browser.wait_until_gone(By::Css("#digits-error"));
        browser.click(By::Css("#start"));
        // All digits are needed.
        browser.find(By::Css("#digits-error"));
        inspect(browser, "unlock-keypad-wrong", language);
        // As it is copied, and as some type it.
        let wide: String = number.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        let apart = format!(" {}\u{2013}{} {}", number[..2].to_lowercase(), &number[2..8], &number[8..]);
        for typed in [&number[2..], &wide, &apart] {
            browser.fill(By::Css("#digits"), typed);
            browser.wait_for_value_of(By::Css("#digits"), typed);
            browser.wait_for_count_of(By::Css("#digits:valid"), 1);
        }
        inspect(browser, "unlock-keypad", language);
        browser.click(By::Css("#start"));
        let window = browser.switch_to_popup();
        browser.find(By::Css("[data-screen=form]"));
        Scene { browser, page, window, tray }
    }

    fn show(&self, window: &Window) {
        self.browser.switch_to(window);
        self.browser.cdp("Page.bringToFront", &json!({}));
    }

    /// What the window shows to be typed.
    #[track_caller]
    fn puk(&self) -> String {
        self.show(&self.window);
        self.browser.find(By::Css("[data-screen=keypad][data-asks=new-pin]"));
        let puk = self.browser.text_of(By::Css("#puk-shown")).replace(' ', "");
        assert!(puk.len() == 8 && puk.bytes().all(|digit| digit.is_ascii_digit()), "{puk}");
        puk
    }

    #[track_caller]
    fn wait_for(&self, asked: &str) {
        self.browser.find(By::Css(&format!("[data-reader='{READER}'] [data-asks={asked}]")));
    }

    /// On the tray, by mouse.
    #[track_caller]
    fn keys(&self, keys: &[&str]) {
        for key in keys {
            self.browser.click(By::Css(&format!("[data-reader='{READER}'] button[value='{key}']")));
        }
    }

    #[track_caller]
    fn digits(&self, digits: &str) {
        for at in 0..digits.len() {
            self.keys(&[&digits[at..=at]]);
        }
    }

    /// On the tray, by the computer's own keys.
    fn keyboard(&self, digits: &str) {
        let focus = format!("document.querySelector(\"[data-reader='{READER}'] button[value='5']\").focus()");
        self.browser.run(&focus, &[]);
        digits.chars().for_each(|digit| self.browser.press(digit));
        self.browser.press(kaika_testkit::browser::key::ENTER);
    }

    #[track_caller]
    fn is_refused(&self, code: &str) {
        self.show(&self.window);
        self.browser.find(By::Css(&format!("[data-screen=refused][data-code={code}]")));
    }

    /// The same user code once more.
    #[track_caller]
    fn again(&self) -> String {
        self.browser.click(By::Css("#again"));
        self.puk()
    }
}

/// Activated, as it was delivered.
#[track_caller]
fn activated(demo: &Demo) -> String {
    let card = demo.card("hca");
    demo.activate(demo.portal("hca"), &card, FIRST_PIN).expect_success();
    card.user_code().to_owned()
}

#[track_caller]
fn unlocked_on_the_keypad(language: Tongue) {
    let mut demo = Demo::new();
    let user_code = activated(&demo);
    let browser = start(language);
    let scene = Scene::open(&browser, &demo, language);
    assert!(!browser.has(By::Css("#new_pin")), "the PIN is typed elsewhere");
    // The card has proved itself: its holder's cards are told.
    let (own, other) = (demo.card("hca").number(), demo.spare_card("hca").0.number());
    for (number, state) in [(own, "window-held-activated"), (other, "window-held-not-activated")] {
        let held = browser.text_of(By::Css(&format!("[data-held='{number}']")));
        assert!(held.contains(&said(language, state)), "{held}");
        assert_eq!(held.contains(&said(language, "window-held-this")), number == own, "{held}");
    }
    browser.wait_for_count_of(By::Css("[data-held]"), 2);
    browser.judge(&format!("window-unlock-keypad-{}", language.1), &LOOKS);
    browser.fill(By::Css("#user_code"), &user_code);
    browser.click(By::Css("#start"));

    let first = scene.puk();
    browser.judge(&format!("window-keypad-{}", language.1), &[Look::Window, Look::WindowDark, Look::Phone]);
    browser.assert_reflows(&[320]);
    scene.show(&scene.tray);
    scene.wait_for("tray-keypad-puk");
    browser.judge(&format!("tray-keypad-{}", language.1), &[Look::Desktop, Look::PhoneDark]);
    browser.assert_reflows(&[320]);
    scene.digits("12");
    browser.wait_for_text_of(By::Css(".keypad-typed"), "●●");
    scene.keys(&["cancel"]);
    scene.is_refused("keypad_cancelled");
    browser.judge(&format!("window-keypad-cancelled-{}", language.1), &LOOKS);

    // Another try, another PUK; and a slip.
    let second = scene.again();
    assert_ne!(first, second);
    scene.show(&scene.tray);
    scene.wait_for("tray-keypad-puk");
    scene.keyboard(&first);
    scene.wait_for("tray-keypad-new-pin");
    scene.keyboard(PIN);
    scene.wait_for("tray-keypad-again");
    scene.keyboard(PIN);
    scene.is_refused("puk_wrong");
    browser.judge(&format!("window-keypad-puk-wrong-{}", language.1), &LOOKS);

    let third = scene.again();
    assert!(third != second && third != first);
    scene.show(&scene.page);
    assert!(!browser.text().contains(&third), "no page is told");
    scene.show(&scene.tray);
    scene.wait_for("tray-keypad-puk");
    scene.digits(&third);
    scene.keys(&["enter"]);
    scene.wait_for("tray-keypad-new-pin");
    scene.keyboard(PIN);
    scene.wait_for("tray-keypad-again");
    scene.keyboard(PIN);
    scene.wait_for("tray-keypad-pin");
    scene.show(&scene.window);
    browser.find(By::Css("[data-screen=keypad][data-asks=proof]"));
    assert!(!browser.text().replace(' ', "").contains(&third), "it is no longer shown");
    browser.judge(&format!("window-keypad-proof-{}", language.1), &[Look::Window, Look::WindowDark, Look::Phone]);
    scene.show(&scene.tray);
    scene.keyboard(PIN);
    scene.wait_for("tray-keypad-idle");

    browser.switch_to(&scene.page);
    browser.wait_until_closed(&scene.window);
    browser.wait_for_url("/hca/unlock/outcome/");
    browser.find(By::Css("tr[data-role]"));
    inspect(&browser, "unlock-keypad-succeeded", language);
    assert_quiet(&browser, &[&portal(&demo), &agent(&demo)]);

    // The card has the PIN that was typed, and a PUK that nobody has seen.
    let secrets = format!("pin={PIN}\nnew_pin=13579086\n");
    demo.agent(&["card", "change-pin", "--reader", READER, "--secrets-stdin"], &secrets).expect_success();
    let left = "SELECT count(*) FROM puk WHERE exposed = 1 AND state <> 'superseded'";
    assert_eq!(demo.data().sql(left).trim(), "0");
    assert_eq!(demo.data().sql("SELECT count(*) FROM puk WHERE exposed = 1").trim(), "3");
    let printed = [demo.process().stdout(), demo.process().stderr()];
    for secret in [&first, &second, &third, PIN] {
        assert!(printed.iter().all(|text| !text.contains(secret)), "a secret was printed");
    }
}

#[test]
fn a_card_is_unlocked_on_the_keypad_in_chinese() {
    unlocked_on_the_keypad(LANGUAGES[0]);
}

#[test]
fn a_card_is_unlocked_on_the_keypad_in_english() {
    unlocked_on_the_keypad(LANGUAGES[1]);
}

/// Pulled out while the reader waits for keys, and put back.
#[test]
fn a_card_pulled_out_while_the_holder_types() {
    let demo = Demo::new();
    let user_code = activated(&demo);
    let browser = start(LANGUAGES[1]);
    let scene = Scene::open(&browser, &demo, LANGUAGES[1]);
    browser.fill(By::Css("#user_code"), &user_code);
    browser.click(By::Css("#start"));
    let first = scene.puk();
    scene.show(&scene.tray);
    scene.digits("1234");
    browser.click(By::Css(&format!("[data-reader='{READER}'] .at-hand form:not(.step) button")));
    let number = demo.card("hca").number();
    browser.find(By::Css(&format!("[data-desk] [data-card='{number}']")));
    scene.is_refused("card_removed");
    scene.show(&scene.tray);
    let into = json!([format!("into-{number}"), READER]);
    let choose = "document.getElementById(arguments[0]).value = arguments[1]";
    browser.run(choose, into.as_array().unwrap());
    browser.click(By::Css(&format!("#insert-{number}")));
    scene.show(&scene.window);
    browser.find(By::Css("[data-back=true]"));
    let second = scene.again();
    assert_ne!(first, second, "the one that was seen is replaced first");
    scene.show(&scene.tray);
    scene.wait_for("tray-keypad-puk");
    for (asked, digits) in [("puk", second.as_str()), ("new-pin", PIN), ("again", PIN), ("pin", PIN)] {
        scene.wait_for(&format!("tray-keypad-{asked}"));
        scene.keyboard(digits);
    }
    browser.switch_to(&scene.page);
    browser.wait_until_closed(&scene.window);
    browser.wait_for_url("/hca/unlock/outcome/");
}

/// A reader without a keypad, behind a real pcscd: the same steps, in the window.
#[track_caller]
fn unlocked_in_the_window(language: Tongue) {
    let desk = Desk::new("hca");
    let secrets = format!("user_code={}\nnew_pin={FIRST_PIN}\n", desk.user_code);
    let portal = format!("{}/hca/", desk.portal());
    desk.bench.agent(&["card", "activate", "--portal", &portal, "--secrets-stdin"], &secrets).expect_success();
    let browser = start(language);
    browser.open(&format!("{portal}unlock"));
    browser.wait_until("the page's look at the readers", |browser| {
        browser.has(By::Css("#card-said > [data-card]:not([data-card=unasked], [data-card=looking])"))
    });
    let page = browser.window();
    let number = desk.demo.spare_card("hca").0.number().to_owned();
    // Another card's number: told, and nothing is done with this one.
    let wrong = if number.ends_with('0') { "1" } else { "0" };
    browser.fill(By::Css("#digits"), &format!("{}{wrong}", &number[2..number.len() - 1]));
    browser.click(By::Css("#start"));
    // Before anything is typed.
    let window = browser.switch_to_popup();
    browser.find(By::Css("[data-screen=refused][data-code=number_differs]"));
    assert!(!browser.has(By::Css("input")));
    browser.judge(&format!("window-number-differs-{}", language.1), &LOOKS);
    browser.click(By::Css("#close"));
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.open(&format!("{portal}unlock"));
    browser.fill(By::Css("#digits"), &number[2..]);
    browser.click(By::Css("#start"));
    let window = browser.switch_to_popup();
    browser.fill(By::Css("#user_code"), &desk.user_code);
    browser.click(By::Css("#start"));
    let puk = || {
        browser.find(By::Css("[data-screen=type]"));
        browser.text_of(By::Css("#puk-shown")).replace(' ', "")
    };
    let first = puk();
    browser.judge(&format!("window-type-{}", language.1), &[Look::Window, Look::WindowDark, Look::Phone]);
    browser.assert_reflows(&[320]);
    let fill = |puk: &str, pin: &str, again: &str| {
        for (field, content) in [("puk", puk), ("new_pin", pin), ("new_pin_again", again)] {
            browser.fill(By::Css(&format!("#{field}")), content);
        }
        browser.click(By::Css("#start"));
    };
    // Slips are told at their fields, and cost no try.
    let wrong = if first == "00000000" { "11111111" } else { "00000000" };
    fill(wrong, PIN, "864203");
    browser.wait_for_text_of(By::Css("#puk-error"), &said(language, "field-puk.wrong"));
    assert!(!browser.text_of(By::Css("#new_pin_again-error")).is_empty());
    browser.judge(&format!("window-type-wrong-{}", language.1), &LOOKS);
    fill("", "8642", "8642");
    browser.wait_for_text_of(By::Css("#puk-error"), &said(language, "field-puk.missing"));
    browser.click(By::Css("#give-up"));
    browser.find(By::Css("[data-screen=refused][data-code=keypad_cancelled]"));
    browser.click(By::Css("#again"));
    let second = puk();
    assert_ne!(first, second);
    fill(&format!("{} {}", &second[..4], &second[4..]), PIN, PIN);
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.wait_for_url("/hca/unlock/outcome/");
    assert_quiet(&browser, &[&desk.portal(), &desk.agent()]);
    let card = desk.card();
    assert_eq!((&card["pin_tries_left"], &card["puk_tries_left"]), (&json!(3), &json!(3)));
    let change = format!("pin={PIN}\nnew_pin=13579086\n");
    desk.bench.agent(&["card", "change-pin", "--secrets-stdin"], &change).expect_success();
    for secret in [&first, &second, PIN] {
        let printed = [desk.agent.stdout(), desk.agent.stderr()];
        assert!(printed.iter().all(|text| !text.contains(secret)), "a secret was printed");
    }
}

#[test]
fn a_reader_without_keypad_leaves_it_to_the_window_in_chinese() {
    unlocked_in_the_window(LANGUAGES[0]);
}

#[test]
fn a_reader_without_keypad_leaves_it_to_the_window_in_english() {
    unlocked_in_the_window(LANGUAGES[1]);
}

/// Until the reader asks for this: the window says so before.
#[track_caller]
fn wait_for(keypad: &Keypad, asked: Entry) {
    eventually(&format!("the keypad to ask for {asked:?}"), || {
        keypad.display().is_some_and(|display| display.entry == asked && display.digits == 0).then_some(())
    });
}

/// Keys of a reader behind a real pcscd, pressed when it asks for this.
#[track_caller]
fn press(keypad: &Keypad, asked: Entry, digits: &str) {
    wait_for(keypad, asked);
    let digits = digits.bytes().map(|digit| Key::Digit(digit - b'0'));
    digits.chain([Key::Enter]).for_each(|key| assert!(keypad.press(key)));
}

/// The whole way of PC/SC part 10: agent, libpcsclite, pcscd, a driver, and a card with a keypad before it.
#[test]
fn a_card_is_unlocked_on_the_keypad_of_a_reader_of_pcscd() {
    let demo = Demo::start(Data::made(), &["--without-agent"]);
    let (card, file) = demo.spare_card("hca");
    let (number, user_code) = (card.number().to_owned(), card.user_code().to_owned());
    let desk = folder();
    let (own, socket) = (desk.path().join("one.card"), desk.path().join("keypad"));
    fs::copy(file, &own).unwrap();
    let pcscd = PrivatePcscd::start_with_driver("Kaika Keypad", &kaika_ifd_keypad::driver(), &socket);
    let (card, keypad) = (Arc::new(Mutex::new(SoftCard::open(&own).unwrap())), Arc::new(Keypad::default()));
    let insert = || kaika_ifd_keypad::insert(card.clone(), keypad.clone(), &socket).unwrap();
    let inserted = insert();
    let tool = |arguments: &[&str], stdin: &str| {
        let (name, socket) = pcscd.env();
        Said::in_json(&tool("kaika-agent").args(arguments).arg("--json").env(name, socket).input(stdin).run())
    };
    eventually("the card in the reader", || {
        let list = tool(&["card", "list"], "").expect_success();
        (list["readers"][0]["card"] == true).then_some(())
    });
    let portal = format!("{}/hca/", portal(&demo));
    let secrets = format!("user_code={user_code}\nnew_pin={FIRST_PIN}\n");
    tool(&["card", "activate", "--portal", &portal, "--secrets-stdin"], &secrets).expect_success();

    let agent = start_agent(&demo, &[pcscd.env()], desk.path());
    let browser = start(LANGUAGES[1]);
    browser.open(&format!("{portal}unlock"));
    browser.wait_until("the page's look at the readers", |browser| {
        browser.has(By::Css("#card-said > [data-card]:not([data-card=unasked], [data-card=looking])"))
    });
    let page = browser.window();
    browser.fill(By::Css("#digits"), &number[2..]);
    browser.click(By::Css("#start"));
    let window = browser.switch_to_popup();
    browser.fill(By::Css("#user_code"), &user_code);
    browser.click(By::Css("#start"));
    let puk = || {
        browser.find(By::Css("[data-screen=keypad][data-asks=new-pin]"));
        // Which reader waits.
        browser.wait_for_text("Kaika Keypad 00 00");
        wait_for(&keypad, Entry::Puk);
        browser.text_of(By::Css("#puk-shown")).replace(' ', "")
    };
    let refused = |code: &str| {
        browser.find(By::Css(&format!("[data-screen=refused][data-code={code}]")));
        browser.click(By::Css("#again"));
    };
    // What the reader itself says: two PINs that differ, the key to cancel, too few digits, nobody there.
    press(&keypad, Entry::Puk, &puk());
    press(&keypad, Entry::NewPin, PIN);
    press(&keypad, Entry::NewPinAgain, "864203");
    refused("pins_differ");
    puk();
    assert!(keypad.press(Key::Cancel));
    refused("keypad_cancelled");
    press(&keypad, Entry::Puk, &puk());
    press(&keypad, Entry::NewPin, "864");
    refused("keypad_form");
    puk();
    keypad.time_out();
    refused("keypad_timed_out");
    // Pulled out while the reader waits for keys.
    puk();
    drop(inserted);
    browser.find(By::Css("[data-screen=refused][data-code=card_removed]"));
    let _inserted = insert();
    browser.find(By::Css("[data-back=true]"));
    browser.click(By::Css("#again"));
    // What the card says.
    let shown = puk();
    press(&keypad, Entry::Puk, if shown == "00000000" { "11111111" } else { "00000000" });
    press(&keypad, Entry::NewPin, PIN);
    press(&keypad, Entry::NewPinAgain, PIN);
    refused("puk_wrong");
    assert_eq!(card.lock().unwrap().inspect().puk_tries_left(), 3);

    let shown = puk();
    press(&keypad, Entry::Puk, &shown);
    press(&keypad, Entry::NewPin, PIN);
    press(&keypad, Entry::NewPinAgain, PIN);
    browser.find(By::Css("[data-screen=keypad][data-asks=proof]"));
    press(&keypad, Entry::Pin, PIN);
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.wait_for_url("/hca/unlock/outcome/");
    browser.find(By::Css("tr[data-role]"));
    let inspection = card.lock().unwrap().inspect();
    assert!(inspection.pin_is(PIN) && !inspection.puk_is(&shown), "the PUK changes after every use");
    assert_eq!((inspection.pin_tries_left(), inspection.puk_tries_left()), (3, 3));
    for secret in [PIN, &shown] {
        assert!(!agent.stdout().contains(secret) && !agent.stderr().contains(secret), "a secret was printed");
    }
}
