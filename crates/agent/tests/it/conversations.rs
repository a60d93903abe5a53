//! Portals of before, as they were recorded: their answers word for word, to today's agent and the card of then.

use crate::{portal::Script, server::agent};
use kaika_agent::{
    client::AgentClient,
    engine::{Finished, Inputs, Order, run_job},
    portal::{
        Station, Target,
        http::{HttpPortal, HttpPortals},
    },
    readers::soft::desk_session,
    tool::{JobDone, TypedSecrets},
};
use kaika_softcard::{Options, SoftCard};
use kaika_testkit::{
    conversation::{Conversation, Exchange, as_then, well_known},
    site::{Answer, Site},
};
use kaika_wire::{Code, JobKind, JobResult, JobState, Protocol, Refusal, StartJob, StationId};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};
use time::OffsetDateTime;

const NO_PAUSES: &[Duration] = &[];

fn document(value: &Value) -> Answer {
    Answer { body: value.to_string().into_bytes(), ..Answer::status(200) }.with("Content-Type", "application/json")
}

/// What agents send, with the paths.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// A portal that says `known` of itself and then gives these answers, at an address of its own.
fn portal(known: Value, answers: impl IntoIterator<Item = (u16, Value)>) -> (Site, Asked) {
    let asked = Asked::default();
    let answers: Mutex<VecDeque<_>> = Mutex::new(answers.into_iter().collect());
    let site = Site::start({
        let asked = asked.clone();
        move |request| {
            let host = request.field("host").unwrap();
            // The address stands in what cards sign.
            let here = |value: &Value| {
                let text = value.to_string().replace("http://localhost:18080", &format!("http://{host}"));
                serde_json::from_str::<Value>(&text).unwrap()
            };
            if request.path == "/.well-known/kaika.json" {
                return document(&here(&known));
            }
            let body = serde_json::from_slice(&request.body).unwrap();
            asked.lock().unwrap().push((request.path.clone(), body));
            let (status, answer) = answers.lock().unwrap().pop_front().expect("more is asked than was then");
            Answer { status, ..document(&here(&answer)) }
        }
    });
    (site, asked)
}

/// The card of then, or a blank one of the same device.
fn card(conversation: &Conversation, start: &StartJob, folder: &Path) -> SoftCard {
    let path = folder.join("card.card");
    match conversation.card() {
        Some(file) => {
            std::fs::copy(file, &path).unwrap();
            SoftCard::open(path).unwrap()
        }
        None => {
            let serial = start.card.device.as_ref().unwrap().serial;
            SoftCard::create(path, Options { serial, strict: true, ..Options::default() }).unwrap()
        }
    }
}

/// As the person typed it then.
fn inputs(conversation: &Conversation, kind: JobKind) -> Inputs {
    let typed: TypedSecrets = serde_json::from_value(conversation.facts["typed"].clone()).unwrap_or_default();
    typed.inputs(kind).unwrap()
}

