//! Every command, APDU by APDU. Numbers of the status words are those of SP 800-73-4 part 2 §3.

use crate::script::{
    FASC_N, GUID, READ_CHUID, SELECT, Script, batch, chuid_answer, context, fixed, guid, run_all, run_one, secrets,
};
use kaika_card::{Secrets, go_on, run};
use kaika_wire::{
    Bytes, CardFault, CertificateReference, CertificateRole, Command, Document, Expectation, KeyAlgorithm, Lack,
    Outcome, PinPolicy, PinSource, Puk, SecretKind, Slot,
};
use sha2::{Digest, Sha256, Sha384};

const VERIFY_CURRENT: &str = "0020 0080 08 363534333231 ffff";
const VERIFY_FACTORY: &str = "0020 0080 08 313233343536 ffff";

fn done(steps: &[(&str, &str)], command: Command, expected: &Outcome) {
    let mut script = Script::begun(steps.iter().copied());
    let run = run_one(&mut script, command);
    assert_eq!(run.fault, None);
    assert_eq!(run.outcomes, std::slice::from_ref(expected));
}

fn fails(steps: &[(&str, &str)], command: Command, expected: &CardFault) {
    let mut script = Script::begun(steps.iter().copied());
    let run = run_one(&mut script, command);
    assert_eq!(run.fault.as_ref(), Some(expected));
    assert_eq!(run.outcomes, []);
}

fn status(status: &str) -> CardFault {
    CardFault::Status { status: status.into() }
}

fn refused(secret: SecretKind, tries_left: u8) -> Outcome {
    Outcome::Refused { secret, tries_left: Some(tries_left) }
}

fn signature(hex: &str) -> Outcome {
    Outcome::Signature { signature: hex::decode(hex).unwrap().into() }
}

fn puk(text: &str) -> Puk {
    Puk::parse(text).unwrap()
}

fn certificates() -> Vec<CertificateReference> {
    vec![CertificateReference { role: CertificateRole::Signature, serial: "40aabb".parse().unwrap(), sha256: [9; 32] }]
}

/// 7C { 82, 81 hash } of 32 octets.
fn sign_p256(slot: &str, hash: &[u8]) -> String {
    format!("0087 11{slot} 26 7c24 8200 8120 {} 00", hex::encode(hash))
}

#[test]
fn another_card_is_left_alone() {
    let change = || Command::ChangePuk { from: None, to: puk("87654321") };
    for answer in ["6a82", "5300 9000", "5302 3400 9000", "5312 3410 ffeeddccbbaa99887766554433221100 9000"] {
        let mut script = Script::new([(SELECT, "9000"), (READ_CHUID, answer)]);
        let run = run_one(&mut script, change());
        assert_eq!((run.fault, run.outcomes), (Some(CardFault::OtherCard), vec![]));
    }
    for (answer, expected) in [
        ("00000008 9000", CardFault::OtherCard),
        ("6d00", CardFault::OtherCard),
        ("0000 9000", CardFault::Malformed),
        ("6f00", status("6f00")),
    ] {
        let mut script = Script::new([(SELECT, "9000"), ("00f8 0000 00", answer)]);
        let mut batch = batch(vec![change()]);
        batch.card = Expectation::Device(7);
        assert_eq!(run_all(&mut script, &batch).fault, Some(expected));
    }
}

#[test]
fn the_right_device_is_known() {
    let mut script = Script::new([
        (SELECT, "9000".to_owned()),
        ("00f8 0000 00", "00000007 9000".into()),
        (READ_CHUID, chuid_answer()),
    ]);
    let mut batch = batch(vec![Command::ReadIdentity]);
    batch.card = Expectation::Device(7);
    let run = run_all(&mut script, &batch);
    assert_eq!(run.outcomes, [Outcome::Identity { guid: Some(guid()) }]);
}

