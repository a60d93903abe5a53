//! The object identifiers used here, each with where it comes from.

/// An ASN.1 object identifier; `parse::<Oid>()` reads the dotted form.
pub use const_oid::ObjectIdentifier as Oid;

const fn oid(dotted: &str) -> Oid {
    Oid::new_unwrap(dotted)
}

// Name attributes: RFC 5280 appendix A.1.
pub const COMMON_NAME: Oid = oid("2.5.4.3");
pub const SURNAME: Oid = oid("2.5.4.4");
pub const SERIAL_NUMBER: Oid = oid("2.5.4.5");
pub const COUNTRY: Oid = oid("2.5.4.6");
pub const LOCALITY: Oid = oid("2.5.4.7");
pub const STATE: Oid = oid("2.5.4.8");
pub const ORGANIZATION: Oid = oid("2.5.4.10");
pub const ORGANIZATIONAL_UNIT: Oid = oid("2.5.4.11");
pub const TITLE: Oid = oid("2.5.4.12");
pub const GIVEN_NAME: Oid = oid("2.5.4.42");

// Keys and signatures: RFC 3279, RFC 5480, RFC 5758, RFC 8017.
pub const RSA_ENCRYPTION: Oid = oid("1.2.840.113549.1.1.1");
pub const SHA256_WITH_RSA: Oid = oid("1.2.840.113549.1.1.11");
pub const EC_PUBLIC_KEY: Oid = oid("1.2.840.10045.2.1");
pub const P256: Oid = oid("1.2.840.10045.3.1.7");
pub const P384: Oid = oid("1.3.132.0.34");
pub const ECDSA_WITH_SHA256: Oid = oid("1.2.840.10045.4.3.2");
pub const ECDSA_WITH_SHA384: Oid = oid("1.2.840.10045.4.3.3");
pub const SHA1: Oid = oid("1.3.14.3.2.26");
pub const SHA256: Oid = oid("2.16.840.1.101.3.4.2.1");
pub const SHA384: Oid = oid("2.16.840.1.101.3.4.2.2");

// Extensions of certificates, lists and entries: RFC 5280 §4.2 and §5.
pub const SUBJECT_DIRECTORY_ATTRIBUTES: Oid = oid("2.5.29.9");
pub const SUBJECT_KEY_IDENTIFIER: Oid = oid("2.5.29.14");
pub const KEY_USAGE: Oid = oid("2.5.29.15");
pub const SUBJECT_ALT_NAME: Oid = oid("2.5.29.17");
pub const BASIC_CONSTRAINTS: Oid = oid("2.5.29.19");
pub const CRL_NUMBER: Oid = oid("2.5.29.20");
pub const CRL_REASON: Oid = oid("2.5.29.21");
/// x509-cert 0.3.0 gives its type another OID by mistake; this is the one of RFC 5280 §5.2.5.
pub const ISSUING_DISTRIBUTION_POINT: Oid = oid("2.5.29.28");
pub const CRL_DISTRIBUTION_POINTS: Oid = oid("2.5.29.31");
pub const CERTIFICATE_POLICIES: Oid = oid("2.5.29.32");
pub const AUTHORITY_KEY_IDENTIFIER: Oid = oid("2.5.29.35");
pub const EXTENDED_KEY_USAGE: Oid = oid("2.5.29.37");
pub const AUTHORITY_INFO_ACCESS: Oid = oid("1.3.6.1.5.5.7.1.1");
pub const CPS_QUALIFIER: Oid = oid("1.3.6.1.5.5.7.2.1");
pub const AD_OCSP: Oid = oid("1.3.6.1.5.5.7.48.1");
pub const AD_CA_ISSUERS: Oid = oid("1.3.6.1.5.5.7.48.2");

// Extended key usages: RFC 5280 §4.2.1.12, RFC 9336, FIPS 201-3 §4.2.2.
pub const KP_CLIENT_AUTH: Oid = oid("1.3.6.1.5.5.7.3.2");
pub const KP_EMAIL_PROTECTION: Oid = oid("1.3.6.1.5.5.7.3.4");
pub const KP_OCSP_SIGNING: Oid = oid("1.3.6.1.5.5.7.3.9");
pub const KP_DOCUMENT_SIGNING: Oid = oid("1.3.6.1.5.5.7.3.36");
pub const KP_PIV_CARD_AUTH: Oid = oid("2.16.840.1.101.3.6.8");

// OCSP: RFC 6960 §4.
pub const OCSP_BASIC: Oid = oid("1.3.6.1.5.5.7.48.1.1");
pub const OCSP_NONCE: Oid = oid("1.3.6.1.5.5.7.48.1.2");
pub const OCSP_NOCHECK: Oid = oid("1.3.6.1.5.5.7.48.1.5");

// CMS: RFC 5652 §4 and §5.
pub const DATA: Oid = oid("1.2.840.113549.1.7.1");
pub const SIGNED_DATA: Oid = oid("1.2.840.113549.1.7.2");

// Taiwan's subject directory attributes.
pub const SUBJECT_TYPE: Oid = oid("2.16.886.1.100.2.1");
pub const RANK: Oid = oid("2.16.886.1.100.2.2");
pub const BUSINESS_NUMBER: Oid = oid("2.16.886.1.100.2.101");
pub const AGENCY_OID: Oid = oid("2.16.886.1.100.2.102");
pub const CARD_NUMBER: Oid = oid("2.16.886.1.100.2.204");
