//! Software cards for the tests: personalised as a server would have it, with certificates whose signatures nobody
//! looks at.

use kaika_card::{Secrets, run, tlv};
use kaika_softcard::{Options, SoftCard};
use kaika_wire::{
    Batch, CardNumber, CertificateRole, Command, Context, Expectation, Guid, Hold, JobId, KeyAlgorithm, ManagementKey,
    Nonce, Outcome, PinPolicy, Puk, Slot,
};
use std::path::Path;
use time::OffsetDateTime;

pub(crate) const PUK: &str = "87654321";
pub(crate) const HOLDER: &str = "C=TW,O=測試機關,OU=第一組";
pub(crate) const GUID: [u8; 16] = [7; 16];

/// An authority as far as the agent can tell one from another: a name and a key identifier.
pub(crate) struct Authority {
    pub(crate) unit: &'static str,
    pub(crate) key: u8,
}

pub(crate) const GCA: Authority = Authority { unit: "測試管理中心", key: 1 };
/// The same name, another key.
pub(crate) const STRANGER: Authority = Authority { unit: "測試管理中心", key: 9 };
pub(crate) const XCA: Authority = Authority { unit: "測試憑證中心", key: 2 };

/// A card that was personalised and not yet activated: its PIN blocked, its PUK [`PUK`].
pub(crate) fn unopened(folder: &Path, number: &str, authority: &Authority) {
    let mut card = blank(folder, number);
    card.power_on();
    let slots =
        [(CertificateRole::CardAuthentication, PinPolicy::Never), (CertificateRole::Signature, PinPolicy::Always)];
    let mut commands = vec![Command::OpenManagement { key: ManagementKey::new([3; 32]) }];
    for (role, pin_policy) in slots {
        let slot = role.slot();
        commands.push(Command::GenerateKey { slot, algorithm: KeyAlgorithm::P256, pin_policy });
    }
    let keys: Vec<Vec<u8>> = carry_out(&mut card, Expectation::Device(4711), commands)
        .into_iter()
        .filter_map(|outcome| match outcome {
            Outcome::Key { public_key } => public_key.map(|key| key.0),
            _ => None,
        })
        .collect();
    let mut commands = vec![Command::OpenManagement { key: ManagementKey::new([3; 32]) }];
    for ((role, _), key) in slots.iter().zip(&keys) {
        let subject = match role {
            CertificateRole::CardAuthentication => name(&[(COUNTRY, "TW"), (SERIAL_NUMBER, number)]),
            _ => name(&[(COUNTRY, "TW"), (ORGANISATION, "測試機關"), (UNIT, "第一組")]),
        };
        let certificate = certificate(*role as u8 + 0x40, authority, &subject, Some(key));
        commands.push(Command::WriteCertificate { slot: role.slot(), certificate: certificate.into() });
    }
    commands.push(Command::WriteIdentity { guid: Guid::from_bytes(GUID), expires: "20370101".to_owned() });
    commands.push(Command::ChangePuk { from: None, to: Puk::parse(PUK).unwrap() });
    commands.push(Command::BlockPin);
    carry_out(&mut card, Expectation::Device(4711), commands);
}

/// A card in factory state.
pub(crate) fn blank(folder: &Path, name: &str) -> SoftCard {
    let options = Options { serial: 4711, strict: true, ..Options::default() };
    SoftCard::create(folder.join(format!("{name}.card")), options).unwrap()
}

pub(crate) fn context(number: &str) -> Context {
    Context {
        job: JobId::new(OffsetDateTime::UNIX_EPOCH, [1; 10]),
        nonce: Nonce([5; 32]),
        origin: "http://localhost:8080".to_owned(),
        card: number.parse::<CardNumber>().unwrap(),
    }
}