#[test]
fn nothing_is_sent_without_the_pin() {
    let mut script = Script::new::<&str, &str>([]);
    let reset = Command::ResetRetryCounter { puk: puk("87654321"), pin: PinSource::New };
    let run = run(&mut script, &batch(vec![reset]), &Secrets::default(), &mut fixed, &mut |_| {});
    let detail = "the new PIN was not given".into();
    assert_eq!(run.fault, Some(CardFault::Reader { detail }));
}

#[test]
fn a_batch_stops_at_a_refusal() {
    let mut script = Script::begun([("0024 0081 10 3132333435363738 3837363534333231", "63c2")]);
    let change = |from| Command::ChangePuk { from, to: puk("87654321") };
    let run = run_all(&mut script, &batch(vec![change(None), change(None)]));
    assert_eq!(run.fault, None);
    assert_eq!(run.outcomes, [refused(SecretKind::Puk, 2)]);
}

#[test]
fn a_batch_stops_at_a_fault() {
    // What was read to begin with is not read again.
    let mut script = Script::begun([("0024 0081 10 3131313131313131 3837363534333231", "removed")]);
    let change = Command::ChangePuk { from: Some(puk("11111111")), to: puk("87654321") };
    let run = run_all(&mut script, &batch(vec![Command::ReadIdentity, change, Command::ReadIdentity]));
    assert_eq!(run.fault, Some(CardFault::Removed));
    assert_eq!(run.outcomes, [Outcome::Identity { guid: Some(guid()) }]);
}

#[test]
fn the_card_proves_itself() {
    let document = Document::CardProof(&context()).to_bytes();
    let prove = |algorithm| Command::ProveCard { algorithm };
    let p256 = sign_p256("9e", &Sha256::digest(&document));
    done(&[(&p256, "7c05 8203 300101 9000")], prove(KeyAlgorithm::P256), &signature("300101"));
    let p384 = format!("0087 149e 36 7c34 8200 8130 {} 00", hex::encode(Sha384::digest(&document)));
    done(&[(&p384, "7c03 8201 30 9000")], prove(KeyAlgorithm::P384), &signature("30"));
    fails(&[(&p256, "6a80")], prove(KeyAlgorithm::P256), &status("6a80"));
    fails(&[(&p256, "6982")], prove(KeyAlgorithm::P256), &status("6982"));
    fails(&[(&p256, "6d00")], prove(KeyAlgorithm::P256), &CardFault::Unsupported);
    for answer in ["9000", "7c00 9000", "7c02 8200 9000", "7c05 8203 3001 9000", "8203 300101 9000"] {
        fails(&[(&p256, answer)], prove(KeyAlgorithm::P256), &CardFault::Malformed);
    }
}

#[test]
fn rsa_is_padded_and_chained() {
    let document = Document::CardProof(&context()).to_bytes();
    // EMSA-PKCS1-v1_5 (RFC 8017 §9.2): 00 01, 202 octets FF, 00, DigestInfo.
    let block = format!(
        "0001 {} 00 3031300d060960864801650304020105000420 {}",
        "ff".repeat(202),
        hex::encode(Sha256::digest(&document))
    )
    .split_whitespace()
    .collect::<String>();
    assert_eq!(block.len(), 512);
    let template = format!("7c820106 8200 81820100 {block}").split_whitespace().collect::<String>();
    let (first, second) = template.split_at(510);
    let first = format!("1087 079e ff {first}");
    let second = format!("0087 079e 0b {second} 00");
    let signed = format!("7c820104 82820100 {}", "c3".repeat(256)).split_whitespace().collect::<String>();
    done(
        &[
            (&first, "9000"),
            (&second, &format!("{} 6108", &signed[..512])),
            ("00c0 0000 08", &format!("{} 9000", &signed[512..])),
        ],
        Command::ProveCard { algorithm: KeyAlgorithm::Rsa2048 },
        &signature(&"c3".repeat(256)),
    );
    fails(&[(&first, "6884")], Command::ProveCard { algorithm: KeyAlgorithm::Rsa2048 }, &status("6884"));
}

