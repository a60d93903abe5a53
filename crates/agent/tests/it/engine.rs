//! A job from its start to its end, on a software card.

use crate::{
    cards::{self, GCA, PUK, STRANGER, XCA, blank, has_verified_pin, inspect, unopened},
    portal::{Answer, NUMBER, Script, batch, failed, job, running, succeeded, unanswered},
};
use kaika_agent::{
    engine::{Finished, Inputs, Order, Progress, run_job},
    portal::{Station, Target},
    readers::soft::desk_session,
};
use kaika_card::{Pin, Secrets};
use kaika_softcard::{Fault, FaultKind, SoftCard};
use kaika_wire::{
    Aftermath, Code, Command, Expectation, JobKind, JobState, KeyAlgorithm, PinSource, Puk, Refusal, StationId,
    UserCode,
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// The PIN is taken back when a job ends.
const AT_THE_END: u64 = 1;

struct Bench {
    folder: TempDir,
    card: Arc<Mutex<SoftCard>>,
    script: Script,
    url: &'static str,
    pauses: &'static [Duration],
    progress: Vec<Progress>,
}

impl Bench {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::with_card(answers, |folder| unopened(folder, NUMBER, &GCA))
    }

    fn with_card(answers: impl IntoIterator<Item = Answer>, make: impl FnOnce(&std::path::Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path());
        let card = SoftCard::open(folder.path().join(format!("{NUMBER}.card"))).unwrap();
        Self {
            card: Arc::new(Mutex::new(card)),
            script: Script::new(answers),
            url: "http://localhost:8080/gca/",
            pauses: &[Duration::ZERO; 2],
            progress: Vec::new(),
            folder,
        }
    }

    fn run(&mut self, order: &Order, inputs: Inputs) -> Result<Finished, Refusal> {
        let mut session = desk_session(self.card.clone());
        let target = Target::find(&self.script, self.url)?;
        run_job(&mut *session, &target, order, inputs, self.pauses, &mut |step| {
            self.progress.push(step);
        })
    }

    fn information(&mut self) -> Result<Finished, Refusal> {
        self.run(&Order::new(JobKind::Information), Inputs::default())
    }

    fn activate(&mut self) -> Result<Finished, Refusal> {
        let inputs = Inputs {
            mail_code: None,
            user_code: UserCode::parse("Abc123").ok(),
            secrets: Secrets { new_pin: Pin::parse("135790").ok(), ..Secrets::default() },
        };
        self.run(&Order::new(JobKind::Activate), inputs)
    }

    fn apdus(&self) -> u64 {
        self.card.lock().unwrap().apdu_count()
    }
}

fn prove() -> Vec<Command> {
    vec![Command::ProveCard { algorithm: KeyAlgorithm::P256 }]
}

fn open_card() -> Vec<Command> {
    vec![
        Command::ResetRetryCounter { puk: Puk::parse(PUK).unwrap(), pin: PinSource::New },
        Command::SignAcceptance { pin: PinSource::New, algorithm: KeyAlgorithm::P256, certificates: Vec::new() },
    ]
}

fn code<T>(result: Result<T, Refusal>) -> Code {
    result.err().expect("this was to be refused").code
}

#[test]
fn a_job_goes_from_batch_to_batch() {
    let mut bench = Bench::new([running(1, prove()), running(2, open_card()), succeeded(Vec::new())]);
    let finished = bench.activate().unwrap();
    assert_eq!(finished.job, job());
    assert_eq!(finished.card.as_str(), NUMBER);

    let started = bench.script.played(|played| played.started.clone());
    assert_eq!(started[0]["kind"], "activate");
    assert_eq!(started[0]["authority"], "gca");
    assert!(started[0]["card"]["certificate"].is_string());
    let reports = bench.script.reports();
    assert_eq!(reports.len(), 2);
    assert_eq!(reports[0]["sequence"], 1);
    assert_eq!(reports[0]["outcomes"][0]["outcome"], "signature");
    assert_eq!(reports[0]["user_code"], "Abc123");
    assert_eq!(reports[1]["outcomes"][0]["outcome"], "done");
    assert_eq!(reports[1]["outcomes"][1]["outcome"], "signature");
    assert_eq!(reports[1].get("user_code"), None, "the code goes once");
    assert!(inspect(bench.folder.path(), NUMBER).pin_is("135790"));
    assert_eq!(
        bench.progress,
        [
            Progress::Started { card: NUMBER.parse().unwrap() },
            Progress::Batch { sequence: 1, commands: 1 },
            Progress::Step { done: 1 },
            Progress::Batch { sequence: 2, commands: 2 },
            Progress::Step { done: 1 },
            Progress::Step { done: 2 },
        ]
    );
}

