//! What card and portal tell of a card before anything is typed: how it stands, what is to be done about it, and which
//! jobs cannot succeed.

use crate::words::written_day;
use kaika_card::Retries;
use kaika_texts::{FluentValue, Language, explain, text};
use kaika_wire::{
    CardInformation, CertificateRole, CertificateStatus, Code, Input, IssuedCertificate, JobKind, Refusal,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// From this many days before the end its holder is reminded of it.
const REMINDED: i64 = 60;

/// How a card stands, as far as its holder has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Good,
    /// Valid for some weeks more.
    Ending,
    NotActivated,
    /// Not activated, and not to be activated here, or not any more.
    NotToBeActivated,
    Suspended,
    PinLocked,
    /// The PIN works; a forgotten one cannot be reset.
    PukLocked,
    /// PIN and PUK are locked.
    Blocked,
    /// Some certificates can be used, others not.
    Partly,
    Expired,
    Revoked,
}

/// How a card stands, and what helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    pub standing: Standing,
    /// The job that helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobKind>,
    /// Why the job that would help cannot be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<Refusal>,
    /// Until the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
    /// Before this it is to be activated.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub activate_by: Option<OffsetDateTime>,
    /// Whether it may be needed for what was encrypted for its holder.
    #[serde(default)]
    pub opens: bool,
    /// Whom its holder may call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

impl Advice {
    pub(crate) fn of(
        information: &CardInformation,
        certificates: &[IssuedCertificate],
        tries: Option<Retries>,
        now: OffsetDateTime,
    ) -> Self {
        let standing = standing(information, certificates, tries, now);
        let helps = match standing {
            Standing::NotActivated | Standing::NotToBeActivated => Some(JobKind::Activate),
            Standing::Suspended => Some(JobKind::Resume),
            Standing::PinLocked => Some(JobKind::Unlock),
            _ => None,
        };
        let instead = helps.and_then(|kind| information.not_now.get(&kind)).cloned();
        Self {
            standing,
            job: helps.filter(|_| instead.is_none()),
            instead,
            days_left: (standing == Standing::Ending).then(|| days_left(information, now)),
            activate_by: information.activate_by.filter(|_| standing == Standing::NotActivated),
            opens: certificates.iter().any(|certificate| certificate.role == CertificateRole::Encryption),
            contact: information.contact.clone(),
        }
    }

    /// What is the matter, and what is to be done.
    pub(crate) fn words(&self, language: Language) -> (String, String) {
        let instead = self.instead.as_ref().map(|refusal| explain(language, refusal.clone()));
        let key = format!("advice-{}", self.standing.word());
        let job = self.job.map(|kind| text(language, &format!("job-{}", kind.as_str()), &[]));
        let date = self.activate_by.map(|by| written_day(language, by));
        let arguments: [(&'static str, FluentValue); 5] = [
            ("contact", self.contact.clone().unwrap_or_else(|| "unknown".to_owned()).into()),
            ("job", job.unwrap_or_else(|| "none".to_owned()).into()),
            ("days", self.days_left.unwrap_or_default().into()),
            ("opens", if self.opens { "yes" } else { "no" }.into()),
            ("date", date.unwrap_or_else(|| "unknown".to_owned()).into()),
        ];
        match (self.standing, instead) {
            (Standing::NotToBeActivated, Some(instead)) => (instead.message, instead.next_step),
            (_, Some(instead)) => (text(language, &key, &arguments), instead.next_step),
            (_, None) => (text(language, &key, &arguments), text(language, &format!("{key}.next"), &arguments)),
        }
    }

    /// How serious it is, as the style of a notice.
    pub(crate) fn class(&self) -> &'static str {
        match self.standing {
            Standing::Good => "notice-success",
            Standing::Ending
            | Standing::NotActivated
            | Standing::Suspended
            | Standing::PinLocked
            | Standing::PukLocked
            | Standing::Partly => "notice-warning",
            Standing::NotToBeActivated | Standing::Blocked | Standing::Expired | Standing::Revoked => "notice-error",
        }
    }
}