#[test]
fn acceptance_is_signed_right_after_the_pin() {
    let certificates = certificates();
    let document = Document::Acceptance { context: &context(), certificates: &certificates }.to_bytes();
    let sign = sign_p256("9c", &Sha256::digest(&document));
    let command = || Command::SignAcceptance {
        pin: PinSource::Current,
        algorithm: KeyAlgorithm::P256,
        certificates: certificates.clone(),
    };
    done(&[(VERIFY_CURRENT, "9000"), (&sign, "7c03 8201 30 9000")], command(), &signature("30"));
    done(&[(VERIFY_CURRENT, "63c1")], command(), &refused(SecretKind::Pin, 1));
    done(&[(VERIFY_CURRENT, "6983")], command(), &refused(SecretKind::Pin, 0));
    let unknown = Outcome::Refused { secret: SecretKind::Pin, tries_left: None };
    done(&[(VERIFY_CURRENT, "6300"), ("0020 0080", "6d00")], command(), &unknown);
    done(&[(VERIFY_CURRENT, "6300"), ("0020 0080", "63c2")], command(), &refused(SecretKind::Pin, 2));
    fails(&[(VERIFY_CURRENT, "6a80")], command(), &status("6a80"));
    fails(&[(VERIFY_CURRENT, "9000"), (&sign, "6982")], command(), &status("6982"));
}

#[test]
fn tries_are_set_where_the_card_lets_them_be() {
    let command = || Command::SetPinRetries { pin: 3, puk: 3 };
    for answer in ["9000", "6d00"] {
        done(&[(VERIFY_FACTORY, "9000"), ("00fa 0303", answer)], command(), &Outcome::Done);
    }
    fails(&[(VERIFY_FACTORY, "9000"), ("00fa 0303", "6982")], command(), &status("6982"));
    done(&[(VERIFY_FACTORY, "63c2")], command(), &refused(SecretKind::Pin, 2));
}

/// After a signature: the card has to want the PIN again.
#[test]
fn a_card_that_signs_without_the_pin_is_unsuitable() {
    let document = Document::HolderProof(&context()).to_bytes();
    let sign = sign_p256("9c", &Sha256::digest(&document));
    let command = || Command::TestPinEachTime { algorithm: KeyAlgorithm::P256 };
    for refused in ["6982", "6985"] {
        done(&[(&sign, refused)], command(), &Outcome::Done);
    }
    fails(&[(&sign, "7c03 8201 30 9000")], command(), &unsuitable(Lack::PinEachTime));
    fails(&[(&sign, "6f00")], command(), &status("6f00"));
}

#[test]
fn a_card_that_does_not_forget_the_pin_is_unsuitable() {
    let forget = "0020 ff80";
    done(&[(forget, "9000"), ("0020 0080", "63c3")], Command::TestPinForgotten, &Outcome::Done);
    // One that does not know the command may forget all the same, or not.
    done(&[(forget, "6a86"), ("0020 0080", "63c3")], Command::TestPinForgotten, &Outcome::Done);
    fails(&[(forget, "6a86"), ("0020 0080", "9000")], Command::TestPinForgotten, &unsuitable(Lack::PinForgotten));
}

