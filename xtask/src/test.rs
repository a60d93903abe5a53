//! `cargo xtask test`: all that must hold before a change is done. Stops at the first step that fails.
//!
//! The tests are built once, by clippy, which is the compiler with more lints. What they need besides is installed
//! meanwhile, since no build waits for it.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::shell::{self, cargo, run, run_aside};
use crate::{install, scripts, tidy};

pub(crate) fn run_all(wide: bool, arguments: &[String]) -> Result<()> {
    let times = Times::default();
    let outcome = steps(&times, wide, arguments);
    kaika_say::on_error(|out| write!(out, "{}", times.table()));
    outcome
}

fn steps(times: &Times, wide: bool, arguments: &[String]) -> Result<()> {
    // Whoever has to install something by hand is told so before anything takes long.
    install::possible()?;
    times.step("fmt", || run(cargo().args(["fmt", "--all", "--check"])))?;
    times.step("tidy", tidy::run)?;
    let clippy = shell::clippy_driver()?;
    thread::scope(|scope| {
        let beside = scope.spawn(|| {
            times.step("install, beside the build", || install::run(run_aside))?;
            times.step("scripts, beside the build", || scripts::run(run_aside))
        });
        let built = times.step("build", || run(&mut build(&clippy, arguments)));
        let prepared = beside.join().expect("it does not panic");
        built.and(prepared)
    })?;
    let mut test = test(&clippy, arguments);
    if wide {
        // What it is made of is looked at every day, by tidy.
        times.step("programs without the demo", || run(&mut without_demo(&clippy)))?;
        test.env("KAIKA_WIDE", "1");
    }
    times.step("test", || run(&mut test))
}

/// Builds and lints all that is tested; where nothing is chosen, also the programs that no test needs.
fn build(clippy: &Path, arguments: &[String]) -> Command {
    let mut command = cargo_with(clippy);
    if arguments.is_empty() {
        command.args(["build", "--workspace", "--all-targets"]);
    } else {
        command.args(["test", "--no-run"]).args(all(arguments)).args(arguments);
    }
    command
}

/// Lints server and agent as those build them who want no software cards in them.
fn without_demo(clippy: &Path) -> Command {
    let mut command = cargo_with(clippy);
    command.args(["check", "--package", "kaika", "--package", "kaika-agent", "--no-default-features"]);
    command
}

/// With the compiler of [`build`], so that cargo finds everything built.
fn test(clippy: &Path, arguments: &[String]) -> Command {
    let mut command = cargo_with(clippy);
    command.args(["test", "--no-fail-fast"]).args(all(arguments)).args(arguments);
    command
}

/// With `--workspace`, cargo would not heed `--package`.
fn all(arguments: &[String]) -> Option<&'static str> {
    let one = arguments.iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"));
    if one { None } else { Some("--workspace") }
}

/// cargo that has the workspace's crates compiled by clippy, as `cargo clippy -- -D warnings` has them checked.
fn cargo_with(clippy: &Path) -> Command {
    let mut command = cargo();
    command.env("RUSTC_WORKSPACE_WRAPPER", clippy);
    // Words with this behind each: how cargo-clippy passes arguments on.
    command.env("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__");
    command
}

/// How long the steps took, in the order in which they ended.
#[derive(Default)]
struct Times(Mutex<Vec<(&'static str, Duration)>>);

impl Times {
    fn step(&self, name: &'static str, step: impl FnOnce() -> Result<()>) -> Result<()> {
        let start = Instant::now();
        let outcome = step();
        self.0.lock().expect("no step panics in here").push((name, start.elapsed()));
        outcome
    }

    fn table(&self) -> String {
        let times = self.0.lock().expect("no step panics in here");
        times.iter().map(|(name, time)| format!("{:>7.1} s  {name}\n", time.as_secs_f64())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arguments: &[&str], building: &str, testing: &str) {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let words = |command: Command| {
            let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
            words.join(" ")
        };
        assert_eq!(words(build(Path::new("clippy-driver"), &arguments)), building);
        assert_eq!(words(test(Path::new("clippy-driver"), &arguments)), testing);
    }

    #[test]
    fn everything_or_what_is_chosen() {
        check(&[], "build --workspace --all-targets", "test --no-fail-fast --workspace");
        check(&["lint"], "test --no-run --workspace lint", "test --no-fail-fast --workspace lint");
        check(&["-p", "kaika-pki", "lint"], "test --no-run -p kaika-pki lint", "test --no-fail-fast -p kaika-pki lint");
    }

    #[test]
    fn the_table_has_the_steps_that_ran() {
        let times = Times::default();
        times.step("one", || Ok(())).unwrap();
        times.step("two", || anyhow::bail!("it fails")).unwrap_err();
        assert_eq!(times.table(), "    0.0 s  one\n    0.0 s  two\n");
    }
}
