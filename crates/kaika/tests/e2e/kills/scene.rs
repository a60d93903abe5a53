//! An authority's server, a line that a test can cut, and a reader with one card after the other.

use super::table::Ended;
use crate::bench::{PATIENCE, Running, Said, eventually, program};
use crate::judges::statuses;
use crate::pcsc::Bench;
use crate::serve::Authority;
use kaika_testkit::line::{Line, Moment, Then};
use kaika_testkit::tools::Tool;
use serde_json::json;
use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Job {
    Personalise,
    Activate,
}

impl Job {
    pub(crate) const BOTH: [Job; 2] = [Job::Personalise, Job::Activate];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Job::Personalise => "personalise",
            Job::Activate => "activate",
        }
    }
}

/// A card that was ordered; the person's inputs.
pub(crate) struct Ordered {
    number: String,
    user_code: String,
}

/// How many messages an agent has for the portal.
pub(crate) struct Messages {
    personalise: usize,
    activate: usize,
}

impl Messages {
    pub(crate) fn of(&self, job: Job) -> usize {
        match job {
            Job::Personalise => self.personalise,
            Job::Activate => self.activate,
        }
    }
}

pub(crate) struct Scene {
    pub(crate) authority: Authority,
    pub(crate) line: Line,
    pub(super) bench: Bench,
    station: String,
    serial: u32,
}

impl Scene {
    /// Founded, with a station, an order's holder and a blank card; nothing runs.
    pub(crate) fn on(database: &str) -> Scene {
        let authority = Authority::unconfigured();
        let line = Line::start(authority.port());
        authority.plain(&format!("http://localhost:{}", line.port()), database);
        authority.operator(&["init"]).expect_success();
        let station = authority.path("station.json");
        authority.operator(&["station", "enrol", "--name", "Test", "--out", &station]).expect_success();
        let holder = "subject = [[\"C\", \"TW\"], [\"O\", \"行政院\"], [\"OU\", \"測試機關\"]]\n";
        fs::write(authority.path("holder.toml"), holder).unwrap();
        Scene { authority, line, bench: Bench::new(), station, serial: 41_000_000 }
    }

    /// Starts the server; it is not up yet.
    pub(crate) fn starter(&self) -> impl Fn() -> Running + Send + use<> {
        let config = self.authority.path("kaika.toml");
        // It hears of a file that may not grow as of a disk that is full: by the error, without the signal.
        let program = program("kaika").to_str().unwrap().to_owned();
        move || {
            let arguments = ["-c", "trap '' XFSZ; exec \"$0\" serve --config \"$1\"", &program, &config];
            Running::start_other("/bin/sh".as_ref(), &arguments, &[])
        }
    }

    /// The most that any file of the server's may grow to from now on; none: as it likes.
    pub(crate) fn limit_files(server: &Running, bytes: Option<u64>) {
        let soft = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        // The hard limit stays, or only root could raise it again.
        let told = [format!("--pid={}", server.id()), format!("--fsize={soft}:")];
        Tool::new("prlimit").args(told).run().expect_success();
    }

    /// The server, up.
    pub(crate) fn serve(&self) -> Arc<Mutex<Running>> {
        let server = self.starter()();
        self.wait_until_ready();
        Arc::new(Mutex::new(server))
    }

    /// What `/readyz` says, asked past the line.
    pub(crate) fn readyz(&self) -> Option<u16> {
        let url = format!("http://127.0.0.1:{}/readyz", self.authority.port());
        let asked = ureq::get(url).config().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().call();
        asked.ok().map(|answer| answer.status().as_u16())
    }

    #[track_caller]
    pub(crate) fn wait_until_ready(&self) {
        eventually("ready", || (self.readyz() == Some(200)).then_some(()));
    }

    /// From a card for which nothing fails.
    pub(crate) fn messages(&mut self) -> Messages {
        let card = self.blank();
        let [personalise, activate] = Job::BOTH.map(|job| {
            let count = Arc::new(AtomicUsize::new(0));
            self.line.watch({
                let count = Arc::clone(&count);
                move |number, moment| {
                    if moment == Moment::Arrived {
                        count.store(number, Ordering::SeqCst);
                    }
                    Then::PassOn
                }
            });
            self.run(job, &card).expect_success();
            let count = count.load(Ordering::SeqCst);
            self.agrees(job, job.name());
            count
        });
        assert!(personalise > 4 && activate > 3, "{personalise} and {activate} messages");
        Messages { personalise, activate }
    }

