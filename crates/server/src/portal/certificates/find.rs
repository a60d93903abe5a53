//! 憑證查詢及下載: by card number and holder's name, or by serial number.

use crate::{
    http::{
        equal_time::{EQUAL_TIME, in_equal_time, refused_in_equal_time},
        errors::{fail, not_found, refuse},
    },
    portal::{
        fields::{Wrong, card_number, holder_name, plain, wrong_with},
        page::{Page, View, authority, private},
    },
    site::Site,
};
use askama::Template;
use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use kaika_app::{
    Failure,
    certificates::{CertificateQuery, FoundCertificate, find_certificates},
};
use kaika_domain::authorities::Policy;
use kaika_texts::text;
use kaika_web::html;
use kaika_wire::{CertificateStatus, Code, Refusal, SerialNumber};
use serde::Deserialize;

/// The form as it was sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
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
    Wrong(Vec<Wrong>),
    Nothing,
    /// Never empty.
    Found(Vec<FoundCertificate>),
}

#[derive(Template)]
#[template(path = "certificates/certificates.html")]
pub(crate) struct Certificates<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) policy: &'a Policy,
    pub(crate) asked: Asked,
    pub(crate) answer: Answer,
}

impl Certificates<'_> {
    fn wrong(&self) -> &[Wrong] {
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

pub(crate) async fn form(State(site): State<Site>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    let page = Page::new(site.view(&headers), "portal-certificates").of_authority(policy);
    html(&Certificates { page, policy, asked: Asked::default(), answer: Answer::Unasked })
}

pub(crate) async fn find(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
    asked: Result<Form<Asked>, FormRejection>,
) -> Response {
    let Some(policy) = authority(&site.app, &id) else { return not_found(headers).await };
    let Ok(Form(asked)) = asked else {
        return refuse(Refusal::new(Code::BadRequest).detail("the form could not be read"), &headers);
    };
    let (status, answer) = match query(policy, &asked) {
        Err(wrong) => (StatusCode::BAD_REQUEST, Answer::Wrong(wrong)),
        Ok(query) => match in_equal_time(EQUAL_TIME, find_certificates(&site.app, &policy.id, &query)).await {
            Ok(found) => (StatusCode::OK, Answer::Found(found)),
            Err(Failure::Refused(refusal)) if refusal.code == Code::NotFound => {
                (StatusCode::NOT_FOUND, Answer::Nothing)
            }
            Err(failure) => return fail(failure, &headers),
        },
    };
    private(status, &certificates_page(site.view(&headers), policy, asked, answer))
}

pub(crate) fn certificates_page<'a>(
    view: View<'a>,
    policy: &'a Policy,
    asked: Asked,
    answer: Answer,
) -> Certificates<'a> {
    let mut page = Page::new(view, "portal-certificates").of_authority(policy);
    page.asked = match asked.by {
        By::Card => vec![("by", "card".to_owned()), ("number", asked.number.clone()), ("name", asked.name.clone())],
        By::Serial => vec![("by", "serial".to_owned()), ("serial", asked.serial.clone())],
    };
    Certificates { page, policy, asked, answer }
}

/// What the form asks for.
///
/// # Errors
/// What is wrong with its fields.
fn query(policy: &Policy, asked: &Asked) -> Result<CertificateQuery, Vec<Wrong>> {
    match asked.by {
        By::Card => match (card_number(policy, &asked.number), holder_name(&asked.name)) {
            (Ok(number), Ok(name)) => Ok(CertificateQuery::Card { number, name }),
            (number, name) => Err([number.err(), name.err()].into_iter().flatten().collect()),
        },
        By::Serial => serial(&asked.serial).map(CertificateQuery::Serial).map_err(|wrong| vec![wrong]),
    }
}

/// As programs show it: with colons or spaces, in capitals, with leading zeros or `0x`.
fn serial(text: &str) -> Result<SerialNumber, Wrong> {
    let wrong = |text| Wrong { field: "serial", text };
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
    State(site): State<Site>,
    Path((id, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let app = &site.app;
    let (Some(policy), Some((serial, kind))) = (authority(app, &id), file.rsplit_once('.')) else {
        return not_found(headers).await;
    };
    let (Ok(serial), "cer" | "pem") = (serial.parse::<SerialNumber>(), kind) else { return not_found(headers).await };
    let query = CertificateQuery::Serial(serial);
    let found = match refused_in_equal_time(EQUAL_TIME, find_certificates(app, &policy.id, &query)).await {
        Ok(found) => found,
        Err(failure) => return fail(failure, &headers),
    };
    let Some(certificate) = found.into_iter().next() else { return not_found(headers).await };
    let name = format!("attachment; filename=\"{}.{kind}\"", certificate.serial);
    if kind == "cer" {
        let headers = [(CONTENT_TYPE, "application/pkix-cert"), (CONTENT_DISPOSITION, &name)];
        return (headers, certificate.certificate).into_response();
    }
    ([(CONTENT_TYPE, "application/x-pem-file"), (CONTENT_DISPOSITION, &name)], pem(&certificate.certificate))
        .into_response()
}

/// RFC 7468 §5.1.
fn pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for (at, character) in base64.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem.push_str("\n-----END CERTIFICATE-----\n");
    pem
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
        let asked = Asked::default();
        let fields = query(&policy("GC"), &asked).unwrap_err().into_iter().map(|wrong| wrong.field);
        assert_eq!(fields.collect::<Vec<_>>(), ["number", "name"]);
    }

    #[test]
    fn pem_has_lines_of_64() {
        let pem = pem(&[7; 97]);
        let lines: Vec<usize> = pem.lines().map(str::len).collect();
        assert_eq!(lines, [27, 64, 64, 4, 25]);
    }
}
