//! The configuration of an authority's server: one TOML file.
//!
//! Paths in it are taken from the file's own folder.

mod limits;
mod site;

use crate::{exposed::Secret, installation::Places};
use anyhow::{Context, Result, bail};
use kaika_app::status::StatusSettings;
use kaika_mail::{Encryption, SmtpMailer, SmtpSettings};
use kaika_server::OCSP_SIGNATURES;
use kaika_wire::EmailAddress;
pub use limits::Limits;
use serde::Deserialize;
pub use site::Site;
use std::{
    fs,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// A configuration to begin with.
pub const EXAMPLE: &str = include_str!("../kaika.example.toml");

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub keys: Keys,
    /// Policies and `roots.toml`.
    pub authorities: PathBuf,
    #[serde(default)]
    pub site: Site,
    #[serde(default)]
    pub agent: Agent,
    #[serde(default)]
    pub status: Status,
    #[serde(default)]
    pub limits: Limits,
    /// None: mails wait in the database.
    #[serde(default)]
    pub mail: Option<Mail>,
    #[serde(default)]
    pub retention: Retention,
    #[serde(default)]
    pub log: Log,
    /// Where this was read.
    #[serde(skip)]
    file: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// As people reach it, `https://host[:port]`: what cards sign for. It stays the same for ever.
    pub origin: String,
    /// What certificates name, `http://host[:port]`: lists and OCSP are fetched without TLS (RFC 5280 §8). None: the origin.
    #[serde(default)]
    pub base_url: Option<String>,
    pub listen: Vec<SocketAddr>,
    /// Plain HTTP for what certificates name: lists, OCSP, authorities' certificates. All else is sent to the origin.
    #[serde(default)]
    pub plain_listen: Vec<SocketAddr>,
    /// Where Prometheus asks; kept from strangers.
    #[serde(default)]
    pub metrics_listen: Option<SocketAddr>,
    /// None: plain HTTP, behind a proxy that speaks TLS.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    #[serde(default)]
    pub proxies: Vec<IpAddr>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM, the server's certificate first.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`. An address may have a password in it: this has no `Debug` of its own making.
    pub url: String,
    /// Whether a server brings the schema up to date at its start; `kaika migrate` does at any time. None: on SQLite, where
    /// there is one server.
    #[serde(default)]
    pub migrate: Option<bool>,
}

impl Database {
    fn has_password(&self) -> bool {
        let authority = self.url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or(""));
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        user.contains(':') || self.url.contains("password=")
    }

    pub fn migrates(&self) -> bool {
        self.migrate.unwrap_or(self.url.starts_with("sqlite:"))
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Sealed files of authorities and responders.
    pub folder: PathBuf,
    /// Sealed masters for what cards need, and the audit log's key.
    pub secrets: PathBuf,
    /// Opens them; its first line.
    pub passphrase_file: PathBuf,
    /// Signed heads of the audit log.
    pub anchors: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Where pages look for the agent at a person's computer.
    pub origin: String,
}

impl Default for Agent {
    fn default() -> Self {
        Self { origin: "http://127.0.0.1:61161".to_owned() }
    }
}

/// How relying parties learn what became of certificates.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Status {
    /// A revocation list that has changed is signed again after so many seconds, at the earliest.
    pub crl_every: u32,
    /// For OCSP answers signed in advance, in MiB: each has room for some 700.
    pub ocsp_cache: u16,
    /// OCSP answers in a second that have to be signed there and then: with a nonce, or for unknown certificates.
    pub ocsp_signatures: NonZeroU32,
}

impl Default for Status {
    fn default() -> Self {
        let usual = StatusSettings::default();
        Self {
            crl_every: usual.crl_every.whole_seconds().try_into().unwrap_or_default(),
            ocsp_cache: (usual.ocsp_cache >> 20).try_into().unwrap_or(u16::MAX),
            ocsp_signatures: OCSP_SIGNATURES,
        }
    }
}

