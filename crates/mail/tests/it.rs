//! Mails to a mail server that we did not write, and what it hears.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic too")]

use kaika_app::mail::{Letter, MailError, Mailbox, Mailer, Posted};
use kaika_domain::authorities::Policy;
use kaika_mail::{Encryption, FolderMailbox, SmtpMailer, SmtpSettings};
use kaika_testkit::smtp::{Encryption as Peers, SmtpPeer};
use kaika_wire::MailId;
use serde_json::Value;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use time::{OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-20 08:00 UTC);

fn policy() -> Policy {
    Policy::parse(include_str!("../../kaika/authorities/gca.toml")).unwrap()
}

fn letters() -> [Letter; 6] {
    let number = || "GC00000000000017".parse().unwrap();
    let link = |path: &str| format!("https://portal.example/gca/{path}/{}", "A".repeat(43));
    [
        Letter::UserCodeLink { number: number(), link: link("user-code"), minutes: 30 },
        Letter::UserCodeChanged { number: number() },
        Letter::ContactLink { number: number(), link: link("contact"), minutes: 30 },
        Letter::ContactChangeAsked { number: number(), new: "n***@new.example".into() },
        Letter::ContactChanged { number: number(), new: "n***@new.example".into() },
        Letter::EmailProof { number: number(), link: link("set_email/link"), code: "ABCD2345".into(), minutes: 30 },
    ]
}

fn settings(peer: &SmtpPeer, encryption: Encryption) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".into(),
        port: peer.port(),
        encryption,
        credentials: None,
        trusted: None,
        from: "no-reply@kaika.example".parse().unwrap(),
        reply_to: Some("help@kaika.example".parse().unwrap()),
        hello: "portal.example".into(),
    }
}

fn id(n: u8) -> MailId {
    MailId::new(NOW, [n; 10])
}

async fn send(mailer: &dyn Mailer, to: &str, letter: &Letter) -> Result<(), MailError> {
    let (to, policy) = (to.parse().unwrap(), policy());
    mailer.send(&Posted { id: id(1), to: &to, policy: &policy, letter, queued_at: NOW }).await
}

fn text<'v>(mail: &'v Value, field: &str) -> &'v str {
    mail[field].as_str().unwrap_or_default()
}

/// Mails have links in them: they are their owner's, also those that an earlier version wrote, and one that was damaged
/// keeps no other from being shown.
#[tokio::test]
async fn mails_in_a_folder_are_their_owners() {
    let folder = tempfile::tempdir().unwrap();
    let mails = folder.path().join("mails");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mailbox = FolderMailbox::open(&mails).unwrap();
    send(&mailbox, "desk@agency.example", &letters()[0]).await.unwrap();
    let mail = mails.join(format!("{}.json", id(1)));
    assert_eq!((mode(&mails), mode(&mail)), (0o700, 0o600));
    for path in [&mails, &mail] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
    let draft = mails.join(format!("{}.draft", id(1)));
    fs::write(&draft, "half a mail of before").unwrap();
    fs::write(mails.join(format!("{}.json", id(2))), "").unwrap();
    let mailbox = FolderMailbox::open(&mails).unwrap();
    assert_eq!((mode(&mails), mode(&mail), mode(&draft)), (0o700, 0o600, 0o600));
    assert_eq!(mailbox.delivered().await.unwrap().len(), 1);
    fs::remove_file(&mail).unwrap();
    send(&mailbox, "desk@agency.example", &letters()[0]).await.unwrap();
    assert_eq!(mode(&mail), 0o600);
}

#[tokio::test]
async fn each_letter_comes_as_it_was_meant() {
    let peer = SmtpPeer::start(Peers::None);
    let mailer = SmtpMailer::new(settings(&peer, Encryption::None)).unwrap();
    for letter in letters() {
        send(&mailer, "desk@agency.example", &letter).await.unwrap();
    }
    let mails = peer.mails();
    assert_eq!(mails.len(), letters().len());
    for (mail, letter) in mails.iter().zip(letters()) {
        assert_eq!((text(mail, "from"), &mail["to"][0]), ("no-reply@kaika.example", &"desk@agency.example".into()));
        assert_eq!(text(mail, "hello"), "portal.example");
        let headers = &mail["headers"];
        assert_eq!(text(headers, "From"), "測試政府憑證管理中心 GCA <no-reply@kaika.example>");
        assert_eq!(text(headers, "Reply-To"), "help@kaika.example");
        assert_eq!(text(headers, "Message-ID"), format!("<{}@kaika.example>", id(1)));
        assert_eq!(text(headers, "Auto-Submitted"), "auto-generated");
        assert_eq!(text(headers, "Date"), "Fri, 20 Nov 2026 08:00:00 +0000");
        assert!(text(headers, "Content-Type").starts_with("text/plain"));
        assert!(text(headers, "Subject").contains(" / "), "both languages: {headers}");
        let words = text(mail, "text");
        let (chinese, english) = words.split_once("\n----").unwrap();
        for (words, expected) in
            [(chinese, "您好："), (chinese, "02-0000-0001"), (english, "Hello,"), (english, "02-0000-0001")]
        {
            assert!(words.contains(expected), "{}: {words}", letter.name());
        }
        assert_eq!(words.matches("GC00000000000017").count(), 2, "{words}");
        match &letter {
            Letter::UserCodeLink { link, .. } | Letter::ContactLink { link, .. } | Letter::EmailProof { link, .. } => {
                assert_eq!(words.lines().filter(|line| line == link).count(), 2, "a line of its own: {words}");
            }
            _ => assert!(!words.contains("https:")),
        }
    }
}

