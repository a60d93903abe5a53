//! Lists of all certificates of an organisation.

use super::{
    Connection, Db, EXPLAIN, Found, Query,
    certificates::state,
    rows::{Row, parsed, text, text_or_none, time, word},
};
use crate::{failure, statements};
use kaika_app::certificates::{ListOrder, ListQuery, ListedCertificate, StatusFilter};
use kaika_domain::certificates::Certificate;
use kaika_wire::CertificateRole;
use time::OffsetDateTime;

/// A page in one order. `$1` the organisation, `$2` and `$3` between which days they end, `$4` of which status, `$5` now,
/// `$6` how many, from `$7` on the place behind which it begins. The order is that of an index, and the list is read first.
macro_rules! page {
    ($beyond:literal, $order:literal) => {
        concat!(
            "SELECT listed.certificate, listed.holder_name, listed.sorted_by, listed.number, listed.not_after, certificate.role, \
             certificate.serial, certificate.not_before, certificate.placement, certificate.state, \
             certificate.holds, certificate.revocation_reason, certificate.revoked_at \
             FROM organisation_certificate AS listed CROSS JOIN certificate \
             WHERE certificate.id = listed.certificate AND listed.organisation = $1 \
             AND listed.not_after >= $2 AND listed.not_after <= $3 AND ($4 = '' \
             OR $4 = 'unrevoked' AND certificate.state <> 'revoked' \
             OR $4 = CASE WHEN certificate.state = 'revoked' THEN 'revoked' \
             WHEN listed.not_after < $5 THEN 'expired' \
             WHEN certificate.state = 'held' AND certificate.holds <> '[]' THEN 'suspended' \
             ELSE certificate.state END) AND ",
            $beyond,
            " ORDER BY ",
            $order,
            " LIMIT $6"
        )
    };
}

/// Certificates as an organisation's list has them; the cards' own are in none. Two servers that start at the same time may
/// both put them there.
macro_rules! listed {
    ($which:literal) => {
        concat!(
            "INSERT INTO organisation_certificate (certificate, organisation, holder_name, sorted_by, number, not_after, role_rank) \
             SELECT certificate.id, member.organisation, member.name, member.sorted_by, card.number, certificate.not_after, \
             CASE certificate.role WHEN 'signature' THEN 1 WHEN 'encryption' THEN 2 ELSE 3 END FROM organisation_member AS member JOIN card ON card.holder = member.holder \
             JOIN certificate ON certificate.card = card.id WHERE certificate.role <> 'card_authentication' AND ",
            $which,
            " ON CONFLICT (certificate) DO NOTHING"
        )
    };
}

statements! {
    BY_HOLDER = page!("(listed.sorted_by, listed.number, listed.role_rank, listed.certificate) > ($7, $8, $9, $10)",
        "listed.sorted_by, listed.number, listed.role_rank, listed.certificate");
    BY_NUMBER = page!("(listed.number, listed.role_rank, listed.certificate) > ($7, $8, $9)",
        "listed.number, listed.role_rank, listed.certificate");
    BY_EXPIRY = page!("(listed.not_after, listed.number, listed.role_rank, listed.certificate) > ($7, $8, $9, $10)",
        "listed.not_after, listed.number, listed.role_rank, listed.certificate");
    BY_LATEST_EXPIRY = page!(
        "(listed.not_after, listed.number, listed.role_rank, listed.certificate) < ($7, $8, $9, $10)",
        "listed.not_after DESC, listed.number DESC, listed.role_rank DESC, listed.certificate DESC");
    LIST_OF_HOLDER = listed!("member.holder = $1");

    [many] LIST = listed!("certificate.id IN ({1})");
}

/// New certificates, where their holders are of an organisation.
pub(super) async fn list(on: &mut Connection, certificates: &[Certificate]) -> Found<()> {
    for (sql, group) in LIST.each(certificates) {
        let query = group.iter().fold(sqlx::query::<Db>(sql), |query, one| query.bind(one.id.to_string()));
        query.execute(&mut *on).await.map_err(failure)?;
    }
    Ok(())
}

