//! The two batches of an activation, whole: twelve short APDUs at most after detection.

use crate::script::{Script, batch, context, run_all};
use kaika_wire::{CertificateReference, CertificateRole, Command, Document, KeyAlgorithm, Outcome, PinSource, Puk};
use sha2::{Digest, Sha256};

#[test]
fn an_activation_takes_eleven_apdus() {
    let hash = Sha256::digest(Document::CardProof(&context()).to_bytes());
    let prove = format!("0087 119e 26 7c24 8200 8120 {} 00", hex::encode(hash));
    let mut first = Script::begun([
        ("0020 0080", "6983"),
        ("00f7 0081 00", "0101 ff 0501 00 0602 0303 9000"),
        (&prove, "7c03 8201 30 9000"),
    ]);
    let commands = vec![Command::ReadRetries, Command::ProveCard { algorithm: KeyAlgorithm::P256 }];
    let run = run_all(&mut first, &batch(commands));
    let signature = Outcome::Signature { signature: vec![0x30].into() };
    let tries = Outcome::Retries { pin: Some(0), puk: Some(3) };
    assert_eq!((run.fault, run.outcomes), (None, vec![tries, signature.clone()]));

    let certificates = [CertificateRole::Signature, CertificateRole::Encryption].map(|role| CertificateReference {
        role,
        serial: "7f01".parse().unwrap(),
        sha256: [3; 32],
    });
    let document = Document::Acceptance { context: &context(), certificates: &certificates };
    let hash = Sha256::digest(document.to_bytes());
    let sign = format!("0087 119c 26 7c24 8200 8120 {} 00", hex::encode(hash));
    let mut second = Script::begun([
        ("002c 0080 10 3131313131313131 3131323233333434", "9000"),
        ("0020 0080 08 3131323233333434", "9000"),
        (&sign, "7c03 8201 30 9000"),
        ("0024 0081 10 3131313131313131 3232323232323232", "9000"),
    ]);
    let puk = |text| Puk::parse(text).unwrap();
    let commands = vec![
        Command::ResetRetryCounter { puk: puk("11111111"), pin: PinSource::New },
        Command::SignAcceptance {
            pin: PinSource::New,
            algorithm: KeyAlgorithm::P256,
            certificates: certificates.to_vec(),
        },
        Command::ChangePuk { from: Some(puk("11111111")), to: puk("22222222") },
    ];
    let run = run_all(&mut second, &batch(commands));
    assert_eq!(run.fault, None);
    assert_eq!(run.outcomes, [Outcome::Done, signature, Outcome::Done]);
    assert_eq!(first.sent() + second.sent(), 11);
}
