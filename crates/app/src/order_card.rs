//! Orders a card for a holder: the holder, the number and the user code come into being here.

use crate::{App, Failure, StoreError, StoredPuk, audit::Event};
use kaika_domain::{Actor, Card, CardRank, CardState, Holder, Organisation, Policy, PukLedger};
use kaika_wire::{AuthorityId, CardId, CardNumber, Code, HolderId, Refusal, UserCode};
use serde::Deserialize;
use serde_json::json;

/// What an officer gives: as in a holder file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardOrder {
    /// Attribute and value, C first: `[["C", "TW"], ["O", "行政院"]]`.
    pub subject: Vec<(String, String)>,
    #[serde(default)]
    pub organisation: Organisation,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub rank: CardRank,
}

pub struct OrderedCard {
    pub card: Card,
    /// Told once; the database has its hash. None where the policy has no user codes.
    pub user_code: Option<UserCode>,
}

/// Without a `user_code` one is drawn.
///
/// # Errors
/// The subject cannot stand in a certificate, or the store failed.
pub async fn order_card(
    app: &App,
    authority: &AuthorityId,
    order: CardOrder,
    user_code: Option<UserCode>,
) -> Result<OrderedCard, Failure> {
    let policy = app
        .policies
        .get(authority)
        .ok_or_else(|| Refusal::new(Code::NotFound).detail(format!("no authority {authority}")))?;
    check_subject(&order)?;
    let user_code = policy.user_code.as_ref().map(|_| user_code.unwrap_or_else(|| draw_user_code(app)));
    let hash = match &user_code {
        Some(code) => Some(app.user_codes.hash(code).await?),
        None => None,
    };
    let now = app.now();
    let holder = Holder {
        id: HolderId::new(now, app.rng.bytes()),
        authority: authority.clone(),
        subject: order.subject,
        organisation: order.organisation,
        email: order.email,
        registered_at: now,
    };
    loop {
        let card = Card {
            id: CardId::new(now, app.rng.bytes()),
            number: draw_number(app, policy),
            authority: authority.clone(),
            holder: holder.id,
            rank: order.rank,
            device: None,
            guid: None,
            ordered_at: now,
            state: CardState::Ordered,
            version: 1,
        };
        let mut work = app.store.begin().await?;
        work.insert_holder(&holder).await?;
        match work.insert_card(&card).await {
            Ok(()) => {}
            // The number is taken: draw another.
            Err(StoreError::Stale) => continue,
            Err(error) => return Err(error.into()),
        }
        if let Some(hash) = &hash {
            work.put_user_code(card.id, hash, now).await?;
        }
        for record in PukLedger::factory().records() {
            work.put_puk(card.id, &StoredPuk { record: *record, ciphertext: Vec::new() }).await?;
        }
        work.audit(Event {
            at: now,
            actor: Actor::Operator,
            action: "card.order",
            payload: json!({"card": card.number, "authority": authority, "holder": holder.id.to_string()}),
        });
        work.commit().await?;
        return Ok(OrderedCard { card, user_code });
    }
}

fn check_subject(order: &CardOrder) -> Result<(), Refusal> {
    let wrong = |detail: String| Refusal::new(Code::BadRequest).detail(detail);
    crate::subject_name(&order.subject).map_err(|error| wrong(error.to_string()))?;
    if let Some(number) = &order.organisation.business_number
        && !(number.len() == 8 && number.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(wrong(format!("business_number: {number} is not 8 digits")));
    }
    Ok(())
}

/// Prefix and random digits: the number tells nothing of its holder or of how many there are.
fn draw_number(app: &App, policy: &Policy) -> CardNumber {
    let prefix = policy.card.number_prefixes.first().map_or("", String::as_str);
    let digits: String = draw(app, usize::from(policy.card.number_digits), b"0123456789");
    format!("{prefix}{digits}").parse().expect("a policy's prefix and digits make a card number")
}

/// Eight signs that are not taken for one another when they are read from paper.
pub fn draw_user_code(app: &App) -> UserCode {
    let text = zeroize::Zeroizing::new(draw(app, 8, b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"));
    UserCode::parse(&text).expect("eight visible characters are a user code")
}

/// `count` signs of the alphabet, each equally likely.
fn draw(app: &App, count: usize, alphabet: &[u8]) -> String {
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(count);
    while text.len() < count {
        let [byte] = app.rng.bytes::<1>();
        if usize::from(byte) < fair {
            text.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
        }
    }
    text
}
