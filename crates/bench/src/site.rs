//! An authority's installation in a folder of its own, as `kaika init` makes it.

use crate::cpu::Family;
use anyhow::{Context, Result};
use kaika::{
    config::Config,
    installation::{Installation, copy_authorities},
    serve,
};
use kaika_domain::audit::Actor;
use kaika_testkit::postgres::TestPostgres;
use kaika_testkit::tools::Tool;
use kaika_wire::AuthorityId;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Where it keeps its data.
pub(crate) enum Database<'p> {
    Sqlite,
    Postgres(&'p TestPostgres),
}

impl Database<'_> {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Database::Sqlite => "SQLite",
            Database::Postgres(_) => "PostgreSQL",
        }
    }

    /// What the database's own processes have spent by now; SQLite has none.
    pub(crate) fn cpu(&self) -> Result<Family> {
        match self {
            Database::Sqlite => Ok(Family::NONE),
            Database::Postgres(server) => Family::now(server.pid(), &server.children()),
        }
    }

    /// As the database itself does it some time after it was filled.
    pub(crate) fn settle(&self) {
        if let Database::Postgres(server) = self {
            server.settle();
        }
    }

    /// How often its log was made durable, told once all connections are closed; SQLite does not tell.
    pub(crate) fn syncs(&self) -> Option<u64> {
        match self {
            Database::Sqlite => None,
            Database::Postgres(server) => Some(server.syncs()),
        }
    }
}

/// The kinds of keys, as policies name them.
pub(crate) struct Keys {
    pub(crate) authority: &'static str,
    pub(crate) card: &'static str,
}

impl Default for Keys {
    fn default() -> Self {
        Self { authority: "p256", card: "p256" }
    }
}

/// How it is reached.
pub(crate) enum Address {
    /// Nobody asks it over the network.
    None,
    /// Everything without TLS; agents call it by the origin.
    Plain { origin: String, port: u16 },
    /// The portal with TLS, and without it what certificates name.
    Tls { port: u16, plain_port: u16 },
}

/// One authority, the demo's GCA.
pub(crate) struct Site {
    folder: TempDir,
    _lock: File,
}

const PREFIX: &str = "kaika-bench-";
/// As long as somebody works in a folder, he holds this file in it.
const LOCK: &str = "lock";

/// Removes folders of those that were killed.
pub(crate) fn clear(parent: &Path) -> Result<()> {
    for entry in fs::read_dir(parent)? {
        let folder = entry?.path();
        let ours = folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX));
        if ours && File::open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok()) {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

pub(crate) const AUTHORITY: &str = "gca";
/// Its first generation.
pub(crate) const GENERATION: &str = "gca-1";

pub(crate) fn authority() -> AuthorityId {
    AUTHORITY.parse().expect("it is an authority's name")
}

impl Site {
    pub(crate) fn make(parent: &Path, database: &Database<'_>, keys: &Keys, address: &Address) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        let site = Self { folder, _lock: lock };
        site.write_policies(keys)?;
        let url = match database {
            Database::Sqlite => "sqlite:kaika.db".to_owned(),
            Database::Postgres(server) => server.fresh_database(),
        };
        let server = site.addresses(address)?;
        let config = format!(
            "authorities = \"authorities\"\n[server]\n{server}[database]\nurl = \"{url}\"\n[keys]\nfolder = \"keys\"\n\
             secrets = \"secrets\"\npassphrase_file = \"passphrase\"\nanchors = \"audit.anchors\"\n\
             [status]\ncrl_every = 0\nocsp_signatures = 1000000000\n"
        );
        fs::write(site.config(), config)?;
        Ok(site)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("kaika.toml")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Founds it where it is not yet.
    pub(crate) async fn open(&self) -> Result<Installation> {
        serve::init(&Config::read(&self.config())?, &operator()).await
    }

    fn write_policies(&self, keys: &Keys) -> Result<()> {
        let folder = self.path("authorities");
        copy_authorities(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if !["gca.toml", "roots.toml"].iter().any(|kept| path.ends_with(kept)) {
                fs::remove_file(path)?;
            }
        }
        let path = folder.join("gca.toml");
        let policy = fs::read_to_string(&path)?;
        let (hierarchy, card) = policy.split_once("[card]").context("the policy has a section for cards")?;
        let key = "key = \"p256\"";
        let hierarchy = hierarchy.replace(key, &format!("key = \"{}\"", keys.authority));
        let card = card.replace(key, &format!("key = \"{}\"", keys.card));
        fs::write(path, format!("{hierarchy}[card]{card}"))?;
        Ok(())
    }

    fn addresses(&self, address: &Address) -> Result<String> {
        Ok(match address {
            Address::None => "origin = \"http://localhost\"\nlisten = [\"127.0.0.1:80\"]\n".to_owned(),
            Address::Plain { origin, port } => {
                format!("origin = \"{origin}\"\nlisten = [\"127.0.0.1:{port}\"]\n")
            }
            Address::Tls { port, plain_port } => {
                self.make_certificate();
                format!(
                    "origin = \"https://localhost:{port}\"\nbase_url = \"http://127.0.0.1:{plain_port}\"\n\
                     listen = [\"127.0.0.1:{port}\"]\nplain_listen = [\"127.0.0.1:{plain_port}\"]\n\
                     [server.tls]\ncertificate = \"tls.pem\"\nkey = \"tls.key\"\n"
                )
            }
        })
    }

    fn make_certificate(&self) {
        Tool::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
            .arg("-keyout")
            .arg(self.path("tls.key"))
            .arg("-out")
            .arg(self.path("tls.pem"))
            .run()
            .expect_success();
    }
}

/// Who gives commands.
pub(crate) fn operator() -> Actor {
    Actor::Operator("bench".parse().expect("a name"))
}
