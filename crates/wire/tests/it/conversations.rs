//! What agents and portals of before said: it is read today, and written again nothing of it is lost.

use kaika_testkit::conversation::{Conversation, as_then, well_known};
use kaika_wire::{
    BatchReport, Code, IssuedTicket, JobKind, JobOutcome, JobResult, JobStarted, JobState, Protocol, StartJob,
    Succeeded, WellKnown,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::collections::HashSet;

/// The value that it is read as, and whatever it holds beside what was read is new.
fn read<T: Serialize + DeserializeOwned>(message: &Value) -> T {
    let read: T = serde_json::from_value(message.clone()).unwrap_or_else(|error| panic!("{error}: {message}"));
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(as_then(&written, message).as_ref(), Ok(message));
    read
}

#[test]
fn messages_of_before_are_read_and_lose_nothing() {
    let mut kinds = Vec::new();
    for Conversation { facts, exchanges, .. } in Conversation::all() {
        let job: StartJob = read(&exchanges[0].request);
        let goes_on = job.kind.protocol() == Protocol::FIRST;
        for exchange in exchanges {
            assert_eq!(exchange.status, 200);
            if !goes_on {
                // Read far enough to be told that whoever says it is too old.
                if exchange.path.ends_with("/reports") {
                    let report: BatchReport = serde_json::from_value(exchange.request).unwrap();
                    assert_eq!(report.protocol, Protocol::FIRST);
                }
            } else if exchange.path.ends_with("/reports") {
                read::<BatchReport>(&exchange.request);
                read::<JobState>(&exchange.answer);
            } else {
                let start: StartJob = read(&exchange.request);
                assert_eq!(start.protocol, Protocol::FIRST);
                kinds.push(start.kind);
                read::<JobStarted>(&exchange.answer);
            }
        }
        if let Some(ticket) = facts.get("ticket") {
            read::<IssuedTicket>(ticket);
            read::<JobOutcome>(&facts["outcome"]);
        }
    }
    let of_then = |kind: &JobKind| kind.has_server() && kind.protocol() == Protocol::FIRST;
    let missing = JobKind::ALL.into_iter().filter(of_then).filter(|kind| !kinds.contains(kind));
    assert_eq!(missing.collect::<Vec<_>>(), []);
}

#[test]
fn results_stand_in_json_as_they_did() {
    fn same<T: Serialize + DeserializeOwned>(message: &Value) -> T {
        let read: T = serde_json::from_value(message.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), *message);
        read
    }
    let mut seen = HashSet::new();
    for Conversation { facts, exchanges, .. } in Conversation::all() {
        if let JobState::Succeeded(Succeeded { result, .. }) = same(&exchanges.last().unwrap().answer) {
            seen.insert(std::mem::discriminant(&result));
        }
        if let Some(outcome) = facts.get("outcome") {
            same::<JobOutcome>(outcome);
        }
    }
    assert_eq!(seen.len(), 5, "done, information, check, test, email");
}

/// A half-read result is none: what does not fit is refused, and what is not known yet is passed over.
#[test]
fn a_result_is_read_whole() {
    let mut answer = Conversation::of("check").exchanges.pop().unwrap().answer;
    let check = answer["check"].take();
    assert!(serde_json::from_value::<JobState>(answer.clone()).is_ok_and(|state| result(state) == JobResult::Done));
    answer["song"] = json!({"verses": 3});
    assert!(serde_json::from_value::<JobState>(answer.clone()).is_ok_and(|state| result(state) == JobResult::Done));
    answer["check"] = check;
    answer["check"]["slots"] = json!("none");
    assert!(serde_json::from_value::<JobState>(answer).is_err());
}

fn result(state: JobState) -> JobResult {
    let JobState::Succeeded(succeeded) = state else { panic!("not succeeded") };
    succeeded.result
}

#[test]
fn a_portal_of_before_speaks_the_first_protocol() {
    let then: WellKnown = read(&well_known());
    assert_eq!((then.protocol, then.authorities.len()), (Protocol::FIRST, 5));
}

#[test]
fn whoever_is_too_old_for_a_job_is_told_so() {
    for kind in JobKind::ALL {
        assert!(kind.protocol() <= Protocol::OURS, "{kind:?} can be done");
        assert_eq!(Protocol::OURS.suffices(kind, Code::AgentTooOld), Ok(()));
        let Protocol(needed) = kind.protocol();
        let refusal = Protocol(needed - 1).suffices(kind, Code::ServerTooOld).unwrap_err();
        assert_eq!(refusal.code, Code::ServerTooOld);
        assert!(refusal.detail.unwrap().ends_with(&format!("needs {needed}")));
    }
}
