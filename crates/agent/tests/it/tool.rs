//! The card tool's documents.

use crate::{
    cards::{GCA, HOLDER, blank, unopened},
    portal::{NUMBER, Script, informed, running, succeeded},
};
use kaika_agent::{
    readers::{Readers, Source, soft::SoftReaders},
    tool::{Tool, ToolRequest, TypedSecrets},
};
use kaika_softcard::Quirk;
use kaika_wire::{CertificateStatus, Code, JobDetails, JobKind, Refusal};
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;
use zeroize::Zeroizing;

pub(crate) const URL: &str = "http://localhost:8080/gca/";

pub(crate) struct Desk {
    pub(crate) _folder: TempDir,
    pub(crate) soft: SoftReaders,
    pub(crate) readers: Readers,
}

/// One reader with an unopened card, one with a blank card, one without a card.
pub(crate) fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    unopened(folder.path(), NUMBER, &GCA);
    drop(blank(folder.path(), "two"));
    let soft = SoftReaders::open(folder.path(), ["Reader A", "Reader B", "Reader C"]).unwrap();
    soft.insert(NUMBER, "Reader A").unwrap();
    soft.insert("two", "Reader B").unwrap();
    let source: Arc<dyn Source> = Arc::new(soft.clone());
    Desk { readers: Readers::new([source]), soft, _folder: folder }
}

fn ask(desk: &Desk, script: &Script, request: Value) -> Result<Value, Refusal> {
    let tool = Tool::new(desk.readers.clone(), Arc::new(script.clone())).pauses(&[]);
    let request: ToolRequest = serde_json::from_value(request).unwrap();
    let reply = tool.perform(request, &mut |_| {})?;
    Ok(serde_json::to_value(reply).unwrap())
}

#[test]
fn list_tells_readers_cards_and_with_a_portal_authorities() {
    let desk = desk();
    let list = |portal: Value| {
        let request = json!({"operation": "list", "portal": portal});
        ask(&desk, &Script::default(), request).unwrap()
    };
    let expected = |authority: Value| {
        json!({"readers": [
            {"reader": "Reader A", "card": true, "number": NUMBER, "authority": authority},
            {"reader": "Reader B", "card": true, "number": null, "authority": null},
            {"reader": "Reader C", "card": false, "number": null, "authority": null},
        ]})
    };
    assert_eq!(list(Value::Null), expected(Value::Null));
    assert_eq!(list(json!("http://localhost:8080")), expected(json!("gca")));
}

#[test]
fn probe_tells_what_a_card_can_do() {
    let desk = desk();
    let probe = |reader: &str| ask(&desk, &Script::default(), json!({"operation": "probe", "reader": reader})).unwrap();
    let blank = probe("Reader B");
    assert_eq!(
        blank,
        json!({
            "reader": "Reader B", "piv": true, "yubico_extensions": true,
            "management_key": {"algorithm": "aes192", "factory": true},
            "algorithms": ["rsa2048", "p256", "p384"], "pin_tries": 3, "puk_tries": 3, "serial": 4711,
            "can_be_used": true, "can_be_made": true, "missing": [],
        })
    );
    let unopened = probe("Reader A");
    assert_eq!(unopened["management_key"], json!({"algorithm": "aes256", "factory": false}));
    assert_eq!((&unopened["pin_tries"], &unopened["can_be_used"]), (&json!(0), &json!(true)));
    assert_eq!((&unopened["can_be_made"], &unopened["missing"]), (&json!(false), &json!(["factory_management_key"])));

    let odd = desk.soft.add_blank([Quirk::Plain, Quirk::TripleDesOnly].into_iter().collect()).unwrap();
    desk.soft.insert(&odd, "Reader C").unwrap();
    let odd = probe("Reader C");
    assert_eq!(odd["management_key"], json!({"algorithm": "3des", "factory": true}));
    assert_eq!(odd["missing"], json!(["yubico_extensions", "management_key_aes", "key_algorithm"]));
    assert_eq!((&odd["can_be_used"], &odd["can_be_made"]), (&json!(true), &json!(false)));
    // A blank card that is shown says the same.
    let show = |reader: &str| ask(&desk, &Script::default(), json!({"operation": "show", "reader": reader})).unwrap();
    assert_eq!((&show("Reader B")["missing"], &show("Reader C")["missing"]), (&json!([]), &odd["missing"]));
    assert_eq!(show("Reader A").get("missing"), None);
}

#[test]
fn show_without_a_portal_tells_what_the_card_tells() {
    let desk = desk();
    let request = json!({"operation": "show", "reader": "Reader A"});
    let mut view = ask(&desk, &Script::default(), request).unwrap();
    let certificates = view["certificates"].take();
    assert_eq!(
        view,
        json!({
            "reader": "Reader A", "number": NUMBER, "authority": null, "holder": HOLDER, "holder_name": "測試機關第一組",
            "not_before": "2026-01-01T00:00:00Z", "not_after": "2032-12-31T23:59:59Z",
            "activated": null, "pin_tries_left": 0, "puk_tries_left": 3, "certificates": null,
        })
    );
    let told = |index: usize| {
        let certificate = &certificates[index];
        let pem = certificate["pem"].as_str().unwrap();
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n"));
        assert!(pem.ends_with("-----END CERTIFICATE-----\n"));
        assert_eq!(certificate["status"], Value::Null);
        [&certificate["role"], &certificate["slot"], &certificate["serial"]]
    };
    assert_eq!(certificates.as_array().unwrap().len(), 2);
    assert_eq!(told(0), ["signature", "9c", "40"]);
    assert_eq!(told(1), ["card_authentication", "9e", "43"]);
}

