//! Without a card in a reader, a holder is known by card number, name and user code.

use crate::{
    App, Failure,
    reset_user_code::{has_user_codes, is_in_use},
};
use kaika_domain::Card;
use kaika_wire::{AuthorityId, CardNumber, Code, Refusal, UserCode};

/// That somebody has shown to be the holder of this card; only testing the user code makes one.
pub struct HolderProved {
    card: Card,
}

impl HolderProved {
    pub fn card(&self) -> &Card {
        &self.card
    }
}

/// A try is debited and committed before the code is tested.
///
/// # Errors
/// [`Code::UserCodeWrong`], for an unknown card or another name as for another code; [`Code::UserCodeLocked`].
pub async fn prove_holder(
    app: &App,
    authority: &AuthorityId,
    number: &CardNumber,
    name: &str,
    code: &UserCode,
) -> Result<HolderProved, Failure> {
    has_user_codes(app, authority)?;
    let policy = app.policy(authority)?;
    let mut work = app.store.begin().await?;
    let card = work.card_by_number(number).await?.filter(|card| card.authority == *authority && is_in_use(card));
    let card = card.ok_or(Code::UserCodeWrong)?;
    let holder = work.holder(card.holder).await?;
    let holder = holder.ok_or_else(|| Failure::Inconsistent(format!("card {number} has no holder")))?;
    if !holder.is_called(name) {
        return Err(Code::UserCodeWrong.into());
    }
    let contact = Some(policy.contact.telephone.clone());
    let locked = || Refusal { contact, ..Refusal::new(Code::UserCodeLocked) };
    let record = work.debit_user_code(card.id, policy.user_code_tries()).await?.ok_or_else(locked)?;
    work.commit().await?;
    if !app.user_codes.verify(&record.hash, code).await? {
        return Err(Code::UserCodeWrong.into());
    }
    let mut work = app.store.begin().await?;
    work.credit_user_code(card.id, &record.hash).await?;
    work.commit().await?;
    Ok(HolderProved { card })
}
