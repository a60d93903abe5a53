//! 更改PIN碼: between the agent and the card; no server is asked, and none knows.

use crate::{
    certificate::CardCertificate,
    engine::{Progress, lost, not_ours, refusal},
    readers::{CardSession, exclusively},
};
use kaika_card::{PinChange, Secrets, Transport};
use kaika_wire::{CardNumber, Code, Refusal, Slot};

/// `chosen`: another card is left alone. `resumes`: the same change was cut before, so that the card may have the new PIN
/// already; then that is tried too, instead of a guess of the person's.
///
/// # Errors
/// [`Code::PinWrong`] with the tries left, [`Code::PinLocked`]; [`Code::NotKaikaCard`]; what became of the card.
pub(crate) fn change_pin(
    session: &mut dyn CardSession,
    chosen: Option<&CardNumber>,
    secrets: &Secrets,
    resumes: bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<CardNumber, Refusal> {
    let (Some(from), Some(to)) = (&secrets.current_pin, &secrets.new_pin) else {
        return Err(Code::SecretMissing.into());
    };
    session.reset().map_err(lost)?;
    let changed = exclusively(session, |transport| {
        let number = number_of(transport)?;
        if chosen.is_some_and(|chosen| *chosen != number) {
            return Err(Code::OtherCard.into());
        }
        progress(Progress::Started { card: number.clone() });
        progress(Progress::Batch { sequence: 1, commands: 1 });
        match kaika_card::change_pin(transport, from, to, resumes).map_err(refusal)? {
            PinChange::Done => Ok(number),
            PinChange::Refused { tries_left: Some(0) } => Err(Refusal::new(Code::PinLocked).tries_left(0)),
            PinChange::Refused { tries_left } => Err(Refusal { tries_left, ..Code::PinWrong.into() }),
        }
    });
    // A card that is gone has no verified PIN left either.
    let _ = session.reset();
    changed.map_err(lost)?
}

fn number_of(transport: &mut dyn Transport) -> Result<CardNumber, Refusal> {
    let own = kaika_card::read_certificate(transport, Slot::CardAuthentication).map_err(not_ours)?;
    let own = own.as_deref().and_then(CardCertificate::parse);
    own.and_then(|own| own.card_number()).ok_or_else(|| Code::NotKaikaCard.into())
}
