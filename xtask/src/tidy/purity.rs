//! The pure crates do no I/O, read no clock and draw no randomness: time and random bytes are arguments.

use std::path::{Path, PathBuf};

use super::{Crate, rust};

const PURE: &[&str] = &["card", "domain", "pki", "wire"];

/// Modules of `std`, named by path or in a `use` with braces.
const MODULES: &[(&str, &str)] = &[
    ("env", "the environment"),
    ("fs", "files"),
    ("net", "the network"),
    ("os", "the operating system"),
    ("process", "processes"),
    ("thread", "threads"),
];

/// Whole paths or names, and what they reach for.
const NAMES: &[(&str, &str)] = &[
    ("File", "files"),
    ("Instant", "the clock"),
    ("OffsetDateTime::now_local", "the clock"),
    ("OffsetDateTime::now_utc", "the clock"),
    ("OsRng", "randomness"),
    ("SystemRandom", "randomness"),
    ("SystemTime", "the clock"),
    ("UtcDateTime::now", "the clock"),
    ("Uuid::new_v4", "randomness"),
    ("Uuid::now_v6", "clock and randomness"),
    ("Uuid::now_v7", "clock and randomness"),
    ("aws_lc_rs::rand", "randomness"),
    ("dbg", "standard error"),
    ("eprint", "standard error"),
    ("eprintln", "standard error"),
    ("getrandom", "randomness"),
    ("now_local", "the clock"),
    ("now_utc", "the clock"),
    ("print", "standard output"),
    ("println", "standard output"),
    ("stderr", "standard error"),
    ("stdin", "standard input"),
    ("stdout", "standard output"),
    ("thread_rng", "randomness"),
    ("tokio", "I/O"),
];

pub(crate) fn check(crates: &[Crate]) -> Vec<String> {
    let mut complaints = Vec::new();
    for part in crates.iter().filter(|part| PURE.contains(&part.name.as_str())) {
        let sources: Vec<_> =
            part.own_sources().map(|(file, text)| (file, rust::without_tests(rust::read(text)))).collect();
        let tests: Vec<PathBuf> =
            sources.iter().flat_map(|(file, source)| test_modules(&file.path, &source.test_modules)).collect();
        for (file, source) in &sources {
            if tests.iter().any(|test| file.path == *test || file.path.starts_with(test.with_extension(""))) {
                continue;
            }
            for (line, name, what) in reaches(&source.code) {
                complaints.push(format!(
                    "{}: `{name}` reaches for {what}; {} is pure, take it as an argument",
                    file.at(line),
                    part.name
                ));
            }
        }
    }
    complaints
}

/// Where `#[cfg(test)] mod NAME;` in `file` has its text; in its folder `NAME` are the modules below it.
fn test_modules(file: &Path, names: &[String]) -> Vec<PathBuf> {
    let stem = file.file_stem().unwrap_or_default();
    let folder = if stem == "lib" || stem == "main" { file.with_file_name("") } else { file.with_extension("") };
    names.iter().map(|name| folder.join(name).with_extension("rs")).collect()
}

/// The line, the name and what it reaches for, of each impure name in the code.
fn reaches(code: &str) -> Vec<(usize, String, &'static str)> {
    let mut found = Vec::new();
    for (line, path) in rust::paths(code) {
        let module = path.strip_prefix("std::").map(|rest| rest.split("::").next().unwrap_or_default());
        let module = module.and_then(|module| MODULES.iter().find(|(name, _)| *name == module));
        let name = NAMES.iter().find(|(name, _)| {
            // `Uuid::now_v7` is found in `uuid::Uuid::now_v7`, `File` in `std::io::File`, and neither in `FileId`.
            let wrapped = format!("::{path}::");
            wrapped.contains(&format!("::{name}::"))
        });
        if let Some((_, what)) = module.or(name) {
            found.push((line, path, *what));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: &[(usize, &str)]) {
        let source = rust::without_tests(rust::read(code));
        let found = reaches(&source.code);
        let found: Vec<(usize, &str)> = found.iter().map(|(line, name, _)| (*line, name.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn impure_names_are_found_however_they_are_written() {
        check("use std::fs;", &[(1, "std::fs")]);
        check("use std::{fmt, fs::File, env as e};", &[(1, "std::fs::File"), (1, "std::env")]);
        check("use std::{\n    fmt,\n    time::{Duration, Instant},\n};", &[(3, "std::time::Instant")]);
        check("let id = uuid::Uuid::now_v7();", &[(1, "uuid::Uuid::now_v7")]);
        check("\nOffsetDateTime::now_utc()", &[(2, "OffsetDateTime::now_utc")]);
        check("println!(\"{}\", 1)", &[(1, "println")]);
        check("let mut key = [0; 32]; getrandom::fill(&mut key)", &[(1, "getrandom::fill")]);
    }

    #[test]
    fn what_only_looks_like_it_is_left_alone() {
        check("use std::{fmt, time::Duration};", &[]);
        check("// std::fs\n/* Instant */ let a = \"std::env\"; let b = 'a';", &[]);
        check("struct FileId; fn instant(environment: &str) {}", &[]);
        check("use core::net::Ipv4Addr;", &[]);
        check("self.file.now()", &[]);
    }

    #[test]
    fn tests_may_do_what_they_like() {
        check("#[cfg(test)]\nmod tests {\n use std::fs;\n fn a() { { } }\n}\nuse std::env;", &[(6, "std::env")]);
        check("#[cfg(test)]\n#[rustfmt::skip]\nuse std::fs;\nfn pure() {}", &[]);
        check("#[cfg(test)]\nfn sample() -> [u8; 2] { std::fs::read(\"}\") }\nuse std::net;", &[(3, "std::net")]);
    }

    #[test]
    fn a_test_module_in_a_file_of_its_own_is_a_test() {
        let source = rust::without_tests(rust::read("#[cfg(test)]\nmod tests;\nmod real;"));
        assert_eq!(source.test_modules, ["tests"]);
        let files = test_modules(Path::new("crates/card/src/tlv.rs"), &source.test_modules);
        assert_eq!(files, [Path::new("crates/card/src/tlv/tests.rs")]);
        let files = test_modules(Path::new("crates/card/src/lib.rs"), &source.test_modules);
        assert_eq!(files, [Path::new("crates/card/src/tests.rs")]);
    }
}
