//! 憑證查詢及下載: by card number and holder's name, or by serial number.

use crate::{
    http::{
        equal_time::{EQUAL_TIME, in_equal_time, refused_in_equal_time},
        errors::Stop,
        extract::{Authority, Check, Checked, Named, Visit},
    },
    portal::{
        fields::{FieldError, card_number, field_or_error, holder_name, plain, wrong_with},
        page::{Page, View, private},
    },
};
use askama::Template;
use axum::{
    http::{
        StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use kaika_app::{
    Failure,
    certificates::{CertificateQuery, FoundCertificate, find_certificates},
};
use kaika_domain::authorities::Policy;
use kaika_texts::text;
use kaika_web::html;
use kaika_wire::{AuthorityId, CertificateStatus, Code, SerialNumber};
use serde::Deserialize;

/// The form as it was sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FindForm {
    pub(crate) by: By,
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) serial: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    #[default]
    Card,
    Serial,
}

pub(crate) enum Answer {
    Unasked,
    /// Never empty.
    Wrong(Vec<FieldError>),
    Nothing,
    /// Never empty.
    Found(Vec<FoundCertificate>),
}

#[derive(Template)]
#[template(path = "certificates/certificates.html")]
pub(crate) struct Certificates<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) form: FindForm,
    pub(crate) answer: Answer,
}

impl Certificates<'_> {
    fn wrong(&self) -> &[FieldError] {
        match &self.answer {
            Answer::Wrong(wrong) => wrong,
            _ => &[],
        }
    }

    fn wrong_with(&self, field: &str) -> Option<&'static str> {
        wrong_with(self.wrong(), field)
    }

    fn subjects<'f>(&self, found: &'f [FoundCertificate]) -> Vec<&'f str> {
        once(found.iter().map(|certificate| certificate.subject.as_str()))
    }

    fn statuses(&self, found: &[FoundCertificate]) -> Vec<(CertificateStatus, bool)> {
        once(found.iter().map(|certificate| (certificate.status, certificate.card_in_use)))
    }

    fn download(&self, certificate: &FoundCertificate, format: &str) -> String {
        let facts = [
            ("certificate", self.page.profile(self.policy, &certificate.role).into()),
            ("format", format.to_owned().into()),
        ];
        text(self.page.view.language, "portal-found-download-of", &facts)
    }
}

/// Each once, in the order in which they come.
fn once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.fold(Vec::new(), |mut seen, one| {
        if !seen.contains(&one) {
            seen.push(one);
        }
        seen
    })
}

pub(crate) async fn form(visit: Visit, policy: Authority) -> Response {
    let page = Page::new(visit.view(), "portal-certificates").of_authority(&policy);
    html(&Certificates { page, policy: &policy, form: FindForm::default(), answer: Answer::Unasked })
}

pub(crate) async fn find(
    visit: Visit,
    policy: Authority,
    Checked { form, outcome }: Checked<FindForm>,
) -> Result<Response, Stop> {
    let (status, answer) = match outcome {
        Err(wrong) => (StatusCode::BAD_REQUEST, Answer::Wrong(wrong)),
        Ok(query) => match in_equal_time(EQUAL_TIME, find_certificates(&visit.app, &policy.id, &query)).await {
            Ok(found) => (StatusCode::OK, Answer::Found(found)),
            Err(Failure::Refused(refusal)) if refusal.code == Code::NotFound => {
                (StatusCode::NOT_FOUND, Answer::Nothing)
            }
            Err(failure) => return Err(failure.into()),
        },
    };
    Ok(private(status, &certificates_page(visit.view(), &policy, form, answer)))
}

pub(crate) fn certificates_page<'a>(
    view: View<'a>,
    policy: &'a Policy,
    form: FindForm,
    answer: Answer,
) -> Certificates<'a> {
    let mut page = Page::new(view, "portal-certificates").of_authority(policy);
    page.asked = match form.by {
        By::Card => vec![("by", "card".to_owned()), ("number", form.number.clone()), ("name", form.name.clone())],
        By::Serial => vec![("by", "serial".to_owned()), ("serial", form.serial.clone())],
    };
    Certificates { page, policy, form, answer }
}

impl Check for FindForm {
    type Checked = CertificateQuery;

    fn check(&self, policy: &Policy) -> Result<CertificateQuery, Vec<FieldError>> {
        match self.by {
            By::Card => {
                let mut wrong = Vec::new();
                let number = field_or_error(&mut wrong, card_number(policy, &self.number));
                let name = field_or_error(&mut wrong, holder_name(&self.name));
                let (Some(number), Some(name)) = (number, name) else { return Err(wrong) };
                Ok(CertificateQuery::Card { number, name })
            }
            By::Serial => serial(&self.serial).map(CertificateQuery::Serial).map_err(|wrong| vec![wrong]),
        }
    }
}

/// As programs show it: with colons or spaces, in capitals, with leading zeros or `0x`.
fn serial(text: &str) -> Result<SerialNumber, FieldError> {
    let wrong = |text| FieldError { field: "serial", text };
    let digits = plain(text).to_ascii_lowercase();
    let mut digits = digits.strip_prefix("0x").unwrap_or(&digits).to_owned();
    if digits.is_empty() {
        return Err(wrong("portal-find-serial-missing"));
    }
    if digits.len() % 2 == 1 {
        digits.insert(0, '0');
    }
    digits.parse().map_err(|_| wrong("portal-find-serial-wrong"))
}

/// `/{authority}/certificates/{serial}.cer` (DER) and `.pem`.
pub(crate) async fn download(
    visit: Visit,
    policy: Authority,
    Named((_, file)): Named<(AuthorityId, String)>,
) -> Result<Response, Stop> {
    let (serial, kind) = file.rsplit_once('.').ok_or(Code::NotFound)?;
    let (Ok(serial), "cer" | "pem") = (serial.parse::<SerialNumber>(), kind) else {
        return Err(Code::NotFound.into());
    };
    let query = CertificateQuery::Serial(serial);
    let found = refused_in_equal_time(EQUAL_TIME, find_certificates(&visit.app, &policy.id, &query)).await?;
    let certificate = found.into_iter().next().ok_or(Code::NotFound)?;
    let name = format!("attachment; filename=\"{}.{kind}\"", certificate.serial);
    if kind == "cer" {
        let headers = [(CONTENT_TYPE, "application/pkix-cert"), (CONTENT_DISPOSITION, &name)];
        return Ok((headers, certificate.certificate).into_response());
    }
    let headers = [(CONTENT_TYPE, "application/x-pem-file"), (CONTENT_DISPOSITION, &name)];
    Ok((headers, certificate.pem()?).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::tests::policy;

    #[test]
    fn serial_numbers_are_taken_as_programs_show_them() {
        for shown in ["0a0bff", "A:0B:FF", "0x0A0BFF", "00 0a 0b ff", "０ａ０ｂｆｆ"] {
            assert_eq!(serial(shown).map(|serial| serial.to_string()).as_deref(), Ok("0a0bff"), "{shown}");
        }
        for wrong in ["0", "xyz", &"7".repeat(42)] {
            assert_eq!(serial(wrong).unwrap_err().text, "portal-find-serial-wrong", "{wrong}");
        }
        assert_eq!(serial("0x").unwrap_err().text, "portal-find-serial-missing");
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let fields = FindForm::default().check(&policy("GC")).unwrap_err().into_iter().map(|wrong| wrong.field);
        assert_eq!(fields.collect::<Vec<_>>(), ["number", "name"]);
    }
}
