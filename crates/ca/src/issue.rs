//! Issuing: build → lint → record → sign → verify → put on record, for all orders that wait at the time.
//!
//! A group of orders has two commits: one for the serial numbers with the bytes to be signed, one for the certificates.
//! An order that spoils its group is told apart by doing them one by one.

use crate::core::{Core, IssuingKey, pki_serial};
use crate::key_ring::Key;
use crate::{error, template};
use kaika_app::{
    StoreError, UnitOfWork,
    audit::{Action, Event},
    authorities::{Applicant, IssueError, IssueOrder},
    certificates::{Issuance, IssuanceState, KeyUse, Settled},
};
use kaika_domain::{
    authorities::Policy,
    cards::Card,
    certificates::{Certificate, CertificateState, Placement},
};
use kaika_pki::lint::{Expected, PIV_CERTIFICATE_LIMIT, lint};
use kaika_pki::to_be_certified::assemble;
use kaika_pki::{KeyFingerprint, PublicKey, SignatureAlgorithm, weak};
use kaika_wire::CertificateId;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// Fewer orders than these are not worth another thread.
const LEAST: usize = 8;
/// Of a certificate that lies on no card, in bytes.
const MAX_CERTIFICATE: usize = 4096;
/// How often an order is begun anew because another process was quicker.
const ATTEMPTS: usize = 5;

/// An order that is fit to be issued by its policy, with its key read.
pub(crate) struct IssueRequest {
    order: IssueOrder,
    key: PublicKey,
    fingerprint: KeyFingerprint,
}

/// How far an order has come.
enum Stage {
    New(Arc<IssuingKey>),
    /// Its serial number and these bytes belong together for ever.
    Recorded {
        issuance: Issuance,
        to_be_signed: Vec<u8>,
        key: Arc<IssuingKey>,
        /// By this process, from what it had just built.
        just_now: bool,
    },
    Signed(Box<Certificate>, Arc<IssuingKey>),
    Done(Result<Certificate, IssueError>),
}

impl Stage {
    /// The key that is to sign, where it waits for something else than a processor.
    fn waits(&self) -> Option<Key> {
        match self {
            Self::Recorded { key, .. } if key.key.waits() => Some(key.key.clone()),
            _ => None,
        }
    }
}

type Group = Vec<(Arc<IssueRequest>, Stage)>;
type Results = Vec<Result<Certificate, IssueError>>;

impl Core {
    pub(crate) fn wanted(&self, order: &IssueOrder) -> Result<IssueRequest, IssueError> {
        let policy = self.policy(order)?;
        check_applicant(order)?;
        let allowed = template::key_algorithms(template::rules(policy, &order.into())?.keys);
        let key = weak::check(&order.public_key, &allowed).map_err(|weakness| IssueError::Key(weakness.to_string()))?;
        Ok(IssueRequest { order: order.clone(), fingerprint: key.fingerprint(), key })
    }

    fn policy(&self, order: &IssueOrder) -> Result<&Policy, IssueError> {
        self.policies.get(&order.applicant.authority).map(Arc::as_ref).ok_or(IssueError::UnknownAuthority)
    }

    /// In the order in which they came.
    pub(crate) async fn issue_group(self: &Arc<Self>, wanted: Vec<Arc<IssueRequest>>) -> Results {
        match self.attempt(&wanted).await {
            Ok(results) => results,
            Err(IssueError::Store(StoreError::Database(why))) => wanted.iter().map(|_| Err(database(&why))).collect(),
            Err(_) => {
                let mut results = Vec::with_capacity(wanted.len());
                for one in &wanted {
                    results.push(self.issue_alone(one).await);
                }
                results
            }
        }
    }

