//! What both programs begin with.

mod log;
mod memory;

pub use log::{LogFormat, start_log};
pub use memory::keep_to_itself;
pub use tracing_subscriber::filter::{LevelFilter, Targets};
