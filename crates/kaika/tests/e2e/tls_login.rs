//! A site that asks for a certificate: the activated card logs in, by programs that we did not write.
//!
//! The card is behind a real pcscd; OpenSC finds its key, and the site is `openssl s_server`, which shows whom it saw.

use crate::bench::Running;
use crate::demo::Demo;
use crate::judges::{RelyingParty, certificate, pem};
use crate::pcsc::Bench;
use kaika_testkit::browser::{Browser, By, Options};
use kaika_testkit::ports::PortPair;
use kaika_testkit::screen::Screen;
use kaika_testkit::tools::{self, Output, Tool};
use serde_json::Value;
use std::fs;

/// An activated card in a reader, and what its holder knows.
struct Holder {
    bench: Bench,
    /// What the card tool shows of it.
    card: Value,
    pin: &'static str,
    /// What the site trusts.
    authorities: Vec<u8>,
    // The certificates say where to ask about them.
    _demo: Demo,
}

impl Holder {
    fn of(authority: &str, pin: &'static str) -> Holder {
        let demo = Demo::new();
        let (card, file) = demo.spare_card(authority);
        let bench = Bench::with(&file);
        let portal = demo.portal(authority);
        let activate = ["card", "activate", "--portal", portal, "--reader", bench.reader(), "--secrets-stdin"];
        bench.agent(&activate, &format!("user_code={}\nnew_pin={pin}\n", card.user_code())).expect_success();
        let shown = bench.show(&["--portal", portal]).expect_success();
        let authorities = RelyingParty::of(&demo, authority).read("both.pem");
        Holder { bench, card: shown, pin, authorities, _demo: demo }
    }

    fn login_certificate(&self) -> &Value {
        certificate(&self.card, "login")
    }

    /// The page is the site's, of one who has logged in with this card.
    #[track_caller]
    fn is_seen_in(&self, page: &str) {
        let begin = page.find("-----BEGIN CERTIFICATE-----").unwrap_or_else(|| panic!("nobody was seen:\n{page}"));
        let end = "-----END CERTIFICATE-----";
        let seen = &page[begin..page.find(end).unwrap() + end.len()];
        let named = ["x509", "-noout", "-subject", "-serial", "-nameopt", "utf8,sname,sep_comma_plus"];
        let named = Tool::new("openssl").args(named).input(seen).run().expect_success().stdout();
        let serial = self.login_certificate()["serial"].as_str().unwrap().to_uppercase();
        assert_eq!(named, format!("subject={}\nserial={serial}\n", self.card["holder"].as_str().unwrap()));
        assert_eq!(seen, pem(self.login_certificate()).trim_end());
        assert!(page.contains("Verify return code: 0 (ok)"), "{page}");
    }
}

/// A site that lets in whoever has a certificate of these authorities.
struct Site {
    server: Running,
    ports: PortPair,
    desk: tempfile::TempDir,
}

impl Site {
    fn start(holder: &Holder) -> Site {
        let (desk, ports) = (crate::bench::folder(), PortPair::claim().unwrap());
        let put = |name: &str, content: &[u8]| fs::write(desk.path().join(name), content).unwrap();
        let openssl = |arguments: &[&str]| {
            Tool::new("openssl").args(arguments).current_dir(desk.path()).run().expect_success();
        };
        put("authorities.pem", &holder.authorities);
        put("extensions", b"subjectAltName = DNS:localhost\nextendedKeyUsage = serverAuth\n");
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let of_root = ["-x509", "-keyout", "root.key", "-out", "root.pem", "-days", "2", "-subj", "/CN=Test Root"];
        openssl(&[&["req"], &key[..], &of_root, &["-addext", "basicConstraints = critical, CA:TRUE"]].concat());
        openssl(&[&["req"], &key[..], &["-keyout", "site.key", "-out", "site.csr", "-subj", "/CN=localhost"]].concat());
        let of_site =
            ["-req", "-in", "site.csr", "-CA", "root.pem", "-CAkey", "root.key", "-out", "site.pem", "-days", "2"];
        openssl(&[&["x509"], &of_site[..], &["-CAcreateserial", "-extfile", "extensions"]].concat());

        let path = |name: &str| desk.path().join(name).to_str().unwrap().to_owned();
        let address = format!("127.0.0.1:{}", ports.first);
        let (certificate, key, authorities) = (path("site.pem"), path("site.key"), path("authorities.pem"));
        let serve = ["s_server", "-accept", &address, "-cert", &certificate, "-key", &key, "-CAfile", &authorities];
        // Whoever has none is sent away, and who has one is told what was seen of it.
        let ask = ["-Verify", "3", "-verify_return_error", "-www"];
        let mut server = Running::start_other(&tools::find("openssl"), &[&serve[..], &ask].concat(), &[]);
        server.wait_until("the site listens", |server| server.stdout().contains("ACCEPT"));
        Site { server, ports, desk }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/", self.ports.first)
    }

