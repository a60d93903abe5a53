//! A server whose keys are in a device: signatures that wait hold nothing else up, and a device that is away is told as
//! that.

use super::server::{Answer, OWN, answered, request, routed};
use axum::{
    Router,
    http::{Method, StatusCode},
};
use kaika_app::App;
use kaika_ca::{KeyRing, KeyStore, KeyStoreError, Keys, Signer, SignerError, Signing};
use kaika_fixtures::Site;
use kaika_pki::{
    Certificate, KeyAlgorithm, PublicKey, Serial,
    ocsp::{self, CertId, HashAlgorithm, Nonce, Unsuccessful, unsuccessful},
};
use kaika_server::{About, PerSource};
use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

const SESSIONS: usize = 3;
const WORKERS: usize = 2;

/// What a device's signers wait for.
#[derive(Default)]
struct Gate {
    opened: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.opened.lock().unwrap() = true;
        self.changed.notify_all();
    }

    fn pass(&self) {
        drop(self.changed.wait_while(self.opened.lock().unwrap(), |opened| !*opened).unwrap());
    }
}

/// A server that hangs is let go when the test fails.
struct Opens(Arc<Gate>);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.open();
    }
}

#[derive(Clone)]
struct Device {
    files: Arc<dyn KeyStore>,
    gate: Arc<Gate>,
    /// Hears of each signature that begins.
    begun: mpsc::Sender<()>,
    away: Arc<AtomicBool>,
}

struct DeviceKey {
    key: Arc<dyn Signer>,
    device: Device,
}

impl Signer for DeviceKey {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        if self.device.away.load(Ordering::SeqCst) {
            return Err(SignerError::Away("the device was pulled out".to_owned()));
        }
        // Nobody listens where nobody waits for it.
        let _ = self.device.begun.send(());
        self.device.gate.pass();
        self.key.sign(message)
    }
}

impl KeyStore for Device {
    fn signing(&self) -> Signing {
        Signing::Waits { at_once: NonZeroUsize::new(SESSIONS).unwrap() }
    }

    fn has(&self, name: &str) -> Result<bool, KeyStoreError> {
        self.files.has(name)
    }

    fn open(&self, name: &str) -> Result<Arc<dyn Signer>, KeyStoreError> {
        Ok(Arc::new(DeviceKey { key: self.files.open(name)?, device: self.clone() }))
    }

    fn create(&self, name: &str, algorithm: KeyAlgorithm) -> Result<Arc<dyn Signer>, KeyStoreError> {
        Ok(Arc::new(DeviceKey { key: self.files.create(name, algorithm)?, device: self.clone() }))
    }
}

/// A founded authority whose responders are in a device, and its issuers where that is said; all else in files.
struct Rig {
    site: Site,
    app: Arc<App>,
    router: Router,
    device: Device,
    begun: mpsc::Receiver<()>,
}

impl Rig {
    fn new(issuers_too: bool) -> Self {
        let site = Site::ordered().on_workers(WORKERS);
        let (send, begun) = mpsc::channel();
        let files = site.key_files();
        let (gate, away) = (Arc::default(), Arc::default());
        let device = Device { files: Arc::clone(&files), gate, begun: send, away };
        let ring = |store| Arc::new(KeyRing::new(store));
        let in_device: Arc<dyn KeyStore> = Arc::new(device.clone());
        let issuers = if issuers_too { Arc::clone(&in_device) } else { Arc::clone(&files) };
        let keys = Keys { roots: ring(files), issuers: ring(issuers), responders: ring(in_device) };
        let app = site.open_with(keys);
        let router = routed(&app, PerSource::default(), About::default());
        Self { site, app, router, device, begun }
    }

    /// An answer to it has to be signed there and then.
    fn question(&self, nonce: u8) -> Vec<u8> {
        let generations =
            self.site.runtime().block_on(async { self.app.store.read().await.unwrap().generations().await.unwrap() });
        let gca = generations.iter().find(|generation| generation.name() == "gca-1").unwrap();
        let issuer = Certificate::from_der(&gca.certificate).unwrap();
        let asked = CertId::new(HashAlgorithm::Sha256, &issuer, Serial::new(&[7; 16]).unwrap());
        let nonce = Nonce::new(&[nonce; 32]);
        ocsp::Request { certificates: vec![asked], nonce }.to_der()
    }

    /// On the workers; the answer comes when it comes.
    fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> mpsc::Receiver<Answer> {
        let (send, answer) = mpsc::channel();
        let headers = [("host", OWN), ("content-type", "application/ocsp-request")];
        let asked = answered(self.router.clone(), request("192.0.2.1:5000", method, path, &headers, body.into()));
        self.site.runtime().spawn(async move {
            let _ = send.send(asked.await);
        });
        answer
    }
}

#[test]
fn signers_that_wait_hold_up_no_worker() {
    let rig = Rig::new(false);
    let _opens = Opens(Arc::clone(&rig.device.gate));
    // More than workers, and more than sessions.
    let asked: Vec<_> = (0..5).map(|nonce| rig.ask(Method::POST, "/ocsp/gca-1", rig.question(nonce))).collect();
    // Only a server that hangs is waited for so long.
    let patience = Duration::from_secs(60);
    for _ in 0..WORKERS {
        rig.begun.recv_timeout(patience).expect("the signatures did not begin");
    }
    let alive = rig
        .ask(Method::GET, "/healthz", Vec::new())
        .recv_timeout(patience)
        .expect("the server does not answer while signatures wait");
    assert_eq!((alive.status, alive.page()), (StatusCode::OK, "alive\n"));
    assert!(asked.iter().all(|answer| answer.try_recv().is_err()), "signed by a signer that waits");
    // No more than there are sessions.
    rig.begun.recv_timeout(patience).expect("a session stood idle");
    assert!(rig.begun.try_recv().is_err());

    rig.device.gate.open();
    for answer in asked {
        let answer = answer.recv_timeout(patience).unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/ocsp-response"));
        assert!(matches!(ocsp::Response::from_der(&answer.body).unwrap(), ocsp::Response::Answered(_)));
    }
}

#[test]
fn keys_that_are_away_have_clients_try_later() {
    let rig = Rig::new(true);
    rig.device.gate.open();
    let ask = |nonce| rig.ask(Method::POST, "/ocsp/gca-1", rig.question(nonce)).recv().unwrap();
    rig.device.away.store(true, Ordering::SeqCst);
    let answer = ask(1);
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/ocsp-response"));
    assert_eq!(answer.body, unsuccessful(Unsuccessful::TryLater));
    let list = || rig.ask(Method::GET, "/crl/gca-1.crl", Vec::new()).recv().unwrap();
    let answer = list();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.page().contains("\"busy\""));
    rig.device.away.store(false, Ordering::SeqCst);
    assert!(matches!(ocsp::Response::from_der(&ask(1).body).unwrap(), ocsp::Response::Answered(_)));
    let answer = list();
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/pkix-crl"));
}
