//! What becomes of an issuance that breaks off.

use crate::world::{World, operator, passphrase};
use kaika_app::{
    StoreError,
    authorities::{IssueError, IssueOrder, Issuer},
    certificates::{Issuance, IssuanceState},
    kernel::Clock,
};
use kaika_ca::{Ca, FileKeyStore, KeyStore, KeyStoreError, Signer, SignerError, Signing};
use kaika_fixtures::FailingStore;
use kaika_pki::{Certificate, KeyAlgorithm, KeyFingerprint, PublicKey};
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
        Err(SignerError::Failed("no token".to_owned()))
    }
}

impl KeyStore for Broken {
    fn signing(&self) -> Signing {
        self.0.signing()
    }

    fn has(&self, name: &str) -> Result<bool, KeyStoreError> {
        self.0.has(name)
    }

    fn open(&self, name: &str) -> Result<Arc<dyn Signer>, KeyStoreError> {
        Ok(Arc::new(BrokenSigner(self.0.open(name)?)))
    }

    fn create(&self, name: &str, algorithm: KeyAlgorithm) -> Result<Arc<dyn Signer>, KeyStoreError> {
        Ok(Arc::new(BrokenSigner(self.0.create(name, algorithm)?)))
    }
}

fn fingerprint(order: &IssueOrder) -> KeyFingerprint {
    PublicKey::from_spki(&order.public_key).unwrap().fingerprint()
}

async fn issuance(world: &World, order: &IssueOrder) -> Option<Issuance> {
    let issuances = world.store.read().await.unwrap().issuances(&[order.request]).await.unwrap();
    issuances.into_iter().find(|issuance| issuance.role == order.profile)
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
    world.policy_mut(&order.applicant.authority).certificates.validity_years = 1;
    order.applicant.email = None;
    let issued = world.reopened().await.issue(&order).await.unwrap();
    assert_eq!((issued.serial.clone(), issued.id), (left.serial, left.certificate));
    assert_eq!(Certificate::from_der(&issued.certificate).unwrap().tbs(), to_be_signed);
    assert_eq!(issuance(&world, &order).await.unwrap().state, IssuanceState::Issued);
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
        request: Some(other.request),
        role: other.profile.clone(),
        key_fingerprint: fingerprint(&other),
        state: IssuanceState::Recorded { to_be_signed: foreign.tbs().to_vec() },
        at: now,
    };
    let mut work = world.store.begin().await.unwrap();
    work.insert_issuances(&[recorded]).await.unwrap();
    work.commit().await.unwrap();
    let error = world.ca.issue(&other).await.unwrap_err();
    assert!(error.to_string().contains("not for this serial number and key"), "{error}");
}

async fn opened_on_failing_store(world: &mut World, transactions: usize) -> Ca {
    let gone = || StoreError::Database("the database went away".into());
    let failing = FailingStore::after(transactions, &world.store, gone);
    let sound = std::mem::replace(&mut world.store, failing);
    let ca = world.reopened().await;
    world.store = sound;
    ca
}

/// Issuing has two transactions: record, and put on record.
#[tokio::test(flavor = "multi_thread")]
async fn whichever_transaction_fails_there_is_one_certificate_in_the_end() {
    let mut world = World::new().await;
    world.found("gca").await;
    for (transactions, left_behind) in [(0, false), (1, true), (2, false)] {
        let order = world.order("gca", CertificateRole::Signature).await;
        let ca = opened_on_failing_store(&mut world, transactions).await;
        assert_eq!(ca.issue(&order).await.is_ok(), transactions == 2);
        let begun = issuance(&world, &order).await;
        let is_recorded = |issuance: &Issuance| matches!(issuance.state, IssuanceState::Recorded { .. });
        assert_eq!(begun.as_ref().is_some_and(is_recorded), left_behind);
        let issued = world.ca.issue(&order).await.unwrap();
        assert!(begun.is_none_or(|issuance| issuance.serial == issued.serial), "what was recorded is taken up");
        let mut reader = world.store.read().await.unwrap();
        assert_eq!(reader.certificates_of_card(order.card().unwrap().id).await.unwrap(), [issued]);
        let later = world.clock.now() + time::Duration::DAY;
        assert_eq!(reader.unfinished_issuances(later).await.unwrap(), []);
    }
}

/// The root's row is written, the authority's is not, though its key is.
#[tokio::test(flavor = "multi_thread")]
async fn a_founding_cut_off_before_its_row_goes_on_with_its_key() {
    let mut world = World::new().await;
    let gca = "gca".parse().unwrap();
    let ca = opened_on_failing_store(&mut world, 1).await;
    assert!(matches!(ca.found(&gca, &operator()).await, Err(IssueError::Store(StoreError::Database(_)))));
    let keys = FileKeyStore::new(world.keys(), passphrase());
    let (key, root) = (keys.open("gca-1").unwrap(), keys.open("test-grca-1").unwrap());
    let founded = world.reopened().await.found(&gca, &operator()).await.unwrap();
    assert_eq!(founded.key_identifier, key.public_key().key_identifier());
    assert_eq!(world.root_of("gca").await.key_identifier, root.public_key().key_identifier());
    assert_eq!(world.audited().await, ["authority.found", "authority.found"]);
}