    /// With these lines of a curl configuration, given on standard input: there may be a PIN in them.
    fn curl(&self, holder: &Holder, lines: &str) -> Output {
        let common = format!("url = \"{}\"\ncacert = \"root.pem\"\nsilent\nshow-error\nnoproxy = \"*\"\n", self.url());
        let (name, socket) = holder.bench.pcscd.env();
        Tool::new("curl")
            .args(["--disable", "--config", "-"])
            .env(name, socket)
            .env("PKCS11_MODULE_PATH", tools::opensc_pkcs11())
            .current_dir(self.desk.path())
            .input(common + lines)
            .run()
    }

    /// By the key in slot 9A, which is OpenSC's number 01.
    fn curl_with_card(&self, holder: &Holder) -> Output {
        let pin = holder.pin;
        self.curl(
            holder,
            &format!(
                "engine = \"pkcs11\"\ncert-type = \"ENG\"\nkey-type = \"ENG\"\ncert = \"pkcs11:id=%01;type=cert\"\n\
                 key = \"pkcs11:id=%01;type=private;pin-value={pin}\"\n"
            ),
        )
    }
}

#[track_caller]
fn curl_logs_in(authority: &str, pin: &'static str) {
    let mut holder = Holder::of(authority, pin);
    let site = Site::start(&holder);
    let page = site.curl_with_card(&holder).expect_success();
    holder.is_seen_in(&page.stdout());
    let shown = holder.bench.show(&[]).expect_success();
    assert_eq!(shown["pin_tries_left"], 3, "no try was spent");

    let nobody = site.curl(&holder, "");
    assert!(!nobody.status.success() && nobody.stdout().is_empty(), "{nobody}");
    assert!(nobody.stderr().contains("certificate required"), "{nobody}");

    // The site's own certificate is of no authority that it trusts, whatever key is shown for it.
    let stranger = site.curl(&holder, "cert = \"site.pem\"\nkey = \"site.key\"\n");
    assert!(!stranger.status.success() && stranger.stdout().is_empty(), "{stranger}");
    assert!(stranger.stderr().contains("unknown ca"), "{stranger}");
    let server = site.server.stderr();
    assert!(server.contains("certificate verify failed"), "{server}");

    holder.bench.take_out();
    let without = site.curl_with_card(&holder);
    assert!(!without.status.success() && without.stdout().is_empty(), "{without}");
}

#[test]
fn curl_logs_in_with_a_p256_card() {
    curl_logs_in("gca", "13579086");
}

#[test]
fn curl_logs_in_with_an_rsa_card() {
    curl_logs_in("hca", "246802");
}

/// The certificate is chosen and the PIN typed in Chromium's own dialogs.
#[test]
fn chromium_logs_in_with_the_card() {
    let holder = Holder::of("gca", "13579086");
    let site = Site::start(&holder);
    let (name, socket) = holder.bench.pcscd.env();

    // Where Chromium has certificates and PKCS#11 modules on Linux.
    let home = site.desk.path().join("home");
    let database = home.join(".pki/nssdb");
    fs::create_dir_all(&database).unwrap();
    let database = format!("sql:{}", database.display());
    let nss = |program: &str, arguments: &[&str]| {
        let tool = Tool::new(program).args(arguments).env(name, socket).current_dir(site.desk.path());
        tool.run().expect_success();
    };
    nss("certutil", &["-d", &database, "-N", "--empty-password"]);
    nss("certutil", &["-d", &database, "-A", "-n", "Test Root", "-t", "C,,", "-i", "root.pem"]);
    let module = tools::opensc_pkcs11();
    let module = module.to_str().unwrap();
    nss("modutil", &["-dbdir", &database, "-force", "-add", "OpenSC", "-libfile", module]);

    let screen = Screen::start();
    let options = Options {
        display: Some(screen.display().to_owned()),
        home: Some(home.clone()),
        environment: vec![(name.to_owned(), socket.to_owned())],
        ..Options::default()
    };
    let browser = Browser::start("en", &options);
    // The focus to a page: an early Enter in the address bar would call off the way to the site.
    browser.open("data:text/html,<button>Log in</button>");
    browser.click(By::Button("Log in"));
    browser.set_out_for(&site.url());
    screen.answer("^Unlock Security Device$", holder.pin);
    // The choice of the certificate is inside the browser's window; once the page is there, the window has its name.
    let page = format!("^localhost:{} - Chromium$", site.ports.first);
    screen.confirm_until(" - Chromium$", "the page after the login", || screen.has(&page));
    browser.wait_for_text("Client certificate");
    holder.is_seen_in(&browser.text());
    browser.picture("tls-login");
    let shown = holder.bench.show(&[]).expect_success();
    assert_eq!(shown["pin_tries_left"], 3, "no try was spent");
}
