//! Certificates, keys, names, lists and signed messages as they come from cards and from the network.

use kaika_pki::{Certificate, DistinguishedName, KeyAlgorithm, PublicKey, SignatureAlgorithm, cms, crl, weak};

pub fn certificates(input: &[u8]) {
    if let Ok(certificate) = Certificate::from_der(input) {
        let _ = (certificate.subject(), certificate.serial(), certificate.authority_key_id());
        let _ = certificate.verify_issued_by(&certificate);
        let again = Certificate::from_der(certificate.der()).expect("what was read can be read");
        assert_eq!(again.tbs(), certificate.tbs());
        let pem = certificate.to_pem();
        assert!(Certificate::from_pem(&pem).is_ok_and(|read| read.der() == certificate.der()));
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = Certificate::from_pem(text);
    }
    if let Ok(name) = DistinguishedName::from_der(input) {
        let _ = name.to_string();
    }
    if let Ok(key) = PublicKey::from_spki(input) {
        let _ = key.verify(SignatureAlgorithm::for_key(key.algorithm()), b"document", &input[..input.len() / 2]);
    }
    let _ = weak::check(input, &[KeyAlgorithm::P256, KeyAlgorithm::Rsa2048]);
    let _ = crl::Crl::from_der(input);
    let _ = cms::SignedDocument::from_der(input);
}
