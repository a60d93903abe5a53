//! What can stand in the audit log: each action with its name there and the facts of its payload. A name or a fact that was
//! written once is read for years; this file is the list of them.

use kaika_domain::{
    authorities::ProfileName,
    cards::{PukState, PukVersion},
    certificates::{HoldBy, RevocationReason},
};
use kaika_pki::CertificateDigest;
use kaika_wire::{
    AuthorityId, CardNumber, CertificateId, CertificateStatus, Code, HolderId, JobId, JobKind, Lack, MailId, RequestId,
    SerialNumber, Slot, StationId,
};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Lists the actions: the name in the log, and a variant with its facts.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:literal $variant:ident {
        $($(#[$attribute:meta])* $field:ident: $type:ty,)*
    })*) => {
        /// What somebody did: a verb of the glossary and its object, with facts, and never a secret.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "action", content = "payload")]
        pub enum Action {
            $($(#[$doc])* #[serde(rename = $name)] $variant { $($(#[$attribute])* $field: $type,)* },)*
        }

        impl Action {
            /// As in the log.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)* }
            }

            /// All variants, for a test that none is left out.
            #[cfg(test)]
            const VARIANTS: &[&str] = &[$(stringify!($variant),)*];

            #[cfg(test)]
            fn variant(&self) -> &'static str {
                match self { $(Self::$variant { .. } => stringify!($variant),)* }
            }
        }
    };
}

/// The card job in which something was done, and its card.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InJob {
    pub card: CardNumber,
    pub job: JobId,
    pub kind: JobKind,
}

/// How the holder was known.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Through {
    Job { job: JobId, kind: JobKind },
    Way { way: &'static str },
}

/// A change of status by somebody's will.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatusFacts {
    /// None for a certificate of no card.
    pub card: Option<CardNumber>,
    pub serial: SerialNumber,
    pub role: ProfileName,
    /// Whose side.
    pub by: HoldBy,
    /// How the actor was known: `without_card`, `card`, `operator`.
    pub way: &'static str,
    pub reason: &'static str,
    /// What it is now.
    pub status: CertificateStatus,
}

