//! What a card's certificates would be, before there are keys: built at their longest, linted, and forgotten.

use crate::core::Core;
use crate::{error, template};
use kaika_app::authorities::{Applicant, Foreseen, Generation, IssueError};
use kaika_domain::authorities::ProfileName;
use kaika_domain::cards::Card;
use kaika_pki::Certificate;
use kaika_pki::lint::{Expected, PIV_CERTIFICATE_LIMIT, lint};
use kaika_wire::SerialNumber;

impl Core {
    pub(crate) async fn foresee(&self, applicant: &Applicant, card: &Card) -> Result<Foreseen, IssueError> {
        let policy = self.policies.get(&applicant.authority).ok_or(IssueError::UnknownAuthority)?;
        let generation = self.newest_generation(&applicant.authority).await?.ok_or(IssueError::UnknownAuthority)?;
        let issuer = Certificate::from_der(&generation.certificate).map_err(error::unreadable)?;
        let now = self.now();
        let ends = template::last_second(now, policy.certificates.validity_years)?;
        let foreseen = Foreseen { generation: generation.name(), until: issuer.not_after(), ends };
        if foreseen.until < now {
            return Ok(foreseen);
        }
        let key = template::card_algorithm(policy.card.key).dummy_key();
        for profile in policy.roles().map(ProfileName::from) {
            let wish = template::Wish { applicant, profile: &profile, card: Some(card), not_after: None };
            let serial = longest_serial(&generation);
            let shall = template::ordered(policy, &wish, key.clone(), &serial, (&generation, &issuer), now)?;
            let expected = Expected { profile: shall.profile, issuer: Some(&issuer), max_len: PIV_CERTIFICATE_LIMIT };
            error::of_order(&profile, &shall, &lint(&shall.to_tbs().map_err(error::lint)?, &expected))?;
        }
        Ok(foreseen)
    }
}

/// Numbers of ours have one length; this one's list has the longest address.
fn longest_serial(generation: &Generation) -> SerialNumber {
    let mut random = [0; 16];
    random[12..].copy_from_slice(&(generation.shards.max(1) - 1).to_le_bytes());
    SerialNumber::from_random(random)
}
