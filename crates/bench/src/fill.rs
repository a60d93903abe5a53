//! Databases as they are after some years: holders, cards, certificates, put on record through the store's port.

use crate::site::{GENERATION, authority};
use anyhow::{Context, Result};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use kaika_app::{
    App,
    authorities::{Generation, IssueOrder},
};
use kaika_domain::{
    cards::{Card, CardState},
    certificates::{Certificate, CertificateState, Placement},
    holders::{Holder, Organisation},
};
use kaika_wire::{CardId, CertificateId, CertificateRole, Guid, HolderId, JobId, SerialNumber};
use sha2::{Digest, Sha256};
use std::ops::Range;
use time::{Duration, OffsetDateTime};

/// Rows in one transaction.
const BATCH: u64 = 10_000;

/// Far from the others.
const FIRST: u64 = 1 << 40;

/// Each card has a certificate for each.
const ROLES: [CertificateRole; 4] = [
    CertificateRole::Signature,
    CertificateRole::Encryption,
    CertificateRole::Login,
    CertificateRole::CardAuthentication,
];

/// What the rows are made of.
pub(crate) struct Filler<'a> {
    app: &'a App,
    generation: Generation,
    /// One that was issued as any other; all the others have its bytes.
    issued: Certificate,
    now: OffsetDateTime,
}

impl<'a> Filler<'a> {
    pub(crate) async fn new(app: &'a App) -> Result<Self> {
        let order = orders(app, FIRST..FIRST + 1).await?.pop().context("one was asked for")?;
        let issued = app.issuer.issue(&order).await?;
        let generations = app.store.read().await?.generations().await?;
        let generation = generations.into_iter().find(|generation| generation.name() == GENERATION);
        Ok(Self { app, generation: generation.context("the authority is founded")?, issued, now: app.now() })
    }

    pub(crate) fn generation(&self) -> &Generation {
        &self.generation
    }

    /// Certificates on no card, of one holder.
    pub(crate) async fn certificates(&self, numbers: Range<u64>, state: &CertificateState) -> Result<()> {
        for numbers in batches(numbers) {
            let mut work = self.app.store.begin().await?;
            let certificates: Vec<_> =
                numbers.map(|number| self.certificate(number, CertificateRole::Signature, None, state)).collect();
            work.insert_certificates(&certificates).await?;
            work.commit().await?;
        }
        Ok(())
    }

    /// Activated cards with their holders and four valid certificates each.
    pub(crate) async fn activated(&self, cards: Range<u64>) -> Result<()> {
        let state = CardState::Activated { dispatched_at: self.now - Duration::days(9), at: self.now };
        self.cards(cards, &state, Some(&CertificateState::Valid)).await
    }

    /// Cards that were dispatched yesterday, without certificates: their holds would fill the revocation lists.
    pub(crate) async fn dispatched(&self, cards: Range<u64>) -> Result<()> {
        self.cards(cards, &CardState::Dispatched { at: self.now - Duration::days(1) }, None).await
    }

    /// Cards that were never activated, with four held certificates each.
    pub(crate) async fn overdue(&self, cards: Range<u64>) -> Result<()> {
        let state = CardState::Dispatched { at: self.now - Duration::days(400) };
        self.cards(cards, &state, Some(&CertificateState::Held { holds: Vec::new() })).await
    }

    async fn cards(&self, cards: Range<u64>, state: &CardState, certificates: Option<&CertificateState>) -> Result<()> {
        for numbers in batches(cards) {
            let mut work = self.app.store.begin().await?;
            let mut of_cards = Vec::new();
            for number in numbers {
                let (holder, card) = holder_with_card(number, self.now);
                let card = Card { state: state.clone(), ..card };
                work.insert_holder(&holder).await?;
                work.insert_card(&card).await?;
                for (role, index) in ROLES.into_iter().zip(0..) {
                    let state = certificates.into_iter();
                    of_cards.extend(state.map(|state| self.certificate(number * 4 + index, role, Some(&card), state)));
                }
            }
            work.insert_certificates(&of_cards).await?;
            work.commit().await?;
        }
        Ok(())
    }

    fn certificate(
        &self,
        number: u64,
        role: CertificateRole,
        card: Option<&Card>,
        state: &CertificateState,
    ) -> Certificate {
        let serial = serial(number);
        Certificate {
            id: CertificateId::new(self.now, id_bytes(number)),
            shard: self.generation.shard_of(&serial),
            holder: card.map_or(self.issued.holder, |card| card.holder),
            card: card.map(|card| card.id),
            role: role.into(),
            serial,
            sha256: hash("certificate", number).into(),
            key_fingerprint: hash("key", number).into(),
            job: None,
            placement: Some(Placement::Written { read_back_at: self.now }),
            state: state.clone(),
            ..self.issued.clone()
        }
    }
}

/// Spread over all serial numbers, as random ones are.
pub(crate) fn serial(number: u64) -> SerialNumber {
    let hash = hash("serial", number);
    SerialNumber::from_random(*hash.first_chunk().expect("a hash is longer"))
}

/// The number printed on the card of this number.
pub(crate) fn card_number(number: u64) -> String {
    format!("GC{:014}", number % 100_000_000_000_000)
}

/// What its holder is called.
pub(crate) fn holder_name(number: u64) -> String {
    format!("測試單位{number}")
}

/// Orders of certificates for new cards of new holders, each with a key of its own.
pub(crate) async fn orders(app: &App, numbers: Range<u64>) -> Result<Vec<IssueOrder>> {
    let now = app.now();
    let mut orders = Vec::new();
    for numbers in batches(numbers) {
        let mut work = app.store.begin().await?;
        for number in numbers {
            let (holder, card) = holder_with_card(number, now);
            work.insert_holder(&holder).await?;
            work.insert_card(&card).await?;
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
            let public_key = key.public_key().as_der()?.as_ref().to_vec();
            let (job, role) = (JobId::new(now, id_bytes(number)), CertificateRole::Signature);
            orders.push(IssueOrder::on_card(crate::site::operator(), job, &card, &holder, role, public_key));
        }
        work.commit().await?;
    }
    Ok(orders)
}

fn batches(numbers: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let end = numbers.end;
    numbers.step_by(BATCH as usize).map(move |first| first..end.min(first + BATCH))
}

fn holder_with_card(number: u64, now: OffsetDateTime) -> (Holder, Card) {
    let subject = format!("C=TW,O=測試機關 TEST,OU={}", holder_name(number));
    let subject = subject.parse().expect("a name that a certificate can hold");
    let holder = Holder {
        organisation: Organisation { business_number: Some("00000000".to_owned()), ..Organisation::default() },
        ..Holder::registered(HolderId::new(now, id_bytes(number)), authority(), subject, now)
    };
    let id = CardId::new(now, id_bytes(number));
    let guid = Guid::from_bytes(*hash("guid", number).first_chunk().expect("a hash is longer"));
    let number = card_number(number).parse().expect("it is a card number");
    let card = Card { guid: Some(guid), ..Card::ordered(id, number, &holder, now) };
    (holder, card)
}

fn id_bytes(number: u64) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn hash(what: &str, number: u64) -> [u8; 32] {
    Sha256::new().chain_update(what).chain_update(number.to_be_bytes()).finalize().into()
}
