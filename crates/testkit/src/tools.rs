//! Runs programs that we did not write, so that they may judge what we wrote.
//!
//! A program that is missing fails the test with the line that installs it; one that hangs is killed and fails it too.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `program` with these arguments and additional environment variables, and waits for its end.
///
/// # Panics
/// Where the program is missing, or has not ended after 60 seconds. Its exit status is for the caller to judge, see
/// [`Output::expect_success`].
#[track_caller]
pub fn run(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Tool::new(program).args(arguments).envs(environment.iter().copied()).run()
}

/// One run of a program, for what [`run`] cannot say.
pub struct Tool {
    command: Command,
    input: Vec<u8>,
    patience: Duration,
}

impl Tool {
    /// `program` is a path, or a name that is looked up as [`find`] says.
    #[track_caller]
    pub fn new(program: impl AsRef<OsStr>) -> Tool {
        Tool { command: Command::new(find(program)), input: Vec::new(), patience: PATIENCE }
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Tool {
        self.command.arg(argument);
        self
    }

    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Tool {
        self.command.args(arguments);
        self
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Tool {
        self.command.env(name, value);
        self
    }

    pub fn envs<N: AsRef<OsStr>, V: AsRef<OsStr>>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Tool {
        self.command.envs(variables);
        self
    }

    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Tool {
        self.command.current_dir(folder);
        self
    }

    /// What the program reads on its standard input; nothing unless told.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Tool {
        self.input = bytes.into();
        self
    }

    /// How long the program may take, instead of 60 seconds.
    pub fn patience(mut self, patience: Duration) -> Tool {
        self.patience = patience;
        self
    }

    /// Runs the program and waits for its end.
    ///
    /// # Panics
    /// Where it cannot be started, or has not ended in time; then it is killed.
    #[track_caller]
    pub fn run(mut self) -> Output {
        let line = shown(&self.command);
        let deadline = Instant::now() + self.patience;
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{line}\ncannot be started: {error}"));

        let mut stdin = child.stdin.take().expect("stdin was piped above");
        let input = self.input;
        // A program that does not read what it is given closes the pipe; that is its own affair.
        thread::spawn(move || drop(stdin.write_all(&input)));
        let stdout = collect(child.stdout.take().expect("stdout was piped above"));
        let stderr = collect(child.stderr.take().expect("stderr was piped above"));

        let ended = wait_for(&stdout, deadline).and_then(|stdout| Some((stdout, wait_for(&stderr, deadline)?)));
        let Some((stdout, stderr)) = ended else {
            drop(child.kill());
            drop(child.wait());
            panic!("{line}\nhas not ended after {:?}", self.patience);
        };
        let status = child.wait().unwrap_or_else(|error| panic!("{line}\ncannot be waited for: {error}"));
        Output { line, status, stdout, stderr }
    }
}

/// What a program left behind.
pub struct Output {
    line: String,
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Output {
    /// # Panics
    /// Where the exit status is not 0; with the command, and all that it printed.
    #[track_caller]
    pub fn expect_success(self) -> Output {
        assert!(self.status.success(), "{self}");
        self
    }

    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Everything printed, first stdout, then stderr: many judges complain on either.
    pub fn text(&self) -> String {
        self.stdout() + &self.stderr()
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}\n--- stdout\n{}\n--- stderr\n{}", self.line, self.status, self.stdout(), self.stderr())
    }
}

/// Where a program is: in `PATH`, in the folders of system programs (which users' `PATH` often lacks), or in the newest
/// of Debian's `/usr/lib/postgresql/VERSION/bin`. A path is taken as it is.
///
/// # Panics
/// Where it is in none, with the line that installs it.
#[track_caller]
pub fn find(program: impl AsRef<OsStr>) -> PathBuf {
    let program = program.as_ref();
    if Path::new(program).components().count() > 1 {
        return program.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .chain(postgres_folders())
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{}", missing(program)))
}

/// OpenSC's PKCS#11 module, for `pkcs11-tool --module`.
///
/// # Panics
/// Where it is missing, with the line that installs it.
#[track_caller]
pub fn opensc_pkcs11() -> PathBuf {
    let name = "opensc-pkcs11.so";
    folders_in("/usr/lib")
        .chain(["/usr/lib".into(), "/usr/local/lib".into()])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{}", missing(OsStr::new(name))))
}

/// What to say where a program is not installed.
pub(crate) fn missing(program: &OsStr) -> String {
    let package = match program.to_str() {
        Some("createdb" | "initdb" | "pg_ctl" | "pg_isready" | "postgres" | "psql") => "postgresql",
        Some("certutil" | "modutil") => "libnss3-tools",
        Some("chromedriver") => "chromium-driver",
        Some("Xvfb") => "xvfb",
        Some("opensc-pkcs11.so") => "opensc-pkcs11",
        Some("opensc-tool" | "pkcs11-tool" | "piv-tool") => "opensc",
        Some("libifdvpcd.so") => "vsmartcard-vpcd",
        Some("setpriv") => "util-linux",
        _ => &program.to_string_lossy(),
    };
    format!(
        "{} is not installed. `cargo xtask install` installs all that the tests need; this one alone:\n\
         sudo apt-get install --no-install-recommends {package}",
        program.display()
    )
}

fn postgres_folders() -> impl Iterator<Item = PathBuf> {
    let mut versions: Vec<PathBuf> = folders_in("/usr/lib/postgresql").collect();
    let number = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    versions.sort_by_key(|folder| std::cmp::Reverse(number(folder)));
    versions.into_iter().map(|folder| folder.join("bin"))
}

fn folders_in(parent: &str) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir())
}

fn collect(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        drop(pipe.read_to_end(&mut bytes));
        drop(sender.send(bytes));
    });
    receiver
}

fn wait_for(bytes: &Receiver<Vec<u8>>, deadline: Instant) -> Option<Vec<u8>> {
    bytes.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}

fn shown(command: &Command) -> String {
    let mut line = OsString::from("$");
    for word in std::iter::once(command.get_program()).chain(command.get_args()) {
        line.push(" ");
        line.push(word);
    }
    line.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_its_arguments_environment_and_input() {
        let output = Tool::new("sh")
            .args(["-c", r#"read -r line; echo "$1 $COLOUR $line"; echo aside >&2; exit 3"#, "sh", "one"])
            .env("COLOUR", "blue")
            .input("two\n")
            .run();
        assert_eq!(output.stdout(), "one blue two\n");
        assert_eq!(output.stderr(), "aside\n");
        assert_eq!(output.status.code(), Some(3));
    }

    #[test]
    fn more_output_than_a_pipe_holds_does_not_block() {
        let output = run("sh", &["-c", "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"], &[]);
        assert_eq!((output.stdout.len(), output.stderr.len()), (300_000, 300_000));
    }

    #[test]
    #[should_panic(expected = "has not ended after")]
    fn a_program_that_hangs_fails_the_test() {
        Tool::new("sh").args(["-c", "exec sleep 600"]).patience(Duration::from_millis(50)).run();
    }

    #[test]
    #[should_panic(expected = "exit status: 1")]
    fn a_failure_is_shown() {
        run("false", &[], &[]).expect_success();
    }

    #[test]
    #[should_panic(expected = "sudo apt-get install --no-install-recommends no-such-judge")]
    fn a_missing_program_names_its_package() {
        run("no-such-judge", &[], &[]);
    }
}
