//! What the figures were measured on.

use crate::report::number;
use anyhow::{Result, bail};
use std::{fs, path::Path, process::Command, thread};

/// # Errors
/// The folder is in memory, where nothing is durable.
pub(crate) fn check_disk(folder: &Path) -> Result<()> {
    let kind = file_system(folder)?;
    if ["tmpfs", "ramfs"].contains(&kind.as_str()) {
        bail!("{} is in memory ({kind}); name a folder on a disk with --folder", folder.display());
    }
    Ok(())
}

/// One paragraph.
pub(crate) fn describe(folder: &Path) -> Result<String> {
    let field = |file: &str, name: &str| -> Option<String> {
        let text = fs::read_to_string(file).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Ok(format!(
        "{processor}, {} cores, {} GB of memory, Linux {}, {} on the disk; {}; {}.\n",
        thread::available_parallelism()?,
        number(memory.unwrap_or_default() / 1_000_000.0),
        kernel.trim(),
        file_system(folder)?,
        version("postgres", "--version"),
        version("openssl", "version"),
    ))
}

/// The first line that a program says of itself.
fn version(program: &str, argument: &str) -> String {
    let output = Command::new(kaika_testkit::tools::find(program)).arg(argument).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or(program).to_owned()
}

/// Of the mount that holds the folder.
fn file_system(folder: &Path) -> Result<String> {
    let folder = folder.canonicalize()?;
    let mounts = fs::read_to_string("/proc/mounts")?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    let holding = mounts.filter(|(at, _)| folder.starts_with(at)).max_by_key(|(at, _)| at.len());
    Ok(holding.map_or_else(|| "unknown".to_owned(), |(_, kind)| kind.to_owned()))
}
