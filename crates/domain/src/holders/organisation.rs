//! 機關: which holders belong together. What names an organisation is the policy's; equal names are one organisation.

use super::{collation::collated, holder::plain};
use crate::authorities::{OrganisationRules, Policy};
use kaika_pki::DistinguishedName;
use kaika_wire::{HolderName, run_together};

/// A holder's place: in which organisation, and where within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The same for all holders of one organisation, and for no others: authority and name, folded as names are that
    /// people type.
    pub key: String,
    /// The holder in a list of its organisation: what the subject has beyond the organisation's name, or that name.
    pub holder: String,
    /// By what the list is sorted: no two names have the same.
    pub sorted_by: String,
}

impl Membership {
    /// None where the authority has no organisations, or the subject names none.
    pub fn of(policy: &Policy, subject: &DistinguishedName) -> Option<Self> {
        let split = Split::of(policy.organisation.as_ref()?, subject)?;
        let mut key = policy.id.to_string();
        for (label, value) in &split.organisation {
            // A folded name has no spaces: nothing in a name looks like another attribute.
            key += &format!("\n{label}={}", plain(value));
        }
        let within = HolderName::of(split.within.iter().copied());
        let holder = within.map_or_else(|| split.name(), |within| within.whole());
        Some(Self { key, sorted_by: collated(&holder), holder })
    }
}

/// The organisation's name as people know it; none as with [`Membership::of`].
pub fn organisation_name(policy: &Policy, subject: &DistinguishedName) -> Option<String> {
    Split::of(policy.organisation.as_ref()?, subject).map(|split| split.name())
}

struct Split<'s> {
    /// By the rules' labels, in their order.
    organisation: Vec<(&'s str, &'s str)>,
    /// What else the subject has.
    within: Vec<(&'s str, &'s str)>,
}

impl<'s> Split<'s> {
    fn of(rules: &OrganisationRules, subject: &'s DistinguishedName) -> Option<Self> {
        let mut rest: Vec<_> = subject.labelled().collect();
        let mut organisation = Vec::new();
        for named_by in &rules.named_by {
            if let Some(at) = rest.iter().position(|(label, _)| label == named_by) {
                organisation.push(rest.remove(at));
            }
        }
        organisation.iter().any(|(label, _)| *label == "O").then_some(Self { organisation, within: rest })
    }

    fn name(&self) -> String {
        let names = self.organisation.iter().filter(|(label, _)| !matches!(*label, "C" | "L"));
        run_together(&names.map(|(_, value)| *value).collect::<Vec<_>>())
    }
}