impl Status {
    pub fn settings(&self) -> StatusSettings {
        StatusSettings {
            crl_every: time::Duration::seconds(i64::from(self.crl_every)),
            ocsp_cache: usize::from(self.ocsp_cache) << 20,
        }
    }
}

/// How long is kept what need not be kept for ever.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days after a card job was last heard of.
    pub card_jobs: u16,
}

/// As long as tickets and sessions look for the job that they came from, and longer.
const LEAST_DAYS_OF_JOBS: u16 = 7;

impl Default for Retention {
    fn default() -> Self {
        Self { card_jobs: 90 }
    }
}

impl Retention {
    pub fn card_jobs(&self) -> time::Duration {
        time::Duration::days(self.card_jobs.into())
    }
}

/// The mail server that carries our mails on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub host: String,
    /// None: 465 with `tls`, 587 with `starttls`, 25 with `none`.
    #[serde(default)]
    pub port: Option<u16>,
    #[serde(default)]
    pub encryption: MailEncryption,
    pub from: EmailAddress,
    /// Where answers go, if the authority's policy names no address.
    #[serde(default)]
    pub reply_to: Option<EmailAddress>,
    #[serde(default)]
    pub username: Option<String>,
    /// Its first line.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// PEM: an authority that certified the mail server and that this system does not know.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailEncryption {
    Tls,
    #[default]
    Starttls,
    None,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    #[serde(default)]
    pub format: LogFormat,
    /// As `KAIKA_LOG`, which goes before it: `info`, `warn,kaika_server=debug`.
    #[serde(default)]
    pub filter: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl From<LogFormat> for kaika_program::LogFormat {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}

impl Config {
    /// # Errors
    /// The file cannot be read, or a value is not right; the message names file and field.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let mut config: Self = toml::from_str(&text).with_context(|| format!("{} is not right", path.display()))?;
        config.validate().with_context(|| format!("{} is not right", path.display()))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        config.settle(folder);
        config.file = path.to_owned();
        Ok(config)
    }

    fn validate(&self) -> Result<()> {
        for (field, origin) in
            [("server.origin", Some(&self.server.origin)), ("server.base_url", self.server.base_url.as_ref())]
        {
            if let Some(origin) = origin
                && !is_origin(origin)
            {
                bail!("{field}: {origin} is not http(s)://host[:port] in lower case, without a path");
            }
        }
        if !is_origin(&self.agent.origin) {
            bail!("agent.origin: {} is not http://127.0.0.1:port", self.agent.origin);
        }
        if self.server.listen.is_empty() {
            bail!("server.listen: at least one address is needed");
        }
        let https = self.server.origin.starts_with("https://");
        let all_local = self.server.listen.iter().all(|address| address.ip().is_loopback());
        if self.server.tls.is_none() && !all_local && self.server.proxies.is_empty() {
            bail!("server.tls: without it, listen on this computer alone, or name the proxies that speak TLS for it");
        }
        if self.server.tls.is_some() && !https {
            bail!("server.origin: with server.tls it begins with https://");
        }
        if self.server.tls.is_none() && !self.server.plain_listen.is_empty() {
            bail!("server.plain_listen: without server.tls everything is plain already");
        }
        if !self.database.url.starts_with("sqlite:") && !self.database.url.starts_with("postgres") {
            bail!("database.url: begins with sqlite: or postgres:");
        }
        if let Some(mail) = &self.mail {
            mail.validate()?;
        }
        if self.retention.card_jobs < LEAST_DAYS_OF_JOBS {
            bail!("retention.card_jobs: at least {LEAST_DAYS_OF_JOBS} days");
        }
        Ok(())
    }

    /// Relative paths from the file's folder.
    fn settle(&mut self, folder: &Path) {
        let keys = &mut self.keys;
        for path in
            [&mut self.authorities, &mut keys.folder, &mut keys.secrets, &mut keys.passphrase_file, &mut keys.anchors]
        {
            *path = folder.join(&*path);
        }
        self.site.settle(folder);
        if let Some(tls) = &mut self.server.tls {
            tls.certificate = folder.join(&tls.certificate);
            tls.key = folder.join(&tls.key);
        }
        if let Some(mail) = &mut self.mail {
            for path in [&mut mail.password_file, &mut mail.ca_file].into_iter().flatten() {
                *path = folder.join(&*path);
            }
        }
        if let Some(path) = self.database.url.strip_prefix("sqlite:") {
            self.database.url = format!("sqlite:{}", folder.join(path).display());
        }
    }

    /// By which mails are sent; connects to nobody yet.
    ///
    /// # Errors
    /// A file that it names cannot be read.
    pub fn mailer(&self) -> Result<Option<SmtpMailer>> {
        let host = self.server.origin.split_once("://").map_or("", |(_, host)| host);
        self.mail.as_ref().map(|mail| mail.mailer(host)).transpose()
    }

    /// Files that hold secrets in clear.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let mut secrets = vec![("keys.passphrase_file", self.keys.passphrase_file.clone())];
        if let Some(tls) = &self.server.tls {
            secrets.push(("server.tls.key", tls.key.clone()));
        }
        if let Some(file) = self.mail.as_ref().and_then(|mail| mail.password_file.as_ref()) {
            secrets.push(("mail.password_file", file.clone()));
        }
        match self.database.url.strip_prefix("sqlite:") {
            Some(path) => secrets.push(("database.url", path.into())),
            // `user:password@host`, or `?password=`.
            None if self.database.has_password() => secrets.push(("database.url", self.file.clone())),
            None => {}
        }
        secrets
    }

    pub fn base_url(&self) -> &str {
        self.server.base_url.as_deref().unwrap_or(&self.server.origin)
    }

    pub fn places(&self) -> Places {
        Places {
            database: self.database.url.clone(),
            authorities: self.authorities.clone(),
            secrets: self.keys.secrets.clone(),
            keys: self.keys.folder.clone(),
            passphrase_file: self.keys.passphrase_file.clone(),
            anchors: self.keys.anchors.clone(),
            named: format!("--config {}", self.file.display()),
            made_by: "kaika init",
        }
    }
}

