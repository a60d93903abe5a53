//! A database that an earlier version has made, brought up to date.

use crate::sample::{card, days, gca, generation, holder, job_id, made, read, run, seconds, serial};
use kaika_domain::certificates::{CertificateState, RevocationReason};
use kaika_pki::crl::{RevocationReason as CrlReason, Revoked};
use kaika_store::migrate_to;
use kaika_wire::CertificateId;
use time::OffsetDateTime;

on_both! { url:
    before_there_were_shards,
    before_a_device_was_one_card,
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
