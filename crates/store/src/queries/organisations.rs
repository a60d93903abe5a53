//! Which holders are of one organisation, and lists of its certificates.

use super::{
    Connection, Db, EXPLAIN, Found, Work, cards,
    cards::holders,
    certificates::state,
    rows::{Row, parsed, text, text_or_none, time, word},
};
use crate::{failure, many, statements};
use async_trait::async_trait;
use kaika_app::{ListOrder, ListQuery, ListedCertificate, OrganisationReader, OrganisationWriter, Shown};
use kaika_domain::{Certificate, Holder, Membership};
use kaika_wire::{AuthorityId, CertificateRole, HolderId};
use time::OffsetDateTime;

/// A page in one order. `$1` the organisation, `$2` and `$3` between which days they end, `$4` of which status, `$5` now,
/// `$6` how many, from `$7` on the place behind which it begins. The order is that of an index, and the list is read first.
macro_rules! page {
    ($beyond:literal, $order:literal) => {
        concat!(
            "SELECT listed.certificate, listed.holder_name, listed.number, listed.not_after, certificate.role, \
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
            "INSERT INTO organisation_certificate (certificate, organisation, holder_name, number, not_after, role_rank) \
             SELECT certificate.id, member.organisation, member.name, card.number, certificate.not_after, \
             CASE certificate.role WHEN 'signature' THEN 1 WHEN 'encryption' THEN 2 ELSE 3 END FROM organisation_member AS member JOIN card ON card.holder = member.holder \
             JOIN certificate ON certificate.card = card.id WHERE certificate.role <> 'card_authentication' AND ",
            $which,
            " ON CONFLICT (certificate) DO NOTHING"
        )
    };
}

statements! {
    BY_HOLDER = page!("(listed.holder_name, listed.number, listed.role_rank, listed.certificate) > ($7, $8, $9, $10)",
        "listed.holder_name, listed.number, listed.role_rank, listed.certificate");
    BY_NUMBER = page!("(listed.number, listed.role_rank, listed.certificate) > ($7, $8, $9)",
        "listed.number, listed.role_rank, listed.certificate");
    BY_EXPIRY = page!("(listed.not_after, listed.number, listed.role_rank, listed.certificate) > ($7, $8, $9, $10)",
        "listed.not_after, listed.number, listed.role_rank, listed.certificate");
    BY_LATEST_EXPIRY = page!(
        "(listed.not_after, listed.number, listed.role_rank, listed.certificate) < ($7, $8, $9, $10)",
        "listed.not_after DESC, listed.number DESC, listed.role_rank DESC, listed.certificate DESC");
    HOLDERS = holders!(" WHERE authority = $1 AND id > $2 ORDER BY id LIMIT $3");
    RULE = "SELECT named_by FROM organisation_rule WHERE authority = $1";
    PUT_RULE = "INSERT INTO organisation_rule (authority, named_by) VALUES ($1, $2) \
        ON CONFLICT (authority) DO UPDATE SET named_by = excluded.named_by";
    PUT_MEMBER = "INSERT INTO organisation_member (holder, organisation, name) VALUES ($1, $2, $3) \
        ON CONFLICT (holder) DO UPDATE SET organisation = excluded.organisation, name = excluded.name";
    DELETE_MEMBER = "DELETE FROM organisation_member WHERE holder = $1";
    UNLIST = "DELETE FROM organisation_certificate WHERE certificate IN (SELECT certificate.id FROM card \
        JOIN certificate ON certificate.card = card.id WHERE card.holder = $1)";
    LIST_OF_HOLDER = listed!("member.holder = $1");
}

many! {
    LIST = listed!("certificate.id IN ({1})");
}

#[async_trait]
impl OrganisationReader for Work {
    async fn list_certificates(&mut self, query: &ListQuery<'_>) -> Found<Vec<ListedCertificate>> {
        let found = page(self.on(), query).await;
        self.noted(found)
    }

