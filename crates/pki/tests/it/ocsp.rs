//! OCSP against openssl's client on both sides, and pkilint.

use kaika_pki::crl::RevocationReason;
use kaika_pki::ocsp::{
    CertId, HashAlgorithm, IssuerHashes, Nonce, NotAnswered, Request, RequestError, Response, ResponseToBeSigned,
    SingleAnswer, Status, Unsuccessful, assemble, unsuccessful,
};
use kaika_pki::{Certificate, KeyAlgorithm, Profile, SignatureAlgorithm};
use kaika_testkit::pkilint::{Kind, lint_der};
use time::Duration;

use crate::world::{Authority, Desk, Key, now};

struct World {
    root: Authority,
    issuing: Authority,
    responder: Authority,
    leaf: Certificate,
    desk: Desk,
}

fn world(algorithm: KeyAlgorithm) -> World {
    let root = Authority::root(KeyAlgorithm::P256);
    let issuing = root.issuing(algorithm);
    let responder = issuing.responder(algorithm);
    let leaf = issuing.issue(Profile::Signature, Key::generate(KeyAlgorithm::P256).public());
    let desk = Desk::new();
    desk.put("root.pem", root.certificate.to_pem());
    desk.put("issuing.pem", issuing.certificate.to_pem());
    desk.put("leaf.pem", leaf.to_pem());
    World { root, issuing, responder, leaf, desk }
}

impl World {
    /// openssl asks; `options` such as `-sha256` come before the certificate they are about.
    fn ask(&self, options: &str) -> Request {
        self.desk
            .openssl(&format!("ocsp -issuer issuing.pem {options} -cert leaf.pem -reqout request.der"))
            .expect_success();
        Request::from_der(&std::fs::read(self.desk.path().join("request.der")).unwrap()).unwrap()
    }

    fn answer(&self, request: &Request, status: Status) -> Vec<u8> {
        let answer = |certificate: &CertId| SingleAnswer {
            certificate: certificate.clone(),
            status,
            this_update: now() - Duration::minutes(1),
            next_update: Some(now() + Duration::hours(1)),
        };
        let response = ResponseToBeSigned {
            responder_key_id: self.responder.certificate.public_key().key_identifier(),
            produced_at: now(),
            answers: request.certificates.iter().map(answer).collect(),
            nonce: request.nonce.clone(),
        };
        let tbs = response.to_tbs().unwrap();
        let algorithm = SignatureAlgorithm::for_key(self.responder.certificate.public_key().algorithm());
        assemble(&tbs, algorithm, &self.responder.key.sign(&tbs), &self.responder.certificate)
    }

    /// openssl reads the answer to what it asked last.
    fn judge(&self, options: &str, response: &[u8]) -> String {
        self.desk.put("response.der", response);
        // The question read from the file has its nonce already; openssl would put in another.
        let output = self
            .desk
            .openssl(&format!(
                "ocsp -no_nonce -issuer issuing.pem {options} -cert leaf.pem -reqin request.der -respin response.der \
                 -CAfile root.pem -verify_other issuing.pem"
            ))
            .expect_success();
        assert!(output.stderr().contains("Response verify OK"), "{output}");
        assert!(!output.text().contains("WARNING"), "{output}");
        output.stdout()
    }
}

#[track_caller]
fn check(algorithm: KeyAlgorithm, options: &str, hash: HashAlgorithm, status: Status, says: &str) {
    let world = world(algorithm);
    let request = world.ask(options);
    let id = &request.certificates[0];
    assert_eq!(*id, CertId::new(hash, &world.issuing.certificate, world.leaf.serial()));
    assert!(IssuerHashes::of(&world.issuing.certificate).are_of(id));
    assert!(!IssuerHashes::of(&world.root.certificate).are_of(id));
    assert_eq!(request.nonce.is_some(), !options.contains("-no_nonce"));

    let der = world.answer(&request, status);
    assert_eq!(lint_der(Kind::OcspResponse, &der), []);
    let said = world.judge(options, &der);
    assert!(said.contains(says), "{said}");

    let Response::Answered(answer) = Response::from_der(&der).unwrap() else { panic!("not answered") };
    answer.verify(&world.issuing.certificate, now()).unwrap();
    assert_eq!(answer.about(id).unwrap().status, status);
    assert_eq!(answer.nonce, request.nonce);
    let stranger = Authority::root(algorithm);
    assert!(answer.verify(&stranger.certificate, now()).is_err());
    let late = now() + Duration::days(400);
    assert_eq!(answer.verify(&world.issuing.certificate, late), Err(NotAnswered::ResponderExpired));
}

#[test]
fn good_with_a_nonce() {
    check(KeyAlgorithm::P256, "", HashAlgorithm::Sha1, Status::Good, "leaf.pem: good");
}

#[test]
fn good_by_sha256_without_nonce() {
    check(KeyAlgorithm::Rsa2048, "-no_nonce -sha256", HashAlgorithm::Sha256, Status::Good, "leaf.pem: good");
}

#[test]
fn held() {
    let status = Status::Revoked { at: now() - Duration::hours(2), reason: RevocationReason::CertificateHold };
    check(KeyAlgorithm::P384, "", HashAlgorithm::Sha1, status, "Reason: certificateHold");
}

#[test]
fn revoked_without_a_reason() {
    let status = Status::Revoked { at: now() - Duration::hours(2), reason: RevocationReason::Unspecified };
    check(KeyAlgorithm::P256, "-no_nonce", HashAlgorithm::Sha1, status, "leaf.pem: revoked");
}

