//! Ways from one page to another of the same authority that helps: each only where the policy has what lies there.

use crate::portal::{cards::card_job::job_key, page::Page};
use askama::Template;
use kaika_domain::authorities::Policy;
use kaika_wire::{CertificateStatus, Code, JobKind, Refusal, StatusChangeKind};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) href: String,
    /// What that page is called.
    pub(crate) title: String,
}

/// A text with what is more than text in it: the way to another page, by its name, where it says that, else after it; and
/// a telephone number, which is called by it and stays in one line.
#[derive(Debug, Template)]
#[template(
    ext = "html",
    source = "{% for part in parts %}{% match part %}{% when Part::Text(text) %}{{ text }}\
{% when Part::Link(link) %}<a href=\"{{ link.href }}\">{{ link.title }}</a>\
{% when Part::Telephone(number) %}<a class=\"whole\" href=\"tel:{{ number }}\">{{ number }}</a>{% endmatch %}{% endfor %}"
)]
pub(crate) struct LinkedText {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Link(Link),
    Telephone(String),
}

impl LinkedText {
    pub(crate) fn new(text: String) -> Self {
        Self { parts: vec![Part::Text(text)] }
    }

    pub(crate) fn leading_to(self, link: Option<Link>) -> Self {
        let Some(link) = link else { return self };
        let (title, part) = (link.title.clone(), Part::Link(link));
        let mut words = self.with(&title, &part);
        if !words.parts.contains(&part) {
            words.parts.extend([Part::Text(" ".to_owned()), part]);
        }
        words
    }

    pub(crate) fn calling(self, telephone: &str) -> Self {
        self.with(telephone, &Part::Telephone(telephone.to_owned()))
    }

    /// What a refusal says to do next, and where that is done.
    pub(crate) fn next_step(refusal: &Refusal, link: Option<Link>) -> Self {
        let words = Self::new(refusal.next_step.clone()).leading_to(link);
        match &refusal.contact {
            Some(telephone) => words.calling(telephone),
            None => words,
        }
    }

    /// With this part for the first of such words.
    fn with(self, words: &str, part: &Part) -> Self {
        let mut parts = Vec::new();
        for one in self.parts {
            match &one {
                Part::Text(text) if !parts.contains(part) => match text.split_once(words) {
                    Some((before, after)) => {
                        parts.extend([Part::Text(before.to_owned()), part.clone(), Part::Text(after.to_owned())]);
                    }
                    None => parts.push(one),
                },
                _ => parts.push(one),
            }
        }
        Self { parts }
    }
}

impl Page<'_> {
    fn link(&self, policy: &Policy, path: &str, title: &str) -> Link {
        Link { href: format!("/{}/{path}", policy.id), title: self.t(title) }
    }

    /// A text with whom to call, as `$telephone`.
    pub(crate) fn calling(&self, policy: &Policy, key: &str) -> LinkedText {
        let telephone = policy.contact.telephone.as_str();
        LinkedText::new(self.with(key, "telephone", telephone)).calling(telephone)
    }

    /// 用戶代碼重設.
    pub(crate) fn user_code_link(&self, policy: &Policy) -> Option<Link> {
        policy.user_code.is_some().then(|| self.link(policy, "user-code", "user-code"))
    }

    pub(crate) fn job_link(&self, policy: &Policy, kind: JobKind) -> Option<Link> {
        policy.offers(kind).is_ok().then(|| self.link(policy, kind.as_str(), &job_key(kind, "")))
    }

    pub(crate) fn change_link(&self, policy: &Policy, kind: StatusChangeKind) -> Option<Link> {
        let online = policy.status_changes.is_online(kind);
        online.then(|| self.link(policy, kind.as_str(), &format!("status-{kind}")))
    }

    /// Where somebody gets on who was refused so.
    pub(crate) fn help_link(&self, policy: &Policy, refusal: &Refusal) -> Option<Link> {
        let job = |kind| self.job_link(policy, kind);
        let resume = || self.change_link(policy, StatusChangeKind::Resume);
        match refusal.code {
            Code::UserCodeWrong | Code::UserCodeLocked | Code::DetailsWrong => self.user_code_link(policy),
            Code::PinWrong | Code::PinLocked | Code::AlreadyActivated => job(JobKind::Unlock),
            Code::NotActivated => job(JobKind::Activate),
            Code::CardBarred if refusal.status == Some(CertificateStatus::Suspended) => {
                resume().or_else(|| job(JobKind::Check))
            }
            Code::CardBarred => job(JobKind::Check),
            Code::AlreadySuspended => resume(),
            Code::NotSuspended => Some(self.link(policy, "certificates", "portal-certificates")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_leads_on_where_it_names_the_page() {
        let words = |text: &str, link: bool| {
            let link = link.then(|| Link { href: "/tca/unlock".to_owned(), title: "Unlock".to_owned() });
            LinkedText::new(text.to_owned()).leading_to(link).calling("02-1").render().unwrap()
        };
        let (link, call) = ("<a href=\"/tca/unlock\">Unlock</a>", "<a class=\"whole\" href=\"tel:02-1\">02-1</a>");
        assert_eq!(words("Use “Unlock” <now>: 02-1.", true), format!("Use “{link}” &#60;now&#62;: {call}."));
        assert_eq!(words("Set a new one.", true), format!("Set a new one. {link}"));
        assert_eq!(words("Use “Unlock”.", false), "Use “Unlock”.");
    }
}
