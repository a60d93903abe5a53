//! Rows that are held against the audit log, page by page. One that cannot be read is told, and keeps nobody from the next.

use super::{
    Connection, Db, Found, Work, access, cards, certificates,
    rows::{number, number_or_none, text, text_or_none},
};
use crate::{failure, statements};
use async_trait::async_trait;
use kaika_app::{
    access::Station,
    cards::{CardRow, CertificateRow, RecordReader},
};

statements! {
    CERTIFICATES = "SELECT certificate.id, certificate.authority, generation, certificate.holder, card, role, serial, shard, \
        certificate, sha256, key_fingerprint, not_before, not_after, issued_at, job, placement, read_back_at, \
        certificate.state, holds, revocation_reason, revoked_at, certificate.version, listed_at, listed_for, \
        card.number AS card_number FROM certificate LEFT JOIN card ON card.id = certificate.card \
        WHERE certificate.id > $1 ORDER BY certificate.id LIMIT $2";
    CARDS = "SELECT id, number, authority, holder, rank, email, device, guid, ordered_at, state, dispatched_at, state_at, \
        termination_reason, proved_email, version, unpublished.at AS unpublished_at, \
        (SELECT COUNT(*) FROM receipt WHERE receipt.card = card.id) AS receipts \
        FROM card LEFT JOIN unpublished ON unpublished.card = card.id WHERE id > $1 ORDER BY id LIMIT $2";
    STATIONS = "SELECT id, name, token_sha256, enrolled_at, withdrawn_at FROM station WHERE id > $1 ORDER BY id LIMIT $2";
}

#[async_trait]
impl RecordReader for Work {
    async fn certificate_rows(&mut self, after: &str, limit: u32) -> Found<Vec<CertificateRow>> {
        self.on(async |on| certificate_rows(on, after, limit).await).await
    }

    async fn card_rows(&mut self, after: &str, limit: u32) -> Found<Vec<CardRow>> {
        self.on(async |on| card_rows(on, after, limit).await).await
    }

    async fn stations(&mut self, after: &str, limit: u32) -> Found<Vec<Station>> {
        self.on(async |on| stations(on, after, limit).await).await
    }
}

async fn certificate_rows(on: &mut Connection, after: &str, limit: u32) -> Found<Vec<CertificateRow>> {
    let query = sqlx::query::<Db>(CERTIFICATES).bind(after.to_owned()).bind(i64::from(limit));
    let rows = query.fetch_all(on).await.map_err(failure)?;
    rows.iter()
        .map(|row| {
            Ok(CertificateRow {
                id: text(row, "id")?,
                serial: text(row, "serial")?,
                card: text_or_none(row, "card_number")?,
                listed: (number_or_none(row, "listed_at")?, number_or_none(row, "listed_for")?),
                certificate: certificates::read(row).ok(),
            })
        })
        .collect()
}

async fn card_rows(on: &mut Connection, after: &str, limit: u32) -> Found<Vec<CardRow>> {
    let rows = sqlx::query::<Db>(CARDS).bind(after.to_owned()).bind(i64::from(limit)).fetch_all(on);
    let rows = rows.await.map_err(failure)?;
    rows.iter()
        .map(|row| {
            Ok(CardRow {
                id: text(row, "id")?,
                number: text(row, "number")?,
                hidden: number_or_none::<i64>(row, "unpublished_at")?.is_some(),
                receipts: number(row, "receipts")?,
                card: cards::read(row).ok(),
            })
        })
        .collect()
}

async fn stations(on: &mut Connection, after: &str, limit: u32) -> Found<Vec<Station>> {
    let rows = sqlx::query::<Db>(STATIONS).bind(after.to_owned()).bind(i64::from(limit)).fetch_all(on);
    rows.await.map_err(failure)?.iter().map(access::read_station).collect()
}
