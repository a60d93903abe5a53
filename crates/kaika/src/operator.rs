//! Who gives an operator's commands.

use kaika_domain::audit::{Actor, OperatorName};
use nix::unistd::{User, getuid};

/// By the name that the command line has, or the system's name of the user that runs this program.
pub fn operator(named: Option<&OperatorName>) -> Actor {
    Actor::Operator(named.cloned().unwrap_or_else(of_system))
}

/// A user without a name has its number.
fn of_system() -> OperatorName {
    let user = User::from_uid(getuid()).ok().flatten().and_then(|user| user.name.parse().ok());
    user.unwrap_or_else(|| format!("uid {}", getuid()).parse().expect("a number makes a name"))
}
