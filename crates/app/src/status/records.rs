//! What the store keeps for those who ask whether a certificate is good.

use kaika_domain::certificates::CertificateState;
use kaika_wire::GenerationId;
use time::OffsetDateTime;

/// What a responder has to know of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRecord {
    pub state: CertificateState,
    pub issued_at: OffsetDateTime,
    /// Its generation's revision when this was read: later changes have higher ones.
    pub read_at: i64,
}

/// What is to be known of a signed revocation list without fetching it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlHead {
    pub number: i64,
    /// The generation's revision at the latest change that it shows.
    pub revision: i64,
    /// The list itself is dated some minutes before.
    pub signed_at: OffsetDateTime,
    pub next_update: OffsetDateTime,
}

/// A signed revocation list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crl {
    pub generation: GenerationId,
    /// None: of all certificates.
    pub shard: Option<u32>,
    pub number: i64,
    /// The generation's revision at the latest change that it shows.
    pub revision: i64,
    pub signed_at: OffsetDateTime,
    pub next_update: OffsetDateTime,
    pub der: Vec<u8>,
}
