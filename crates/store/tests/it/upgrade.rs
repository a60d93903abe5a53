//! A database that an earlier version has made, brought up to date.

use crate::sample::{
    NOW, assert_stale, card, days, event, gca, generation, holder, job_id, made, read, run, seconds, serial, write,
};
use kaika_app::audit::{AuditFinding, Head, verify_audit};
use kaika_domain::{
    certificates::{CertificateState, RevocationReason},
    holders::Holder,
};
use kaika_pki::crl::{RevocationReason as CrlReason, Revoked};
use kaika_store::migrate_to;
use kaika_wire::{CertificateId, EmailAddress, HolderId};
use time::OffsetDateTime;

on_both! { url:
    before_there_were_shards,
    before_a_device_was_one_card,
    before_holders_outlived_orders,
}

/// Makes the database as the first three migrations did, with these rows in it; `'bytes'` stands for some octets.
async fn as_it_was(url: &str, rows: &str) {
    migrate_to(url, 3).await.unwrap();
    run(url, &rows.replace("'bytes'", if url.starts_with("sqlite:") { "x'30'" } else { "'\\x30'" })).await;
}

async fn before_there_were_shards(url: String) {
    let (generation, holder) = (generation(1), holder(1));
    let mut rows = format!(
        "INSERT INTO holder VALUES ('{}', 'gca', '[]', '{{}}', NULL, 0);
         INSERT INTO generation VALUES ('{}', 'gca', 1, 0, '{1}', 'bytes', 'bytes', 'bytes', 'http://pki', 0, 7);
         INSERT INTO crl VALUES ('{1}', 5, 7, {}, {}, 'bytes');
         INSERT INTO issuance VALUES ('reserved', '{1}', '{}', '{}', 'login', 'bytes', 'reserved', NULL, 0);",
        holder.id,
        generation.id,
        days(0).unix_timestamp(),
        days(7).unix_timestamp(),
        serial(99),
        job_id(99),
    );
    rows = rows.replace("'bytes', 'bytes', 'bytes', 'http", "'bytes', 'twenty', 'bytes', 'http");
    let hold = |at: OffsetDateTime| format!(r#"{{"by":"holder","reason":"lost","at":{}}}"#, at.unix_timestamp());
    let two = format!("[{},{}]", hold(days(3)), hold(days(4)));
    let barred = format!("[{}]", hold(days(8)));
    for (n, state, holds, reason, at) in [
        (1_u8, "held", "[]", None, None),
        (2, "held", barred.as_str(), None, None),
        (3, "valid", "[]", None, None),
        (4, "suspended", two.as_str(), None, None),
        (5, "revoked", "[]", Some("privilege_withdrawn"), Some(days(5))),
        (6, "revoked", "[]", Some("unspecified"), Some(days(6))),
    ] {
        let or_null = |text: Option<String>| text.map_or("NULL".to_owned(), |text| format!("'{text}'"));
        rows += &format!(
            "INSERT INTO certificate VALUES ('{}', 'gca', '{}', '{}', NULL, 'login', '{}', 'bytes', 'hash', 'hash', \
             0, {}, {}, NULL, NULL, NULL, '{state}', '{holds}', {}, {}, 1);",
            CertificateId::new(days(0), [n; 10]),
            generation.id,
            holder.id,
            serial(n),
            days(365).unix_timestamp(),
            seconds(n.into()).unix_timestamp(),
            or_null(reason.map(str::to_owned)),
            at.map_or("NULL".to_owned(), |at| at.unix_timestamp().to_string()),
        );
    }
    // Octets of the right length.
    let octets = |count: usize| match url.starts_with("sqlite:") {
        true => format!("x'{}'", "30".repeat(count)),
        false => format!("'\\x{}'", "30".repeat(count)),
    };
    let rows = rows.replace("'twenty'", &octets(20)).replace("'hash'", &octets(32));
    as_it_was(&url, &rows).await;

    let store = made(&url).await;
    let mut reader = read(&*store).await;
    let [migrated] = reader.generations().await.unwrap().try_into().unwrap();
    assert_eq!((migrated.shards, migrated.revision), (1, 7));
    assert_eq!(migrated.crl_url_for(&serial(1)), "http://pki/crl/gca-1.crl", "as its certificates say");
    let mut entries = reader.revocations(generation.id, None, days(10)).await.unwrap();
    entries.sort_by_key(|entry| entry.serial);
    let entry =
        |n: u8, at, reason| Revoked { serial: kaika_pki::Serial::new(serial(n).as_be_bytes()).unwrap(), at, reason };
    let hold = CrlReason::CertificateHold;
    assert_eq!(
        entries,
        [
            entry(1, seconds(1), hold),
            entry(2, seconds(2), hold),
            entry(4, days(3), hold),
            entry(5, days(5), CrlReason::PrivilegeWithdrawn),
            entry(6, days(6), CrlReason::Unspecified),
        ]
    );
    let list = reader.latest_crl(generation.id, None).await.unwrap().unwrap();
    assert_eq!((list.number, list.revision, list.der), (5, 7, b"0".to_vec()));
    assert_eq!(reader.shard_revision(generation.id, None).await.unwrap(), 7, "the list is still the latest");
    let revoked = reader.certificate_by_serial(generation.id, &serial(6)).await.unwrap().unwrap();
    assert_eq!(revoked.shard, 0);
    assert_eq!(revoked.state, CertificateState::Revoked { reason: RevocationReason::Unspecified, at: days(6) });
    // A number that was reserved without bytes is void, and no longer unfinished.
    assert_eq!(reader.issuances(&[job_id(99).into()]).await.unwrap(), []);
    assert_eq!(reader.unfinished_issuances(days(1)).await.unwrap(), []);
}

/// Whose card is in which state, as 0.1 has left it.
const CARDS: &[(u8, &str, &str, &str, &str)] = &[
    // number, state, dispatched_at, state_at, termination_reason
    (1, "ordered", "NULL", "NULL", "NULL"),
    (2, "personalised", "NULL", "20", "NULL"),
    (3, "dispatched", "30", "30", "NULL"),
    (4, "activated", "30", "40", "NULL"),
    (5, "terminated", "NULL", "50", "'not_activated_in_time'"),
    (6, "ordered", "NULL", "NULL", "NULL"),
];

/// Cards 1 to 4 were ordered for one subject, each with a holder of its own; 5 for the same subject in another spelling,
/// and 6 by another authority.
async fn before_holders_outlived_orders(url: String) {
    migrate_to(&url, 14).await.unwrap();
    let subject = r#"[["C","TW"],["O","測試機關"]]"#;
    let (one, two) = (r#"{"business_number":"11111111"}"#, r#"{"business_number":"22222222"}"#);
    let mut rows = String::new();
    for (n, state, dispatched_at, state_at, reason) in CARDS {
        let holder = holder(*n);
        let card = card(*n, &holder);
        let authority = if *n == 6 { "xca" } else { "gca" };
        let subject = if *n == 5 { subject.replace("測試機關", "測試機關 ") } else { subject.to_owned() };
        // The latest that says anything is the third, whose registration the fourth's follows.
        let organisation = [one, one, two, "{}", one, one][usize::from(*n) - 1];
        let (id, number, ordered) = (card.id, &card.number, card.ordered_at.unix_timestamp());
        let device = if *n == 1 { "NULL".to_owned() } else { n.to_string() };
        rows += &format!(
            "INSERT INTO holder (id, authority, subject, organisation, email, registered_at)
             VALUES ('{}', '{authority}', '{subject}', '{organisation}', 'office{n}@intranet', {n});
             INSERT INTO card (id, number, authority, holder, rank, device, guid, ordered_at, state, dispatched_at, state_at,
                 termination_reason, version, proved_email)
             VALUES ('{id}', '{number}', '{authority}', '{0}', 'primary', {device}, NULL, {ordered}, '{state}',
                 {dispatched_at}, {state_at}, {reason}, 1, NULL);
             INSERT INTO contact (holder, email, name, telephone, set_at)
             VALUES ('{0}', 'desk{n}@agency.example', NULL, NULL, {n});
             INSERT INTO organisation_member (holder, organisation, name) VALUES ('{0}', '{authority}', '測試機關');",
            holder.id,
        );
    }
    // The first has none: a policy that names organisations was not yet applied to it.
    rows += &format!("DELETE FROM organisation_member WHERE holder = '{}';", holder(1).id);
    let octets = |byte: &str, count: usize| format!("'\\x{}'", byte.repeat(count));
    rows += &format!(
        "INSERT INTO generation (id, owner, ordinal, is_root, issuer, certificate, key_identifier, responder_certificate,
             base_url, founded_at, revision)
         VALUES ('{generation}', 'gca', 1, 0, '{generation}', {one}, {twenty}, {one}, 'http://pki', 0, 1);
         INSERT INTO certificate (id, authority, generation, holder, card, role, serial, certificate, sha256,
             key_fingerprint, not_before, not_after, issued_at, job, placement, state, holds, version)
         VALUES ('{id}', 'gca', '{generation}', '{holder}', '{card}', 'login', '{serial}', {one}, {hash}, {hash}, 0, 9, 0,
             NULL, 'pending', 'held', '[]', 1);",
        generation = generation(1).id,
        one = octets("30", 1),
        twenty = octets("30", 20),
        hash = octets("30", 32),
        id = CertificateId::new(days(0), [4; 10]),
        holder = holder(4).id,
        card = card(4, &holder(4)).id,
        serial = serial(4),
    );
    let link = |bytes: &str| format!("'\\x{}'", bytes.repeat(32));
    rows += &format!(
        "INSERT INTO confirmation (token_sha256, purpose, card, payload, code_sha256, code_tries_left, asked_at, expires_at,
             used_at)
         VALUES ({}, 'change_contact', '{}', '{{\"n\":1}}', NULL, 0, 1, 1000, NULL);
         INSERT INTO session (token_sha256, job, card, authority, begun_at, expires_at, ended_at)
         VALUES ({}, '{}', '{1}', 'gca', 1, 1000, NULL);",
        link("01"),
        card(4, &holder(4)).id,
        link("02"),
        job_id(4),
    );
    let (mut head, mut bytes) = (Head::EMPTY, Vec::new());
    for n in 1..=3 {
        let chained = head.chain(&event(n));
        rows += &format!(
            "INSERT INTO audit_event (sequence, at, actor, action, payload, hash)
             VALUES ({}, {}, '{}', '{}', '{}', '\\x{}');",
            chained.sequence,
            chained.at,
            // As 0.1 has written operators: without a name.
            chained.actor,
            chained.action,
            chained.payload.replace('\'', "''"),
            hex(&chained.hash),
        );
        head = chained.head();
        bytes.push(chained);
    }
    rows += &format!("UPDATE audit_head SET sequence = {}, hash = '\\x{}';", head.sequence, hex(&head.hash));
    if url.starts_with("sqlite:") {
        rows = rows.replace("'\\x", "x'");
    }
    run(&url, &rows).await;

    let store = made(&url).await;
    let mut reader = read(&*store).await;
    let kept = reader.holders(&gca(), None, 10).await.unwrap();
    assert_eq!(kept.iter().map(|holder| holder.id).collect::<Vec<_>>(), [holder(1).id, holder(5).id]);
    assert_eq!(kept[0].organisation.business_number.as_deref(), Some("22222222"));
    assert_eq!(kept[1].organisation.business_number.as_deref(), Some("11111111"));
    assert_eq!(reader.holder_by_subject(&gca(), &kept[0].subject).await.unwrap(), Some(kept[0].clone()));
    let xca = reader.holders(&"xca".parse().unwrap(), None, 10).await.unwrap();
    assert_eq!(
        xca.iter().map(|holder| holder.id).collect::<Vec<_>>(),
        [holder(6).id],
        "another authority's is another"
    );

    let of_first = reader.cards_of_holder(holder(1).id).await.unwrap();
    assert_eq!(of_first.iter().map(|one| one.id).collect::<Vec<_>>(), [1, 2, 3, 4].map(|n| card(n, &holder(n)).id));
    for (n, state, ..) in CARDS {
        let card = reader.card(card(*n, &holder(*n)).id).await.unwrap().unwrap();
        assert_eq!(card.state.name(), *state);
        assert_eq!(
            card.email,
            EmailAddress::in_certificate(&format!("office{n}@intranet")).ok(),
            "each card keeps what it names"
        );
        let contact = reader.contact(card.id).await.unwrap().unwrap();
        assert_eq!(contact.email.as_str(), format!("desk{n}@agency.example"), "and who is written to");
        let order = reader.order_of_card(card.id).await.unwrap().unwrap();
        let (makings, order_state) = (reader.makings(card.id).await.unwrap(), order.state.name());
        let made: Vec<_> = makings.iter().map(|one| (one.device, one.ended.map(|(how, _)| how.name()))).collect();
        match n {
            1 => assert_eq!((order_state, made), ("open", vec![])),
            6 => assert_eq!((order_state, made), ("open", vec![(Some(6), None)]), "a device was put to it"),
            n => assert_eq!((order_state, made), ("made", vec![(Some(u32::from(*n)), Some("made"))])),
        }
    }
    let activated = card(4, &holder(4)).id;
    assert_eq!(reader.confirmation(&[1; 32].into()).await.unwrap().unwrap().subject, activated.into());
    let session = reader.session(&[2; 32].into()).await.unwrap().unwrap();
    assert_eq!((session.subject, session.job), (activated.into(), Some(job_id(4))));
    let certificates = reader.certificates_of_card(activated).await.unwrap();
    assert_eq!(certificates.iter().map(|one| one.holder).collect::<Vec<_>>(), [holder(1).id]);
    assert_eq!(reader.audit_events(0, 10).await.unwrap(), bytes, "the audit log is as it was");
    drop(reader);
    let report = verify_audit(store.as_ref(), &[]).await.unwrap();
    assert!(report.findings.iter().all(|finding| matches!(finding, AuditFinding::NoAnchors)), "{:?}", report.findings);
    let again = Holder { id: HolderId::new(NOW, [9; 10]), ..kept[0].clone() };
    assert_stale(write(&*store, async |work| work.insert_holder(&again).await).await);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn before_a_device_was_one_card(url: String) {
    let holder = holder(1);
    let mut rows = format!("INSERT INTO holder VALUES ('{}', 'gca', '[]', '{{}}', NULL, 0);", holder.id);
    for (n, state, device) in
        [(1, "ordered", "7"), (2, "ordered", "7"), (3, "terminated", "7"), (4, "ordered", "8"), (5, "ordered", "NULL")]
    {
        let card = card(n, &holder);
        rows += &format!(
            "INSERT INTO card VALUES ('{}', '{}', 'gca', '{}', 'primary', {device}, NULL, {}, '{state}', NULL, 0, {}, 1);",
            card.id,
            card.number,
            holder.id,
            card.ordered_at.unix_timestamp(),
            if state == "terminated" { "'lost'" } else { "NULL" },
        );
    }
    as_it_was(&url, &rows).await;
    let store = made(&url).await;
    let cards = read(&*store).await.cards(&gca()).await.unwrap();
    let devices: Vec<_> = cards.iter().map(|card| (card.device, card.version)).collect();
    assert_eq!(devices, [(None, 2), (Some(7), 1), (Some(7), 1), (Some(8), 1), (None, 1)]);
}
