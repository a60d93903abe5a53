//! A PostgreSQL server of one's own: started in half a second, gone with the test process.
//!
//! It listens on a Unix socket in its folder only, so that it needs no port and no password. PostgreSQL refuses to run
//! as root; for root it runs as nobody.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::leash::Leash;
use crate::tools::{self, Tool};

/// How long the server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// "nobody" and "nogroup" on Debian.
const NOBODY: u32 = 65_534;

/// An empty database in the server that all tests of this process share, as a URL for `sqlx` and `psql`.
///
/// # Panics
/// Where PostgreSQL is missing or does not come up.
#[track_caller]
pub fn fresh_database() -> String {
    TestPostgres::shared().fresh_database()
}

/// A running server. Dropped, it is stopped and its folder removed.
pub struct TestPostgres {
    /// One more for each time that it was started again, the last one first: its server is ended before any of them
    /// removes the folder.
    leashes: Vec<Leash>,
    command: String,
    folder: PathBuf,
    databases: AtomicU32,
}

impl TestPostgres {
    /// The server of this test process, started by the first test that asks.
    #[track_caller]
    pub fn shared() -> &'static TestPostgres {
        static SHARED: OnceLock<TestPostgres> = OnceLock::new();
        SHARED.get_or_init(TestPostgres::start)
    }

    /// Starts a server and returns when it answers. It keeps nothing safe from a power cut (`fsync=off`), and what was
    /// committed last may be lost where it is stopped.
    ///
    /// # Panics
    /// Where PostgreSQL is missing or does not come up.
    #[track_caller]
    pub fn start() -> TestPostgres {
        TestPostgres::start_with(
            "-c fsync=off -c full_page_writes=off -c synchronous_commit=off",
            &std::env::temp_dir(),
        )
    }

    /// As [`start`](Self::start), and whatever was committed is there again after [`stop`](Self::stop).
    #[track_caller]
    pub fn start_lasting() -> TestPostgres {
        TestPostgres::start_with("-c fsync=off -c full_page_writes=off", &std::env::temp_dir())
    }

    /// As PostgreSQL is by default: what was committed is on the disk of this folder, which everybody may enter.
    #[track_caller]
    pub fn start_durable(folder: &Path) -> TestPostgres {
        TestPostgres::start_with("", folder)
    }

    #[track_caller]
    fn start_with(settings: &str, folder: &Path) -> TestPostgres {
        let server = TestPostgres::launch(settings, folder)
            .unwrap_or_else(|error| panic!("PostgreSQL cannot be started: {error}"));
        server.wait_until_it_answers();
        server
    }

    #[track_caller]
    fn wait_until_it_answers(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !Tool::new("pg_isready").arg("--quiet").arg("--host").arg(&self.folder).run().status.success() {
            assert!(Instant::now() < deadline, "PostgreSQL does not answer; it says:\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it at once, with all that is under way (an immediate shutdown), and returns when it is gone.
    ///
    /// # Panics
    /// Where it does not end.
    #[track_caller]
    pub fn stop(&self) {
        let pid = self.pid().to_string();
        Tool::new("sh").args(["-c", "kill -s QUIT \"$1\"", "sh", &pid]).run().expect_success();
        // The server removes it as the last it does.
        let file = self.pid_file();
        let deadline = Instant::now() + PATIENCE;
        while file.exists() {
            assert!(Instant::now() < deadline, "PostgreSQL does not end; it says:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts it on what it had; after [`stop`](Self::stop).
    ///
    /// # Panics
    /// Where it does not come up.
    #[track_caller]
    pub fn start_again(&mut self) {
        let log = File::options().append(true).open(self.folder.join("log"));
        let leash = log.and_then(|log| Leash::start(&self.command, &self.folder, Stdio::null(), log, "QUIT"));
        self.leashes.insert(0, leash.unwrap_or_else(|error| panic!("PostgreSQL cannot be started again: {error}")));
        self.wait_until_it_answers();
    }

    /// An empty database of its own, as a URL for `sqlx` and `psql`. Its text sorts by bytes (`C`), in UTF-8.
    #[track_caller]
    pub fn fresh_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        psql(&self.url("postgres"), &format!("CREATE DATABASE {name} TEMPLATE template0"));
        self.url(&name)
    }

    /// The ids of the processes that work for it, one for each connection.
    ///
    /// # Panics
    /// Where it does not run.
    #[track_caller]
    pub fn children(&self) -> Vec<u32> {
        let server = self.pid();
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"))
            .unwrap_or_else(|error| panic!("the children of PostgreSQL cannot be read: {error}"));
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
    }

    /// How often it has made its log durable. A connection that is still open may not have told all of its own.
    #[track_caller]
    pub fn syncs(&self) -> u64 {
        let syncs = psql(&self.url("postgres"), "SELECT wal_sync FROM pg_stat_wal");
        syncs.trim().parse().unwrap_or_else(|error| panic!("{syncs:?} is no number: {error}"))
    }

    /// Vacuums and analyses every database made here and writes what changed to the disk, as PostgreSQL does by itself
    /// some time after many rows have come.
    #[track_caller]
    pub fn settle(&self) {
        for number in 0..self.databases.load(Ordering::Relaxed) {
            psql(&self.url(&format!("test_{number}")), "VACUUM ANALYZE");
        }
        psql(&self.url("postgres"), "CHECKPOINT");
    }

    /// What the server has printed so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_else(|error| format!("(no log: {error})"))
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.join("data/postmaster.pid")
    }

    /// The id of the server's process.
    ///
    /// # Panics
    /// Where it does not run.
    #[track_caller]
    pub fn pid(&self) -> u32 {
        // The file's first line.
        let text =
            fs::read_to_string(self.pid_file()).unwrap_or_else(|error| panic!("PostgreSQL does not run: {error}"));
        text.lines().next().and_then(|line| line.parse().ok()).unwrap_or_else(|| panic!("no process id in {text:?}"))
    }

    fn url(&self, database: &str) -> String {
        // Both libpq and sqlx take a `host` that begins with a slash for the folder of the socket.
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.display())
    }

    fn launch(settings: &str, parent: &Path) -> io::Result<TestPostgres> {
        let folder = tempfile::Builder::new().prefix("kaika-postgres-").tempdir_in(parent)?;
        let log = File::create(folder.path().join("log"))?;
        let mut user = Vec::new();
        if folder.path().metadata()?.uid() == 0 {
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
            chown(&folder, Some(NOBODY), Some(NOBODY))?;
            user.push(tools::find("setpriv").into_os_string());
            user.extend(["--reuid=65534", "--regid=65534", "--clear-groups", "--"].map(Into::into));
        }
        init(&user, folder.path());

        user.push(tools::find("postgres").into_os_string());
        let command: Vec<String> = user.iter().map(|word| format!("'{}'", word.display())).collect();
        let command = format!(
            "{} -D \"$DIR/data\" -k \"$DIR\" -c listen_addresses= -c max_connections=200 \
             {settings} 3>&-",
            command.join(" ")
        );
        // The leash removes the folder from here on.
        let folder = folder.keep();
        // QUIT is PostgreSQL's immediate shutdown: it ends its children too, and waits for nobody.
        let leash = Leash::start(&command, &folder, Stdio::null(), log, "QUIT")?;
        Ok(TestPostgres { leashes: vec![leash], command, folder, databases: AtomicU32::new(0) })
    }
}

/// Runs SQL in a database and returns the rows, columns separated by `|`.
///
/// # Panics
/// Where the SQL fails.
#[track_caller]
pub fn psql(url: &str, sql: &str) -> String {
    Tool::new("psql")
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--command", sql])
        .arg(url)
        .run()
        .expect_success()
        .stdout()
}

fn init(user: &[std::ffi::OsString], folder: &Path) {
    let initdb = [tools::find("initdb").into_os_string()];
    let mut words = user.iter().chain(&initdb);
    let program = words.next().expect("initdb at least");
    Tool::new(program)
        .args(words)
        .arg("--pgdata")
        .arg(folder.join("data"))
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"])
        .env("HOME", folder)
        .current_dir(folder)
        .run()
        .expect_success();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers() {
        let url = fresh_database();
        assert_eq!(psql(&url, "SELECT 1 + 1, '測試'"), "2|測試\n");
        assert_eq!(psql(&url, "SHOW lc_collate"), "C\n");
    }

    #[test]
    fn databases_share_nothing() {
        let (one, two) = (fresh_database(), fresh_database());
        psql(&one, "CREATE TABLE card (number TEXT)");
        assert_eq!(psql(&two, "SELECT to_regclass('card') IS NULL"), "t\n");
    }

    #[test]
    fn what_was_committed_outlives_a_stop() {
        let mut server = TestPostgres::start_lasting();
        let url = server.fresh_database();
        psql(&url, "CREATE TABLE card (number TEXT)");
        for turn in ["one", "two"] {
            psql(&url, &format!("INSERT INTO card VALUES ('{turn}')"));
            server.stop();
            assert!(!tools::run("psql", &["--command=SELECT 1", &url], &[]).status.success());
            server.start_again();
        }
        assert_eq!(psql(&url, "SELECT number FROM card ORDER BY number"), "one\ntwo\n");
        let folder = server.folder.clone();
        drop(server);
        assert!(!folder.exists());
    }

    #[test]
    fn dropped_it_is_gone() {
        let server = TestPostgres::start();
        let (folder, url) = (server.folder.clone(), server.fresh_database());
        drop(server);
        assert!(!folder.exists());
        assert!(!tools::run("psql", &["--command=SELECT 1", &url], &[]).status.success());
    }
}
