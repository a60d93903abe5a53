//! The same path behind a real pcscd, without an agent: a blank card is ordered, personalised, activated, and then used
//! by programs that we did not write.

use crate::bench::{PATIENCE, Running, Said, eventually, folder, tool};
use crate::demo::{Data, Demo};
use crate::judges::{Question, RelyingParty, pem, statuses};
use kaika_testkit::{
    pcscd::PrivatePcscd,
    tools::{self, Output, Tool},
};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, thread};
use tempfile::TempDir;

/// A software card as a program of its own, in a reader of a pcscd of its own.
pub(crate) struct Bench {
    pub(crate) pcscd: PrivatePcscd,
    /// Behind `pcscd`, so that it ends before.
    card: Running,
    /// Where it is.
    slot: usize,
    pub(crate) desk: TempDir,
}

impl Bench {
    /// A blank card.
    pub(crate) fn new() -> Bench {
        Bench::blank(31_000_001)
    }

    /// A blank card with this serial number.
    pub(crate) fn blank(serial: u32) -> Bench {
        Bench::start(None, &["--create", "--strict", "--serial", &serial.to_string()])
    }

    /// A copy of this card.
    pub(crate) fn with(card: &Path) -> Bench {
        Bench::start(Some(card), &[])
    }

    fn start(card: Option<&Path>, options: &[&str]) -> Bench {
        // yubico-piv-tool wants "Yubikey" in the name.
        let pcscd = PrivatePcscd::start(&["Yubikey Kaika"]);
        let desk = folder();
        let file = desk.path().join("one.card");
        if let Some(card) = card {
            fs::copy(card, &file).unwrap();
        }
        let card = softcard(&pcscd, 0, &file, options);
        let bench = Bench { pcscd, card, slot: 0, desk };
        bench.wait_for_card();
        bench
    }

    /// Takes the card out and puts a blank one with this serial number into the other slot, since pcscd takes half a
    /// second to see that one is empty.
    pub(crate) fn put_blank(&mut self, serial: u32) {
        self.change(serial, |_| {}, &["--create", "--strict", "--serial", &serial.to_string()]);
    }

    /// Takes the card with this serial number out, has its file changed, and puts it into the other slot.
    pub(crate) fn put_changed(&mut self, serial: u32, change: impl FnOnce(&Path)) {
        self.change(serial, change, &[]);
    }

    fn change(&mut self, serial: u32, change: impl FnOnce(&Path), options: &[&str]) {
        self.take_out();
        self.slot = 1 - self.slot;
        self.wait_until_out();
        let file = self.desk.path().join(format!("{serial}.card"));
        change(&file);
        self.card = softcard(&self.pcscd, self.slot, &file, options);
        self.wait_until("Yes");
    }

    #[track_caller]
    fn wait_for_card(&self) {
        eventually("a card in the reader", || {
            let list = self.agent(&["card", "list"], "").expect_success();
            list["readers"].as_array().unwrap().iter().any(|entry| entry["card"] == true).then_some(())
        });
    }

    /// Waits until pcscd has seen that the reader is empty: a card that is put in sooner may not be seen at all.
    /// Whoever connects to the card meanwhile, as the card tool does for a list, may have it taken for one that is mute.
    #[track_caller]
    pub(crate) fn wait_until_out(&self) {
        self.wait_until("No");
    }

    /// By whether there is a card, as opensc-tool lists the reader.
    #[track_caller]
    fn wait_until(&self, card: &str) {
        eventually("a card in the reader, or none", || {
            let list = self.judge("opensc-tool", &["--list-readers"]).stdout();
            let entry = list.lines().find(|line| line.ends_with(self.reader()))?;
            entry.split_whitespace().any(|word| word == card).then_some(())
        });
    }

    pub(crate) fn reader(&self) -> &str {
        &self.pcscd.slots()[self.slot].reader
    }

    /// `kaika-agent … --json`, with PC/SC directly.
    pub(crate) fn agent(&self, arguments: &[&str], stdin: &str) -> Said {
        let (name, socket) = self.pcscd.env();
        Said::in_json(&tool("kaika-agent").args(arguments).arg("--json").env(name, socket).input(stdin).run())
    }

