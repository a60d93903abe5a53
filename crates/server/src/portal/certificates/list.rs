//! 機關所有憑證 and 快過期憑證清單, for whoever has logged in with the organisation's card: as a page, and as a table for
//! spreadsheets.

use crate::{
    http::{
        csv::Csv,
        errors::Stop,
        extract::{Authority, Organisations, Visit, Who},
    },
    portal::{
        access::session::Session,
        page::{Page, View, private},
    },
    site::Site,
};
use askama::Template;
use axum::{
    Router,
    extract::rejection::QueryRejection,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kaika_app::{
    Failure,
    access::CardPrincipal,
    certificates::{CertificatePage, ListPosition, ListRequest, ListedCertificate, Sorting, list_certificates},
};
use kaika_domain::authorities::Policy;
use kaika_wire::CertificateStatus;
use serde::{Deserialize, Deserializer};
use time::OffsetDateTime;

/// Rows of a page, where the address does not say.
const ROWS: u32 = 50;
const MOST_ROWS: u32 = 200;
/// Rows of a table that are read at once.
const LINES: u32 = 1000;

/// What the address asks for. What it cannot mean is as if it were not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct ListPageQuery {
    /// None: by the holder, or by the day where that is what the list is about.
    #[serde(deserialize_with = "or_default")]
    pub(crate) sort: Option<Sorting>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) status: Option<CertificateStatus>,
    #[serde(deserialize_with = "place")]
    pub(crate) after: Option<ListPosition>,
    /// How many on a page.
    #[serde(deserialize_with = "number")]
    pub(crate) rows: Option<u32>,
}

fn or_default<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned + Default>(from: D) -> Result<T, D::Error> {
    let word = String::deserialize(from)?;
    Ok(serde_json::from_value(serde_json::Value::String(word)).unwrap_or_default())
}

fn place<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ListPosition>, D::Error> {
    let text = String::deserialize(from)?;
    Ok(URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice(&json).ok()))
}

fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    Ok(String::deserialize(from)?.parse().ok().map(|rows: u32| rows.clamp(1, MOST_ROWS)))
}

fn written(after: &ListPosition) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(after).unwrap_or_default())
}

impl ListPageQuery {
    fn sorting(&self, expiring: bool) -> Sorting {
        self.sort.unwrap_or(if expiring { Sorting::Expiry } else { Sorting::Holder })
    }

    /// As an address has it, `&name=value` each, without the place.
    fn kept(&self) -> String {
        let status = self.status.map(|status| format!("&status={}", status.as_str())).unwrap_or_default();
        let sort = self.sort.map(|sort| format!("&sort={}", sort.as_str())).unwrap_or_default();
        let rows = self.rows.map(|rows| format!("&rows={rows}")).unwrap_or_default();
        format!("{sort}{status}{rows}")
    }
}

#[derive(Template)]
#[template(path = "certificates/organisation.html")]
pub(crate) struct OrganisationPage<'a> {
    page: Page<'a>,
    policy: &'a Policy,
    session: Session,
    expiring: bool,
    query: ListPageQuery,
    list: CertificatePage,
    now: OffsetDateTime,
}

