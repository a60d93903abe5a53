//! From a policy and an order to what a certificate shall say.

use crate::core::pki_serial;
use crate::error;
use kaika_app::authorities::{Applicant, Generation, IssueError, IssueOrder};
use kaika_domain::authorities::{AuthorityKey, CertificateRules, Keys, Policy, Profile as Rules, ProfileName, Usage};
use kaika_domain::cards::{Card, CardRank};
use kaika_domain::kernel::BACKDATED;
use kaika_pki::name::Attribute;
use kaika_pki::oid::Oid;
use kaika_pki::to_be_certified::{DirectoryAttributes, Issuer, Policies, Rank};
use kaika_pki::{Certificate, DistinguishedName, KeyAlgorithm, Profile, PublicKey, ToBeCertified};
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

pub(crate) fn card_algorithm(key: kaika_wire::KeyAlgorithm) -> KeyAlgorithm {
    match key {
        kaika_wire::KeyAlgorithm::Rsa2048 => KeyAlgorithm::Rsa2048,
        kaika_wire::KeyAlgorithm::P256 => KeyAlgorithm::P256,
        kaika_wire::KeyAlgorithm::P384 => KeyAlgorithm::P384,
    }
}

/// What a certificate follows from, beside policy, key and time.
pub(crate) struct Wish<'a> {
    pub(crate) applicant: &'a Applicant,
    pub(crate) profile: &'a ProfileName,
    /// None: it lies on no card.
    pub(crate) card: Option<&'a Card>,
    /// The end of the one that it replaces.
    pub(crate) not_after: Option<OffsetDateTime>,
}

impl<'a> From<&'a IssueOrder> for Wish<'a> {
    fn from(order: &'a IssueOrder) -> Self {
        let IssueOrder { applicant, profile, not_after, .. } = order;
        Self { applicant, profile, card: order.card(), not_after: *not_after }
    }
}

/// A certificate for a holder, or for a holder's card.
pub(crate) fn ordered(
    policy: &Policy,
    wish: &Wish<'_>,
    public_key: PublicKey,
    serial: &SerialNumber,
    (generation, issuer): (&Generation, &Certificate),
    now: OffsetDateTime,
) -> Result<ToBeCertified, IssueError> {
    let rules = rules(policy, wish)?;
    let last = last_second(now, rules.validity_years)?.min(issuer.not_after());
    let Applicant { holder, email, .. } = wish.applicant;
    let names_holder = rules.usage != Usage::CardAuthentication;
    Ok(ToBeCertified {
        profile: profile(rules.usage),
        serial: pki_serial(serial),
        issuer: Issuer::of(issuer),
        subject: match wish.card {
            Some(card) if !names_holder => card_subject(policy, card)?,
            _ => holder.subject.clone(),
        },
        public_key,
        not_before: (now - BACKDATED).max(issuer.not_before()),
        not_after: wish.not_after.map_or(last, |replaced| replaced.min(last)),
        policies: Policies { oids: oids(rules.policies)?, cps_uri: policy.certificates.cps.clone() },
        directory: if names_holder { directory(&rules, wish)? } else { DirectoryAttributes::default() },
        email: email.as_ref().filter(|_| names_holder).map(|email| email.as_str().to_owned()),
        crl_url: Some(generation.crl_url_for(serial)),
        ocsp_url: Some(generation.ocsp_url()),
        issuer_url: Some(generation.certificate_url()),
    })
}

/// What the profile says, where it is one of the authority and for such a place.
pub(crate) fn rules<'p>(policy: &'p Policy, wish: &Wish<'_>) -> Result<Rules<'p>, IssueError> {
    let none = || error::lint(format!("{} issues no {} certificate", policy.id, wish.profile));
    let rules = policy.profile(wish.profile).ok_or_else(none)?;
    match rules.is_on_card == wish.card.is_some() {
        true => Ok(rules),
        false if rules.is_on_card => Err(error::lint(format!("a {} certificate lies on a card", wish.profile))),
        false => Err(error::lint(format!("a {} certificate lies on no card", wish.profile))),
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

fn directory(rules: &Rules<'_>, wish: &Wish<'_>) -> Result<DirectoryAttributes, IssueError> {
    let organisation = &wish.applicant.holder.organisation;
    Ok(DirectoryAttributes {
        subject_type: Some(oid(organisation.subject_type.as_deref().unwrap_or(rules.subject_type))?),
        rank: wish.card.map(|card| match card.rank {
            CardRank::Primary => Rank::Primary,
            CardRank::Supplementary => Rank::Secondary,
        }),
        business_number: organisation.business_number.clone(),
        agency: organisation.agency_oid.as_deref().map(oid).transpose()?,
        card_number: wish.card.map(|card| card.number.to_string()),
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