impl Mail {
    fn validate(&self) -> Result<()> {
        if self.username.is_some() != self.password_file.is_some() {
            bail!("mail.username and mail.password_file: both or none");
        }
        if self.username.is_some() && self.encryption == MailEncryption::None {
            bail!("mail.encryption: no password is sent without tls or starttls");
        }
        if self.host.is_empty() || self.host.contains(|c: char| c.is_whitespace() || c == '/') {
            bail!("mail.host: a name or an address, without a port");
        }
        Ok(())
    }

    fn mailer(&self, hello: &str) -> Result<SmtpMailer> {
        let encryption = match self.encryption {
            MailEncryption::Tls => Encryption::Tls,
            MailEncryption::Starttls => Encryption::StartTls,
            MailEncryption::None => Encryption::None,
        };
        let credentials = match (&self.username, &self.password_file) {
            (Some(name), Some(file)) => {
                let unreadable = || format!("mail.password_file: {} cannot be read", file.display());
                let text = Zeroizing::new(fs::read_to_string(file).with_context(unreadable)?);
                let Some(password) = text.lines().next().filter(|line| !line.is_empty()) else {
                    bail!("mail.password_file: {} is empty; write the password into its first line", file.display());
                };
                Some((name.clone(), password.to_owned()))
            }
            _ => None,
        };
        let trusted = match &self.ca_file {
            Some(file) => {
                Some(fs::read(file).with_context(|| format!("mail.ca_file: {} cannot be read", file.display()))?)
            }
            None => None,
        };
        // Ports are no part of a name.
        let hello = match hello.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => hello,
        };
        let settings = SmtpSettings {
            host: self.host.clone(),
            port: self.port.unwrap_or(encryption.usual_port()),
            encryption,
            credentials,
            trusted,
            from: self.from.clone(),
            reply_to: self.reply_to.clone(),
            hello: hello.to_owned(),
        };
        SmtpMailer::new(settings).context("mail")
    }
}

