//! Carries out a batch of typed commands on a card.

use crate::{
    Holder, Pin, Random, Secrets, Transport, detect, key, management, object,
    piv::{Card, Stop},
    signature,
};
use kaika_wire::{
    Batch, CardFault, CertificateReference, Command, Context, Document, Expectation, Guid, KeyAlgorithm, Lack, Outcome,
    PinSource, Puk, Slot,
};
use std::sync::Arc;

/// What became of a batch.
pub struct Run {
    /// One for each command that was carried out; the last is [`Outcome::Refused`] where the card refused a secret.
    pub outcomes: Vec<Outcome>,
    /// Why it stopped before its end, other than by a refused secret. The command at `outcomes.len()` may have acted.
    pub fault: Option<CardFault>,
}

/// Security status not satisfied.
const PIN_WANTED: &str = "6982";
/// Conditions of use not satisfied.
const NOT_NOW: &str = "6985";
/// Not enough memory space.
const NO_ROOM: &str = "6a84";
const FACTORY_PUK: [u8; 8] = *b"12345678";
/// A PIN has 15 tries at most where the status word tells them (63Cx); the rest is room for random PINs that hit.
const MOST_WRONG_PINS: usize = 32;

/// Selects PIV, sees that this is the batch's card – another one: [`CardFault::OtherCard`], no try spent – and carries
/// out the commands in order, until the card refuses a secret or a fault stops it. `progress` is told after each
/// command how many are done. A PIN that is missing from `secrets` stops it before anything was sent
/// ([`Secrets::missing`]).
pub fn run(
    transport: &mut dyn Transport,
    batch: &Batch,
    secrets: &Secrets,
    random: &mut Random<'_>,
    progress: &mut dyn FnMut(usize),
) -> Run {
    carry_out(transport, batch, secrets, random, progress, None)
}

/// As [`run`], in a card session that is open: PIV is selected, and that this is the batch's card is known. After
/// [`Batch::hold`] nothing else will do, since SELECT would end it. `guid` is what the card was read to have in this
/// session, if it was.
pub fn go_on(
    transport: &mut dyn Transport,
    batch: &Batch,
    guid: Option<Guid>,
    secrets: &Secrets,
    random: &mut Random<'_>,
    progress: &mut dyn FnMut(usize),
) -> Run {
    carry_out(transport, batch, secrets, random, progress, Some(guid))
}

/// An APDU that changes nothing in the session, so that a system that resets idle cards sees this one at work.
///
/// # Errors
/// What the card or the reader did.
pub fn keep_alive(transport: &mut dyn Transport) -> Result<(), CardFault> {
    Card::new(transport).raw_data(object::DISCOVERY).map(drop)
}

fn carry_out(
    transport: &mut dyn Transport,
    batch: &Batch,
    secrets: &Secrets,
    random: &mut Random<'_>,
    progress: &mut dyn FnMut(usize),
    open: Option<Option<Guid>>,
) -> Run {
    let mut run = Run { outcomes: Vec::with_capacity(batch.commands.len()), fault: None };
    let mut interpreter = Interpreter {
        card: Card::new(transport),
        context: &batch.context,
        secrets,
        random,
        guid: open.flatten(),
        verified: None,
        keys: Vec::new(),
        typed: None,
        drawn: None,
    };
    let begun = match (secrets.missing(batch), open) {
        (Some(source), _) => Err(missing(source)),
        (None, None) => interpreter.begin(batch.card),
        (None, Some(_)) => Ok(()),
    };
    if let Err(fault) = begun {
        run.fault = Some(fault);
        return run;
    }
    for command in &batch.commands {
        match interpreter.carry_out(command) {
            Ok(outcome) => run.outcomes.push(outcome),
            Err(Stop::Refused { secret, tries_left }) => {
                run.outcomes.push(Outcome::Refused { secret, tries_left });
                break;
            }
            Err(Stop::Fault(fault)) => {
                run.fault = Some(fault);
                break;
            }
        }
        progress(run.outcomes.len());
    }
    run
}

