//! Cards: ordered, personalised, activated and looked after by card jobs.

mod email;
mod jobs;
mod login;
mod making;
mod order;
mod outcome;
mod ports;
mod records;
mod retention;
mod sweep;
mod ticket;
mod verify_records;

pub use email::{EmailLink, email_of_link, prove_email, prove_email_on_page};
pub(crate) use email::{ask_email_proof, prove_email_by_code};
pub use jobs::{report_batch, start_card_job};
pub use login::{LoginTicket, ask_login, begin_session};
pub use making::{OrderChanged, Production, production, set_device_aside, withdraw_order};
pub use order::{CardOrder, OrderedCard, order_card};
pub(crate) use outcome::job_of_page;
pub use outcome::job_outcome;
pub use ports::{CardReader, CardSecrets, CardWriter, JobReader, JobWriter, OrderReader, OrderWriter, RecordReader};
pub use records::{Ended, JobRecord, Receipt, StoredPuk, TicketRecord, Worker};
pub use retention::forget_jobs;
pub use sweep::{Swept, sweep};
pub(crate) use ticket::issue;
pub use ticket::{follow_up, forget_tickets, issue_ticket, look_at_ticket};
pub use verify_records::{CardRow, CertificateRow, Record, RecordFinding, RecordsReport, verify_records};
