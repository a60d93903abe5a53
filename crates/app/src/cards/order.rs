//! Orders a card for a holder: the number and the user code come into being here, and the holder with its first order.

use crate::{
    App, Failure, UnitOfWork,
    access::draw_user_code,
    audit::{Action, Event},
    authorities::{Applicant, Foreseen},
    cards::StoredPuk,
    kernel::{draw, retried},
};
use kaika_domain::{
    audit::Actor,
    authorities::Policy,
    cards::{Card, CardRank, Order, OrderState, PukLedger},
    holders::{Contact, Holder, Membership, Organisation},
};
use kaika_pki::{DistinguishedName, Oid};
use kaika_wire::{AuthorityId, CardId, CardNumber, Code, EmailAddress, HolderId, OrderId, Refusal, UserCode};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::json;

/// What an officer gives: as in a holder file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardOrder {
    /// Attribute and value, C first: `[["C", "TW"], ["O", "行政院"]]`.
    pub subject: DistinguishedName,
    #[serde(default)]
    pub organisation: Organisation,
    /// What certificates name.
    #[serde(default, deserialize_with = "in_certificate")]
    pub email: Option<EmailAddress>,
    /// Who is written to; the officer answers for the address.
    #[serde(default)]
    pub contact: Option<Contact>,
    #[serde(default)]
    pub rank: CardRank,
}

fn in_certificate<'de, D: Deserializer<'de>>(from: D) -> Result<Option<EmailAddress>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    let parsed = text.map(|text| {
        let wrong = |error| D::Error::custom(format!("email: a certificate does not name {text}: {error}"));
        EmailAddress::in_certificate(&text).map_err(wrong)
    });
    parsed.transpose()
}

impl CardOrder {
    /// A holder file (TOML), as help shows it.
    pub const EXAMPLE: &str = r#"  subject = [["C", "TW"], ["O", "測試機關"], ["OU", "資訊室"]]
  email = "card@agency.example"
  [organisation]
  business_number = "12345678"
  [contact]
  email = "desk@agency.example""#;

    /// A primary card, with nothing said but whose it is.
    pub fn of(subject: DistinguishedName) -> Self {
        Self { subject, organisation: Organisation::default(), email: None, contact: None, rank: CardRank::Primary }
    }
}

pub struct OrderedCard {
    pub card: Card,
    /// Told once; the database has its hash. None where the policy has no user codes.
    pub user_code: Option<UserCode>,
}

/// A holder of this subject is registered with the first order; later ones find it. Without a `user_code` one is drawn.
///
/// # Errors
/// [`Code::BadRequest`] where the order is not such; [`Code::NotCertifiable`] and [`Code::AuthorityEnding`] where its card
/// could not get its certificates; the store failed.
#[crate::use_case]
pub async fn order_card(
    app: &App,
    authority: &AuthorityId,
    order: CardOrder,
    user_code: Option<UserCode>,
    by: &Actor,
) -> Result<OrderedCard, Failure> {
    let policy = app
        .policies
        .get(authority)
        .ok_or_else(|| Refusal::new(Code::NotFound).detail(format!("no authority {authority}")))?;
    let order = checked(order)?;
    check_certifiable(app, policy, &order).await?;
    let user_code = policy.user_code.as_ref().map(|_| user_code.unwrap_or_else(|| draw_user_code(app)));
    let hash = match &user_code {
        Some(code) => Some(app.user_codes.hash(code).await?),
        None => None,
    };
    // The number may be taken, or another order register the holder at this moment.
    let card = retried(|| place(app, policy, &order, hash.as_deref(), by)).await?;
    Ok(OrderedCard { card, user_code })
}

/// At the station it would be too late.
async fn check_certifiable(app: &App, policy: &Policy, order: &CardOrder) -> Result<(), Failure> {
    let known = app.store.read().await?.holder_by_subject(&policy.id, &order.subject).await?;
    let mut holder = known.unwrap_or_else(|| new_holder(app, policy, order));
    if order.organisation != Organisation::default() {
        holder.organisation = order.organisation.clone();
    }
    let card = new_card(app, policy, order, &holder);
    let applicant = Applicant { authority: policy.id.clone(), holder, email: order.email.clone() };
    let Foreseen { generation, until, ends } = app.issuer.foresee(&applicant, &card).await?;
    if ends > until {
        let (until, ends) = (until.date(), ends.date());
        let detail = format!("{generation} ends on {until}, certificates of this order would end on {ends}");
        return Err(Refusal::new(Code::AuthorityEnding).detail(detail).into());
    }
    Ok(())
}