actions! {
    "authority.found" FoundAuthority {
        authority: AuthorityId,
        generation: String,
        serial: String,
        /// Seconds since 1970.
        not_after: i64,
        #[serde(serialize_with = "hexadecimal")]
        sha256: CertificateDigest,
    }
    "authority.renew_responder" RenewResponder {
        generation: String,
        serial: String,
        /// Seconds since 1970.
        not_after: i64,
        #[serde(serialize_with = "hexadecimal")]
        sha256: CertificateDigest,
    }
    "station.enrol" EnrolStation { station: StationId, name: String, }
    "card.order" OrderCard { card: CardNumber, authority: AuthorityId, holder: HolderId, }
    /// A known holder is something else now, in the authority's terms.
    "holder.update" UpdateHolder { authority: AuthorityId, holder: HolderId, }
    "card.withdraw" WithdrawOrder { card: CardNumber, }
    /// A device is put to an order.
    "card.take" TakeDevice { card: CardNumber, device: u32, }
    "making.spoil" SpoilDevice { card: CardNumber, device: Option<u32>, }
    "making.release" ReleaseDevice { card: CardNumber, device: Option<u32>, }
    "card.personalise" PersonaliseCard { #[serde(flatten)] job: InJob, }
    /// Whether the objects of a blank card grow; where not, each was written in full size.
    "card.prepare" PrepareCard { #[serde(flatten)] job: InJob, grow: bool, }
    /// It passed the test before it leaves its station.
    "card.test" TestCard { #[serde(flatten)] job: InJob, }
    /// It cannot become a card here.
    "card.lack" FindLack { #[serde(flatten)] job: InJob, missing: Vec<Lack>, }
    "card.activate" ActivateCard { #[serde(flatten)] job: InJob, }
    /// Another address is named by the card's certificates; so called since when it was its holder's.
    "holder.set_email" SetCardEmail { #[serde(flatten)] job: InJob, }
    /// Not activated in time.
    "card.overdue" CardOverdue { card: CardNumber, outcome: &'static str, }
    "card_job.start" StartJob { #[serde(flatten)] job: InJob, }
    "card_job.succeed" SucceedJob { #[serde(flatten)] job: InJob, }
    "card_job.fail" FailJob { #[serde(flatten)] job: InJob, code: Code, }
    /// By a newer job of the same card.
    "card_job.fence" FenceJob { #[serde(flatten)] job: InJob, older: JobId, }
    /// With the device that it was made with.
    "card_job.fence" FenceJobOfDevice { card: CardNumber, older: JobId, }
    "key.attest" AttestKey { #[serde(flatten)] job: InJob, slot: Slot, right: bool, }
    "puk.settle" SettlePuk { #[serde(flatten)] job: InJob, version: PukVersion, state: PukState, }
    /// About to be sent.
    "puk.release" ReleasePuk { #[serde(flatten)] job: InJob, version: PukVersion, }
    /// About to be shown to the holder.
    "puk.show" ShowPuk { #[serde(flatten)] job: InJob, version: PukVersion, }
    "management_key.release" ReleaseManagementKey { #[serde(flatten)] job: InJob, }
    "management_key.answer" AnswerManagement { #[serde(flatten)] job: InJob, }
    "user_code.try" TryUserCode { card: CardNumber, #[serde(flatten)] through: Through, }
    "user_code.wrong" WrongUserCode { card: CardNumber, #[serde(flatten)] through: Through, tries_left: u8, }
    "user_code.send_link" SendUserCodeLink { card: CardNumber, }
    "user_code.set" SetUserCode { card: CardNumber, by: &'static str, }
    "contact.ask_change" AskContactChange { card: CardNumber, }
    "contact.change" ChangeContact { card: CardNumber, }
    "email.ask" AskEmailProof { card: CardNumber, }
    "email.prove" ProveEmail { card: CardNumber, }
    "publication.set" SetPublication { card: CardNumber, published: bool, }
    "session.begin" BeginSession {
        #[serde(skip_serializing_if = "Option::is_none")]
        card: Option<CardNumber>,
        authority: AuthorityId,
    }
    "session.end" EndSession {
        #[serde(skip_serializing_if = "Option::is_none")]
        card: Option<CardNumber>,
        authority: AuthorityId,
    }
    "certificate.issue" IssueCertificate {
        certificate: CertificateId,
        /// None for one that lies on no card.
        card: Option<CardNumber>,
        role: ProfileName,
        authority: AuthorityId,
        generation: String,
        serial: SerialNumber,
        job: RequestId,
        #[serde(serialize_with = "hexadecimal")]
        sha256: CertificateDigest,
    }
    "certificate.accept" AcceptCertificate { #[serde(flatten)] job: InJob, serial: SerialNumber, role: ProfileName, }
    /// Of one that lies on no card.
    "certificate.accept" AcceptOfNoCard {
        certificate: CertificateId,
        authority: AuthorityId,
        serial: SerialNumber,
        role: ProfileName,
    }
    "certificate.suspend" SuspendCertificate { #[serde(flatten)] facts: StatusFacts, }
    "certificate.resume" ResumeCertificate { #[serde(flatten)] facts: StatusFacts, }
    "certificate.revoke" RevokeCertificate { #[serde(flatten)] facts: StatusFacts, }
    /// A newer one has taken its place.
    "certificate.revoke" SupersedeCertificate {
        #[serde(flatten)]
        job: InJob,
        serial: SerialNumber,
        role: ProfileName,
        reason: RevocationReason,
    }
    /// Its device never becomes the card.
    "certificate.revoke" RevokeOfDevice {
        card: CardNumber,
        serial: SerialNumber,
        role: ProfileName,
        reason: RevocationReason,
    }
    "mail.give_up" GiveMailUp { mail: MailId, letter: String, authority: AuthorityId, }
}

impl Action {
    /// Its facts, a JSON object.
    ///
    /// # Panics
    /// Never: every fact is a word, a number or a text.
    pub fn payload(&self) -> Value {
        let mut whole = serde_json::to_value(self).expect("an action is JSON");
        whole["payload"].take()
    }
}

fn hexadecimal<S: Serializer>(digest: &CertificateDigest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaika_wire::CertificateRole;
    use std::collections::BTreeSet;
    use time::OffsetDateTime;

    /// The log as it is read: name and payload of every action.
    #[test]
    fn every_action_has_the_name_and_the_facts_that_it_always_had() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let card: CardNumber = "GC00000000000017".parse().expect("a number");
        let card = || card.clone();
        let authority = || "gca".parse::<AuthorityId>().expect("an authority");
        let serial = || SerialNumber::from_random([0x12; 16]);
        let job = || InJob { card: card(), job: JobId::new(now, [1; 10]), kind: JobKind::Activate };
        let facts = |card| StatusFacts {
            card,
            serial: serial(),
            role: CertificateRole::Signature.into(),
            by: HoldBy::Authority,
            way: "operator",
            reason: "lost",
            status: CertificateStatus::Suspended,
        };
        let holder = HolderId::new(now, [2; 10]);
        let role = || ProfileName::from(CertificateRole::Login);
        let by_job = || Through::Job { job: JobId::new(now, [1; 10]), kind: JobKind::Unlock };
        let actions = [
            Action::FoundAuthority {
                authority: authority(),
                generation: "gca-1".into(),
                serial: "7a".into(),
                not_after: 1,
                sha256: [0xab; 32].into(),
            },
            Action::RenewResponder {
                generation: "gca-1".into(),
                serial: "7a".into(),
                not_after: 1,
                sha256: [0xab; 32].into(),
            },
            Action::EnrolStation { station: StationId::new(now, [3; 10]), name: "櫃台 1".into() },
            Action::OrderCard { card: card(), authority: authority(), holder },
            Action::UpdateHolder { authority: authority(), holder },
            Action::WithdrawOrder { card: card() },
            Action::TakeDevice { card: card(), device: 7 },
            Action::SpoilDevice { card: card(), device: Some(7) },
            Action::ReleaseDevice { card: card(), device: None },
            Action::PersonaliseCard { job: job() },
            Action::PrepareCard { job: job(), grow: true },
            Action::TestCard { job: job() },
            Action::FindLack { job: job(), missing: vec![Lack::PinEachTime, Lack::ObjectSize] },
            Action::ActivateCard { job: job() },
            Action::SetCardEmail { job: job() },
            Action::CardOverdue { card: card(), outcome: "revoke" },
            Action::StartJob { job: job() },
            Action::SucceedJob { job: job() },
            Action::FailJob { job: job(), code: Code::PinLocked },
            Action::FenceJob { job: job(), older: JobId::new(now, [4; 10]) },
            Action::FenceJobOfDevice { card: card(), older: JobId::new(now, [4; 10]) },
            Action::AttestKey { job: job(), slot: Slot::Signature, right: true },
            Action::SettlePuk { job: job(), version: PukVersion(2), state: PukState::Current },
            Action::ReleasePuk { job: job(), version: PukVersion(2) },
            Action::ShowPuk { job: job(), version: PukVersion(2) },
            Action::ReleaseManagementKey { job: job() },
            Action::AnswerManagement { job: job() },
            Action::TryUserCode { card: card(), through: Through::Way { way: "without_card" } },
            Action::WrongUserCode { card: card(), through: by_job(), tries_left: 2 },
            Action::SendUserCodeLink { card: card() },
            Action::SetUserCode { card: card(), by: "mail" },
            Action::AskContactChange { card: card() },
            Action::ChangeContact { card: card() },
            Action::AskEmailProof { card: card() },
            Action::ProveEmail { card: card() },
            Action::SetPublication { card: card(), published: false },
            Action::BeginSession { card: Some(card()), authority: authority() },
            Action::EndSession { card: None, authority: authority() },
            Action::IssueCertificate {
                certificate: CertificateId::new(now, [5; 10]),
                card: Some(card()),
                role: role(),
                authority: authority(),
                generation: "gca-1".into(),
                serial: serial(),
                job: JobId::new(now, [1; 10]).into(),
                sha256: [0xab; 32].into(),
            },
            Action::AcceptCertificate { job: job(), serial: serial(), role: role() },
            Action::AcceptOfNoCard {
                certificate: CertificateId::new(now, [5; 10]),
                authority: authority(),
                serial: serial(),
                role: role(),
            },
            Action::SuspendCertificate { facts: facts(Some(card())) },
            Action::ResumeCertificate { facts: facts(None) },
            Action::RevokeCertificate { facts: facts(Some(card())) },
            Action::SupersedeCertificate {
                job: job(),
                serial: serial(),
                role: role(),
                reason: RevocationReason::Superseded,
            },
            Action::RevokeOfDevice {
                card: card(),
                serial: serial(),
                role: role(),
                reason: RevocationReason::CessationOfOperation,
            },
            Action::GiveMailUp {
                mail: MailId::new(now, [6; 10]),
                letter: "user_code_link".into(),
                authority: authority(),
            },
        ];
        let shown: BTreeSet<_> = actions.iter().map(Action::variant).collect();
        assert_eq!(shown, BTreeSet::from_iter(Action::VARIANTS.iter().copied()), "each of them once");
        let lines: String = actions.iter().map(|action| format!("{} {}\n", action.name(), action.payload())).collect();
        // One line for each; a line that is written otherwise is another fact for whoever reads the log.
        assert_eq!(lines, include_str!("actions.txt"), "\n{lines}");
    }
}