    fn blank(&mut self) -> Ordered {
        self.serial += 1;
        self.bench.put_blank(self.serial);
        let holder = self.authority.path("holder.toml");
        let order = ["card", "order", "--authority", "gca", "--holder", &holder];
        let order = self.authority.operator(&order).expect_success();
        let text = |name: &str| order[name].as_str().unwrap().to_owned();
        Ordered { number: text("number"), user_code: text("user_code") }
    }

    /// An order, and a blank card for it in the reader; every message passes.
    pub(crate) fn card(&mut self) -> Ordered {
        self.line.leave_alone();
        self.blank()
    }

    pub(crate) fn personalised(&mut self) -> Ordered {
        let card = self.card();
        self.run(Job::Personalise, &card).expect_success();
        card
    }

    /// The card tool at work, always with the same inputs for the same card.
    pub(crate) fn begin(&self, job: Job, card: &Ordered) -> Running {
        let portal = self.portal();
        let mut arguments = vec!["card", job.name(), "--json", "--portal", &portal, "--reader", self.bench.reader()];
        let mut input = String::new();
        match job {
            Job::Personalise => arguments.extend(["--station", &self.station, "--number", &card.number]),
            Job::Activate => {
                arguments.push("--secrets-stdin");
                input = format!("user_code={}\nnew_pin=135790\n", card.user_code);
            }
        }
        Running::start_fed(&program("kaika-agent"), &arguments, &[self.bench.pcscd.env()], &input)
    }

    pub(crate) fn run(&self, job: Job, card: &Ordered) -> Said {
        self.begin(job, card).said()
    }

    /// An activated card whose login certificate is missing, as after writing that was cut.
    pub(super) fn differing(&mut self) {
        let card = self.personalised();
        self.run(Job::Activate, &card).expect_success();
        self.bench.put_changed(self.serial, |file| {
            let mut card: serde_json::Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
            card["objects"].as_object_mut().unwrap().remove("5fc105").expect("a login certificate");
            fs::write(file, serde_json::to_vec(&card).unwrap()).unwrap();
        });
    }

    /// The card tool, writing the card in the reader again.
    pub(super) fn begin_rewrite(&self) -> Running {
        let portal = self.portal();
        let arguments = ["card", "rewrite", "--json", "--portal", &portal, "--reader", self.bench.reader()];
        let arguments = [&arguments[..], &["--secrets-stdin"]].concat();
        Running::start_fed(&program("kaika-agent"), &arguments, &[self.bench.pcscd.env()], "pin=135790\n")
    }

    fn portal(&self) -> String {
        format!("http://localhost:{}/gca/", self.line.port())
    }

    /// The person tries again, where the first time was to no avail. Then card and database agree.
    #[track_caller]
    pub(crate) fn resume(&self, job: Job, card: &Ordered, first: Option<Said>, cell: &str) -> Ended {
        self.line.leave_alone();
        let at_once = first.is_some_and(|first| {
            if first.exit != Some(0) {
                // A refusal that tells to try again, and nothing that frightens.
                let code = first.document["error"]["code"].as_str().unwrap().to_owned();
                assert!(["server_unreachable", "busy"].contains(&code.as_str()), "{cell}: {}", first.document);
                first.refused(&code);
                return false;
            }
            true
        });
        let ended = if at_once {
            Ended::AtOnce
        } else {
            let again = self.run(job, card);
            let code = again.document["error"]["code"].as_str().unwrap_or_default().to_owned();
            match (again.exit, job, code.as_str()) {
                (Some(0), ..) => Ended::Again,
                (Some(1), Job::Personalise, "card_not_blank") | (Some(1), Job::Activate, "already_activated") => {
                    Ended::Before(code)
                }
                _ => panic!("{cell}: then {}\n{}", again.document, again.stderr),
            }
        };
        self.agrees(job, cell);
        ended
    }

    /// What the card tool shows of card and database, and the audit log.
    #[track_caller]
    pub(crate) fn agrees(&self, job: Job, cell: &str) {
        self.line.leave_alone();
        let (activated, status, pin_tries) = match job {
            Job::Personalise => (false, "held", 0),
            Job::Activate => (true, "valid", 3),
        };
        let shown = self.bench.show(&["--portal", &self.portal()]).expect_success();
        let told = (&shown["activated"], &shown["pin_tries_left"], &shown["puk_tries_left"]);
        assert_eq!(told, (&json!(activated), &json!(pin_tries), &json!(3)), "{cell}");
        let statuses = statuses(&shown);
        assert!(statuses.len() == 4 && statuses.iter().all(|(_, is)| *is == status), "{cell}: {statuses:?}");
        let audit = self.authority.operator(&["audit", "verify"]).expect_success();
        assert_eq!(audit["findings"], json!([]), "{cell}");
    }
}
