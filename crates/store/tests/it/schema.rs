//! Opening a database: its schema, its file, and what it still has when it is opened again.

use crate::sample::{
    card, certificate, days, event, generation, holder, job, made, read, run, serial, sqlite_url, with_card, write,
};
use kaika_app::{
    StoreError,
    access::Station,
    cards::{Receipt, StoredPuk},
    certificates::{Issuance, IssuanceState},
    status::Crl,
};
use kaika_domain::cards::{PukRecord, PukState, PukVersion};
use kaika_store::{migrate, open, prepare_every_statement};
use kaika_wire::{CertificateRole, JobKind, StationId};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};
use tempfile::tempdir;

on_both! { url:
    every_statement_fits_the_schema,
    an_index_gives_lists_their_order_and_finds_old_jobs,
    opened_again_it_has_everything,
    two_that_opened_one_database_share_it,
    closed_it_answers_no_more,
    whether_it_can_be_written_is_asked_where_it_is_in_doubt,
}

async fn every_statement_fits_the_schema(url: String) {
    migrate(&url).await.unwrap();
    let count = prepare_every_statement(&url).await.unwrap();
    assert!(count > 40, "only {count} statements");
}

/// Of these, all may be read or sorted: how, and by what.
const READ_WHOLE: &[(&str, &str)] = &[
    ("SCAN generation", "FROM generation ORDER BY founded_at, id"), // an authority has a few
    ("SCAN page", "LIMIT $5) AS page"),                             // what was found inside
    ("SCAN card USING INDEX card_ordered", "WHERE state = 'ordered' AND device IS NULL"), // the index has no others
    ("SCAN mail USING INDEX mail_unsent", "SELECT id, "),           // nor has this one
    ("SCAN mail USING INDEX mail_unsent", "UPDATE mail "),
    ("SCAN mail USING COVERING INDEX mail_unsent", "COUNT(*)"),
    ("SCAN mail", "FROM mail ORDER BY queued_at, id LIMIT"), // all mails, for an operator
    ("SCAN lease", "UPDATE lease"),                          // one for each task
    ("SORT mail", "FROM mail ORDER BY queued_at, id LIMIT"),
    ("SORT mail", "WHERE state <> 'sent' ORDER BY queued_at, id LIMIT"), // those that wait, for an operator
    ("SORT card", "FROM card WHERE holder = $1"),                        // a holder has a few
];

/// No statement reads a table from end to end, and none sorts all rows to give a few: by the plans of SQLite, which asks no
/// statistics.
#[tokio::test(flavor = "multi_thread")]
async fn no_statement_reads_a_table_whole() {
    let folder = tempdir().unwrap();
    let url = sqlite_url(&folder);
    migrate(&url).await.unwrap();
    let mut file = SqliteConnection::connect(&url.replacen("sqlite:", "sqlite://", 1)).await.unwrap();
    let (mut explained, mut whole) = (0, BTreeSet::new());
    let [(_, text), _] = kaika_store::release();
    for statement in text.lines().filter(|line| !line.starts_with("-- ")) {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan = sqlx::raw_sql(explain).fetch_all(&mut file).await.unwrap();
        explained += 1;
        for step in plan.iter().map(|row| row.get::<String, _>("detail")) {
            if (step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW") || step.contains(" AUTOMATIC ") {
                whole.insert((step, statement));
            } else if step == "USE TEMP B-TREE FOR ORDER BY" && statement.contains(" LIMIT ") {
                let table = statement.split_once(" FROM ").and_then(|(_, rest)| rest.split_whitespace().next());
                whole.insert((format!("SORT {}", table.unwrap_or_default()), statement));
            }
        }
    }
    assert!(explained > 100, "only {explained} statements");
    let is_of = |(step, statement): &(String, &str), (what, by): &(&str, &str)| step == what && statement.contains(by);
    let offences: Vec<_> = whole.iter().filter(|one| !READ_WHOLE.iter().any(|allowed| is_of(one, allowed))).collect();
    assert!(offences.is_empty(), "{offences:#?}");
    for allowed in READ_WHOLE {
        assert!(whole.iter().any(|one| is_of(one, allowed)), "{allowed:?} is no exception any more");
    }
}

