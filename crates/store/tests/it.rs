//! What every store has to keep to, asked of both databases; and what holds for one of them alone.
//!
//! A missing PostgreSQL fails these tests, it does not skip them.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic too")]

/// For each case `async fn case(store: Arc<dyn Store>)` – or, after `url:`, `async fn case(url: String)` – one test on
/// an empty SQLite file and one on an empty PostgreSQL database.
macro_rules! on_both {
    (url: $($case:ident,)*) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let folder = tempfile::tempdir().unwrap();
                super::$case(crate::sample::sqlite_url(&folder)).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(kaika_testkit::postgres::fresh_database()).await;
            })*
        }
    };
    ($($case:ident,)*) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let folder = tempfile::tempdir().unwrap();
                super::$case(crate::sample::made(&crate::sample::sqlite_url(&folder)).await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(crate::sample::made(&kaika_testkit::postgres::fresh_database()).await).await;
            })*
        }
    };
}

#[path = "it/audit.rs"]
mod audit;
#[path = "it/captchas.rs"]
mod captchas;
#[path = "it/cards.rs"]
mod cards;
#[path = "it/certificates.rs"]
mod certificates;
#[path = "it/confirmations.rs"]
mod confirmations;
#[path = "it/generations.rs"]
mod generations;
#[path = "it/issuances.rs"]
mod issuances;
#[path = "it/jobs.rs"]
mod jobs;
#[path = "it/mails.rs"]
mod mails;
#[path = "it/migrate.rs"]
mod migrate;
#[path = "it/orders.rs"]
mod orders;
#[path = "it/organisations.rs"]
mod organisations;
#[path = "it/releases.rs"]
mod releases;
#[path = "it/sample.rs"]
mod sample;
#[path = "it/schema.rs"]
mod schema;
#[path = "it/secrets.rs"]
mod secrets;
#[path = "it/sessions.rs"]
mod sessions;
#[path = "it/stations.rs"]
mod stations;
#[path = "it/tickets.rs"]
mod tickets;
#[path = "it/transactions.rs"]
mod transactions;
#[path = "it/upgrade.rs"]
mod upgrade;
#[path = "it/verify_audit.rs"]
mod verify_audit;