#[test]
fn a_card_whose_objects_do_not_grow_gets_full_ones() {
    let put = |tag: &str, content: &[u8]| {
        let content = [[0x53].as_slice(), &length(content.len()), content].concat();
        let data = [hex::decode(format!("5c03{tag}")).unwrap(), content].concat();
        let mut links: Vec<_> = data.chunks(255).map(|link| ("10db3fff", link)).collect();
        links.last_mut().unwrap().0 = "00db3fff";
        links.into_iter().map(|(header, link)| format!("{header}{:02x}{}", link.len(), hex::encode(link))).collect()
    };
    // 1,856 octets of certificate, with the tags that it has in its object.
    let full = [[0x70, 0x82, 0x07, 0x40].as_slice(), &[0; 1856], &[0x71, 1, 0, 0xfe, 0]].concat();
    let steps = |answers: &[(&str, &[u8], &str)]| {
        let mut steps = Vec::new();
        for (tag, content, status) in answers.iter().copied() {
            let links: Vec<String> = put(tag, content);
            let last = links.len() - 1;
            let answered = |(place, link)| (link, if place == last { status } else { "9000" }.to_owned());
            steps.extend(links.into_iter().enumerate().map(answered));
        }
        steps
    };
    let check = |steps: Vec<(String, String)>, expected: Result<Outcome, CardFault>| {
        let slots = vec![Slot::Signature];
        let run = run_one(&mut Script::begun(steps), Command::PrepareObjects { slots });
        let (outcomes, fault) = match expected {
            Ok(outcome) => (vec![outcome], None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        assert_eq!((run.outcomes, run.fault), (outcomes, fault));
    };
    let [unused, signature] = ["5fc106", "5fc10a"];
    let [one, none]: [&[u8]; 2] = [&[0], &[]];
    let growing = [(unused, one, "9000"), (unused, full.as_slice(), "9000"), (unused, none, "9000")];
    check(steps(&growing), Ok(Outcome::Objects { grow: true }));
    let fixed = |full_one| {
        [
            (unused, one, "9000"),
            (unused, full.as_slice(), "6a84"),
            (unused, none, "9000"),
            (signature, full.as_slice(), full_one),
        ]
    };
    check(steps(&fixed("9000")), Ok(Outcome::Objects { grow: false }));
    // One without the object by which it would be told.
    let none_such = [(unused, one, "6a82"), (signature, full.as_slice(), "9000")];
    check(steps(&none_such), Ok(Outcome::Objects { grow: false }));
    check(steps(&fixed("6a84")), Err(unsuitable(Lack::ObjectSize)));
}

fn length(length: usize) -> Vec<u8> {
    match length {
        0..0x80 => vec![u8::try_from(length).unwrap()],
        _ => [vec![0x82], u16::try_from(length).unwrap().to_be_bytes().to_vec()].concat(),
    }
}

fn unsuitable(lack: Lack) -> CardFault {
    CardFault::Unsuitable { missing: vec![lack] }
}

#[test]
fn possession_is_shown_over_the_slots_own_key() {
    let point = "04".to_owned() + &"11".repeat(64);
    let info = format!("3059301306072a8648ce3d020106082a8648ce3d030107034200{point}");
    let info = hex::decode(info).unwrap();
    let document = |slot| Document::Possession { context: &context(), slot, public_key: &info }.to_bytes();
    let prove = |slot| {
        let (algorithm, pin) = (KeyAlgorithm::P256, PinSource::Factory);
        Command::ProvePossession { slot, algorithm, pin, public_key: None }
    };
    let metadata = format!("0101 11 0202 0301 0301 01 0443 8641 {point} 9000");
    let sign = sign_p256("9a", &Sha256::digest(document(Slot::Authentication)));
    done(
        &[("00f7 009a 00", &metadata), (VERIFY_FACTORY, "9000"), (&sign, "7c03 8201 30 9000")],
        prove(Slot::Authentication),
        &signature("30"),
    );
    // 9E wants no PIN, so none is sent.
    let sign = sign_p256("9e", &Sha256::digest(document(Slot::CardAuthentication)));
    done(
        &[("00f7 009e 00", &metadata), (&sign, "7c03 8201 30 9000")],
        prove(Slot::CardAuthentication),
        &signature("30"),
    );
    fails(&[("00f7 009a 00", "6d00")], prove(Slot::Authentication), &CardFault::Unsupported);

    // The batch that made the key knows it, on a card that cannot tell.
    let generated = format!("7f4943 8641 {point} 9000");
    let sign = sign_p256("9c", &Sha256::digest(document(Slot::Signature)));
    let mut script = Script::begun([
        ("0047 009c 05 ac03 8001 11 00", generated.as_str()),
        (VERIFY_FACTORY, "9000"),
        (&sign, "7c03 8201 30 9000"),
    ]);
    let generate =
        Command::GenerateKey { slot: Slot::Signature, algorithm: KeyAlgorithm::P256, pin_policy: PinPolicy::Default };
    let run = run_all(&mut script, &batch(vec![generate, prove(Slot::Signature)]));
    let key = Outcome::Key { public_key: Some(info.clone().into()) };
    assert_eq!(run.outcomes, [key, signature("30")]);
}

/// 9C wants the PIN before every use; for the others once is enough, unless the card wants it again.
#[test]
fn the_pin_is_verified_no_more_often_than_the_card_wants_it() {
    let key = hex::decode("3003").unwrap();
    let prove = |slot| {
        let (algorithm, public_key) = (KeyAlgorithm::P256, Some(key.clone().into()));
        Command::ProvePossession { slot, algorithm, pin: PinSource::Current, public_key }
    };
    let sign = |slot: Slot| {
        let document = Document::Possession { context: &context(), slot, public_key: &key }.to_bytes();
        sign_p256(&hex::encode([slot.reference()]), &Sha256::digest(document))
    };
    let [signature_key, login, encryption] =
        [Slot::Signature, Slot::Authentication, Slot::KeyManagement].map(|slot| (slot, sign(slot)));
    let mut script = Script::begun([
        (VERIFY_CURRENT, "9000"),
        (&login.1, "7c03 8201 30 9000"),
        (VERIFY_CURRENT, "9000"),
        (&signature_key.1, "7c03 8201 30 9000"),
        (&login.1, "7c03 8201 30 9000"),
        (&encryption.1, "6982"),
        (VERIFY_CURRENT, "9000"),
        (&encryption.1, "7c03 8201 30 9000"),
    ]);
    let slots = [login.0, signature_key.0, login.0, encryption.0];
    let run = run_all(&mut script, &batch(slots.map(prove).into()));
    assert_eq!((run.outcomes.len(), run.fault), (4, None));
}

#[test]
fn an_open_session_is_gone_on_with() {
    let mut script = Script::new([("0020 0080", "63c3"), ("00f7 0081 00", "6d00"), (READ_CHUID, &chuid_answer())]);
    let batch = batch(vec![Command::ReadRetries, Command::ReadIdentity]);
    let run = go_on(&mut script, &batch, None, &secrets(), &mut fixed, &mut |_| {});
    let identity = Outcome::Identity { guid: Some(guid()) };
    assert_eq!(run.outcomes, [Outcome::Retries { pin: Some(3), puk: None }, identity.clone()]);
    // What was read in the session before is not read again.
    let batch = self::batch(vec![Command::ReadIdentity]);
    let run = go_on(&mut Script::new::<&str, &str>([]), &batch, Some(guid()), &secrets(), &mut fixed, &mut |_| {});
    assert_eq!(run.outcomes, [identity]);
}

#[test]
fn keys_agree() {
    let peer = "04".to_owned() + &"22".repeat(64);
    let agree = |algorithm, peer: &str| Command::Agree {
        slot: Slot::KeyManagement,
        algorithm,
        peer: Bytes(hex::decode(peer).unwrap()),
        pin: PinSource::Factory,
    };
    let apdu = format!("0087 119d 47 7c45 8200 8541 {peer} 00");
    let secret = "33".repeat(32);
    let answer = format!("7c22 8220 {secret} 9000");
    done(
        &[(VERIFY_FACTORY, "9000"), (&apdu, &answer)],
        agree(KeyAlgorithm::P256, &peer),
        &Outcome::Agreed { secret: Bytes(vec![0x33; 32]) },
    );
    fails(
        &[(VERIFY_FACTORY, "9000"), (&apdu, "7c03 8201 33 9000")],
        agree(KeyAlgorithm::P256, &peer),
        &CardFault::Malformed,
    );
    done(&[(VERIFY_FACTORY, "6983")], agree(KeyAlgorithm::P256, &peer), &refused(SecretKind::Pin, 0));
    // The bare RSA operation is never lent out, and a point has its length.
    fails(&[], agree(KeyAlgorithm::Rsa2048, &"44".repeat(256)), &CardFault::Unsupported);
    fails(&[], agree(KeyAlgorithm::P384, &peer), &CardFault::Unsupported);
    fails(&[], agree(KeyAlgorithm::P256, ""), &CardFault::Unsupported);
}

#[test]
fn the_puk_resets_the_pin() {
    let reset = || Command::ResetRetryCounter { puk: puk("87654321"), pin: PinSource::New };
    let apdu = "002c 0080 10 3837363534333231 3131323233333434";
    done(&[(apdu, "9000")], reset(), &Outcome::Done);
    done(&[(apdu, "63c2")], reset(), &refused(SecretKind::Puk, 2));
    done(&[(apdu, "6983")], reset(), &refused(SecretKind::Puk, 0));
    fails(&[(apdu, "6a80")], reset(), &status("6a80"));
}

#[test]
fn the_puk_is_changed() {
    let change = |from| Command::ChangePuk { from, to: puk("87654321") };
    let factory = "0024 0081 10 3132333435363738 3837363534333231";
    done(&[(factory, "9000")], change(None), &Outcome::Done);
    done(&[(factory, "6983")], change(None), &refused(SecretKind::Puk, 0));
    let known = "0024 0081 10 3030303030303030 3837363534333231";
    done(&[(known, "9000")], change(Some(puk("00000000"))), &Outcome::Done);
}

#[test]
fn the_pin_is_blocked_and_the_puk_left_alone() {
    // 5a5a…5a as a number of 128 bits, its last 8 digits.
    let unknown = format!("{:08}", u128::from_be_bytes([0x5a; 16]) % 100_000_000);
    let unknown = hex::encode(unknown);
    let change = format!("0024 0080 10 313233343536ffff {unknown}");
    let verify = format!("0020 0080 08 {unknown}");
    let ask = "0020 0080";
    let check = |steps: &[(&str, &str)]| done(steps, Command::BlockPin, &Outcome::Done);
    check(&[(&change, "9000"), (&verify, "63c2"), (&verify, "63c1"), (&verify, "63c0"), (ask, "6983")]);
    // Again, from half-way and from the end.
    check(&[(&change, "63c1"), (&verify, "6983"), (ask, "6983")]);
    check(&[(&change, "63c0"), (ask, "63c0")]);
    check(&[(&change, "6983"), (ask, "6983")]);
    // A random PIN that was the right one.
    check(&[(&change, "63c1"), (&verify, "9000"), (&verify, "63c2"), (&verify, "6983"), (ask, "6983")]);
    fails(&[(&change, "6982")], Command::BlockPin, &status("6982"));
    fails(&[(&change, "9000"), (&verify, "6f00")], Command::BlockPin, &status("6f00"));
    // A card whose count never ends is not blocked, and nobody says it is.
    let mut endless = vec![(change.as_str(), "9000")];
    endless.extend([(verify.as_str(), "63cf"); 32]);
    endless.push((ask, "63cf"));
    fails(&endless, Command::BlockPin, &CardFault::Malformed);
}

#[test]
fn keys_are_made() {
    let generate =
        |algorithm, pin_policy| Command::GenerateKey { slot: Slot::CardAuthentication, algorithm, pin_policy };
    let key = |hex: &str| Outcome::Key {
        public_key: Some(hex::decode(hex.split_whitespace().collect::<String>()).unwrap().into()),
    };
    let p384 = "04".to_owned() + &"55".repeat(96);
    done(
        &[("0047 009e 08 ac06 8001 14 aa01 01 00", &format!("7f4963 8661 {p384} 9000"))],
        generate(KeyAlgorithm::P384, PinPolicy::Never),
        &key(&format!("3076 3010 06072a8648ce3d0201 06052b81040022 036200 {p384}")),
    );
    let modulus = "c5".repeat(256);
    let answer = format!("7f4982010981820100 {modulus} 8203010001").split_whitespace().collect::<String>();
    let rsa = format!("30820122 300d06092a864886f70d0101010500 0382010f00 3082010a 0282010100 {modulus} 0203010001");
    done(
        &[
            ("0047 009e 08 ac06 8001 07 aa01 02 00", &format!("{} 610e", &answer[..512])),
            ("00c0 0000 0e", &format!("{} 9000", &answer[512..])),
        ],
        generate(KeyAlgorithm::Rsa2048, PinPolicy::Once),
        &key(&rsa),
    );
    let p256 = "0047 009e 08 ac06 8001 11 aa01 03 00";
    let always = || generate(KeyAlgorithm::P256, PinPolicy::Always);
    fails(&[(p256, "6982")], always(), &status("6982"));
    // A card that takes no policy, or not this key at all.
    let plainly = "0047 009e 05 ac03 8001 11 00";
    let point = "04".to_owned() + &"11".repeat(64);
    let made = key(&format!("3059 301306072a8648ce3d020106082a8648ce3d030107 034200 {point}"));
    for refused in ["6a80", "6700"] {
        done(&[(p256, refused), (plainly, &format!("7f4943 8641 {point} 9000"))], always(), &made);
        fails(&[(p256, refused), (plainly, "6a80")], always(), &status("6a80"));
    }
    for answer in [
        "9000".to_owned(),
        format!("7f4963 8661 {p384} 9000"),
        format!("7f4943 8641 02{} 9000", "11".repeat(64)),
        format!("8641 04{} 9000", "11".repeat(64)),
    ] {
        fails(&[(p256, &answer)], always(), &CardFault::Malformed);
    }
}

#[test]
fn keys_are_read() {
    let read = || Command::ReadKey { slot: Slot::Signature };
    let ask = "00f7 009c 00";
    let none = Outcome::Key { public_key: None };
    done(&[(ask, "6a88")], read(), &none);
    done(&[(ask, "6d00")], read(), &none);
    // An Ed25519 key (E0) is nothing to us.
    done(&[(ask, "0101 e0 0402 8600 9000")], read(), &none);
    let point = "04".to_owned() + &"11".repeat(64);
    let info = format!("3059301306072a8648ce3d020106082a8648ce3d030107034200{point}");
    done(
        &[(ask, &format!("0101 11 0443 8641 {point} 9000"))],
        read(),
        &Outcome::Key { public_key: Some(hex::decode(info).unwrap().into()) },
    );
    fails(&[(ask, "0101 11 0402 8600 9000")], read(), &CardFault::Malformed);
    fails(&[(ask, "0102 1100 9000")], read(), &CardFault::Malformed);
    fails(&[(ask, "6f00")], read(), &status("6f00"));
}

#[test]
fn keys_are_attested() {
    let attest = || Command::Attest { slot: Slot::Signature };
    let ask = "00f9 9c00 00";
    let issuer = "00cb 3fff 05 5c03 5fff01 00";
    let outcome = |certificate: Option<&[u8]>, issuer: Option<&[u8]>| Outcome::Attestation {
        certificate: certificate.map(|der| Bytes(der.to_vec())),
        issuer: issuer.map(|der| Bytes(der.to_vec())),
    };
    done(
        &[(ask, "300101 9000"), (issuer, "5304 7002 3001 9000")],
        attest(),
        &outcome(Some(&[0x30, 1, 1]), Some(&[0x30, 1])),
    );
    done(&[(ask, "300101 9000"), (issuer, "6a82")], attest(), &outcome(Some(&[0x30, 1, 1]), None));
    for answer in ["6d00", "6a88", "6a80"] {
        done(&[(ask, answer)], attest(), &outcome(None, None));
    }
    fails(&[(ask, "9000")], attest(), &CardFault::Malformed);
    fails(&[(ask, "6f00")], attest(), &status("6f00"));
}

#[test]
fn certificates_are_written_and_read_back() {
    let write = |certificate: &[u8]| Command::WriteCertificate {
        slot: Slot::KeyManagement,
        certificate: certificate.to_vec().into(),
    };
    done(&[("00db 3fff 11 5c03 5fc10b 530a 7003 300101 7101 00 fe00", "9000")], write(&[0x30, 1, 1]), &Outcome::Done);
    let long = [0xab; 300];
    let data = format!("5c03 5fc10b 53820135 7082012c {} 710100 fe00", hex::encode(long));
    let data = data.split_whitespace().collect::<String>();
    done(
        &[(&format!("10db 3fff ff {}", &data[..510]), "9000"), (&format!("00db 3fff 3f {}", &data[510..]), "9000")],
        write(&long),
        &Outcome::Done,
    );
    fails(&[(&format!("10db 3fff ff {}", &data[..510]), "6982")], write(&long), &status("6982"));
    let read = || Command::ReadCertificate { slot: Slot::KeyManagement };
    let ask = "00cb 3fff 05 5c03 5fc10b 00";
    let certificate = |der: Option<&[u8]>| Outcome::Certificate { certificate: der.map(|der| Bytes(der.to_vec())) };
    done(&[(ask, "530a 7003 300101 7101 00 fe00 9000")], read(), &certificate(Some(&[0x30, 1, 1])));
    done(&[(ask, "6a82")], read(), &certificate(None));
    fails(&[(ask, "530a 7003 1f8b08 7101 01 fe00 9000")], read(), &CardFault::Malformed);
    // Retired slot 20 has the last of the objects.
    let last = Command::ReadCertificate { slot: Slot::from_reference(0x95).unwrap() };
    done(&[("00cb 3fff 05 5c03 5fc120 00", "6a82")], last, &certificate(None));
}

#[test]
fn the_identity_is_written_chuid_last() {
    let write = |expires: &str| Command::WriteIdentity { guid: guid(), expires: expires.into() };
    let bytes = GUID.replace('-', "");
    let ccc = format!(
        "00db 3fff 3a 5c03 5fc107 5333 f015 a000000116ff02 {} f10121 f20121 f300 f40100 f50110 \
         f600 f700 fa00 fb00 fc00 fd00 fe00",
        &bytes[4..]
    );
    let read_discovery = "00cb 3fff 03 5c01 7e 00";
    let discovery = "7e12 4f0b a000000308000010000100 5f2f02 4000";
    let write_discovery = format!("00db 3fff 14 {discovery}");
    let chuid = format!("00db 3fff 42 5c03 5fc102 533b 3019 {FASC_N} 3410 {bytes} 3508 3230333230313031 3e00 fe00");
    let right = format!("{discovery} 9000");
    let theirs = "7e12 4f0b a000000308000010000100 5f2f02 6010 9000";
    done(
        &[(&ccc, "9000"), (read_discovery, "6a82"), (&write_discovery, "9000"), (&chuid, "9000")],
        write("20320101"),
        &Outcome::Done,
    );
    done(&[(&ccc, "9000"), (read_discovery, &right), (&chuid, "9000")], write("20320101"), &Outcome::Done);
    done(
        &[(&ccc, "9000"), (read_discovery, theirs), (&write_discovery, "6a82"), (&chuid, "9000")],
        write("20320101"),
        &Outcome::Done,
    );
    fails(&[(&ccc, "9000"), (read_discovery, "6a82"), (&write_discovery, "6a84")], write("20320101"), &status("6a84"));
    fails(&[(&ccc, "6982")], write("20320101"), &status("6982"));
    fails(&[], write("2032-01-01"), &CardFault::Unsupported);
    fails(&[], write("測試"), &CardFault::Unsupported);
}
