//! The reader behind a real pcscd, used by a program that we did not write.

use kaika_softcard::keypad::{Display, Entry, Key, Keypad};
use kaika_softcard::{Options, SoftCard};
use kaika_testkit::{pcscd::PrivatePcscd, tools};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// OpenSC knows readers with keypads: it has the PIN typed on ours, and the card takes it.
#[test]
fn opensc_has_a_pin_typed_on_the_keypad() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("keypad");
    let card =
        SoftCard::create(folder.path().join("one.card"), Options { serial: 4711, strict: true, ..Options::default() })
            .unwrap();
    let (card, keypad) = (Arc::new(Mutex::new(card)), Arc::new(Keypad::default()));
    let pcscd = PrivatePcscd::start_with_driver("Kaika Keypad", &kaika_ifd_keypad::driver(), &socket);
    let _inserted = kaika_ifd_keypad::insert(card.clone(), keypad.clone(), &socket).unwrap();
    eventually("a card in the reader", || {
        let list = tools::run("opensc-tool", &["--list-readers"], &[pcscd.env()]).stdout();
        let reader = list.lines().find(|line| line.ends_with("Kaika Keypad 00 00"))?;
        // "Card" and "Features": PIN pad.
        (reader.contains("Yes") && reader.contains("PIN pad")).then_some(())
    });
    let tries = |card: &Mutex<SoftCard>| card.lock().unwrap().inspect().pin_tries_left();
    for (pin, right, left) in [("000000", false, 2), ("123456", true, 3)] {
        let typist = thread::spawn({
            let keypad = keypad.clone();
            move || {
                let asked = Some(Display { entry: Entry::Pin, digits: 0 });
                eventually("the keypad to ask", || (keypad.display() == asked).then_some(()));
                let digits = pin.bytes().map(|digit| Key::Digit(digit - b'0'));
                digits.chain([Key::Enter]).for_each(|key| assert!(keypad.press(key)));
            }
        });
        let output = tools::run("pkcs15-tool", &["--verify-pin"], &[pcscd.env()]);
        typist.join().unwrap();
        assert_eq!((output.status.success(), tries(&card)), (right, left), "{output}");
    }
}
