//! What relying parties do, by openssl: ask OCSP, build chains with revocation lists, read receipts.

use crate::bench::folder;
use crate::demo::{Demo, fetch};
use base64::{Engine, engine::general_purpose::STANDARD};
use kaika_testkit::pkilint::{Kind, lint_der};
use kaika_testkit::tools::{Output, Tool};
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

/// Nothing known but where one authority answers.
pub(crate) struct RelyingParty {
    desk: TempDir,
    ocsp: String,
    crl: String,
    root_crl: String,
    /// So many seconds the demo's clock may be ahead.
    ahead: u64,
}

/// What an OCSP client asks about.
#[derive(Clone, Copy)]
pub(crate) enum Question<'a> {
    Certificate(&'a str),
    Serial(&'a str),
}

/// How it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Post,
    /// The request in the path, percent-encoded (RFC 6960 appendix A.1).
    Get,
    /// As some clients have it, the request in the path as it is.
    PlainGet,
}

/// The algorithm of the CertID.
pub(crate) const HASHES: [&str; 2] = ["-sha1", "-sha256"];
pub(crate) const METHODS: [Method; 3] = [Method::Post, Method::Get, Method::PlainGet];

/// A response that openssl has verified.
pub(crate) struct Verified {
    /// `good`, `revoked` or `unknown`.
    pub(crate) status: String,
    /// openssl's words on one certificate, with times and reason.
    pub(crate) words: String,
    pub(crate) der: Vec<u8>,
}

impl RelyingParty {
    pub(crate) fn of(demo: &Demo, authority: &str) -> RelyingParty {
        RelyingParty::asking(|what| demo.url(authority, what).to_owned())
    }

    /// Asks the server at this address, whatever certificates name.
    pub(crate) fn at(base: &str, authority: &str, root: &str) -> RelyingParty {
        RelyingParty::asking(|what| match what {
            "ocsp" => format!("{base}/ocsp/{authority}"),
            "crl" => format!("{base}/crl/{authority}.crl"),
            "root_crl" => format!("{base}/crl/{root}.crl"),
            "ca_certificate" => format!("{base}/ca/{authority}.cer"),
            _ => format!("{base}/ca/{root}.cer"),
        })
    }

    fn asking(url: impl Fn(&str) -> String) -> RelyingParty {
        let party =
            RelyingParty { desk: folder(), ocsp: url("ocsp"), crl: url("crl"), root_crl: url("root_crl"), ahead: 0 };
        party.put("authority.der", fetch(&url("ca_certificate")));
        party.put("root.der", fetch(&url("root_certificate")));
        party.pem("x509", "authority");
        party.pem("x509", "root");
        party.put("both.pem", party.text("authority.pem") + &party.text("root.pem"));
        party
    }

