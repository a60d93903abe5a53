//! What becomes of an issuance that breaks off.

use crate::world::{World, passphrase};
use kaika_app::{Clock, Issuance, IssuanceState, IssueError, IssueOrder, Issuer, StoreError};
use kaika_ca::{FileKeyStore, KeyStore, KeyStoreError, Signer, SignerError};
use kaika_pki::{Certificate, KeyAlgorithm, PublicKey};
use kaika_wire::{CertificateId, CertificateRole, SerialNumber};
use std::sync::Arc;

/// Keys whose signing fails: an HSM that went away, or a process that ended at this point.
struct Broken(FileKeyStore);

struct BrokenSigner(Arc<dyn Signer>);

impl Signer for BrokenSigner {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignerError> {
        Err(SignerError("no token".to_owned()))
    }
}

impl KeyStore for Broken {
    fn has(&self, name: &str) -> bool {
        self.0.has(name)
    }

    fn open(&self, name: &str) -> Result<Arc<dyn Signer>, KeyStoreError> {
        Ok(Arc::new(BrokenSigner(self.0.open(name)?)))
    }

    fn open_or_create(&self, name: &str, algorithm: KeyAlgorithm) -> Result<Arc<dyn Signer>, KeyStoreError> {
        Ok(Arc::new(BrokenSigner(self.0.open_or_create(name, algorithm)?)))
    }
}

fn fingerprint(order: &IssueOrder) -> [u8; 32] {
    PublicKey::from_spki(&order.public_key).unwrap().fingerprint()
}

async fn issuance(world: &World, order: &IssueOrder) -> Option<Issuance> {
    let mut reader = world.store.read().await.unwrap();
    reader.issuance(order.job, order.role, &fingerprint(order)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_bytes_are_signed_under_their_serial_number_whatever_changed_since() {
    let mut world = World::new().await;
    world.found("gca").await;
    let mut order = world.order("gca", CertificateRole::Signature).await;
    let broken = world.opened_with(Box::new(Broken(FileKeyStore::new(world.keys(), passphrase())))).await.unwrap();
    assert!(matches!(broken.issue(&order).await, Err(IssueError::Signer(why)) if why.contains("no token")));
    let left = issuance(&world, &order).await.unwrap();
    let IssuanceState::Recorded { to_be_signed } = left.state else { panic!("{:?}", left.state) };

    // Time passes, the policy and the holder's data change: the bytes on record do not.
    world.clock.set(world.clock.now() + time::Duration::days(3));
    world.policies.get_mut(&order.card.authority).unwrap().certificates.validity_years = 1;
    order.holder.email = None;
    let issued = world.reopened().await.issue(&order).await.unwrap();
    assert_eq!((issued.serial.clone(), issued.id), (left.serial, left.certificate));
    assert_eq!(Certificate::from_der(&issued.certificate).unwrap().tbs(), to_be_signed);
    assert_eq!(issuance(&world, &order).await.unwrap().state, IssuanceState::Issued);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserved_serial_number_is_void_for_ever() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let order = world.order("gca", CertificateRole::Signature).await;
    let reserved = Issuance {
        certificate: CertificateId::new(world.clock.now(), [1; 10]),
        generation: gca.id,
        serial: SerialNumber::from_random([7; 16]),
        job: Some(order.job),
        role: order.role,
        key_fingerprint: fingerprint(&order),
        state: IssuanceState::Reserved,
        at: world.clock.now(),
    };
    let mut work = world.store.begin().await.unwrap();
    work.insert_issuance(&reserved).await.unwrap();
    work.commit().await.unwrap();

    let issued = world.ca.issue(&order).await.unwrap();
    assert_ne!(issued.serial, reserved.serial);
    assert_eq!(world.ca.issue(&order).await.unwrap(), issued);

    // It cannot be reserved again, nor taken up where it was left.
    let mut work = world.store.begin().await.unwrap();
    let again = Issuance {
        certificate: CertificateId::new(world.clock.now(), [2; 10]),
        job: Some(world.job()),
        ..reserved.clone()
    };
    assert!(matches!(work.insert_issuance(&again).await, Err(StoreError::Stale)));
    drop(work);
    let mut work = world.store.begin().await.unwrap();
    let recorded = Issuance { state: IssuanceState::Recorded { to_be_signed: b"other".to_vec() }, ..reserved.clone() };
    assert!(matches!(work.update_issuance(&recorded, &IssuanceState::Reserved).await, Err(StoreError::Stale)));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_on_record_for_another_key_are_not_signed() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let (one, other) =
        (world.order("gca", CertificateRole::Signature).await, world.order("gca", CertificateRole::Signature).await);
    let foreign = Certificate::from_der(&world.ca.issue(&one).await.unwrap().certificate).unwrap();
    let now = world.clock.now();
    let recorded = Issuance {
        certificate: CertificateId::new(now, [3; 10]),
        generation: gca.id,
        serial: SerialNumber::from_random([8; 16]),
        job: Some(other.job),
        role: other.role,
        key_fingerprint: fingerprint(&other),
        state: IssuanceState::Recorded { to_be_signed: foreign.tbs().to_vec() },
        at: now,
    };
    let mut work = world.store.begin().await.unwrap();
    work.insert_issuance(&recorded).await.unwrap();
    work.commit().await.unwrap();
    let error = world.ca.issue(&other).await.unwrap_err();
    assert!(error.to_string().contains("not for this serial number and key"), "{error}");
}
