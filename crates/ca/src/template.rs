//! From a policy and an order to what a certificate shall say.

use crate::core::{IssuingKey, pki_serial};
use crate::error;
use kaika_app::{
    authorities::{IssueError, IssueOrder},
    holders::subject_name,
};
use kaika_domain::authorities::{AuthorityKey, CertificateRules};
use kaika_domain::{authorities::Policy, cards::CardRank};
use kaika_pki::oid::Oid;
use kaika_pki::to_be_certified::{DirectoryAttributes, Issuer, Policies, Rank};
use kaika_pki::{Certificate, DistinguishedName, KeyAlgorithm, Profile, PublicKey, ToBeCertified};
use kaika_wire::{CertificateRole, SerialNumber};
use time::{Duration, OffsetDateTime};

/// Whether names and object identifiers of a policy can stand in certificates at all.
pub(crate) fn check(policy: &Policy) -> Result<(), IssueError> {
    subject_name(&policy.hierarchy.subject).map_err(error::lint)?;
    policies(&policy.certificates)?;
    oid(&policy.certificates.subject_type)?;
    Ok(())
}

pub(crate) fn profile(role: CertificateRole) -> Profile {
    match role {
        CertificateRole::Signature => Profile::Signature,
        CertificateRole::Encryption => Profile::Encryption,
        CertificateRole::Login => Profile::Login,
        CertificateRole::CardAuthentication => Profile::CardAuthentication,
    }
}

pub(crate) fn authority_algorithm(key: AuthorityKey) -> KeyAlgorithm {
    match key {
        AuthorityKey::P256 => KeyAlgorithm::P256,
        AuthorityKey::P384 => KeyAlgorithm::P384,
        AuthorityKey::Rsa2048 => KeyAlgorithm::Rsa2048,
        AuthorityKey::Rsa3072 => KeyAlgorithm::Rsa3072,
        AuthorityKey::Rsa4096 => KeyAlgorithm::Rsa4096,
    }
}

pub(crate) fn card_algorithm(key: kaika_wire::KeyAlgorithm) -> KeyAlgorithm {
    match key {
        kaika_wire::KeyAlgorithm::Rsa2048 => KeyAlgorithm::Rsa2048,
        kaika_wire::KeyAlgorithm::P256 => KeyAlgorithm::P256,
        kaika_wire::KeyAlgorithm::P384 => KeyAlgorithm::P384,
    }
}

/// A certificate for a card.
pub(crate) fn for_card(
    policy: &Policy,
    order: &IssueOrder,
    public_key: PublicKey,
    serial: &SerialNumber,
    key: &IssuingKey,
    now: OffsetDateTime,
) -> Result<ToBeCertified, IssueError> {
    let profile = profile(order.role);
    let IssuingKey { generation, certificate: issuer, .. } = key;
    let (not_before, not_after) = validity(policy, order, now, issuer)?;
    let names_holder = order.role != CertificateRole::CardAuthentication;
    Ok(ToBeCertified {
        profile,
        serial: pki_serial(serial),
        issuer: Issuer::of(issuer),
        subject: if names_holder {
            subject_name(&order.holder.subject).map_err(error::lint)?
        } else {
            card_subject(policy, order)?
        },
        public_key,
        not_before,
        not_after,
        policies: policies(&policy.certificates)?,
        directory: if names_holder { directory(policy, order)? } else { DirectoryAttributes::default() },
        email: order.email.clone().filter(|_| names_holder),
        crl_url: Some(generation.crl_url_for(serial)),
        ocsp_url: Some(generation.ocsp_url()),
        issuer_url: Some(generation.certificate_url()),
    })
}

fn validity(
    policy: &Policy,
    order: &IssueOrder,
    now: OffsetDateTime,
    issuer: &Certificate,
) -> Result<(OffsetDateTime, OffsetDateTime), IssueError> {
    let years = match order.role {
        CertificateRole::CardAuthentication => policy.card.identity_years,
        _ => policy.certificates.validity_years,
    };
    let last = last_second(now, years)?.min(issuer.not_after());
    Ok((now, order.not_after.map_or(last, |replaced| replaced.min(last))))
}

/// The card, and whose it is to issue: nobody's name (FIPS 201-3 §4.2.2.2).
fn card_subject(policy: &Policy, order: &IssueOrder) -> Result<DistinguishedName, IssueError> {
    let mut subject = organisation(&policy.hierarchy.subject);
    subject.push(("serialNumber".to_owned(), order.card.number.to_string()));
    subject_name(&subject).map_err(error::lint)
}

/// Country and organisation alone.
pub(crate) fn organisation(subject: &[(String, String)]) -> Vec<(String, String)> {
    subject.iter().filter(|(label, _)| label == "C" || label == "O").cloned().collect()
}

pub(crate) fn policies(rules: &CertificateRules) -> Result<Policies, IssueError> {
    let oids = rules.policies.iter().map(|text| oid(text)).collect::<Result<_, _>>()?;
    Ok(Policies { oids, cps_uri: rules.cps.clone() })
}

fn directory(policy: &Policy, order: &IssueOrder) -> Result<DirectoryAttributes, IssueError> {
    let organisation = &order.holder.organisation;
    let subject_type = organisation.subject_type.as_ref().unwrap_or(&policy.certificates.subject_type);
    Ok(DirectoryAttributes {
        subject_type: Some(oid(subject_type)?),
        rank: Some(match order.card.rank {
            CardRank::Primary => Rank::Primary,
            CardRank::Supplementary => Rank::Secondary,
        }),
        business_number: organisation.business_number.clone(),
        agency: organisation.agency_oid.as_deref().map(oid).transpose()?,
        card_number: Some(order.card.number.to_string()),
    })
}

fn oid(text: &str) -> Result<Oid, IssueError> {
    text.parse().map_err(|_| error::lint(format!("{text} is not an object identifier")))
}

/// The last second of so many calendar years that begin now.
pub(crate) fn last_second(now: OffsetDateTime, years: u16) -> Result<OffsetDateTime, IssueError> {
    let year = now.year() + i32::from(years);
    // The 29 February has no anniversary in most years.
    let end = now.replace_year(year).or_else(|_| now.replace_day(28).and_then(|day| day.replace_year(year)));
    Ok(end.map_err(error::lint)? - Duration::SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn years_are_calendar_years() {
        let check = |now, years, expected| assert_eq!(last_second(now, years).unwrap(), expected);
        check(datetime!(2026-11-20 08:00:00 UTC), 6, datetime!(2032-11-20 07:59:59 UTC));
        check(datetime!(2028-02-29 08:00:00 UTC), 1, datetime!(2029-02-28 07:59:59 UTC));
        check(datetime!(2028-02-29 00:00:00 UTC), 4, datetime!(2032-02-28 23:59:59 UTC));
        assert!(last_second(datetime!(2026-11-20 08:00:00 UTC), 9000).is_err());
    }
}
