//! The holder's PIN. It is made here, goes to the card, and nowhere else.

use crate::{Holder, Random};
use kaika_wire::{Batch, Command, PinDigits, PinSource};
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// 6 to 8 decimal digits. Wipes its memory; has no `Debug` and no serialisation.
#[derive(Clone)]
pub struct Pin {
    /// As the card takes it: filled up with FF (SP 800-73-4 part 2 §2.4.3).
    padded: Zeroizing<[u8; 8]>,
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

    /// 8 digits that nobody knows. Draws 16 random bytes.
    pub fn random(random: &mut Random<'_>) -> Self {
        let mut bytes = Zeroizing::new([0; 16]);
        random(bytes.as_mut());
        // 10^8 does not divide 2^128, but its residues differ in likelihood by less than 2^-100.
        let mut number = u128::from_be_bytes(*bytes) % 100_000_000;
        let mut digits = Zeroizing::new([b'0'; 8]);
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(number % 10).expect("a digit is below 10");
            number /= 10;
        }
        number.zeroize();
        Self::from_digits(digits.as_ref())
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
        let mut padded = Zeroizing::new([0xff; 8]);
        padded[..digits.len()].copy_from_slice(digits);
        Self { padded, length: digits.len() }
    }
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
