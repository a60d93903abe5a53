//! 開卡 as a holder does it: from the portal's start page to 開卡成功, the card behind a real pcscd.

use super::{LANGUAGES, agent, assert_quiet, inspect, portal, start};
use crate::bench::Running;
use crate::demo::{Data, Demo};
use crate::judges::{Question, RelyingParty, pem, statuses};
use crate::pcsc::Bench;
use kaika_testkit::browser::{Browser, By, Look, Options};
use kaika_testkit::proxy::PublicProxy;

/// A portal, and a computer with agent, reader and an unopened card.
struct Desk {
    demo: Demo,
    bench: Bench,
    user_code: String,
    agent: Running,
}

impl Desk {
    fn new(authority: &str) -> Desk {
        let demo = Demo::start(Data::made(), &["--without-agent"]);
        let (card, file) = demo.spare_card(authority);
        let user_code = card.user_code().to_owned();
        let bench = Bench::with(&file);
        let (portal, listen) = (portal(&demo), agent(&demo).replace("http://", ""));
        let token = bench.desk.path().join("agent-token");
        let arguments = ["run", "--listen", &listen, "--portal", &portal, "--token-file", token.to_str().unwrap()];
        let mut agent = Running::start("kaika-agent", &arguments, &[bench.pcscd.env()]);
        agent.wait_until("the agent listens", |_| token.exists());
        Desk { demo, bench, user_code, agent }
    }

    fn portal(&self) -> String {
        portal(&self.demo)
    }
}

/// From the start page to the card window's form.
fn open_card_window(browser: &Browser, desk: &Desk, authority: &str) {
    browser.open(&format!("{}/", desk.portal()));
    browser.click(By::Css(&format!("main a[href='/{authority}/']")));
    browser.click(By::Css(&format!("main a[href='/{authority}/activate']")));
    browser.click(By::Css("#start"));
    browser.switch_to_popup();
    browser.find(By::Css("[data-screen=form]"));
}

fn type_and_begin(browser: &Browser, user_code: &str, pin: &str) {
    browser.fill(By::Css("#user_code"), user_code);
    browser.fill(By::Css("#new_pin"), pin);
    browser.fill(By::Css("#new_pin_again"), pin);
    browser.click(By::Css("#start"));
}

#[track_caller]
fn journey(language: (&str, &str), authority: &str, pin: &str) {
    let mut desk = Desk::new(authority);
    let browser = start(language);
    let page = browser.window();
    open_card_window(&browser, &desk, authority);
    let window = browser.window();
    let shown = desk.bench.show(&[]).expect_success();
    assert_eq!(browser.find(By::Css("[data-fact=number]")).text(), shown["number"].as_str().unwrap());
    assert_eq!(browser.find(By::Css("[data-fact=holder]")).text(), shown["holder"].as_str().unwrap());
    assert!(browser.text().contains(&format!("localhost:{}", desk.demo.port())), "which site asks");
    browser.judge(&format!("window-form-{}", language.1), &[Look::Window, Look::WindowDark]);
    browser.switch_to(&page);
    browser.judge(&format!("activate-waiting-{}", language.1), &[Look::Desktop]);
    browser.switch_to(&window);

    type_and_begin(&browser, &desk.user_code, pin);
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.wait_for_url(&format!("/{authority}/activate/outcome/"));
    inspect(&browser, "outcome-succeeded", language);
    assert_eq!(browser.find(By::Css("#number")).text(), shown["number"].as_str().unwrap());
    assert_eq!(browser.all(By::Css("tr[data-role]")).len(), 4);
    assert_quiet(&browser, &[&desk.portal(), &agent(&desk.demo)]);

    let online = desk.bench.show(&["--portal", desk.demo.portal(authority)]).expect_success();
    assert_eq!((&online["activated"], &online["pin_tries_left"]), (&true.into(), &3.into()));
    assert!(statuses(&online).iter().all(|(_, status)| *status == "valid"));
    let party = RelyingParty::of(&desk.demo, authority);
    for certificate in online["certificates"].as_array().unwrap() {
        assert_eq!(party.ask(Question::Certificate(pem(certificate))).status, "good");
    }
    for secret in [desk.user_code.as_str(), pin] {
        let printed = [desk.agent.stdout(), desk.agent.stderr(), desk.demo.process().stderr()];
        assert!(printed.iter().all(|text| !text.contains(secret)), "a secret was printed");
    }
}

#[test]
fn the_journey_in_chinese() {
    journey(LANGUAGES[0], "gca", "13579086");
}

#[test]
fn the_journey_in_english() {
    journey(LANGUAGES[1], "hca", "246802");
}

/// The page may not ask the agent, and yet everything goes by the window.
#[test]
fn the_journey_from_a_public_address() {
    let desk = Desk::new("gca");
    let proxy = PublicProxy::start(&desk.portal());
    let arguments = proxy.arguments(&[agent(&desk.demo).strip_prefix("http://").unwrap()]);
    let browser = Browser::start("zh-TW", &Options { arguments, ..Options::default() });
    browser.open(&desk.portal());
    let asked =
        format!("fetch('{}/hello?nonce=abcdefghijklmnop').then(() => 'answered', () => 'refused')", agent(&desk.demo));
    assert_eq!(browser.evaluate(&asked), "refused", "the proxy makes it public");

    let page = browser.window();
    open_card_window(&browser, &desk, "gca");
    let window = browser.window();
    type_and_begin(&browser, &desk.user_code, "13579086");
    browser.switch_to(&page);
    browser.wait_until_closed(&window);
    browser.wait_for_url("/gca/activate/outcome/");
    browser.find(By::Css("tr[data-role]"));
    browser.judge("outcome-public", &[Look::Desktop]);
}
