//! Secrets at rest: the PUKs and management keys of cards, the hashes of user codes, the key that signs the audit log's
//! heads, and the passphrase-sealed files in which these and the authorities' keys lie.
//!
//! **Invariant:** nothing here has a `Debug` that shows a secret, and no secret is written in clear.

mod anchors;
mod file;
mod key_file;
mod passphrase;
mod rng;
mod user_codes;
mod vault;

pub use anchors::{AnchorFile, ReadAnchors, read_anchors};
pub use key_file::{KeyFile, KeyFileError};
pub use passphrase::{Passphrase, read_or_create_passphrase, read_passphrase};
pub use rng::SystemRng;
pub use user_codes::UserCodes;
pub use vault::{AuditKey, AuditPublicKey, Vault};
