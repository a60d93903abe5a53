//! JSON of batches and reports. They hold secrets and so cannot be compared or shown: what is compared is their JSON.

use kaika_wire::{
    Batch, BatchReport, Bytes, CardFault, JobState, Lack, Outcome, Refusal, SecretKind, StartJob, UserCode,
};
use proptest::{collection::vec, prelude::*};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Read and written again, it is the same.
fn travels<T: Serialize + DeserializeOwned>(message: &Value) {
    let parsed: T = serde_json::from_value(message.clone()).unwrap_or_else(|error| panic!("{error}: {message}"));
    assert_eq!(serde_json::to_value(&parsed).unwrap(), *message);
    let text = message.to_string();
    let parsed: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(serde_json::to_value(&parsed).unwrap(), *message);
}

fn slot() -> impl Strategy<Value = String> {
    prop_oneof![0x82u8..=0x95, Just(0x9a), Just(0x9c), Just(0x9d), Just(0x9e)].prop_map(|slot| format!("{slot:02x}"))
}

fn one_of(names: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(names)
}

fn algorithm() -> impl Strategy<Value = &'static str> {
    one_of(&["rsa2048", "p256", "p384"])
}

fn pin() -> impl Strategy<Value = &'static str> {
    one_of(&["current", "new", "factory", "keypad", "drawn"])
}

