//! A card session that stays open while the server is asked, and another program that wants the card.

use crate::{
    cards::{GCA, GUID, unopened},
    portal::{Answer, NUMBER, Script, batch, failed, running, succeeded},
};
use kaika_agent::{
    engine::{Finished, HoldTimes, Inputs, Order, Patience, Progress, run_job},
    portal::{Portal, Station, Target},
    readers::{Readers, Source, exclusively, soft::SoftReaders},
};
use kaika_wire::{
    BatchReport, Code, Command, Guid, Hold, JobId, JobKind, JobStarted, JobState, KeyAlgorithm, Outcome, Refusal,
    SecretKind, StartJob, WellKnown,
};
use std::{
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};
use tempfile::TempDir;

const READER: &str = "Reader A";

/// A portal that says that it was asked to go on, and answers when it is told to.
struct Slow {
    script: Script,
    asked: Sender<()>,
    answer: Mutex<Receiver<()>>,
}

impl Portal for Slow {
    fn origin(&self) -> &str {
        self.script.origin()
    }

    fn well_known(&self) -> Result<WellKnown, Refusal> {
        self.script.well_known()
    }

    fn start(&self, start: &StartJob, station: Option<&Station>) -> Result<JobStarted, Refusal> {
        self.script.start(start, station)
    }

    fn report(&self, id: JobId, token: &str, report: &BatchReport) -> Result<JobState, Refusal> {
        if report.sequence == 1 {
            self.asked.send(()).unwrap();
            self.answer.lock().unwrap().recv().unwrap();
        }
        self.script.report(id, token, report)
    }
}

struct Bench {
    readers: Readers,
    soft: SoftReaders,
    /// The server has the first report.
    asked: Receiver<()>,
    /// It may answer.
    answer: Sender<()>,
    _folder: TempDir,
}

/// A job at work, and what it came to.
type Running = thread::JoinHandle<(Result<Finished, Refusal>, Vec<Progress>)>;

impl Bench {
    /// A job of two batches, of which the first holds the session, and what the server says in the end.
    fn begin(hold: HoldTimes, end: Answer) -> (Self, Running) {
        let folder = tempfile::tempdir().unwrap();
        unopened(folder.path(), NUMBER, &GCA);
        let soft = SoftReaders::open(folder.path(), [READER]).unwrap();
        soft.insert(NUMBER, READER).unwrap();
        let readers = Readers::new([Arc::new(soft.clone()) as Arc<dyn Source>]);
        let mut first = batch(1, vec![Command::ProveCard { algorithm: KeyAlgorithm::P256 }]);
        first.hold = Hold::Open;
        let answers: [Answer; 3] = [
            Ok(JobState::Running { batch: first }),
            running(2, vec![Command::ReadRetries, Command::ReadIdentity]),
            end,
        ];
        let (asked, is_asked) = mpsc::channel();
        let (answer, may_answer) = mpsc::channel();
        let script = Script::new(answers);
        let portal = Slow { script: script.clone(), asked, answer: Mutex::new(may_answer) };
        let target = Target { well_known: script.well_known().unwrap(), portal: Box::new(portal), named: None };
        let running = thread::spawn({
            let readers = readers.clone();
            move || {
                let mut session = readers.connect(READER).unwrap();
                let (order, patience) = (Order::new(JobKind::Information), Patience { pauses: &[], hold });
                let mut progress = Vec::new();
                let told = &mut |step| progress.push(step);
                let done = run_job(&mut *session, &target, &order, Inputs::default(), patience, told);
                (done, progress)
            }
        });
        (Self { readers, soft, asked: is_asked, answer, _folder: folder }, running)
    }

    fn apdus(&self) -> u64 {
        self.soft.card_in(READER).unwrap().lock().unwrap().apdu_count()
    }
}

/// Another program looks at the card.
fn look(readers: &Readers) -> Option<Guid> {
    let mut session = readers.connect(READER).unwrap();
    exclusively(&mut *session, |card| kaika_card::recognise(card)).unwrap().unwrap().guid
}

/// The other program waits until the batches are done that belong together, and the card is kept busy meanwhile.
#[test]
fn a_session_is_held_while_the_server_thinks() {
    let hold = HoldTimes { every: Duration::from_millis(1), most: Duration::from_secs(60), ..HoldTimes::USUAL };
    let (bench, running) = Bench::begin(hold, succeeded(Vec::new()));
    bench.asked.recv().unwrap();
    let order = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let readers = &bench.readers;
        let order = &order;
        scope.spawn(move || {
            look(readers);
            order.lock().unwrap().push("another program");
        });
        // Long enough for it to get there, and for the card to be given something to do.
        thread::sleep(Duration::from_millis(50));
        order.lock().unwrap().push("the server's answer");
        bench.answer.send(()).unwrap();
    });
    running.join().unwrap().0.unwrap();
    assert_eq!(*order.lock().unwrap(), ["the server's answer", "another program"]);
    // Recognising and proving take some eight of them, looking and the second batch as many.
    assert!(bench.apdus() > 20, "{} APDUs: the card had nothing to do", bench.apdus());
}

