//! The place where the tests work: a folder and processes that end with the test process, however that ends.

use kaika_testkit::tools::{Output, Tool};
use serde_json::Value;
use std::fs;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Generous: the machine may have other things to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The test process's own folder. A shell beside it reads from a pipe that this process alone holds open: once that is
/// closed, the shell kills what still runs and removes the folder. So nothing stays, even where tests are killed.
fn root() -> &'static Path {
    static ROOT: OnceLock<(PathBuf, Child)> = OnceLock::new();
    let (folder, _watch) = ROOT.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("kaika-e2e-").tempdir().unwrap().keep();
        fs::create_dir(folder.join("running")).unwrap();
        let watch = Command::new("/bin/sh")
            .args(["-c", WATCH])
            .env("DIR", &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C at the terminal must not reach the shell before the pipe does.
            .process_group(0)
            .spawn()
            .unwrap();
        (folder, watch)
    });
    folder
}

/// A file in `running` is named by a process's id and removed as soon as the process has been waited for.
const WATCH: &str = r#"
read -r _
for file in "$DIR"/running/*; do
    kill -s KILL "${file##*/}"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        kill -s 0 "${file##*/}" || break
        sleep 0.1
    done
done
rm -rf -- "$DIR"
"#;

/// A new folder, removed with the value.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in(root()).unwrap()
}

/// `kaika` and `kaika-agent` as they were built.
pub(crate) fn program(name: &str) -> PathBuf {
    let kaika = Path::new(env!("CARGO_BIN_EXE_kaika"));
    let program = kaika.with_file_name(name);
    assert!(program.is_file(), "{} is not there: run `cargo build --bins` first", program.display());
    program
}

/// Of this computer nothing is used: no agent that may be running, no readers that may be connected.
pub(crate) fn surroundings() -> [(&'static str, PathBuf); 4] {
    [
        ("XDG_RUNTIME_DIR", root().join("no-agent")),
        ("XDG_CONFIG_HOME", root().join("no-config")),
        ("PCSCLITE_CSOCK_NAME", root().join("no-pcscd")),
        ("LC_ALL", "en_US.UTF-8".into()),
    ]
}

pub(crate) fn tool(name: &str) -> Tool {
    Tool::new(program(name)).envs(surroundings()).patience(PATIENCE)
}

/// Runs `kaika` to its end.
pub(crate) fn kaika(arguments: &[&str]) -> Output {
    tool("kaika").args(arguments).run()
}

/// What one of our programs answered.
pub(crate) struct Said {
    pub(crate) exit: Option<i32>,
    pub(crate) document: Value,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    /// What was asked for with `--json`: exactly one document, whatever became of it.
    #[track_caller]
    pub(crate) fn in_json(output: &Output) -> Said {
        let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_owned()).unwrap();
        Said::read(output.status.code(), utf8(&output.stdout), utf8(&output.stderr))
    }

    #[track_caller]
    fn read(exit: Option<i32>, stdout: String, stderr: String) -> Said {
        let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&stdout).into_iter().collect();
        let mut documents = documents.unwrap_or_else(|error| panic!("{error}\n{stderr}"));
        assert_eq!(documents.len(), 1, "one document on standard output\n{stderr}");
        assert!(stdout.ends_with('\n'));
        Said { exit, document: documents.remove(0), stderr, stdout }
    }

    #[track_caller]
    pub(crate) fn expect_success(self) -> Value {
        assert_eq!(self.exit, Some(0), "{}\n{}", self.document, self.stderr);
        self.document
    }

    /// A refusal of this code, with words for people; gives the error.
    #[track_caller]
    pub(crate) fn refused(self, code: &str) -> Value {
        let error = &self.document["error"];
        assert_eq!(error["code"], code, "{}\n{}", self.document, self.stderr);
        assert_eq!(self.exit, Some(1));
        for words in ["message", "next_step"] {
            assert!(error[words].as_str().is_some_and(|words| words.len() > 10), "{words}: {error}");
        }
        assert!(self.stderr.contains(code) || self.stderr.contains(error["message"].as_str().unwrap()));
        assert_eq!(self.document.as_object().unwrap().len(), 1, "nothing beside the error");
        error.clone()
    }
}

/// A program that runs until it is told to end. Dropped, it is killed.
pub(crate) struct Running {
    child: Child,
    mark: PathBuf,
    stdout: PathBuf,
    stderr: PathBuf,
    _folder: TempDir,
    ended: Option<ExitStatus>,
}

impl Running {
    pub(crate) fn start(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Running {
        Running::start_other(&program(name), arguments, environment)
    }

    /// A program that is not ours.
    pub(crate) fn start_other(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Running {
        Running::start_fed(program, arguments, environment, "")
    }

    /// One that reads this on its standard input.
    pub(crate) fn start_fed(program: &Path, arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Running {
        let folder = folder();
        let stdin = folder.path().join("stdin");
        fs::write(&stdin, input).unwrap();
        let (stdout, stderr) = (folder.path().join("stdout"), folder.path().join("stderr"));
        // As many descriptors as service managers give to begin with.
        let child = Command::new("prlimit")
            .arg("--nofile=1024:")
            .arg(program)
            .args(arguments)
            .envs(surroundings())
            .envs(environment.iter().copied())
            .stdin(File::open(&stdin).unwrap())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let mark = root().join("running").join(child.id().to_string());
        File::create(&mark).unwrap();
        Running { child, mark, stdout, stderr, _folder: folder, ended: None }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// At its end, what it was asked for with `--json`.
    #[track_caller]
    pub(crate) fn said(&mut self) -> Said {
        let status = self.wait_for_end(PATIENCE);
        Said::read(status.code(), self.stdout(), self.stderr())
    }

    pub(crate) fn stdout(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap()
    }

    /// How it has ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none()
            && let Some(status) = self.child.try_wait().unwrap()
        {
            fs::remove_file(&self.mark).unwrap();
            self.ended = Some(status);
        }
        self.ended
    }

    /// Waits until `what` is so; what it says is not shown, since there may be secrets in it.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&Running) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            if let Some(status) = self.ended() {
                assert!(is_so(self), "it ended before {what}: {status}\n{}", self.stderr());
                return;
            }
            assert!(Instant::now() < deadline, "{what}: not in {PATIENCE:?}\n{}", self.stderr());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ctrl-C.
    pub(crate) fn interrupt(&mut self) {
        if self.ended().is_none() {
            self.signal("INT");
        }
    }

    /// By its name without SIG.
    pub(crate) fn signal(&self, name: &str) {
        let kill = ["-c", "kill -s \"$1\" \"$2\"", "sh", name];
        Tool::new("sh").args(kill).arg(self.child.id().to_string()).run().expect_success();
    }

    #[track_caller]
    pub(crate) fn wait_for_end(&mut self, patience: Duration) -> ExitStatus {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(Instant::now() < deadline, "it has not ended in {patience:?}\n{}", self.stderr());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// As a power cut would.
    pub(crate) fn kill(&mut self) {
        if self.ended().is_none() {
            self.child.kill().unwrap();
            self.wait_for_end(PATIENCE);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended.is_none() {
            drop(self.child.kill());
            drop(fs::remove_file(&self.mark));
            drop(self.child.wait());
        }
    }
}

/// Tries until there is something; for what happens soon, by another process.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, attempt: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not in {PATIENCE:?}");
        thread::sleep(Duration::from_millis(20));
    }
}
