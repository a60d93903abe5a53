//! A card session that stays open while the server is asked, and another program that wants the card.

use crate::{
    cards::{GCA, GUID, unopened},
    portal::{Answer, NUMBER, Script, batch, failed, running, succeeded},
};
use kaika_agent::{
    engine::{Finished, Hold, Inputs, Order, Patience, Progress, run_job},
    portal::{Portal, Station, Target},
    readers::{Readers, Source, exclusively, soft::SoftReaders},
};
use kaika_wire::{
    BatchReport, Code, Command, Guid, JobId, JobKind, JobStarted, JobState, KeyAlgorithm, Refusal, StartJob, WellKnown,
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
    fn begin(hold: Hold, end: Answer) -> (Self, Running) {
        let folder = tempfile::tempdir().unwrap();
        unopened(folder.path(), NUMBER, &GCA);
        let soft = SoftReaders::open(folder.path(), [READER]).unwrap();
        soft.insert(NUMBER, READER).unwrap();
        let readers = Readers::new([Arc::new(soft.clone()) as Arc<dyn Source>]);
        let mut first = batch(1, vec![Command::ProveCard { algorithm: KeyAlgorithm::P256 }]);
        first.hold = true;
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
    let hold = Hold { every: Duration::from_millis(1), most: Duration::from_secs(60) };
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
    let hold = Hold { every: Duration::from_millis(1), most: Duration::from_millis(10) };
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
    let (bench, running) = Bench::begin(Hold::USUAL, failed(Code::CardFault));
    bench.asked.recv().unwrap();
    bench.soft.remove(READER).unwrap();
    bench.answer.send(()).unwrap();
    let refusal = running.join().unwrap().0.unwrap_err();
    assert_eq!(refusal.code, Code::CardRemoved);
}
