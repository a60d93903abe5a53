//! What strangers may take of the server.

use kaika_listen::Caps;
use kaika_server::PerSource;
use serde::Deserialize;
use std::{net::IpAddr, num::NonZeroU32};

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections at a time from all sources together, on portal and repository each; fewer where the system gives this
    /// process fewer descriptors.
    pub connections: NonZeroU32,
    /// What one source may do.
    pub per_source: PerSource,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: NonZeroU32::new(8192).expect("it is not zero"), per_source: PerSource::default() }
    }
}

impl Limits {
    pub(crate) fn connections(&self) -> usize {
        as_size(self.connections)
    }

    /// Of sockets that have room for so many.
    pub(crate) fn caps(&self, in_all: usize, proxies: &[IpAddr]) -> Caps {
        Caps { in_all, per_source: as_size(self.per_source.connections), proxies: proxies.to_vec() }
    }
}

fn as_size(number: NonZeroU32) -> usize {
    usize::try_from(number.get()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EXAMPLE;
    use toml::{Table, Value};

    const SECURITY: &str = include_str!("../../../../docs/SECURITY.md");

    fn table(key: &str, of: &Table) -> Table {
        of[key].as_table().unwrap().clone()
    }

    /// What a source may do stands in the code; the example and SECURITY say the same.
    #[test]
    fn one_table_in_code_configuration_and_docs() {
        let limits = table("limits", &EXAMPLE.parse().unwrap());
        let per_source = table("per_source", &limits);
        let usual = Table::try_from(PerSource::default()).unwrap();
        assert_eq!(per_source, usual, "the example's are the usual ones, each of them");
        assert_eq!(limits["connections"].as_integer(), Some(Limits::default().connections.get().into()));
        for (name, value) in usual {
            let cells = match &value {
                Value::Table(rate) => format!("| {} | one in {} s |", rate["at_once"], rate["then_every"]),
                number => format!("| {number} | – |"),
            };
            let row = SECURITY.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
            let row = row.unwrap_or_else(|| panic!("{name} is not in SECURITY"));
            assert!(row.ends_with(&cells), "{row}\n{cells}");
        }
    }

    #[test]
    fn what_is_left_out_is_as_usual() {
        let limits: Limits = toml::from_str("[per_source]\nqueries = { at_once = 5, then_every = 60 }").unwrap();
        let usual = PerSource::default();
        assert_eq!(limits.per_source.queries.at_once.get(), 5);
        assert_eq!(PerSource { queries: usual.queries, ..limits.per_source }, usual);
        for wrong in
            ["connections = 0", "[per_source]\nmails = { at_once = 0, then_every = 1 }", "[per_source]\nmail = 1"]
        {
            toml::from_str::<Limits>(wrong).unwrap_err();
        }
    }
}
