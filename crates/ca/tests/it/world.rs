//! An installation in a folder, with a clock that stands where it is put.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair,
};
use kaika_app::{
    Store,
    authorities::{Generation, IssueOrder, Issuer},
    kernel::{Clock, Rng},
};
use kaika_ca::{Ca, CaConfig, FileKeyStore, KeyStore, Keys, OpenError};
use kaika_domain::authorities::{AuthorityKey, Roots};
use kaika_domain::{
    audit::Actor,
    authorities::{Policies, Policy, Root},
    cards::Card,
    holders::{Holder, Organisation},
};
use kaika_vault::{Passphrase, SystemRng};
use kaika_wire::{AuthorityId, CardId, CertificateRole, HolderId, JobId, KeyAlgorithm};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;
use time::OffsetDateTime;

// An address, since pkilint takes no host without a dot for a URL, `localhost` among them.
pub(crate) const BASE_URL: &str = "http://127.0.0.1:8080";

pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn set(&self, now: OffsetDateTime) {
        self.0.store(now.unix_timestamp(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) policies: Policies,
    pub(crate) roots: Vec<Root>,
    pub(crate) ca: Ca,
}

impl World {
    /// The demo's authorities, with keys that are quickly made, unless a test is about those of the demo.
    pub(crate) async fn new() -> Self {
        Self::of(quick(policies()), quick_roots()).await
    }

    pub(crate) async fn of(policies: Policies, roots: Vec<Root>) -> Self {
        Self::in_database(None, policies, roots).await
    }

    /// On PostgreSQL, as several servers are.
    pub(crate) async fn on_postgres(url: String) -> Self {
        Self::in_database(Some(url), quick(policies()), quick_roots()).await
    }

    async fn in_database(url: Option<String>, policies: Policies, roots: Vec<Root>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = url.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("kaika.db").display()));
        kaika_store::migrate(&url).await.unwrap();
        let store = kaika_store::open(&url).await.unwrap();
        // The real time: openssl's OCSP client knows no other.
        let clock = Arc::new(TestClock(AtomicI64::new(OffsetDateTime::now_utc().unix_timestamp())));
        let keys = FileKeyStore::new(folder.path().join("keys"), passphrase());
        let ca = open(&store, &clock, &policies, &roots, Keys::in_one(Arc::new(keys))).await.unwrap();
        Self { folder, store, clock, policies, roots, ca }
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// A second start, on the same folder.
    pub(crate) async fn reopened(&self) -> Ca {
        self.opened_with(Box::new(FileKeyStore::new(self.keys(), passphrase()))).await.unwrap()
    }

    pub(crate) async fn opened_with(&self, keys: Box<dyn KeyStore>) -> Result<Ca, OpenError> {
        self.opened_with_each(Keys::in_one(Arc::from(keys))).await
    }

    pub(crate) async fn opened_with_each(&self, keys: Keys) -> Result<Ca, OpenError> {
        open(&self.store, &self.clock, &self.policies, &self.roots, keys).await
    }

    pub(crate) async fn found(&self, owner: &str) -> Generation {
        self.ca.found(&id(owner), &operator()).await.unwrap()
    }

    /// To be changed before the authority is opened again.
    pub(crate) fn policy_mut(&mut self, authority: &AuthorityId) -> &mut Policy {
        Arc::make_mut(self.policies.get_mut(authority).unwrap())
    }

    /// The root's, for an authority that is founded.
    pub(crate) async fn root_of(&self, owner: &str) -> Generation {
        let root = self.policies[&id(owner)].hierarchy.root.clone();
        self.ca.found(&root, &operator()).await.unwrap()
    }

    /// A new holder, on record.
    pub(crate) async fn holder(&self, authority: &str) -> Holder {
        let now = self.clock.now();
        let rng: &dyn Rng = &SystemRng::new();
        let number = self.draw_number(authority);
        let subject = format!("C=TW,O=測試機關 TEST,OU=測試資訊處 {number}").parse().unwrap();
        let holder = Holder {
            organisation: Organisation {
                subject_type: None,
                business_number: Some("00000000".to_owned()),
                agency_oid: Some("2.16.886.101.20003".to_owned()),
            },
            ..Holder::registered(HolderId::new(now, rng.bytes()), id(authority), subject, now)
        };
        let mut work = self.store.begin().await.unwrap();
        work.insert_holder(&holder).await.unwrap();
        work.commit().await.unwrap();
        holder
    }

    /// A new holder with a new card.
    pub(crate) async fn holder_with_card(&self, authority: &str) -> (Holder, Card) {
        let holder = self.holder(authority).await;
        let card = self.another_card(&holder).await;
        (holder, card)
    }

    /// A card of this holder.
    pub(crate) async fn another_card(&self, holder: &Holder) -> Card {
        let number = self.draw_number(holder.authority.as_str());
        self.card_of(holder, &number).await
    }

    fn draw_number(&self, authority: &str) -> String {
        let rng: &dyn Rng = &SystemRng::new();
        let policy = &self.policies[&id(authority)];
        let digits = u128::from_be_bytes(rng.bytes()) % 10_u128.pow(u32::from(policy.card.number_digits));
        format!("{}{digits:0width$}", policy.card.number_prefixes[0], width = usize::from(policy.card.number_digits))
    }

    async fn card_of(&self, holder: &Holder, number: &str) -> Card {
        let (now, rng): (_, &dyn Rng) = (self.clock.now(), &SystemRng::new());
        let id = CardId::new(now, rng.bytes());
        let email = Some("test@kaika.example".parse().unwrap());
        let card = Card { email, ..Card::ordered(id, number.parse().unwrap(), holder, now) };
        let mut work = self.store.begin().await.unwrap();
        work.insert_card(&card).await.unwrap();
        work.commit().await.unwrap();
        card
    }

    pub(crate) async fn order(&self, authority: &str, role: CertificateRole) -> IssueOrder {
        let (holder, card) = self.holder_with_card(authority).await;
        let public_key = card_key(self.policies[&id(authority)].card.key);
        IssueOrder::on_card(operator(), self.job(), &card, &holder, role, public_key)
    }

    pub(crate) fn job(&self) -> JobId {
        let rng: &dyn Rng = &SystemRng::new();
        JobId::new(self.clock.now(), rng.bytes())
    }

    /// Actions in the audit log, oldest first.
    pub(crate) async fn audited(&self) -> Vec<String> {
        let events = self.store.read().await.unwrap().audit_events(0, 1000).await.unwrap();
        events.into_iter().map(|event| event.action).collect()
    }
}

