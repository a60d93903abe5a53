//! `POST /api/cards/{number}/user-code`: a counter officer sets a user code.

use crate::{CardNumber, UserCode};
use serde::{Deserialize, Serialize};

/// No `Debug`: a user code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUserCode {
    /// None: one is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<UserCode>,
}

/// No `Debug`: a user code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCodeSet {
    pub number: CardNumber,
    /// Told once, where it was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<UserCode>,
}
