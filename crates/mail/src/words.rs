//! A letter in words: Chinese first, English below, as plain text that every program shows.

use kaika_app::mail::{Letter, Posted};
use kaika_domain::authorities::policy::Text;
use kaika_texts::{FluentValue, Language, text};

/// What a person gets to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailText {
    pub subject: String,
    /// Lines end with `\n`.
    pub text: String,
}

pub fn words(mail: &Posted<'_>) -> MailText {
    let key = format!("mail-{}", mail.letter.name());
    let facts = facts(mail.letter);
    let subject = Language::ALL.map(|language| text(language, &format!("{key}.subject"), &facts)).join(" / ");
    let in_chinese = in_one(mail, Language::ZhTw, &key, &facts);
    let in_english = in_one(mail, Language::En, &key, &facts);
    let below = text(Language::ZhTw, "mail-both", &[]);
    MailText { subject, text: format!("{below}\n\n{in_chinese}\n{RULE}\n\n{in_english}") }
}

/// Between the languages; two hyphens alone would begin a signature, which programs hide.
const RULE: &str = "----------------------------------------";

fn in_one(mail: &Posted<'_>, language: Language, key: &str, facts: &[(&'static str, FluentValue<'static>)]) -> String {
    let of = |both: &Text| match language {
        Language::ZhTw => both.zh.clone(),
        Language::En => both.en.clone(),
    };
    let policy = mail.policy;
    let footer = [
        ("authority", of(&policy.name).into()),
        ("telephone", policy.contact.telephone.clone().into()),
        ("hours", of(&policy.contact.hours).into()),
    ];
    let parts = [
        text(language, "mail-greeting", &[]),
        text(language, key, facts),
        text(language, "mail-automatic", &[]),
        text(language, "mail-footer", &footer),
    ];
    parts.join("\n\n") + "\n"
}

fn facts(letter: &Letter) -> Vec<(&'static str, FluentValue<'static>)> {
    let number = |number: &kaika_wire::CardNumber| ("number", number.to_string().into());
    match letter {
        Letter::UserCodeLink { number: card, link, minutes } | Letter::ContactLink { number: card, link, minutes } => {
            vec![number(card), ("link", link.clone().into()), ("minutes", FluentValue::from(*minutes))]
        }
        Letter::EmailProof { number: card, link, code, minutes } => vec![
            number(card),
            ("link", link.clone().into()),
            ("code", code.clone().into()),
            ("minutes", FluentValue::from(*minutes)),
        ],
        Letter::UserCodeChanged { number: card } => vec![number(card)],
        Letter::ContactChangeAsked { number: card, new } | Letter::ContactChanged { number: card, new } => {
            vec![number(card), ("new", new.clone().into())]
        }
    }
}
