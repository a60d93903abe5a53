//! How files are laid out, and what every crate states about itself.

use super::{Crate, rust};

/// The crates that must be unsafe, and say why in their own manifests.
const UNSAFE: [&str; 2] = ["ifd-keypad", "pcsc-sys"];

pub(crate) fn check(crates: &[Crate]) -> Vec<String> {
    let mut complaints = Vec::new();
    for part in crates {
        if !UNSAFE.contains(&part.name.as_str()) && !inherits_lints(part.manifest.text.as_deref().unwrap_or_default()) {
            complaints.push(format!("{}: lacks `[lints]` with `workspace = true`", part.manifest.path.display()));
        }
        for (file, text) in part.rust_files() {
            if file.path.file_name().is_some_and(|name| name == "mod.rs") {
                complaints.push(format!("{}: name it after its module, beside the folder", file.path.display()));
            }
            if !text.starts_with("//!") {
                complaints.push(format!("{}: begin with a line `//!` that says what the file is for", file.at(1)));
            }
            for (line, code) in rust::read(text).code.lines().enumerate() {
                if code.contains("#[ignore") {
                    complaints.push(format!("{}: a test that does not run tests nothing", file.at(line + 1)));
                }
            }
        }
    }
    complaints
}

fn inherits_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim);
    lines.any(|line| line == "[lints]")
        && lines.take_while(|line| !line.starts_with('[')).any(|line| line == "workspace = true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_are_inherited_by_one_spelling() {
        assert!(inherits_lints("[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n\n[dependencies]\n"));
        assert!(!inherits_lints("[package]\n[lints]\n[dependencies]\nworkspace = true\n"));
        assert!(!inherits_lints("[package]\n"));
    }
}