fn base64(length: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Value> {
    vec(any::<u8>(), length).prop_map(|bytes| serde_json::to_value(Bytes(bytes)).unwrap())
}

fn optional<T: Serialize + std::fmt::Debug>(inner: impl Strategy<Value = T>) -> impl Strategy<Value = Value> {
    prop::option::of(inner).prop_map(|value| json!(value))
}

fn uuid() -> impl Strategy<Value = String> {
    "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"
}

fn command() -> impl Strategy<Value = Value> {
    let reference =
        (one_of(&["signature", "encryption", "login", "card_authentication"]), "[1-9a-f][0-9a-f]{1}", base64(32))
            .prop_map(|(role, serial, sha256)| json!({"role": role, "serial": serial, "sha256": sha256}));
    prop_oneof![
        one_of(&["read_retries", "block_pin", "read_identity", "challenge_management", "test_pin_forgotten"])
            .prop_map(|name| json!({ "command": name })),
        algorithm().prop_map(|algorithm| json!({"command": "prove_card", "algorithm": algorithm})),
        (pin(), algorithm(), vec(reference, 0..4)).prop_map(|(pin, algorithm, certificates)| {
            json!({"command": "sign_acceptance", "pin": pin, "algorithm": algorithm, "certificates": certificates})
        }),
        (slot(), algorithm(), pin()).prop_map(|(slot, algorithm, pin)| {
            json!({"command": "prove_possession", "slot": slot, "algorithm": algorithm, "pin": pin})
        }),
        (slot(), algorithm(), base64(0..100), pin()).prop_map(|(slot, algorithm, peer, pin)| {
            json!({"command": "agree", "slot": slot, "algorithm": algorithm, "peer": peer, "pin": pin})
        }),
        ("[0-9]{8}", pin()).prop_map(|(puk, pin)| json!({"command": "reset_retry_counter", "puk": puk, "pin": pin})),
        "[0-9]{8}".prop_map(|to| json!({"command": "change_puk", "to": to})),
        ("[0-9]{8}", "[0-9]{8}").prop_map(|(from, to)| json!({"command": "change_puk", "from": from, "to": to})),
        algorithm().prop_map(|algorithm| json!({"command": "test_pin_each_time", "algorithm": algorithm})),
        vec(slot(), 0..4).prop_map(|slots| json!({"command": "prepare_objects", "slots": slots})),
        (any::<u8>(), any::<u8>()).prop_map(|(pin, puk)| json!({"command": "set_pin_retries", "pin": pin, "puk": puk})),
        base64(32).prop_map(|key| json!({"command": "open_management", "key": key})),
        base64(16).prop_map(|response| json!({"command": "answer_management", "response": response})),
        (pin(), algorithm(), prop::option::of("[a-z]{1,9}@[a-z]{1,9}\\.example")).prop_map(
            |(pin, algorithm, email)| {
                let mut command = json!({"command": "allow_writing", "pin": pin, "algorithm": algorithm});
                if let Some(email) = email {
                    command["email"] = json!(email);
                }
                command
            }
        ),
        (slot(), algorithm(), one_of(&["default", "never", "once", "always"])).prop_map(|(slot, algorithm, policy)| {
            json!({"command": "generate_key", "slot": slot, "algorithm": algorithm, "pin_policy": policy})
        }),
        (one_of(&["read_key", "attest", "read_certificate"]), slot())
            .prop_map(|(name, slot)| json!({"command": name, "slot": slot})),
        (slot(), base64(0..300)).prop_map(|(slot, certificate)| {
            json!({"command": "write_certificate", "slot": slot, "certificate": certificate})
        }),
        (uuid(), "[0-9]{8}")
            .prop_map(|(guid, expires)| { json!({"command": "write_identity", "guid": guid, "expires": expires}) }),
    ]
}

fn batch() -> impl Strategy<Value = Value> {
    let card = prop_oneof![
        uuid().prop_map(|guid| json!({ "identity": guid })),
        any::<u32>().prop_map(|serial| json!({ "device": serial })),
    ];
    let context = (uuid(), base64(32), "\\PC{0,30}", "[A-Z]{2}[0-9]{4,20}")
        .prop_map(|(job, nonce, origin, card)| json!({"job": job, "nonce": nonce, "origin": origin, "card": card}));
    let hold = prop::sample::select(vec![None, Some(json!(true)), Some(json!("challenged"))]);
    (any::<u32>(), card, context, vec(command(), 0..6), hold).prop_map(|(sequence, card, context, commands, hold)| {
        let mut batch = json!({"sequence": sequence, "card": card, "context": context, "commands": commands});
        if let Some(hold) = hold {
            batch["hold"] = hold;
        }
        batch
    })
}

fn outcome() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"outcome": "done"})),
        (optional(any::<u8>()), optional(any::<u8>()))
            .prop_map(|(pin, puk)| json!({"outcome": "retries", "pin": pin, "puk": puk})),
        base64(0..80).prop_map(|signature| json!({"outcome": "signature", "signature": signature})),
        base64(16).prop_map(|challenge| json!({"outcome": "challenge", "challenge": challenge})),
        optional(base64(0..80)).prop_map(|key| json!({"outcome": "key", "public_key": key})),
        base64(32).prop_map(|secret| json!({"outcome": "agreed", "secret": secret})),
        any::<bool>().prop_map(|grow| json!({"outcome": "objects", "grow": grow})),
        (optional(base64(0..80)), optional(base64(0..80))).prop_map(|(certificate, issuer)| {
            json!({"outcome": "attestation", "certificate": certificate, "issuer": issuer})
        }),
        optional(base64(0..80)).prop_map(|certificate| json!({"outcome": "certificate", "certificate": certificate})),
        optional(uuid()).prop_map(|guid| json!({"outcome": "identity", "guid": guid})),
        (one_of(&["pin", "puk", "management_key"]), optional(any::<u8>()))
            .prop_map(|(secret, tries)| json!({"outcome": "refused", "secret": secret, "tries_left": tries})),
    ]
}

fn report() -> impl Strategy<Value = Value> {
    let fault = prop_oneof![
        one_of(&["removed", "other_card", "unsupported", "malformed"]).prop_map(|name| json!({ "fault": name })),
        "[0-9a-f]{4}".prop_map(|status| json!({"fault": "status", "status": status})),
        vec(prop::sample::select(Lack::ALL.as_slice()), 0..3)
            .prop_map(|missing| json!({"fault": "unsuitable", "missing": missing})),
        "\\PC{0,30}".prop_map(|detail| json!({"fault": "reader", "detail": detail})),
        one_of(&["timed_out", "cancelled", "differ", "form"]).prop_map(|why| json!({"fault": "not_typed", "why": why})),
    ];
    let parts = (any::<u32>(), vec(outcome(), 0..6), prop::option::of(fault), prop::option::of("[!-~]{6,10}"));
    parts.prop_map(|(sequence, outcomes, fault, user_code)| {
        let mut report = json!({"protocol": 2, "sequence": sequence, "outcomes": outcomes});
        if let Some(fault) = fault {
            report["fault"] = fault;
        }
        if let Some(user_code) = user_code {
            report["user_code"] = json!(user_code);
        }
        report
    })
}