#[test]
fn unknown() {
    check(KeyAlgorithm::P256, "", HashAlgorithm::Sha1, Status::Unknown, "leaf.pem: unknown");
}

#[test]
fn answers_without_status() {
    let desk = Desk::new();
    let words = ["malformedrequest", "internalerror", "trylater", "sigrequired", "unauthorized"];
    for (status, word) in Unsuccessful::ALL.into_iter().zip(words) {
        let der = unsuccessful(status);
        assert_eq!(der.len(), 5);
        desk.put("response.der", &der);
        let output = desk.openssl("ocsp -respin response.der -noverify");
        assert!(output.text().contains(word), "{output}");
        assert!(matches!(Response::from_der(&der), Ok(Response::Unsuccessful(read)) if read == status));
    }
}

#[test]
fn our_own_question_is_understood_by_openssl() {
    let world = world(KeyAlgorithm::P256);
    let id = CertId::new(HashAlgorithm::Sha256, &world.issuing.certificate, world.leaf.serial());
    let request = Request { certificates: vec![id], nonce: Nonce::new(&[7; 32]) };
    assert_eq!(Request::from_der(&request.to_der()).unwrap(), request);
    world.desk.put("request.der", request.to_der());
    let text = world.desk.openssl("ocsp -reqin request.der -req_text -noverify").text();
    assert!(text.contains("Hash Algorithm: sha256") && text.contains("OCSP Nonce"), "{text}");
    assert!(text.to_lowercase().contains(&world.leaf.serial().to_string()), "{text}");
}

/// RFC 9654 §2.1: 1 to 128 octets, wrapped or not; longer ones and empty ones are malformed.
#[test]
fn nonces_of_all_lengths() {
    let world = world(KeyAlgorithm::P256);
    let id = CertId::new(HashAlgorithm::Sha1, &world.issuing.certificate, world.leaf.serial());
    let plain = Request { certificates: vec![id], nonce: Nonce::new(&[0x55; 16]) };
    assert_eq!(Nonce::new(&[]), None);
    assert_eq!(Nonce::new(&[0; 129]), None);

    let with_value = |value: &[u8]| {
        // The extension is the end of the question; its lengths are all of one byte here.
        let mut der = plain.to_der();
        let old = 18;
        der.truncate(der.len() - old);
        der.extend_from_slice(value);
        let change = i32::try_from(value.len()).unwrap() - i32::try_from(old).unwrap();
        let nonce_extension = der.windows(9).position(|w| w == hex("2b0601050507300102")).unwrap();
        let starts = [1, 3, nonce_extension - 7, nonce_extension - 5, nonce_extension - 3, nonce_extension + 10];
        for at in starts {
            der[at] = u8::try_from(i32::from(der[at]) + change).unwrap();
        }
        Request::from_der(&der)
    };
    let wrapped = with_value(&[&[0x04, 0x10][..], &[0x55; 16]].concat()).unwrap();
    assert_eq!(wrapped, plain);
    assert!(with_value(&[0x55; 7]).unwrap().nonce.is_some());
    assert!(with_value(&[0x04, 0x00]).is_err());
    assert!(with_value(&[]).is_err());
    let malformed = with_value(&[0x04, 0x00]).unwrap_err();
    assert_eq!(malformed.answer(), Unsuccessful::MalformedRequest);
    assert_eq!(RequestError::UnknownHash.answer(), Unsuccessful::Unauthorized);
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn other_hashes_are_answered_unauthorized() {
    let world = world(KeyAlgorithm::P256);
    world.desk.openssl("ocsp -issuer issuing.pem -sha384 -cert leaf.pem -reqout request.der").expect_success();
    let der = std::fs::read(world.desk.path().join("request.der")).unwrap();
    assert_eq!(Request::from_der(&der), Err(RequestError::UnknownHash));
}

/// A cardholder's certificate of the same authority must not pass for its responder.
#[test]
fn only_a_delegated_responder_may_answer() {
    let mut world = world(KeyAlgorithm::P256);
    let key = Key::generate(KeyAlgorithm::P256);
    let certificate = world.issuing.issue(Profile::Login, key.public());
    world.responder = Authority { key, certificate };
    let request = world.ask("");
    let der = world.answer(&request, Status::Good);
    let Response::Answered(answer) = Response::from_der(&der).unwrap() else { panic!("not answered") };
    assert_eq!(answer.verify(&world.issuing.certificate, now()), Err(NotAnswered::Responder));
}

/// RFC 6960 §4.2.1 has the certificate named as in the question: with NULL parameters or without, both of which are in use.
#[test]
fn an_answer_names_the_certificate_as_the_question_did() {
    let world = world(KeyAlgorithm::P256);
    for (hash, null_parameters) in HashAlgorithm::ALL.into_iter().flat_map(|hash| [(hash, true), (hash, false)]) {
        let id = CertId { null_parameters, ..CertId::new(hash, &world.issuing.certificate, world.leaf.serial()) };
        let question = Request { certificates: vec![id.clone()], nonce: None }.to_der();
        let request = Request::from_der(&question).unwrap();
        assert_eq!(request.certificates, std::slice::from_ref(&id));
        let Response::Answered(answer) = Response::from_der(&world.answer(&request, Status::Good)).unwrap() else {
            panic!("not answered")
        };
        assert_eq!(answer.answers[0].certificate, id);
        let otherwise = CertId { null_parameters: !null_parameters, ..id };
        assert_eq!(answer.about(&otherwise).unwrap().status, Status::Good);
    }
}
