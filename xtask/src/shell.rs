//! Other programs: run, shown, and checked.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask is a folder of the workspace").to_owned()
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(cargo_program());
    command.current_dir(root());
    // CI builds once: what would make a second build quicker makes this one slower.
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    if ci && std::env::var_os("CARGO_INCREMENTAL").is_none() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

fn cargo_program() -> PathBuf {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()).into()
}

/// Clippy as a compiler, of the toolchain of [`cargo`]. `cargo clippy` looks for it in the same place.
pub(crate) fn clippy_driver() -> Result<PathBuf> {
    let driver = cargo_program().with_file_name(format!("clippy-driver{}", std::env::consts::EXE_SUFFIX));
    if printed(Command::new(&driver).arg("--version"))?.is_none() {
        bail!("there is no {}; `rustup component add clippy` installs it", driver.display());
    }
    Ok(driver)
}

/// How a command is run: [`run`] or [`run_aside`].
pub(crate) type Run = fn(&mut Command) -> Result<()>;

/// Shows the command line, runs it, and fails where it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    kaika_say::complain!("▶ {line}");
    let status = command.status().with_context(|| format!("`{line}` cannot be started"))?;
    succeeded(&line, status)
}

/// The same beside another command: shows line and output in one piece, when it is over.
pub(crate) fn run_aside(command: &mut Command) -> Result<()> {
    let line = line(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("`{line}` cannot be started"))?;
    let shown = [format!("▶ {line}\n").as_bytes(), &output.stdout, &output.stderr].concat();
    kaika_say::on_error(|out| out.write_all(&shown));
    succeeded(&line, output.status)
}

fn succeeded(line: &str, status: ExitStatus) -> Result<()> {
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