fn new_holder(app: &App, policy: &Policy, order: &CardOrder) -> Holder {
    let now = app.now();
    let id = HolderId::new(now, app.rng.bytes());
    Holder {
        organisation: order.organisation.clone(),
        ..Holder::registered(id, policy.id.clone(), order.subject.clone(), now)
    }
}

fn new_card(app: &App, policy: &Policy, order: &CardOrder, holder: &Holder) -> Card {
    let now = app.now();
    Card {
        rank: order.rank,
        email: order.email.clone(),
        ..Card::ordered(CardId::new(now, app.rng.bytes()), draw_number(app, policy), holder, now)
    }
}

async fn place(
    app: &App,
    policy: &Policy,
    order: &CardOrder,
    user_code: Option<&str>,
    by: &Actor,
) -> Result<Card, Failure> {
    let now = app.now();
    let mut work = app.store.begin().await?;
    let holder = registered(app, work.as_mut(), policy, order, by).await?;
    let card = new_card(app, policy, order, &holder);
    work.insert_card(&card).await?;
    let id = OrderId::new(now, app.rng.bytes());
    work.insert_order(&Order { id, card: card.id, ordered_at: now, state: OrderState::Open, version: 1 }).await?;
    if let Some(contact) = &order.contact {
        work.upsert_contact(card.id, contact, now).await?;
    }
    if let Some(hash) = user_code {
        work.upsert_user_code(card.id, hash, now).await?;
    }
    for record in PukLedger::factory().records() {
        work.upsert_puk(card.id, &StoredPuk { record: *record, ciphertext: Vec::new() }).await?;
    }
    let action = Action::OrderCard { card: card.number.clone(), authority: policy.id.clone(), holder: holder.id };
    work.audit(Event { at: now, actor: by.clone(), action });
    work.commit().await?;
    Ok(card)
}

/// The one holder of this subject. Of what it is in the authority's terms, the latest order that says anything counts.
async fn registered(
    app: &App,
    work: &mut dyn UnitOfWork,
    policy: &Policy,
    order: &CardOrder,
    by: &Actor,
) -> Result<Holder, Failure> {
    let now = app.now();
    let Some(mut known) = work.holder_by_subject(&policy.id, &order.subject).await? else {
        let holder = new_holder(app, policy, order);
        work.insert_holder(&holder).await?;
        if let Some(membership) = Membership::of(policy, &holder.subject) {
            work.upsert_member(holder.id, Some(&membership)).await?;
        }
        return Ok(holder);
    };
    if order.organisation != Organisation::default() && order.organisation != known.organisation {
        known.organisation = order.organisation.clone();
        work.update_holder(&known).await?;
        let action = Action::UpdateHolder { authority: policy.id.clone(), holder: known.id };
        work.audit(Event { at: now, actor: by.clone(), action });
    }
    Ok(known)
}

/// Octets of a subject as JSON: more does not go into an index of PostgreSQL, nor into a card's certificate.
const LONGEST_SUBJECT: usize = 2_000;

/// As it is kept: names as others read them.
fn checked(mut order: CardOrder) -> Result<CardOrder, Refusal> {
    let wrong = |detail: String| Refusal::new(Code::BadRequest).detail(detail);
    let unfit = |error| Refusal::new(Code::NotCertifiable).detail(format!("subject: {error}"));
    order.subject = order.subject.readable().map_err(unfit)?;
    if json!(order.subject).to_string().len() > LONGEST_SUBJECT {
        return Err(wrong(format!("subject: longer than {LONGEST_SUBJECT} octets")));
    }
    let contact = order.contact.take().map(Contact::checked).transpose();
    order.contact = contact.map_err(|error| wrong(format!("contact: {error}")))?;
    let Organisation { subject_type, agency_oid, .. } = &order.organisation;
    for (field, text) in [("subject_type", subject_type), ("agency_oid", agency_oid)] {
        if let Some(text) = text
            && text.parse::<Oid>().is_err()
        {
            return Err(wrong(format!("{field}: {text} is not an object identifier")));
        }
    }
    if let Some(number) = &order.organisation.business_number
        && !(number.len() == 8 && number.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(wrong(format!("business_number: {number} is not 8 digits")));
    }
    Ok(order)
}

