//! A mail server that we did not write: aiosmtpd, <https://github.com/aio-libs/aiosmtpd>.
//!
//! `cargo xtask install` puts it into `target/judges/aiosmtpd`, in the version that stands in xtask.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::leash::Leash;
use crate::tools::Tool;

const PEER: &str = include_str!("../assets/smtp_peer.py");

/// How long the server may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    None,
    StartTls,
    Tls,
}

/// What a mail server is and was sent; `nobody@…`, `later@…` and `vanish@…` are special addresses, see the script.
/// It may be stopped and started again, on the same port and with what it was sent before.
pub struct SmtpPeer {
    folder: tempfile::TempDir,
    encryption: Encryption,
    password: String,
    port: u16,
    running: Option<Leash>,
}

impl SmtpPeer {
    /// # Panics
    /// Where aiosmtpd is missing, or does not come to listen.
    #[track_caller]
    pub fn start(encryption: Encryption) -> SmtpPeer {
        SmtpPeer::with_password(encryption, "")
    }

    /// One that takes mails from those alone who know this password.
    #[track_caller]
    pub fn with_password(encryption: Encryption, password: &str) -> SmtpPeer {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        if encryption != Encryption::None {
            certificate(folder.path());
        }
        let mut peer = SmtpPeer { folder, encryption, password: password.to_owned(), port: 0, running: None };
        peer.start_again();
        peer
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate that its TLS is to be checked with.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// Nobody listens there any more.
    pub fn stop(&mut self) {
        self.running = None;
    }

    #[track_caller]
    pub fn start_again(&mut self) {
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges/aiosmtpd");
        assert!(
            packages.join("aiosmtpd").is_dir(),
            "aiosmtpd is not installed in {}: run `cargo xtask install`",
            packages.display()
        );
        // The leash removes its folder at the end; what was sent stays.
        let leashed = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}")).keep();
        let script = leashed.join("peer.py");
        fs::write(&script, PEER).unwrap_or_else(|error| panic!("{}: {error}", script.display()));
        let told = self.folder.path().join("port");
        drop(fs::remove_file(&told));
        let encryption = match self.encryption {
            Encryption::None => "none",
            Encryption::StartTls => "starttls",
            Encryption::Tls => "tls",
        };
        let program = format!(
            "PYTHONPATH='{}' python3 \"$DIR/peer.py\" '{}' {} {encryption} '{}'",
            packages.display(),
            self.folder.path().display(),
            self.port,
            self.password,
        );
        let log = self.folder.path().join("log");
        let file = File::create(&log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let leash = Leash::start(&program, &leashed, Stdio::null(), file, "KILL");
        self.running = Some(leash.unwrap_or_else(|error| panic!("no mail server: {error}")));
        let deadline = Instant::now() + PATIENCE;
        self.port = loop {
            if let Some(port) = fs::read_to_string(&told).ok().and_then(|port| port.parse().ok()) {
                break port;
            }
            let said = || fs::read_to_string(&log).unwrap_or_default();
            assert!(Instant::now() < deadline, "the mail server does not listen: {}", said());
            thread::sleep(Duration::from_millis(10));
        };
    }

    /// The mails that it took, in the order in which they came: `from`, `to`, `headers`, `text`, `hello`, `tls`, `user`.
    pub fn mails(&self) -> Vec<Value> {
        let lines = fs::read_to_string(self.folder.path().join("mails")).unwrap_or_default();
        lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
    }
}

/// For `localhost`, signed by itself.
fn certificate(folder: &Path) {
    Tool::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-subj", "/CN=localhost", "-days", "3", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("certificate.pem"))
        .run()
        .expect_success();
}
