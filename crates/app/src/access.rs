//! Who may do what, and how that is known: user codes, confirmations by mail, captchas, sessions, stations.

mod captcha;
pub mod confirmation;
mod ports;
mod prove_holder;
mod reset_user_code;
mod session;
mod set_user_code;
mod station;
mod user_code;

pub(crate) use captcha::check_captcha;
pub use captcha::{Captcha, Sum, ask_again, captcha_digits, draw_captcha, forget_captchas};
pub use confirmation::{ConfirmationRecord, Purpose, forget_confirmations};
pub use ports::{AccessReader, AccessWriter, UserCodeHasher};
pub(crate) use prove_holder::WITHOUT_CARD;
pub use prove_holder::{HolderProved, prove_holder};
pub use reset_user_code::{ask_user_code_reset, card_of_reset, reset_user_code};
pub(crate) use session::begin;
pub use session::{
    BegunSession, CardPrincipal, LoggedIn, Principal, SessionRecord, end_session, forget_sessions, logged_in,
};
pub use set_user_code::{SetUserCode, set_user_code};
pub use station::{EnrolledStation, Station, authenticate_station, enrol_station};
pub use user_code::{UserCodeRecord, draw_user_code};
pub(crate) use user_code::{has_user_codes, is_in_use};
