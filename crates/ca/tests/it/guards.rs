//! What the issuer will not start with, not sign, and not let out.

use crate::world::{World, card_key, id, operator, passphrase};
use kaika_app::{
    Store,
    authorities::{IssueError, IssueOrder, Issuer},
    certificates::{Issuance, IssuanceState},
    kernel::Clock,
};
use kaika_ca::{FileKeyStore, KeyStore, KeyStoreError, OpenError, Signer, SignerError, Signing};
use kaika_domain::authorities::Policy;
use kaika_pki::crl::{Crl, RevocationReason, Revoked};
use kaika_pki::ocsp::{CertId, HashAlgorithm, Request, SingleAnswer, Status};
use kaika_pki::{Certificate, KeyAlgorithm, PublicKey, Serial};
use kaika_testkit::tools::Tool;
use kaika_wire::{CertificateId, CertificateRole, SerialNumber};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use time::{Duration, OffsetDateTime};

/// A token that counts its signatures, and spoils them where it is told to.
#[derive(Clone)]
struct Token {
    files: Arc<FileKeyStore>,
    signed: Arc<AtomicUsize>,
    fails: bool,
    spoils: bool,
}

impl Token {
    fn of(world: &World) -> Self {
        let files = Arc::new(FileKeyStore::new(world.keys(), passphrase()));
        Self { files, signed: Arc::default(), fails: false, spoils: false }
    }

    fn key(&self, key: Arc<dyn Signer>) -> Arc<dyn Signer> {
        Arc::new(TokenKey { key, token: self.clone() })
    }
}

struct TokenKey {
    key: Arc<dyn Signer>,
    token: Token,
}

impl Signer for TokenKey {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        if self.token.fails {
            return Err(SignerError::Failed("no token".to_owned()));
        }
        self.token.signed.fetch_add(1, Ordering::SeqCst);
        let message = if self.token.spoils { b"something else" } else { message };
        self.key.sign(message)
    }
}

impl KeyStore for Token {
    fn signing(&self) -> Signing {
        self.files.signing()
    }

    fn has(&self, name: &str) -> Result<bool, KeyStoreError> {
        self.files.has(name)
    }

    fn open(&self, name: &str) -> Result<Arc<dyn Signer>, KeyStoreError> {
        Ok(self.key(self.files.open(name)?))
    }

    fn create(&self, name: &str, algorithm: KeyAlgorithm) -> Result<Arc<dyn Signer>, KeyStoreError> {
        Ok(self.key(self.files.create(name, algorithm)?))
    }
}

/// The order's bytes are on record, unsigned.
pub(crate) async fn cut_off(world: &World, order: &IssueOrder) -> Issuance {
    let broken = Token { fails: true, ..Token::of(world) };
    let error = world.opened_with(Box::new(broken)).await.unwrap().issue(order).await.unwrap_err();
    assert!(error.to_string().contains("no token"), "{error}");
    let [left] = unfinished(world.store.as_ref()).await.try_into().unwrap();
    assert!(matches!(left.state, IssuanceState::Recorded { .. }));
    left
}

