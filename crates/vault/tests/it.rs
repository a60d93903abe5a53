//! The vault by what it promises: what was sealed opens again, and nothing else does.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, PrivateKey, UnparsedPublicKey};
use kaika_app::{
    access::UserCodeHasher,
    audit::{Anchor, Anchors, Head},
    cards::CardSecrets,
    kernel::{Rng, VaultError},
    mail::LetterSeal,
};
use kaika_domain::cards::PukVersion;
use kaika_vault::{
    AnchorFile, AuditPublicKey, KeyFile, KeyFileError, Passphrase, ReadAnchors, SystemRng, UserCodes, Vault,
    read_anchors, read_or_create_passphrase,
};
use kaika_wire::{CardId, JobId, KeyAlgorithm, MailId, Slot, UserCode};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-20 08:00:00 UTC);

fn passphrase() -> Passphrase {
    Passphrase::new("open sesame")
}

fn vault(folder: &Path) -> Vault {
    Vault::create_or_open(folder, &passphrase()).unwrap()
}

fn card(n: u8) -> CardId {
    CardId::new(NOW, [n; 10])
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

// ---- Seals

#[test]
fn a_seal_is_for_one_purpose_and_the_same_wherever_the_vault_is() {
    let (folder, other) = (tempdir().unwrap(), tempdir().unwrap());
    let seal = vault(folder.path()).seal("one", b"message").unwrap();
    let again = vault(folder.path());
    assert_eq!(again.seal("one", b"message").unwrap(), seal);
    assert_ne!(again.seal("two", b"message").unwrap(), seal);
    assert_ne!(again.seal("one", b"messages").unwrap(), seal);
    assert_ne!(vault(other.path()).seal("one", b"message").unwrap(), seal);
}

// ---- PUKs

#[test]
fn a_puk_opens_again_for_its_card_and_version_alone() {
    let folder = tempdir().unwrap();
    let sealed = vault(folder.path()).new_puk(card(1), PukVersion(3)).unwrap();
    // Opened anew from disk.
    let vault = vault(folder.path());
    let puk = vault.open_puk(card(1), PukVersion(3), &sealed).ok().unwrap();
    assert!(puk.expose().iter().all(u8::is_ascii_digit));
    for (card, version) in [(card(2), 3), (card(1), 2), (card(1), 0)] {
        assert!(matches!(vault.open_puk(card, PukVersion(version), &sealed), Err(VaultError::Sealed)));
    }
}

#[test]
fn an_altered_puk_does_not_open() {
    let folder = tempdir().unwrap();
    let vault = vault(folder.path());
    let sealed = vault.new_puk(card(1), PukVersion(1)).unwrap();
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(matches!(vault.open_puk(card(1), PukVersion(1), &altered), Err(VaultError::Sealed)), "octet {at}");
        assert!(matches!(vault.open_puk(card(1), PukVersion(1), &sealed[..at]), Err(VaultError::Sealed)));
    }
}

#[test]
fn no_two_puks_are_sealed_alike() {
    let folder = tempdir().unwrap();
    let vault = vault(folder.path());
    let mut all: Vec<Vec<u8>> = (0..200).map(|_| vault.new_puk(card(1), PukVersion(1)).unwrap()).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 200);
}

#[test]
fn another_vault_does_not_open_it() {
    let (one, other) = (tempdir().unwrap(), tempdir().unwrap());
    let sealed = vault(one.path()).new_puk(card(1), PukVersion(1)).unwrap();
    assert!(matches!(vault(other.path()).open_puk(card(1), PukVersion(1), &sealed), Err(VaultError::Sealed)));
}

// ---- management keys

/// Cards out there have these keys: the derivation must never change. The vault holds three masters of 32 bytes, of
/// which the second is the one for management keys.
#[test]
fn a_letter_opens_for_its_mail_alone() {
    let (folder, other) = (tempdir().unwrap(), tempdir().unwrap());
    let mail = |n: u8| MailId::new(OffsetDateTime::UNIX_EPOCH, [n; 10]);
    let sealed = vault(folder.path()).seal_letter(mail(1), b"a link that opens something").unwrap();
    assert!(!sealed.windows(4).any(|part| part == b"link"));
    // Opened anew from disk.
    let vault_again = vault(folder.path());
    let opened = vault_again.open_letter(mail(1), &sealed).unwrap();
    assert_eq!(opened.as_slice(), b"a link that opens something");
    assert_ne!(vault_again.seal_letter(mail(1), b"a link that opens something").unwrap(), sealed);
    for (vault, mail) in [(&vault_again, mail(2)), (&vault(other.path()), mail(1))] {
        assert!(matches!(vault.open_letter(mail, &sealed), Err(VaultError::Sealed)));
    }
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(matches!(vault_again.open_letter(mail(1), &altered), Err(VaultError::Sealed)), "octet {at}");
        assert!(matches!(vault_again.open_letter(mail(1), &sealed[..at]), Err(VaultError::Sealed)));
    }
}

