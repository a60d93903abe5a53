//! What every page has.

use crate::about::{About, LOGO, Line, Privacy, lines};
use crate::portal::fields::FieldError;
use askama::Template;
use axum::{http::StatusCode, response::Response};
use kaika_app::access::Sum;
use kaika_domain::authorities::{HolderRules, Policy, ProfileName, policy::Text};
use kaika_pki::text::code_point;
use kaika_texts::{FluentValue, Language, text};
use kaika_web::html_with_status;
use kaika_wire::{CertificateRole, CertificateStatus, said_name};
use time::{OffsetDateTime, UtcOffset, macros::format_description, macros::offset};

const TAIPEI: UtcOffset = offset!(+8);

/// Who looks: at which site, in which language.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) about: &'a About,
    pub(crate) language: Language,
}

pub(crate) struct Page<'a> {
    pub(crate) view: View<'a>,
    /// What it says of itself on top, and in the browser's tab.
    pub(crate) title: String,
    /// Whose page it is.
    pub(crate) authority: Option<&'a Policy>,
    /// Fields that the page was asked for with: the language switch sends them again.
    pub(crate) asked: Vec<(&'static str, String)>,
    /// What the address asks for beside the language, `&name=value` each: the language switch keeps it.
    pub(crate) kept: String,
}

impl<'a> Page<'a> {
    /// `title`: the key of a text.
    pub(crate) fn new(view: View<'a>, title: &str) -> Self {
        let title = text(view.language, title, &[]);
        Self { view, title, authority: None, asked: Vec::new(), kept: String::new() }
    }

    pub(crate) fn of_authority(mut self, policy: &'a Policy) -> Self {
        self.authority = Some(policy);
        self
    }

    pub(crate) fn t(&self, key: &str) -> String {
        text(self.view.language, key, &[])
    }

    /// What is wrong with a field.
    pub(crate) fn wrong(&self, wrong: &FieldError) -> String {
        let sign = wrong.sign.map(code_point).unwrap_or_default();
        text(self.view.language, wrong.text, &[("sign", FluentValue::from(sign))])
    }

    /// A text with a number in it.
    pub(crate) fn number(&self, key: &str, name: &'static str, value: impl Into<u32>) -> String {
        text(self.view.language, key, &[(name, FluentValue::from(value.into()))])
    }

    /// A text with another in it.
    pub(crate) fn with(&self, key: &str, name: &'static str, value: &str) -> String {
        text(self.view.language, key, &[(name, FluentValue::from(value.to_owned()))])
    }