/// As browsers write one (RFC 6454 §6.2), so that it can be compared letter by letter.
fn is_origin(text: &str) -> bool {
    let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let Some(host) = rest else { return false };
    let standard =
        text.starts_with("https://") && host.ends_with(":443") || text.starts_with("http://") && host.ends_with(":80");
    !host.is_empty()
        && !standard
        && host.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b':' | b'[' | b']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config> {
        read_in(tempfile::tempdir()?.path(), text)
    }

    pub(super) fn read_in(folder: &Path, text: &str) -> Result<Config> {
        let path = folder.join("kaika.toml");
        fs::write(&path, text)?;
        Config::read(&path)
    }

    #[test]
    fn the_example_is_right_and_paths_are_its_folders() {
        let config = read(EXAMPLE).unwrap();
        assert_eq!(config.base_url(), "http://pki.agency.example");
        assert!(config.places().keys.is_absolute() && config.places().keys.ends_with("keys"));
        assert!(!format!("{config:?}").contains("postgres"), "an address may have a password");
    }

    #[test]
    fn only_a_server_on_sqlite_migrates_unasked() {
        let migrates = |from: &str, to: &str| read(&EXAMPLE.replace(from, to)).unwrap().database.migrates();
        let url = "url = \"postgres://kaika@db.agency.example/kaika\"";
        assert!(EXAMPLE.contains(url) && EXAMPLE.contains("# migrate = true"));
        assert!(!migrates("", "") && migrates("# migrate = true", "migrate = true"));
        assert!(migrates(url, "url = \"sqlite:kaika.db\""));
        assert!(!migrates(url, "url = \"sqlite:kaika.db\"\nmigrate = false"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let origin = "origin = \"https://portal.agency.example\"";
        for (from, to, told) in [
            (origin, "origin = \"portal.agency.example\"", "server.origin"),
            (origin, "origin = \"https://portal.agency.example/\"", "server.origin"),
            (origin, "origin = \"https://portal.agency.example:443\"", "server.origin"),
            (origin, "origin = \"http://portal.agency.example\"", "server.origin"),
            (origin, "orign = \"https://portal.agency.example\"", "orign"),
            ("listen = [\"[::]:443\"]", "listen = []", "server.listen"),
            ("url = \"postgres:", "url = \"mysql:", "database.url"),
            ("[server.tls]", "[server.tlss]", "tlss"),
            ("encryption = \"starttls\"", "encryption = \"ssl\"", "ssl"),
            ("encryption = \"starttls\"", "encryption = \"none\"", "mail.encryption"),
            ("username = \"kaika\"", "# none", "mail.username"),
            ("from = \"no-reply@agency.example\"", "from = \"no-reply\"", "e-mail address"),
            ("host = \"mail.agency.example\"", "host = \"mail.agency.example/\"", "mail.host"),
        ] {
            assert!(EXAMPLE.contains(from), "{from}");
            let error = read(&EXAMPLE.replace(from, to)).unwrap_err();
            assert!(format!("{error:#}").contains(told), "{to}: {error:#}");
        }
        let start = EXAMPLE.find("[server.tls]").unwrap();
        let end = start + EXAMPLE[start..].find("\n\n").unwrap();
        let plain = format!("{}{}", &EXAMPLE[..start], &EXAMPLE[end..]).replace("plain_listen", "# plain_listen");
        assert!(format!("{:#}", read(&plain).unwrap_err()).contains("server.tls"), "plain HTTP for everybody");
        read(&plain.replace("[::]:443", "127.0.0.1:8080")).unwrap();
    }

    #[test]
    fn origins_are_written_as_browsers_do() {
        for right in ["https://a.example", "http://localhost:8080", "http://[::1]:8080", "https://a.example:8443"] {
            assert!(is_origin(right), "{right}");
        }
        for wrong in ["", "a.example", "https://", "https://A.example", "https://a.example/", "http://a.example:80"] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
