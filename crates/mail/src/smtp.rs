//! By SMTP (RFC 5321) to one mail server, which carries mails on: over TLS from the start, by STARTTLS, or plain on this
//! computer's own network.

use crate::words;
use async_trait::async_trait;
use kaika_app::mail::{MailError, Mailer, Posted};
use kaika_texts::Language;
use kaika_wire::EmailAddress;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use std::time::Duration;

/// For each step of the conversation.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// From the first octet (RFC 8314); port 465.
    Tls,
    /// The server has to offer it (RFC 3207); port 587.
    StartTls,
    /// For a relay on the same computer or network; port 25.
    None,
}

impl Encryption {
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// User name and password.
    pub credentials: Option<(String, String)>,
    /// PEM: authorities that are trusted beside the system's.
    pub trusted: Option<Vec<u8>>,
    pub from: EmailAddress,
    /// Where the policy names no address of its own.
    pub reply_to: Option<EmailAddress>,
    /// What we call ourselves to the server; the host name of the portal.
    pub hello: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    #[error("the certificates that the mail server is to be checked with cannot be read")]
    Certificates,
    #[error("TLS to the mail server cannot be set up: {0}")]
    Tls(String),
    #[error("{0} is not an address that mails can come from")]
    Address(String),
}

pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    reply_to: Option<EmailAddress>,
}

impl SmtpMailer {
    /// Connects to nobody yet.
    ///
    /// # Errors
    /// A certificate or an address is not one.
    pub fn new(settings: SmtpSettings) -> Result<Self, SetUpError> {
        let tls = match settings.encryption {
            Encryption::Tls => Tls::Wrapper(tls(&settings)?),
            Encryption::StartTls => Tls::Required(tls(&settings)?),
            Encryption::None => Tls::None,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(PATIENCE))
            .hello_name(ClientId::Domain(settings.hello));
        if let Some((name, password)) = settings.credentials {
            transport = transport.credentials(Credentials::new(name, password));
        }
        let from = address(&settings.from).ok_or_else(|| SetUpError::Address(settings.from.to_string()))?;
        Ok(Self { transport: transport.build(), from, reply_to: settings.reply_to })
    }

    fn message(&self, mail: &Posted<'_>) -> Result<Message, MailError> {
        let wrong = |what: String| MailError::Refused(what);
        let to = address(mail.to).ok_or_else(|| wrong("not an address".to_owned()))?;
        let words = words(mail);
        let mut message = Message::builder()
            .from(Mailbox::new(Some(mail.policy.name.zh.clone()), self.from.clone()))
            .to(Mailbox::new(None, to))
            .date(mail.queued_at.into())
            // The same for every attempt.
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.domain())))
            .subject(words.subject)
            // RFC 3834 §5: nobody's out-of-office notice comes back.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("Content-Language", &Language::ALL.map(Language::tag).join(", ")));
        let own = mail.policy.contact.email.as_ref().or(self.reply_to.as_ref());
        if let Some(reply_to) = own.and_then(address) {
            message = message.reply_to(Mailbox::new(None, reply_to));
        }
        let text = SinglePart::plain(words.text);
        message.singlepart(text).map_err(|error| wrong(error.to_string()))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Posted<'_>) -> Result<(), MailError> {
        let message = self.message(mail)?;
        self.transport.send(message).await.map(drop).map_err(|error| judge(&error))
    }
}

/// RFC 5321 §4.2.1: 4yz may go well later. Of 5yz only those about mailbox or content (x5z: 550 to 556) speak of this
/// mail; the rest – 530, 535, 502 … – says that the server does not take mails from us.
fn judge(error: &Error) -> MailError {
    let told = describe(error);
    match error.status().map(u16::from) {
        Some(550..=556) => MailError::Refused(told),
        Some(421) => MailError::Away(told),
        Some(400..=499) => MailError::PutOff(told),
        _ => MailError::Away(told),
    }
}

/// With its causes: "connection error" alone helps nobody.
fn describe(error: &Error) -> String {
    let mut told = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    told
}

fn tls(settings: &SmtpSettings) -> Result<TlsParameters, SetUpError> {
    let mut parameters = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.trusted {
        parameters = parameters.add_root_certificate(Certificate::from_pem(pem).map_err(|_| SetUpError::Certificates)?);
    }
    parameters.build_rustls().map_err(|error| SetUpError::Tls(error.to_string()))
}

fn address(address: &EmailAddress) -> Option<Address> {
    address.as_str().parse().ok()
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_that_is_one_can_be_written_to() {
        for text in ["a@b.example", "o'brien+tag@mail.agency.example", "x_y.z@1.example", "{a}|b@c-d.example"] {
            let ours: EmailAddress = text.parse().expect(text);
            assert_eq!(address(&ours).map(|address| address.to_string()).as_deref(), Some(text));
        }
        // No mail server has to know other letters.
        let ours: EmailAddress = "desk@例子.台灣".parse().expect("an address");
        let written = address(&ours).map(|address| address.to_string());
        assert_eq!(written.as_deref(), Some("desk@xn--fsqu00a.xn--kpry57d"));
    }
}
