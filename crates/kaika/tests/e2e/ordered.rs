//! A card on its way: ordered at an authority's server, in a reader of its own, with its holder's inputs.

use crate::bench::{Said, tool};
use crate::pcsc::Bench;
use crate::serve::Authority;
use serde_json::Value;
use std::fs;

pub(crate) struct Ordered {
    pub(crate) number: String,
    user_code: String,
    bench: Bench,
    portal: String,
    station: String,
}

impl Authority {
    /// The station of all the cards below.
    pub(crate) fn enrol_station(&self) {
        let station = self.path("station.json");
        self.operator(&["station", "enrol", "--name", "Test", "--out", &station]).expect_success();
    }

    /// A blank card with this serial number is in the reader; its portal is at this origin.
    pub(crate) fn order(&self, origin: &str, serial: u32) -> Ordered {
        let holder = self.path("holder.toml");
        fs::write(&holder, "subject = [[\"C\", \"TW\"], [\"O\", \"行政院\"], [\"OU\", \"測試機關\"]]\n").unwrap();
        let order = self.operator(&["card", "order", "--authority", "gca", "--holder", &holder]).expect_success();
        let text = |name: &str| order[name].as_str().unwrap().to_owned();
        Ordered {
            number: text("number"),
            user_code: text("user_code"),
            bench: Bench::blank(serial),
            portal: format!("{origin}/gca/"),
            station: self.path("station.json"),
        }
    }
}

impl Ordered {
    fn agent(&self, arguments: &[&str], stdin: &str) -> Said {
        let common = ["--json", "--portal", &self.portal, "--reader", self.bench.reader()];
        let (name, socket) = self.bench.pcscd.env();
        Said::in_json(&tool("kaika-agent").args(arguments).args(common).env(name, socket).input(stdin).run())
    }

    #[track_caller]
    pub(crate) fn personalise(&self) {
        let personalise = ["card", "personalise", "--station", &self.station, "--number", &self.number];
        self.agent(&personalise, "").expect_success();
    }

    /// Always with the same inputs.
    pub(crate) fn activate(&self) -> Said {
        let secrets = format!("user_code={}\nnew_pin=135790\n", self.user_code);
        self.agent(&["card", "activate", "--secrets-stdin"], &secrets)
    }

    /// What the card tool shows of it.
    #[track_caller]
    pub(crate) fn show(&self) -> Value {
        let shown = self.agent(&["card", "show"], "").expect_success();
        assert_eq!(shown["certificates"].as_array().unwrap().len(), 4);
        shown
    }
}