async fn unfinished(store: &dyn Store) -> Vec<Issuance> {
    store.read().await.unwrap().unfinished_issuances(OffsetDateTime::now_utc() + Duration::DAY).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_another_got_certified_meanwhile_is_refused_and_its_serial_number_void() {
    let world = World::new().await;
    world.found("gca").await;
    let slow = world.order("gca", CertificateRole::Signature).await;
    let left = cut_off(&world, &slow).await;
    let mut quick = world.order("gca", CertificateRole::Signature).await;
    quick.public_key.clone_from(&slow.public_key);
    let issued = world.ca.issue(&quick).await.unwrap();

    for _ in 0..2 {
        let refused = world.ca.issue(&slow).await.unwrap_err();
        assert!(matches!(&refused, IssueError::Key(why) if why.contains("another holder")), "{refused}");
        assert_eq!(unfinished(world.store.as_ref()).await, []);
    }
    let mut reader = world.store.read().await.unwrap();
    assert_eq!(reader.certificate_by_serial(left.generation, &left.serial).await.unwrap(), None);
    assert_eq!(reader.certificates_of_card(slow.card().unwrap().id).await.unwrap(), []);
    assert_eq!(reader.certificates_of_card(quick.card().unwrap().id).await.unwrap(), [issued]);
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_bytes_on_record_never_meet_the_key() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let order = world.order("gca", CertificateRole::Signature).await;
    let other = world.ca.issue(&world.order("gca", CertificateRole::Signature).await).await.unwrap();
    let foreign = Certificate::from_der(&other.certificate).unwrap().tbs().to_vec();
    for (n, altered) in (0..).zip([foreign, b"no certificate".to_vec(), Vec::new()]) {
        let order = IssueOrder { request: world.job().into(), ..order.clone() };
        let altered = Issuance {
            certificate: CertificateId::new(world.clock.now(), [n; 10]),
            generation: gca.id,
            serial: SerialNumber::from_random([n; 16]),
            request: Some(order.request),
            role: order.profile.clone(),
            key_fingerprint: PublicKey::from_spki(&order.public_key).unwrap().fingerprint(),
            state: IssuanceState::Recorded { to_be_signed: altered },
            at: world.clock.now(),
        };
        let mut work = world.store.begin().await.unwrap();
        work.insert_issuances(&[altered]).await.unwrap();
        work.commit().await.unwrap();
        let token = Token::of(&world);
        let ca = world.opened_with(Box::new(token.clone())).await.unwrap();
        assert!(matches!(ca.issue(&order).await, Err(IssueError::Signer(_))));
        assert_eq!(token.signed.load(Ordering::SeqCst), 0);
    }
    assert_eq!(world.store.read().await.unwrap().certificates_of_card(order.card().unwrap().id).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_does_not_verify_never_leaves() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let order = world.order("gca", CertificateRole::Signature).await;
    let spoilt = world.opened_with(Box::new(Token { spoils: true, ..Token::of(&world) })).await.unwrap();
    let now = world.clock.now();
    let refused = |what: &str, result: Result<Vec<u8>, IssueError>| match result {
        Err(IssueError::Signer(why)) => assert!(why.contains("does not verify"), "{what}: {why}"),
        Err(other) => panic!("{what}: {other}"),
        Ok(_) => panic!("{what} was signed"),
    };
    refused("certificate", spoilt.issue(&order).await.map(|issued| issued.certificate));
    refused("list", spoilt.sign_crl(&gca, None, 1, Vec::new(), now, now + Duration::DAY).await);
    refused("answer", spoilt.sign_ocsp(&gca, answers(&gca.certificate, now), None, now).await);
    refused("authority", spoilt.found(&id("xca"), &operator()).await.map(|generation| generation.certificate));
    // With the token mended, what was begun is finished.
    let ca = world.reopened().await;
    ca.issue(&order).await.unwrap();
    ca.found(&id("xca"), &operator()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_rsa_key_is_refused() {
    let mut world = World::new().await;
    world.policy_mut(&id("gca")).card.key = kaika_wire::KeyAlgorithm::Rsa2048;
    let ca = world.reopened().await;
    ca.found(&id("gca"), &operator()).await.unwrap();
    let short = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"];
    let private = Tool::new("openssl").args(short).run().expect_success().stdout;
    let public = Tool::new("openssl").args(["pkey", "-pubout", "-outform", "DER"]).input(private).run();
    let public_key = public.expect_success().stdout;
    let order = IssueOrder { public_key, ..world.order("gca", CertificateRole::Signature).await };
    let refused = ca.issue(&order).await.unwrap_err();
    assert!(matches!(&refused, IssueError::Key(why) if why.contains("1024 bits")), "{refused}");
}

fn answers(issuer: &[u8], now: OffsetDateTime) -> Vec<SingleAnswer> {
    let issuer = Certificate::from_der(issuer).unwrap();
    let asked = CertId::new(HashAlgorithm::Sha1, &issuer, Serial::new(&[7; 16]).unwrap());
    let request = Request { certificates: vec![asked], nonce: None };
    let answer = |certificate| SingleAnswer {
        certificate,
        status: Status::Unknown,
        this_update: now,
        next_update: Some(now + Duration::minutes(10)),
    };
    request.certificates.into_iter().map(answer).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_responder_is_backdated_but_never_before_its_issuer() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let issuer = Certificate::from_der(&gca.certificate).unwrap();
    let first = Certificate::from_der(&gca.responder_certificate).unwrap();
    assert_eq!(first.not_before(), issuer.not_before());
    let now = world.clock.now() + Duration::days(400);
    world.clock.set(now);
    let answer = world.ca.sign_ocsp(&gca, answers(&gca.certificate, now), None, now).await.unwrap();
    let path = world.folder.path().join("answer");
    std::fs::write(&path, answer).unwrap();
    let text = Tool::new("openssl").args(["ocsp", "-noverify", "-resp_text", "-respin"]).arg(path).run().stdout();
    let begin = text.find("-----BEGIN CERTIFICATE-----").unwrap();
    let renewed = Certificate::from_pem(&text[begin..]).unwrap();
    assert_eq!(renewed.not_before(), now - Duration::HOUR);
    renewed.verify_issued_by(&issuer).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_signed_whole() {
    let world = World::new().await;
    let gca = world.found("gca").await;
    let now = world.clock.now();
    let entries: Vec<_> = (0..10_001_u128)
        .map(|n| Revoked {
            serial: (n + 1).to_be_bytes().try_into().unwrap(),
            at: now,
            reason: RevocationReason::Superseded,
        })
        .collect();
    let list = world.ca.sign_crl(&gca, Some(3), 7, entries.clone(), now, now + Duration::DAY).await.unwrap();
    let list = Crl::from_der(&list).unwrap();
    assert_eq!((list.entries().len(), list.number()), (entries.len(), 7));
    assert_eq!(list.shard_urls(), [gca.crl_url(Some(3))]);
    list.verify_issued_by(&Certificate::from_der(&gca.certificate).unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_no_certificate_could_follow_is_told_at_the_start() {
    async fn check(change: impl FnOnce(&mut Policy), expected: &str) {
        let mut world = World::new().await;
        change(world.policy_mut(&id("gca")));
        let error = world.opened_with(Box::new(Token::of(&world))).await.err().unwrap();
        assert!(matches!(&error, OpenError::Policy { authority, .. } if *authority == id("gca")), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    check(|policy| policy.certificates.policies.push("1.2.x".into()), "1.2.x").await;
    check(|policy| policy.certificates.subject_type = "agency".into(), "agency").await;
    check(|policy| policy.hierarchy.root = id("nobody"), "nobody").await;
}

/// The same work by two servers: whoever comes second waits or finds what the first one made.
#[tokio::test(flavor = "multi_thread")]
async fn many_calls_on_several_servers_give_one_certificate() {
    let world = World::new().await;
    world.found("gca").await;
    let servers = [Arc::new(world.reopened().await), Arc::new(world.reopened().await)];
    let order = IssueOrder {
        public_key: card_key(kaika_wire::KeyAlgorithm::P256),
        ..world.order("gca", CertificateRole::Login).await
    };
    let calls: Vec<_> = (0..20)
        .map(|n| {
            let (ca, order) = (Arc::clone(&servers[n % 2]), order.clone());
            tokio::spawn(async move { ca.issue(&order).await })
        })
        .collect();
    let mut issued = Vec::new();
    for call in calls {
        issued.push(call.await.unwrap().unwrap());
    }
    assert!(issued.iter().all(|one| *one == issued[0]));
    assert_eq!(unfinished(world.store.as_ref()).await, []);
}
