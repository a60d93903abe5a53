//! The holder's PIN. It is made here, goes to the card, and nowhere else.

use crate::{Holder, Random};
use kaika_wire::{Batch, Command, PinDigits, PinPattern, PinSource, SecretBytes};
use std::sync::Arc;
use zeroize::Zeroize;

/// 6 to 8 decimal digits. Wipes its memory; has no `Debug` and no serialisation.
#[derive(Clone)]
pub struct Pin {
    /// As the card takes it: filled up with FF (SP 800-73-4 part 2 §2.4.3).
    padded: SecretBytes<8>,
    length: usize,
}

/// Why a text is not a PIN. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    #[error("a PIN is 6 to 8 digits long")]
    Length,
    #[error("a PIN is made of digits alone")]
    NotDigits,
}

impl Pin {
    /// # Errors
    /// The text is not 6 to 8 decimal digits.
    pub fn parse(text: &str) -> Result<Self, PinError> {
        if !(6..=8).contains(&text.chars().count()) {
            return Err(PinError::Length);
        }
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PinError::NotDigits);
        }
        Ok(Self::from_digits(text.as_bytes()))
    }

    /// 8 digits that nobody knows, and nobody guesses first. Draws 16 random bytes, and again where they are such.
    pub fn random(random: &mut Random<'_>) -> Self {
        loop {
            let drawn = Self::drawn(random);
            if drawn.shows(&PinPattern::ALL).is_none() {
                return drawn;
            }
        }
    }

    /// The first of these that makes it easy to guess.
    pub fn shows(&self, patterns: &[PinPattern]) -> Option<PinPattern> {
        let digits = &self.padded[..self.length];
        patterns.iter().copied().find(|pattern| match pattern {
            PinPattern::OneDigit => has_step(digits, 0),
            PinPattern::Run => has_step(digits, 1) || has_step(digits, 9),
            PinPattern::Date => is_date(digits),
        })
    }

    fn drawn(random: &mut Random<'_>) -> Self {
        let mut bytes = SecretBytes::<16>::of(0);
        random(&mut *bytes);
        // 10^8 does not divide 2^128, but its residues differ in likelihood by less than 2^-100.
        let mut number = u128::from_be_bytes(*bytes) % 100_000_000;
        let mut padded = SecretBytes::of(b'0');
        for digit in padded.iter_mut().rev() {
            *digit += u8::try_from(number % 10).expect("a digit is below 10");
            number /= 10;
        }
        number.zeroize();
        Self { padded, length: 8 }
    }

    /// The digits, for delivery to the holder. Never for a log.
    pub fn expose(&self) -> &str {
        std::str::from_utf8(&self.padded[..self.length]).expect("a PIN is ASCII digits")
    }

    pub(crate) fn factory() -> Self {
        Self::from_digits(b"123456")
    }

    /// As VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER take it.
    pub(crate) fn padded(&self) -> &[u8; 8] {
        &self.padded
    }

    fn from_digits(digits: &[u8]) -> Self {
        let mut padded = SecretBytes::of(0xff);
        padded[..digits.len()].copy_from_slice(digits);
        Self { padded, length: digits.len() }
    }
}

/// Whether each digit is so many more than that before it; 0 comes after 9.
fn has_step(digits: &[u8], step: u8) -> bool {
    digits.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0')
}

/// Whether it reads as a date: the year first or last, with four digits, with two, or with the three of the Republic's years.
fn is_date(digits: &[u8]) -> bool {
    let number = |digits: &[u8]| digits.iter().fold(0u16, |number, digit| number * 10 + u16::from(digit - b'0'));
    let is_day = |month: &[u8], day: &[u8]| {
        let longest = match number(month) {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return false,
        };
        (1..=longest).contains(&number(day))
    };
    let is_year = |year: &[u8]| match year.len() {
        2 => true,
        3 => (1..200).contains(&number(year)),
        _ => (1900..2100).contains(&number(year)),
    };
    let of_year = digits.len() - 4;
    let (year, day) = digits.split_at(of_year);
    let year_first = is_year(year) && is_day(&day[..2], &day[2..]);
    let (day, year) = digits.split_at(4);
    let year_last = year.len() != 3 && is_year(year) && (is_day(&day[..2], &day[2..]) || is_day(&day[2..], &day[..2]));
    year_first || year_last
}

/// The PINs that a person has given for a run. No `Debug`.
#[derive(Default)]
pub struct Secrets {
    pub current_pin: Option<Pin>,
    pub new_pin: Option<Pin>,
    /// Who is asked where a PIN is typed when the card wants it ([`PinSource::Keypad`]). Without, `new_pin` is taken.
    pub holder: Option<Arc<dyn Holder>>,
    /// How many digits a PIN has that is typed so.
    pub pin_digits: PinDigits,
}

impl Secrets {
    /// The first PIN that the batch needs and that is not here.
    pub fn missing(&self, batch: &Batch) -> Option<PinSource> {
        batch.commands.iter().filter_map(pin_of).find(|source| !self.has(*source))
    }

    fn has(&self, source: PinSource) -> bool {
        match source {
            PinSource::Drawn => true,
            PinSource::Keypad if self.holder.is_some() => true,
            _ => self.pin(source).is_some(),
        }
    }

    pub(crate) fn pin(&self, source: PinSource) -> Option<Pin> {
        match source {
            PinSource::Current => self.current_pin.clone(),
            PinSource::New | PinSource::Keypad => self.new_pin.clone(),
            PinSource::Factory => Some(Pin::factory()),
            PinSource::Drawn => None,
        }
    }
}

/// Which of the person's PINs a command sends to the card.
fn pin_of(command: &Command) -> Option<PinSource> {
    match command {
        Command::SignAcceptance { pin, .. }
        | Command::ProveHolder { pin, .. }
        | Command::AllowWriting { pin, .. }
        | Command::ProvePossession { pin, .. }
        | Command::Agree { pin, .. }
        | Command::ResetRetryCounter { pin, .. } => Some(*pin),
        Command::SetPinRetries { .. } => Some(PinSource::Factory),
        Command::TestPinEachTime { .. } | Command::TestPinForgotten | Command::PrepareObjects { .. } => None,
        Command::ReadRetries
        | Command::ProveCard { .. }
        | Command::ChangePuk { .. }
        | Command::BlockPin
        | Command::OpenManagement { .. }
        | Command::ChallengeManagement
        | Command::AnswerManagement { .. }
        | Command::GenerateKey { .. }
        | Command::ReadKey { .. }
        | Command::Attest { .. }
        | Command::WriteCertificate { .. }
        | Command::ReadCertificate { .. }
        | Command::WriteIdentity { .. }
        | Command::ReadIdentity => None,
    }
}
