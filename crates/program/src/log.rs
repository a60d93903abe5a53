//! What is logged, whatever is wished for.
//!
//! Libraries write whole messages into their traces: the HTTP client and server what passes through them, with PUKs, tokens
//! and credentials. Which do so changes with their versions, so none but our own crates, which never do, are heard
//! below `INFO`.

use std::io::{IsTerminal, stderr};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// What the names of all our crates begin with.
const OURS: &str = "kaika";

const FOREIGN: LevelFilter = LevelFilter::INFO;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// From now on logs to standard error what is wished for, as far as it may be.
pub fn start_log(wished: &Targets, format: LogFormat) {
    let log = tracing_subscriber::registry().with(heeded(wished));
    // Colours are for people who look on, not for files.
    let layer = fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal());
    match format {
        LogFormat::Text => log.with(layer).init(),
        LogFormat::Json => log.with(layer.json()).init(),
    }
}

/// As wished for our crates, and at most [`FOREIGN`] for all others. A target stands for all that begin with it.
fn heeded(wished: &Targets) -> Targets {
    let default = wished.default_level().unwrap_or(LevelFilter::OFF);
    let ours = wished.iter().filter(|(target, _)| OURS.starts_with(target));
    let ours = ours.max_by_key(|(target, _)| target.len()).map_or(default, |(_, level)| level);
    wished
        .iter()
        .map(|(target, level)| (target, if target.starts_with(OURS) { level } else { level.min(FOREIGN) }))
        .chain([(OURS, ours)])
        .collect::<Targets>()
        .with_default(default.min(FOREIGN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn libraries_are_never_heard_in_full() {
        for (wished, target, level, expected) in [
            ("trace", "kaika_agent::serve", Level::TRACE, true),
            ("trace", "kaika", Level::TRACE, true),
            ("trace", "ureq::run", Level::INFO, true),
            ("trace", "ureq::run", Level::DEBUG, false),
            ("trace", "hyper::proto::h1::io", Level::TRACE, false),
            ("ureq=trace", "ureq::run", Level::TRACE, false),
            ("warn,ureq_proto::client=trace", "ureq_proto::client", Level::DEBUG, false),
            ("warn,ureq_proto::client=trace", "ureq_proto::client", Level::INFO, true),
            ("warn,ureq=trace", "kaika_agent", Level::INFO, false),
            ("log=trace", "log", Level::DEBUG, false),
            // Less than may be is as wished.
            ("warn", "ureq", Level::INFO, false),
            ("warn", "kaika_server", Level::INFO, false),
            ("off", "kaika_server", Level::ERROR, false),
            ("kaika_server=debug", "kaika_server::http", Level::DEBUG, true),
            ("kaika_server=debug", "kaika_server::http", Level::TRACE, false),
            ("kaika_server=debug", "kaika_app", Level::ERROR, false),
            ("info,kaika=off", "kaika_app", Level::ERROR, false),
            // A beginning of our name is ours and others'.
            ("k=trace", "kaika_app", Level::TRACE, true),
            ("k=trace", "kqueue", Level::DEBUG, false),
            ("info,kaik=trace,k=warn", "kaika_app", Level::TRACE, true),
        ] {
            let heeded = heeded(&wished.parse().unwrap());
            assert_eq!(heeded.would_enable(target, &level), expected, "{wished}: {target} {level}");
        }
    }
}
