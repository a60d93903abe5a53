//! A pcscd per test, with virtual readers, beside any other pcscd of the machine and as any user.
//!
//! pcscd takes its listening socket from systemd, and whoever plays systemd's part decides where that socket is:
//! descriptor 3, announced by `LISTEN_FDS=1` and `LISTEN_PID` (sd_listen_fds(3)). Clients find it by the variable
//! `PCSCLITE_CSOCK_NAME`, which libpcsclite reads once: give it to a child process rather than set it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::leash::Leash;
use crate::ports::PortPair;
use crate::tools;

/// The environment variable that tells libpcsclite where its pcscd listens.
pub const SOCKET_VARIABLE: &str = "PCSCLITE_CSOCK_NAME";

/// vpcd, the reader driver: two slots per reader, each listening on a TCP port of its own.
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

/// How often to start anew where another program took a port between its choice and its use.
const TRIES: usize = 3;

/// A running pcscd. Dropped, it is killed and its folder removed.
pub struct PrivatePcscd {
    _leash: Leash,
    _ports: Vec<PortPair>,
    folder: PathBuf,
    socket: String,
    slots: Vec<Slot>,
}

/// A place for a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The name under which PC/SC lists it.
    pub reader: String,
    /// The TCP port on 127.0.0.1 where vpcd waits for a card.
    pub port: u16,
}

impl PrivatePcscd {
    /// Starts a pcscd with one virtual reader of two slots per name, and returns when all of them are listed. PC/SC
    /// appends ` 00 00` to the name of a reader's first slot and ` 00 01` to that of its second. `yubico-piv-tool` wants
    /// "Yubikey" in the name.
    ///
    /// # Panics
    /// Where pcscd, vpcd or opensc-tool is missing or fails, or two names are the same.
    #[track_caller]
    pub fn start(names: &[&str]) -> PrivatePcscd {
        let mut seen = Vec::new();
        for _ in 0..TRIES {
            let pcscd = PrivatePcscd::launch(names)
                .unwrap_or_else(|error| panic!("a private pcscd cannot be started: {error}"));
            let listed = pcscd.listed();
            if listed == pcscd.reader_names() {
                return pcscd;
            }
            seen.push(format!("listed {listed:?}; pcscd says:\n{}", pcscd.log()));
        }
        panic!("the readers {names:?} did not come up:\n{}", seen.join("\n"));
    }

    /// Starts a pcscd with one reader of this driver, whose `DEVICENAME` is `/dev/null:` and the path `device`, and returns
    /// when it is listed: what stands before the colon has to exist. The slot's port means nothing.
    ///
    /// # Panics
    /// Where pcscd or opensc-tool is missing or fails, or the driver does not come up.
    #[track_caller]
    pub fn start_with_driver(name: &str, driver: &Path, device: &Path) -> PrivatePcscd {
        let conf = format!(
            "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:{}\nLIBPATH {}\nCHANNELID 0x1\n",
            device.display(),
            driver.display()
        );
        let slots = vec![Slot { reader: format!("{name} 00 00"), port: 0 }];
        let pcscd = PrivatePcscd::run(&conf, Vec::new(), slots)
            .unwrap_or_else(|error| panic!("a private pcscd cannot be started: {error}"));
        assert_eq!(pcscd.listed(), pcscd.reader_names(), "{}", pcscd.log());
        pcscd
    }

    /// The path of its socket, the value for `PCSCLITE_CSOCK_NAME`.
    pub fn socket(&self) -> &str {
        &self.socket
    }

    /// The environment variable by which clients find this pcscd.
    pub fn env(&self) -> (&'static str, &str) {
        (SOCKET_VARIABLE, &self.socket)
    }

    /// All slots, in the order of the names given, two per reader.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The slots' names in PC/SC, in the order of [`slots`](Self::slots).
    pub fn reader_names(&self) -> Vec<&str> {
        self.slots.iter().map(|slot| slot.reader.as_str()).collect()
    }

    /// The slots' ports, in the order of [`slots`](Self::slots).
    pub fn vpcd_ports(&self) -> Vec<u16> {
        self.slots.iter().map(|slot| slot.port).collect()
    }

