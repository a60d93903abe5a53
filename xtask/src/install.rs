//! `cargo xtask install`: the judges and servers that the tests run, where they are missing.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{self, Run, root};

/// Packages of Debian 12, with what of theirs the tests use.
const PACKAGES: &[&str] = &[
    "chromium",                 // opens the pages
    "chromium-driver",          // chromedriver, which drives it
    "curl",                     // logs in with a card
    "fonts-noto-cjk",           // without it screenshots show boxes for Chinese
    "libengine-pkcs11-openssl", // lets curl use a card's key
    "libnss3-tools",            // certutil, modutil: a card in Chromium
    "libpcsclite1",             // loaded by kaika-agent
    "node-typescript",          // tsc, checks the pages' scripts; brings nodejs
    "opensc",                   // opensc-tool, pkcs11-tool
    "opensc-pkcs11",            // the PKCS#11 module behind pkcs11-tool
    "openssl",                  // verify, ocsp, cms, s_server
    "pcscd",                    // behind it stand the readers
    "postgresql",               // the second database
    "python3-pip",              // installs pkilint, axe-core and aiosmtpd
    "python3-venv",             // holds pkilint
    "vsmartcard-vpcd",          // the virtual readers
    "xdotool",                  // chooses and types in Chromium's own dialogs, where chromedriver cannot
    "xvfb",                     // a screen for these dialogs
    "yubico-piv-tool",          // status
];

/// The version of pkilint: another one may find other things, and that is a change to be looked at.
const PKILINT: &str = "0.13.3";

/// Where testkit looks for pkilint.
const PKILINT_FOLDER: &str = "target/judges/pkilint";

/// The version of the package of PyPI that carries axe-core, 4.12.1 in this one.
const AXE: &str = "0.1.8";

/// Where testkit looks for axe-core.
const AXE_FOLDER: &str = "target/judges/axe";

/// The version of aiosmtpd, the mail server that mails are sent to.
const AIOSMTPD: &str = "1.4.6";

/// Where testkit looks for aiosmtpd.
const AIOSMTPD_FOLDER: &str = "target/judges/aiosmtpd";

pub(crate) fn run(run: Run) -> Result<()> {
    packages(run)?;
    pkilint(run)?;
    axe(run)?;
    aiosmtpd(run)
}

/// Fails where `run` would at once.
pub(crate) fn possible() -> Result<()> {
    packages_to_install().map(drop)
}

fn packages(run: Run) -> Result<()> {
    let missing = packages_to_install()?;
    if missing.is_empty() {
        return Ok(());
    }
    run(apt_get().arg("update"))?;
    run(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(&missing))?;
    let missing = missing_packages()?;
    if !missing.is_empty() {
        bail!("apt-get ended well, and yet these are not installed: {}", missing.join(" "));
    }
    Ok(())
}

fn packages_to_install() -> Result<Vec<&'static str>> {
    let missing = missing_packages()?;
    if !missing.is_empty() && !is_root()? {
        bail!(
            "the tests need packages that are not installed; run this, then try again:\n\
             sudo apt-get install --no-install-recommends {}",
            missing.join(" ")
        );
    }
    Ok(missing)
}

fn missing_packages() -> Result<Vec<&'static str>> {
    // Its exit status says no more than that one of them is unknown.
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${Package} ${db:Status-Status}\\n"]).args(PACKAGES);
    let Some(known) = shell::printed(&mut query)? else {
        bail!("this is not Debian; the tests need what these packages of Debian 12 hold: {}", PACKAGES.join(" "));
    };
    Ok(not_installed(PACKAGES, &known))
}

/// Those of `wanted` that are not in dpkg-query's lines `PACKAGE installed`.
fn not_installed<'p>(wanted: &[&'p str], known: &str) -> Vec<&'p str> {
    let installed: Vec<&str> = known.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    wanted.iter().copied().filter(|package| !installed.contains(package)).collect()
}

fn is_root() -> Result<bool> {
    let id = shell::printed(Command::new("id").arg("-u"))?.context("there is no `id`")?;
    Ok(id.trim() == "0")
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// pkilint in a folder of its own, anew where its version is another.
fn pkilint(run: Run) -> Result<()> {
    let folder = root().join(PKILINT_FOLDER);
    let python = folder.join("bin/python");
    if installed_pkilint(&python)?.as_deref() == Some(PKILINT) {
        return Ok(());
    }
    // Debian's own python, which has the packages above, before any other in PATH.
    let debians = Path::new("/usr/bin/python3");
    let base = if debians.exists() { debians } else { Path::new("python3") };
    run(Command::new(base).args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .arg(format!("pkilint=={PKILINT}")))
    .context("pkilint comes from PyPI; is there a network?")
}

/// axe-core, one script that pages are judged with. npm has it too, but we have no other use for npm.
fn axe(run: Run) -> Result<()> {
    let folder = root().join(AXE_FOLDER);
    let version = folder.join(format!("axe_playwright_python-{AXE}.dist-info"));
    if version.is_dir() && folder.join("axe_playwright_python/axe.min.js").is_file() {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    // Without its dependencies: the script alone is wanted, not Playwright.
    run(Command::new(root().join(PKILINT_FOLDER).join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"])
        .arg(&folder)
        .arg(format!("axe-playwright-python=={AXE}")))
    .context("axe-core comes from PyPI; is there a network?")
}

/// aiosmtpd with the two small packages that it needs.
fn aiosmtpd(run: Run) -> Result<()> {
    let folder = root().join(AIOSMTPD_FOLDER);
    if folder.join(format!("aiosmtpd-{AIOSMTPD}.dist-info")).is_dir() {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    run(Command::new(root().join(PKILINT_FOLDER).join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"])
        .arg(&folder)
        .arg(format!("aiosmtpd=={AIOSMTPD}")))
    .context("aiosmtpd comes from PyPI; is there a network?")
}

fn installed_pkilint(python: &Path) -> Result<Option<String>> {
    let question = "import importlib.metadata; print(importlib.metadata.version('pkilint'))";
    let version = shell::printed(Command::new(python).args(["-c", question]))?;
    Ok(version.map(|version| version.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_installed_counts() {
        let known = "openssl installed\npcscd config-files\nopensc not-installed\n";
        assert_eq!(
            not_installed(&["openssl", "pcscd", "opensc", "unheard-of"], known),
            ["pcscd", "opensc", "unheard-of"]
        );
        assert!(not_installed(&["openssl"], known).is_empty());
    }
}
