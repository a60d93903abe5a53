//! Confirmations: somebody shows that a mail reached them, by the link in it or by the short code beside the link.
//!
//! One mechanism for every purpose. A link carries 256 random bits, of which the database has the SHA-256; it is good
//! until it runs out, and once. Looking at the page behind a link uses nothing up, since programs that scan mails look,
//! too. A short code can be typed into another program, and has few tries.
//!
//! What is asked and confirmed for a card is done one after the other, also by several servers: each locks the card first,
//! and reads contact and links afterwards.

use crate::{
    App, Failure, StoreError, UnitOfWork,
    kernel::{LinkHash, draw, token},
};
use kaika_domain::access::Subject;
use kaika_wire::{CardId, Code};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

/// What is confirmed. A link for one thing is no good for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The contact of this card sets a new user code.
    ResetUserCode,
    /// The new contact address is its owner's.
    ChangeContact,
    /// The address that a card's certificates are to name is its owner's.
    WriteEmail,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmationRecord {
    pub token_sha256: LinkHash,
    pub purpose: Purpose,
    /// Whose affair it is.
    pub subject: Subject,
    /// What is to be done once it is confirmed.
    pub payload: Value,
    /// SHA-256 over the subject's id and the short code, where there is one.
    pub code_sha256: Option<[u8; 32]>,
    pub code_tries_left: u8,
    pub asked_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    /// When it was used, or voided.
    pub used_at: Option<OffsetDateTime>,
}

impl ConfirmationRecord {
    pub fn is_open(&self, now: OffsetDateTime) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }

    /// The card that it is about.
    ///
    /// # Errors
    /// [`Code::LinkOver`] where it is about something else.
    pub fn card(&self) -> Result<CardId, Failure> {
        self.subject.card().ok_or_else(|| Code::LinkOver.into())
    }

    /// # Errors
    /// It is not what such a purpose has.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let unreadable = |error| Failure::Inconsistent(format!("a confirmation cannot be read: {error}"));
        serde_json::from_value(self.payload.clone()).map_err(unreadable)
    }
}

/// How long a link is good; how long a person may look for the mail.
pub const GOOD_FOR: Duration = Duration::minutes(30);
/// The number of times that a short code may be tried: of 32⁸ nobody guesses one so.
const CODE_TRIES: u8 = 5;
const CODE_LENGTH: usize = 8;
/// Capitals and digits that are not taken for one another.
const CODE_ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// What goes into the mail, and is nowhere else.
pub struct NewConfirmation {
    pub token: Zeroizing<String>,
    /// None where none was wished for.
    pub code: Option<Zeroizing<String>>,
    pub expires_at: OffsetDateTime,
}

impl NewConfirmation {
    /// The minutes for which it is good.
    pub fn minutes(&self, now: OffsetDateTime) -> u32 {
        (self.expires_at - now).whole_minutes().try_into().unwrap_or_default()
    }
}

/// Records a new confirmation in this transaction, beside others of the same subject that are still open.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn ask(
    app: &App,
    work: &mut dyn UnitOfWork,
    purpose: Purpose,
    subject: Subject,
    payload: Value,
    with_code: bool,
) -> Result<NewConfirmation, StoreError> {
    let now = app.now();
    let token = Zeroizing::new(token(app.rng.as_ref()));
    let code = with_code.then(|| Zeroizing::new(draw(app.rng.as_ref(), CODE_LENGTH, CODE_ALPHABET)));
    let record = ConfirmationRecord {
        token_sha256: LinkHash::of(&token),
        purpose,
        subject,
        payload,
        code_sha256: code.as_deref().map(|code| sha256_of_code(subject, code)),
        code_tries_left: if with_code { CODE_TRIES } else { 0 },
        asked_at: now,
        expires_at: now + GOOD_FOR,
        used_at: None,
    };
    work.insert_confirmation(&record).await?;
    Ok(NewConfirmation { token, code, expires_at: record.expires_at })
}

/// Whether a mail more may go out for this subject, which the caller has locked: so that nobody is flooded, a few
/// within the time for which a link is good. Who wants to keep the holder from getting one only sees to it that there are
/// some.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn may_ask(
    app: &App,
    work: &mut dyn UnitOfWork,
    purpose: Purpose,
    subject: Subject,
) -> Result<bool, StoreError> {
    const MOST: u64 = 3;
    Ok(work.count_confirmations(purpose, subject, app.now() - GOOD_FOR).await? < MOST)
}