fn replay(conversation: &Conversation) -> (Result<Finished, Refusal>, Vec<(String, Value)>) {
    let answers = conversation.exchanges.iter().map(|exchange| (exchange.status, exchange.answer.clone()));
    let (site, asked) = portal(well_known(), answers);
    let start: StartJob = serde_json::from_value(conversation.exchanges[0].request.clone()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let card = card(conversation, &start, folder.path());
    let station = Station {
        station: StationId::new(OffsetDateTime::UNIX_EPOCH, [4; 10]),
        token: "a station's token".to_owned().into(),
    };
    let inputs = inputs(conversation, start.kind);
    let order = Order {
        kind: start.kind,
        number: start.number,
        station: (start.kind == JobKind::Personalise).then_some(station),
        details: start.details,
        ticket: start.ticket,
        mailer: Some(folder.path().join("mailer.json")),
    };
    let page = start.authority.map(|authority| format!("{authority}/")).unwrap_or_default();
    let target = Target::find(&HttpPortals::default(), &format!("{}/{page}", site.origin("localhost"))).unwrap();
    let mut session = desk_session(Arc::new(Mutex::new(card)));
    let result = run_job(session.as_mut(), &target, &order, inputs, NO_PAUSES, &mut |_| {});
    let asked = asked.lock().unwrap().clone();
    (result, asked)
}

#[test]
fn jobs_go_on_with_the_answers_of_an_older_portal() {
    for conversation in Conversation::all() {
        let name = &conversation.name;
        let (result, asked) = replay(&conversation);
        let start: StartJob = serde_json::from_value(conversation.exchanges[0].request.clone()).unwrap();
        if start.kind.protocol() > Protocol::FIRST {
            assert_eq!(result.err().map(|refusal| refusal.code), Some(Code::ServerTooOld), "{name}");
            assert_eq!(asked.len(), 0, "{name}: nothing was begun");
            continue;
        }
        assert_eq!(asked.len(), conversation.exchanges.len(), "{name}: as many round trips");
        for ((path, now), Exchange { path: old, request, .. }) in asked.into_iter().zip(&conversation.exchanges) {
            assert_eq!(path, *old, "{name}");
            as_then(&now, request).unwrap_or_else(|wrong| panic!("{name}: an older portal would miss {wrong}"));
        }
        let last = conversation.exchanges.last().unwrap().answer.clone();
        match (serde_json::from_value(last).unwrap(), result) {
            (JobState::Succeeded(told), Ok(finished)) => assert_eq!(finished.succeeded, told, "{name}"),
            (JobState::Failed { error }, Err(refusal)) => {
                // What it has left the agent knows by itself.
                assert!(refusal.aftermath.is_some(), "{name}");
                assert_eq!(Refusal { aftermath: None, ..refusal }, error, "{name}");
            }
            (_, result) => panic!("{name}: {:?}", result.map(|finished| finished.job)),
        }
    }
}

#[test]
fn the_card_tools_documents_are_as_they_were() {
    let mut results = Vec::new();
    for Conversation { name, facts, .. } in Conversation::all() {
        let Some(document) = facts.get("tool").filter(|document| document.get("error").is_none()) else { continue };
        let done: JobDone = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(serde_json::to_value(&done).unwrap(), *document, "{name}");
        results.push(done.result);
    }
    let having = |has: fn(&JobResult) -> bool| results.iter().filter(|result| has(result)).count();
    assert_eq!(having(|result| *result == JobResult::Done), 5, "activate, unlock, suspend, resume, revoke");
    assert_eq!(having(|result| result.check().is_some()), 2, "check, rewrite");
    assert_eq!(having(|result| result.test().is_some()), 1);
    assert_eq!(having(|result| result.email().is_some()), 2, "a mail was sent; the address is written");
}

/// What the portal of then says of itself, and this protocol.
fn speaking(protocol: u32) -> Value {
    let mut known = well_known();
    known["protocol"] = json!(protocol);
    known
}

#[test]
fn a_portal_that_is_too_old_is_told_before_the_card_is_touched() {
    let (site, asked) = portal(speaking(0), []);
    let conversation = Conversation::of("activate");
    let start: StartJob = serde_json::from_value(conversation.exchanges[0].request.clone()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let card = Arc::new(Mutex::new(card(&conversation, &start, folder.path())));
    let target = Target::find(&HttpPortals::default(), &format!("{}/gca/", site.origin("localhost"))).unwrap();
    let order = Order::new(JobKind::Activate);
    let inputs = inputs(&conversation, JobKind::Activate);
    let refused = run_job(desk_session(card.clone()).as_mut(), &target, &order, inputs, NO_PAUSES, &mut |_| {});
    assert_eq!(refused.err().unwrap().code, Code::ServerTooOld);
    assert_eq!((card.lock().unwrap().apdu_count(), asked.lock().unwrap().len()), (0, 0));
}

#[test]
fn what_cannot_be_read_of_a_newer_portal_is_told_as_that() {
    let conversation = Conversation::of("activate");
    let Exchange { request, answer, .. } = &conversation.exchanges[0];
    let start: StartJob = serde_json::from_value(request.clone()).unwrap();
    let mut command = answer.clone();
    command["state"]["batch"]["commands"][0] = json!({"command": "sing"});
    let error = json!({"error": {"code": "moon_full", "message": "…"}});
    for (status, answer) in [(200, command), (403, error), (200, json!({}))] {
        for (protocol, code) in [(Protocol::OURS.0, Code::NotAPortal), (Protocol::OURS.0 + 1, Code::AgentTooOld)] {
            let (site, _) = portal(speaking(protocol), [(status, answer.clone())]);
            let portal: &dyn kaika_agent::portal::Portal = &HttpPortal::new(&site.origin("localhost")).unwrap();
            assert_eq!(portal.start(&start, None).err().unwrap().code, code, "{answer}, {protocol}");
        }
    }
    // What it may add is passed over.
    let mut more = answer.clone();
    more["state"]["batch"]["commands"][0]["loudly"] = json!(true);
    let (site, _) = portal(speaking(Protocol::OURS.0 + 1), [(200, more)]);
    let portal: &dyn kaika_agent::portal::Portal = &HttpPortal::new(&site.origin("localhost")).unwrap();
    assert!(portal.start(&start, None).is_ok());
}

/// An agent that says this of itself beside its proof, and answers the card tool so. Of `Before`, it proves only that it
/// has the token.
fn running(age: Age, says: Value, answers: Value) -> (Site, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let token = "0123456789abcdef";
    std::fs::write(folder.path().join("token"), token).unwrap();
    let site = Site::start(move |request| match request.path.split_once("/hello?nonce=") {
        Some((_, query)) => {
            let (nonce, address) = query.split_once("&address=").unwrap();
            let message = match age {
                Age::Before => format!("kaika/agent-hello/1:{nonce}"),
                Age::Now => format!("kaika/agent-hello/2:{}:{nonce}", address.replace("%3A", ":")),
            };
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, token.as_bytes());
            let proof = aws_lc_rs::hmac::sign(&key, message.as_bytes());
            let mut hello = says.clone();
            hello["proof"] = json!(hex::encode(proof));
            document(&hello)
        }
        None => document(&answers),
    });
    (site, folder)
}

#[derive(Clone, Copy)]
enum Age {
    Before,
    Now,
}

#[test]
fn the_card_tool_and_an_agent_of_another_age() {
    let request = serde_json::from_value(json!({
        "operation": "job", "kind": "check", "portal": "http://localhost:8080/gca/", "secrets": {},
    }))
    .unwrap();
    let done = Conversation::of("suspend").facts["tool"].clone();
    let call = |age, says, answers| {
        let (site, folder) = running(age, says, answers);
        let connected = AgentClient::connect(Some(&site.origin("127.0.0.1")), &folder.path().join("token"));
        connected.and_then(|client| client.call(&request)).map(drop).map_err(|refusal| refusal.code)
    };
    let ours = json!({"protocol": Protocol::OURS});
    let later = json!({"protocol": Protocol::OURS.0 + 1});
    // Of now and of later: as long as it can be read.
    for says in [json!({}), ours.clone(), later.clone()] {
        assert_eq!(call(Age::Now, says, done.clone()), Ok(()));
    }
    assert_eq!(call(Age::Now, json!({"protocol": 0}), done.clone()), Err(Code::AgentTooOld));
    let strange = json!({"sung": true});
    assert_eq!(call(Age::Now, later, strange.clone()), Err(Code::AgentTooOld));
    assert_eq!(call(Age::Now, ours.clone(), strange), Err(Code::AgentUnreachable));
    // Who does not prove its address may be anybody at another.
    for says in [json!({}), ours] {
        assert_eq!(call(Age::Before, says, done.clone()), Err(Code::AgentTooOld));
    }
}

/// It says no address, and takes the agent's refusal for its own answer.
#[test]
fn a_card_tool_of_before_is_told_that_they_are_not_of_one_age() {
    let agent = agent(&Script::default());
    let answer = agent.get("/hello?nonce=0123456789abcdef");
    assert_eq!((answer.status, answer.code().as_str()), (409, "agent_too_old"));
    assert!(!answer.body.contains("proof"));
}
