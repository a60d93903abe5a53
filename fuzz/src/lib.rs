//! Fuzz targets, one per parser of bytes that come from a card, a page or the network: functions that take any bytes, and
//! panic where something is wrong.
//!
//! `tests/corpus.rs` runs them on the corpora. libFuzzer calls them from `targets/`, built with the feature `libfuzzer`.

mod card_answers;
mod card_objects;
mod certificates;
mod messages;
mod ocsp;
mod softcard;
mod values;

pub use card_answers::card_answers;
pub use card_objects::card_objects;
pub use certificates::certificates;
pub use messages::messages;
pub use ocsp::ocsp;
pub use softcard::softcard;
pub use values::values;
