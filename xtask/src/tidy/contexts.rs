//! Which context may use which, in the crates that are cut into them.

use std::path::Path;

use super::{Crate, rust};

/// In this order: each may use those before it. Whoever puts one in another place answers in docs/decisions why.
const ORDER: &[&str] =
    &["kernel", "audit", "mail", "authorities", "access", "holders", "status", "certificates", "cards"];

/// What is cut into contexts: the folder of their modules, the module that this is, and those in it that are made of all
/// of them.
const CUT: &[(&str, &str, &[&str])] = &[
    ("crates/app/src", "crate", &["app", "store"]),
    ("crates/domain/src", "crate", &[]),
    (
        "crates/server/src/portal",
        "crate::portal",
        &["assets", "error", "fields", "home", "links", "page", "privacy", "tests"],
    ),
];

pub(crate) fn check(crates: &[Crate]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (folder, root, whole) in CUT {
        let sources = crates.iter().flat_map(Crate::own_sources);
        let sources: Vec<_> =
            sources.filter_map(|(file, text)| Some((file, file.path.strip_prefix(folder).ok()?, text))).collect();
        if sources.is_empty() {
            complaints.push(format!("{folder}: there is no such folder; see xtask/src/tidy/contexts.rs"));
        }
        for (file, below, text) in sources {
            let module = module(below);
            let Some(context) = module.first() else { continue };
            if whole.contains(&context.as_str()) {
                continue;
            }
            if !ORDER.contains(&context.as_str()) {
                complaints.push(format!(
                    "{}: {context} is no context; put the file into one, or add it to ORDER in xtask/src/tidy/contexts.rs",
                    file.path.display()
                ));
                continue;
            }
            for (line, used) in uses(root, &module, &rust::read(text).code) {
                complaints.push(format!("{}: {context} must not use {used}: it comes later", file.at(line)));
            }
        }
    }
    complaints
}

/// `cards/jobs/view.rs` is the module `cards::jobs::view`; `lib.rs` is none.
fn module(below: &Path) -> Vec<String> {
    let path = below.with_extension("");
    let names: Vec<String> = path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names == ["lib"] { Vec::new() } else { names }
}

/// The later contexts that the code of this module names, with their lines.
fn uses(root: &str, module: &[String], code: &str) -> Vec<(usize, &'static str)> {
    let place = |context: &str| ORDER.iter().position(|one| *one == context);
    let own = module.first().and_then(|context| place(context));
    let named =
        rust::paths(code).into_iter().filter_map(|(line, path)| Some((line, place(root_name(root, module, &path)?)?)));
    named.filter(|(_, used)| Some(*used) > own).map(|(line, used)| (line, ORDER[used])).collect()
}

/// What a path names in the module `root`: `cards` for `crate::cards::View`, and for `super::super::cards` two below it.
fn root_name<'p>(root: &str, module: &[String], path: &'p str) -> Option<&'p str> {
    if let Some(rest) = path.strip_prefix(root).and_then(|rest| rest.strip_prefix("::")) {
        return rest.split("::").next();
    }
    let mut names = path.split("::").peekable();
    let mut depth = module.len();
    while names.next_if_eq(&"super").is_some() {
        depth = depth.checked_sub(1)?;
    }
    (depth == 0).then(|| names.next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, code: &str, expected: &[(usize, &str)]) {
        assert_eq!(uses("crate", &module(Path::new(file)), &rust::read(code).code), expected);
    }

    #[test]
    fn later_contexts_are_named() {
        check("access/session.rs", "use crate::{App, audit::Event, kernel::{draw, token}};", &[]);
        check(
            "access/session.rs",
            "use crate::{\n    App,\n    cards::{View, Open},\n};",
            &[(3, "cards"), (3, "cards")],
        );
        check("access.rs", "fn f() {\n    crate::holders::g()\n}", &[(2, "holders")]);
        check("cards.rs", "use crate::holders::g;", &[]);
    }

    #[test]
    fn a_way_upwards_is_followed() {
        check("access/user_code.rs", "use super::Station;", &[]);
        check("access/user_code.rs", "use super::super::cards::View;", &[(1, "cards")]);
        check("access.rs", "use super::cards::View;", &[(1, "cards")]);
        check("access/a/b.rs", "use super::super::cards::View;", &[]);
    }

    #[test]
    fn a_module_below_may_be_cut() {
        let found = |code: &str| uses("crate::portal", &module(Path::new("access/login.rs")), code);
        assert_eq!(found("use crate::{http::errors, portal::{cards::outcome, page::Page}};"), [(1, "cards")]);
        assert_eq!(found("use crate::cards::View;"), []);
    }

    #[test]
    fn words_in_comments_are_none() {
        check("kernel.rs", "// crate::cards\nfn f() { let s = \"crate::cards\"; }", &[]);
    }
}
