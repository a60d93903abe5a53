//! Whether an authority takes what its holder has chosen as a new PIN.

use kaika_card::Pin;
use kaika_wire::{Code, PinDigits, PinForm, Refusal};

/// # Errors
/// [`Code::PinForm`], [`Code::PinTooSimple`].
pub(crate) fn check(pin: &Pin, form: &PinForm) -> Result<(), Refusal> {
    let PinDigits { min, max } = form.digits;
    if !(usize::from(min)..=usize::from(max)).contains(&pin.expose().len()) {
        let digits = if min == max { min.to_string() } else { format!("{min}–{max}") };
        return Err(Refusal::new(Code::PinForm).detail(digits));
    }
    match pin.shows(&form.rules.refused) {
        Some(pattern) => Err(Refusal::new(Code::PinTooSimple).detail(pattern.as_str())),
        None => Ok(()),
    }
}

/// Whether the person is warned of it: not where that was done, and the same is wanted all the same.
pub(crate) fn warns(pin: &Pin, form: &PinForm, warned: Option<&Pin>) -> bool {
    pin.shows(&form.rules.warned_of).is_some() && warned.is_none_or(|warned| warned.expose() != pin.expose())
}
