//! Keys in a device: it may be away, and its signatures wait.

use crate::world::{World, id, operator, passphrase};
use futures_util::future::join_all;
use kaika_app::{
    Failure,
    authorities::{IssueError, Issuer},
    certificates::IssuanceState,
    kernel::Clock,
};
use kaika_ca::{FileKeyStore, KeyRing, KeyStore, KeyStoreError, Keys, OpenError, Signer, SignerError, Signing};
use kaika_pki::{KeyAlgorithm, PublicKey};
use kaika_wire::CertificateRole;
use std::fs;
use std::future::{Future, poll_fn};
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use time::Duration;

const SESSIONS: usize = 2;

/// Keys that are reached through something that may be away, by so many at once.
#[derive(Clone)]
struct Device {
    files: Arc<FileKeyStore>,
    away: Arc<AtomicBool>,
    signing: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    /// Where there is one, as many must sign at the same time as it says.
    together: Option<Arc<Barrier>>,
}

struct DeviceKey {
    key: Arc<dyn Signer>,
    device: Device,
}

impl Device {
    fn of(world: &World) -> Self {
        Self {
            files: Arc::new(FileKeyStore::new(world.keys(), passphrase())),
            away: Arc::default(),
            signing: Arc::default(),
            most: Arc::default(),
            together: None,
        }
    }

    fn leaves(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    fn reach(&self, name: &str) -> Result<(), KeyStoreError> {
        match self.away.load(Ordering::SeqCst) {
            true => Err(KeyStoreError::Away { name: name.to_owned(), why: "the device was pulled out".to_owned() }),
            false => Ok(()),
        }
    }

    fn key(&self, key: Arc<dyn Signer>) -> Arc<dyn Signer> {
        Arc::new(DeviceKey { key, device: self.clone() })
    }
}

impl Signer for DeviceKey {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        self.device.reach("any").map_err(|away| SignerError::Away(away.to_string()))?;
        self.device.most.fetch_max(self.device.signing.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        if let Some(together) = &self.device.together {
            together.wait();
        }
        let signature = self.key.sign(message);
        self.device.signing.fetch_sub(1, Ordering::SeqCst);
        signature
    }
}

impl KeyStore for Device {
    fn signing(&self) -> Signing {
        Signing::Waits { at_once: NonZeroUsize::new(SESSIONS).unwrap() }
    }

    fn has(&self, name: &str) -> Result<bool, KeyStoreError> {
        self.reach(name)?;
        self.files.has(name)
    }

    fn open(&self, name: &str) -> Result<Arc<dyn Signer>, KeyStoreError> {
        self.reach(name)?;
        Ok(self.key(self.files.open(name)?))
    }

