//! Data objects of a card, and the certificates in them as the agent shows them.

use kaika_agent::certificate::CardCertificate;
use kaika_card::{key, metadata::Metadata, object, tlv};
use kaika_wire::KeyAlgorithm;

pub fn card_objects(input: &[u8]) {
    let seen: usize = tlv::objects(input).filter_map(Result::ok).map(|(_, value)| value.len()).sum();
    assert!(seen <= input.len(), "values lie within");
    let _ = tlv::find(input, 0x53);
    let _ = tlv::require(input, 0x7f49);
    let _ = object::guid(input);
    let _ = Metadata::parse(input);
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384] {
        let _ = key::public_key_info(algorithm, input);
    }
    let inner = object::certificate_in(input).ok().flatten();
    for der in [Some(input), inner.as_deref()].into_iter().flatten() {
        if let Some(certificate) = CardCertificate::parse(der) {
            let _ = (certificate.card_number(), certificate.serial(), certificate.holder(), certificate.issuer_name());
            let _ = (certificate.validity(), certificate.issued_by(&certificate));
        }
    }
}
