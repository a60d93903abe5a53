//! Judges that we did not write: OpenSC and yubico-piv-tool, behind a real pcscd.

use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kaika_softcard::vpcd::{self, Link};
use kaika_softcard::{ManagementAlgorithm, PinPolicy, SoftCard};
use kaika_testkit::pcscd::PrivatePcscd;
use kaika_testkit::tools::{self, Output};
use tempfile::TempDir;

use super::rig::{FACTORY_KEY, P256, P384, RSA, Rig, tlv};

/// The slots with their certificates' objects.
const SLOTS: [(u8, u32); 4] = [(0x9A, 0x5F_C105), (0x9C, 0x5F_C10A), (0x9D, 0x5F_C10B), (0x9E, 0x5F_C101)];

/// A personalised card in the first slot of a pcscd of its own.
struct Bench {
    pcscd: PrivatePcscd,
    card: Arc<Mutex<SoftCard>>,
    link: Arc<Link>,
    thread: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl Bench {
    fn new(algorithms: [u8; 4]) -> Bench {
        Bench::of(personalised(algorithms))
    }

    fn of(rig: Rig) -> Bench {
        let (card, folder) = rig.into_card();
        let pcscd = PrivatePcscd::start(&["Yubikey Kaika"]);
        let card = Arc::new(Mutex::new(card));
        let link = Link::inserted();
        let thread = {
            let (card, link, port) = (card.clone(), link.clone(), pcscd.slots()[0].port);
            thread::spawn(move || vpcd::serve(&card, ("127.0.0.1", port), &link))
        };
        let bench = Bench { pcscd, card, link, thread: Some(thread), _folder: folder };
        // pcscd looks for cards every half second.
        let deadline = Instant::now() + Duration::from_secs(10);
        while !bench.run("opensc-tool", &["--reader", bench.reader(), "--atr"]).status.success() {
            assert!(Instant::now() < deadline, "pcscd does not see the card\n{}", bench.pcscd.log());
        }
        bench
    }

    fn reader(&self) -> &str {
        &self.pcscd.slots()[0].reader
    }

    #[track_caller]
    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        tools::run(program, arguments, &[self.pcscd.env()])
    }

