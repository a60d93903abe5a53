//! The data objects of a PIV card that Kaika writes and reads (SP 800-73-4 part 1 §3 and appendix A), without the
//! outer tag 53 that GET DATA and PUT DATA put around them.

use crate::tlv::{self, Malformed};
use kaika_wire::Guid;

/// Card Holder Unique Identifier.
pub const CHUID: u32 = 0x5f_c102;
/// Card Capability Container.
pub const CCC: u32 = 0x5f_c107;
/// Discovery Object: its tag is its outer tag too.
pub const DISCOVERY: u32 = 0x7e;
/// Security Object: Kaika has no use for it.
pub const SECURITY_OBJECT: u32 = 0x5f_c106;
/// How long a certificate of a slot may be (SP 800-73-4 part 1 appendix A, table 10).
pub const LARGEST_CERTIFICATE: usize = 1_856;
/// The certificate of the key that signs attestations (Yubico).
pub const ATTESTATION_ISSUER: u32 = 0x5f_ff01;

/// The PIV card application's identifier with its version (SP 800-73-4 part 1 §2.2).
pub const APPLICATION: [u8; 11] = [0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00];

/// A FASC-N of agency 9999, as SP 800-73-4 part 1 §3.1.2 has it for issuers outside the US government; Yubico's tools
/// write the same.
const FASC_N: [u8; 25] = [
    0xd4, 0xe7, 0x39, 0xda, 0x73, 0x9c, 0xed, 0x39, 0xce, 0x73, 0x9d, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10, 0x84,
    0x21, 0xc8, 0x42, 0x10, 0xc3, 0xeb,
];

/// CHUID with this GUID and expiry (`YYYYMMDD`), unsigned (SP 800-73-4 part 1 §3.1.2). None where the expiry is not
/// eight digits.
pub fn chuid(guid: Guid, expires: &str) -> Option<Vec<u8>> {
    if expires.len() != 8 || !expires.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(
        [
            tlv::object(0x30, &FASC_N),
            tlv::object(0x34, guid.as_bytes()),
            tlv::object(0x35, expires.as_bytes()),
            tlv::object(0x3e, &[]),
            tlv::object(0xfe, &[]),
        ]
        .map(|part| part.to_vec())
        .concat(),
    )
}

/// The GUID of a CHUID; none where it has none.
///
/// # Errors
/// It is not BER-TLV, or the GUID is not 16 octets long.
pub fn guid(chuid: &[u8]) -> Result<Option<Guid>, Malformed> {
    tlv::find(chuid, 0x34)?.map(|value| value.try_into().map(Guid::from_bytes)).transpose().map_err(|_| Malformed)
}

/// CCC of a card without a file system of its own (SP 800-73-4 part 1 §3.1.1), as Yubico's tools write it. The card
/// identifier is taken from the GUID, so that writing it again writes the same.
pub fn ccc(guid: Guid) -> Vec<u8> {
    let mut identifier = vec![0xa0, 0x00, 0x00, 0x01, 0x16, 0xff, 0x02];
    identifier.extend_from_slice(&guid.as_bytes()[2..]);
    let mut out = tlv::object(0xf0, &identifier).to_vec();
    // Container and grammar version 2.1; no PKCS #15; data model PIV (10).
    let fields: [(u32, &[u8]); 12] = [
        (0xf1, &[0x21]),
        (0xf2, &[0x21]),
        (0xf3, &[]),
        (0xf4, &[0x00]),
        (0xf5, &[0x10]),
        (0xf6, &[]),
        (0xf7, &[]),
        (0xfa, &[]),
        (0xfb, &[]),
        (0xfc, &[]),
        (0xfd, &[]),
        (0xfe, &[]),
    ];
    for (tag, value) in fields {
        out.extend_from_slice(&tlv::object(tag, value));
    }
    out
}

/// Discovery Object, with its tag: the application's PIN alone satisfies the access rules (40), nothing is primary (00;
/// SP 800-73-4 part 1 §3.3.2).
pub fn discovery() -> Vec<u8> {
    let application = tlv::object(0x4f, &APPLICATION);
    let policy = tlv::object(0x5f2f, &[0x40, 0x00]);
    tlv::constructed(DISCOVERY, &[&application, &policy]).to_vec()
}

/// A certificate as its slot's object holds it: certificate, CertInfo "not compressed", no error detection code
/// (SP 800-73-4 part 1 appendix A, table 10).
pub fn certificate(der: &[u8]) -> Vec<u8> {
    [tlv::object(0x70, der), tlv::object(0x71, &[0]), tlv::object(0xfe, &[])].map(|part| part.to_vec()).concat()
}

/// The certificate in a slot's object; none where the object is empty.
///
/// # Errors
/// It is not BER-TLV, or the certificate is compressed, which Kaika neither writes nor reads.
pub fn certificate_in(object: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
    let Some(der) = tlv::find(object, 0x70)? else {
        return Ok(None);
    };
    let info = tlv::find(object, 0x71)?.unwrap_or(&[0]);
    if info.iter().any(|b| b & 1 == 1) {
        return Err(Malformed);
    }
    Ok((!der.is_empty()).then(|| der.to_vec()))
}
