//! What cards, certificates and the rest should be after all that the audit log tells of them.

use crate::audit::Chained;
use kaika_domain::{
    authorities::ProfileName,
    cards::{CardState, TerminationReason},
    certificates::{CertificateState, Hold, HoldBy, RevocationReason, revocation_reason},
};
use kaika_pki::CertificateDigest;
use kaika_wire::{AuthorityId, CardNumber, CertificateId, HolderId, RevokeReason, SerialNumber};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use time::OffsetDateTime;

/// One of several parts into which cards are cut, each with its certificates.
#[derive(Clone, Copy)]
pub(super) struct Share {
    pub(super) index: u64,
    pub(super) of: u64,
}

impl Share {
    pub(super) fn has(self, card: Option<&CardNumber>, serial: Option<&SerialNumber>) -> bool {
        let bytes = match (card, serial) {
            (Some(card), _) => card.as_str().as_bytes(),
            (None, Some(serial)) => serial.as_be_bytes(),
            (None, None) => return self.index == 0,
        };
        let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(bytes));
        u64::from(u32::from_be_bytes([a, b, c, d])) % self.of == self.index
    }
}

#[derive(Default)]
pub(super) struct Logged {
    pub(super) certificates: HashMap<SerialNumber, LoggedCertificate>,
    pub(super) cards: HashMap<CardNumber, LoggedCard>,
    /// Names of enrolled stations, by their ids.
    pub(super) stations: BTreeMap<String, String>,
    /// Certificates of authorities, by the names of their generations.
    pub(super) authorities: BTreeMap<String, CertificateDigest>,
}

pub(super) struct LoggedCertificate {
    pub(super) issue: IssueDigest,
    pub(super) state: CertificateState,
}

pub(super) struct LoggedCard {
    pub(super) authority: AuthorityId,
    pub(super) holder: HolderId,
    pub(super) state: CardState,
    pub(super) hidden: bool,
    /// How often its certificates were accepted with the card, each time with a receipt.
    pub(super) acceptances: u64,
    last_acceptance: Option<String>,
    certificates: Vec<SerialNumber>,
}

/// Of all that the log says where a certificate is issued.
#[derive(PartialEq, Eq)]
pub(super) struct IssueDigest([u8; 16]);

pub(super) struct Issue<'a> {
    pub(super) certificate: CertificateId,
    pub(super) card: Option<&'a CardNumber>,
    pub(super) role: &'a ProfileName,
    pub(super) authority: &'a AuthorityId,
    pub(super) generation: &'a str,
    pub(super) sha256: &'a CertificateDigest,
    pub(super) issued_at: i64,
}

impl Issue<'_> {
    pub(super) fn digest(&self) -> IssueDigest {
        let mut sha = Sha256::new();
        for field in [
            self.certificate.as_bytes().as_slice(),
            self.card.map_or("", CardNumber::as_str).as_bytes(),
            self.role.as_str().as_bytes(),
            self.authority.as_str().as_bytes(),
            self.generation.as_bytes(),
            self.sha256.as_bytes(),
            &self.issued_at.to_be_bytes(),
        ] {
            sha.update((field.len() as u64).to_be_bytes());
            sha.update(field);
        }
        IssueDigest(*<[u8; 32]>::from(sha.finalize()).first_chunk().expect("a digest has 32 octets"))
    }
}

/// What payloads say that matters here, whichever action each is of.
#[derive(Deserialize)]
struct Facts {
    card: Option<CardNumber>,
    serial: Option<SerialNumber>,
    certificate: Option<CertificateId>,
    role: Option<ProfileName>,
    authority: Option<AuthorityId>,
    holder: Option<HolderId>,
    generation: Option<String>,
    sha256: Option<String>,
    by: Option<String>,
    reason: Option<String>,
    outcome: Option<String>,
    published: Option<bool>,
    job: Option<String>,
    station: Option<String>,
    name: Option<String>,
}

impl Logged {
    /// The next event. What cannot be understood says nothing here; whether it is genuine the chain tells.
    pub(super) fn take_in(&mut self, event: &Chained, share: Share) {
        let Ok(at) = OffsetDateTime::from_unix_timestamp(event.at) else { return };
        let (kind, _) = event.action.split_once('.').unwrap_or_default();
        if !matches!(kind, "authority" | "station" | "card" | "certificate" | "publication") {
            return;
        }
        let Ok(facts) = serde_json::from_str::<Facts>(&event.payload) else { return };
        let serial = facts.serial.as_ref().filter(|_| kind == "certificate");
        if share.has(facts.card.as_ref(), serial) {
            self.understood(event, facts, at);
        }
    }