/// What a link is for; it stays good.
///
/// # Errors
/// [`Code::LinkOver`] for an unknown one as for one that was used or ran out.
#[crate::use_case]
pub async fn look_at(app: &App, purpose: Purpose, token: &str) -> Result<ConfirmationRecord, Failure> {
    let found = app.store.read().await?.confirmation(&LinkHash::of(token)).await?;
    found.filter(|found| found.purpose == purpose && found.is_open(app.now())).ok_or_else(|| Code::LinkOver.into())
}

/// As [`look_at`], and what was used stays known for a while.
///
/// # Errors
/// [`Code::LinkOver`] for what is unknown, forgotten, or ran out unused.
pub(crate) async fn look_back(app: &App, purpose: Purpose, token: &str) -> Result<ConfirmationRecord, Failure> {
    let found = app.store.read().await?.confirmation(&LinkHash::of(token)).await?;
    let known =
        |found: &ConfirmationRecord| found.purpose == purpose && (found.used_at.is_some() || found.is_open(app.now()));
    found.filter(known).ok_or_else(|| Code::LinkOver.into())
}

/// Uses the link up, in the transaction of what it is for; others of this subject and purpose go with it.
///
/// # Errors
/// As [`look_at`]; of many at once one succeeds.
#[crate::use_case]
pub async fn follow(
    app: &App,
    work: &mut dyn UnitOfWork,
    purpose: Purpose,
    token: &str,
) -> Result<ConfirmationRecord, Failure> {
    use_up(app, work, purpose, &LinkHash::of(token)).await
}

/// Tests a short code against the newest open confirmation of this subject. A try is debited and committed before: parallel
/// tries do not get past the limit. It stays good: [`follow_code`] uses it up with what it is for.
///
/// # Errors
/// [`Code::LinkOver`] where nothing is open, no try is left, or the code is another.
#[crate::use_case]
pub async fn test_code(app: &App, purpose: Purpose, subject: Subject, code: &str) -> Result<CodeTested, Failure> {
    let mut work = app.store.begin().await?;
    let open = work.open_confirmation(purpose, subject, app.now()).await?.ok_or(Code::LinkOver)?;
    if !work.debit_confirmation(&open.token_sha256, app.now()).await? {
        return Err(Code::LinkOver.into());
    }
    work.commit().await?;
    let typed: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    // Digests: how long the comparison takes tells nothing of the code.
    if open.code_sha256 != Some(sha256_of_code(subject, &typed.to_ascii_uppercase())) {
        return Err(Code::LinkOver.into());
    }
    Ok(CodeTested { token_sha256: open.token_sha256, purpose })
}

/// That the right short code was typed; only [`test_code`] makes one.
pub struct CodeTested {
    token_sha256: LinkHash,
    purpose: Purpose,
}

/// Uses a confirmation up whose code was tested, in the transaction of what it is for.
///
/// # Errors
/// [`Code::LinkOver`] where it was used meanwhile.
#[crate::use_case]
pub async fn follow_code(
    app: &App,
    work: &mut dyn UnitOfWork,
    tested: &CodeTested,
) -> Result<ConfirmationRecord, Failure> {
    use_up(app, work, tested.purpose, &tested.token_sha256).await
}

async fn use_up(
    app: &App,
    work: &mut dyn UnitOfWork,
    purpose: Purpose,
    token_sha256: &LinkHash,
) -> Result<ConfirmationRecord, Failure> {
    let found = work.confirmation(token_sha256).await?.ok_or(Code::LinkOver)?;
    match found.subject {
        Subject::Card(card) => {
            work.lock_card(card).await?;
        }
        // Of these nothing is read that somebody else may change meanwhile.
        Subject::Account(_) | Subject::Officer(_) | Subject::Client(_) => {}
    }
    if !work.use_confirmation(token_sha256, purpose, app.now()).await? {
        return Err(Code::LinkOver.into());
    }
    work.void_confirmations(found.subject, Some(purpose), app.now()).await?;
    Ok(found)
}

fn sha256_of_code(subject: Subject, code: &str) -> [u8; 32] {
    Sha256::new().chain_update(subject.as_bytes()).chain_update(code.as_bytes()).finalize().into()
}

/// The time for which a link that was used is remembered.
const REMEMBERED: Duration = Duration::days(1);

/// Deletes those that ran out long ago; how many they were.
///
/// # Errors
/// The store failed.
#[crate::use_case]
pub async fn forget_confirmations(app: &App) -> Result<u64, Failure> {
    let mut work = app.store.begin().await?;
    let forgotten = work.delete_confirmations(app.now() - REMEMBERED).await?;
    work.commit().await?;
    Ok(forgotten)
}
