//! In which ways a holder's name may be written.

use super::holder::plain;
use kaika_pki::DistinguishedName;
use std::collections::BTreeSet;

/// The attributes of a subject, in the order of the subject.
pub(super) struct Naming {
    parts: Vec<Part>,
}

/// One attribute, folded.
struct Part {
    /// By itself and behind its label, each also without a last word TEST.
    forms: Vec<String>,
    /// Whether it says who is meant: a country, a town and a number do not.
    names: bool,
}

impl Naming {
    pub(super) fn of(subject: &DistinguishedName) -> Self {
        let attributes: Vec<_> = subject.labelled().collect();
        let own = own(&attributes);
        let places: Vec<_> =
            attributes.iter().filter(|(label, _)| is_place(label)).map(|(_, value)| folded(value)).collect();
        let part = |(at, (label, value)): (usize, &(&str, &str))| {
            let folded = folded(value);
            // What the holder is part of names it too, but for what is hardly a name.
            let is_name = folded.chars().count() > 1 && folded != TEST && !places.contains(&folded);
            let names = own == Some(at) || (is_naming(label) && is_name);
            Part { forms: forms(label, value), names }
        };
        let mut parts: Vec<_> = attributes.iter().enumerate().map(part).collect();
        parts.extend(person(&attributes));
        Self { parts }
    }

    /// Whether it is made of the subject's attributes, with one among them that says who is meant: whole or in part, in the
    /// order of the subject, from its end, or with the holder's own name in front, 王小明（行政院資訊處）. Width, case, spaces,
    /// brackets and what else separates make no difference, nor do 台 and 臺, one dot, dash or apostrophe and another, or what
    /// is not seen.
    pub(super) fn is_met_by(&self, name: &str) -> bool {
        let name = folded(name);
        let forward = || self.parts.iter();
        let own = self.parts.iter().rposition(|part| part.names).unwrap_or_default();
        let own_first = self.parts.iter().skip(own).take(1);
        let others = self.parts.iter().enumerate().filter(|(at, _)| *at != own).map(|(_, part)| part);
        is_made_of(forward(), &name) || is_made_of(forward().rev(), &name) || is_made_of(own_first.chain(others), &name)
    }
}

const TEST: &str = "test";

fn is_naming(label: &str) -> bool {
    matches!(label, "O" | "OU" | "CN")
}

fn is_place(label: &str) -> bool {
    matches!(label, "C" | "ST" | "L")
}

/// Which attribute is the holder's own name.
fn own(attributes: &[(&str, &str)]) -> Option<usize> {
    ["CN", "OU", "O"].into_iter().find_map(|own| attributes.iter().rposition(|(label, _)| *label == own))
}

/// Surname and given name, which are a name together.
fn person(attributes: &[(&str, &str)]) -> Option<Part> {
    let value = |wanted| attributes.iter().find(|(label, _)| *label == wanted).map(|(_, value)| folded(value));
    let (surname, given) = value("SN").zip(value("GN"))?;
    Some(Part { forms: vec![format!("{surname}{given}"), format!("{given}{surname}")], names: true })
}

fn forms(label: &str, value: &str) -> Vec<String> {
    let label = label.to_lowercase();
    let without_test = value
        .rsplit_once(char::is_whitespace)
        .filter(|(name, last)| plain(last) == TEST && !folded(name).is_empty())
        .map(|(name, _)| folded(name));
    let values = [Some(folded(value)), without_test].into_iter().flatten().filter(|value| !value.is_empty());
    values.flat_map(|value| [format!("{label}={value}"), value]).collect()
}

/// Without what only separates: brackets, commas, and what escapes them.
fn folded(name: &str) -> String {
    let separates = |c: &char| {
        matches!(
            c,
            '(' | ')' | '[' | ']' | ',' | ';' | '/' | '\\' | '、' | '。' | '【' | '】' | '〔' | '〕' | '「' | '」'
        )
    };
    plain(name).chars().filter(|c| !separates(c)).collect()
}

/// Whether a name is some of these parts, one behind the other.
fn is_made_of<'p>(parts: impl Iterator<Item = &'p Part>, name: &str) -> bool {
    // How far the parts so far may reach, and whether one of them says who is meant.
    let mut reached = BTreeSet::from([(0, false)]);
    for part in parts {
        let mut further = BTreeSet::new();
        for (at, named) in &reached {
            let rest = name.get(*at..).unwrap_or_default();
            let fitting = part.forms.iter().filter(|form| rest.starts_with(form.as_str()));
            further.extend(fitting.map(|form| (at + form.len(), *named || part.names)));
        }
        reached.append(&mut further);
    }
    reached.contains(&(name.len(), true))
}