#[test]
fn show_of_a_blank_card_has_nothing_to_tell() {
    let request = json!({"operation": "show", "reader": "Reader B"});
    let view = ask(&desk(), &Script::default(), request).unwrap();
    for key in ["number", "authority", "holder", "holder_name", "not_before", "activated"] {
        assert_eq!(view[key], Value::Null, "{key}");
    }
    assert_eq!(view["pin_tries_left"], 3);
    assert_eq!(view["certificates"], json!([]));
}

#[test]
fn show_with_a_portal_tells_what_the_portal_knows() {
    let desk = desk();
    let prove = vec![kaika_wire::Command::ProveCard { algorithm: kaika_wire::KeyAlgorithm::P256 }];
    let script = Script::new([running(1, prove), informed(false, &[(0x40, CertificateStatus::Held)])]);
    let request = json!({"operation": "show", "reader": "Reader A", "portal": URL});
    let view = ask(&desk, &script, request).unwrap();
    assert_eq!(view["authority"], "gca");
    assert_eq!(view["activated"], false);
    assert_eq!((&view["holder"], &view["holder_name"]), (&json!("C=TW,O=入口網站所知"), &json!("入口網站所知")));
    assert_eq!(view["not_before"], "1970-01-01T00:00:00Z");
    assert_eq!(view["certificates"][0]["status"], "held");
    assert_eq!(view["certificates"][1]["status"], Value::Null);
    assert_eq!(script.reports()[0]["outcomes"][0]["outcome"], "signature");
}

#[test]
fn tries_are_told_before_anything_is_typed() {
    let desk = desk();
    let tries = |portal: Value| {
        let request = json!({"operation": "tries", "reader": "Reader A", "portal": portal});
        ask(&desk, &Script::default(), request).unwrap()
    };
    let expected = json!({
        "number": NUMBER, "pin_tries_left": 0, "puk_tries_left": 3, "pin_digits": {"min": 6, "max": 8},
        "pin_rules": {"refused": ["one_digit", "run"], "warned_of": ["date"]},
    });
    assert_eq!(tries(Value::Null), expected);
    assert_eq!(tries(json!(URL)), expected);
    let refused = |reader: &str, portal: Value| {
        let request = json!({"operation": "tries", "reader": reader, "portal": portal});
        ask(&desk, &Script::default(), request).unwrap_err().code
    };
    assert_eq!(refused("Reader B", Value::Null), Code::NotKaikaCard);
    assert_eq!(refused("Reader C", Value::Null), Code::NoCard);
    assert_eq!(refused("Reader B", json!(URL)), Code::NotKaikaCard);
}

fn activation(user_code: &str, new_pin: &str) -> Value {
    json!({
        "operation": "job", "kind": "activate", "portal": URL, "reader": "Reader A",
        "secrets": {"user_code": user_code, "new_pin": new_pin},
    })
}

#[test]
fn activate_tells_job_and_certificates() {
    let script = Script::new([running(1, Vec::new()), succeeded(Vec::new())]);
    let done = ask(&desk(), &script, activation("Abc123", "135790")).unwrap();
    assert_eq!(done["state"], "succeeded");
    assert_eq!(done["certificates"], json!([]));
    assert!(done["job"].as_str().unwrap().len() == 36);
}

#[test]
fn the_form_is_checked_before_anything_is_sent() {
    let script = Script::default();
    for (user_code, new_pin, expected) in [
        ("Abc12", "135790", Code::UserCodeForm),
        ("Abc 123", "135790", Code::UserCodeForm),
        ("Abc123", "13579", Code::PinForm),
        ("Abc123", "135790246", Code::PinForm),
        ("Abc123", "13579a", Code::PinForm),
    ] {
        let refusal = ask(&desk(), &script, activation(user_code, new_pin)).unwrap_err();
        assert_eq!(refusal.code, expected);
        let told = serde_json::to_string(&refusal).unwrap();
        assert!(!told.contains(user_code) && !told.contains(new_pin));
    }
    assert!(script.played(|played| played.opened.is_empty()));
}

#[test]
fn a_page_that_is_no_authoritys_is_no_portal() {
    let request = json!({"operation": "show", "reader": "Reader A", "portal": "http://localhost:8080/nothing/"});
    let refusal = ask(&desk(), &Script::default(), request).unwrap_err();
    assert_eq!(refusal.code, Code::NotAPortal);
}

#[test]
fn two_cards_need_a_reader() {
    let request = json!({"operation": "show"});
    let refusal = ask(&desk(), &Script::default(), request).unwrap_err();
    assert_eq!(refusal.code, Code::ReaderUnknown);
    assert_eq!(refusal.detail.unwrap(), "Reader A, Reader B, Reader C");
}

#[test]
fn secrets_travel_in_requests_alone() {
    // ToolRequest has no Debug; this is the one way to see what it holds.
    let secrets = TypedSecrets {
        mail_code: None,
        user_code: Some(Zeroizing::new("Abc123".to_owned())),
        pin: None,
        new_pin: Some(Zeroizing::new("135790".to_owned())),
    };
    let request = ToolRequest::Job {
        kind: JobKind::Activate,
        portal: Some(URL.to_owned()),
        reader: None,
        details: JobDetails::default(),
        secrets,
        after_cut: false,
    };
    let sent = serde_json::to_value(&request).unwrap();
    assert_eq!((&sent["operation"], &sent["kind"]), (&json!("job"), &json!("activate")));
    assert_eq!(sent["secrets"], json!({"user_code": "Abc123", "new_pin": "135790"}));
}
