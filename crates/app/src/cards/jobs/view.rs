//! What a decision is made from, loaded in one go.

use crate::{App, Failure, Reader, UnitOfWork, cards::StoredPuk};
use kaika_domain::{
    authorities::Policy,
    cards::{
        Card, PukLedger,
        job::{CardFacts, JobFacts},
    },
    certificates::{Certificate, CertificateState},
};
use kaika_wire::{CardId, CertificateId, CertificateRole, EmailAddress, EmailState, Guid};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A transaction, and a card as it was read in it. A job that changes the card has locked it before: what is decided on
/// this view is written before anything can change. Only issuing does not ask for the card; it is waited for where a job
/// is ended.
pub(crate) struct JobTransaction<'a> {
    pub(crate) work: Box<dyn UnitOfWork>,
    pub(crate) view: View<'a>,
}

impl<'a> JobTransaction<'a> {
    pub(crate) async fn begin(app: &'a App, card: CardId) -> Result<Self, Failure> {
        let mut work = app.store.begin().await?;
        work.lock_card(card).await?;
        let view = View::load(app, work.as_mut(), card).await?;
        Ok(Self { work, view })
    }
}

pub(crate) struct View<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) card: Card,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) puks: Vec<StoredPuk>,
    pub(crate) ledger: PukLedger,
    now: OffsetDateTime,
    fresh_guid: Guid,
}

impl<'a> View<'a> {
    pub(crate) async fn load(app: &'a App, reader: &mut dyn Reader, card: CardId) -> Result<Self, Failure> {
        let gone = || Failure::Inconsistent(format!("no card {card}"));
        let card = reader.card(card).await?.ok_or_else(gone)?;
        let certificates = reader.certificates_of_card(card.id).await?;
        let puks = reader.puks(card.id).await?;
        let ledger = PukLedger::from_records(puks.iter().map(|puk| puk.record).collect());
        let policy = app.policy(&card.authority)?;
        let fresh_guid = Guid::from_random(app.rng.bytes());
        Ok(Self { policy, card, certificates, puks, ledger, now: app.now(), fresh_guid })
    }

    pub(crate) fn facts(&self) -> JobFacts<'_> {
        let Self { policy, card, certificates, now, .. } = self;
        let of_card = CardFacts { policy, card, certificates, now: *now };
        JobFacts { of_card, puk: &self.ledger, fresh_guid: self.fresh_guid }
    }

    pub(crate) fn certificate(&self, id: CertificateId) -> Result<&Certificate, Failure> {
        self.certificates
            .iter()
            .find(|certificate| certificate.id == id)
            .ok_or_else(|| Failure::Inconsistent(format!("card {} has no certificate {id}", self.card.number)))
    }

    pub(crate) fn certificate_mut(&mut self, id: CertificateId) -> Result<&mut Certificate, Failure> {
        let missing = || Failure::Inconsistent(format!("card {} has no certificate {id}", self.card.number));
        self.certificates.iter_mut().find(|certificate| certificate.id == id).ok_or_else(missing)
    }

    /// The present certificate of this role, parsed.
    pub(crate) fn role(&self, role: CertificateRole) -> Result<kaika_pki::Certificate, Failure> {
        let found = self.facts().latest(role).map(|certificate| parse(&certificate.certificate));
        found.unwrap_or_else(|| {
            Err(Failure::Inconsistent(format!("card {} has no {} certificate", self.card.number, role.as_str())))
        })
    }

    /// How far this address is on its way into the card's certificates.
    pub(crate) fn email_state(&self, address: &EmailAddress) -> Result<EmailState, Failure> {
        let facts = self.facts();
        let mut written = true;
        for role in &self.policy.card.roles {
            let accepted = facts.latest(*role).is_some_and(|c| !matches!(c.state, CertificateState::Held { .. }));
            written = written && accepted && self.names(*role, address)?;
        }
        Ok(match written {
            true => EmailState::Written,
            false if facts.has_proved(address) => EmailState::Confirmed,
            false => EmailState::AwaitingConfirmation,
        })
    }

    /// Whether the newest certificate of this role names the address.
    pub(crate) fn names(&self, role: CertificateRole, address: &EmailAddress) -> Result<bool, Failure> {
        let names = |named: &String| EmailAddress::in_certificate(named).is_ok_and(|named| named == *address);
        Ok(self.role(role)?.emails().iter().any(names))
    }

    /// The ledger's records that differ from what was loaded.
    pub(crate) fn changed_puks(&self) -> Vec<kaika_domain::cards::PukRecord> {
        let before: BTreeMap<_, _> = self.puks.iter().map(|puk| (puk.record.version, puk.record)).collect();
        self.ledger.records().iter().filter(|record| before.get(&record.version) != Some(record)).copied().collect()
    }
}

pub(crate) fn parse(der: &[u8]) -> Result<kaika_pki::Certificate, Failure> {
    kaika_pki::Certificate::from_der(der)
        .map_err(|error| Failure::Inconsistent(format!("a certificate on record cannot be read: {error}")))
}
