//! pkilint, the judge of certificates, CRLs and OCSP responses: <https://github.com/digicert/pkilint>.
//!
//! `cargo xtask install` puts it into `target/judges/pkilint`, in the version that stands in xtask.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::tools::Tool;

/// What is to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A certificate, against RFC 5280 and the RFCs that extend it.
    Certificate,
    /// A CRL of end-entity certificates, against RFC 5280.
    Crl,
    /// A CRL of CA certificates, against RFC 5280.
    Arl,
    /// An OCSP response, against RFC 6960.
    OcspResponse,
}

/// One complaint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `FATAL`, `ERROR`, `WARNING` or `NOTICE`.
    pub severity: String,
    /// For example `pkix.ca_certificate_no_ku_extension`.
    pub code: String,
    /// Where in the document, for example `certificate.tbsCertificate.extensions`.
    pub place: String,
    pub message: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {}", self.severity, self.code, self.place)?;
        self.message.iter().try_for_each(|message| write!(f, ": {message}"))
    }
}

/// All that pkilint finds in `file` (DER, PEM or Base64) and that is more than informative.
///
/// # Panics
/// Where pkilint is missing, or the file is no such document.
#[track_caller]
pub fn lint(kind: Kind, file: impl AsRef<Path>) -> Vec<Finding> {
    let (program, options): (&str, &[&str]) = match kind {
        Kind::Certificate => ("lint_pkix_cert", &[]),
        Kind::Crl => ("lint_crl", &["--type=CRL", "--profile=PKIX"]),
        Kind::Arl => ("lint_crl", &["--type=ARL", "--profile=PKIX"]),
        Kind::OcspResponse => ("lint_ocsp_response", &[]),
    };
    let program = folder().join("bin").join(program);
    assert!(program.is_file(), "pkilint is not installed in {}: run `cargo xtask install`", folder().display());
    let output = Tool::new(program)
        .arg("lint")
        .args(options)
        .args(["--severity=NOTICE", "--format=JSON"])
        .arg(file.as_ref())
        .run();
    // The exit status is the number of findings, or 1 where the document could not be read: only the JSON tells.
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output}"));
    let results = report["results"].as_array().unwrap_or_else(|| panic!("no results: {output}"));
    results.iter().flat_map(findings).collect()
}

/// As [`lint`], for a document in memory, in DER.
#[track_caller]
pub fn lint_der(kind: Kind, document: &[u8]) -> Vec<Finding> {
    let file = tempfile::NamedTempFile::new().unwrap_or_else(|error| panic!("no temporary file: {error}"));
    std::fs::write(&file, document).unwrap_or_else(|error| panic!("no temporary file: {error}"));
    lint(kind, file.path())
}

fn findings(result: &Value) -> impl Iterator<Item = Finding> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let place = text(&result["node_path"]).unwrap_or_default();
    let descriptions = result["finding_descriptions"].as_array().cloned().unwrap_or_default();
    descriptions.into_iter().map(move |description| Finding {
        severity: text(&description["severity"]).unwrap_or_default(),
        code: text(&description["code"]).unwrap_or_default(),
        place: place.clone(),
        message: text(&description["message"]),
    })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges/pkilint")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools;

    fn self_signed(folder: &Path, extensions: &[&str]) -> PathBuf {
        let file = folder.join("certificate.pem");
        let mut openssl = Tool::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
            .args(["-subj", "/C=TW/O=Test", "-days", "3", "-keyout", "/dev/null", "-out"])
            .arg(&file);
        for extension in extensions {
            openssl = openssl.args(["-addext", extension]);
        }
        openssl.run().expect_success();
        file
    }

    #[test]
    fn a_fault_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let found = lint(Kind::Certificate, self_signed(folder.path(), &[]));
        let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["pkix.ca_certificate_no_ku_extension"]);
        assert_eq!(found[0].severity, "ERROR");
    }

    #[test]
    fn a_clean_certificate_is_clean() {
        let folder = tempfile::tempdir().unwrap();
        let file = self_signed(folder.path(), &["keyUsage=critical,keyCertSign,cRLSign"]);
        assert_eq!(lint(Kind::Certificate, &file), []);
        let der = tools::run("openssl", &["x509", "-outform", "DER", "-in", file.to_str().unwrap()], &[]);
        assert_eq!(lint_der(Kind::Certificate, &der.stdout), []);
    }

    #[test]
    #[should_panic(expected = "Failed to load")]
    fn what_is_no_certificate_is_refused() {
        lint_der(Kind::Certificate, b"nothing of the kind");
    }
}
