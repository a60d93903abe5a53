//! A small hierarchy with keys in memory: what the crate `ca` is in the real thing.

use std::path::{Path, PathBuf};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use kaika_pki::name::Attribute;
use kaika_pki::to_be_certified::{self, DirectoryAttributes, Issuer, Policies, Rank};
use kaika_pki::{Certificate, DistinguishedName, KeyAlgorithm, Profile, PublicKey, Serial, ToBeCertified};
use kaika_testkit::tools::{Output, Tool};
use time::{Duration, OffsetDateTime};

pub(crate) const POLICY: &str = "2.16.886.1.900.1.3";
// An address, since pkilint takes no host without a dot for a URL, `localhost` among them.
pub(crate) const CRL_URL: &str = "http://127.0.0.1:8080/crl/gca/1/7.crl";
pub(crate) const OCSP_URL: &str = "http://127.0.0.1:8080/ocsp/gca/1";

/// The real time in whole seconds: openssl's OCSP client knows no other.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().replace_nanosecond(0).unwrap()
}

pub(crate) enum Key {
    Rsa(RsaKeyPair),
    Ec(KeyAlgorithm, EcdsaKeyPair),
}

impl Key {
    pub(crate) fn generate(algorithm: KeyAlgorithm) -> Self {
        let rsa = |size| Self::Rsa(RsaKeyPair::generate(size).unwrap());
        match algorithm {
            KeyAlgorithm::Rsa2048 => rsa(KeySize::Rsa2048),
            KeyAlgorithm::Rsa3072 => rsa(KeySize::Rsa3072),
            KeyAlgorithm::Rsa4096 => rsa(KeySize::Rsa4096),
            KeyAlgorithm::P256 => Self::Ec(algorithm, EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()),
            KeyAlgorithm::P384 => Self::Ec(algorithm, EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap()),
        }
    }

    pub(crate) fn public(&self) -> PublicKey {
        match self {
            Self::Rsa(pair) => {
                let key = pair.public_key();
                PublicKey::from_rsa(
                    key.modulus().big_endian_without_leading_zero(),
                    key.exponent().big_endian_without_leading_zero(),
                )
                .unwrap()
            }
            Self::Ec(algorithm, pair) => PublicKey::from_point(*algorithm, pair.public_key().as_ref()).unwrap(),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
            Self::Ec(_, pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
        }
    }
}

/// An authority: its key and certificate.
pub(crate) struct Authority {
    pub(crate) key: Key,
    pub(crate) certificate: Certificate,
}

impl Authority {
    pub(crate) fn root(algorithm: KeyAlgorithm) -> Self {
        let key = Key::generate(algorithm);
        let subject = name("C=TW,O=測試根憑證管理中心 TEST");
        let what = ToBeCertified {
            issuer: Issuer::itself(&subject, &key.public()),
            policies: Policies::default(),
            ..plain(Profile::Root, subject, key.public(), 30 * 365)
        };
        let certificate = certify(&what, &key);
        Self { key, certificate }
    }

    pub(crate) fn issuing(&self, algorithm: KeyAlgorithm) -> Self {
        let key = Key::generate(algorithm);
        let what = ToBeCertified {
            issuer: Issuer::of(&self.certificate),
            crl_url: Some("http://127.0.0.1:8080/crl/root/1.crl".to_owned()),
            issuer_url: Some("http://127.0.0.1:8080/ca/root-1.cer".to_owned()),
            ..plain(Profile::Issuing, name("C=TW,O=行政院,OU=測試憑證管理中心 TEST"), key.public(), 20 * 365)
        };
        let certificate = certify(&what, &self.key);
        Self { key, certificate }
    }

    pub(crate) fn responder(&self, algorithm: KeyAlgorithm) -> Authority {
        let key = Key::generate(algorithm);
        let certificate = certify(&self.request(Profile::OcspResponder, key.public()), &self.key);
        Authority { key, certificate }
    }

    /// All that a certificate of this profile says, as the demo has it.
    pub(crate) fn request(&self, profile: Profile, public_key: PublicKey) -> ToBeCertified {
        let issuer = Issuer::of(&self.certificate);
        if profile == Profile::OcspResponder {
            return ToBeCertified {
                issuer,
                policies: Policies::default(),
                ..plain(profile, name("C=TW,O=行政院,OU=測試憑證管理中心 TEST,CN=OCSP"), public_key, 365)
            };
        }
        let card = profile == Profile::CardAuthentication;
        let subject = if card {
            DistinguishedName::new([
                (Attribute::Country, "TW"),
                (Attribute::Organization, "行政院"),
                (Attribute::SerialNumber, "GC00000000000017"),
            ])
            .unwrap()
        } else {
            name("C=TW,O=行政院,OU=測試憑證管理中心,OU=測試機關")
        };
        let directory = DirectoryAttributes {
            subject_type: Some("2.16.886.1.100.3.2.1.1".parse().unwrap()),
            rank: Some(Rank::Primary),
            business_number: Some("12345678".to_owned()),
            agency: Some("2.16.886.101.20003.20060".parse().unwrap()),
            card_number: Some("GC00000000000017".to_owned()),
        };
        ToBeCertified {
            issuer,
            directory: if card { DirectoryAttributes::default() } else { directory },
            email: (!card && profile != Profile::Login).then(|| "test.holder@example.org".to_owned()),
            crl_url: Some(CRL_URL.to_owned()),
            ocsp_url: Some(OCSP_URL.to_owned()),
            issuer_url: Some("http://127.0.0.1:8080/ca/gca-1.cer".to_owned()),
            ..plain(profile, subject, public_key, if card { 11 * 365 } else { 6 * 365 })
        }
    }

    pub(crate) fn issue(&self, profile: Profile, public_key: PublicKey) -> Certificate {
        certify(&self.request(profile, public_key), &self.key)
    }
}

pub(crate) fn certify(what: &ToBeCertified, key: &Key) -> Certificate {
    let tbs = what.to_tbs().unwrap();
    let der = to_be_certified::assemble(&tbs, what.issuer.signature_algorithm(), &key.sign(&tbs));
    Certificate::from_der(&der).unwrap()
}

pub(crate) fn name(text: &str) -> DistinguishedName {
    text.parse().unwrap()
}

/// Sixteen bytes that differ at each call, the first bit set every other time.
pub(crate) fn serial() -> Serial {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    Serial::try_from(bytes).unwrap()
}

fn plain(profile: Profile, subject: DistinguishedName, public_key: PublicKey, days: i64) -> ToBeCertified {
    ToBeCertified {
        profile,
        serial: serial(),
        issuer: Issuer::itself(&subject, &public_key),
        subject,
        public_key,
        not_before: now() - Duration::minutes(5),
        not_after: now() + Duration::days(days),
        policies: Policies { oids: vec![POLICY.parse().unwrap()], cps_uri: None },
        directory: DirectoryAttributes::default(),
        email: None,
        crl_url: None,
        ocsp_url: None,
        issuer_url: None,
    }
}

/// A folder of files for a judge that reads files.
pub(crate) struct Desk(tempfile::TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn put(&self, file: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(file);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn openssl(&self, arguments: &str) -> Output {
        Tool::new("openssl").args(arguments.split_whitespace()).current_dir(self.path()).run()
    }
}
