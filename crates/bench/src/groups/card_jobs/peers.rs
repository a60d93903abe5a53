//! yubico-piv-tool and OpenSC's tools, at a copy of the card.

use super::Sum;
use super::rig::{Reader, Rig};
use crate::desk::PIN;
use anyhow::{Context, Result};
use kaika_softcard::Exchange;
use kaika_testkit::tools::{Tool, opensc_pkcs11};
use std::fs;
use tempfile::TempDir;

/// One run of yubico-piv-tool, which knows one slot a run.
#[derive(Clone, Copy)]
pub(super) enum Yubico {
    /// The object that says which card it is.
    Identity,
    /// The certificate in a slot.
    Read(&'static str),
    /// All that it can tell.
    Status,
    Unblock,
    ChangePin,
    /// With the PIN.
    Sign(&'static str),
    Decipher(&'static str),
    /// Certificates into these slots, and the objects that tell of the change.
    Write(&'static [&'static str]),
}

#[derive(Clone, Copy)]
pub(super) enum Opensc {
    Unblock,
    ChangePin,
    /// One certificate.
    Certificate,
    /// All of them.
    Certificates,
    Test,
    /// A certificate into a slot.
    Write(&'static str),
}

pub(super) struct Peers {
    reader: Reader,
    puk: String,
    folder: TempDir,
}

/// The factory's of old, which yubico-piv-tool takes where none is named.
const KEY: [u8; 24] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];
const CHUID: &str = "0x5fc102";
const DISCOVERY: &str = "0x7e";
const PUT_DATA: u8 = 0xdb;

impl Peers {
    /// At the card as it is.
    pub(super) fn of(rig: &Rig) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let puk = String::from_utf8(rig.puk()?.expose().to_vec())?;
        let reader = rig.copy(&folder.path().join("copy.card"), &KEY)?;
        for certificate in rig.certificates()? {
            let role = certificate.card_role().context("its place on the card")?;
            let slot = format!("{:02x}", role.slot().reference());
            let pem = kaika_pki::Certificate::from_der(&certificate.certificate)?.to_pem();
            fs::write(folder.path().join(format!("{slot}.pem")), pem)?;
            fs::write(folder.path().join(slot), &certificate.certificate)?;
        }
        fs::write(folder.path().join("key"), KEY.map(|octet| format!("{octet:02x}")).join(":"))?;
        Ok(Self { reader, puk, folder })
    }

    /// What these runs come to. Each selects the application, asks for version and serial number, and proves PIN or
    /// management key where it needs them: what an earlier run has done already is not held against it.
    pub(super) fn yubico(&self, runs: &[Yubico]) -> Sum {
        let mut counted: Vec<Exchange> = Vec::new();
        for arguments in runs.iter().flat_map(|run| self.arguments(*run)) {
            let exchanges = self.reader.recorded(|| {
                let tool = Tool::new("yubico-piv-tool").args(["-r", self.reader.name()]).args(arguments);
                tool.envs([self.reader.pcscd.env()]).run().expect_success();
            });
            let is_done = |exchange: &Exchange| {
                let same = |before: &Exchange| (before.header, before.to_card) == (exchange.header, exchange.to_card);
                opens(exchange.header) && counted.iter().any(same)
            };
            let new: Vec<_> = exchanges.into_iter().filter(|exchange| !is_done(exchange)).collect();
            counted.extend(new);
        }
        counted.iter().collect()
    }

    fn arguments(&self, run: Yubico) -> Vec<Vec<String>> {
        let one = |arguments: &[&str]| vec![arguments.iter().map(|argument| (*argument).to_owned()).collect()];
        let object = |id| one(&["-a", "read-object", "--id", id, "-o", &self.file("read")]);
        let with_certificate = |action: &str, slot| {
            one(&["-a", "verify-pin", "-P", PIN, "-a", action, "-s", slot, "-K", "DER", "-i", &self.file(slot)])
        };
        match run {
            Yubico::Identity => object(CHUID),
            Yubico::Read(slot) => object(match slot {
                "9a" => "0x5fc105",
                "9c" => "0x5fc10a",
                "9d" => "0x5fc10b",
                _ => "0x5fc101",
            }),
            Yubico::Status => one(&["-a", "status"]),
            Yubico::Unblock => one(&["-a", "unblock-pin", "-P", &self.puk, "-N", PIN]),
            Yubico::ChangePin => one(&["-a", "change-pin", "-P", PIN, "-N", PIN]),
            Yubico::Sign(slot) => with_certificate("test-signature", slot),
            Yubico::Decipher(slot) => with_certificate("test-decipher", slot),
            Yubico::Write(slots) => {
                let import =
                    |slot: &&str| one(&["-a", "import-certificate", "-s", slot, "-K", "DER", "-i", &self.file(slot)]);
                let written = slots.iter().flat_map(import);
                written.chain(one(&["-a", "set-ccc", "-a", "set-chuid"])).chain(object(DISCOVERY)).collect()
            }
        }
    }

    /// What these runs come to, each from its begin.
    pub(super) fn opensc(&self, runs: &[Opensc]) -> Sum {
        runs.iter().flat_map(|run| self.opensc_run(*run)).collect::<Vec<_>>().iter().collect()
    }

    fn opensc_run(&self, work: Opensc) -> Vec<Exchange> {
        let module = opensc_pkcs11();
        let reader = self.reader.name();
        let tool = match work {
            Opensc::Unblock => Tool::new("pkcs15-tool").args([
                "--reader",
                reader,
                "--unblock-pin",
                "--auth-id",
                "01",
                "--puk",
                &self.puk,
                "--new-pin",
                PIN,
            ]),
            Opensc::ChangePin => Tool::new("pkcs15-tool").args([
                "--reader",
                reader,
                "--change-pin",
                "--auth-id",
                "01",
                "--pin",
                PIN,
                "--new-pin",
                PIN,
            ]),
            Opensc::Certificate => Tool::new("pkcs15-tool").args(["--reader", reader, "--read-certificate", "04"]),
            Opensc::Certificates => Tool::new("pkcs15-tool").args(["--reader", reader, "--list-certificates"]),
            Opensc::Write(slot) => Tool::new("piv-tool")
                .args(["--reader", reader, "--admin", "M:9B:03", "--cert", &slot.to_uppercase()])
                .args(["--in", &self.file(&format!("{slot}.pem"))])
                .env("PIV_EXT_AUTH_KEY", self.file("key")),
            Opensc::Test => {
                Tool::new("pkcs11-tool").arg("--module").arg(module).args(["--login", "--pin", PIN, "--test"])
            }
        };
        // What it remembers of cards lies below.
        let tool = tool
            .envs([self.reader.pcscd.env()])
            .env("HOME", self.folder.path())
            .env("XDG_CACHE_HOME", self.folder.path());
        let mut output = None;
        let exchanges = self.reader.recorded(|| output = Some(tool.run()));
        let output = output.expect("the tool has run");
        if let Opensc::Write(_) = work {
            // It ends with the length of what was written, or what is left of that.
            let writes = exchanges.iter().filter(|exchange| exchange.header[1] == PUT_DATA).count();
            assert!(writes > 1 && output.stderr().is_empty(), "{output}");
        } else {
            output.expect_success();
        }
        exchanges
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }
}

/// SELECT, GET VERSION, GET SERIAL; VERIFY, also without a PIN; and the management key's proof.
fn opens(header: [u8; 4]) -> bool {
    matches!(header, [_, 0xa4 | 0xfd | 0xf8 | 0x20, ..] | [_, 0x87, _, 0x9b])
}
