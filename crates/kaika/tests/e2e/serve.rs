//! An authority's own server, by its configuration: over TLS, on PostgreSQL or SQLite.

use crate::bench::{Running, Said, eventually, folder, kaika, tool};
use crate::hostile::crowd;
use crate::pcsc::Bench;
use kaika_testkit::{ports::PortPair, postgres, tools::Tool};
use serde_json::{Value, json};
use std::{fs, time::Duration};
use tempfile::TempDir;

/// A folder with a configuration.
pub(crate) struct Authority {
    folder: TempDir,
    /// The portal; beside it what certificates name.
    portal: PortPair,
    metrics: PortPair,
}

impl Authority {
    fn new(database: &str) -> Authority {
        let authority = Authority::unconfigured();
        let (https, http, metrics) = (authority.portal.first, authority.portal.first + 1, authority.metrics.first);
        let server = format!(
            "origin = \"https://localhost:{https}\"\nbase_url = \"http://127.0.0.1:{http}\"\n\
             listen = [\"127.0.0.1:{https}\"]\nplain_listen = [\"127.0.0.1:{http}\"]\n\
             metrics_listen = \"127.0.0.1:{metrics}\"\n\
             [server.tls]\ncertificate = \"tls.pem\"\nkey = \"tls.key\"\n"
        );
        authority.configure(&server, database);
        authority.make_certificate();
        authority
    }

    /// Without TLS; `origin` is what agents call it.
    pub(crate) fn plain(&self, origin: &str, database: &str) {
        self.configure(&format!("origin = \"{origin}\"\nlisten = [\"127.0.0.1:{}\"]\n", self.port()), database);
    }

    pub(crate) fn unconfigured() -> Authority {
        Authority { folder: folder(), portal: PortPair::claim().unwrap(), metrics: PortPair::claim().unwrap() }
    }

    pub(crate) fn configure(&self, server: &str, database: &str) {
        let config = format!(
            "authorities = \"authorities\"\n\
             [server]\n{server}\
             [database]\nurl = \"{database}\"\n\
             [keys]\nfolder = \"keys\"\nsecrets = \"secrets\"\npassphrase_file = \"passphrase\"\n\
             anchors = \"audit.anchors\"\n\
             [status]\ncrl_every = 0\n\
             [log]\nformat = \"json\"\n"
        );
        fs::write(self.path("kaika.toml"), config).unwrap();
    }

    fn make_certificate(&self) {
        let (certificate, key) = (self.path("tls.pem"), self.path("tls.key"));
        Tool::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &certificate])
            .run()
            .expect_success();
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.portal.first
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// As the configuration has the address of a database, but from anywhere.
    pub(crate) fn url(&self, database: &str) -> String {
        database.strip_prefix("sqlite:").map_or(database.to_owned(), |name| format!("sqlite:{}", self.path(name)))
    }

    fn origin(&self) -> String {
        format!("https://localhost:{}", self.portal.first)
    }

    /// What certificates name.
    fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.portal.first + 1)
    }

    /// `kaika …  --config FILE --json`.
    pub(crate) fn operator(&self, arguments: &[&str]) -> Said {
        Said::in_json(&kaika(&[arguments, &["--json", "--config", &self.path("kaika.toml")]].concat()))
    }

    fn serve(&self) -> Running {
        let mut server = Running::start("kaika", &["serve", "--config", &self.path("kaika.toml")], &[]);
        let ready = format!("{}/readyz", self.origin());
        server.wait_until("ready", |_| self.curl(&[&ready]).0 == "200");
        server
    }

    /// Status, and the body with its headers.
    fn curl(&self, arguments: &[&str]) -> (String, String) {
        let told = ["--silent", "--include", "--write-out", "\n%{http_code}", "--cacert", &self.path("tls.pem")];
        let output = Tool::new("curl").args(told).args(arguments).run().stdout();
        let (body, status) = output.rsplit_once('\n').unwrap();
        (status.to_owned(), body.to_owned())
    }

    /// The card tool, which trusts this server's certificate.
    fn agent(&self, bench: &Bench, arguments: &[&str], stdin: &str) -> Said {
        let (name, socket) = bench.pcscd.env();
        let tool = tool("kaika-agent").args(arguments).args(["--json", "--reader", bench.reader()]);
        Said::in_json(&tool.env(name, socket).env("SSL_CERT_FILE", self.path("tls.pem")).input(stdin).run())
    }
}

/// One line that says what is wrong.
#[track_caller]
pub(crate) fn failed(said: &Said, told: &str) {
    assert_eq!(said.exit, Some(1));
    assert!(said.document["error"]["detail"].as_str().unwrap().contains(told), "{}", said.document);
    assert!(said.stderr.starts_with("kaika: ") && said.stderr.contains(told), "{}", said.stderr);
}

