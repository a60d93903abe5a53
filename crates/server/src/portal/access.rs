//! Pages by which somebody is known: user codes, captchas, and who is logged in.

pub(crate) mod captcha;
pub(crate) mod session;
pub(crate) mod user_code;
