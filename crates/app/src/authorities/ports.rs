//! Generations in the database, and who opens their keys.

use super::Generation;
use crate::kernel::{Conflict, Failure, StoreError};
use async_trait::async_trait;
use kaika_domain::{audit::Actor, authorities::ProfileName, cards::Card, certificates::Certificate, holders::Holder};
use kaika_pki::crl::Revoked;
use kaika_wire::{AuthorityId, CertificateRole, Code, EmailAddress, JobId, Refusal, RequestId};
use time::OffsetDateTime;

#[async_trait]
pub trait GenerationReader: Send {
    /// All, oldest first.
    async fn generations(&mut self) -> Result<Vec<Generation>, StoreError>;
    /// Whether a card was ever ordered from this authority.
    async fn has_cards(&mut self, authority: &AuthorityId) -> Result<bool, StoreError>;
}

#[async_trait]
pub trait GenerationWriter: GenerationReader {
    async fn insert_generation(&mut self, generation: &Generation) -> Result<(), StoreError>;
}

/// What is to be certified, for whom.
#[derive(Clone, Debug)]
pub struct IssueOrder {
    /// Who has it issued.
    pub actor: Actor,
    /// The same one gets the same certificate for the same profile and key.
    pub request: RequestId,
    pub applicant: Applicant,
    /// One of the authority's policy.
    pub profile: ProfileName,
    pub place: Place,
    /// SubjectPublicKeyInfo (DER); its possession was proved.
    pub public_key: Vec<u8>,
    /// The end of the certificate that this one takes the place of; it is good no longer.
    pub not_after: Option<OffsetDateTime>,
}

/// Whom a certificate is for, and who issues it.
#[derive(Clone, Debug)]
pub struct Applicant {
    pub authority: AuthorityId,
    pub holder: Holder,
    /// What the certificate names (rfc822Name), where its profile names any.
    pub email: Option<EmailAddress>,
}

/// Where the key is, and the certificate is to lie.
#[derive(Clone, Debug)]
pub enum Place {
    Card {
        card: Box<Card>,
        /// By which it gets there; where that has ended, nothing is issued.
        job: JobId,
    },
    /// On no card.
    Elsewhere,
}

impl IssueOrder {
    /// By a job at a card.
    pub fn on_card(
        actor: Actor,
        job: JobId,
        card: &Card,
        holder: &Holder,
        role: CertificateRole,
        public_key: Vec<u8>,
    ) -> Self {
        Self {
            actor,
            request: job.into(),
            applicant: Applicant {
                authority: card.authority.clone(),
                holder: holder.clone(),
                email: card.email.clone(),
            },
            profile: role.into(),
            place: Place::Card { card: Box::new(card.clone()), job },
            public_key,
            not_after: None,
        }
    }

    pub fn card(&self) -> Option<&Card> {
        match &self.place {
            Place::Card { card, .. } => Some(card),
            Place::Elsewhere => None,
        }
    }

    pub fn job(&self) -> Option<JobId> {
        match self.place {
            Place::Card { job, .. } => Some(job),
            Place::Elsewhere => None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The key is weak, was used by somebody else, or is not what the policy asks for.
    #[error("the key is not certified: {0}")]
    Key(String),
    /// Policy and holder give a certificate that the lint does not let pass.
    #[error("the certificate would not be right: {0}")]
    Lint(String),
    /// What was ordered does not fit into a certificate, or may not stand in one.
    #[error("the certificate cannot say this: {0}")]
    Unfit(String),
    /// Another job has the card by now.
    #[error("the job has ended")]
    JobOver,
    #[error("no such authority or generation")]
    UnknownAuthority,
    #[error("signing failed: {0}")]
    Signer(String),
    /// The key is not within reach, which is not to say that there is none: the same again later may go well.
    #[error("a key cannot be reached at the moment: {0}")]
    KeyAway(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<IssueError> for Failure {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Store(error) => error.into(),
            IssueError::KeyAway(why) => Self::KeyAway(why),
            // Who has the card by now has ended the job.
            IssueError::JobOver => Self::Conflict(Conflict::Stale),
            IssueError::Key(detail) => Self::Refused(Refusal::new(Code::CardUnsuitable).detail(detail)),
            IssueError::Unfit(detail) => Self::Refused(Refusal::new(Code::NotCertifiable).detail(detail)),
            other => Self::Issue(Box::new(other)),
        }
    }
}

/// What an authority would certify now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// `gca-1`.
    pub generation: String,
    /// The end of its own certificate.
    pub until: OffsetDateTime,
    /// When the holder's certificates would end by the policy.
    pub ends: OffsetDateTime,
}

/// The only one who opens issuing keys.
#[async_trait]
pub trait Issuer: Send + Sync {
    /// Makes key, certificate and responder of a root or an authority, unless it has them already.
    async fn found(&self, owner: &AuthorityId, by: &Actor) -> Result<Generation, IssueError>;
    /// Whether the card could get its certificates: each is built as it would be at its longest, and nothing is signed or
    /// kept.
    ///
    /// # Errors
    /// [`IssueError::Unfit`], with what is too long or may not be said.
    async fn foresee(&self, applicant: &Applicant, card: &Card) -> Result<Foreseen, IssueError>;
    /// A held certificate on record, one for a card with placement pending; the same one again for the same request,
    /// profile and key.
    async fn issue(&self, order: &IssueOrder) -> Result<Certificate, IssueError>;
    /// Signs a revocation list of these entries (DER). It is not stored.
    async fn sign_crl(
        &self,
        generation: &Generation,
        shard: Option<u32>,
        number: i64,
        entries: Vec<Revoked>,
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Result<Vec<u8>, IssueError>;
    /// Signs an OCSP response (DER) by the generation's delegated responder.
    async fn sign_ocsp(
        &self,
        generation: &Generation,
        answers: Vec<kaika_pki::ocsp::SingleAnswer>,
        nonce: Option<kaika_pki::ocsp::Nonce>,
        produced_at: OffsetDateTime,
    ) -> Result<Vec<u8>, IssueError>;
}
