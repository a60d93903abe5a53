//! Programs that serve while they are measured.

use crate::cpu::{Cpu, Spent};
use crate::site::Site;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// How a program shows that it serves.
pub(crate) enum Ready {
    Listens(u16),
    /// It does not bear a connection without a question.
    Says(&'static str),
}

impl Ready {
    fn seen(&self, log: &Path) -> Result<bool> {
        Ok(match self {
            Ready::Listens(port) => TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok(),
            Ready::Says(words) => fs::read_to_string(log)?.contains(words),
        })
    }
}

/// A program that is killed when this one ends, however that ends.
pub(crate) fn ending_with_us(program: &Path) -> Command {
    let mut command = Command::new(kaika_testkit::tools::find("setpriv"));
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// A running program. Dropped, it is killed.
pub(crate) struct Server(Child);

impl Server {
    /// `kaika serve`, with its log in a file, as it is told by default.
    pub(crate) fn kaika(site: &Site, port: u16) -> Result<Self> {
        let log = site.path("log");
        let mut command = ending_with_us(&program("kaika")?);
        command.arg("serve").arg("--config").arg(site.config()).env_remove("KAIKA_LOG");
        Self::start(&mut command, &log, &Ready::Listens(port))
    }

    /// Starts a program, which tells what it has to say into a file, and waits until it is ready.
    pub(crate) fn start(command: &mut Command, log: &Path, ready: &Ready) -> Result<Self> {
        let file = File::create(log)?;
        let child = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn();
        let mut server = Self(child.with_context(|| format!("{command:?} cannot be started"))?);
        let deadline = Instant::now() + PATIENCE;
        while !ready.seen(log)? {
            if server.0.try_wait()?.is_some() || Instant::now() > deadline {
                bail!("{command:?} does not serve: {}", fs::read_to_string(log)?);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    /// What `work` gives, and what it cost this server.
    pub(crate) fn spent<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<(T, Spent)> {
        Cpu::of(self.0.id())?.spent(work)
    }

    /// A line of `/proc/PID/status`, in bytes: `VmRSS`, `RssAnon`.
    pub(crate) fn memory(&self, line: &str) -> Result<u64> {
        memory(&self.0.id().to_string(), line)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A line of `/proc/PROCESS/status`, in bytes.
pub(crate) fn memory(process: &str, line: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let value = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    let kilobytes = value.and_then(|text| text.split_whitespace().next()).with_context(|| line.to_owned())?;
    Ok(kilobytes.parse::<u64>()? * 1024)
}

/// A program of ours, as it was built beside this one.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if !path.is_file() {
        bail!("{} is not there: `cargo xtask bench` builds it", path.display());
    }
    Ok(path)
}
