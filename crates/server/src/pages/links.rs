//! Ways from one page to another of the same authority that helps: each only where the policy has what lies there.

use super::{card_job::job_key, page::Page};
use askama::Template;
use kaika_domain::Policy;
use kaika_wire::{CertificateStatus, Code, JobKind, Refusal, StatusChangeKind};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) href: String,
    /// What that page is called.
    pub(super) title: String,
}

/// A text that leads to another page: by its name, where it says that, else after it.
#[derive(Debug, Template)]
#[template(
    ext = "html",
    source = "{{ before }}{% if let Some(link) = link %}<a href=\"{{ link.href }}\">{{ link.title }}</a>{% endif %}{{ after }}"
)]
pub(super) struct Linked {
    before: String,
    link: Option<Link>,
    after: String,
}

impl Linked {
    pub(super) fn new(text: &str, link: Option<Link>) -> Self {
        let parts = link.as_ref().and_then(|link| text.split_once(link.title.as_str()));
        let (before, after) = match (parts, &link) {
            (Some((before, after)), _) => (before.to_owned(), after.to_owned()),
            (None, Some(_)) => (format!("{text} "), String::new()),
            (None, None) => (text.to_owned(), String::new()),
        };
        Self { before, link, after }
    }
}

impl From<String> for Linked {
    fn from(text: String) -> Self {
        Self::new(&text, None)
    }
}

impl Page<'_> {
    fn link(&self, policy: &Policy, path: &str, title: &str) -> Link {
        Link { href: format!("/{}/{path}", policy.id), title: self.t(title) }
    }

    /// 用戶代碼重設.
    pub(super) fn user_code_link(&self, policy: &Policy) -> Option<Link> {
        policy.user_code.is_some().then(|| self.link(policy, "user-code", "user-code"))
    }

    pub(super) fn job_link(&self, policy: &Policy, kind: JobKind) -> Option<Link> {
        policy.offers(kind).is_ok().then(|| self.link(policy, kind.as_str(), &job_key(kind, "")))
    }

    pub(super) fn change_link(&self, policy: &Policy, kind: StatusChangeKind) -> Option<Link> {
        let online = policy.status_changes.is_online(kind);
        online.then(|| self.link(policy, kind.as_str(), &format!("status-{kind}")))
    }

    /// Where somebody gets on who was refused so.
    pub(super) fn help_link(&self, policy: &Policy, refusal: &Refusal) -> Option<Link> {
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
        let linked = |text: &str, link: bool| {
            let link = link.then(|| Link { href: "/tca/unlock".to_owned(), title: "Unlock".to_owned() });
            Linked::new(text, link).render().unwrap()
        };
        assert_eq!(linked("Use “Unlock” <now>.", true), "Use “<a href=\"/tca/unlock\">Unlock</a>” &#60;now&#62;.");
        assert_eq!(linked("Set a new one.", true), "Set a new one. <a href=\"/tca/unlock\">Unlock</a>");
        assert_eq!(linked("Use “Unlock”.", false), "Use “Unlock”.");
    }
}