struct Interpreter<'r, 't> {
    card: Card<'t>,
    context: &'r Context,
    secrets: &'r Secrets,
    random: &'r mut Random<'r>,
    /// What the card was read to have in this session, and still has.
    guid: Option<Guid>,
    /// The PIN that was verified in this batch.
    verified: Option<PinSource>,
    /// Public keys that this batch has already seen, latest last.
    keys: Vec<(Slot, Vec<u8>)>,
    /// The new PIN that the holder has typed where the reader has no keypad.
    typed: Option<Pin>,
    /// The PIN of this batch that nobody learns.
    drawn: Option<Pin>,
}

impl Interpreter<'_, '_> {
    fn begin(&mut self, expected: Expectation) -> Result<(), CardFault> {
        self.card.select()?;
        let known = match expected {
            Expectation::Identity(guid) => {
                self.guid = self.card.guid()?;
                self.guid == Some(guid)
            }
            Expectation::Device(serial) => self.card.serial()? == Some(serial),
        };
        known.then_some(()).ok_or(CardFault::OtherCard)
    }

    fn carry_out(&mut self, command: &Command) -> Result<Outcome, Stop> {
        match command {
            Command::ReadRetries => {
                let tries = detect::tries(&mut self.card)?;
                Ok(Outcome::Retries { pin: tries.pin, puk: tries.puk })
            }
            Command::ProveCard { algorithm } => self.prove_card(*algorithm),
            Command::SignAcceptance { pin, algorithm, certificates } => {
                self.sign_acceptance(*pin, *algorithm, certificates)
            }
            Command::ProveHolder { pin, algorithm } => {
                let document = Document::HolderProof(self.context).to_bytes();
                let signature = self.verify_and_sign(Slot::Signature, *algorithm, *pin, &document)?;
                Ok(Outcome::Signature { signature: signature.into() })
            }
            Command::AllowWriting { pin, algorithm, email } => {
                let document = Document::ManagementProof { context: self.context, email: email.as_ref() }.to_bytes();
                let signature = self.verify_and_sign(Slot::Signature, *algorithm, *pin, &document)?;
                Ok(Outcome::Signature { signature: signature.into() })
            }
            Command::ChallengeManagement => {
                let challenge = management::challenge(&mut self.card)?;
                Ok(Outcome::Challenge { challenge: challenge.into() })
            }
            Command::AnswerManagement { response } => {
                management::answer(&mut self.card, response)?;
                Ok(Outcome::Done)
            }
            Command::ProvePossession { slot, algorithm, pin, public_key } => {
                let public_key = match public_key {
                    Some(given) => given.to_vec(),
                    None => self.known_key(*slot)?.ok_or(CardFault::Unsupported)?,
                };
                self.prove_possession(*slot, *algorithm, *pin, &public_key)
            }
            Command::Agree { slot, algorithm, peer, pin } => self.agree(*slot, *algorithm, peer, *pin),
            Command::ResetRetryCounter { puk, pin: PinSource::Keypad } => self.reset_by_holder(puk),
            Command::ResetRetryCounter { puk, pin } => {
                let pin = self.pin(*pin)?;
                self.card.reset_retry_counter(puk.expose(), &pin)?;
                Ok(Outcome::Done)
            }
            Command::ChangePuk { from, to } => {
                let from = from.as_ref().map_or(&FACTORY_PUK, |puk| puk.expose());
                self.card.change_puk(from, to.expose())?;
                Ok(Outcome::Done)
            }
            Command::SetPinRetries { pin, puk } => {
                self.verify(PinSource::Factory)?;
                self.card.set_pin_retries(*pin, *puk)?;
                self.verified = None;
                Ok(Outcome::Done)
            }
            Command::TestPinEachTime { algorithm } => self.test_pin_each_time(*algorithm),
            Command::TestPinForgotten => self.test_pin_forgotten(),
            Command::PrepareObjects { slots } => self.prepare_objects(slots),
            Command::BlockPin => self.block_pin(),
            Command::OpenManagement { key } => {
                management::open(&mut self.card, key, self.random)?;
                Ok(Outcome::Done)
            }
            Command::GenerateKey { slot, algorithm, pin_policy } => {
                let key = self.card.generate(*slot, *algorithm, *pin_policy)?;
                Ok(self.tell_key(*slot, Some(key)))
            }
            Command::ReadKey { slot } => {
                let key = self.read_key(*slot)?;
                Ok(self.tell_key(*slot, key))
            }
            Command::Attest { slot } => self.attest(*slot),
            Command::WriteCertificate { slot, certificate } => {
                self.card.put(slot.certificate_tag(), &object::certificate(certificate))?;
                Ok(Outcome::Done)
            }
            Command::ReadCertificate { slot } => {
                let certificate = self.card.certificate(slot.certificate_tag())?;
                Ok(Outcome::Certificate { certificate: certificate.map(Into::into) })
            }
            Command::WriteIdentity { guid, expires } => self.write_identity(*guid, expires),
            Command::ReadIdentity => self.read_identity(),
        }
    }