    /// None: the event lacks what events of its name have.
    fn understood(&mut self, event: &Chained, facts: Facts, at: OffsetDateTime) -> Option<()> {
        match event.action.as_str() {
            "authority.found" => {
                self.authorities.insert(facts.generation?, facts.sha256?.parse().ok()?);
            }
            "station.enrol" => {
                self.stations.insert(facts.station?, facts.name?);
            }
            "card.order" => {
                let card = LoggedCard {
                    authority: facts.authority?,
                    holder: facts.holder?,
                    state: CardState::Ordered,
                    hidden: false,
                    acceptances: 0,
                    last_acceptance: None,
                    certificates: Vec::new(),
                };
                self.cards.insert(facts.card?, card);
            }
            "card.personalise" => {
                self.card(facts.card, |state| state.personalise(at).and_then(|state| state.dispatch(at)).ok())?;
            }
            "card.activate" => self.card(facts.card, |state| state.activate(at).ok())?,
            "card.withdraw" => {
                self.card(facts.card, |state| state.terminate(TerminationReason::NoLongerNeeded, at).ok())?;
            }
            "card.overdue" => self.overdue(&facts.card?, &facts.outcome?, at)?,
            "publication.set" => self.cards.get_mut(&facts.card?)?.hidden = !facts.published?,
            "certificate.issue" => self.issue(facts, event.at)?,
            "certificate.accept" => {
                self.certificate(facts.serial.as_ref()?, |state| state.accept().ok())?;
                // Those of one job have one receipt.
                if let (Some(card), Some(job)) = (facts.card, facts.job)
                    && let Some(card) = self.cards.get_mut(&card)
                    && card.last_acceptance.as_ref() != Some(&job)
                {
                    card.acceptances += 1;
                    card.last_acceptance = Some(job);
                }
            }
            "certificate.suspend" => {
                let hold = Hold { by: side(&facts.by?)?, reason: facts.reason?, at };
                self.certificate(facts.serial.as_ref()?, |state| state.suspend(hold).ok())?;
            }
            "certificate.resume" => {
                let by = side(&facts.by?)?;
                self.certificate(facts.serial.as_ref()?, |state| state.resume(by).ok())?;
            }
            "certificate.revoke" => {
                let reason = facts.reason?;
                // Where somebody wanted it, in that person's words.
                let reason = match facts.by {
                    Some(_) => revocation_reason(reason.parse::<RevokeReason>().ok()?),
                    None => RevocationReason::ALL.into_iter().find(|known| known.as_str() == reason)?,
                };
                self.certificate(facts.serial.as_ref()?, |state| state.revoke(reason, at).ok())?;
            }
            _ => {}
        }
        Some(())
    }

    fn issue(&mut self, facts: Facts, at: i64) -> Option<()> {
        let issue = Issue {
            certificate: facts.certificate?,
            card: facts.card.as_ref(),
            role: facts.role.as_ref()?,
            authority: facts.authority.as_ref()?,
            generation: facts.generation.as_ref()?,
            sha256: &facts.sha256?.parse().ok()?,
            issued_at: at,
        };
        let serial = facts.serial?;
        let state = CertificateState::Held { holds: Vec::new() };
        self.certificates.insert(serial.clone(), LoggedCertificate { issue: issue.digest(), state });
        if let Some(card) = &facts.card {
            self.cards.get_mut(card)?.certificates.push(serial);
        }
        Some(())
    }

    /// What the sweep does to a card and to its certificates, in one event.
    fn overdue(&mut self, number: &CardNumber, outcome: &str, at: OffsetDateTime) -> Option<()> {
        let card = self.cards.get_mut(number)?;
        let revokes = outcome == "revoke";
        if revokes {
            card.state = card.state.clone().terminate(TerminationReason::NotActivatedInTime, at).ok()?;
        }
        for serial in card.certificates.clone() {
            self.certificate(&serial, |state| match state {
                CertificateState::Revoked { .. } => None,
                state if revokes => state.revoke(RevocationReason::CessationOfOperation, at).ok(),
                CertificateState::Held { ref holds } if holds.is_empty() => {
                    let hold = Hold { by: HoldBy::Authority, reason: super::OVERDUE.to_owned(), at };
                    state.suspend(hold).ok()
                }
                _ => None,
            });
        }
        Some(())
    }

    fn card(&mut self, number: Option<CardNumber>, next: impl FnOnce(CardState) -> Option<CardState>) -> Option<()> {
        let card = self.cards.get_mut(&number?)?;
        card.state = next(card.state.clone())?;
        Some(())
    }

    fn certificate(
        &mut self,
        serial: &SerialNumber,
        next: impl FnOnce(CertificateState) -> Option<CertificateState>,
    ) -> Option<()> {
        let certificate = self.certificates.get_mut(serial)?;
        certificate.state = next(certificate.state.clone())?;
        Some(())
    }
}

fn side(word: &str) -> Option<HoldBy> {
    serde_json::from_value(word.into()).ok()
}