/// Any JSON, with the names that the messages use.
fn anything() -> impl Strategy<Value = Value> {
    let name = one_of(&[
        "command",
        "outcome",
        "fault",
        "state",
        "sequence",
        "card",
        "context",
        "commands",
        "identity",
        "device",
        "outcomes",
        "slot",
        "puk",
        "key",
        "running",
        "batch",
        "guid",
        "kind",
        "user_code",
        "code",
    ]);
    let word = one_of(&[
        "read_retries",
        "prove_card",
        "open_management",
        "9c",
        "p256",
        "done",
        "refused",
        "running",
        "succeeded",
        "failed",
        "removed",
        "AAAA",
        "12345678",
        "activate",
        "internal",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        "\\PC{0,12}".prop_map(|value| json!(value)),
        word.prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((name.clone(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn batches_travel(batch in batch()) {
        travels::<Batch>(&batch);
        travels::<JobState>(&json!({"state": "running", "batch": batch}));
    }

    #[test]
    fn reports_travel(report in report()) {
        travels::<BatchReport>(&report);
    }

    #[test]
    fn any_json_is_taken_or_refused(value in anything(), text in "\\PC{0,60}") {
        let text = text.as_bytes();
        let value = value.to_string();
        for bytes in [text, value.as_bytes()] {
            let _ = serde_json::from_slice::<Batch>(bytes);
            let _ = serde_json::from_slice::<BatchReport>(bytes);
            let _ = serde_json::from_slice::<JobState>(bytes);
            let _ = serde_json::from_slice::<StartJob>(bytes);
            let _ = serde_json::from_slice::<Outcome>(bytes);
            let _ = serde_json::from_slice::<CardFault>(bytes);
            let _ = serde_json::from_slice::<Refusal>(bytes);
        }
    }

    /// One field spoilt: an error, never a panic, and never a secret in the error.
    #[test]
    fn a_spoilt_report_is_refused(report in report(), spoilt in "\\PC{0,5}") {
        let mut report = report;
        report["user_code"] = json!(spoilt);
        let error = serde_json::from_value::<BatchReport>(report).err();
        let message = error.map(|error| error.to_string());
        prop_assert_eq!(
            message.as_deref(),
            Some("a user code is 6 to 10 letters, digits or signs, without spaces")
        );
    }
}

#[test]
fn secrets_are_not_repeated_in_errors() {
    let check = |command: Value, secret: &str| {
        let context = json!({
            "job": "0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b",
            "nonce": Bytes(vec![0; 32]),
            "origin": "",
            "card": "GC0000",
        });
        let batch = json!({"sequence": 1, "card": {"device": 1}, "context": context, "commands": [command]});
        let error = serde_json::from_value::<Batch>(batch).err().unwrap().to_string();
        assert!(!error.contains(secret), "{error}");
    };
    check(json!({"command": "reset_retry_counter", "puk": "1234567a"}), "1234567a");
    check(json!({"command": "change_puk", "to": "7654321"}), "7654321");
    check(json!({"command": "open_management", "key": "c2VjcmV0IQ=="}), "c2VjcmV0IQ==");
    assert!(serde_json::from_value::<UserCode>(json!("ab")).is_err());
}

#[test]
fn a_refusal_of_a_secret_is_an_outcome() {
    let refused = Outcome::Refused { secret: SecretKind::Puk, tries_left: None };
    let json = json!({"outcome": "refused", "secret": "puk", "tries_left": null});
    assert_eq!(serde_json::to_value(&refused).unwrap(), json);
}