impl Standing {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Ending => "ending",
            Self::NotActivated | Self::NotToBeActivated => "not_activated",
            Self::Suspended => "suspended",
            Self::PinLocked => "pin_locked",
            Self::PukLocked => "puk_locked",
            Self::Blocked => "blocked",
            Self::Partly => "partly",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

fn standing(
    information: &CardInformation,
    certificates: &[IssuedCertificate],
    tries: Option<Retries>,
    now: OffsetDateTime,
) -> Standing {
    if !information.activated {
        return match information.not_now.contains_key(&JobKind::Activate) {
            true => Standing::NotToBeActivated,
            false => Standing::NotActivated,
        };
    }
    let locked = |tries: Option<u8>| tries == Some(0);
    match (of_certificates(certificates), tries) {
        (Some(standing), _) => standing,
        (None, Some(Retries { pin, puk })) if locked(pin) && locked(puk) => Standing::Blocked,
        (None, Some(Retries { pin, .. })) if locked(pin) => Standing::PinLocked,
        (None, _) if days_left(information, now) <= REMINDED => Standing::Ending,
        (None, Some(Retries { puk, .. })) if locked(puk) => Standing::PukLocked,
        (None, _) => Standing::Good,
    }
}

/// What keeps the holder's certificates from being used; none where nothing does.
fn of_certificates(certificates: &[IssuedCertificate]) -> Option<Standing> {
    let holders = certificates.iter().filter(|certificate| certificate.role != CertificateRole::CardAuthentication);
    let statuses: Vec<CertificateStatus> = holders.filter_map(|certificate| certificate.status).collect();
    let all = |status| statuses.iter().all(|one| *one == status);
    let any = |status| statuses.contains(&status);
    if statuses.is_empty() || all(CertificateStatus::Valid) {
        return None;
    }
    if any(CertificateStatus::Valid) {
        return Some(Standing::Partly);
    }
    if any(CertificateStatus::Suspended) {
        return Some(Standing::Suspended);
    }
    match (any(CertificateStatus::Expired), any(CertificateStatus::Revoked)) {
        (true, false) => Some(Standing::Expired),
        (_, true) => Some(Standing::Revoked),
        (false, false) => Some(Standing::Partly),
    }
}

/// Whole days; a part of one is none.
fn days_left(information: &CardInformation, now: OffsetDateTime) -> i64 {
    (information.not_after - now).max(Duration::ZERO).whole_days()
}

/// Why a job of this kind cannot succeed with the card, as far as the portal says so, and the card by its tries left. A
/// card that tells none may have some.
pub(crate) fn unfit(kind: JobKind, information: Option<&CardInformation>, tries: Option<Retries>) -> Option<Refusal> {
    if let Some(refusal) = information.and_then(|information| information.not_now.get(&kind)) {
        return Some(refusal.clone());
    }
    let Retries { pin, puk } = tries?;
    let contact = information.and_then(|information| information.contact.clone());
    let blocked = |tries_left| Some(Refusal { tries_left, contact: contact.clone(), ..Code::PukBlocked.into() });
    match kind {
        // The tries of a PIN that nobody has set yet mean nothing.
        JobKind::Activate if puk == Some(0) => blocked(None),
        JobKind::Unlock if puk == Some(0) => blocked(pin),
        kind if pin == Some(0) && kind.inputs().contains(&Input::Pin) => {
            if information.is_some_and(|information| !information.activated) {
                return Some(Refusal { contact, ..Code::NotActivated.into() });
            }
            match puk {
                Some(0) => blocked(pin),
                _ => Some(Refusal { contact, ..Code::PinLocked.into() }),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaika_wire::SerialNumber;
    use std::collections::BTreeMap;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);

    fn information() -> CardInformation {
        CardInformation {
            activated: true,
            not_now: BTreeMap::from([(JobKind::Activate, Code::AlreadyActivated.into())]),
            cards: Vec::new(),
            holder: "C=TW".to_owned(),
            not_before: NOW - Duration::days(100),
            not_after: NOW + Duration::days(1000),
            activate_by: None,
            contact: Some("(02) 1234-5678".to_owned()),
        }
    }

    fn unopened() -> CardInformation {
        let activate_by = Some(datetime!(2027-02-27 15:59:59 UTC));
        CardInformation { activated: false, not_now: BTreeMap::new(), activate_by, ..information() }
    }

    fn certificates(statuses: &[CertificateStatus]) -> Vec<IssuedCertificate> {
        let holders = CertificateRole::ALL.into_iter().filter(|role| *role != CertificateRole::CardAuthentication);
        let with = |(role, status): (CertificateRole, &CertificateStatus)| IssuedCertificate {
            role,
            slot: role.slot(),
            serial: SerialNumber::from_be_bytes(&[1]).unwrap(),
            status: Some(*status),
            pem: String::new(),
        };
        holders.zip(statuses.iter().cycle()).map(with).collect()
    }

    fn tries(pin: u8, puk: u8) -> Option<Retries> {
        Some(Retries { pin: Some(pin), puk: Some(puk) })
    }

    #[test]
    fn each_card_is_told_how_it_stands_and_what_helps() {
        use CertificateStatus::{Expired, Held, Revoked, Suspended, Valid};
        let barring = |kind: JobKind, code: Code, information: CardInformation| CardInformation {
            not_now: BTreeMap::from([(kind, code.into())]),
            ..information
        };
        let ending = |days| CardInformation { not_after: NOW + Duration::days(days), ..information() };
        let elsewhere = barring(JobKind::Unlock, Code::UnlockedElsewhere, information());
        let over = barring(JobKind::Activate, Code::ActivationPeriodOver, unopened());
        let no_resuming = barring(JobKind::Resume, Code::ChangedElsewhere, information());
        for (information, statuses, tries, standing, job) in [
            (information(), &[Valid][..], tries(3, 3), Standing::Good, None),
            (information(), &[Valid], None, Standing::Good, None),
            (ending(61), &[Valid], tries(3, 3), Standing::Good, None),
            (ending(60), &[Valid], tries(3, 3), Standing::Ending, None),
            (ending(60), &[Valid], tries(0, 3), Standing::PinLocked, Some(JobKind::Unlock)),
            (information(), &[Valid], tries(0, 3), Standing::PinLocked, Some(JobKind::Unlock)),
            (elsewhere, &[Valid], tries(0, 3), Standing::PinLocked, None),
            (information(), &[Valid], tries(0, 0), Standing::Blocked, None),
            (information(), &[Valid], tries(3, 0), Standing::PukLocked, None),
            (information(), &[Suspended], tries(3, 3), Standing::Suspended, Some(JobKind::Resume)),
            (no_resuming, &[Suspended], tries(3, 3), Standing::Suspended, None),
            (information(), &[Expired], tries(0, 0), Standing::Expired, None),
            (information(), &[Revoked], tries(3, 3), Standing::Revoked, None),
            (information(), &[Expired, Revoked], tries(3, 3), Standing::Revoked, None),
            (information(), &[Valid, Revoked], tries(3, 3), Standing::Partly, None),
            (unopened(), &[Held], tries(0, 3), Standing::NotActivated, Some(JobKind::Activate)),
            (over, &[Held], tries(0, 3), Standing::NotToBeActivated, None),
        ] {
            let advice = Advice::of(&information, &certificates(statuses), tries, NOW);
            assert_eq!((advice.standing, advice.job), (standing, job), "{statuses:?} {tries:?}");
            assert_eq!(advice.class() == "notice-success", standing == Standing::Good, "{standing:?}");
            for language in Language::ALL {
                let (message, next) = advice.words(language);
                assert!(!message.is_empty() && !next.is_empty(), "{standing:?}");
                let named = job.map(|kind| text(language, &format!("job-{}", kind.as_str()), &[]));
                assert!(named.is_none_or(|name| next.contains(&name)), "{standing:?}: {next}");
                assert!(!next.contains("unknown") && !next.contains("none"), "{next}");
                let decrypts = ["解密", "decrypt"].iter().any(|word| next.contains(word));
                assert!(!decrypts || advice.opens, "{standing:?}: {next}");
                let without = Advice { opens: false, ..advice.clone() }.words(language).1;
                assert!(!["解密", "decrypt"].iter().any(|word| without.contains(word)), "{without}");
                if matches!(standing, Standing::Blocked | Standing::Expired | Standing::Revoked) {
                    assert!(next.contains("1234-5678"), "{next}");
                }
            }
        }
        let told = |information: &CardInformation| Advice::of(information, &[], None, NOW).words(Language::ZhTw);
        assert!(told(&ending(38)).0.contains("38 天"), "{:?}", told(&ending(38)));
        assert!(told(&unopened()).1.contains("2027-02-27（民國116年2月27日）"), "{:?}", told(&unopened()));
    }

    #[test]
    fn what_cannot_succeed_is_known_by_the_tries_left() {
        for (kind, tries, code) in [
            (JobKind::Unlock, tries(0, 0), Some(Code::PukBlocked)),
            (JobKind::Unlock, tries(0, 1), None),
            (JobKind::Unlock, tries(3, 0), Some(Code::PukBlocked)),
            (JobKind::ChangePin, tries(0, 3), Some(Code::PinLocked)),
            (JobKind::ChangePin, tries(0, 0), Some(Code::PukBlocked)),
            (JobKind::ChangePin, tries(1, 0), None),
            (JobKind::Login, tries(0, 3), Some(Code::PinLocked)),
            (JobKind::Test, tries(0, 3), Some(Code::PinLocked)),
            (JobKind::Rewrite, tries(0, 3), Some(Code::PinLocked)),
            (JobKind::SetEmail, tries(0, 3), Some(Code::PinLocked)),
            (JobKind::Check, tries(0, 0), None),
            (JobKind::Suspend, tries(0, 0), None),
            (JobKind::Activate, tries(0, 3), None),
            (JobKind::Activate, tries(0, 0), Some(Code::PukBlocked)),
            // Not every card tells.
            (JobKind::Unlock, None, None),
            (JobKind::ChangePin, Some(Retries { pin: None, puk: None }), None),
        ] {
            let told = |information| unfit(kind, information, tries).map(|refusal| refusal.code);
            assert_eq!(told(None), code, "{kind:?} {tries:?}");
            if kind != JobKind::Activate {
                assert_eq!(told(Some(&information())), code, "{kind:?} {tries:?}");
            }
        }
        let change = unfit(JobKind::ChangePin, Some(&unopened()), tries(0, 3)).unwrap();
        assert_eq!(change.code, Code::NotActivated, "it is not that somebody typed a wrong one");
        let portals = unfit(JobKind::Activate, Some(&information()), tries(0, 0)).unwrap();
        assert_eq!(portals.code, Code::AlreadyActivated, "the portal's word comes first");
    }
}