#[test]
fn no_verified_pin_is_left_behind() {
    let mut bench = Bench::new([running(1, open_card()), succeeded(Vec::new())]);
    let mut session = desk_session(bench.card.clone());
    let target = Target::find(&bench.script, bench.url).unwrap();
    let inputs = Inputs {
        mail_code: None,
        user_code: UserCode::parse("Abc123").ok(),
        secrets: Secrets { new_pin: Pin::parse("135790").ok(), ..Secrets::default() },
    };
    let order = Order::new(JobKind::Activate);
    run_job(&mut *session, &target, &order, inputs, &[], &mut |_| {}).unwrap();
    // The session, and with it the card's power, is still there.
    assert!(!has_verified_pin(&mut bench.card.lock().unwrap()));
    bench.progress.clear();
}

#[test]
fn only_activation_sends_a_user_code() {
    let mut bench = Bench::new([running(1, prove()), succeeded(Vec::new())]);
    bench.information().unwrap();
    assert_eq!(bench.script.reports()[0].get("user_code"), None);
}

#[test]
fn a_report_without_an_answer_is_sent_again() {
    let mut bench = Bench::new([running(1, prove()), unanswered(), unanswered(), succeeded(Vec::new())]);
    bench.activate().unwrap();
    let reports = bench.script.reports();
    assert_eq!(reports.len(), 3);
    assert!(reports.iter().all(|report| *report == reports[0]));
    let waits = bench.progress.iter().filter(|step| matches!(step, Progress::Waiting { .. }));
    assert_eq!(waits.count(), 2);
}

/// Whoever waits is told whether the server is silent or has failed.
#[test]
fn a_server_that_fails_is_no_server_that_is_silent() {
    let failed = || Err(Code::Internal.into());
    let mut bench = Bench::new([running(1, prove()), unanswered(), failed(), failed()]);
    assert_eq!(code(bench.activate()), Code::Internal);
    let why = |step: &Progress| match step {
        Progress::Waiting { why } => Some(*why),
        _ => None,
    };
    let waits: Vec<_> = bench.progress.iter().filter_map(why).collect();
    assert_eq!(waits, [Code::ServerUnreachable, Code::Internal]);
}

#[test]
fn a_server_that_is_gone_ends_the_job() {
    let mut bench = Bench::new([running(1, prove()), unanswered(), unanswered(), unanswered()]);
    assert_eq!(code(bench.activate()), Code::ServerUnreachable);
    assert_eq!(bench.script.reports().len(), 3);
}

#[test]
fn what_the_server_refuses_is_told() {
    let wrong = Refusal::new(Code::UserCodeWrong).tries_left(2);
    let mut bench = Bench::new([running(1, prove()), Ok(JobState::Failed { error: wrong.clone() })]);
    let refused = bench.activate().unwrap_err();
    // What is left the agent knows by itself.
    assert_eq!(refused.aftermath, Some(Aftermath::nothing(JobKind::Activate)));
    assert_eq!(Refusal { aftermath: None, ..refused }, wrong);

    let mut bench = Bench::new([Err(Code::AlreadyActivated.into())]);
    assert_eq!(code(bench.activate()), Code::AlreadyActivated);
}

