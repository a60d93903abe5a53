//! Attestation: the card vouches with the key in F9 that a key was made on it (Yubico's ATTEST).

use iso7816::Status;

use crate::applet::FIRMWARE;
use crate::keys::{Algorithm, Key, PinPolicy, Policies, TouchPolicy, unsigned};
use crate::state::{Content, ObjectTag, Slot, State};
use crate::tlv;

/// Where the certificate of F9 is read.
pub(crate) const CERTIFICATE: ObjectTag = ObjectTag(0x5F_FF01);

const ISSUER: &str = "Kaika Software Card Attestation";
// A card has no clock: all its certificates are good for the same long time.
/// UTCTime up to 2049, GeneralizedTime after (RFC 5280 §4.1.2.5).
const VALIDITY: [(u32, &str); 2] = [(0x17, "160314000000Z"), (0x18, "20520417000000Z")];

/// 1.2.840.10045.4.3.2, ecdsa-with-SHA256, without parameters (RFC 5758 §3.2).
const ECDSA_WITH_SHA256: &[u8] = b"\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02";
const COMMON_NAME: &[u8] = b"\x06\x03\x55\x04\x03";
const BASIC_CONSTRAINTS: &[u8] = b"\x06\x03\x55\x1D\x13";

/// The arc 1.3.6.1.4.1.41482.3 of Yubico's extensions; one more number follows.
const YUBICO_ARC: &[u8] = b"\x2B\x06\x01\x04\x01\x82\xC4\x0A\x03";
const FIRMWARE_EXTENSION: u8 = 3;
const SERIAL_EXTENSION: u8 = 7;
const POLICY_EXTENSION: u8 = 8;

/// Gives a new card its attestation key and certificate, which outlive every RESET.
pub(crate) fn equip(state: &mut State) -> Result<(), Status> {
    let policies = Policies { pin: PinPolicy::Never, touch: TouchPolicy::Never };
    let key = Key::generate(Algorithm::P256, policies)?;
    // cA TRUE, critical.
    let ca = tlv::nest(0x30, [tlv::write(0x01, &[0xFF])]);
    let ca = [BASIC_CONSTRAINTS, &tlv::write(0x01, &[0xFF]), &tlv::write(0x04, &ca)];
    let certificate = certify(&key, ISSUER, &key, &[tlv::nest(0x30, ca)])?;
    // Certificate, not compressed, no error detection code (SP 800-73-4 part 1 appendix A).
    let object = [tlv::write(0x70, &certificate), tlv::write(0x71, &[0]), tlv::write(0xFE, &[])];
    state.objects.insert(CERTIFICATE, Content(object.concat()));
    state.keys.insert(Slot::ATTESTATION, key);
    Ok(())
}

/// The certificate, in DER, by which the key of F9 vouches for `key`.
pub(crate) fn attest(state: &State, slot: Slot, key: &Key) -> Result<Vec<u8>, Status> {
    let by = state.keys.get(&Slot::ATTESTATION);
    let by = by.ok_or(Status::KeyReferenceNotFound)?;
    let subject = format!("Kaika Software Card Attestation {:02x}", slot.0);
    let policy = [key.pin_policy as u8, key.touch_policy as u8];
    let extensions = [
        yubico_extension(FIRMWARE_EXTENSION, &FIRMWARE),
        yubico_extension(SERIAL_EXTENSION, &unsigned(&state.told_serial().to_be_bytes())),
        yubico_extension(POLICY_EXTENSION, &policy),
    ];
    certify(by, &subject, key, &extensions)
}

/// An X.509 certificate (RFC 5280 §4.1), signed with a P-256 key.
fn certify(by: &Key, subject: &str, key: &Key, extensions: &[Vec<u8>]) -> Result<Vec<u8>, Status> {
    let mut serial = [0; 16];
    aws_lc_rs::rand::fill(&mut serial).map_err(|_| Status::UnspecifiedCheckingError)?;
    // Positive, and of full length.
    serial[0] = serial[0] & 0x7F | 0x40;

    let algorithm = tlv::write(0x30, ECDSA_WITH_SHA256);
    let to_be_signed = tlv::nest(
        0x30,
        [
            // Version 3.
            tlv::write(0xA0, &tlv::write(0x02, &[2])),
            unsigned(&serial),
            algorithm.clone(),
            name(ISSUER),
            tlv::nest(0x30, VALIDITY.map(|(tag, time)| tlv::write(tag, time.as_bytes()))),
            name(subject),
            key.spki(),
            tlv::write(0xA3, &tlv::nest(0x30, extensions)),
        ],
    );
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &to_be_signed);
    let signature = by.apply(digest.as_ref())?;
    let signature = tlv::nest(0x03, [&[0][..], &signature]);
    Ok(tlv::nest(0x30, [to_be_signed, algorithm, signature]))
}

fn name(common_name: &str) -> Vec<u8> {
    let text = tlv::write(0x0C, common_name.as_bytes());
    let attribute = tlv::nest(0x30, [COMMON_NAME, &text]);
    tlv::write(0x30, &tlv::write(0x31, &attribute))
}

fn yubico_extension(last: u8, value: &[u8]) -> Vec<u8> {
    let id = tlv::nest(0x06, [YUBICO_ARC, &[last]]);
    tlv::nest(0x30, [id, tlv::write(0x04, value)])
}
