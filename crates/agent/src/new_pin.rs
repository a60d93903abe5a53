//! Whether an authority takes what its holder has chosen as a new PIN.

use kaika_card::Pin;
use kaika_texts::FluentValue;
use kaika_wire::{Code, PinDigits, PinForm, PinPattern, Refusal};

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

/// Of what the person is warned: of nothing where that was done, and the same is wanted all the same.
pub(crate) fn warns(pin: &Pin, form: &PinForm, warned: Option<&Pin>) -> Option<PinPattern> {
    let pattern = pin.shows(&form.rules.warned_of)?;
    warned.is_none_or(|warned| warned.expose() != pin.expose()).then_some(pattern)
}

/// For the texts of a warning.
pub(crate) fn pattern_argument(pattern: PinPattern) -> [(&'static str, FluentValue<'static>); 1] {
    [("pattern", pattern.as_str().into())]
}
