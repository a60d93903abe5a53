//! JSON between page, agent and server: what is read is written as it was understood.

use kaika_agent::tool::ToolRequest;
use kaika_wire::{BatchReport, IssuedTicket, JobOutcome, JobStarted, JobState, Refusal, StartJob, WellKnown};
use serde::{Serialize, de::DeserializeOwned};

fn both_ways<T: DeserializeOwned + Serialize>(input: &[u8]) {
    if let Ok(message) = serde_json::from_slice::<T>(input) {
        let written = serde_json::to_vec(&message).expect("a message is JSON");
        let again: T = serde_json::from_slice(&written).expect("what was written can be read");
        assert_eq!(serde_json::to_vec(&again).expect("a message is JSON"), written);
    }
}

pub fn messages(input: &[u8]) {
    both_ways::<StartJob>(input);
    both_ways::<JobStarted>(input);
    both_ways::<JobState>(input);
    both_ways::<BatchReport>(input);
    both_ways::<IssuedTicket>(input);
    both_ways::<JobOutcome>(input);
    both_ways::<WellKnown>(input);
    both_ways::<Refusal>(input);
    both_ways::<ToolRequest>(input);
}
