//! No bytes make a parser panic: arbitrary ones, good ones with bytes changed, cut off or put in, and great ones.

use std::sync::LazyLock;

use kaika_pki::cms::{SignedDocument, wrap};
use kaika_pki::crl::{self, Crl, CrlToBeSigned, RevocationReason, Revoked};
use kaika_pki::lint::{Expected, lint};
use kaika_pki::ocsp::{
    self, CertId, HashAlgorithm, Nonce, Request, Response, ResponseToBeSigned, SingleAnswer, Status,
};
use kaika_pki::to_be_certified::Issuer;
use kaika_pki::{Certificate, DistinguishedName, KeyAlgorithm, Profile, PublicKey, weak};
use proptest::prelude::*;

use crate::world::{Authority, Key, now, serial};

struct Good {
    issuer: Certificate,
    documents: Vec<Vec<u8>>,
}

/// One good document for each parser.
static GOOD: LazyLock<Good> = LazyLock::new(|| {
    let issuing = Authority::root(KeyAlgorithm::P256).issuing(KeyAlgorithm::P256);
    let responder = issuing.responder(KeyAlgorithm::P256);
    let key = Key::generate(KeyAlgorithm::P256);
    let leaf = issuing.issue(Profile::Signature, key.public());
    let issuer = Issuer::of(&issuing.certificate);
    let algorithm = issuer.signature_algorithm();

    let list = CrlToBeSigned {
        issuer,
        number: 300,
        this_update: now(),
        next_update: now() + time::Duration::DAY,
        shard_url: Some("http://127.0.0.1/1.crl".to_owned()),
    };
    let entry = |reason| Revoked { serial: serial(), at: now(), reason };
    let list_tbs = list.to_tbs(RevocationReason::ALL.map(entry)).unwrap();
    let id = CertId::new(HashAlgorithm::Sha1, &issuing.certificate, leaf.serial());
    let nonce = Nonce::new(&[1; 32]);
    let status = Status::Revoked { at: now(), reason: RevocationReason::KeyCompromise };
    let answer = SingleAnswer { certificate: id.clone(), status, this_update: now(), next_update: Some(now()) };
    let response = ResponseToBeSigned {
        responder_key_id: responder.certificate.public_key().key_identifier(),
        produced_at: now(),
        answers: vec![answer],
        nonce: nonce.clone(),
    };
    let response_tbs = response.to_tbs().unwrap();
    let documents = vec![
        leaf.der().to_vec(),
        leaf.tbs().to_vec(),
        leaf.subject_der().to_vec(),
        leaf.public_key().spki_der().to_vec(),
        Key::generate(KeyAlgorithm::Rsa2048).public().spki_der().to_vec(),
        crl::assemble(list_tbs.clone(), algorithm, &issuing.key.sign(&list_tbs)),
        Request { certificates: vec![id], nonce }.to_der(),
        ocsp::assemble(&response_tbs, algorithm, &responder.key.sign(&response_tbs), &responder.certificate),
        wrap(b"document", &leaf, &key.sign(b"document")),
    ];
    Good { issuer: issuing.certificate, documents }
});

/// Reads the bytes as everything we read, and does with it what is done with such things.
fn read_as_everything(bytes: &[u8]) {
    let issuer = &GOOD.issuer;
    if let Ok(certificate) = Certificate::from_der(bytes) {
        let _ = (certificate.verify_issued_by(issuer), certificate.subject(), certificate.card_number());
        let _ = kaika_pki::chain::verify(&certificate, std::slice::from_ref(issuer), now());
        assert_eq!(certificate.der(), bytes);
    }
    for profile in Profile::ALL {
        lint(bytes, &Expected { profile, issuer: Some(issuer), max_len: 1856 });
        lint(bytes, &Expected { profile, issuer: None, max_len: 1856 });
    }
    if let Ok(list) = Crl::from_der(bytes) {
        let _ = list.verify_issued_by(issuer);
    }
    if let Ok(request) = Request::from_der(bytes) {
        assert!(!request.certificates.is_empty());
        let _ = request.to_der();
    }
    if let Ok(Response::Answered(answer)) = Response::from_der(bytes) {
        let _ = answer.verify(issuer, now());
    }
    if let Ok(signed) = SignedDocument::from_der(bytes) {
        let _ = signed.verify();
    }
    if let Ok(name) = DistinguishedName::from_der(bytes) {
        assert_eq!(name.to_string().parse().as_ref(), Ok(&name));
    }
    let _ = PublicKey::from_spki(bytes);
    let _ = weak::check(bytes, &KeyAlgorithm::ALL);
    let _ = Certificate::from_pem(&String::from_utf8_lossy(bytes));
}

#[test]
fn the_good_ones_are_good() {
    for document in &GOOD.documents {
        read_as_everything(document);
    }
    let [certificate, _, name, ec, rsa, list, request, response, signed] = GOOD.documents.as_slice() else {
        panic!("nine documents")
    };
    Certificate::from_der(certificate).unwrap();
    DistinguishedName::from_der(name).unwrap();
    PublicKey::from_spki(ec).unwrap();
    PublicKey::from_spki(rsa).unwrap();
    Crl::from_der(list).unwrap();
    Request::from_der(request).unwrap();
    Response::from_der(response).unwrap();
    SignedDocument::from_der(signed).unwrap();
}

/// Every single byte of each document, changed in a few ways, and every cut.
#[test]
fn one_byte_changed_or_the_end_cut_off() {
    for document in &GOOD.documents {
        for at in 0..document.len() {
            for value in [0x00, 0x30, 0x7f, 0x80, 0x84, 0xff] {
                let mut changed = document.clone();
                changed[at] = value;
                read_as_everything(&changed);
            }
            read_as_everything(&document[..at]);
        }
    }
}

#[test]
fn great_inputs_are_refused_unread() {
    let great = vec![0x30; 2 * 1024 * 1024];
    assert!(Certificate::from_der(&great).is_err());
    assert!(Request::from_der(&great).is_err());
    assert!(Response::from_der(&great).is_err());
    assert!(SignedDocument::from_der(&great).is_err());
    assert!(PublicKey::from_spki(&great).is_err());
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn good_bytes_changed(
        which in 0usize..9,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..6),
    ) {
        let mut bytes = GOOD.documents[which].clone();
        for (at, value, kind) in changes {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = value,
                1 => bytes.insert(at, value),
                _ => { bytes.remove(at); }
            }
        }
        read_as_everything(&bytes);
    }
}
