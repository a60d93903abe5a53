//! Issuing: reserve → build → lint → record → sign → verify → put on record. Every arrow is a transaction of its own
//! or none, so that each step is either done or can be seen not to be.

use crate::ca::{Ca, pki_serial};
use crate::{error, template};
use kaika_app::{Generation, Issuance, IssuanceState, IssueError, IssueOrder, Reader, StoreError, audit::Event};
use kaika_domain::{Actor, Certificate, CertificateState, Placement, Policy};
use kaika_pki::lint::{Expected, PIV_CERTIFICATE_LIMIT, lint};
use kaika_pki::to_be_certified::assemble;
use kaika_pki::{PublicKey, SignatureAlgorithm, weak};
use kaika_wire::{CertificateId, CertificateRole};
use serde_json::json;

/// How often an order is begun anew because another process was quicker.
const ATTEMPTS: usize = 5;

impl Ca {
    pub(crate) async fn issue_certificate(&self, order: &IssueOrder) -> Result<Certificate, IssueError> {
        let policy = self.policies.get(&order.card.authority).ok_or(IssueError::UnknownAuthority)?;
        check_order(policy, order)?;
        let allowed = [template::card_algorithm(policy.card.key)];
        let key = weak::check(&order.public_key, &allowed).map_err(|weakness| IssueError::Key(weakness.to_string()))?;
        let fingerprint = key.fingerprint();
        let _alone = self.orders[usize::from(fingerprint[0])].lock().await;
        let mut attempts = 1;
        loop {
            match self.attempt(policy, order, &key, &fingerprint).await {
                Err(IssueError::Store(StoreError::Stale)) if attempts < ATTEMPTS => attempts += 1,
                result => return result,
            }
        }
    }

    /// Takes the order up where it stands.
    async fn attempt(
        &self,
        policy: &Policy,
        order: &IssueOrder,
        key: &PublicKey,
        fingerprint: &[u8; 32],
    ) -> Result<Certificate, IssueError> {
        let mut reader = self.store.read().await?;
        let found = reader.issuance(order.job, order.role, fingerprint).await?;
        let issuance = match found {
            Some(issuance) if issuance.state == IssuanceState::Issued => {
                let certificate = reader.certificate(issuance.certificate).await?;
                return certificate.ok_or_else(|| {
                    IssueError::Store(StoreError::Row("an issuance without its certificate".to_owned()))
                });
            }
            Some(issuance) => Some(issuance),
            None => None,
        };
        drop(reader);
        match issuance {
            Some(issuance) => match issuance.state.clone() {
                IssuanceState::Recorded { to_be_signed } => self.sign_recorded(order, issuance, to_be_signed).await,
                // Nothing was ever built for it, as far as anybody can prove: the number is void for ever.
                _ => {
                    self.void(issuance).await?;
                    self.issue_anew(policy, order, key, fingerprint).await
                }
            },
            None => self.issue_anew(policy, order, key, fingerprint).await,
        }
    }

    async fn issue_anew(
        &self,
        policy: &Policy,
        order: &IssueOrder,
        key: &PublicKey,
        fingerprint: &[u8; 32],
    ) -> Result<Certificate, IssueError> {
        let generation = self.newest_generation(&order.card.authority).await?.ok_or(IssueError::UnknownAuthority)?;
        let issuance = self.reserve(order, &generation, fingerprint).await?;
        let tbs = match self.build(policy, order, key, &issuance, &generation) {
            Ok(tbs) => tbs,
            Err(error) => {
                self.void(issuance).await?;
                return Err(error);
            }
        };
        let issuance = self.record(issuance, tbs.clone()).await?;
        self.sign_recorded(order, issuance, tbs).await
    }

    async fn reserve(
        &self,
        order: &IssueOrder,
        generation: &Generation,
        fingerprint: &[u8; 32],
    ) -> Result<Issuance, IssueError> {
        let now = self.now();
        let issuance = Issuance {
            certificate: CertificateId::new(now, self.rng.bytes()),
            generation: generation.id,
            serial: self.new_serial(),
            job: Some(order.job),
            role: order.role,
            key_fingerprint: *fingerprint,
            state: IssuanceState::Reserved,
            at: now,
        };
        let mut work = self.store.begin().await?;
        check_key_is_new(work.as_mut(), order, fingerprint).await?;
        work.insert_issuance(&issuance).await?;
        work.commit().await?;
        Ok(issuance)
    }

    fn build(
        &self,
        policy: &Policy,
        order: &IssueOrder,
        key: &PublicKey,
        issuance: &Issuance,
        generation: &Generation,
    ) -> Result<Vec<u8>, IssueError> {
        let issuer = kaika_pki::Certificate::from_der(&generation.certificate).map_err(error::unreadable)?;
        let shall = template::for_card(policy, order, key.clone(), &issuance.serial, generation, &issuer, self.now())?;
        let tbs = shall.to_tbs().map_err(error::lint)?;
        let expected = Expected { profile: shall.profile, issuer: Some(&issuer), max_len: PIV_CERTIFICATE_LIMIT };
        error::findings(&lint(&tbs, &expected))?;
        Ok(tbs)
    }

    /// From here on these bytes, and no others, may be signed under the serial number.
    async fn record(&self, mut issuance: Issuance, to_be_signed: Vec<u8>) -> Result<Issuance, IssueError> {
        let before = std::mem::replace(&mut issuance.state, IssuanceState::Recorded { to_be_signed });
        let mut work = self.store.begin().await?;
        work.update_issuance(&issuance, &before).await?;
        work.commit().await?;
        Ok(issuance)
    }

