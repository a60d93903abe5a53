//! Figures as Markdown tables, and their place in docs/PERFORMANCE.md.

use anyhow::{Context, Result};
use std::{fmt, fs, path::Path, time::Duration};

/// One thing measured.
#[derive(Clone)]
pub(crate) struct Figure {
    what: String,
    measured: String,
    /// Measured in the same run, for comparison.
    beside: String,
    target: String,
    met: Option<bool>,
}

impl Figure {
    pub(crate) fn new(what: impl Into<String>, measured: impl Into<String>) -> Self {
        Self { what: what.into(), measured: measured.into(), beside: String::new(), target: String::new(), met: None }
    }

    pub(crate) fn beside(self, beside: impl Into<String>) -> Self {
        Self { beside: beside.into(), ..self }
    }

    pub(crate) fn at_least(self, value: f64, limit: f64, words: impl Into<String>) -> Self {
        Self { target: format!("≥ {}", words.into()), met: Some(value >= limit), ..self }
    }

    pub(crate) fn at_most(self, value: f64, limit: f64, words: impl Into<String>) -> Self {
        Self { target: format!("≤ {}", words.into()), met: Some(value <= limit), ..self }
    }

    pub(crate) fn below(self, value: f64, limit: f64, words: impl Into<String>) -> Self {
        Self { target: format!("< {}", words.into()), met: Some(value < limit), ..self }
    }
}

pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<'h>(head: impl IntoIterator<Item = &'h str>) -> Self {
        Self { head: head.into_iter().map(str::to_owned).collect(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    pub(crate) fn of(title: &str, figures: Vec<Figure>) -> Self {
        let mut table = Self::new([title, "measured", "beside", "target", ""]);
        for Figure { what, measured, beside, target, met } in figures {
            let met = met.map_or("", |met| if met { "met" } else { "**missed**" });
            table.row(vec![what, measured, beside, target, met.to_owned()]);
        }
        table
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| {} |", self.head.join(" | "))?;
        writeln!(f, "| ---{} |", " | ---:".repeat(self.head.len() - 1))?;
        self.rows.iter().try_for_each(|row| writeln!(f, "| {} |", row.join(" | ")))
    }
}

/// `12,345`, and small numbers with three digits that mean something.
pub(crate) fn number(value: f64) -> String {
    if value < 100.0 {
        let digits = if value < 1.0 {
            3
        } else if value < 10.0 {
            2
        } else {
            1
        };
        return format!("{value:.digits$}");
    }
    let plain = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

pub(crate) fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

pub(crate) fn millis(time: Duration) -> String {
    format!("{} ms", number(time.as_secs_f64() * 1000.0))
}

pub(crate) fn micros(time: Duration) -> String {
    format!("{} µs", number(time.as_secs_f64() * 1_000_000.0))
}

pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{} MB", number(bytes as f64 / 1_000_000.0))
}

/// Replaces what stands between `<!-- figures: NAME -->` and `<!-- end -->`.
pub(crate) fn write(name: &str, tables: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/PERFORMANCE.md");
    let text = fs::read_to_string(&path).context("docs/PERFORMANCE.md")?;
    fs::write(&path, replaced(&text, name, tables)?).context("docs/PERFORMANCE.md")
}

fn replaced(text: &str, name: &str, tables: &str) -> Result<String> {
    const END: &str = "<!-- end -->";
    let mark = format!("<!-- figures: {name} -->");
    let missing = || format!("docs/PERFORMANCE.md has no place for {name}");
    let (before, rest) = text.split_once(&mark).with_context(missing)?;
    let (_, after) = rest.split_once(END).with_context(missing)?;
    Ok(format!("{before}{mark}\n{tables}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_easily() {
        for (value, expected) in
            [(0.1234, "0.123"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (1_234_567.0, "1,234,567")]
        {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn a_table_replaces_the_one_before() {
        let text = "# A\n<!-- figures: a -->\nold\n<!-- end -->\nwords\n<!-- figures: b -->\n<!-- end -->\n";
        let expected = "# A\n<!-- figures: a -->\nnew\n<!-- end -->\nwords\n<!-- figures: b -->\n<!-- end -->\n";
        assert_eq!(replaced(text, "a", "new\n").unwrap(), expected);
        assert_eq!(replaced(expected, "a", "new\n").unwrap(), expected);
        assert!(replaced(text, "c", "new\n").is_err());
    }

    #[test]
    fn the_document_has_a_place_for_every_group() {
        let document = include_str!("../../../docs/PERFORMANCE.md");
        for name in crate::groups::Group::ALL.map(crate::groups::Group::name).into_iter().chain(["machine"]) {
            replaced(document, name, "").unwrap();
        }
    }

    #[test]
    fn a_missed_target_is_seen() {
        let figure = Figure::new("x", "1").at_least(1.0, 2.0, "2");
        assert!(Table::of("t", vec![figure]).to_string().ends_with("| x | 1 |  | ≥ 2 | **missed** |\n"));
    }
}
