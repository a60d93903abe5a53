//! Other programs: run, shown, and checked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask is a folder of the workspace").to_owned()
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Shows the command line, runs it, and fails where it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    eprintln!("▶ {line}");
    let status = command.status().with_context(|| format!("`{line}` cannot be started"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// What the command prints, whatever its exit status; `None` where there is no such program.
pub(crate) fn printed(command: &mut Command) -> Result<Option<String>> {
    match command.stderr(Stdio::null()).output() {
        Ok(output) => Ok(Some(String::from_utf8(output.stdout).context(line(command))?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("`{}` cannot be started", line(command))),
    }
}

fn line(command: &Command) -> String {
    let mut line = OsString::new();
    for word in std::iter::once(command.get_program()).chain(command.get_args()) {
        if !line.is_empty() {
            line.push(" ");
        }
        let path = Path::new(word);
        // Not the whole path of cargo: it says nothing to the reader.
        line.push(match path.file_name() {
            Some(name) if path.is_absolute() && line.is_empty() => name,
            _ => word,
        });
    }
    line.to_string_lossy().into_owned()
}