#[test]
fn a_card_pulled_out_is_reported_first_and_told_then() {
    for after in [failed(Code::Stale), running(2, prove()), unanswered()] {
        let mut bench = Bench::new([running(1, open_card()), after]);
        bench.pauses = &[];
        // Detection takes its APDUs; the batch's second command is cut in its middle.
        let mut rehearsal = Bench::new([running(1, Vec::new()), succeeded(Vec::new())]);
        rehearsal.activate().unwrap();
        let before_commands = rehearsal.apdus() - AT_THE_END;
        bench.card.lock().unwrap().plan_fault(Fault { at: before_commands + 2, kind: FaultKind::LosePowerAfter });
        assert_eq!(code(bench.activate()), Code::CardRemoved);
        let reports = bench.script.reports();
        assert_eq!(reports[0]["fault"]["fault"], "removed");
        assert_eq!(reports[0]["outcomes"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn an_odd_status_word_is_left_to_the_server() {
    let mut bench = Bench::new([running(1, prove()), running(2, prove()), succeeded(Vec::new())]);
    let mut rehearsal = Bench::new([running(1, Vec::new()), succeeded(Vec::new())]);
    rehearsal.activate().unwrap();
    let at = rehearsal.apdus() - AT_THE_END + 1;
    let kind = FaultKind::Refuse;
    bench.card.lock().unwrap().plan_fault(Fault { at, kind });
    bench.activate().unwrap();
    let reports = bench.script.reports();
    assert_eq!(reports[0]["fault"]["status"], "6f00");
    assert_eq!(reports[1].get("fault"), None);
}

#[test]
fn another_card_is_left_alone() {
    let mut other = batch(1, prove());
    other.card = Expectation::Identity(kaika_wire::Guid::from_bytes([8; 16]));
    let mut bench = Bench::new([Ok(JobState::Running { batch: other }), failed(Code::Stale)]);
    assert_eq!(code(bench.activate()), Code::OtherCard);
    assert_eq!(bench.script.reports()[0]["fault"]["fault"], "other_card");
}

#[test]
fn nothing_is_signed_for_another_job_card_or_portal() {
    let spoilt: [fn(&mut kaika_wire::Batch); 4] = [
        |batch| batch.sequence = 2,
        |batch| batch.context.job = kaika_wire::JobId::new(OffsetDateTime::UNIX_EPOCH, [2; 10]),
        |batch| batch.context.card = "GC00000000000002".parse().unwrap(),
        |batch| batch.context.origin = "https://portal.example".to_owned(),
    ];
    for spoil in spoilt {
        let mut wrong = batch(1, prove());
        spoil(&mut wrong);
        let mut bench = Bench::new([Ok(JobState::Running { batch: wrong })]);
        assert_eq!(code(bench.activate()), Code::NotAPortal);
        assert!(bench.script.reports().is_empty());
    }
}

#[test]
fn this_computers_names_are_one_origin() {
    let mut spelled = batch(1, prove());
    spelled.context.origin = "http://127.0.0.1:8080".to_owned();
    let mut bench = Bench::new([Ok(JobState::Running { batch: spelled }), succeeded(Vec::new())]);
    bench.information().unwrap();
}

#[test]
fn a_server_that_goes_on_and_on_is_left() {
    let answers = (1..=80).map(|sequence| running(sequence, Vec::new()));
    let mut bench = Bench::new(answers);
    assert_eq!(code(bench.information()), Code::NotAPortal);
    assert!(bench.script.reports().len() < 80);
}

#[test]
fn cards_of_others_are_told_before_the_server_hears_of_them() {
    for (authority, url, expected) in [
        (&XCA, "http://localhost:8080/gca/", Code::WrongAuthority),
        (&STRANGER, "http://localhost:8080", Code::NotKaikaCard),
    ] {
        let mut bench = Bench::with_card([], |folder| unopened(folder, NUMBER, authority));
        bench.url = url;
        assert_eq!(code(bench.activate()), expected);
        assert!(bench.script.played(|played| played.started.is_empty()));
    }
    let mut bench = Bench::with_card([], |folder| drop(blank(folder, NUMBER)));
    assert_eq!(code(bench.activate()), Code::NotKaikaCard);
}

#[test]
fn a_card_cannot_be_taken_for_another_number() {
    let number = "GC00000000000077";
    let mut bench = Bench::with_card([running(1, prove())], |folder| {
        unopened(folder, number, &GCA);
        let made = folder.join(format!("{number}.card"));
        std::fs::rename(made, folder.join(format!("{NUMBER}.card"))).unwrap();
    });
    assert_eq!(code(bench.activate()), Code::NotAPortal);
    assert!(bench.script.reports().is_empty());
}

#[test]
fn a_missing_secret_is_asked_for_before_anything_happens() {
    let mut bench = Bench::new([]);
    let refused = bench.run(&Order::new(JobKind::Activate), Inputs::default());
    assert_eq!(code(refused), Code::SecretMissing);
    assert_eq!(bench.apdus(), 0);
}

fn personalise(mailer: Option<PathBuf>) -> Order {
    Order {
        number: Some(NUMBER.parse().unwrap()),
        station: Some(Station {
            station: StationId::new(OffsetDateTime::UNIX_EPOCH, [4; 10]),
            token: Zeroizing::new("station-token".to_owned()),
        }),
        mailer,
        ..Order::new(JobKind::Personalise)
    }
}

/// What a station does for a card whose PIN is delivered: here the PIN is set by the factory PUK.
fn set_pin() -> Answer {
    let mut batch =
        batch(1, vec![Command::ResetRetryCounter { puk: Puk::parse("12345678").unwrap(), pin: PinSource::New }]);
    batch.card = Expectation::Device(4711);
    Ok(JobState::Running { batch })
}

#[test]
fn a_delivered_pin_is_in_its_mailer_before_it_is_on_the_card() {
    let mut bench = Bench::with_card(
        [
            // The first attempt is cut before the card has done anything.
            set_pin(),
            failed(Code::Stale),
            set_pin(),
            succeeded(Vec::new()),
        ],
        |folder| drop(blank(folder, NUMBER)),
    );
    bench.script.played(|played| played.delivers_pin = true);
    bench.url = "http://localhost:8080";
    let file = bench.folder.path().join("mailers/one.json");
    let mut session = desk_session(bench.card.clone());
    kaika_agent::readers::exclusively(&mut *session, |card| {
        kaika_card::survey(card, &mut |bytes| bytes.fill(7)).unwrap()
    })
    .unwrap();
    drop(session);
    let detection = bench.apdus();
    let kind = FaultKind::LosePowerBefore;
    bench.card.lock().unwrap().plan_fault(Fault { at: detection + 1, kind });
    assert_eq!(code(bench.run(&personalise(Some(file.clone())), Inputs::default())), Code::CardRemoved);
    let first = std::fs::read_to_string(&file).unwrap();

    bench.run(&personalise(Some(file.clone())), Inputs::default()).unwrap();
    let second = std::fs::read_to_string(&file).unwrap();
    assert_eq!(first, second, "the PIN is used again");
    let mailer: serde_json::Value = serde_json::from_str(&second).unwrap();
    assert_eq!(mailer["number"], NUMBER);
    assert!(inspect(bench.folder.path(), NUMBER).pin_is(mailer["pin"].as_str().unwrap()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let stations = bench.script.played(|played| played.stations.clone());
    assert_eq!(stations, ["station-token", "station-token"]);
    assert_eq!(bench.script.played(|played| played.started[0]["number"].clone()), NUMBER);
}

#[test]
fn a_delivered_pin_needs_a_mailer_of_its_own() {
    let answers = || [set_pin()];
    let blank_card = |folder: &std::path::Path| drop(blank(folder, NUMBER));

    let mut bench = Bench::with_card(answers(), blank_card);
    bench.script.played(|played| played.delivers_pin = true);
    assert_eq!(code(bench.run(&personalise(None), Inputs::default())), Code::SecretMissing);

    let mut bench = Bench::with_card(answers(), blank_card);
    bench.script.played(|played| played.delivers_pin = true);
    let file = bench.folder.path().join("other.json");
    let others = r#"{"number":"GC00000000000009","pin":"111111"}"#;
    std::fs::write(&file, others).unwrap();
    let refused = bench.run(&personalise(Some(file.clone())), Inputs::default());
    assert_eq!(code(refused), Code::BadRequest);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), others);
}

#[test]
fn the_double_holds_what_the_tests_need() {
    let bench = Bench::new([]);
    let inspection = inspect(bench.folder.path(), NUMBER);
    assert_eq!(inspection.pin_tries_left(), 0);
    assert!(inspection.puk_is(PUK));
    assert!(inspection.key(cards::SIGNATURE.reference()).is_some());
}