    fn create(&self, name: &str, algorithm: KeyAlgorithm) -> Result<Arc<dyn Signer>, KeyStoreError> {
        self.reach(name)?;
        Ok(self.key(self.files.create(name, algorithm)?))
    }
}

fn is_away<T>(result: Result<T, IssueError>) -> bool {
    matches!(&result, Err(IssueError::KeyAway(why)) if why.contains("the device was pulled out"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_away_has_nothing_founded_anew() {
    let world = World::new().await;
    let device = Device::of(&world);
    let ca = world.opened_with(Box::new(device.clone())).await.unwrap();
    device.leaves(true);
    let away = ca.found(&id("gca"), &operator()).await;
    assert!(is_away(away));
    assert!(!world.keys().exists() || std::fs::read_dir(world.keys()).unwrap().next().is_none(), "a key was made");
    assert_eq!(world.audited().await, Vec::<String>::new());

    device.leaves(false);
    let gca = ca.found(&id("gca"), &operator()).await.unwrap();
    device.leaves(true);
    // What is founded needs no key.
    assert_eq!(ca.found(&id("gca"), &operator()).await.unwrap(), gca);
    let failure = Failure::from(ca.found(&id("xca"), &operator()).await.unwrap_err());
    assert!(matches!(failure, Failure::KeyAway(_)));
    let said = failure.to_string();
    assert!(said.starts_with("a key cannot be reached at the moment: ") && said.contains("pulled out"), "{said}");
}

/// A server starts while its device is away; what is there is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn keys_in_a_device_are_looked_at_where_they_can_be_reached() {
    let world = World::new().await;
    world.found("gca").await;
    let device = Device::of(&world);
    world.opened_with(Box::new(device.clone())).await.unwrap().check_keys().await.unwrap();
    device.leaves(true);
    world.opened_with(Box::new(device.clone())).await.unwrap().check_keys().await.unwrap();
    device.leaves(false);
    fs::copy(world.keys().join("gca-1-ocsp.key"), world.keys().join("gca-1.key")).unwrap();
    let swapped = world.opened_with(Box::new(device)).await.unwrap().check_keys().await;
    assert!(matches!(&swapped, Err(OpenError::Swapped(name)) if name == "gca-1"), "{swapped:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_begins_while_the_device_is_away_is_finished_when_it_is_back() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let device = Device::of(&world);
    device.leaves(true);
    // A server starts all the same.
    let ca = world.opened_with(Box::new(device.clone())).await.unwrap();
    let order = world.order("gca", CertificateRole::Signature).await;
    assert!(is_away(ca.issue(&order).await));
    let now = world.clock.now();
    assert!(is_away(ca.sign_crl(&gca, None, 1, Vec::new(), now, now + Duration::DAY).await));
    assert!(is_away(ca.sign_ocsp(&gca, Vec::new(), None, now).await));

    device.leaves(false);
    ca.sign_crl(&gca, None, 1, Vec::new(), now, now + Duration::DAY).await.unwrap();
    // Pulled out between the record and the signature, since its key is open.
    device.leaves(true);
    assert!(is_away(ca.issue(&order).await));
    let [left] = unfinished(&world).await.try_into().unwrap();
    device.leaves(false);
    assert_eq!(ca.issue(&order).await.unwrap().serial, left.serial);
    assert_eq!(unfinished(&world).await, []);
}

async fn unfinished(world: &World) -> Vec<kaika_app::certificates::Issuance> {
    let later = world.clock.now() + Duration::DAY;
    let left = world.store.read().await.unwrap().unfinished_issuances(later).await.unwrap();
    assert!(left.iter().all(|left| matches!(left.state, IssuanceState::Recorded { .. })));
    left
}

/// Polls it once, by which its orders are in the queue.
async fn begin(mut call: Pin<&mut impl Future>) {
    assert!(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await);
}

/// Orders of one group sign at the same time, in as many sessions as there are, and no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_uses_all_sessions_of_a_device_and_no_more() {
    let world = World::new().await;
    world.found("gca").await;
    let device = Device { together: Some(Arc::new(Barrier::new(SESSIONS))), ..Device::of(&world) };
    let ca = world.opened_with(Box::new(device.clone())).await.unwrap();
    let mut orders = Vec::new();
    for _ in 0..=2 * SESSIONS {
        orders.push(world.order("gca", CertificateRole::Login).await);
    }
    let (first, others) = orders.split_first().unwrap();
    let mut first = pin!(ca.issue(first));
    begin(first.as_mut()).await;
    while device.signing.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    // While the first waits to meet the test, the others come in, and are one group.
    let mut others = pin!(join_all(others.iter().map(|order| ca.issue(order))));
    begin(others.as_mut()).await;
    let together = device.together.clone().unwrap();
    tokio::task::spawn_blocking(move || together.wait()).await.unwrap();
    first.await.unwrap();
    for issued in others.await {
        issued.unwrap();
    }
    assert_eq!(device.most.load(Ordering::SeqCst), SESSIONS);
}

/// Roots in a device that lies in a safe, what signs every day in files.
#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_key_may_have_a_store_of_its_own() {
    let world = World::new().await;
    let roots = Device::of(&world);
    let folder = |name: &str| Arc::new(FileKeyStore::new(world.folder.path().join(name), passphrase()));
    let (issuers, responders) = (folder("issuers"), folder("responders"));
    let keys = || Keys {
        roots: Arc::new(KeyRing::new(Arc::new(roots.clone()))),
        issuers: Arc::new(KeyRing::new(issuers.clone())),
        responders: Arc::new(KeyRing::new(responders.clone())),
    };
    let gca = world.opened_with_each(keys()).await.unwrap().found(&id("gca"), &operator()).await.unwrap();
    for (name, store) in [
        ("test-grca-1", &roots as &dyn KeyStore),
        ("gca-1", issuers.as_ref()),
        ("test-grca-1-ocsp", responders.as_ref()),
        ("gca-1-ocsp", responders.as_ref()),
    ] {
        let of_all = [&roots as &dyn KeyStore, issuers.as_ref(), responders.as_ref()];
        assert!(store.has(name).unwrap(), "{name}");
        assert_eq!(of_all.iter().filter(|store| store.has(name).unwrap()).count(), 1, "{name}");
    }

    roots.leaves(true);
    let ca = world.opened_with_each(keys()).await.unwrap();
    let order = world.order("gca", CertificateRole::Signature).await;
    let issued = ca.issue(&order).await.unwrap();
    assert_eq!(issued.generation, gca.id);
    let now = world.clock.now();
    ca.sign_crl(&gca, None, 1, Vec::new(), now, now + Duration::DAY).await.unwrap();
    ca.sign_ocsp(&gca, Vec::new(), None, now).await.unwrap();
    // Another authority needs the root.
    assert!(is_away(ca.found(&id("xca"), &operator()).await));
    assert!(!world.audited().await.iter().skip(2).any(|action| action == "authority.found"));
    roots.leaves(false);
    ca.found(&id("xca"), &operator()).await.unwrap();
}