/// Behind all text that there can be.
const LAST: &str = "\u{10ffff}";

pub(super) async fn page(on: &mut Connection, asked: &ListQuery<'_>) -> Found<Vec<ListedCertificate>> {
    let query = bound(sqlx::query::<Db>(statement(asked.order)), asked);
    query.fetch_all(on).await.map_err(failure)?.iter().map(read).collect()
}

fn statement(order: ListOrder) -> &'static str {
    match order {
        ListOrder::Holder => BY_HOLDER,
        ListOrder::Number => BY_NUMBER,
        ListOrder::Expiry => BY_EXPIRY,
        ListOrder::LatestExpiry => BY_LATEST_EXPIRY,
    }
}

fn bound<'q>(query: Query<'q>, asked: &ListQuery<'_>) -> Query<'q> {
    let (from, to) = match &asked.ending {
        Some(days) => (days.start().unix_timestamp(), days.end().unix_timestamp()),
        None => (i64::MIN, i64::MAX),
    };
    let shown = match asked.shown {
        StatusFilter::All => "",
        StatusFilter::Unrevoked => "unrevoked",
        StatusFilter::With(status) => status.as_str(),
    };
    let query = query
        .bind(asked.organisation.to_owned())
        .bind(from)
        .bind(to)
        .bind(shown)
        .bind(asked.now.unix_timestamp())
        .bind(i64::from(asked.limit));
    let Some(place) = asked.after else {
        return match asked.order {
            ListOrder::Holder => query.bind("").bind("").bind(0_i64).bind(""),
            ListOrder::Number => query.bind("").bind(0_i64).bind(""),
            ListOrder::Expiry => query.bind(from).bind("").bind(0_i64).bind(""),
            ListOrder::LatestExpiry => query.bind(to).bind(LAST).bind(i64::MAX).bind(LAST),
        };
    };
    let query = match asked.order {
        ListOrder::Holder => query.bind(place.sorted_by.clone()),
        ListOrder::Number => query,
        ListOrder::Expiry | ListOrder::LatestExpiry => query.bind(place.not_after.unix_timestamp()),
    };
    query.bind(place.number.clone()).bind(rank(place.role)).bind(place.certificate.to_string())
}

/// As the statement that lists a certificate counts it.
fn rank(role: CertificateRole) -> i64 {
    match role {
        CertificateRole::Signature => 1,
        CertificateRole::Encryption => 2,
        CertificateRole::Login | CertificateRole::CardAuthentication => 3,
    }
}

/// How the database reads the list in each order.
pub(crate) async fn plans(on: &mut Connection) -> Found<Vec<String>> {
    let now = OffsetDateTime::UNIX_EPOCH;
    let mut plans = Vec::new();
    for order in [ListOrder::Holder, ListOrder::Number, ListOrder::Expiry, ListOrder::LatestExpiry] {
        let asked =
            ListQuery { organisation: "", order, shown: StatusFilter::All, ending: None, after: None, limit: 50, now };
        let explain = format!("{} {}", EXPLAIN.0, statement(order));
        let query = bound(sqlx::query::<Db>(sqlx::AssertSqlSafe(explain)), &asked);
        let rows = query.fetch_all(&mut *on).await.map_err(failure)?;
        let lines = rows.iter().map(|row| text(row, EXPLAIN.1)).collect::<Found<Vec<_>>>()?;
        plans.push(lines.join("\n"));
    }
    Ok(plans)
}

fn read(row: &Row) -> Found<ListedCertificate> {
    Ok(ListedCertificate {
        certificate: parsed(row, "certificate")?,
        holder: text(row, "holder_name")?,
        sorted_by: text(row, "sorted_by")?,
        number: parsed(row, "number")?,
        role: word(row, "role")?,
        serial: parsed(row, "serial")?,
        not_before: time(row, "not_before")?,
        not_after: time(row, "not_after")?,
        written: text_or_none(row, "placement")?.as_deref() == Some("written"),
        state: state(row)?,
    })
}
