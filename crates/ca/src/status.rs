//! Revocation lists and OCSP answers.

use crate::core::Core;
use crate::error;
use crate::keys::Signer;
use kaika_app::authorities::{Generation, IssueError};
use kaika_pki::SignatureAlgorithm;
use kaika_pki::crl::{self, CrlToBeSigned, Revoked};
use kaika_pki::ocsp::{self, Nonce, ResponseToBeSigned, SingleAnswer};
use kaika_pki::to_be_certified::Issuer;
use time::OffsetDateTime;

/// A list with more entries is written and signed beside the other tasks: 100,000 take some 50 ms.
const MANY: usize = 10_000;

impl Core {
    /// A complete list of all certificates of the generation's key, or of one shard.
    pub(crate) async fn sign_list(
        &self,
        generation: &Generation,
        shard: Option<u32>,
        number: i64,
        entries: Vec<Revoked>,
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Result<Vec<u8>, IssueError> {
        let key = self.issuing_key(generation).await?;
        let shall = CrlToBeSigned {
            issuer: Issuer::of(&key.certificate),
            number: u64::try_from(number).map_err(error::lint)?,
            this_update,
            next_update,
            shard_url: shard.map(|shard| generation.crl_url(Some(shard))),
        };
        if entries.len() <= MANY || key.key.waits() {
            return key.key.run(move |signer| write_list(&shall, entries, signer)).await?;
        }
        let written = tokio::task::spawn_blocking(move || write_list(&shall, entries, key.key.signer()));
        written.await.map_err(error::signer)?
    }

    pub(crate) async fn sign_answer(
        &self,
        generation: &Generation,
        answers: Vec<SingleAnswer>,
        nonce: Option<Nonce>,
        produced_at: OffsetDateTime,
    ) -> Result<Vec<u8>, IssueError> {
        let responder = self.responder(generation, produced_at).await?;
        let key = responder.key.public_key();
        let once = nonce.is_some();
        let shall = ResponseToBeSigned { responder_key_id: key.key_identifier(), produced_at, answers, nonce };
        let tbs = shall.to_tbs().map_err(error::lint)?;
        let algorithm = SignatureAlgorithm::for_key(key.algorithm());
        let sign = move |signer: &dyn Signer| {
            let signature = match once {
                // To verify costs three times the signing, and would be done for one asker alone. A fault tells nothing
                // of an ECDSA key whose every signature has a random number of its own.
                true => signer.sign(&tbs).map_err(error::unsigned)?,
                false => sign(signer, algorithm, &tbs)?,
            };
            Ok::<_, IssueError>((tbs, signature))
        };
        let (tbs, signature) = responder.key.run(sign).await??;
        Ok(ocsp::assemble(&tbs, algorithm, &signature, &responder.certificate))
    }
}

fn write_list(shall: &CrlToBeSigned, entries: Vec<Revoked>, signer: &dyn Signer) -> Result<Vec<u8>, IssueError> {
    let tbs = shall.to_tbs(entries).map_err(error::lint)?;
    let algorithm = shall.issuer.signature_algorithm();
    let signature = sign(signer, algorithm, &tbs)?;
    Ok(crl::assemble(tbs, algorithm, &signature))
}

/// A signature that does not verify never leaves: a faulty one can give the key away.
fn sign(signer: &dyn Signer, algorithm: SignatureAlgorithm, tbs: &[u8]) -> Result<Vec<u8>, IssueError> {
    let signature = signer.sign(tbs).map_err(error::unsigned)?;
    signer.public_key().verify(algorithm, tbs, &signature).map_err(error::signer)?;
    Ok(signature)
}
