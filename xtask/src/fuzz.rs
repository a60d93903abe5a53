//! `cargo xtask fuzz`: every fuzz target for some seconds.
//!
//! The compiler instruments for libFuzzer as `cargo fuzz run --sanitizer none` has it do, on a stable toolchain. What a run
//! finds of interest is kept in `target/fuzz-corpus` and begins the next; `fuzz/corpus` has real messages to begin with.
//! These alone, without libFuzzer, are tests of `fuzz/` as well.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{self, cargo, root};

/// As cargo-fuzz sets them for libFuzzer without a sanitizer.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

pub(crate) fn run(seconds: u32) -> Result<()> {
    let folder = root().join("fuzz");
    let host = host()?;
    let target = root().join("target/fuzz");
    // Naming the target keeps the flags from build scripts.
    shell::run(
        cargo()
            .args(["build", "--package", "kaika-fuzz", "--bins", "--features", "libfuzzer", "--profile", "fuzz"])
            .args(["--locked", "--target", &host, "--target-dir"])
            .arg(&target)
            .env("RUSTFLAGS", FLAGS),
    )?;
    let mut names: Vec<String> = fs::read_dir(folder.join("targets"))
        .context("fuzz/targets")?
        .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned))
        .collect();
    names.sort();
    for name in names {
        let seeds = folder.join("corpus").join(&name);
        if !seeds.is_dir() {
            bail!("fuzz/corpus/{name}: a target needs some real messages to begin with");
        }
        let found = root().join("target/fuzz-corpus").join(&name);
        fs::create_dir_all(&found).with_context(|| format!("{} cannot be made", found.display()))?;
        let program = target.join(&host).join("fuzz").join(&name);
        kaika_say::complain!("▶ fuzz {name} for {seconds} s");
        // What it says on its way is for those who tune a target.
        let run = Command::new(program)
            .arg(format!("-max_total_time={seconds}"))
            // Seconds for one input, and MiB: whatever comes, neither is ever needed.
            .args(["-timeout=10", "-rss_limit_mb=1024", "-max_len=4096"])
            .arg(format!("-artifact_prefix={}/{name}-", root().join("target").display()))
            .arg(found)
            .arg(seeds)
            .output()
            .with_context(|| format!("{name} cannot be started"))?;
        if !run.status.success() {
            kaika_say::complain!("{}", String::from_utf8_lossy(&run.stderr));
            bail!("{name} fails on the input in target/{name}-*; mend it, and put the input into fuzz/corpus/{name}");
        }
    }
    Ok(())
}

fn host() -> Result<String> {
    let version = shell::printed(Command::new("rustc").arg("-vV"))?.context("there is no rustc")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not tell its host")
}