fn carry_out(card: &mut SoftCard, expected: Expectation, commands: Vec<Command>) -> Vec<Outcome> {
    struct Direct<'c>(&'c mut SoftCard);
    impl kaika_card::Transport for Direct<'_> {
        fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, kaika_card::TransportError> {
            Ok(self.0.transmit(apdu).unwrap())
        }
    }
    let wanted = commands.len();
    let batch = Batch { sequence: 1, card: expected, context: context("GC00000000000000"), commands, hold: Hold::None };
    let secrets = Secrets::default();
    let mut random = |bytes: &mut [u8]| kaika_agent::random(bytes);
    let run = run(&mut Direct(card), &batch, &secrets, &mut random, &mut |_| {});
    assert_eq!(run.fault, None);
    assert_eq!(run.outcomes.len(), wanted, "{:?}", run.outcomes);
    run.outcomes
}

/// The authority's own certificate.
pub(crate) fn ca_certificate(authority: &Authority) -> Vec<u8> {
    certificate(1, authority, &authority_name(authority), None)
}

const COUNTRY: u8 = 6;
const SERIAL_NUMBER: u8 = 5;
const ORGANISATION: u8 = 10;
const UNIT: u8 = 11;

fn authority_name(authority: &Authority) -> Vec<u8> {
    name(&[(COUNTRY, "TW"), (ORGANISATION, "測試"), (UNIT, authority.unit)])
}

/// X.509 by hand (RFC 5280 §4.1): subject key identifier for the authority's own (no key given), else the authority's
/// key identifier.
fn certificate(serial: u8, authority: &Authority, subject: &[u8], key: Option<&[u8]>) -> Vec<u8> {
    let ecdsa_with_sha256 = sequence(&[&[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
    let placeholder_key = sequence(&[
        &sequence(&[&[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]]),
        &[0x03, 3, 0, 4, 0],
    ]);
    let validity = sequence(&[&tlv::object(0x17, b"260101000000Z"), &tlv::object(0x17, b"321231235959Z")]);
    let identifier = [authority.key; 20];
    let extension = match key {
        None => sequence(&[&[0x06, 3, 0x55, 0x1d, 14], &tlv::object(0x04, &tlv::object(0x04, &identifier))]),
        Some(_) => {
            sequence(&[&[0x06, 3, 0x55, 0x1d, 35], &tlv::object(0x04, &sequence(&[&tlv::object(0x80, &identifier)]))])
        }
    };
    let to_be_signed = sequence(&[
        &[0xa0, 3, 2, 1, 2],
        &tlv::object(0x02, &[serial]),
        &ecdsa_with_sha256,
        &authority_name(authority),
        &validity,
        subject,
        key.unwrap_or(&placeholder_key),
        &tlv::object(0xa3, &sequence(&[&extension])),
    ]);
    sequence(&[&to_be_signed, &ecdsa_with_sha256, &[0x03, 2, 0, 0]])
}

fn name(attributes: &[(u8, &str)]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = attributes
        .iter()
        .map(|(attribute, value)| {
            let pair = sequence(&[
                &[0x06, 3, 0x55, 4, *attribute],
                &tlv::object(if value.is_ascii() { 0x13 } else { 0x0c }, value.as_bytes()),
            ]);
            tlv::object(0x31, &pair).to_vec()
        })
        .collect();
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    sequence(&parts)
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv::constructed(0x30, parts).to_vec()
}

/// What a card in a reader holds, from outside.
pub(crate) fn inspect(folder: &Path, name: &str) -> kaika_softcard::Inspection {
    kaika_softcard::Inspection::of_file(folder.join(format!("{name}.card"))).unwrap()
}

/// Whether the card has a verified PIN: VERIFY without data answers 9000 then (SP 800-73-4 part 2 §3.2.1).
pub(crate) fn has_verified_pin(card: &mut SoftCard) -> bool {
    let select = [0x00, 0xa4, 0x04, 0x00, 0x05, 0xa0, 0x00, 0x00, 0x03, 0x08];
    let verify = [0x00, 0x20, 0x00, 0x80];
    card.transmit(&select).unwrap();
    card.transmit(&verify).unwrap() == [0x90, 0x00]
}

pub(crate) const SIGNATURE: Slot = Slot::Signature;