impl OrganisationPage<'_> {
    fn path(&self) -> String {
        format!("/{}/{}", self.policy.id, path(self.expiring))
    }

    fn csv(&self) -> String {
        format!("{}.csv{}", self.path(), self.suffix())
    }

    /// The same from the beginning.
    fn first(&self) -> String {
        format!("{}{}", self.path(), self.suffix())
    }

    fn suffix(&self) -> String {
        let kept = self.query.kept();
        kept.strip_prefix('&').map(|kept| format!("?{kept}")).unwrap_or_default()
    }

    fn next(&self, after: &ListPosition) -> String {
        format!("{}?after={}{}", self.path(), written(after), self.query.kept())
    }

    fn sortings(&self) -> [Sorting; 5] {
        Sorting::ALL
    }

    fn sorted(&self) -> Sorting {
        self.query.sorting(self.expiring)
    }

    fn sorting(&self, sorting: &Sorting) -> String {
        self.page.t(&format!("organisation-sort-{}", sorting.as_str()))
    }

    /// What can be about to expire was neither revoked, nor is it over.
    fn statuses(&self) -> impl Iterator<Item = CertificateStatus> {
        let over =
            |status: &CertificateStatus| matches!(status, CertificateStatus::Revoked | CertificateStatus::Expired);
        CertificateStatus::ALL.into_iter().filter(move |status| !self.expiring || !over(status))
    }

    fn status(&self, certificate: &ListedCertificate, status: &CertificateStatus) -> String {
        row_status(&self.page, certificate, status)
    }

    fn is_narrowed(&self) -> bool {
        self.query.status.is_some()
    }

    fn lead(&self) -> String {
        match self.expiring {
            true => self.page.number("organisation-expiring-lead", "days", self.list.days),
            false => self.page.t("organisation-all-lead"),
        }
    }

    /// How long a certificate is still good, in whole days.
    fn left(&self, certificate: &ListedCertificate) -> String {
        let days = (certificate.not_after - self.now).whole_days();
        self.page.number("organisation-days-left", "days", u32::try_from(days).unwrap_or_default())
    }
}

pub(crate) fn page<'a>(
    view: View<'a>,
    policy: &'a Policy,
    session: Session,
    expiring: bool,
    query: ListPageQuery,
    list: CertificatePage,
    now: OffsetDateTime,
) -> OrganisationPage<'a> {
    let title = if expiring { "organisation-expiring" } else { "organisation-all" };
    let mut page = Page::new(view, title).of_authority(policy);
    page.kept = query.kept();
    if let Some(after) = &query.after {
        page.kept += &format!("&after={}", written(after));
    }
    OrganisationPage { page, policy, session, expiring, query, list, now }
}

type Query<T> = Result<axum::extract::Query<T>, QueryRejection>;

/// Both lists, each as a page and as a table.
pub(crate) fn routes() -> Router<Site> {
    [false, true].into_iter().fold(Router::new(), |router, expiring| {
        let path = format!("/{{authority}}/{}", path(expiring));
        let page = async move |visit: Visit, at: Organised, who: Who<CardPrincipal>, query: Query<ListPageQuery>| {
            as_page(&visit, &at, who, query, expiring).await
        };
        let csv = async move |visit: Visit, at: Organised, who: Who<CardPrincipal>, query: Query<ListPageQuery>| {
            as_csv(&visit, &at, &who.principal, query, expiring).await
        };
        router.route(&path, get(page)).route(&format!("{path}.csv"), get(csv))
    })
}

/// Only there are these lists.
type Organised = Authority<Organisations>;

/// Below an authority's.
fn path(expiring: bool) -> &'static str {
    if expiring { "organisation/expiring" } else { "organisation" }
}

async fn as_page(
    visit: &Visit,
    policy: &Policy,
    who: Who<CardPrincipal>,
    query: Query<ListPageQuery>,
    expiring: bool,
) -> Result<Response, Stop> {
    let query = query.map(|query| query.0).unwrap_or_default();
    let request = request(&query, expiring, query.rows.unwrap_or(ROWS));
    let list = list_certificates(&visit.app, &who.principal, &request).await?;
    let page = page(visit.view(), policy, who.session, expiring, query, list, visit.app.now());
    Ok(private(StatusCode::OK, &page))
}

fn request(query: &ListPageQuery, expiring: bool, limit: u32) -> ListRequest {
    ListRequest { expiring, sorting: query.sorting(expiring), status: query.status, after: query.after.clone(), limit }
}