    async fn void(&self, mut issuance: Issuance) -> Result<(), IssueError> {
        let before = std::mem::replace(&mut issuance.state, IssuanceState::Void);
        let mut work = self.store.begin().await?;
        work.update_issuance(&issuance, &before).await?;
        work.commit().await?;
        Ok(())
    }

    async fn sign_recorded(
        &self,
        order: &IssueOrder,
        mut issuance: Issuance,
        tbs: Vec<u8>,
    ) -> Result<Certificate, IssueError> {
        let generation = self.generation(issuance.generation).await?;
        let issuer = kaika_pki::Certificate::from_der(&generation.certificate).map_err(error::unreadable)?;
        check_recorded(&issuance, &tbs, &issuer)?;
        let signer = self.keys.open(&generation.name(), issuer.public_key()).await?;
        let signature = signer.sign(&tbs).map_err(error::signer)?;
        let algorithm = SignatureAlgorithm::for_key(issuer.public_key().algorithm());
        let signed = kaika_pki::Certificate::from_der(&assemble(&tbs, algorithm, &signature)).map_err(error::signer)?;
        signed.verify_issued_by(&issuer).map_err(error::signer)?;

        let now = self.now();
        let certificate = Certificate {
            id: issuance.certificate,
            authority: order.card.authority.clone(),
            generation: generation.id,
            holder: order.holder.id,
            card: Some(order.card.id),
            role: order.role,
            serial: issuance.serial.clone(),
            certificate: signed.der().to_vec(),
            sha256: signed.fingerprint(),
            key_fingerprint: issuance.key_fingerprint,
            not_before: signed.not_before(),
            not_after: signed.not_after(),
            issued_at: now,
            job: Some(order.job),
            placement: Some(Placement::Pending),
            state: CertificateState::Held { holds: Vec::new() },
            version: 1,
        };
        let mut work = self.store.begin().await?;
        // The key may have been certified for somebody else since the serial number was reserved.
        if let Err(refused) = check_key_is_new(work.as_mut(), order, &issuance.key_fingerprint).await {
            drop(work);
            if matches!(refused, IssueError::Key(_)) {
                self.void(issuance).await?;
            }
            return Err(refused);
        }
        let before = std::mem::replace(&mut issuance.state, IssuanceState::Issued);
        // Where another process has signed the same bytes meanwhile, its signature stands, and ours is forgotten.
        work.update_issuance(&issuance, &before).await?;
        work.insert_certificate(&certificate).await?;
        let actor = actor(work.as_mut(), order).await?;
        work.audit(Event {
            at: now,
            actor,
            action: "certificate.issue",
            payload: json!({
                "certificate": certificate.id.to_string(),
                "card": order.card.number,
                "role": order.role,
                "authority": generation.owner,
                "generation": generation.name(),
                "serial": certificate.serial,
                "job": order.job.to_string(),
                "sha256": hex::encode(certificate.sha256),
            }),
        });
        work.commit().await?;
        Ok(certificate)
    }
}

fn check_order(policy: &Policy, order: &IssueOrder) -> Result<(), IssueError> {
    if order.holder.id != order.card.holder || order.holder.authority != order.card.authority {
        return Err(error::lint("the holder is not the card's"));
    }
    if !policy.roles().any(|role| role == order.role) {
        return Err(error::lint(format!("cards of {} have no {} certificate", policy.id, order.role.as_str())));
    }
    Ok(())
}

/// What is on record came out of a database: before it is signed it must be what was reserved.
fn check_recorded(issuance: &Issuance, tbs: &[u8], issuer: &kaika_pki::Certificate) -> Result<(), IssueError> {
    let key = issuer.public_key().algorithm();
    let dummy = assemble(tbs, SignatureAlgorithm::for_key(key), &key.dummy_signature());
    let recorded = kaika_pki::Certificate::from_der(&dummy).map_err(error::signer)?;
    let as_reserved = recorded.tbs() == tbs
        && recorded.serial() == pki_serial(&issuance.serial)
        && recorded.public_key().fingerprint() == issuance.key_fingerprint;
    match as_reserved {
        true => Ok(()),
        false => Err(error::signer("what is on record is not for this serial number and key")),
    }
}

/// One key, one holder, one purpose: another holder's key is not certified, nor the key of another role on the card.
async fn check_key_is_new(
    reader: &mut (impl Reader + ?Sized),
    order: &IssueOrder,
    fingerprint: &[u8; 32],
) -> Result<(), IssueError> {
    if reader.key_used_by_another(fingerprint, order.holder.id).await? {
        return Err(IssueError::Key("it was certified for another holder".to_owned()));
    }
    let other_role = |role: CertificateRole| role != order.role;
    let on_card = reader.certificates_of_card(order.card.id).await?;
    if on_card.iter().any(|one| one.key_fingerprint == *fingerprint && other_role(one.role)) {
        return Err(IssueError::Key("the card uses it for another purpose".to_owned()));
    }
    Ok(())
}

/// Who had it issued: the station that personalises, or the holder with his card.
async fn actor(reader: &mut (impl Reader + ?Sized), order: &IssueOrder) -> Result<Actor, IssueError> {
    Ok(match reader.job(order.job).await? {
        Some(job) => job.station.map_or_else(|| Actor::Holder(order.card.number.clone()), Actor::Station),
        None => Actor::Operator,
    })
}