    #[track_caller]
    fn pkcs11(&self, arguments: &[&str]) -> Output {
        let module = tools::opensc_pkcs11();
        self.run("pkcs11-tool", &[&["--module", module.to_str().unwrap()], arguments].concat())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.link.stop();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// A card with a key and a certificate in each slot, CHUID and CCC.
fn personalised(algorithms: [u8; 4]) -> Rig {
    let mut rig = Rig::new();
    let authority = Authority::new(rig.folder.path());
    for ((slot, object), algorithm) in SLOTS.into_iter().zip(algorithms) {
        rig.generate(slot, algorithm);
        let spki = rig.card().inspect().key(slot).unwrap().public_key;
        let certificate = authority.certify(&spki, slot);
        let content = [tlv(0x70, &certificate), tlv(0x71, &[0]), tlv(0xFE, &[])].concat();
        assert_eq!(rig.put(object, &content), 0x9000);
    }
    // FASC-N of a card that is not of the US government, GUID, expiry, no signature (SP 800-73-4 part 1 table 9).
    let chuid = [
        tlv(
            0x30,
            &[
                0xD4, 0xE7, 0x39, 0xDA, 0x73, 0x9C, 0xED, 0x39, 0xCE, 0x73, 0x9D, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42,
                0x10, 0x84, 0x21, 0xC8, 0x42, 0x10, 0xC3, 0xEB,
            ],
        ),
        tlv(0x34, &[0x42; 16]),
        tlv(0x35, b"20300101"),
        tlv(0x3E, &[]),
        tlv(0xFE, &[]),
    ];
    assert_eq!(rig.put(0x5F_C102, &chuid.concat()), 0x9000);
    let ccc = [
        tlv(0xF0, &[0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF, 0x02, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]),
        tlv(0xF1, &[0x21]),
        tlv(0xF2, &[0x21]),
        tlv(0xF3, &[]),
        tlv(0xF4, &[0x00]),
        tlv(0xF5, &[0x10]),
        tlv(0xF6, &[]),
        tlv(0xF7, &[]),
        tlv(0xFA, &[]),
        tlv(0xFB, &[]),
        tlv(0xFC, &[]),
        tlv(0xFD, &[]),
        tlv(0xFE, &[]),
    ];
    assert_eq!(rig.put(0x5F_C107, &ccc.concat()), 0x9000);
    rig
}

/// An authority of openssl's, which certifies any public key.
struct Authority {
    folder: std::path::PathBuf,
}

impl Authority {
    fn new(folder: &std::path::Path) -> Authority {
        let authority = Authority { folder: folder.to_owned() };
        authority.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
             -subj /CN=TEST -days 30",
        );
        authority
    }

    fn certify(&self, spki: &[u8], slot: u8) -> Vec<u8> {
        std::fs::write(self.folder.join("public.der"), spki).unwrap();
        self.openssl("pkey -pubin -inform DER -in public.der -out public.pem");
        self.openssl(&format!(
            "x509 -new -force_pubkey public.pem -CA ca.pem -CAkey ca.key -subj /CN=TEST-{slot:02x} -days 30 \
             -outform DER -out certificate.der"
        ));
        std::fs::read(self.folder.join("certificate.der")).unwrap()
    }

    #[track_caller]
    fn openssl(&self, arguments: &str) {
        let tool = tools::Tool::new("openssl").args(arguments.split_whitespace());
        tool.current_dir(&self.folder).run().expect_success();
    }
}

#[track_caller]
fn check_pkcs11(algorithms: [u8; 4]) {
    let bench = Bench::new(algorithms);
    let output = bench.pkcs11(&["--login", "--pin", "123456", "--test"]).expect_success();
    assert!(output.text().contains("No errors"), "{output}");
    assert_eq!(bench.card.lock().unwrap().inspect().pin_tries_left(), 3);
}

#[test]
fn opensc_knows_a_piv_card() {
    let bench = Bench::new([P256; 4]);
    let output = bench.run("opensc-tool", &["--reader", bench.reader(), "--name"]).expect_success();
    assert!(output.stdout().contains("Personal Identity Verification Card"), "{output}");
}

#[test]
fn pkcs11_tool_finds_no_errors_with_rsa() {
    check_pkcs11([RSA; 4]);
}

#[test]
fn pkcs11_tool_finds_no_errors_with_p256() {
    check_pkcs11([P256; 4]);
}

#[test]
fn pkcs11_tool_finds_no_errors_with_p384_and_rsa() {
    check_pkcs11([P384, RSA, P384, P256]);
}

#[test]
fn pkcs11_tool_signs_and_openssl_agrees() {
    let bench = Bench::new([P256, RSA, P256, P256]);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (message, signature, public) = (path("message"), path("signature"), path("public.der"));
    std::fs::write(&message, "message").unwrap();
    let spki = bench.card.lock().unwrap().inspect().key(0x9C).unwrap().public_key;
    std::fs::write(&public, spki).unwrap();
    // Id 02 is OpenSC's for 9C, which asks for the PIN at every use.
    let arguments = ["--login", "--pin", "123456", "--sign", "--id", "02", "-m", "SHA256-RSA-PKCS", "-i", &message];
    bench.pkcs11(&[&arguments[..], &["-o", &signature]].concat()).expect_success();
    let arguments = ["dgst", "-sha256", "-keyform", "DER", "-verify", &public, "-signature", &signature, &message];
    tools::run("openssl", &arguments, &[]).expect_success();
}

#[test]
fn yubico_piv_tool_shows_the_card() {
    let bench = Bench::new([P256, RSA, P256, P384]);
    let output = bench.run("yubico-piv-tool", &["-a", "status"]).expect_success();
    let text = output.stdout();
    for line in ["Version:\t5.7.1", "Serial Number:\t4000001", "PIN tries left:\t3", "CHUID:", "Slot 9c:", "TEST-9e"] {
        assert!(text.contains(line), "{line:?} is missing\n{output}");
    }
}

#[test]
fn yubico_piv_tool_manages_the_card() {
    // Version 2.2 knows management keys of 3DES only.
    let mut rig = personalised([P256; 4]);
    assert_eq!(rig.status(0xFF, 0xFF, 0xFF, &[&[0x03][..], &tlv(0x9B, &FACTORY_KEY)].concat()), 0x9000);
    let bench = Bench::of(rig);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let piv = |arguments: &[&str]| bench.run("yubico-piv-tool", arguments).expect_success();
    let factory = "--key=010203040506070801020304050607080102030405060708";
    let own = "0123456789ABCDEFFEDCBA987654321089ABCDEF01234567";

    piv(&["-a", "verify-pin", "-P", "123456"]);
    piv(&["-a", "change-pin", "-P", "123456", "-N", "654321"]);
    piv(&["-a", "change-puk", "-P", "12345678", "-N", "87654321"]);
    piv(&["-a", "unblock-pin", "-P", "87654321", "-N", "111111"]);
    piv(&["-a", "set-mgm-key", factory, "-n", own]);
    piv(&[
        "-a",
        "generate",
        &format!("--key={own}"),
        "-s",
        "82",
        "-A",
        "ECCP384",
        "--pin-policy",
        "always",
        "-o",
        &path("key"),
    ]);
    piv(&["-a", "attest", "-s", "82", "-o", &path("leaf")]);
    piv(&["-a", "read-certificate", "-s", "f9", "-o", &path("root")]);
    tools::run("openssl", &["verify", "-trusted", &path("root"), &path("leaf")], &[]).expect_success();

    let inspection = bench.card.lock().unwrap().inspect();
    assert!(inspection.pin_is("111111") && inspection.puk_is("87654321"));
    assert!(!inspection.management_key_is(ManagementAlgorithm::TripleDes, &FACTORY_KEY));
    assert_eq!(inspection.key(0x82).unwrap().pin_policy, PinPolicy::Always);
    let public = tools::run("openssl", &["pkey", "-pubin", "-in", &path("key"), "-outform", "DER"], &[]);
    assert_eq!(public.expect_success().stdout, inspection.key(0x82).unwrap().public_key);
}