async fn as_csv(
    visit: &Visit,
    policy: &Policy,
    who: &CardPrincipal,
    query: Query<ListPageQuery>,
    expiring: bool,
) -> Result<Response, Stop> {
    let query = query.map(|query| ListPageQuery { after: None, ..query.0 }).unwrap_or_default();
    let page = Page::new(visit.view(), "organisation-all");
    let csv = table(visit, &page, who, &query, expiring).await?;
    let name = if expiring { "expiring" } else { "organisation" };
    let name = format!("attachment; filename=\"{}-{name}-{}.csv\"", policy.id, page.day(&visit.app.now()));
    let kind = "text/csv; charset=utf-8".to_owned();
    let headers = [(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name), (CACHE_CONTROL, "no-store".to_owned())];
    Ok((headers, csv).into_response())
}

async fn table(
    site: &Site,
    page: &Page<'_>,
    who: &CardPrincipal,
    query: &ListPageQuery,
    expiring: bool,
) -> Result<String, Failure> {
    let header = COLUMNS.map(|key| page.t(key));
    let mut csv = Csv::with_header(header.iter().map(String::as_str));
    let mut request = request(query, expiring, LINES);
    loop {
        let list = list_certificates(&site.app, who, &request).await?;
        for (certificate, status) in &list.certificates {
            let cells = [
                certificate.holder.clone(),
                certificate.number.to_string(),
                page.role(&certificate.role),
                row_status(page, certificate, status),
                page.day(&certificate.not_before),
                page.day(&certificate.not_after),
                certificate.serial.to_string(),
            ];
            csv.line(cells.iter().map(String::as_str));
        }
        match list.next {
            Some(next) => request.after = Some(next),
            None => return Ok(csv.finish()),
        }
    }
}

/// Issued and not written yet is another thing than not activated yet.
fn row_status(page: &Page<'_>, certificate: &ListedCertificate, status: &CertificateStatus) -> String {
    page.status_on(status, &!certificate.written)
}

/// Of the table; texts by their keys.
const COLUMNS: [&str; 7] = [
    "portal-card-holder",
    "portal-card-number",
    "portal-found-certificate",
    "portal-found-status",
    "organisation-from",
    "organisation-to",
    "portal-found-serial",
];

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Uri;

    #[track_caller]
    fn asked(query: &str) -> ListPageQuery {
        let uri: Uri = format!("/gca/organisation?{query}").parse().unwrap();
        axum::extract::Query::<ListPageQuery>::try_from_uri(&uri).unwrap().0
    }

    #[test]
    fn what_an_address_cannot_mean_is_left_out() {
        assert_eq!(asked(""), ListPageQuery::default());
        let both = asked("sort=latest_expiry&status=suspended&lang=en");
        assert_eq!((both.sort, both.status), (Some(Sorting::LatestExpiry), Some(CertificateStatus::Suspended)));
        assert_eq!(asked("sort=nothing&status=&after=xyz"), ListPageQuery::default());
        assert_eq!(asked("after=&rows=many"), ListPageQuery::default());
        assert_eq!(asked("rows=0").rows, Some(1));
        assert_eq!(asked("rows=4000000000").rows, Some(MOST_ROWS));
    }

    #[test]
    fn a_place_goes_through_an_address() {
        let after = ListPosition {
            sorted_by: "測試資訊處 & 其他".to_owned(),
            role: kaika_wire::CertificateRole::Login,
            number: "GC00000000000017".to_owned(),
            not_after: OffsetDateTime::UNIX_EPOCH,
            status: CertificateStatus::Valid,
            certificate: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
        };
        assert_eq!(asked(&format!("after={}", written(&after))).after, Some(after));
        for sorting in Sorting::ALL {
            assert_eq!(
                asked(&ListPageQuery { sort: Some(sorting), ..ListPageQuery::default() }.kept()[1..]).sort,
                Some(sorting)
            );
        }
        for status in CertificateStatus::ALL {
            let kept = ListPageQuery { status: Some(status), ..ListPageQuery::default() }.kept();
            assert_eq!(asked(&kept[1..]).status, Some(status));
        }
    }
}