#[test]
fn management_keys_are_derived_as_ever() {
    let folder = tempdir().unwrap();
    let masters: Vec<u8> = (0..96).collect();
    KeyFile::at(folder.path().join("card-secrets.key"))
        .create_secret(&passphrase(), "kaika/card-secrets/1", &masters)
        .unwrap();
    let vault = vault(folder.path());
    for (number, version, expected) in [
        ("GC00000000000001", 1, "2a9150bc825bf869134003ffb8b49fa8b2c24627328ec5c6128f2b935ec474c8"),
        ("GC00000000000001", 2, "0b39c3e616f61d7d6c0d2545af0b2d3f54dcaf4246d162971e484ebc31a146d3"),
        ("TP0001", 1, "a66141d0985bb4b1199d2c1a616a6c414827c55ad2efc8d242f4a84bf264cb87"),
    ] {
        let key = vault.management_key(&number.parse().unwrap(), version).unwrap();
        assert_eq!(hex::encode(key.expose()), expected);
    }
}

#[test]
fn openssl_derives_the_same_management_key() {
    let folder = tempdir().unwrap();
    let masters: Vec<u8> = (0..96).collect();
    KeyFile::at(folder.path().join("card-secrets.key"))
        .create_secret(&passphrase(), "kaika/card-secrets/1", &masters)
        .unwrap();
    let key = vault(folder.path()).management_key(&"GC00000000000001".parse().unwrap(), 258).unwrap();
    let info = [b"kaika/management-key/1GC00000000000001".as_slice(), &[0, 0, 1, 2]].concat();
    let output = Command::new("openssl")
        .args(["kdf", "-binary", "-keylen", "32", "-kdfopt", "digest:SHA256"])
        .args(["-kdfopt", &format!("hexkey:{}", hex::encode(&masters[32..64]))])
        .args(["-kdfopt", "salt:", "-kdfopt", &format!("hexinfo:{}", hex::encode(info)), "HKDF"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(hex::encode(output.stdout), hex::encode(key.expose()));
}

// ---- key agreement

#[test]
fn server_and_card_agree_on_the_same_secret() {
    let folder = tempdir().unwrap();
    let vault = vault(folder.path());
    let job = JobId::new(NOW, [7; 10]);
    for (algorithm, curve) in [(KeyAlgorithm::P256, &ECDH_P256), (KeyAlgorithm::P384, &ECDH_P384)] {
        let card_key = PrivateKey::generate(curve).unwrap();
        let card_point = card_key.compute_public_key().unwrap();
        let peer = vault.agreement_peer(job, Slot::KeyManagement, algorithm).unwrap();
        let ours = vault.agreement_secret(job, Slot::KeyManagement, algorithm, card_point.as_ref()).unwrap();
        let theirs = agreement::agree(&card_key, UnparsedPublicKey::new(curve, &peer), (), |s| Ok(s.to_vec())).unwrap();
        assert_eq!(ours, theirs);
        // Another job or slot has another key.
        assert_ne!(peer, vault.agreement_peer(JobId::new(NOW, [8; 10]), Slot::KeyManagement, algorithm).unwrap());
        assert_ne!(peer, vault.agreement_peer(job, Slot::Signature, algorithm).unwrap());
        // A point that is not on the curve is refused.
        let mut bad = card_point.as_ref().to_vec();
        *bad.last_mut().unwrap() ^= 1;
        assert!(vault.agreement_secret(job, Slot::KeyManagement, algorithm, &bad).is_err());
    }
    assert!(vault.agreement_peer(job, Slot::KeyManagement, KeyAlgorithm::Rsa2048).is_err());
}

// ---- key files

#[test]
fn a_vault_says_when_the_passphrase_is_another_one() {
    let folder = tempdir().unwrap();
    vault(folder.path());
    let error = Vault::create_or_open(folder.path(), &Passphrase::new("open barley")).err().unwrap();
    assert!(matches!(error, KeyFileError::Passphrase(_)));
    assert!(error.to_string().contains("card-secrets.key"), "{error}");
}

#[test]
fn secrets_are_readable_by_their_owner_alone() {
    let folder = tempdir().unwrap();
    let inside = folder.path().join("secrets");
    vault(&inside);
    assert_eq!(mode(&inside), 0o700);
    for name in ["card-secrets.key", "audit.key"] {
        assert_eq!(mode(&inside.join(name)), 0o600, "{name}");
    }
    let mut names: Vec<_> = fs::read_dir(&inside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["audit.key", "audit.pub", "card-secrets.key"], "no temporary file is left");
}

#[test]
fn openssl_opens_a_private_key_file() {
    let folder = tempdir().unwrap();
    vault(folder.path());
    let public = |arguments: &[&str], name: &str| {
        let output = Command::new("openssl")
            .arg("pkey")
            .args(arguments)
            .arg("-in")
            .arg(folder.path().join(name))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let from_private = public(&["-passin", "pass:open sesame", "-pubout"], "audit.key");
    assert_eq!(from_private, public(&["-pubin", "-pubout"], "audit.pub"));
}

#[test]
fn a_key_is_never_overwritten() {
    let folder = tempdir().unwrap();
    let file = KeyFile::at(folder.path().join("one.key"));
    file.create_secret(&passphrase(), "test/1", b"first").unwrap();
    assert!(matches!(file.create_secret(&passphrase(), "test/1", b"second"), Err(KeyFileError::Exists(_))));
    assert_eq!(file.open_secret(&passphrase(), "test/1").unwrap().as_slice(), b"first");
    assert!(matches!(file.open_secret(&passphrase(), "test/2"), Err(KeyFileError::Form(_))));
    assert!(matches!(file.open_private_key(&passphrase()), Err(KeyFileError::Form(_))));
    let missing = KeyFile::at(folder.path().join("two.key"));
    assert!(matches!(missing.open_secret(&passphrase(), "test/1"), Err(KeyFileError::Missing(_))));
}

#[test]
fn an_altered_key_file_does_not_open() {
    let folder = tempdir().unwrap();
    let file = KeyFile::at(folder.path().join("one.key"));
    file.create_secret(&passphrase(), "test/1", &[7; 64]).unwrap();
    let text = fs::read_to_string(file.path()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // The last lines of base64 are ciphertext.
    let line = lines.len() - 2;
    let mut altered: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let first = if altered[line].starts_with('A') { "B" } else { "A" };
    altered[line].replace_range(..1, first);
    fs::write(file.path(), altered.join("\n") + "\n").unwrap();
    assert!(matches!(file.open_secret(&passphrase(), "test/1"), Err(KeyFileError::Passphrase(_))));
    fs::write(file.path(), "nothing of the kind").unwrap();
    assert!(matches!(file.open_secret(&passphrase(), "test/1"), Err(KeyFileError::Form(_))));
}

#[test]
fn a_public_key_that_was_exchanged_is_noticed() {
    let (one, other) = (tempdir().unwrap(), tempdir().unwrap());
    vault(one.path());
    vault(other.path());
    fs::copy(other.path().join("audit.pub"), one.path().join("audit.pub")).unwrap();
    assert!(matches!(Vault::create_or_open(one.path(), &passphrase()), Err(KeyFileError::Pair { .. })));
}

#[test]
fn many_who_make_the_vault_at_once_get_the_same() {
    let folder = tempdir().unwrap();
    let keys: Vec<String> = std::thread::scope(|scope| {
        let start = || {
            let key = vault(folder.path()).management_key(&"GC00000000000001".parse().unwrap(), 1).unwrap();
            hex::encode(key.expose())
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(keys.windows(2).all(|two| two[0] == two[1]));
}

#[test]
fn a_passphrase_is_made_once() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("secrets/passphrase");
    read_or_create_passphrase(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!((text.trim_end().len(), mode(&path)), (32, 0o600));
    let sealed = KeyFile::at(folder.path().join("one.key"));
    sealed.create_secret(&read_or_create_passphrase(&path).unwrap(), "test/1", b"secret").unwrap();
    assert!(sealed.open_secret(&Passphrase::new(text.trim_end()), "test/1").is_ok());
    fs::write(&path, "\n").unwrap();
    assert!(read_or_create_passphrase(&path).is_err(), "an empty file is no passphrase");
}

// ---- user codes

#[tokio::test(flavor = "multi_thread")]
async fn a_user_code_is_known_again() {
    let codes = UserCodes::new();
    let right = UserCode::parse("Abc123").unwrap();
    let hash = codes.hash(&right).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert!(codes.verify(&hash, &right).await.unwrap());
    assert!(!codes.verify(&hash, &UserCode::parse("abc123").unwrap()).await.unwrap(), "case counts");
    assert_ne!(hash, codes.hash(&right).await.unwrap(), "each has a salt of its own");
    assert!(matches!(codes.verify("no hash", &right).await, Err(VaultError::Sealed)));
}

// ---- anchors

fn anchor(sequence: i64) -> Anchor {
    Anchor { head: Head { sequence, hash: [sequence as u8; 32] }, at: NOW }
}

#[tokio::test]
async fn anchors_come_back_in_order() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("audit.anchors");
    let file = AnchorFile::new(&path, vault(folder.path()).audit_key());
    let all = || read_anchors(&path, &AuditPublicKey::read(folder.path()).unwrap()).unwrap();
    assert_eq!(all(), ReadAnchors::default());
    for sequence in 1..=3 {
        file.append(&anchor(sequence)).await.unwrap();
    }
    // By a vault opened anew.
    AnchorFile::new(&path, vault(folder.path()).audit_key()).append(&anchor(4)).await.unwrap();
    assert_eq!(all().anchors, [anchor(1), anchor(2), anchor(3), anchor(4)]);
}

#[tokio::test]
async fn an_altered_anchor_is_noticed() {
    let (folder, other) = (tempdir().unwrap(), tempdir().unwrap());
    let path = folder.path().join("audit.anchors");
    let file = AnchorFile::new(&path, vault(folder.path()).audit_key());
    let all = || read_anchors(&path, &AuditPublicKey::read(folder.path()).unwrap()).unwrap();
    file.append(&anchor(1)).await.unwrap();
    file.append(&anchor(2)).await.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let foreign = AnchorFile::new(other.path().join("a"), vault(other.path()).audit_key());
    foreign.append(&anchor(2)).await.unwrap();
    let foreign = fs::read_to_string(other.path().join("a")).unwrap();
    let first = text.lines().next().unwrap();
    for (altered, line) in [
        (text.replace("\"sequence\":2", "\"sequence\":3"), 2),
        (text.replace(&"01".repeat(32), &"03".repeat(32)), 1),
        (text.replacen("2026-11-20T08:00:00Z", "2026-11-20T08:00:01Z", 1), 1),
        (text.replacen("2026-11-20T08:00:00Z", "2026-11-20T08:00:00.5Z", 1), 1),
        (format!("{first}\n{foreign}"), 2),
        (format!("{first}\nnothing\n"), 2),
        (format!("\n{text}"), 1),
        (format!("{first}\n{}\n", "x".repeat(10_000)), 2),
    ] {
        assert_ne!(altered, text);
        fs::write(&path, &altered).unwrap();
        assert_eq!(all().forged, [line], "{altered}");
        assert_eq!(all().anchors.len(), altered.lines().count() - 1, "the others are read all the same");
    }
}

#[tokio::test]
async fn a_line_that_was_cut_off_by_a_crash_is_written_over() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("audit.anchors");
    let file = AnchorFile::new(&path, vault(folder.path()).audit_key());
    let all = || read_anchors(&path, &AuditPublicKey::read(folder.path()).unwrap()).unwrap();
    file.append(&anchor(1)).await.unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    for cut in [1, 20, whole.len() - 1] {
        fs::write(&path, whole.clone() + &whole[..cut]).unwrap();
        assert_eq!(all().anchors, [anchor(1)]);
        file.append(&anchor(2)).await.unwrap();
        assert_eq!(all().anchors, [anchor(1), anchor(2)]);
    }
    fs::write(&path, &whole[..30]).unwrap();
    file.append(&anchor(5)).await.unwrap();
    assert_eq!(all().anchors, [anchor(5)]);
}

/// Whoever has the file holds up the anchor, and nothing else.
#[tokio::test]
async fn an_anchor_that_waits_for_the_file_keeps_no_worker() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("audit.anchors");
    let file = AnchorFile::new(&path, vault(folder.path()).audit_key());
    let held = fs::File::create(&path).unwrap();
    held.lock().unwrap();
    let (work, went_on) = std::sync::mpsc::channel();
    let holder = std::thread::spawn(move || {
        // Given back in any case, or the test would never end.
        let went_on = went_on.recv_timeout(std::time::Duration::from_secs(30));
        drop(held);
        went_on
    });
    let anchor = anchor(1);
    // On the one worker that there is.
    let (appended, sent) = tokio::join!(file.append(&anchor), async { work.send(()) });
    appended.unwrap();
    sent.unwrap();
    holder.join().unwrap().expect("other work waited for the file");
}

#[test]
fn randomness_differs() {
    let rng: &dyn Rng = &SystemRng::new();
    assert_ne!(rng.bytes::<32>(), rng.bytes::<32>());
}