/// After its time the card is another program's, whatever becomes of the server; and the job finds its way back.
#[test]
fn a_server_that_takes_too_long_gives_the_card_free() {
    let hold = HoldTimes { every: Duration::from_millis(1), most: Duration::from_millis(10), ..HoldTimes::USUAL };
    let (bench, running) = Bench::begin(hold, succeeded(Vec::new()));
    bench.asked.recv().unwrap();
    assert_eq!(look(&bench.readers), Some(Guid::from_bytes(GUID)), "while the server still thinks");
    bench.answer.send(()).unwrap();
    let (done, progress) = running.join().unwrap();
    done.unwrap();
    let batches = progress.iter().filter(|step| matches!(step, Progress::Batch { .. })).count();
    assert_eq!(batches, 2, "the second was begun anew");
    look(&bench.readers);
}

/// A card that is taken out while the server thinks is told by what comes next, and by nothing that was sent to another.
#[test]
fn a_card_that_goes_while_the_server_thinks_is_missed() {
    let (bench, running) = Bench::begin(HoldTimes::USUAL, failed(Code::CardFault));
    bench.asked.recv().unwrap();
    bench.soft.remove(READER).unwrap();
    bench.answer.send(()).unwrap();
    let refusal = running.join().unwrap().0.unwrap_err();
    assert_eq!(refusal.code, Code::CardRemoved);
}

const TO_MANAGEMENT_KEY: [u8; 4] = [0x00, 0x87, 0x0c, 0x9b];

/// A challenge, and its answer in the next batch: what came of it, and what the card got after the challenge.
fn answered(hold: HoldTimes, late: bool) -> (Vec<Outcome>, Vec<[u8; 4]>) {
    let folder = tempfile::tempdir().unwrap();
    unopened(folder.path(), NUMBER, &GCA);
    let soft = SoftReaders::open(folder.path(), [READER]).unwrap();
    soft.insert(NUMBER, READER).unwrap();
    let card = soft.card_in(READER).unwrap();
    let readers = Readers::new([Arc::new(soft) as Arc<dyn Source>]);
    let mut first = batch(1, vec![Command::ReadRetries, Command::ChallengeManagement]);
    first.hold = Hold::Challenged;
    let answer = Command::AnswerManagement { response: vec![0; 16].into() };
    let script =
        Script::new([Ok(JobState::Running { batch: first }), running(2, vec![answer]), failed(Code::CardFault)]);
    let (asked, is_asked) = mpsc::channel();
    let (answer, may_answer) = mpsc::channel();
    let portal = Slow { script: script.clone(), asked, answer: Mutex::new(may_answer) };
    let target = Target { well_known: script.well_known().unwrap(), portal: Box::new(portal), named: None };
    card.lock().unwrap().record();
    thread::scope(|scope| {
        let running = scope.spawn(|| {
            let mut session = readers.connect(READER).unwrap();
            let (order, patience) = (Order::new(JobKind::Information), Patience { pauses: &[], hold });
            run_job(&mut *session, &target, &order, Inputs::default(), patience, &mut |_| {}).unwrap_err()
        });
        is_asked.recv().unwrap();
        match late {
            // The card is another program's when its time is over.
            true => drop(look(&readers)),
            // Long enough for whatever else would keep the card busy.
            false => thread::sleep(Duration::from_millis(50)),
        }
        answer.send(()).unwrap();
        assert_eq!(running.join().unwrap().code, Code::CardFault);
    });
    let headers: Vec<_> = card.lock().unwrap().recorded().into_iter().map(|exchange| exchange.header).collect();
    let challenge = headers.iter().position(|header| *header == TO_MANAGEMENT_KEY).unwrap();
    let report: BatchReport = serde_json::from_value(script.reports().pop().unwrap()).unwrap();
    (report.outcomes, headers[challenge + 1..].to_vec())
}

#[test]
fn nothing_is_sent_between_a_challenge_and_its_answer() {
    let every = Duration::from_millis(1);
    let hold = HoldTimes { every, challenged: Duration::from_secs(60), ..HoldTimes::USUAL };
    let refused = [Outcome::Refused { secret: SecretKind::ManagementKey, tries_left: None }];
    // The card says itself that this is no answer.
    let (outcomes, sent) = answered(hold, false);
    assert_eq!((outcomes.as_slice(), sent[0]), (refused.as_slice(), TO_MANAGEMENT_KEY));
    let (outcomes, sent) = answered(HoldTimes { challenged: every, ..hold }, true);
    assert_eq!(outcomes, refused);
    assert!(!sent.contains(&TO_MANAGEMENT_KEY), "too late: it is not even sent");
}