    pub(crate) fn of<'t>(&self, both: &'t Text) -> &'t str {
        match self.view.language {
            Language::ZhTw => &both.zh,
            Language::En => &both.en,
        }
    }

    /// What the site is called.
    pub(crate) fn site_name(&self) -> String {
        self.view.about.name.as_ref().map_or_else(|| self.t("portal-title"), |name| self.of(name).to_owned())
    }

    /// The address of the site's own logo.
    pub(crate) fn logo(&self) -> Option<&'static str> {
        self.view.about.logo.as_ref().map(|_| LOGO)
    }

    pub(crate) fn footer(&self) -> Vec<Line<'_>> {
        self.view.about.footer.as_ref().map(|footer| lines(self.of(footer))).unwrap_or_default()
    }

    /// Where it says what becomes of what is learnt of people.
    pub(crate) fn privacy(&self) -> Option<&str> {
        match self.view.about.privacy.as_ref()? {
            Privacy::Notice(_) => Some("/privacy"),
            Privacy::Elsewhere(address) => Some(self.of(address)),
        }
    }

    /// The day in Taiwan, as forms have it: `2026-11-20`.
    pub(crate) fn day(&self, time: &OffsetDateTime) -> String {
        let day = time.to_offset(TAIPEI).format(format_description!("[year]-[month]-[day]"));
        day.unwrap_or_default()
    }

    /// The time of day in Taiwan: `16:05`.
    pub(crate) fn hour(&self, time: &OffsetDateTime) -> String {
        time.to_offset(TAIPEI).format(format_description!("[hour]:[minute]")).unwrap_or_default()
    }

    /// Taiwan's time, to the minute: `2026-11-20 16:05`.
    pub(crate) fn moment(&self, time: &OffsetDateTime) -> String {
        let moment = time.to_offset(TAIPEI).format(format_description!("[year]-[month]-[day] [hour]:[minute]"));
        moment.unwrap_or_default()
    }

    pub(crate) fn period(&self, from: &OffsetDateTime, to: &OffsetDateTime) -> String {
        let days = [("from", self.day(from).into()), ("to", self.day(to).into())];
        text(self.view.language, "portal-card-from-to", &days)
    }

    pub(crate) fn role(&self, role: &CertificateRole) -> String {
        self.t(&format!("portal-role-{}", role.as_str()))
    }

    /// What certificates of this profile are called.
    pub(crate) fn profile(&self, policy: &Policy, name: &ProfileName) -> String {
        match (name.role(), policy.profiles.get(name)) {
            (Some(role), _) => self.role(&role),
            (None, Some(rules)) => self.of(&rules.name).to_owned(),
            (None, None) => name.to_string(),
        }
    }

    pub(crate) fn status(&self, status: &CertificateStatus) -> String {
        self.t(&format!("portal-status-{}", status.as_str()))
    }

    /// Of a certificate: what is held for a card in use is on its way onto it.
    pub(crate) fn status_on(&self, status: &CertificateStatus, card_in_use: &bool) -> String {
        self.t(&format!("portal-status-{}", word(status, *card_in_use)))
    }

    pub(crate) fn means(&self, status: &CertificateStatus, card_in_use: &bool) -> String {
        self.t(&format!("portal-status-{}.means", word(status, *card_in_use)))
    }

    /// The class that colours a status.
    pub(crate) fn status_class(&self, status: &CertificateStatus) -> String {
        format!("status-{}", status.as_str())
    }

    /// Where a card number stands, and how it looks.
    pub(crate) fn number_hint(&self, policy: &Policy) -> String {
        let key = match policy.card.number_prefixes.len() {
            1 => "portal-find-number-hint-digits",
            _ => "portal-find-number-hint",
        };
        let prefixes = self.prefixes(policy);
        let facts = [("prefixes", prefixes.into()), ("digits", FluentValue::from(policy.card.number_digits))];
        text(self.view.language, key, &facts)
    }

    /// What to type for the name of one of this authority's holders.
    pub(crate) fn name_hint(&self, policy: &Policy) -> String {
        let Some(example) = policy.holders.as_ref().and_then(HolderRules::name) else {
            return self.t("portal-find-name-hint");
        };
        let facts = [("kind", example.kind().as_str().into()), ("example", example.alone().into())];
        text(self.view.language, "portal-find-name-example", &facts)
    }

    /// How people say whose subject that is.
    pub(crate) fn said(&self, subject: impl std::fmt::Display) -> String {
        said_name(&subject.to_string())
    }

    /// A sum in words: `十三加五等於多少？`
    pub(crate) fn sum(&self, sum: &Sum) -> String {
        let key = if sum.plus { "status-sum-plus" } else { "status-sum-minus" };
        let [left, right] = [sum.left, sum.right].map(|number| self.number("status-number", "n", number));
        text(self.view.language, key, &[("left", left.into()), ("right", right.into())])
    }

    /// The letters that card numbers of an authority begin with: `GC`, `TP / GP`.
    pub(crate) fn prefixes(&self, policy: &Policy) -> String {
        policy.card.number_prefixes.join(" / ")
    }
}

fn word(status: &CertificateStatus, card_in_use: bool) -> &'static str {
    match status {
        CertificateStatus::Held if card_in_use => "unwritten",
        status => status.as_str(),
    }
}

/// A page that tells of one person's affair: nobody keeps it on the way.
pub(crate) fn private(status: StatusCode, page: &impl Template) -> Response {
    use axum::http::{HeaderValue, header::CACHE_CONTROL};
    let mut response = html_with_status(status, page);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