    async fn holders(&mut self, authority: &AuthorityId, after: Option<HolderId>, limit: u32) -> Found<Vec<Holder>> {
        let query = sqlx::query::<Db>(HOLDERS)
            .bind(authority.as_str().to_owned())
            .bind(after.map(|id| id.to_string()).unwrap_or_default())
            .bind(i64::from(limit));
        let found = query.fetch_all(self.on()).await.map_err(failure);
        let found = found.and_then(|rows| rows.iter().map(cards::read_holder).collect());
        self.noted(found)
    }

    async fn organisation_rule(&mut self, authority: &AuthorityId) -> Found<Option<String>> {
        let query = sqlx::query::<Db>(RULE).bind(authority.as_str().to_owned());
        let found = query.fetch_optional(self.on()).await.map_err(failure);
        let found = found.and_then(|row| row.map(|row| text(&row, "named_by")).transpose());
        self.noted(found)
    }
}

#[async_trait]
impl OrganisationWriter for Work {
    async fn put_member(&mut self, holder: HolderId, membership: Option<&Membership>) -> Found<()> {
        let done = put_member(self.on(), holder, membership).await;
        self.noted(done)
    }

    async fn put_organisation_rule(&mut self, authority: &AuthorityId, rule: &str) -> Found<()> {
        let put = sqlx::query::<Db>(PUT_RULE).bind(authority.as_str().to_owned()).bind(rule.to_owned());
        let done = put.execute(self.on()).await.map(drop).map_err(failure);
        self.noted(done)
    }
}

/// New certificates, where their holders are of an organisation.
pub(super) async fn list(on: &mut Connection, certificates: &[Certificate]) -> Found<()> {
    for (sql, group) in LIST.each(certificates) {
        let query = group.iter().fold(sqlx::query::<Db>(sql), |query, one| query.bind(one.id.to_string()));
        query.execute(&mut *on).await.map_err(failure)?;
    }
    Ok(())
}

/// The member's row comes first: who has it has the holder's list, and everybody else waits there and nowhere else.
async fn put_member(on: &mut Connection, holder: HolderId, membership: Option<&Membership>) -> Found<()> {
    let holder = holder.to_string();
    let member = match membership {
        Some(Membership { key, holder: name }) => {
            sqlx::query::<Db>(PUT_MEMBER).bind(holder.clone()).bind(key.clone()).bind(name.clone())
        }
        None => sqlx::query::<Db>(DELETE_MEMBER).bind(holder.clone()),
    };
    member.execute(&mut *on).await.map_err(failure)?;
    for sql in [UNLIST, LIST_OF_HOLDER] {
        sqlx::query::<Db>(sql).bind(holder.clone()).execute(&mut *on).await.map_err(failure)?;
    }
    Ok(())
}

/// Behind all text that there can be.
const LAST: &str = "\u{10ffff}";

async fn page(on: &mut Connection, asked: &ListQuery<'_>) -> Found<Vec<ListedCertificate>> {
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

type Query<'q> = sqlx::query::Query<'q, Db, <Db as sqlx::Database>::Arguments>;

fn bound<'q>(query: Query<'q>, asked: &ListQuery<'_>) -> Query<'q> {
    let (from, to) = match &asked.ending {
        Some(days) => (days.start().unix_timestamp(), days.end().unix_timestamp()),
        None => (i64::MIN, i64::MAX),
    };
    let shown = match asked.shown {
        Shown::All => "",
        Shown::Unrevoked => "unrevoked",
        Shown::With(status) => status.as_str(),
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
        ListOrder::Holder => query.bind(place.holder.clone()),
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
        let asked = ListQuery { organisation: "", order, shown: Shown::All, ending: None, after: None, limit: 50, now };
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
        number: parsed(row, "number")?,
        role: word(row, "role")?,
        serial: parsed(row, "serial")?,
        not_before: time(row, "not_before")?,
        not_after: time(row, "not_after")?,
        written: text_or_none(row, "placement")?.as_deref() == Some("written"),
        state: state(row)?,
    })
}
