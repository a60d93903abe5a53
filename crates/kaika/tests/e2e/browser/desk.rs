//! Where a holder sits: a portal, and a computer with agent, reader and a card that is not activated yet.

use super::{agent, portal};
use crate::bench::{Running, eventually};
use crate::demo::{Card, Data, Demo};
use crate::pcsc::Bench;
use kaika_testkit::browser::{Browser, By};
use kaika_testkit::tools;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Keeps a card waiting at an instruction until the test lets it go.
pub(super) struct Hold(PathBuf);

impl Hold {
    pub(super) fn new(bench: &Bench) -> Hold {
        let file = bench.desk.path().join("held");
        fs::write(&file, "").unwrap();
        Hold(file)
    }

    /// For the software card's options.
    pub(super) fn at(&self, instruction: &str) -> String {
        format!("{instruction}={}", self.0.display())
    }

    pub(super) fn let_go(self) {
        fs::remove_file(self.0).unwrap();
    }
}

pub(super) struct Desk {
    pub(super) demo: Demo,
    pub(super) bench: Bench,
    pub(super) user_code: String,
    /// `kaika-agent run --portal …`, on the reader's pcscd.
    pub(super) agent: Running,
}

impl Desk {
    pub(super) fn new(authority: &str) -> Desk {
        let demo = Demo::start(Data::made(), &["--without-agent"]);
        Desk::of(demo, |demo| demo.spare_card(authority))
    }

    /// With XCA's card in this state.
    pub(super) fn in_state(state: &str) -> Desk {
        let demo = Demo::start(Data::made(), &["--without-agent"]);
        Desk::of(demo, |demo| demo.card_in_state("xca", state))
    }

    fn of(demo: Demo, choose: impl FnOnce(&Demo) -> (Card<'_>, PathBuf)) -> Desk {
        let (card, file) = choose(&demo);
        let user_code = card.user_code().to_owned();
        let bench = Bench::with(&file);
        let agent = start_agent(&demo, &[bench.pcscd.env()], bench.desk.path());
        Desk { demo, bench, user_code, agent }
    }

    pub(super) fn portal(&self) -> String {
        portal(&self.demo)
    }

    pub(super) fn agent(&self) -> String {
        agent(&self.demo)
    }

    pub(super) fn stop_agent(&mut self) {
        self.agent.kill();
    }

    /// The agent anew, after [`stop_agent`](Self::stop_agent).
    pub(super) fn start_agent(&mut self) {
        self.agent = start_agent(&self.demo, &[self.bench.pcscd.env()], self.bench.desk.path());
    }

    /// Puts a card into a slot of the reader: the first (0), when its card has been taken out, or the second (1).
    /// Dropped, the card is out again.
    pub(super) fn put_in(&self, slot: usize, card: &Path) -> Running {
        put_in(&self.bench, slot, &["--card", card.to_str().unwrap()])
    }

    /// The card of the first slot, back in it; it waits at its first RESET RETRY COUNTER.
    pub(super) fn put_back_held(&mut self) -> (Running, Hold) {
        let hold = Hold::new(&self.bench);
        (self.put_back(&["--hold-at", &hold.at("2c")]), hold)
    }

    /// The card of the first slot, back in it; it falls out as soon as anybody so much as selects its application.
    pub(super) fn put_back_skittish(&mut self) -> Running {
        self.put_back(&["--pull-at", "a4"])
    }

    /// The card of the first slot, back in it; it falls out when it has carried out this instruction.
    pub(super) fn put_back_pulled_at(&mut self, instruction: &str) -> Running {
        self.put_back(&["--pull-at", instruction])
    }

    fn put_back(&mut self, options: &[&str]) -> Running {
        self.bench.take_out();
        // Else the card of before may be taken for this one.
        eventually("the card out of the reader", || (!self.is_in(0)).then_some(()));
        let file = self.card_file();
        put_in(&self.bench, 0, &[&["--card", file.to_str().unwrap()], options].concat())
    }

    /// Whether there is a card in this slot; it is left alone.
    pub(super) fn is_in(&self, slot: usize) -> bool {
        is_in(&self.bench, slot)
    }

    /// Where the card of the first slot keeps what is on it.
    pub(super) fn card_file(&self) -> PathBuf {
        self.bench.desk.path().join("one.card")
    }

    /// A card that nobody has personalised, in this slot.
    pub(super) fn put_in_blank(&self, slot: usize) -> Running {
        let file = self.bench.desk.path().join(format!("blank-{slot}.card"));
        put_in(&self.bench, slot, &["--card", file.to_str().unwrap(), "--create", "--serial", "31000077"])
    }

    /// The card in the first slot, as the programs with the card tool see it.
    pub(super) fn card(&self) -> Value {
        self.bench.show(&[]).expect_success()
    }
}

fn put_in(bench: &Bench, slot: usize, card: &[&str]) -> Running {
    let vpcd = format!("127.0.0.1:{}", bench.pcscd.slots()[slot].port);
    let mut running = Running::start("kaika-agent", &[&["softcard", "--vpcd", &vpcd], card].concat(), &[]);
    running.wait_until("the card in the reader", |_| is_in(bench, slot));
    running
}

/// By a program that connects to no card: one that has just come may be taken for mute by whoever is too quick.
fn is_in(bench: &Bench, slot: usize) -> bool {
    let list = tools::run("opensc-tool", &["--list-readers"], &[bench.pcscd.env()]).stdout();
    let reader = bench.pcscd.slots()[slot].reader.as_str();
    list.lines().any(|line| line.ends_with(reader) && line.split_whitespace().any(|word| word == "Yes"))
}

/// The agent where this demo's portal looks for it; `folder` is for its token.
pub(super) fn start_agent(demo: &Demo, environment: &[(&str, &str)], folder: &Path) -> Running {
    let (portal, listen) = (portal(demo), agent(demo).replace("http://", ""));
    let token = folder.join("agent-token");
    // Whoever sees it knows that this one listens, not an earlier one that was killed.
    drop(fs::remove_file(&token));
    let arguments = ["run", "--listen", &listen, "--portal", &portal, "--token-file", token.to_str().unwrap()];
    let mut agent = Running::start("kaika-agent", &arguments, environment);
    agent.wait_until("the agent listens", |_| token.exists());
    agent
}

/// From the start page to the card window's form.
pub(super) fn open_card_window(browser: &Browser, desk: &Desk, authority: &str) {
    browser.open(&format!("{}/", desk.portal()));
    browser.click(By::Css(&format!("main a[href='/{authority}/']")));
    browser.click(By::Css(&format!("main a[href='/{authority}/activate']")));
    browser.click(By::Css("#start"));
    browser.switch_to_popup();
    browser.find(By::Css("[data-screen=form]"));
}

pub(super) fn type_and_begin(browser: &Browser, user_code: &str, pin: &str) {
    browser.fill(By::Css("#user_code"), user_code);
    browser.fill(By::Css("#new_pin"), pin);
    browser.fill(By::Css("#new_pin_again"), pin);
    browser.click(By::Css("#start"));
}