#[track_caller]
fn path_of_a_card(database: &str) {
    let authority = Authority::new(database);
    // A server is not founded by running it.
    let passphrase = authority.path("passphrase");
    failed(&authority.operator(&["serve"]), &passphrase);
    let made = authority.operator(&["init"]).expect_success();
    assert_eq!(made["generations"].as_array().unwrap().len(), 7, "two roots, five authorities");
    assert_eq!(authority.operator(&["init"]).expect_success(), made, "what exists is left alone");
    let checked = authority.operator(&["config", "check"]).expect_success();
    assert_eq!(checked["origin"], authority.origin());
    let mut server = authority.serve();

    let holder = authority.path("holder.toml");
    fs::write(&holder, "subject = [[\"C\", \"TW\"], [\"O\", \"行政院\"], [\"OU\", \"測試機關\"]]\n").unwrap();
    let order = authority.operator(&["card", "order", "--authority", "gca", "--holder", &holder]).expect_success();
    let station = authority.path("station.json");
    authority.operator(&["station", "enrol", "--name", "Test", "--out", &station]).expect_success();
    let bench = Bench::new();
    let origin = authority.origin();
    let portal = format!("{origin}/gca/");
    let personalise = ["card", "personalise", "--portal", &origin, "--station", &station];
    let made = authority.agent(&bench, &personalise, "").expect_success();
    assert_eq!(made["number"], order["number"]);
    let secrets = format!("user_code={}\nnew_pin=135790\n", order["user_code"].as_str().unwrap());
    let activate = ["card", "activate", "--portal", &portal, "--secrets-stdin"];
    let done = authority.agent(&bench, &activate, &secrets).expect_success();
    let certificates = done["certificates"].as_array().unwrap();
    assert!(certificates.len() == 4 && certificates.iter().all(|certificate| certificate["status"] == "valid"));
    is_good(&authority, &certificates[0]);

    // Without TLS there is what certificates name, and nothing else.
    let base = authority.base();
    let (status, sent) = authority.curl(&[&format!("{base}/gca/activate?lang=en")]);
    assert_eq!(status, "308");
    assert!(sent.to_lowercase().contains(&format!("location: {origin}/gca/activate?lang=en")), "{sent}");
    let job = ["--data", "{}", "--header", "content-type: application/json", &format!("{base}/api/jobs")];
    assert_eq!(authority.curl(&job).0, "400");
    assert_eq!(authority.curl(&[&format!("{base}/.well-known/kaika.json")]).0, "308");
    let (status, page) = authority.curl(&[&format!("{origin}/gca/")]);
    assert_eq!(status, "200");
    assert!(page.contains("connect-src 'self' http://127.0.0.1:61161;"), "{page}");
    assert!(page.contains("strict-transport-security: max-age="), "{page}");

    let (status, metrics) = authority.curl(&[&format!("http://127.0.0.1:{}/metrics", authority.metrics.first)]);
    assert_eq!(status, "200");
    let reports = "kaika_http_requests_total{method=\"POST\",route=\"/api/jobs/{job}/reports\",status=\"200\"}";
    assert!(metrics.contains(reports) && metrics.contains("kaika_http_request_seconds_bucket"), "{metrics}");
    assert!(metrics.contains("kaika_mails{state=\"waiting\"} 0"), "{metrics}");
    assert_eq!(authority.curl(&[&format!("{origin}/metrics")]).0, "404", "not for everybody");

    server.interrupt();
    assert!(server.wait_for_end(Duration::from_secs(10)).success(), "{}", server.stderr());
    for line in server.stderr().lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["level"].is_string());
    }
    for secret in [order["user_code"].as_str().unwrap(), "135790"] {
        assert!(!server.stderr().contains(secret), "a secret was logged");
    }
    let audit = authority.operator(&["audit", "verify"]).expect_success();
    assert_eq!(audit["findings"], json!([]));
}

/// Asked where the certificate says.
#[track_caller]
fn is_good(authority: &Authority, certificate: &Value) {
    let pem = authority.path("card.pem");
    fs::write(&pem, certificate["pem"].as_str().unwrap()).unwrap();
    let named = Tool::new("openssl").args(["x509", "-noout", "-ocsp_uri", "-in", &pem]).run().expect_success().stdout();
    assert_eq!(named.trim(), format!("{}/ocsp/gca-1", authority.base()));
    let fetch = |name: &str| {
        let der = Tool::new("curl").args(["--silent", &format!("{}/ca/{name}.cer", authority.base())]).run();
        let path = authority.path(&format!("{name}.pem"));
        Tool::new("openssl")
            .args(["x509", "-inform", "DER", "-out", &path])
            .input(der.expect_success().stdout)
            .run()
            .expect_success();
        path
    };
    let (issuer, root) = (fetch("gca-1"), fetch("test-grca-1"));
    let question = ["ocsp", "-url", named.trim(), "-issuer", &issuer, "-CAfile", &root, "-cert", &pem];
    let answer = Tool::new("openssl").args(question).run().expect_success();
    assert!(answer.text().contains("Response verify OK") && answer.text().contains(": good"), "{answer}");
}

