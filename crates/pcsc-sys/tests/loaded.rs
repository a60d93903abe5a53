//! The `pcsc` crate on this one, with a real pcscd and without the library.
//!
//! libpcsclite and the dynamic linker read their variables from the environment at the start of a process, so each case
//! runs in a process of its own: the test starts itself again with the variables set.

#![cfg(not(any(windows, target_os = "macos")))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;
use std::time::{Duration, Instant};

use kaika_testkit::pcscd::PrivatePcscd;
use kaika_testkit::vpcd;

/// Names the part that a process started by a test plays.
const PART: &str = "PCSC_SYS_TEST_PART";

/// Runs this very test once more, alone and with this variable set.
fn in_a_process_of_its_own(test: &str, variable: (&str, &str)) {
    let output = Command::new(std::env::current_exe().expect("a test has a file"))
        .args(["--exact", test, "--nocapture"])
        .env(PART, test)
        .envs([variable])
        .output()
        .expect("a test can be started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("1 passed"), "{}", text(&output.stdout));
}

#[test]
fn it_speaks_with_a_card_through_pcscd() {
    if std::env::var_os(PART).is_some() {
        return speak_with_the_card();
    }
    let pcscd = PrivatePcscd::start(&["Kaika"]);
    // Answers with the command turned round, so that both directions are seen whole.
    let _card = vpcd::insert(pcscd.vpcd_ports()[0], &ATR, |command| {
        command.iter().rev().copied().chain([0x90, 0x00]).collect()
    });
    in_a_process_of_its_own("it_speaks_with_a_card_through_pcscd", pcscd.env());
}

/// T=1 alone, with its checksum (ISO/IEC 7816-3 §8.2).
const ATR: [u8; 4] = [0x3B, 0x80, 0x01, 0x81];

fn speak_with_the_card() {
    assert!(pcsc_sys::available());
    let context = pcsc::Context::establish(pcsc::Scope::User).unwrap();
    context.is_valid().unwrap();
    let readers: Vec<_> = context.list_readers_owned().unwrap();
    let names: Vec<_> = readers.iter().map(|name| name.to_str().unwrap()).collect();
    assert_eq!(names, ["Kaika 00 00", "Kaika 00 01"]);

    let mut states = [pcsc::ReaderState::new(readers[0].clone(), pcsc::State::UNAWARE)];
    let deadline = Instant::now() + Duration::from_secs(10);
    while !states[0].event_state().contains(pcsc::State::PRESENT) {
        context.get_status_change(deadline.saturating_duration_since(Instant::now()), &mut states).unwrap();
        states[0].sync_current_state();
    }
    assert_eq!(states[0].atr(), ATR);

    let mut card = context.connect(&readers[0], pcsc::ShareMode::Shared, pcsc::Protocols::ANY).unwrap();
    let status = card.status2_owned().unwrap();
    assert_eq!((status.atr(), status.protocol2()), (&ATR[..], Some(pcsc::Protocol::T1)));
    // vpcd has no attributes, and says so through pcscd.
    assert_eq!(card.get_attribute_owned(pcsc::Attribute::VendorName).err(), Some(pcsc::Error::UnsupportedFeature));

    let mut buffer = [0; pcsc::MAX_BUFFER_SIZE_EXTENDED];
    {
        let transaction = card.transaction().unwrap();
        let answer = transaction.transmit(&[0, 0xCB, 0x3F, 0xFF, 0], &mut buffer).unwrap();
        assert_eq!(answer, [0, 0xFF, 0x3F, 0xCB, 0, 0x90, 0x00]);
        // An extended length command, as a certificate is written with: 1,856 bytes.
        let mut command = vec![0, 0xDB, 0x3F, 0xFF, 0x00, 0x07, 0x40];
        command.extend((0..1856).map(|index| index as u8));
        let answer = transaction.transmit(&command, &mut buffer).unwrap();
        assert_eq!(answer.len(), command.len() + 2);
        assert!(answer.iter().zip(command.iter().rev()).all(|(answered, sent)| answered == sent));
        transaction.end(pcsc::Disposition::ResetCard).map_err(|(_, error)| error).unwrap();
    }
    card.reconnect(pcsc::ShareMode::Exclusive, pcsc::Protocols::ANY, pcsc::Disposition::LeaveCard).unwrap();
    assert_eq!(
        context.connect(&readers[0], pcsc::ShareMode::Shared, pcsc::Protocols::ANY).err(),
        Some(pcsc::Error::SharingViolation)
    );
    // vpcd knows no control codes, and says so through pcscd.
    card.control(pcsc::ctl_code(3400), &[], &mut buffer).unwrap_err();
    card.disconnect(pcsc::Disposition::UnpowerCard).map_err(|(_, error)| error).unwrap();
    assert_eq!(
        context.connect(&readers[1], pcsc::ShareMode::Shared, pcsc::Protocols::ANY).err(),
        Some(pcsc::Error::NoSmartcard)
    );

    // Another thread ends the wait, as an agent does that shuts down.
    let other = context.clone();
    states[0].sync_current_state();
    let waiting = std::thread::spawn(move || {
        loop {
            match context.get_status_change(Duration::from_secs(10), &mut states) {
                Ok(()) => states[0].sync_current_state(),
                Err(error) => return error,
            }
        }
    });
    while !waiting.is_finished() {
        other.cancel().unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(waiting.join().unwrap(), pcsc::Error::Cancelled);
    other.release().map_err(|(_, error)| error).unwrap();
}

#[test]
fn without_the_library_there_is_no_service() {
    if std::env::var_os(PART).is_some() {
        assert!(!pcsc_sys::available());
        let refused = pcsc::Context::establish(pcsc::Scope::User).err();
        return assert_eq!(refused, Some(pcsc::Error::NoService));
    }
    // The dynamic linker looks here first, and gives up at a file that is no library.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("libpcsclite.so.1"), "no library").unwrap();
    let folder = folder.path().to_str().unwrap();
    in_a_process_of_its_own("without_the_library_there_is_no_service", ("LD_LIBRARY_PATH", folder));
}
