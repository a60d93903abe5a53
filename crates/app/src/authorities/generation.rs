//! Keys of roots and authorities, as the database has them.

use kaika_wire::{AuthorityId, GenerationId, SerialNumber};
use time::OffsetDateTime;

/// One key of a root or an issuing authority, with its certificate and its OCSP responder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    pub id: GenerationId,
    /// Of the authority or root.
    pub owner: AuthorityId,
    /// 1 for the first; `owner-ordinal` names keys and paths.
    pub ordinal: u32,
    pub is_root: bool,
    /// The generation that certified this one; a root's own.
    pub issuer: GenerationId,
    /// DER.
    pub certificate: Vec<u8>,
    /// RFC 5280 §4.2.1.2 (1), 20 octets.
    pub key_identifier: [u8; 20],
    /// The delegated responder's certificate (DER).
    pub responder_certificate: Vec<u8>,
    /// Base of every address in its certificates, as it was when the generation was founded.
    pub base_url: String,
    pub founded_at: OffsetDateTime,
    /// Into how many shards its revocation list is cut; 1: there is the list of all certificates alone.
    pub shards: u32,
    /// Grows with every change of a certificate's status.
    pub revision: i64,
}

impl Generation {
    /// `gca-1`: in paths and names of key files.
    pub fn name(&self) -> String {
        format!("{}-{}", self.owner, self.ordinal)
    }

    /// Which list tells of this certificate: fixed by its number, so that each holds about as many.
    pub fn shard_of(&self, serial: &SerialNumber) -> u32 {
        let bytes = serial.as_be_bytes();
        // The first octet of a number of ours is half fixed.
        let drawn = bytes.iter().rev().take(4).fold(0, |drawn, byte| drawn << 8 | u32::from(*byte));
        drawn % self.shards.max(1)
    }

    /// Of a shard, or of the list of all certificates.
    pub fn crl_url(&self, shard: Option<u32>) -> String {
        match shard {
            None => format!("{}/crl/{}.crl", self.base_url, self.name()),
            Some(shard) => format!("{}/crl/{}/{shard}.crl", self.base_url, self.name()),
        }
    }

    /// What a certificate names: its shard's list, where there are shards.
    pub fn crl_url_for(&self, serial: &SerialNumber) -> String {
        self.crl_url((self.shards > 1).then(|| self.shard_of(serial)))
    }

    pub fn ocsp_url(&self) -> String {
        format!("{}/ocsp/{}", self.base_url, self.name())
    }

    pub fn certificate_url(&self) -> String {
        format!("{}/ca/{}.cer", self.base_url, self.name())
    }
}