#[test]
fn an_authority_on_postgresql() {
    path_of_a_card(&postgres::fresh_database());
}

#[test]
fn an_authority_on_sqlite() {
    path_of_a_card("sqlite:kaika.db");
}

#[test]
fn a_renewed_certificate_is_taken_up() {
    let authority = Authority::new("sqlite:kaika.db");
    authority.operator(&["init"]).expect_success();
    let server = authority.serve();
    let shown = || {
        let connect = ["s_client", "-connect", &format!("localhost:{}", authority.portal.first)];
        Tool::new("openssl").args(connect).input("").run().stdout()
    };
    let before = shown();
    let begin = before.find("-----BEGIN").unwrap();
    let old = before[begin..before.find("-----END").unwrap()].to_owned();
    let other = Authority::new("sqlite:kaika.db");
    fs::copy(other.path("tls.key"), authority.path("tls.key")).unwrap();
    fs::copy(other.path("tls.pem"), authority.path("tls.pem")).unwrap();
    server.signal("HUP");
    eventually("the new certificate", || (!shown().contains(&old)).then_some(()));
}

/// What fills one listener keeps nobody from another, nor others from that one.
#[test]
fn silence_before_the_handshake_stops_nobody() {
    let authority = Authority::new("sqlite:kaika.db");
    authority.operator(&["init"]).expect_success();
    let server = authority.serve();
    let silent = crowd(1, 600, authority.port());
    let others = crowd(1, 600, authority.metrics.first);
    assert_eq!(authority.curl(&[&format!("{}/gca/", authority.origin())]).0, "200");
    assert_eq!(authority.curl(&[&format!("{}/crl/gca-1.crl", authority.base())]).0, "200");
    let metrics = || authority.curl(&[&format!("http://127.0.0.1:{}/metrics", authority.metrics.first)]);
    eventually("they are counted", || {
        let (status, metrics) = metrics();
        assert_eq!(status, "200");
        let counted = |listener: &str, cause: &str| {
            metrics.contains(&format!("kaika_connections_closed_total{{listener=\"{listener}\",cause=\"{cause}\"}}"))
        };
        let open = metrics.lines().find_map(|line| line.strip_prefix("kaika_connections{listener=\"listen\"} "));
        let open: usize = open?.parse().unwrap();
        assert!(open <= 256, "{open}");
        (counted("listen", "source_full") && counted("metrics_listen", "full")).then_some(())
    });
    drop((silent, others, server));
}

#[test]
fn what_is_wrong_with_a_configuration_is_told() {
    let authority = Authority::new("sqlite:kaika.db");
    let path = authority.path("kaika.toml");
    let right = fs::read_to_string(&path).unwrap();
    for (from, to, told) in [
        ("listen = [\"127.0.0.1", "listen = [\"localhost", "listen"),
        ("origin = \"https", "origin = \"ftp", "server.origin"),
        ("passphrase_file", "pass_file", "pass_file"),
        ("[log]", "[retention]\ncard_jobs = 1\n[log]", "retention.card_jobs"),
    ] {
        fs::write(&path, right.replace(from, to)).unwrap();
        for command in [&["config", "check"][..], &["init"], &["serve"]] {
            failed(&authority.operator(command), told);
        }
    }
    assert!(!fs::exists(authority.path("kaika.db")).unwrap(), "nothing was made");
}

/// A new key in the place of a lost one would open nothing, and hide the loss.
#[test]
fn a_lost_secret_is_told_and_not_made_anew() {
    let authority = Authority::new("sqlite:kaika.db");
    authority.operator(&["init"]).expect_success();
    let anew = authority.path("elsewhere");
    for (file, told) in [
        ("passphrase", "passphrase"),
        ("secrets/card-secrets.key", "card-secrets.key"),
        ("secrets/audit.key", "audit.key"),
        ("keys/gca-1.key", "gca-1"),
        ("keys/gca-1-ocsp.key", "gca-1-ocsp"),
    ] {
        let path = authority.path(file);
        fs::rename(&path, &anew).unwrap();
        for command in ["serve", "init"] {
            failed(&authority.operator(&[command]), told);
            assert!(!fs::exists(&path).unwrap(), "{command} made {file}");
        }
        fs::rename(&anew, &path).unwrap();
    }
    authority.operator(&["init"]).expect_success();
}
