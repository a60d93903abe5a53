//! Certificates and their way through issuing, in the database.

use super::{Issuance, KeyUse, ListQuery, ListedCertificate, Settled};
use crate::kernel::StoreError;
use async_trait::async_trait;
use kaika_domain::certificates::Certificate;
use kaika_pki::{CertificateDigest, KeyFingerprint};
use kaika_wire::{CardId, CertificateId, GenerationId, RequestId, SerialNumber};
use time::OffsetDateTime;

#[async_trait]
pub trait CertificateReader: Send {
    async fn certificate(&mut self, id: CertificateId) -> Result<Option<Certificate>, StoreError>;
    async fn certificate_by_serial(
        &mut self,
        generation: GenerationId,
        serial: &SerialNumber,
    ) -> Result<Option<Certificate>, StoreError>;
    async fn certificate_by_digest(&mut self, digest: &CertificateDigest) -> Result<Option<Certificate>, StoreError>;
    /// Oldest first.
    async fn certificates_of_card(&mut self, card: CardId) -> Result<Vec<Certificate>, StoreError>;
    /// Every certificate that was issued for one of these keys.
    async fn uses_of_keys(&mut self, fingerprints: &[KeyFingerprint]) -> Result<Vec<KeyUse>, StoreError>;
    /// Those of these requests that are not void.
    async fn issuances(&mut self, requests: &[RequestId]) -> Result<Vec<Issuance>, StoreError>;
    /// Issuances begun before `before` and neither issued nor void.
    async fn unfinished_issuances(&mut self, before: OffsetDateTime) -> Result<Vec<Issuance>, StoreError>;
    /// The holders' own certificates, not those of the cards themselves.
    async fn list_certificates(&mut self, query: &ListQuery<'_>) -> Result<Vec<ListedCertificate>, StoreError>;
    /// Whether strangers find the card's certificates; all cards that nobody has decided on are found.
    async fn is_published(&mut self, card: CardId) -> Result<bool, StoreError>;
}

#[async_trait]
pub trait CertificateWriter: CertificateReader {
    /// Adds certificates; new ones are held, which is a change of status. The first change of status in a transaction
    /// counts its generation's revision up, and holds off others of that generation until the end.
    async fn insert_certificates(&mut self, certificates: &[Certificate]) -> Result<(), StoreError>;
    /// Writes placement and state where the row still has `certificate.version`, and counts the version up.
    async fn update_certificate(&mut self, certificate: &mut Certificate) -> Result<(), StoreError>;
    /// # Errors
    /// [`StoreError::Stale`] where a serial number is taken, or there is one of that request, profile and key.
    async fn insert_issuances(&mut self, issuances: &[Issuance]) -> Result<(), StoreError>;
    /// Recorded → Issued or Void; the bytes to be signed are kept of void ones alone, since the others' certificates
    /// have them.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where one of them is not recorded.
    async fn settle_issuances(&mut self, certificates: &[CertificateId], settled: Settled) -> Result<(), StoreError>;
    /// Whether this changed anything.
    async fn set_published(&mut self, card: CardId, published: bool, now: OffsetDateTime) -> Result<bool, StoreError>;
}