async fn an_index_gives_lists_their_order_and_finds_old_jobs(url: String) {
    let orders = ["by_order", "by_number", "by_expiry", "by_expiry"].map(|by| format!("organisation_certificate_{by}"));
    let indexes: Vec<_> = orders.into_iter().chain(["card_job_by_age".to_owned()]).collect();
    migrate(&url).await.unwrap();
    let plans = kaika_store::plans(&url).await.unwrap();
    assert_eq!(plans.len(), indexes.len());
    for (plan, index) in plans.iter().zip(indexes) {
        assert!(plan.contains(&index), "{plan}");
        assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort") && !plan.contains("SCAN"), "{plan}");
    }
}

async fn opened_again_it_has_everything(url: String) {
    let holder = holder(1);
    let (card, generation) = (card(1, &holder), generation(1));
    let certificate = certificate(1, &generation, &holder);
    let job = job(1, JobKind::Activate, &card);
    let issuance = Issuance {
        certificate: certificate.id,
        generation: generation.id,
        serial: serial(1),
        request: Some(job.id.into()),
        role: CertificateRole::Signature.into(),
        key_fingerprint: [1; 32].into(),
        state: IssuanceState::Recorded { to_be_signed: vec![0x30] },
        at: days(0),
    };
    let crl = Crl {
        generation: generation.id,
        shard: Some(2),
        number: 1,
        revision: 1,
        signed_at: days(0),
        next_update: days(7),
        der: vec![0x30],
    };
    let record = PukRecord::new(PukVersion(1), PukState::Current);
    let puk = StoredPuk { record, ciphertext: vec![1; 40] };
    let receipt = Receipt { job: job.id, card: card.id, cms: vec![0x30], at: days(0) };
    let station = Station {
        id: StationId::new(days(0), [1; 10]),
        name: "臺北".into(),
        token_sha256: [1; 32].into(),
        enrolled_at: days(0),
        withdrawn_at: None,
    };

    let store = made(&url).await;
    write(&*store, async |work| {
        work.insert_holder(&holder).await?;
        work.insert_card(&card).await?;
        work.insert_generation(&generation).await?;
        work.insert_certificates(std::slice::from_ref(&certificate)).await?;
        work.insert_issuances(std::slice::from_ref(&issuance)).await?;
        work.insert_crl(&crl).await?;
        work.upsert_user_code(card.id, "hash", days(0)).await?;
        work.upsert_puk(card.id, &puk).await?;
        work.insert_job(&job).await?;
        work.insert_receipt(&receipt).await?;
        work.insert_station(&station).await?;
        assert!(work.take_lease("sweep", "one", days(0), days(1)).await?);
        work.audit(event(1));
        Ok(())
    })
    .await
    .unwrap();
    let events = read(&*store).await.audit_events(0, 10).await.unwrap();
    drop(store);

    let store = open(&url).await.unwrap();
    let mut reader = read(&*store).await;
    assert_eq!(reader.holder(holder.id).await.unwrap(), Some(holder));
    assert_eq!(reader.generations().await.unwrap()[0].revision, 1);
    assert_eq!(reader.certificate(certificate.id).await.unwrap(), Some(certificate));
    assert_eq!(reader.issuances(&[job.id.into()]).await.unwrap(), [issuance]);
    assert_eq!(reader.latest_crl(generation.id, Some(2)).await.unwrap(), Some(crl));
    assert_eq!(reader.user_code(card.id).await.unwrap().unwrap().hash, "hash");
    assert_eq!(reader.puks(card.id).await.unwrap(), [puk]);
    assert_eq!(reader.open_job(card.id).await.unwrap(), Some(job));
    assert_eq!(reader.receipts(card.id).await.unwrap(), [receipt]);
    assert_eq!(reader.station(station.id).await.unwrap(), Some(station));
    assert_eq!(reader.card(card.id).await.unwrap(), Some(card));
    assert_eq!(reader.audit_events(0, 10).await.unwrap(), events);
    assert_eq!(reader.audit_head().await.unwrap(), events[0].head());
    let lease = write(&*store, async |work| work.take_lease("sweep", "two", days(0), days(1)).await);
    assert!(!lease.await.unwrap());
}

