//! What the documentation names is there: a file that was moved takes its mentions along.

use std::path::Path;

use anyhow::Result;

use super::{Crate, File, children};

/// Files of these kinds are the project's own; others may be a reader's.
const KINDS: &[&str] = &["rs", "html", "ftl", "sql"];

pub(crate) fn check(root: &Path, crates: &[Crate]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for folder in ["", "docs", "docs/decisions"] {
        for path in children(root, Path::new(folder))? {
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let file = File::read(root, path)?;
            for (line, name) in file.text.as_deref().map(named).unwrap_or_default() {
                let known = crates.iter().flat_map(|part| &part.files).any(|one| is_called(&one.path, &name));
                if !known {
                    complaints.push(format!("{}: there is no file {name}", file.at(line)));
                }
            }
        }
    }
    Ok(complaints)
}

/// The files that a text names between backticks, with their lines: `it/{a,b}.rs` names two.
fn named(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, text) in text.lines().enumerate() {
        for quoted in text.split('`').skip(1).step_by(2) {
            let is_name = |c: char| c.is_ascii_alphanumeric() || "_-./{},".contains(c);
            let kind = quoted.rsplit_once('.').map(|(_, kind)| kind);
            if quoted.chars().all(is_name) && kind.is_some_and(|kind| KINDS.contains(&kind)) {
                found.extend(alternatives(quoted).into_iter().map(|name| (line + 1, name)));
            }
        }
    }
    found
}

/// `a/{b,c}.rs` is `a/b.rs` and `a/c.rs`.
fn alternatives(name: &str) -> Vec<String> {
    let Some((head, rest)) = name.split_once('{') else { return vec![name.to_owned()] };
    let Some((inner, tail)) = rest.split_once('}') else { return vec![name.to_owned()] };
    inner.split(',').flat_map(|one| alternatives(&format!("{head}{one}{tail}"))).collect()
}

/// By the end of its path, as much of it as is written.
fn is_called(path: &Path, name: &str) -> bool {
    path.ends_with(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_between_backticks() {
        let text = "see `app/src/mail.rs` and\n`it/{faults,links}.rs`, not a.rs, `kaika.toml` or `cargo run x.rs`";
        let expected = [(1, "app/src/mail.rs"), (2, "it/faults.rs"), (2, "it/links.rs")];
        assert_eq!(named(text), expected.map(|(line, name)| (line, name.to_owned())));
    }

    #[test]
    fn a_file_is_known_by_the_end_of_its_path() {
        let path = Path::new("crates/app/src/mail/deliver.rs");
        assert!(is_called(path, "mail/deliver.rs") && is_called(path, "crates/app/src/mail/deliver.rs"));
        assert!(!is_called(path, "deliver"));
        assert!(!is_called(path, "il/deliver.rs"));
    }
}