async fn open(
    store: &Arc<dyn Store>,
    clock: &Arc<TestClock>,
    policies: &Policies,
    roots: &[Root],
    keys: Keys,
) -> Result<Ca, OpenError> {
    Ca::open(CaConfig {
        store: Arc::clone(store),
        keys,
        policies: policies.clone(),
        roots: roots.to_vec(),
        base_url: BASE_URL.to_owned(),
        clock: clock.clone(),
        rng: Arc::new(SystemRng::new()),
    })
    .await
}

pub(crate) fn passphrase() -> Passphrase {
    Passphrase::new("open sesame")
}

pub(crate) fn id(text: &str) -> AuthorityId {
    text.parse().unwrap()
}

fn authorities() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../kaika/authorities")
}

pub(crate) fn policies() -> Policies {
    let files = std::fs::read_dir(authorities()).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.file_name().is_some_and(|name| name != "roots.toml"))
        .map(|path| Policy::parse(&std::fs::read_to_string(path).unwrap()).unwrap())
        .map(|policy| (policy.id.clone(), Arc::new(policy)))
        .collect()
}

pub(crate) fn roots() -> Vec<Root> {
    Roots::parse(&std::fs::read_to_string(authorities().join("roots.toml")).unwrap()).unwrap()
}

fn quick(mut policies: Policies) -> Policies {
    for policy in policies.values_mut() {
        Arc::make_mut(policy).hierarchy.key = AuthorityKey::P256;
    }
    policies
}

fn quick_roots() -> Vec<Root> {
    roots().into_iter().map(|root| Root { key: AuthorityKey::P256, ..root }).collect()
}

/// SubjectPublicKeyInfo of a fresh key.
pub(crate) fn card_key(algorithm: KeyAlgorithm) -> Vec<u8> {
    let curve = |curve| {
        let pair = EcdsaKeyPair::generate(curve).unwrap();
        pair.public_key().as_der().unwrap().as_ref().to_vec()
    };
    match algorithm {
        KeyAlgorithm::P256 => curve(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyAlgorithm::P384 => curve(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyAlgorithm::Rsa2048 => {
            RsaKeyPair::generate(KeySize::Rsa2048).unwrap().public_key().as_der().unwrap().as_ref().to_vec()
        }
    }
}

/// Who gives commands in tests.
pub(crate) fn operator() -> Actor {
    Actor::Operator("tester".parse().unwrap())
}
