//! The octets of signed documents. A change here voids every signature ever made: it needs a new `kaika/<kind>/2`.

use kaika_wire::{CertificateReference, CertificateRole, Context, Document, Nonce, Slot};
use proptest::{collection::vec, prelude::*};

fn context() -> Context {
    Context {
        job: "0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b".parse().unwrap(),
        nonce: Nonce([7; 32]),
        origin: "https://gca.example".into(),
        card: "GC00000000000001".parse().unwrap(),
    }
}

/// What every document has after its kind: job, nonce, origin, card number, each after its length.
const CONTEXT: &str = "00000010 0193a1b2c3d47e5f8a6b7c8d9e0f1a2b
    00000020 0707070707070707070707070707070707070707070707070707070707070707
    00000013 68747470733a2f2f6763612e6578616d706c65
    00000010 47433030303030303030303030303031";

fn check(document: Document<'_>, kind: &str, rest: &str) {
    let kind = format!("{:08x} {}", kind.len(), hex::encode(kind));
    let expected: String = [&kind, CONTEXT, rest].concat().split_whitespace().collect();
    assert_eq!(hex::encode(document.to_bytes()), expected);
}

#[test]
fn card_proof() {
    check(Document::CardProof(&context()), "kaika/card-proof/1", "");
}

#[test]
fn management_proof() {
    let context = context();
    check(Document::ManagementProof { context: &context, email: None }, "kaika/management-proof/2", "");
    let email = "a@b.example".parse().unwrap();
    let document = Document::ManagementProof { context: &context, email: Some(&email) };
    check(document, "kaika/management-proof/2", "0000000b 6140622e6578616d706c65");
}

#[test]
fn possession() {
    let document = Document::Possession {
        context: &context(),
        slot: Slot::KeyManagement,
        public_key: &[0x30, 0x03, 0x02, 0x01, 0x07],
    };
    check(document, "kaika/possession/1", "00000001 9d 00000005 3003020107");
}

#[test]
fn acceptance() {
    let reference = |role, serial: &str, filler| CertificateReference {
        role,
        serial: serial.parse().unwrap(),
        sha256: [filler; 32],
    };
    let certificates = [
        reference(CertificateRole::Signature, "40aabb", 9),
        reference(CertificateRole::Encryption, "01", 10),
        reference(CertificateRole::Login, "02", 11),
        reference(CertificateRole::CardAuthentication, "03", 12),
    ];
    let document = Document::Acceptance { context: &context(), certificates: &certificates };
    let rest = format!(
        "00000009 7369676e6174757265 00000003 40aabb 00000020 {}
         0000000a 656e6372797074696f6e 00000001 01 00000020 {}
         00000005 6c6f67696e 00000001 02 00000020 {}
         00000013 636172645f61757468656e7469636174696f6e 00000001 03 00000020 {}",
        "09".repeat(32),
        "0a".repeat(32),
        "0b".repeat(32),
        "0c".repeat(32),
    );
    check(document, "kaika/acceptance/1", &rest);
    let empty = Document::Acceptance { context: &context(), certificates: &[] };
    check(empty, "kaika/acceptance/1", "");
}

/// Takes the fields of a document apart again.
fn fields(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<4>().unwrap();
        let (field, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        fields.push(field);
        bytes = rest;
    }
    fields
}

proptest! {
    /// What was put in can be told apart again, so that no two documents have the same octets.
    #[test]
    fn fields_do_not_run_together(origin in "\\PC{0,40}", public_key in vec(any::<u8>(), 0..300), reference in 0x82u8..=0x95) {
        let context = Context { origin, ..context() };
        let slot = Slot::from_reference(reference).unwrap();
        let document = Document::Possession { context: &context, slot, public_key: &public_key };
        let bytes = document.to_bytes();
        let expected: [&[u8]; 7] = [
            b"kaika/possession/1",
            context.job.as_bytes(),
            &context.nonce.0,
            context.origin.as_bytes(),
            context.card.as_str().as_bytes(),
            &[reference],
            &public_key,
        ];
        prop_assert_eq!(fields(&bytes), expected);
    }
}