    /// The demo's clock is ahead of this computer's.
    pub(crate) fn ahead(self, days: u64) -> RelyingParty {
        RelyingParty { ahead: days * 86_400, ..self }
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.desk.path().join(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.desk.path().join(name)).unwrap()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub(crate) fn openssl(&self, arguments: &[&str]) -> Output {
        Tool::new("openssl").args(arguments).current_dir(self.desk.path()).run()
    }

    #[track_caller]
    fn pem(&self, kind: &str, name: &str) {
        let (der, pem) = (format!("{name}.der"), format!("{name}.pem"));
        self.openssl(&[kind, "-inform", "DER", "-in", &der, "-out", &pem]).expect_success();
    }

    /// Asks by POST with a nonce, which must come back.
    #[track_caller]
    pub(crate) fn ask(&self, question: Question<'_>) -> Verified {
        self.ask_by(Method::Post, "-sha1", question)
    }

    #[track_caller]
    pub(crate) fn ask_by(&self, method: Method, hash: &str, question: Question<'_>) -> Verified {
        let mut arguments = vec!["ocsp", hash, "-issuer", "authority.pem"];
        match question {
            Question::Certificate(pem) => {
                self.put("asked.pem", pem);
                arguments.extend(["-cert", "asked.pem"]);
            }
            Question::Serial(serial) => arguments.extend(["-serial", serial]),
        }
        let ahead = (300 + self.ahead).to_string();
        let judging = ["-CAfile", "both.pem", "-validity_period", &ahead, "-resp_text"];
        let output = match method {
            Method::Post => {
                let asking = ["-url", &self.ocsp, "-nonce", "-respout", "response.der"];
                self.openssl(&[&arguments[..], &asking, &judging].concat())
            }
            Method::Get | Method::PlainGet => {
                let written = ["-no_nonce", "-reqout", "request.der"];
                self.openssl(&[&arguments[..], &written].concat()).expect_success();
                let request = STANDARD.encode(self.read("request.der"));
                let request = match method {
                    Method::PlainGet => request,
                    _ => request.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
                };
                self.put("response.der", fetch(&format!("{}/{request}", self.ocsp)));
                self.openssl(&[&arguments[..], &["-no_nonce", "-respin", "response.der"], &judging].concat())
            }
        };
        let output = output.expect_success();
        assert!(output.stderr().contains("Response verify OK"), "{output}");
        assert!(!output.text().contains("WARNING"), "{output}");
        // openssl itself compares the nonces, where there are two.
        assert_eq!(output.stdout().contains("OCSP Nonce:"), method == Method::Post, "{output}");
        let name = match question {
            Question::Certificate(_) => "asked.pem",
            Question::Serial(serial) => serial,
        };
        let stdout = output.stdout();
        let words = stdout.split(&format!("{name}: ")).nth(1).unwrap_or_else(|| panic!("{output}")).to_owned();
        let status = words.lines().next().unwrap().to_owned();
        Verified { status, words, der: self.read("response.der") }
    }

    /// Builds the chain of a certificate, with the revocation lists of issuer and root as they are now.
    pub(crate) fn verify(&self, pem: &str) -> Output {
        self.put("list.der", fetch(&self.crl));
        self.put("root-list.der", fetch(&self.root_crl));
        self.pem("crl", "list");
        self.pem("crl", "root-list");
        self.put("lists.pem", self.text("list.pem") + &self.text("root-list.pem"));
        self.put("asked.pem", pem);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let time = (now + self.ahead).to_string();
        self.openssl(&[
            "verify",
            "-x509_strict",
            "-crl_check_all",
            "-attime",
            &time,
            "-CAfile",
            "root.pem",
            "-untrusted",
            "authority.pem",
            "-CRLfile",
            "lists.pem",
            "asked.pem",
        ])
    }

    /// Of the authority's list as it is now.
    pub(crate) fn list_number(&self) -> u64 {
        self.put("list.der", fetch(&self.crl));
        let told = self.openssl(&["crl", "-inform", "DER", "-in", "list.der", "-noout", "-crlnumber"]);
        let told = told.expect_success().stdout();
        let number = told.trim().strip_prefix("crlNumber=0x").unwrap_or_else(|| panic!("{told}"));
        u64::from_str_radix(number, 16).unwrap()
    }

    /// Everything that authority and root publish of themselves, and these certificates.
    #[track_caller]
    pub(crate) fn lint(&self, certificates: &[&str]) {
        let certificate = |name: &str, der: &[u8]| assert_clean(name, Kind::Certificate, der);
        certificate("root", &self.read("root.der"));
        certificate("authority", &self.read("authority.der"));
        for pem in certificates {
            certificate("a card's certificate", &self.der(pem));
        }
        assert_clean("the authority's list", Kind::Crl, &fetch(&self.crl));
        assert_clean("the root's list", Kind::Arl, &fetch(&self.root_crl));
    }

    pub(crate) fn der(&self, pem: &str) -> Vec<u8> {
        self.put("one.pem", pem);
        self.openssl(&["x509", "-in", "one.pem", "-outform", "DER", "-out", "one.der"]).expect_success();
        self.read("one.der")
    }
}

#[track_caller]
pub(crate) fn assert_clean(name: &str, kind: Kind, der: &[u8]) {
    let findings = lint_der(kind, der);
    assert!(findings.is_empty(), "{name}: {}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

/// The certificate of this role, of a document with `certificates`.
#[track_caller]
pub(crate) fn certificate<'v>(document: &'v Value, role: &str) -> &'v Value {
    let found = document["certificates"].as_array().unwrap().iter().find(|certificate| certificate["role"] == role);
    found.unwrap_or_else(|| panic!("no {role} in {document}"))
}

pub(crate) fn pem(certificate: &Value) -> &str {
    certificate["pem"].as_str().unwrap()
}

pub(crate) fn statuses(document: &Value) -> Vec<(&str, &str)> {
    let certificates = document["certificates"].as_array().unwrap().iter();
    certificates.map(|one| (one["role"].as_str().unwrap(), one["status"].as_str().unwrap_or("null"))).collect()
}
