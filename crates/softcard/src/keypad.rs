//! The keypad of a reader in software, as PC/SC part 10 (v2.02.09 §2.5) has it: what is typed goes into a command, and no
//! program sees it. It knows FEATURE_VERIFY_PIN_DIRECT and FEATURE_MODIFY_PIN_DIRECT.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// FEATURE_VERIFY_PIN_DIRECT
pub const VERIFY: u8 = 0x06;
/// FEATURE_MODIFY_PIN_DIRECT
pub const MODIFY: u8 = 0x07;

/// A key. There is a digit for each, and the three of other colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// 0 to 9.
    Digit(u8),
    /// Begins this entry anew.
    Clear,
    Cancel,
    Enter,
}

/// What the display asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Puk,
    /// The present PIN.
    Pin,
    NewPin,
    NewPinAgain,
}

/// What the display shows: never a digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Display {
    pub entry: Entry,
    pub digits: usize,
}

/// What a request came to.
pub enum KeypadOutcome {
    /// For the card.
    Command(Zeroizing<Vec<u8>>),
    /// The reader's own status word; the card got nothing.
    Status([u8; 2]),
    /// Nobody waits any more: the card is gone.
    Gone,
}

const TIMED_OUT: [u8; 2] = [0x64, 0x00];
const CANCELLED: [u8; 2] = [0x64, 0x01];
const DIFFER: [u8; 2] = [0x64, 0x02];
const LENGTH: [u8; 2] = [0x64, 0x03];
const WRONG_STRUCTURE: [u8; 2] = [0x6b, 0x80];

/// Where the request says nothing of it.
const USUAL_PATIENCE: Duration = Duration::from_secs(30);
/// How often to look whether the card is still there.
const LOOK: Duration = Duration::from_millis(100);

/// Shared by the reader, which waits, and by whoever presses keys.
#[derive(Default)]
pub struct Keypad {
    asked: Mutex<Option<KeypadRequest>>,
    pressed: Condvar,
    /// Told when something else is asked for than before.
    listener: Option<Box<dyn Fn() + Send + Sync>>,
}

/// A request that is under way.
struct KeypadRequest {
    entries: Vec<Entry>,
    typed: Vec<Zeroizing<Vec<u8>>>,
    least: usize,
    most: usize,
    ended: Option<[u8; 2]>,
    keys: u64,
}

impl Keypad {
    /// One that says when something is asked for, and when no longer.
    pub fn with_listener(listener: impl Fn() + Send + Sync + 'static) -> Keypad {
        Keypad { listener: Some(Box::new(listener)), ..Keypad::default() }
    }

    /// What is asked for at the moment.
    pub fn display(&self) -> Option<Display> {
        let asked = self.lock();
        let asked = asked.as_ref().filter(|asked| asked.ended.is_none())?;
        let entry = *asked.entries.get(asked.typed.len() - 1)?;
        Some(Display { entry, digits: asked.typed.last()?.len() })
    }

    /// Whether anything was asked for.
    pub fn press(&self, key: Key) -> bool {
        let mut locked = self.lock();
        let Some(asked) = locked.as_mut().filter(|asked| asked.ended.is_none()) else {
            return false;
        };
        let before = asked.typed.len();
        asked.press(key);
        let moved = asked.typed.len() != before;
        drop(locked);
        self.pressed.notify_all();
        if moved {
            self.tell();
        }
        true
    }

    /// As if nobody had pressed a key for long.
    pub fn time_out(&self) {
        if let Some(asked) = self.lock().as_mut() {
            asked.ended.get_or_insert(TIMED_OUT);
        }
        self.pressed.notify_all();
    }

    /// Waits for the keys that this PIN_VERIFY_STRUCTURE or PIN_MODIFY_STRUCTURE asks for.
    pub fn ask(&self, feature: u8, structure: &[u8], mut is_there: impl FnMut() -> bool) -> KeypadOutcome {
        let Some(request) = Request::parse(feature, structure) else {
            return KeypadOutcome::Status(WRONG_STRUCTURE);
        };
        *self.lock() = Some(KeypadRequest::new(&request));
        self.tell();
        let ended = self.wait(request.patience, &mut is_there);
        let asked = self.lock().take();
        self.tell();
        match (ended, asked) {
            (None, _) | (_, None) => KeypadOutcome::Gone,
            (Some([0x90, 0x00]), Some(asked)) => KeypadOutcome::Command(request.filled(&asked)),
            (Some(status), Some(_)) => KeypadOutcome::Status(status),
        }
    }

