//! Tables for spreadsheets (RFC 4180), in UTF-8 with the mark by which they know it.

/// A table, line by line.
pub(crate) struct Csv(String);

impl Csv {
    pub(crate) fn with_header<'c>(cells: impl IntoIterator<Item = &'c str>) -> Self {
        let mut csv = Self("\u{feff}".to_owned());
        csv.line(cells);
        csv
    }

    pub(crate) fn line<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) {
        let cells: Vec<_> = cells.into_iter().map(cell).collect();
        self.0 += &cells.join(",");
        self.0 += "\r\n";
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// In quotes. What a spreadsheet would take for a formula gets an apostrophe in front, by which it is text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '|', '%']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_spreadsheets_read_it() {
        let mut csv = Csv::with_header(["持有者", "卡號"]);
        csv.line(["測試, \"機關\"\nTEST", "GC00000000000017"]);
        let expected = "\u{feff}\"持有者\",\"卡號\"\r\n\"測試, \"\"機關\"\"\nTEST\",\"GC00000000000017\"\r\n";
        assert_eq!(csv.finish(), expected);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+886", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "|cmd", "=\"a\""] {
            let cell = cell(text);
            assert!(cell.starts_with("\"'"), "{cell}");
        }
        for text in ["測試", "2026-11-20", "a=b", ""] {
            assert_eq!(cell(text), format!("\"{text}\""));
        }
    }
}