    fn prove_card(&mut self, algorithm: KeyAlgorithm) -> Result<Outcome, Stop> {
        let document = Document::CardProof(self.context).to_bytes();
        self.sign(Slot::CardAuthentication, algorithm, &document)
    }

    fn sign_acceptance(
        &mut self,
        pin: PinSource,
        algorithm: KeyAlgorithm,
        certificates: &[CertificateReference],
    ) -> Result<Outcome, Stop> {
        let document = Document::Acceptance { context: self.context, certificates }.to_bytes();
        let signature = self.verify_and_sign(Slot::Signature, algorithm, pin, &document)?;
        Ok(Outcome::Signature { signature: signature.into() })
    }

    fn prove_possession(
        &mut self,
        slot: Slot,
        algorithm: KeyAlgorithm,
        pin: PinSource,
        public_key: &[u8],
    ) -> Result<Outcome, Stop> {
        let document = Document::Possession { context: self.context, slot, public_key }.to_bytes();
        // 9E never asks for the PIN (SP 800-73-4 part 1 table 4b): no try is put at risk for it.
        if slot == Slot::CardAuthentication {
            self.sign(slot, algorithm, &document)
        } else {
            let challenge = signature::challenge(algorithm, &document);
            let signature = self.with_pin(slot, pin, |card| card.sign(slot, algorithm, &challenge))?;
            Ok(Outcome::Signature { signature: signature.into() })
        }
    }