    /// None where the card went.
    fn wait(&self, patience: Duration, is_there: &mut dyn FnMut() -> bool) -> Option<[u8; 2]> {
        let mut deadline = Instant::now() + patience;
        let mut keys = 0;
        let mut locked = self.lock();
        loop {
            let asked = locked.as_mut()?;
            if let Some(ended) = asked.ended {
                return Some(ended);
            }
            if asked.keys != keys {
                keys = asked.keys;
                deadline = Instant::now() + patience;
            }
            if Instant::now() >= deadline {
                asked.ended = Some(TIMED_OUT);
                continue;
            }
            locked = self.pressed.wait_timeout(locked, LOOK).unwrap_or_else(PoisonError::into_inner).0;
            drop(locked);
            if !is_there() {
                return None;
            }
            locked = self.lock();
        }
    }

    fn tell(&self) {
        if let Some(listener) = &self.listener {
            listener();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<KeypadRequest>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeypadRequest {
    fn new(request: &Request) -> KeypadRequest {
        KeypadRequest {
            entries: request.entries.clone(),
            typed: vec![Zeroizing::new(Vec::with_capacity(request.most))],
            least: request.least,
            most: request.most,
            ended: None,
            keys: 0,
        }
    }

    fn press(&mut self, key: Key) {
        self.keys += 1;
        let Some(typed) = self.typed.last_mut() else { return };
        match key {
            // A key too many does nothing.
            Key::Digit(digit) if digit < 10 && typed.len() < self.most => typed.push(b'0' + digit),
            Key::Digit(_) => {}
            Key::Clear => *typed = Zeroizing::new(Vec::with_capacity(self.most)),
            Key::Cancel => self.ended = Some(CANCELLED),
            Key::Enter if typed.len() < self.least => self.ended = Some(LENGTH),
            Key::Enter if self.typed.len() < self.entries.len() => {
                self.typed.push(Zeroizing::new(Vec::with_capacity(self.most)));
            }
            Key::Enter => self.ended = Some(if self.differs() { DIFFER } else { [0x90, 0x00] }),
        }
    }

    fn entry(&self, wanted: Entry) -> Option<&[u8]> {
        let at = self.entries.iter().position(|entry| *entry == wanted)?;
        self.typed.get(at).map(|typed| typed.as_slice())
    }

    fn differs(&self) -> bool {
        self.entry(Entry::NewPinAgain).is_some_and(|again| self.entry(Entry::NewPin) != Some(again))
    }
}

/// A structure that was understood.
struct Request {
    patience: Duration,
    least: usize,
    most: usize,
    entries: Vec<Entry>,
    /// Where in the command each of the first two entries has its digits.
    places: [usize; 2],
    command: Vec<u8>,
}

/// CLA INS P1 P2 Lc
const HEADER: usize = 5;
/// ASCII, left-justified, at the begin of the data, counted in octets.
const FORMAT: u8 = 0x82;

impl Request {
    fn parse(feature: u8, structure: &[u8]) -> Option<Request> {
        let modify = match feature {
            VERIFY => false,
            MODIFY => true,
            _ => return None,
        };
        let (head, command) = structure.split_at_checked(if modify { 24 } else { 19 })?;
        let length = u32::from_le_bytes(head.last_chunk().copied()?);
        if usize::try_from(length).ok()? != command.len() || command.len() < HEADER {
            return None;
        }
        let [first, _, format, block, 0, rest @ ..] = head else { return None };
        if *format != FORMAT || command.len() != HEADER + usize::from(command[4]) {
            return None;
        }
        let block = usize::from(block & 0x0f);
        let (offsets, rest) = if modify { rest.split_at(2) } else { (&[0, 0][..], rest) };
        let [most, least, rest @ ..] = rest else { return None };
        let confirm = if modify { *rest.first()? } else { 0 };
        let present = if command[1] == 0x2c { Entry::Puk } else { Entry::Pin };
        let mut entries = Vec::new();
        entries.extend((!modify || confirm & 0x02 != 0).then_some(present));
        entries.extend(modify.then_some(Entry::NewPin));
        entries.extend((confirm & 0x01 != 0).then_some(Entry::NewPinAgain));
        let places = [HEADER + usize::from(offsets[0]), HEADER + usize::from(offsets[1])];
        let (least, most) = (usize::from(*least), usize::from(*most));
        let fits = places.iter().all(|place| place + block <= command.len()) && least <= most && most <= block;
        fits.then(|| Request {
            patience: if *first == 0 { USUAL_PATIENCE } else { Duration::from_secs(u64::from(*first)) },
            least,
            most,
            entries,
            places,
            command: command.to_vec(),
        })
    }

    fn filled(&self, asked: &KeypadRequest) -> Zeroizing<Vec<u8>> {
        let mut command = Zeroizing::new(self.command.clone());
        let present = asked.entry(Entry::Puk).or_else(|| asked.entry(Entry::Pin));
        for (place, typed) in self.places.iter().zip([present, asked.entry(Entry::NewPin)]) {
            if let Some(typed) = typed {
                command[*place..place + typed.len()].copy_from_slice(typed);
            }
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, thread};

    /// As a terminal sends it: six to eight digits.
    fn verify() -> Vec<u8> {
        hex::decode(format!("3c3c820800080602010904000000000d0000000020008008{}", "ff".repeat(8))).unwrap()
    }

    fn modify() -> Vec<u8> {
        hex::decode(format!("3c3c82080000080806030203090400010200000015000000002c008010{}", "ff".repeat(16))).unwrap()
    }

    fn keys(text: &str) -> impl Iterator<Item = Key> + '_ {
        text.chars().map(|sign| match sign {
            'C' => Key::Clear,
            'X' => Key::Cancel,
            '.' => Key::Enter,
            digit => Key::Digit(digit.to_digit(10).unwrap() as u8),
        })
    }

    /// The command or the status word that these keys come to, in hexadecimal.
    fn typed(feature: u8, structure: &[u8], text: &str) -> String {
        let keypad = Arc::new(Keypad::default());
        let reader = thread::spawn({
            let (keypad, structure) = (keypad.clone(), structure.to_vec());
            move || match keypad.ask(feature, &structure, || true) {
                KeypadOutcome::Command(command) => hex::encode(command.as_slice()),
                KeypadOutcome::Status(status) => hex::encode(status),
                KeypadOutcome::Gone => "gone".to_owned(),
            }
        });
        for key in keys(text) {
            while !keypad.press(key) && !reader.is_finished() {
                thread::yield_now();
            }
        }
        reader.join().unwrap()
    }

    #[test]
    fn what_is_typed_goes_into_the_command() {
        let check = |text: &str, expected: &str| assert_eq!(typed(VERIFY, &verify(), text), expected, "{text}");
        check("123456.", "0020008008313233343536ffff");
        check("12345678.", "00200080083132333435363738");
        check("1234567890.", "00200080083132333435363738");
        check("99C135790.", "0020008008313335373930ffff");
        check("12345.", "6403");
        check("1X", "6401");
    }

    #[test]
    fn a_new_pin_is_typed_twice() {
        let check = |text: &str, expected: &str| assert_eq!(typed(MODIFY, &modify(), text), expected, "{text}");
        check("11223344.246810.246810.", "002c0080103131323233333434323436383130ffff");
        check("11223344.246810.246811.", "6402");
        check("11223344.24681.", "6403");
        check("11223344.246810.X", "6401");
    }

    #[test]
    fn a_structure_that_is_none_is_refused() {
        for (feature, structure) in [
            (VERIFY, verify()[..18].to_vec()),
            (VERIFY, modify()),
            (MODIFY, verify()),
            (MODIFY, [modify(), vec![0]].concat()),
            (0x05, verify()),
        ] {
            assert_eq!(typed(feature, &structure, ""), "6b80");
        }
    }

    #[test]
    fn the_display_says_what_is_asked_for_and_no_digit() {
        let keypad = Arc::new(Keypad::default());
        assert_eq!((keypad.display(), keypad.press(Key::Enter)), (None, false));
        let reader = thread::spawn({
            let keypad = keypad.clone();
            move || matches!(keypad.ask(MODIFY, &modify(), || true), KeypadOutcome::Status(TIMED_OUT))
        });
        while keypad.display().is_none() {
            thread::yield_now();
        }
        assert_eq!(keypad.display(), Some(Display { entry: Entry::Puk, digits: 0 }));
        keys("11223344").for_each(|key| assert!(keypad.press(key)));
        assert_eq!(keypad.display(), Some(Display { entry: Entry::Puk, digits: 8 }));
        keypad.press(Key::Enter);
        assert_eq!(keypad.display(), Some(Display { entry: Entry::NewPin, digits: 0 }));
        keypad.time_out();
        assert!(reader.join().unwrap());
        assert_eq!(keypad.display(), None);
    }

    #[test]
    fn nobody_waits_for_a_card_that_is_gone() {
        let keypad = Keypad::default();
        assert!(matches!(keypad.ask(VERIFY, &verify(), || false), KeypadOutcome::Gone));
        assert_eq!(keypad.display(), None);
    }
}