    /// What pcscd has printed so far: its errors.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_else(|error| format!("(no log: {error})"))
    }

    fn launch(names: &[&str]) -> io::Result<PrivatePcscd> {
        assert!(Path::new(DRIVER).exists(), "{}", tools::missing("libifdvpcd.so".as_ref()));
        let ports = names.iter().map(|_| PortPair::claim()).collect::<io::Result<Vec<_>>>()?;
        let slots = names.iter().zip(&ports).flat_map(|(name, ports)| {
            [0, 1].map(|slot| Slot { reader: format!("{name} 00 0{slot}"), port: ports.first + slot })
        });
        let slots = slots.collect();
        PrivatePcscd::run(&reader_conf(names, &ports), ports, slots)
    }

    fn run(readers: &str, ports: Vec<PortPair>, slots: Vec<Slot>) -> io::Result<PrivatePcscd> {
        let program = tools::find("pcscd");
        let folder = tempfile::Builder::new().prefix("kaika-pcscd-").tempdir()?;
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket)?;
        // A folder of its own: pcscd reads every file in it.
        fs::create_dir(folder.path().join("readers"))?;
        fs::write(folder.path().join("readers/reader.conf"), readers)?;
        let log = File::create(folder.path().join("log"))?;

        // LISTEN_PID must be pcscd's own pid, which is that of the shell it replaces.
        let start = format!(
            "sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" --foreground --config \"$DIR/readers\"' '{}'",
            program.display()
        );
        // The leash removes the folder from here on.
        let folder = folder.keep();
        let leash = Leash::start(&start, &folder, Stdio::from(OwnedFd::from(listener)), log, "KILL")?;
        let socket = socket.into_os_string().into_string().expect("the path was made of UTF-8");
        Ok(PrivatePcscd { _leash: leash, _ports: ports, folder, socket, slots })
    }

    /// The readers that a client sees. The first client waits in the socket's queue until pcscd has set up its readers.
    fn listed(&self) -> Vec<String> {
        let output = tools::run("opensc-tool", &["--list-readers"], &[self.env()]);
        let listing = output.stdout();
        // "Nr.  Card  Features  Name", the name from the column of its title to the end of the line.
        let column = listing.lines().find_map(|line| line.strip_prefix("Nr.").and_then(|_| line.find("Name")));
        let Some(column) = column else {
            return Vec::new();
        };
        listing
            .lines()
            .skip_while(|line| !line.starts_with("Nr."))
            .skip(1)
            .filter_map(|line| line.get(column..))
            .map(|name| name.trim_end().to_owned())
            .collect()
    }
}

fn reader_conf(names: &[&str], ports: &[PortPair]) -> String {
    let mut conf = String::new();
    for (index, (name, ports)) in names.iter().zip(ports).enumerate() {
        assert!(!names[..index].contains(name), "two readers are named {name:?}");
        let port = ports.first;
        // The driver takes PORT for slot 0 and PORT + 1 for slot 1; CHANNELID must only differ between readers.
        write!(
            conf,
            "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:0x{port:X}\nLIBPATH {DRIVER}\nCHANNELID 0x{port:X}\n\n"
        )
        .expect("writing to a String cannot fail");
    }
    conf
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::vpcd;

    fn opensc(pcscd: &PrivatePcscd, arguments: &[&str]) -> tools::Output {
        tools::run("opensc-tool", arguments, &[pcscd.env()]).expect_success()
    }

    #[test]
    fn its_readers_are_listed_by_opensc() {
        let pcscd = PrivatePcscd::start(&["Kaika", "Yubikey Kaika"]);
        let listing = opensc(&pcscd, &["-l"]).stdout();
        for reader in ["Kaika 00 00", "Kaika 00 01", "Yubikey Kaika 00 00", "Yubikey Kaika 00 01"] {
            assert!(pcscd.reader_names().contains(&reader));
            assert!(listing.lines().any(|line| line.ends_with(&format!("  {reader}"))), "{listing}");
        }
    }

    #[test]
    fn several_stand_side_by_side() {
        let one = PrivatePcscd::start(&["One"]);
        let two = PrivatePcscd::start(&["Two"]);
        assert!(one.vpcd_ports().iter().all(|port| !two.vpcd_ports().contains(port)));
        assert!(opensc(&one, &["-l"]).stdout().contains("One 00 00"));
        assert!(!opensc(&two, &["-l"]).stdout().contains("One"));
    }

    #[test]
    fn a_card_is_in_the_slot_of_its_port() {
        let pcscd = PrivatePcscd::start(&["Reader"]);
        for (index, slot) in pcscd.slots().iter().enumerate() {
            // One historical byte and nothing else: T=0, no checksum (ISO/IEC 7816-3 §8.2).
            let atr = [0x3B, 0x01, index as u8];
            let _card = vpcd::insert(slot.port, &atr, |_| vec![0x90, 0x00]);
            // opensc-tool's own `--wait` comes back before it knows the ATR.
            let deadline = Instant::now() + Duration::from_secs(10);
            loop {
                let shown = tools::run("opensc-tool", &["--reader", &slot.reader, "--atr"], &[pcscd.env()]);
                if shown.stdout().trim() == format!("3b:01:0{index}") {
                    break;
                }
                assert!(Instant::now() < deadline, "{shown}\n{}", pcscd.log());
            }
        }
    }

    #[test]
    fn dropped_it_is_gone() {
        let pcscd = PrivatePcscd::start(&["Short-lived"]);
        let (folder, ports) = (pcscd.folder.clone(), pcscd.vpcd_ports());
        drop(pcscd);
        assert!(!folder.exists());
        for port in ports {
            assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
        }
    }
}