    /// Uses a key that wants the PIN verified: for 9C each time, directly before; for others once is enough, unless the
    /// card says that it is not.
    fn with_pin<T>(
        &mut self,
        slot: Slot,
        source: PinSource,
        use_key: impl Fn(&mut Card<'_>) -> Result<T, CardFault>,
    ) -> Result<T, Stop> {
        if slot != Slot::Signature && self.verified == Some(source) {
            match use_key(&mut self.card) {
                Err(CardFault::Status { status }) if status == PIN_WANTED => {}
                done => return Ok(done?),
            }
        }
        self.verify(source)?;
        self.verified = Some(source);
        Ok(use_key(&mut self.card)?)
    }

    fn verify(&mut self, source: PinSource) -> Result<(), Stop> {
        match self.holder_at_keypad(source) {
            Some(holder) => {
                holder.at_keypad(None);
                let verified = self.card.verify_at_keypad(self.secrets.pin_digits);
                holder.typing_ended();
                verified
            }
            None => {
                let pin = self.pin(source)?;
                self.card.verify(&pin)
            }
        }
    }

    /// VERIFY and GENERAL AUTHENTICATE with nothing in between: a card that holds to the letter voids the PIN of 9C
    /// after any other command (SP 800-73-4 part 1 table 4b, "PIN always").
    fn verify_and_sign(
        &mut self,
        slot: Slot,
        algorithm: KeyAlgorithm,
        pin: PinSource,
        document: &[u8],
    ) -> Result<Vec<u8>, Stop> {
        let challenge = signature::challenge(algorithm, document);
        self.with_pin(slot, pin, |card| card.sign(slot, algorithm, &challenge))
    }

    /// PUK and new PIN as the holder types them: at the reader, or else in a window.
    fn reset_by_holder(&mut self, puk: &Puk) -> Result<Outcome, Stop> {
        let Some(holder) = &self.secrets.holder else {
            let pin = self.pin(PinSource::Keypad)?;
            self.card.reset_retry_counter(puk.expose(), &pin)?;
            return Ok(Outcome::Done);
        };
        if self.card.has_keypad() {
            holder.at_keypad(Some(puk));
            let reset = self.card.reset_retry_counter_at_keypad(self.secrets.pin_digits);
            holder.typing_ended();
            reset?;
            return Ok(Outcome::Done);
        }
        let mut gone = None;
        let card = &mut self.card;
        let typed = holder.new_pin(puk, &mut || match card.raw_data(object::DISCOVERY) {
            Ok(_) => true,
            Err(fault) => {
                gone = Some(fault);
                false
            }
        });
        holder.typing_ended();
        let pin = match (typed, gone) {
            (_, Some(fault)) => return Err(fault.into()),
            (Err(why), None) => return Err(CardFault::NotTyped { why }.into()),
            (Ok(pin), None) => pin,
        };
        self.card.reset_retry_counter(puk.expose(), &pin)?;
        self.typed = Some(pin);
        Ok(Outcome::Done)
    }

    /// Who is asked, where this PIN is typed at the reader.
    fn holder_at_keypad(&mut self, pin: PinSource) -> Option<Arc<dyn Holder>> {
        let holder = self.secrets.holder.as_ref().filter(|_| pin == PinSource::Keypad)?;
        self.card.has_keypad().then(|| holder.clone())
    }

    fn sign(&mut self, slot: Slot, algorithm: KeyAlgorithm, document: &[u8]) -> Result<Outcome, Stop> {
        let challenge = signature::challenge(algorithm, document);
        Ok(Outcome::Signature { signature: self.card.sign(slot, algorithm, &challenge)?.into() })
    }

    /// Elliptic curves alone: the bare RSA operation on bytes of somebody else's would sign whatever he likes.
    fn agree(&mut self, slot: Slot, algorithm: KeyAlgorithm, peer: &[u8], pin: PinSource) -> Result<Outcome, Stop> {
        let length = key::coordinate_length(algorithm).ok_or(CardFault::Unsupported)?;
        if peer.len() != 1 + 2 * length || peer[0] != 0x04 {
            return Err(CardFault::Unsupported.into());
        }
        let secret = self.with_pin(slot, pin, |card| card.agree(slot, algorithm, peer))?;
        if secret.len() != length {
            return Err(CardFault::Malformed.into());
        }
        Ok(Outcome::Agreed { secret: secret.to_vec().into() })
    }

    /// Done again, it finds the PIN no longer the factory's, which is as it should be, and uses up what tries are left.
    fn block_pin(&mut self) -> Result<Outcome, Stop> {
        let unknown = Pin::random(self.random);
        let mut tries_left = match self.card.change_pin(&Pin::factory(), &unknown) {
            Ok(()) => None,
            Err(Stop::Refused { tries_left, .. }) => tries_left,
            Err(fault) => return Err(fault),
        };
        for _ in 0..MOST_WRONG_PINS {
            if tries_left == Some(0) {
                break;
            }
            tries_left = match self.card.verify(&Pin::random(self.random)) {
                // One in 10⁸: it was the right one, and all tries are back.
                Ok(()) => None,
                Err(Stop::Refused { tries_left, .. }) => tries_left,
                Err(fault) => return Err(fault),
            };
        }
        // 63C0 and 6983 both say zero; only VERIFY without data tells that the card now holds to it.
        match self.card.pin_tries()? {
            Some(0) => Ok(Outcome::Done),
            _ => Err(CardFault::Malformed.into()),
        }
    }

    /// A signature came before, and with it the PIN.
    fn test_pin_each_time(&mut self, algorithm: KeyAlgorithm) -> Result<Outcome, Stop> {
        let document = Document::HolderProof(self.context).to_bytes();
        match self.card.sign(Slot::Signature, algorithm, &signature::challenge(algorithm, &document)) {
            Ok(_) => Err(lacks(Lack::PinEachTime)),
            Err(CardFault::Status { status }) if status == PIN_WANTED || status == NOT_NOW => Ok(Outcome::Done),
            Err(fault) => Err(fault.into()),
        }
    }

    fn test_pin_forgotten(&mut self) -> Result<Outcome, Stop> {
        self.card.forget_pin()?;
        self.verified = None;
        match self.card.is_verified()? {
            true => Err(lacks(Lack::PinForgotten)),
            false => Ok(Outcome::Done),
        }
    }

    /// An object that nobody uses shows whether objects grow. Where they do not, or the card does not have that one, each is
    /// first written in full size.
    fn prepare_objects(&mut self, slots: &[Slot]) -> Result<Outcome, Stop> {
        let full = object::certificate(&[0; object::LARGEST_CERTIFICATE]);
        let mut is_written = |content: &[u8]| match self.card.put(object::SECURITY_OBJECT, content) {
            Ok(()) => Ok(true),
            Err(CardFault::Status { .. }) => Ok(false),
            Err(fault) => Err(fault),
        };
        let small = is_written(&[0])?;
        let grow = small && is_written(&full)?;
        if small {
            is_written(&[])?;
        }
        if !grow {
            for slot in slots {
                match self.card.put(slot.certificate_tag(), &full) {
                    Err(CardFault::Status { status }) if status == NO_ROOM => return Err(lacks(Lack::ObjectSize)),
                    written => written?,
                }
            }
        }
        Ok(Outcome::Objects { grow })
    }

    fn attest(&mut self, slot: Slot) -> Result<Outcome, Stop> {
        let certificate = self.card.attest(slot)?;
        let issuer = match &certificate {
            Some(_) => self.card.attestation_issuer()?,
            None => None,
        };
        Ok(Outcome::Attestation { certificate: certificate.map(Into::into), issuer: issuer.map(Into::into) })
    }

    /// The CHUID comes last: a card that shows the new GUID has the rest too.
    fn write_identity(&mut self, guid: Guid, expires: &str) -> Result<Outcome, Stop> {
        let chuid = object::chuid(guid, expires).ok_or(CardFault::Unsupported)?;
        // From here on only the card knows.
        self.guid = None;
        self.card.put(object::CCC, &object::ccc(guid))?;
        self.write_discovery()?;
        self.card.put(object::CHUID, &chuid)?;
        Ok(Outcome::Done)
    }

    fn read_identity(&mut self) -> Result<Outcome, Stop> {
        if self.guid.is_none() {
            self.guid = self.card.guid()?;
        }
        Ok(Outcome::Identity { guid: self.guid })
    }

    /// Some cards make their Discovery Object themselves and let nobody write it: theirs is good enough.
    fn write_discovery(&mut self) -> Result<(), Stop> {
        let wanted = object::discovery();
        let present = self.card.raw_data(object::DISCOVERY)?;
        if present.as_ref().is_some_and(|object| **object == wanted) {
            return Ok(());
        }
        match (self.card.put_raw(&wanted), present) {
            (Err(CardFault::Status { .. } | CardFault::Unsupported), Some(_)) => Ok(()),
            (written, _) => Ok(written?),
        }
    }

    fn known_key(&mut self, slot: Slot) -> Result<Option<Vec<u8>>, CardFault> {
        let seen = self.keys.iter().rev().find(|(of, _)| *of == slot);
        match seen {
            Some((_, key)) => Ok(Some(key.clone())),
            None => self.read_key(slot),
        }
    }

    fn read_key(&mut self, slot: Slot) -> Result<Option<Vec<u8>>, CardFault> {
        match self.card.metadata(slot.reference())? {
            Some(metadata) => Ok(metadata.public_key_info()?),
            None => Ok(None),
        }
    }

    fn tell_key(&mut self, slot: Slot, key: Option<Vec<u8>>) -> Outcome {
        self.keys.extend(key.clone().map(|key| (slot, key)));
        Outcome::Key { public_key: key.map(Into::into) }
    }

    fn pin(&mut self, source: PinSource) -> Result<Pin, CardFault> {
        if source == PinSource::Drawn {
            return Ok(self.drawn.get_or_insert_with(|| Pin::random(self.random)).clone());
        }
        let typed = self.typed.clone().filter(|_| source == PinSource::Keypad);
        typed.or_else(|| self.secrets.pin(source)).ok_or_else(|| missing(source))
    }
}

fn lacks(lack: Lack) -> Stop {
    CardFault::Unsuitable { missing: vec![lack] }.into()
}

fn missing(source: PinSource) -> CardFault {
    let which = match source {
        PinSource::Current => "present",
        PinSource::New => "new",
        PinSource::Factory => "factory's",
        PinSource::Keypad => "typed",
        PinSource::Drawn => "drawn",
    };
    CardFault::Reader { detail: format!("the {which} PIN was not given") }
}
