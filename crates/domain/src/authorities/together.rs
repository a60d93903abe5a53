//! All authorities of an installation: each policy may be right by itself, and yet not beside the others.

use super::{Policy, PolicyError, Root, Roots};
use kaika_pki::DistinguishedName;
use kaika_wire::AuthorityId;
use std::{collections::BTreeMap, sync::Arc};

/// The file of the roots; every other one is an authority's policy.
pub const ROOTS_FILE: &str = "roots.toml";

/// Policies by authority, each shared by all that ask for it.
pub type Policies = BTreeMap<AuthorityId, Arc<Policy>>;

/// Policies and roots that go together.
#[derive(Clone, Debug)]
pub struct Authorities {
    pub policies: Policies,
    pub roots: Vec<Root>,
}

#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    #[error("{file} is not right")]
    Alone { file: String, source: PolicyError },
    /// What does not go together: each names the files and what is to be done.
    #[error("{}", .0.join("; "))]
    Together(Vec<String>),
}

impl Authorities {
    /// `files`: the name and the text of each. `reserved`: what the server has at its addresses beside authorities, as
    /// the first part of a path.
    ///
    /// # Errors
    /// A file is not right by itself, or not beside the others.
    pub fn parse(files: &[(String, String)], reserved: &[&str]) -> Result<Self, AuthoritiesError> {
        let mut roots = Vec::new();
        let mut policies = Vec::new();
        for (file, text) in files {
            let wrong = |source| AuthoritiesError::Alone { file: file.clone(), source };
            if file == ROOTS_FILE {
                roots = Roots::parse(text).map_err(wrong)?;
            } else {
                policies.push((file.as_str(), Policy::parse(text).map_err(wrong)?));
            }
        }
        let complaints = complaints(&policies, &roots, reserved);
        if !complaints.is_empty() {
            return Err(AuthoritiesError::Together(complaints));
        }
        let by_id = |(_, policy): (_, Policy)| (policy.id.clone(), Arc::new(policy));
        Ok(Self { policies: policies.into_iter().map(by_id).collect(), roots })
    }

    /// Whether an authority's certificates say that they are for tests.
    pub fn has_tests(&self) -> bool {
        self.policies.values().any(|policy| policy.is_test())
    }
}

fn complaints(policies: &[(&str, Policy)], roots: &[Root], reserved: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    if policies.is_empty() {
        found.push("there is no policy; each authority has a file of its own".to_owned());
    }
    let of_policies = || policies.iter().map(|(file, policy)| (*file, policy));
    for (file, policy) in of_policies() {
        if reserved.contains(&policy.id.as_str()) {
            let id = &policy.id;
            found.push(format!("{file}: the server has something else at /{id}; give the authority another id"));
        }
        let root = &policy.hierarchy.root;
        if !roots.iter().any(|known| known.id == *root) {
            found.push(format!("{file}: {ROOTS_FILE} has no root {root}; add it there, or correct hierarchy.root"));
        }
    }

    // Keys, lists and OCSP of roots and authorities have the id in their names.
    let of_roots = || roots.iter().map(|root| (ROOTS_FILE, root));
    let ids = of_policies().map(|(file, policy)| (file, policy.id.to_string()));
    let ids = ids.chain(of_roots().map(|(file, root)| (file, root.id.to_string())));
    for (id, files) in shared(ids) {
        found.push(format!("{files}: both have the id {id}; give one of them another"));
    }
    // By the name of its issuer a certificate says whose it is (RFC 5280 §4.1.2.4).
    let subjects = of_policies().map(|(file, policy)| (file, compared(&policy.hierarchy.subject)));
    let subjects = subjects.chain(of_roots().map(|(file, root)| (file, compared(&root.subject))));
    for (subject, files) in shared(subjects) {
        found.push(format!("{files}: certificates call both {subject}; give one of them another subject"));
    }
    // By its number a card's authority is found.
    let prefixes = of_policies().flat_map(|(file, policy)| {
        let mut prefixes = policy.card.number_prefixes.clone();
        prefixes.sort();
        prefixes.dedup();
        prefixes.into_iter().map(move |prefix| (file, prefix))
    });
    for (prefix, files) in shared(prefixes) {
        found.push(format!(
            "{files}: card numbers of both begin with {prefix}; give one of them other card.number_prefixes"
        ));
    }
    // Holders choose their authority by its name.
    for language in [|policy: &Policy| policy.name.zh.clone(), |policy: &Policy| policy.name.en.clone()] {
        for (name, files) in shared(of_policies().map(|(file, policy)| (file, language(policy)))) {
            found.push(format!("{files}: both have the name {name}; give one of them another"));
        }
    }
    found
}

/// What more than one has, with all that have it.
fn shared<'f>(all: impl Iterator<Item = (&'f str, String)>) -> impl Iterator<Item = (String, String)> {
    let mut by_value: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (file, value) in all {
        by_value.entry(value).or_default().push(file);
    }
    by_value.into_iter().filter(|(_, files)| files.len() > 1).map(|(value, files)| (value, files.join(" and ")))
}

/// A name as verifiers compare it: without regard to case and to how many spaces there are (RFC 5280 §7.1).
fn compared(subject: &DistinguishedName) -> String {
    let value = |value: &str| value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let parts = subject.labelled().map(|(label, text)| format!("{}={}", label.to_uppercase(), value(text)));
    parts.collect::<Vec<_>>().join(",")
}
