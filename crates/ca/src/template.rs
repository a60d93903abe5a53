//! From a policy and an order to what a certificate shall say.

use crate::core::{IssuingKey, pki_serial};
use crate::error;
use kaika_app::authorities::{IssueError, IssueOrder};
use kaika_domain::authorities::{AuthorityKey, CertificateRules, Keys, Policy, Profile as Rules, Usage};
use kaika_domain::cards::{Card, CardRank};
use kaika_pki::name::Attribute;
use kaika_pki::oid::Oid;
use kaika_pki::to_be_certified::{DirectoryAttributes, Issuer, Policies, Rank};
use kaika_pki::{DistinguishedName, KeyAlgorithm, Profile, PublicKey, ToBeCertified};
use kaika_wire::SerialNumber;
use time::{Duration, OffsetDateTime};

/// Whether names and object identifiers of a policy can stand in certificates at all.
pub(crate) fn check(policy: &Policy) -> Result<(), IssueError> {
    policies(&policy.certificates)?;
    oid(&policy.certificates.subject_type)?;
    for profile in policy.profile_names().filter_map(|name| policy.profile(&name)) {
        oids(profile.policies)?;
        oid(profile.subject_type)?;
    }
    Ok(())
}

fn profile(usage: Usage) -> Profile {
    match usage {
        Usage::Signature => Profile::Signature,
        Usage::Encryption => Profile::Encryption,
        Usage::Login => Profile::Login,
        Usage::CardAuthentication => Profile::CardAuthentication,
    }
}

/// Which keys are certified.
pub(crate) fn key_algorithms(keys: Keys<'_>) -> Vec<KeyAlgorithm> {
    match keys {
        Keys::OfCards(key) => vec![card_algorithm(key)],
        Keys::OneOf(keys) => keys.iter().map(|key| authority_algorithm(*key)).collect(),
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

fn card_algorithm(key: kaika_wire::KeyAlgorithm) -> KeyAlgorithm {
    match key {
        kaika_wire::KeyAlgorithm::Rsa2048 => KeyAlgorithm::Rsa2048,
        kaika_wire::KeyAlgorithm::P256 => KeyAlgorithm::P256,
        kaika_wire::KeyAlgorithm::P384 => KeyAlgorithm::P384,
    }
}

/// A certificate for a holder, or for a holder's card.
pub(crate) fn ordered(
    policy: &Policy,
    order: &IssueOrder,
    public_key: PublicKey,
    serial: &SerialNumber,
    key: &IssuingKey,
    now: OffsetDateTime,
) -> Result<ToBeCertified, IssueError> {
    let rules = rules(policy, order)?;
    let IssuingKey { generation, certificate: issuer, .. } = key;
    let last = last_second(now, rules.validity_years)?.min(issuer.not_after());
    let holder = &order.applicant.holder;
    let names_holder = rules.usage != Usage::CardAuthentication;
    Ok(ToBeCertified {
        profile: profile(rules.usage),
        serial: pki_serial(serial),
        issuer: Issuer::of(issuer),
        subject: match order.card() {
            Some(card) if !names_holder => card_subject(policy, card)?,
            _ => holder.subject.clone(),
        },
        public_key,
        not_before: now,
        not_after: order.not_after.map_or(last, |replaced| replaced.min(last)),
        policies: Policies { oids: oids(rules.policies)?, cps_uri: policy.certificates.cps.clone() },
        directory: if names_holder { directory(&rules, order)? } else { DirectoryAttributes::default() },
        email: order.applicant.email.as_ref().filter(|_| names_holder).map(|email| email.as_str().to_owned()),
        crl_url: Some(generation.crl_url_for(serial)),
        ocsp_url: Some(generation.ocsp_url()),
        issuer_url: Some(generation.certificate_url()),
    })
}

/// What the order's profile says, where it is one of the authority and for such a place.
pub(crate) fn rules<'p>(policy: &'p Policy, order: &IssueOrder) -> Result<Rules<'p>, IssueError> {
    let none = || error::lint(format!("{} issues no {} certificate", policy.id, order.profile));
    let rules = policy.profile(&order.profile).ok_or_else(none)?;
    match rules.is_on_card == order.card().is_some() {
        true => Ok(rules),
        false if rules.is_on_card => Err(error::lint(format!("a {} certificate lies on a card", order.profile))),
        false => Err(error::lint(format!("a {} certificate lies on no card", order.profile))),
    }
}

/// The card, and whose it is to issue: nobody's name (FIPS 201-3 §4.2.2.2).
fn card_subject(policy: &Policy, card: &Card) -> Result<DistinguishedName, IssueError> {
    below(&policy.hierarchy.subject, Attribute::SerialNumber, card.number.as_str())
}

/// What belongs to an authority: its country and organisation, and what the thing itself is called.
pub(crate) fn below(
    authority: &DistinguishedName,
    attribute: Attribute,
    value: &str,
) -> Result<DistinguishedName, IssueError> {
    let attributes = authority.attributes().iter().map(|(attribute, value)| (*attribute, value.as_str()));
    let organisation =
        attributes.filter(|(attribute, _)| matches!(attribute, Attribute::Country | Attribute::Organization));
    DistinguishedName::new(organisation.chain([(attribute, value)])).map_err(error::lint)
}

pub(crate) fn policies(rules: &CertificateRules) -> Result<Policies, IssueError> {
    Ok(Policies { oids: oids(&rules.policies)?, cps_uri: rules.cps.clone() })
}

fn oids(texts: &[String]) -> Result<Vec<Oid>, IssueError> {
    texts.iter().map(|text| oid(text)).collect()
}

fn directory(rules: &Rules<'_>, order: &IssueOrder) -> Result<DirectoryAttributes, IssueError> {
    let organisation = &order.applicant.holder.organisation;
    Ok(DirectoryAttributes {
        subject_type: Some(oid(organisation.subject_type.as_deref().unwrap_or(rules.subject_type))?),
        rank: order.card().map(|card| match card.rank {
            CardRank::Primary => Rank::Primary,
            CardRank::Supplementary => Rank::Secondary,
        }),
        business_number: organisation.business_number.clone(),
        agency: organisation.agency_oid.as_deref().map(oid).transpose()?,
        card_number: order.card().map(|card| card.number.to_string()),
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