async fn two_that_opened_one_database_share_it(url: String) {
    migrate(&url).await.unwrap();
    let (one, two) = tokio::join!(open(&url), open(&url));
    let (one, two) = (one.unwrap(), two.unwrap());
    let card = with_card(&*one).await;
    assert_eq!(read(&*two).await.card(card.id).await.unwrap().as_ref(), Some(&card));

    // Each reads before it writes, so that what it read could be old by then.
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let (store, id) = (if n % 2 == 0 { one.clone() } else { two.clone() }, card.id);
            tokio::spawn(async move {
                loop {
                    let mut work = store.begin().await.unwrap();
                    let mut card = work.card(id).await.unwrap().unwrap();
                    card.device = Some(card.device.unwrap_or(0) + 1);
                    match work.update_card(&mut card).await {
                        Err(StoreError::Stale) => continue,
                        done => done.unwrap(),
                    }
                    work.audit(event(n));
                    return work.commit().await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut reader = read(&*one).await;
    assert_eq!(reader.card(card.id).await.unwrap().unwrap().device, Some(20));
    let events = reader.audit_events(0, 100).await.unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
}

async fn closed_it_answers_no_more(url: String) {
    let store = made(&url).await;
    let card = with_card(&*store).await;
    store.close().await;
    assert!(matches!(store.read().await.map(drop), Err(StoreError::Database(_))));
    assert!(matches!(store.begin().await.map(drop), Err(StoreError::Database(_))));
    let again = open(&url).await.unwrap();
    assert_eq!(read(&*again).await.card(card.id).await.unwrap(), Some(card));
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_it_is_one_file() {
    let folder = tempdir().unwrap();
    let store = made(&sqlite_url(&folder)).await;
    with_card(&*store).await;
    store.close().await;
    let files = fs::read_dir(folder.path()).unwrap();
    assert_eq!(files.map(|file| file.unwrap().file_name()).collect::<Vec<_>>(), ["kaika.db"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_of_one_moment() {
    let (folder, to) = (tempdir().unwrap(), tempdir().unwrap());
    let (url, file) = (sqlite_url(&folder), to.path().join("kaika.db"));
    assert!(kaika_store::copy(&url, &file).await.is_err() && !file.exists(), "there is nothing yet");
    let store = made(&url).await;
    let first = with_card(&*store).await;
    let mut work = store.begin().await.unwrap();
    let other = holder(2);
    work.insert_holder(&other).await.unwrap();
    assert!(kaika_store::copy(&url, &file).await.unwrap(), "beside a writer");
    work.commit().await.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let copy = open(&sqlite_url(&to)).await.unwrap();
    assert_eq!(read(&*copy).await.card(first.id).await.unwrap(), Some(first));
    assert_eq!(read(&*copy).await.holder(other.id).await.unwrap(), None);
    assert!(kaika_store::copy(&url, &file).await.is_err(), "it is there already");
    // PostgreSQL has its own tools.
    assert!(!kaika_store::copy("postgres://localhost/kaika", &to.path().join("other")).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_owner_reads_the_file() {
    let folder = tempdir().unwrap();
    let store = made(&sqlite_url(&folder)).await;
    with_card(&*store).await;
    let mut files = Vec::new();
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        files.push(file.file_name().into_string().unwrap());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
    files.sort();
    assert_eq!(files, ["kaika.db", "kaika.db-shm", "kaika.db-wal"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_opened_is_told() {
    let folder = tempdir().unwrap();
    let nowhere = format!("sqlite:{}", folder.path().join("missing/kaika.db").display());
    assert!(matches!(open(&nowhere).await, Err(StoreError::Empty)));
    assert!(matches!(migrate(&nowhere).await, Err(StoreError::Database(_))));

    let no_database = folder.path().join("letter.txt");
    fs::write(&no_database, "Dear reader, this is not a database. ".repeat(100)).unwrap();
    assert!(matches!(open(&format!("sqlite:{}", no_database.display())).await, Err(StoreError::Damaged(_))));

    let nobody = format!("postgres://postgres@localhost/kaika?host={}", folder.path().display());
    assert!(matches!(open(&nobody).await, Err(StoreError::Database(_))));
}

async fn whether_it_can_be_written_is_asked_where_it_is_in_doubt(url: String) {
    let store = made(&url).await;
    let full = match url.strip_prefix("sqlite:") {
        Some(_) => "CREATE TRIGGER full BEFORE UPDATE ON schema BEGIN SELECT RAISE(FAIL, 'no room'); END",
        None => {
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no room''; END'; \
             CREATE TRIGGER full_disk BEFORE UPDATE ON schema FOR EACH ROW EXECUTE FUNCTION full_disk()"
        }
    };
    run(&url, full).await;
    let other = open(&url).await.unwrap();
    assert!(other.check_writable().await.is_err(), "nothing was written through this handle yet");
    // What was committed a moment ago need not be asked for.
    write(&*store, async |work| work.take_lease("sweep", "one", days(0), days(1)).await).await.unwrap();
    for _ in 0..3 {
        store.check_writable().await.unwrap();
    }
    let undone =
        write(&*store, async |work| work.insert_certificates(&[certificate(1, &generation(1), &holder(1))]).await);
    assert!(undone.await.is_err(), "there is no such generation");
    assert!(store.check_writable().await.is_err(), "something has failed since");
    let no_more = match url.strip_prefix("sqlite:") {
        Some(_) => "DROP TRIGGER full",
        None => "DROP TRIGGER full_disk ON schema",
    };
    run(&url, no_more).await;
    store.check_writable().await.unwrap();
    other.check_writable().await.unwrap();
}

/// As a standby of PostgreSQL is.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_only_read_cannot_be_written() {
    let url = kaika_testkit::postgres::fresh_database();
    migrate(&url).await.unwrap();
    let joined = if url.contains('?') { '&' } else { '?' };
    let store = open(&format!("{url}{joined}options=-c%20default_transaction_read_only%3Don")).await.unwrap();
    store.read().await.unwrap().generations().await.unwrap();
    assert!(store.check_writable().await.unwrap_err().to_string().contains("read-only"));
}

/// Somebody else writes, for longer than whoever asks would wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_busy_for_a_moment_can_be_written() {
    let folder = tempdir().unwrap();
    let url = sqlite_url(&folder);
    let store = made(&url).await;
    let mut file = SqliteConnection::connect(&url.replacen("sqlite:", "sqlite://", 1)).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut file).await.unwrap();
    store.check_writable().await.unwrap();
    store.check_writable().await.unwrap();
    sqlx::raw_sql("COMMIT").execute(&mut file).await.unwrap();
}

/// One process at a time has a file for itself, and the lock goes with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_by_one() {
    let folder = tempdir().unwrap();
    let url = sqlite_url(&folder);
    let one = made(&url).await;
    let two = open(&url).await.unwrap();
    assert!(one.take_alone().await.unwrap() && one.take_alone().await.unwrap());
    assert!(!two.take_alone().await.unwrap());
    one.close().await;
    drop(one);
    assert!(two.take_alone().await.unwrap());
    let postgres = kaika_testkit::postgres::fresh_database();
    assert!(!made(&postgres).await.take_alone().await.unwrap(), "others share it");
}