    async fn issue_alone(self: &Arc<Self>, wanted: &Arc<IssueRequest>) -> Result<Certificate, IssueError> {
        let mut attempts = 1;
        loop {
            match self.attempt(std::slice::from_ref(wanted)).await {
                Ok(mut results) => return results.pop().expect("one order has one result"),
                Err(IssueError::Store(StoreError::Stale | StoreError::Conflict)) if attempts < ATTEMPTS => {
                    attempts += 1
                }
                // Between its record and now the key was certified for somebody else, or the card taken by another job.
                Err(refused @ (IssueError::Key(_) | IssueError::JobOver)) => {
                    self.void(wanted).await?;
                    return Err(refused);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes every order up where it stands.
    async fn attempt(self: &Arc<Self>, wanted: &[Arc<IssueRequest>]) -> Result<Results, IssueError> {
        let group = self.look_up(wanted).await?;
        let group = self.beside(group, Self::build).await?;
        self.record(&group).await?;
        let group = self.sign(group).await?;
        self.put_on_record(group).await
    }

    /// What was begun or done for these orders before.
    async fn look_up(&self, wanted: &[Arc<IssueRequest>]) -> Result<Group, IssueError> {
        let requests: Vec<_> = wanted.iter().map(|wanted| wanted.order.request).collect();
        let fingerprints: Vec<_> = wanted.iter().map(|wanted| wanted.fingerprint).collect();
        let mut reader = self.store.read().await?;
        let issuances = reader.issuances(&requests).await?;
        let uses = reader.uses_of_keys(&fingerprints).await?;
        let generations = reader.generations().await?;
        let mut group = Group::with_capacity(wanted.len());
        for wanted in wanted {
            let order = &wanted.order;
            let begun = issuances.iter().find(|issuance| {
                issuance.request == Some(order.request)
                    && issuance.role == order.profile
                    && issuance.key_fingerprint == wanted.fingerprint
            });
            let stage = match begun.map(|issuance| (issuance, &issuance.state)) {
                Some((issuance, IssuanceState::Recorded { to_be_signed })) => {
                    let generation = generations.iter().find(|generation| generation.id == issuance.generation);
                    let generation = generation.ok_or(IssueError::UnknownAuthority)?;
                    Stage::Recorded {
                        issuance: issuance.clone(),
                        to_be_signed: to_be_signed.clone(),
                        key: self.issuing_key(generation).await?,
                        just_now: false,
                    }
                }
                Some((issuance, _)) => {
                    let certificate = reader.certificate(issuance.certificate).await?;
                    let missing = || StoreError::Row("an issuance without its certificate".to_owned());
                    Stage::Done(Ok(certificate.ok_or_else(missing)?))
                }
                None => match key_is_free(wanted, &uses) {
                    Err(refused) => Stage::Done(Err(refused)),
                    Ok(()) => {
                        let of_authority = generations.iter().filter(|it| it.owner == order.applicant.authority);
                        let newest = of_authority.max_by_key(|generation| generation.ordinal);
                        Stage::New(self.issuing_key(newest.ok_or(IssueError::UnknownAuthority)?).await?)
                    }
                },
            };
            group.push((Arc::clone(wanted), stage));
        }
        Ok(group)
    }

    /// Building and signing many takes milliseconds of computing, which other tasks shall not wait for: it is done on
    /// all processors.
    async fn beside(self: &Arc<Self>, group: Group, work: fn(&Self, Group) -> Group) -> Result<Group, IssueError> {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let share = group.len().div_ceil(processors).max(LEAST);
        let mut rest = group.into_iter();
        let mut parts = Vec::new();
        loop {
            let part: Group = rest.by_ref().take(share).collect();
            if part.is_empty() {
                break;
            }
            let core = Arc::clone(self);
            parts.push(tokio::task::spawn_blocking(move || work(&core, part)));
        }
        let mut group = Group::new();
        for part in parts {
            group.append(&mut part.await.map_err(error::signer)?);
        }
        Ok(group)
    }

    fn build(&self, group: Group) -> Group {
        let build = |(wanted, stage): (Arc<IssueRequest>, Stage)| {
            let stage = match stage {
                Stage::New(key) => self.build_one(&wanted, key).unwrap_or_else(|refused| Stage::Done(Err(refused))),
                other => other,
            };
            (wanted, stage)
        };
        group.into_iter().map(build).collect()
    }

    fn build_one(&self, wanted: &IssueRequest, key: Arc<IssuingKey>) -> Result<Stage, IssueError> {
        let (order, now, serial) = (&wanted.order, self.now(), self.new_serial());
        let policy = self.policy(order)?;
        let by = (&key.generation, &key.certificate);
        let shall = template::ordered(policy, &order.into(), wanted.key.clone(), &serial, by, now)?;
        let to_be_signed = shall.to_tbs().map_err(error::lint)?;
        let max_len = order.card().map_or(MAX_CERTIFICATE, |_| PIV_CERTIFICATE_LIMIT);
        let expected = Expected { profile: shall.profile, issuer: Some(&key.certificate), max_len };
        error::of_order(&order.profile, &shall, &lint(&to_be_signed, &expected))?;
        let issuance = Issuance {
            certificate: CertificateId::new(now, self.rng.bytes()),
            generation: key.generation.id,
            serial,
            request: Some(order.request),
            role: order.profile.clone(),
            key_fingerprint: wanted.fingerprint,
            state: IssuanceState::Recorded { to_be_signed: to_be_signed.clone() },
            at: now,
        };
        Ok(Stage::Recorded { issuance, to_be_signed, key, just_now: true })
    }

    /// From here on these bytes, and no others, may be signed under the serial numbers.
    async fn record(&self, group: &Group) -> Result<(), IssueError> {
        let built = |(_, stage): &(Arc<IssueRequest>, Stage)| match stage {
            Stage::Recorded { issuance, just_now: true, .. } => Some(issuance.clone()),
            _ => None,
        };
        let built: Vec<_> = group.iter().filter_map(built).collect();
        if built.is_empty() {
            return Ok(());
        }
        let mut work = self.store.begin().await?;
        work.insert_issuances(&built).await?;
        work.commit().await?;
        Ok(())
    }

    async fn sign(self: &Arc<Self>, group: Group) -> Result<Group, IssueError> {
        if !group.iter().any(|(_, stage)| stage.waits().is_some()) {
            return self.beside(group, Self::sign_here).await;
        }
        // As many at once as the devices take.
        let signing = group.into_iter().map(|(wanted, stage)| async move {
            let Some(key) = stage.waits() else { return (wanted, stage) };
            let (core, order) = (Arc::clone(self), Arc::clone(&wanted));
            let signed = key.run(move |_| core.sign_here(vec![(order, stage)])).await;
            match signed.map(|mut one| one.pop()) {
                Ok(Some(signed)) => signed,
                Ok(None) => (wanted, Stage::Done(Err(error::signer("an order was lost")))),
                Err(error) => (wanted, Stage::Done(Err(error))),
            }
        });
        let group = futures_util::future::join_all(signing).await;
        self.beside(group, Self::sign_here).await
    }

    fn sign_here(&self, group: Group) -> Group {
        let sign = |(wanted, stage): (Arc<IssueRequest>, Stage)| {
            let stage = match stage {
                Stage::Recorded { issuance, to_be_signed, key, just_now } => {
                    let checked = if just_now { Ok(()) } else { check_recorded(&issuance, &to_be_signed, &key) };
                    let signed = checked.and_then(|()| self.sign_one(&wanted.order, &issuance, &to_be_signed, &key));
                    signed.map_or_else(
                        |error| Stage::Done(Err(error)),
                        |certificate| Stage::Signed(Box::new(certificate), key),
                    )
                }
                other => other,
            };
            (wanted, stage)
        };
        group.into_iter().map(sign).collect()
    }

    fn sign_one(
        &self,
        order: &IssueOrder,
        issuance: &Issuance,
        to_be_signed: &[u8],
        key: &IssuingKey,
    ) -> Result<Certificate, IssueError> {
        let signature = key.key.signer().sign(to_be_signed).map_err(error::unsigned)?;
        let algorithm = SignatureAlgorithm::for_key(key.certificate.public_key().algorithm());
        let signed = assemble(to_be_signed, algorithm, &signature);
        let signed = kaika_pki::Certificate::from_der(&signed).map_err(error::signer)?;
        signed.verify_issued_by(&key.certificate).map_err(error::signer)?;
        Ok(Certificate {
            id: issuance.certificate,
            authority: order.applicant.authority.clone(),
            generation: issuance.generation,
            holder: order.applicant.holder.id,
            card: order.card().map(|card| card.id),
            role: order.profile.clone(),
            serial: issuance.serial.clone(),
            shard: key.generation.shard_of(&issuance.serial),
            certificate: signed.der().to_vec(),
            sha256: signed.digest(),
            key_fingerprint: issuance.key_fingerprint,
            not_before: signed.not_before(),
            not_after: signed.not_after(),
            issued_at: self.now(),
            job: order.job(),
            placement: order.card().map(|_| Placement::Pending),
            state: CertificateState::Held { holds: Vec::new() },
            version: 1,
        })
    }

    async fn put_on_record(&self, group: Group) -> Result<Results, IssueError> {
        let mut signed = Vec::new();
        let mut events = Vec::new();
        for (wanted, stage) in &group {
            if let Stage::Signed(certificate, key) = stage {
                events.push(self.issued(&wanted.order, certificate, key));
                signed.push(certificate.as_ref().clone());
            }
        }
        if !signed.is_empty() {
            // Each generation is held until the commit: everybody takes them in one order.
            signed.sort_by_key(|certificate| certificate.generation);
            let mut work = self.store.begin().await?;
            let ids: Vec<_> = signed.iter().map(|certificate| certificate.id).collect();
            // Where another process has signed the same bytes meanwhile, its signature stands, and ours is forgotten.
            work.settle_issuances(&ids, Settled::Issued).await?;
            work.insert_certificates(&signed).await?;
            check_keys(work.as_mut(), &group).await?;
            check_jobs(work.as_mut(), &group).await?;
            events.into_iter().for_each(|event| work.audit(event));
            work.commit().await?;
        }
        let result = |(_, stage)| match stage {
            Stage::Signed(certificate, _) => Ok(*certificate),
            Stage::Done(result) => result,
            Stage::New(_) | Stage::Recorded { .. } => Err(error::signer("an order was left where it stood")),
        };
        Ok(group.into_iter().map(result).collect())
    }

    fn issued(&self, order: &IssueOrder, certificate: &Certificate, key: &IssuingKey) -> Event {
        Event {
            at: certificate.issued_at,
            actor: order.actor.clone(),
            action: Action::IssueCertificate {
                certificate: certificate.id,
                card: order.card().map(|card| card.number.clone()),
                role: order.profile.clone(),
                authority: key.generation.owner.clone(),
                generation: key.generation.name(),
                serial: certificate.serial.clone(),
                job: order.request,
                sha256: certificate.sha256,
            },
        }
    }

    /// The serial number of what was begun for this order will never be used.
    async fn void(&self, wanted: &IssueRequest) -> Result<(), IssueError> {
        let mut work = self.store.begin().await?;
        let begun = work.issuances(&[wanted.order.request]).await?.into_iter().find(|issuance| {
            issuance.role == wanted.order.profile
                && issuance.key_fingerprint == wanted.fingerprint
                && issuance.state != IssuanceState::Issued
        });
        if let Some(begun) = begun {
            work.settle_issuances(&[begun.certificate], Settled::Void).await?;
            work.commit().await?;
        }
        Ok(())
    }
}

/// Told to each order of a group.
fn database(why: &impl std::fmt::Display) -> IssueError {
    IssueError::Store(StoreError::Database(why.to_string().into()))
}

fn check_applicant(order: &IssueOrder) -> Result<(), IssueError> {
    let Applicant { authority, holder, .. } = &order.applicant;
    let is_theirs = |card: &Card| card.holder == holder.id && card.authority == *authority;
    if holder.authority != *authority || !order.card().is_none_or(is_theirs) {
        return Err(error::lint("the holder is not the card's or the authority's"));
    }
    Ok(())
}

/// What is on record came out of a database: before it is signed it must be what was recorded for this key.
fn check_recorded(issuance: &Issuance, tbs: &[u8], key: &IssuingKey) -> Result<(), IssueError> {
    let algorithm = key.certificate.public_key().algorithm();
    let dummy = assemble(tbs, SignatureAlgorithm::for_key(algorithm), &algorithm.dummy_signature());
    let recorded = kaika_pki::Certificate::from_der(&dummy).map_err(error::signer)?;
    let as_recorded = recorded.tbs() == tbs
        && recorded.serial() == pki_serial(&issuance.serial)
        && recorded.public_key().fingerprint() == issuance.key_fingerprint;
    match as_recorded {
        true => Ok(()),
        false => Err(error::signer("what is on record is not for this serial number and key")),
    }
}

/// Looked at once more with the new certificates in place: only now others of this generation have to wait.
async fn check_keys(work: &mut dyn UnitOfWork, group: &Group) -> Result<(), IssueError> {
    let signed = group.iter().filter(|(_, stage)| matches!(stage, Stage::Signed(..)));
    let signed: Vec<_> = signed.map(|(wanted, _)| wanted).collect();
    let fingerprints: Vec<_> = signed.iter().map(|wanted| wanted.fingerprint).collect();
    let uses = work.uses_of_keys(&fingerprints).await?;
    signed.into_iter().try_for_each(|wanted| key_is_free(wanted, &uses))
}

/// The card of a job that has ended is in other hands: whoever has it would not know of these certificates. None ends
/// before they are on record.
async fn check_jobs(work: &mut dyn UnitOfWork, group: &Group) -> Result<(), IssueError> {
    let signed = group.iter().filter(|(_, stage)| matches!(stage, Stage::Signed(..)));
    let jobs: BTreeSet<_> = signed.filter_map(|(wanted, _)| wanted.order.job()).collect();
    let ended = work.hold_jobs(&Vec::from_iter(jobs)).await?;
    if ended.is_empty() { Ok(()) } else { Err(IssueError::JobOver) }
}

/// One key, one card, one purpose: the key of another card is not certified, be it the same holder's, nor the key of
/// another role on the card.
fn key_is_free(wanted: &IssueRequest, uses: &[KeyUse]) -> Result<(), IssueError> {
    let order = &wanted.order;
    for used in uses.iter().filter(|used| used.fingerprint == wanted.fingerprint) {
        if used.holder != order.applicant.holder.id {
            return Err(IssueError::Key("it was certified for another holder".to_owned()));
        }
        if used.card != order.card().map(|card| card.id) {
            return Err(IssueError::Key("it was certified for another card".to_owned()));
        }
        if used.role != order.profile {
            return Err(IssueError::Key("the card uses it for another purpose".to_owned()));
        }
    }
    Ok(())
}