#[tokio::test]
async fn passwords_and_letters_go_over_tls_alone() {
    for (peers, ours) in [(Peers::StartTls, Encryption::StartTls), (Peers::Tls, Encryption::Tls)] {
        let peer = SmtpPeer::with_password(peers, "secret of the relay");
        let trusted = fs::read(peer.certificate()).unwrap();
        let mailer = |credentials: Option<(&str, &str)>, trusted: Option<&Vec<u8>>| {
            let credentials = credentials.map(|(name, password)| (name.to_owned(), password.to_owned()));
            SmtpMailer::new(SmtpSettings { credentials, trusted: trusted.cloned(), ..settings(&peer, ours) }).unwrap()
        };
        let right = Some(("kaika", "secret of the relay"));
        let [letter, ..] = letters();
        send(&mailer(right, Some(&trusted)), "desk@agency.example", &letter).await.unwrap();
        let mails = peer.mails();
        assert_eq!((mails[0]["tls"].as_bool(), text(&mails[0], "user")), (Some(true), "kaika"), "{ours:?}");
        // A server that nobody vouches for, a wrong password, none: that is no fault of the mail.
        for wrong in
            [mailer(right, None), mailer(Some(("kaika", "another")), Some(&trusted)), mailer(None, Some(&trusted))]
        {
            let error = send(&wrong, "desk@agency.example", &letter).await.unwrap_err();
            assert!(matches!(error, MailError::Away(_)), "{ours:?}: {error}");
            assert!(!error.to_string().contains("another"), "{error}");
        }
        assert_eq!(peer.mails().len(), 1);
    }
    // One that does not offer TLS gets nothing.
    let peer = SmtpPeer::start(Peers::None);
    let mailer = SmtpMailer::new(settings(&peer, Encryption::StartTls)).unwrap();
    let error = send(&mailer, "desk@agency.example", &letters()[0]).await.unwrap_err();
    assert!(matches!(error, MailError::Away(_)), "{error}");
    assert_eq!(peer.mails().len(), 0);
}

#[tokio::test]
async fn what_the_server_says_is_told_apart() {
    let mut peer = SmtpPeer::start(Peers::None);
    let mailer = SmtpMailer::new(settings(&peer, Encryption::None)).unwrap();
    let [letter, ..] = letters();
    let refused = send(&mailer, "nobody@agency.example", &letter).await.unwrap_err();
    assert!(matches!(&refused, MailError::Refused(why) if why.contains("no such mailbox")), "{refused}");
    let later = send(&mailer, "later@agency.example", &letter).await.unwrap_err();
    assert!(matches!(&later, MailError::PutOff(why) if why.contains("try again later")), "{later}");
    let vanished = send(&mailer, "vanish@agency.example", &letter).await.unwrap_err();
    assert!(matches!(vanished, MailError::Away(_)), "{vanished}");
    peer.stop();
    let away = send(&mailer, "desk@agency.example", &letter).await.unwrap_err();
    assert!(matches!(&away, MailError::Away(why) if why.contains("refused")), "{away}");
    peer.start_again();
    send(&mailer, "desk@agency.example", &letter).await.unwrap();
}

#[tokio::test]
async fn an_authority_may_have_its_own_address_for_answers() {
    let peer = SmtpPeer::start(Peers::None);
    let mailer = SmtpMailer::new(settings(&peer, Encryption::None)).unwrap();
    let mut policy = policy();
    policy.contact.email = Some("gca@agency.example".parse().unwrap());
    let (to, [letter, ..]) = ("desk@agency.example".parse().unwrap(), letters());
    let mail = Posted { id: id(1), to: &to, policy: &policy, letter: &letter, queued_at: NOW };
    mailer.send(&mail).await.unwrap();
    assert_eq!(text(&peer.mails()[0]["headers"], "Reply-To"), "gca@agency.example");
}

#[tokio::test]
async fn the_demos_mailbox_keeps_each_mail_once() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = FolderMailbox::open(folder.path().join("mails")).unwrap();
    assert_eq!(mailbox.delivered().await.unwrap(), []);
    let (to, policy) = ("desk@agency.example".parse().unwrap(), policy());
    for (n, letter) in [(1, &letters()[0]), (2, &letters()[1]), (1, &letters()[0])] {
        let mail = Posted { id: id(n), to: &to, policy: &policy, letter, queued_at: NOW };
        mailbox.send(&mail).await.unwrap();
    }
    let mails = FolderMailbox::open(folder.path().join("mails")).unwrap().delivered().await.unwrap();
    assert_eq!(mails.iter().map(|mail| mail.id).collect::<Vec<_>>(), [id(2), id(1)], "the newest first");
    assert!(mails[1].text.contains("https://portal.example/gca/user-code/"));
}