    pub(crate) fn show(&self, options: &[&str]) -> Said {
        self.agent(&[&["card", "show", "--reader", self.reader()], options].concat(), "")
    }

    /// Takes the card out.
    pub(crate) fn take_out(&mut self) {
        self.card.kill();
    }

    /// Another one's program.
    pub(crate) fn judge(&self, program: &str, arguments: &[&str]) -> Output {
        let (name, socket) = self.pcscd.env();
        Tool::new(program).args(arguments).env(name, socket).patience(PATIENCE).run()
    }
}

/// A card's file as a program in this slot.
fn softcard(pcscd: &PrivatePcscd, slot: usize, file: &Path, options: &[&str]) -> Running {
    let vpcd = format!("127.0.0.1:{}", pcscd.slots()[slot].port);
    let arguments = ["softcard", "--vpcd", &vpcd, "--card", file.to_str().unwrap()];
    Running::start("kaika-agent", &[&arguments[..], options].concat(), &[])
}

#[track_caller]
fn path(authority: &str, holder: &str, pin: &str) {
    let demo = Demo::new();
    let bench = Bench::new();
    let portal = demo.portal(authority);
    let shown = bench.show(&[]).expect_success();
    assert_eq!((&shown["number"], &shown["missing"]), (&Value::Null, &json!([])));
    let found = bench.agent(&["card", "probe"], "").expect_success();
    assert_eq!((&found["can_be_made"], &found["missing"]), (&json!(true), &json!([])));
    assert_eq!(found["management_key"], json!({"algorithm": "aes192", "factory": true}));
    assert_eq!((&found["pin_tries"], &found["puk_tries"]), (&json!(3), &json!(3)));
    bench.show(&["--portal", portal]).refused("not_kaika_card");

    let file = bench.desk.path().join("holder.toml");
    fs::write(&file, holder).unwrap();
    let order = ["card", "order", "--authority", authority, "--holder", file.to_str().unwrap()];
    let ordered = demo.data().operator(&order).expect_success();
    assert_eq!((&ordered["authority"], &ordered["state"]), (&json!(authority), &json!("ordered")));
    let (number, user_code) = (ordered["number"].as_str().unwrap(), ordered["user_code"].as_str().unwrap());

    let station = bench.desk.path().join("station.json");
    let station = station.to_str().unwrap();
    let personalise = ["card", "personalise", "--portal", portal, "--reader", bench.reader(), "--station", station];
    fs::write(station, r#"{"station":"00000000-0000-7000-8000-000000000000","token":"none"}"#).unwrap();
    bench.agent(&personalise, "").refused("station_unknown");
    fs::remove_file(station).unwrap();
    demo.data().operator(&["station", "enrol", "--name", "Test", "--out", station]).expect_success();
    assert_eq!(fs::metadata(station).unwrap().permissions().mode() & 0o777, 0o600);

    let done = bench.agent(&personalise, "").expect_success();
    assert_eq!((&done["state"], &done["number"]), (&json!("succeeded"), &json!(number)));
    bench.agent(&personalise, "").refused("card_not_blank");

    let offline = bench.show(&[]).expect_success();
    assert_eq!((&offline["number"], &offline["activated"]), (&json!(number), &Value::Null));
    assert_eq!((&offline["pin_tries_left"], &offline["puk_tries_left"]), (&json!(0), &json!(3)));
    assert!(statuses(&offline).iter().all(|(_, status)| *status == "null"));
    let online = bench.show(&["--portal", portal]).expect_success();
    assert_eq!((&online["number"], &online["activated"]), (&json!(number), &json!(false)));
    assert_eq!(online["authority"], authority);
    assert!(statuses(&online).iter().all(|(_, status)| *status == "held"));
    let party = RelyingParty::of(&demo, authority);
    let pems: Vec<&str> = online["certificates"].as_array().unwrap().iter().map(pem).collect();
    assert_eq!(pems.len(), 4);
    for pem in &pems {
        assert!(party.ask(Question::Certificate(pem)).words.contains("certificateHold"));
    }

    let activate = ["card", "activate", "--portal", portal, "--reader", bench.reader(), "--secrets-stdin"];
    let with_code = |code: &str| bench.agent(&activate, &format!("user_code={code}\nnew_pin={pin}\n"));
    assert_eq!(with_code("wrong-1").refused("user_code_wrong")["tries_left"], 2);
    let done = with_code(user_code);
    assert!(!done.stdout.contains(user_code) && !done.stderr.contains(user_code));
    assert_eq!(done.expect_success()["state"], "succeeded");
    for pem in &pems {
        assert_eq!(party.ask(Question::Certificate(pem)).status, "good");
        party.verify(pem).expect_success();
    }
    let online = bench.show(&["--portal", portal]).expect_success();
    assert_eq!((&online["activated"], &online["pin_tries_left"]), (&json!(true), &json!(3)));
    assert!(statuses(&online).iter().all(|(_, status)| *status == "valid"));

    others_use_it(&bench, number, pin);
    let online = bench.show(&["--portal", portal]).expect_success();
    assert_eq!(online["pin_tries_left"], 3, "nobody spent a try");
}

/// OpenSC and yubico-piv-tool.
fn others_use_it(bench: &Bench, number: &str, pin: &str) {
    let name = bench.judge("opensc-tool", &["--reader", bench.reader(), "--name"]).expect_success();
    assert!(name.stdout().contains("Personal Identity Verification Card"), "{name}");

    // Before anybody verifies the PIN: then a card tells no tries.
    let status = bench.judge("yubico-piv-tool", &["-a", "status"]).expect_success();
    for line in ["Slot 9a:", "Slot 9c:", "Slot 9d:", "Slot 9e:", number, "PIN tries left:\t3"] {
        assert!(status.stdout().contains(line), "{line:?}: {status}");
    }

    let module = tools::opensc_pkcs11();
    let arguments = ["--module", module.to_str().unwrap(), "--login", "--pin", pin, "--test"];
    let tested = bench.judge("pkcs11-tool", &arguments).expect_success();
    assert!(tested.text().contains("No errors"), "{tested}");
    // The card's keys with their certificates, as a browser or a mail program would list them.
    let listed = bench.judge("pkcs11-tool", &["--module", module.to_str().unwrap(), "--list-objects"]);
    assert_eq!(listed.expect_success().stdout().matches("Certificate Object").count(), 4);
}

#[test]
fn a_blank_card_becomes_a_valid_p256_card() {
    let holder = "subject = [[\"C\", \"TW\"], [\"O\", \"行政院\"], [\"OU\", \"測試機關 TEST\"]]\n";
    path("gca", holder, "13579086");
}

#[test]
fn a_blank_card_becomes_a_valid_rsa_card() {
    let holder = "subject = [[\"C\", \"TW\"], [\"O\", \"測試醫院 TEST\"], [\"CN\", \"測試\"], \
                  [\"serialNumber\", \"0000000000000009\"]]\nemail = \"card@hospital.example\"\n";
    path("hca", holder, "246802");
}

#[test]
fn a_portal_that_is_not_there_leaves_the_card_alone() {
    let bench = Bench::new();
    let closed = kaika_testkit::ports::PortPair::claim().unwrap();
    let portal = format!("http://localhost:{}/gca/", closed.first);
    bench.show(&["--portal", &portal]).refused("server_unreachable");
    let activate = ["card", "activate", "--portal", &portal, "--secrets-stdin"];
    bench.agent(&activate, "user_code=Abc12345\nnew_pin=135790\n").refused("server_unreachable");
}

/// A program that ends resets the card for itself, and not under the hands of the next one.
#[test]
fn programs_at_one_card_do_not_disturb_each_other() {
    let demo = Demo::start(Data::made(), &["--without-agent"]);
    let (card, file) = demo.spare_card("gca");
    let bench = Bench::with(&file);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(bench.show(&[]).expect_success()["number"], card.number());
                }
            });
        }
    });
}
