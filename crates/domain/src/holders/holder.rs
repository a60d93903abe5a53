//! Who holds cards and certificates of an authority.

use super::naming::Naming;
use kaika_pki::DistinguishedName;
use kaika_wire::{AuthorityId, HolderId, is_dash, is_invisible, said_name};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use unicode_normalization::UnicodeNormalization;

/// 卡片持有者: who holds cards of one authority. There is one for each subject, octet by octet, whatever is ordered for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub id: HolderId,
    pub authority: AuthorityId,
    pub subject: DistinguishedName,
    /// What the holder is, in the terms of subjectDirectoryAttributes.
    pub organisation: Organisation,
    pub registered_at: OffsetDateTime,
}

impl Holder {
    /// As registered now, with nothing but a name.
    pub fn registered(id: HolderId, authority: AuthorityId, subject: DistinguishedName, now: OffsetDateTime) -> Self {
        Self { id, authority, subject, organisation: Organisation::default(), registered_at: now }
    }

    /// As people say it.
    pub fn said(&self) -> String {
        said_name(&self.subject.to_string())
    }

    /// Whether somebody who knows the holder would call it so ([`Naming::is_met_by`]).
    pub fn is_called(&self, name: &str) -> bool {
        Naming::of(&self.subject).is_met_by(name)
    }
}

/// As two who write the same name may both write it. Organisations are told apart by it: another rule has another
/// [`FOLDING`].
pub(super) fn plain(name: &str) -> String {
    let signs = name.chars().filter(|c| !is_invisible(*c)).map(|c| match c {
        // Between the parts of indigenous and foreign names.
        '\u{b7}' | '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22c5}' | '\u{30fb}' | '\u{ff65}' => '.',
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bb}' | '\u{2bc}' | '\u{2032}' | '\u{b4}' | '\u{ff40}' | '`' => '\'',
        c if is_dash(c) => '-',
        c => c,
    });
    let folded = signs.nfkc().flat_map(char::to_lowercase);
    folded.filter(|c| !c.is_whitespace()).map(|c| if c == '台' { '臺' } else { c }).collect()
}

/// Which rule names are folded, joined and sorted by.
pub const FOLDING: u32 = 3;

/// Values of the subject directory attributes (RFC 5280 §4.2.1.8) that the holder brings.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// An OID under the authority's subject types; none: the policy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<String>,
    /// 統一編號, 8 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_number: Option<String>,
    /// The agency's own OID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency_oid: Option<String>,
}