/// Prefix and random digits: the number tells nothing of its holder or of how many there are.
fn draw_number(app: &App, policy: &Policy) -> CardNumber {
    let prefix = policy.card.number_prefixes.first().map_or("", String::as_str);
    let digits: String = draw(app.rng.as_ref(), usize::from(policy.card.number_digits), b"0123456789");
    format!("{prefix}{digits}").parse().expect("a policy's prefix and digits make a card number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut CardOrder), expected: &str) {
        let mut order = CardOrder {
            subject: "C=TW,O=測試機關 TEST".parse().expect("a name"),
            organisation: Organisation {
                subject_type: Some("2.16.886.1.100.3.2.1.1".into()),
                business_number: Some("12345678".into()),
                agency_oid: Some("2.16.886.101.20003".into()),
            },
            email: Some("test@kaika.example".parse().expect("an address")),
            contact: Some(Contact {
                email: "desk@kaika.example".parse().expect("an address"),
                name: None,
                telephone: Some("02-0000-0000".into()),
            }),
            rank: CardRank::Primary,
        };
        change(&mut order);
        match checked(order) {
            Ok(_) => assert_eq!(expected, ""),
            Err(refusal) => {
                let of_name = expected.starts_with("subject: O");
                assert_eq!(refusal.code, if of_name { Code::NotCertifiable } else { Code::BadRequest });
                let detail = refusal.detail.unwrap_or_default();
                assert!(!expected.is_empty() && detail.contains(expected), "{detail}");
            }
        }
    }

    #[test]
    fn an_order_is_checked_before_anything_is_kept() {
        check(|_| {}, "");
        check(
            |order| {
                order.organisation = Organisation::default();
                order.email = None;
            },
            "",
        );
        let hidden: DistinguishedName = "C=TW,O=測試\u{202e}機關".parse().expect("a name");
        check(|order| order.subject = hidden, "subject: O: U+202E");
        let blank: DistinguishedName = "C=TW,O=測試,OU=\\ \\ \\ ".parse().expect("a name");
        check(|order| order.subject = blank, "subject: OU: there is nothing in it but blanks");
        let long = format!("C=TW,O=測試{}", format!(",OU={}", "測".repeat(64)).repeat(12));
        check(|order| order.subject = long.parse().expect("a name"), "subject: longer");
        for (email, expected) in
            [("desk@intranet", None), ("測試@kaika.example", Some("測試")), ("nowhere", Some("nowhere"))]
        {
            let order = serde_json::from_value::<CardOrder>(json!({ "subject": [["C", "TW"]], "email": email }));
            let error = order.err().map(|error| error.to_string());
            assert_eq!(error.is_some(), expected.is_some(), "{email}");
            assert!(error.unwrap_or_default().contains(expected.unwrap_or_default()), "{email}");
        }
        check(
            |order| {
                let wrong = order.contact.take().map(|contact| Contact { telephone: Some("call".into()), ..contact });
                order.contact = wrong;
            },
            "contact: a telephone number",
        );
        check(
            |order| {
                let name = Some("王\u{200b}小明".to_owned());
                order.contact = order.contact.take().map(|contact| Contact { name, ..contact });
            },
            "contact: a contact's name: U+200B",
        );
        check(|order| order.organisation.business_number = Some("1234".into()), "business_number: 1234");
        check(|order| order.organisation.subject_type = Some("one.two".into()), "subject_type: one.two");
        check(|order| order.organisation.agency_oid = Some("2.".into()), "agency_oid: 2.");
    }

    #[test]
    fn names_are_kept_composed_and_without_blanks_around_them() {
        let given = [["C", "TW"], ["O", " Cafe\u{301} TEST\u{3000}"]];
        let order = json!({ "subject": given, "contact": { "email": "desk@kaika.example", "name": " 王 小明 " } });
        let order = checked(serde_json::from_value(order).expect("an order")).expect("it is right");
        assert_eq!(order.subject.to_string(), "C=TW,O=Caf\u{e9} TEST");
        assert_eq!(order.contact.and_then(|contact| contact.name).as_deref(), Some("王 小明"));
    }

    /// A field that comes has to be shown, too.
    #[test]
    fn the_help_shows_a_holder_file() {
        let order = toml::from_str(CardOrder::EXAMPLE).expect("a holder file");
        let CardOrder { subject, organisation, email, contact, rank: _ } = order;
        assert_eq!(subject.to_string(), "C=TW,O=測試機關,OU=資訊室");
        assert!(organisation.business_number.is_some() && email.is_some() && contact.is_some());
    }
}
