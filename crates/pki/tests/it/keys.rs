//! Public keys, their signatures, and the weak ones.

use kaika_pki::key::KeyError;
use kaika_pki::weak::{WeakKey, check, check_key};
use kaika_pki::{KeyAlgorithm, PublicKey, SignatureAlgorithm};

use crate::world::{Desk, Key};

/// A 2048-bit modulus made by the faulty library; published by the finders of CVE-2017-15361 with their detector.
const ROCA: &str = "9dcd7420e420c270a68060eb8b5aa7457a9f6648f86fafed2775cc1f79ae962f1e63f1b9e51c55f9ea6fdc7332e9b005\
    8c9ff2eb1fc89855029cf6aafe21e689feb38ac9ffb12f1ce371bb5d0e9aae64161abce74b4244bf68f1edb4411f756a097c8929c1474024\
    5ea355f8332d1aa36bb50c7dcb4505da8de02e4e53d38f8df06097da7524df0df93db48eac8cc4af2d3a16257eb2b2adca6ba464e5974fa9\
    2550d31b1babf161e7692d00b86e3dd886ecab4abfbe1a8f8cc263ff4af55cdb45f4249a5193925f5e983d762f0b6800943eb0267b08f42e\
    d311ce1f5c86eacbc8ce4d3cb7a2fee1ef5641423a1cf4114e5ecf50034a60a412523af9e6f4aa11";
const F4: [u8; 3] = [1, 0, 1];

#[test]
fn every_algorithm_signs_and_verifies_and_openssl_reads_it() {
    let desk = Desk::new();
    for algorithm in KeyAlgorithm::ALL {
        let key = Key::generate(algorithm);
        let public = key.public();
        let signing = SignatureAlgorithm::for_key(algorithm);
        let signature = key.sign(b"message");
        assert_eq!(public.algorithm(), algorithm);
        assert_eq!(algorithm.name().parse(), Ok(algorithm));
        assert_eq!(PublicKey::from_spki(public.spki_der()).as_ref(), Ok(&public));
        assert_eq!(public.verify(signing, b"message", &signature), Ok(()));
        assert!(public.verify(signing, b"massage", &signature).is_err());
        assert!(public.verify(signing, b"message", &algorithm.dummy_signature()).is_err());
        assert!(public.verify(signing, b"message", &[]).is_err());
        assert!(signature.len() <= algorithm.max_signature_len());
        assert_eq!(algorithm.dummy_signature().len(), algorithm.max_signature_len());
        check(public.spki_der(), &KeyAlgorithm::ALL).unwrap();

        desk.put("key.der", public.spki_der());
        desk.put("message", "message");
        desk.put("signature", &signature);
        desk.openssl("pkey -pubin -inform DER -in key.der -out key.pem -pubout").expect_success();
        let digest = if algorithm == KeyAlgorithm::P384 { "sha384" } else { "sha256" };
        desk.openssl(&format!("dgst -{digest} -verify key.pem -signature signature message")).expect_success();
    }
}

#[test]
fn an_algorithm_of_another_key_verifies_nothing() {
    let key = Key::generate(KeyAlgorithm::P256);
    let signature = key.sign(b"message");
    for other in [SignatureAlgorithm::EcdsaP384Sha384, SignatureAlgorithm::RsaPkcs1Sha256] {
        assert!(key.public().verify(other, b"message", &signature).is_err());
    }
}

#[test]
fn a_roca_key_is_found() {
    let key = PublicKey::from_rsa(&hex::decode(ROCA).unwrap(), &F4).unwrap();
    assert_eq!(check_key(&key, &KeyAlgorithm::ALL), Err(WeakKey::Roca));
}

#[test]
fn no_good_key_looks_like_roca() {
    for _ in 0..12 {
        let key = Key::generate(KeyAlgorithm::Rsa2048).public();
        assert_eq!(check_key(&key, &[KeyAlgorithm::Rsa2048]), Ok(()));
    }
}

#[test]
fn sizes_exponents_and_factors_are_checked() {
    let good = Key::generate(KeyAlgorithm::Rsa2048).public();
    let modulus = good.modulus().unwrap();
    for exponent in [&[3][..], &[1, 0, 0], &[1, 0, 0, 1], &[1]] {
        let key = PublicKey::from_rsa(modulus, exponent).unwrap();
        assert_eq!(check_key(&key, &KeyAlgorithm::ALL), Err(WeakKey::Exponent), "{exponent:?}");
    }
    let mut even = modulus.to_vec();
    even[255] &= 0xfe;
    let key = PublicKey::from_rsa(&even, &F4).unwrap();
    assert_eq!(check_key(&key, &KeyAlgorithm::ALL), Err(WeakKey::SmallFactor(2)));
    assert_eq!(check_key(&good, &[KeyAlgorithm::P256]), Err(WeakKey::NotAllowed(KeyAlgorithm::Rsa2048)));
    assert_eq!(PublicKey::from_rsa(&[0x7f; 256], &F4).unwrap_err(), KeyError::RsaSize { bits: 2047 });
    assert_eq!(PublicKey::from_rsa(&[0xc0; 128], &F4).unwrap_err(), KeyError::RsaSize { bits: 1024 });
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let good = Key::generate(KeyAlgorithm::P256).public();
    let mut point = good.key_bytes().to_vec();
    point[64] ^= 1;
    let refused = |point: &[u8]| PublicKey::from_point(KeyAlgorithm::P256, point).unwrap_err();
    assert_eq!(refused(&point), KeyError::NotOnCurve);
    assert_eq!(refused(&[0]), KeyError::NotOnCurve);
    assert_eq!(refused(&good.key_bytes()[..33]), KeyError::NotOnCurve);
    // The compressed form of a good point is none of ours either.
    let compressed = [&[2 + (good.key_bytes()[64] & 1)], &good.key_bytes()[1..33]].concat();
    assert_eq!(refused(&compressed), KeyError::NotOnCurve);
}

#[test]
fn identifiers_are_openssls() {
    let key = Key::generate(KeyAlgorithm::Rsa2048).public();
    let desk = Desk::new();
    desk.put("key.der", key.spki_der());
    desk.put("bits", key.key_bytes());
    let sum = |file: &str, digest: &str| desk.openssl(&format!("dgst -{digest} -r {file}")).expect_success().stdout();
    assert!(sum("bits", "sha1").starts_with(&hex::encode(key.key_identifier())));
    assert!(sum("key.der", "sha256").starts_with(&key.fingerprint().to_string()));
}
