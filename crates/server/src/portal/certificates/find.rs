//! 憑證查詢及下載: by card number and holder's name; the status alone by serial number.

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
    App, Failure,
    certificates::{FoundCertificate, FoundStatus, certificate_file, certificate_status, find_certificates},
};
use kaika_domain::authorities::Policy;
use kaika_texts::text;
use kaika_web::html;
use kaika_wire::{AuthorityId, CardNumber, CertificateStatus, Code, SerialNumber};
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

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Question {
    Card { number: CardNumber, name: String },
    Serial(SerialNumber),
}

pub(crate) enum Answer {
    Unasked,
    /// Never empty.
    Wrong(Vec<FieldError>),
    Nothing,
    /// Never empty.
    Found(Vec<FoundCertificate>),
    Status(FoundStatus),
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
        Ok(question) => match in_equal_time(EQUAL_TIME, answer(&visit.app, &policy.id, question)).await {
            Ok(found) => (StatusCode::OK, found),
            Err(Failure::Refused(refusal)) if refusal.code == Code::NotFound => {
                (StatusCode::NOT_FOUND, Answer::Nothing)
            }
            Err(failure) => return Err(failure.into()),
        },
    };
    Ok(private(status, &certificates_page(visit.view(), &policy, form, answer)))
}

async fn answer(app: &App, authority: &AuthorityId, question: Question) -> Result<Answer, Failure> {
    match question {
        Question::Card { number, name } => find_certificates(app, authority, &number, &name).await.map(Answer::Found),
        Question::Serial(serial) => certificate_status(app, authority, &serial).await.map(Answer::Status),
    }
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
    type Checked = Question;

    fn check(&self, policy: &Policy) -> Result<Question, Vec<FieldError>> {
        match self.by {
            By::Card => {
                let mut wrong = Vec::new();
                let number = field_or_error(&mut wrong, card_number(policy, &self.number));
                let name = field_or_error(&mut wrong, holder_name(&self.name));
                let (Some(number), Some(name)) = (number, name) else { return Err(wrong) };
                Ok(Question::Card { number, name })
            }
            By::Serial => serial(&self.serial).map(Question::Serial).map_err(|wrong| vec![wrong]),
        }
    }
}

/// As programs show it: with colons or spaces, in capitals, with leading zeros or `0x`.
fn serial(text: &str) -> Result<SerialNumber, FieldError> {
    let wrong = |text| FieldError::new("serial", text);
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

/// `/{authority}/certificates/{sha256}.cer` (DER) and `.pem`: who has the hash had the certificate, or a link to it.
pub(crate) async fn download(
    visit: Visit,
    policy: Authority,
    Named((_, file)): Named<(AuthorityId, String)>,
) -> Result<Response, Stop> {
    let Some((hash, kind @ ("cer" | "pem"))) = file.rsplit_once('.') else {
        return Err(Code::NotFound.into());
    };
    let found = certificate_file(&visit.app, &policy.id, hash);
    let certificate = refused_in_equal_time(EQUAL_TIME, found).await?;
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
