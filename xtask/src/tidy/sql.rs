//! SQL stands only in `store`, and only `app` asks the store.

use super::{Crate, rust};

/// `store` itself, testkit (which creates the databases), and this program, which must name what it looks for.
const EXEMPT: &[&str] = &["store", "testkit", "xtask"];

/// The first words of statements, in the capitals in which SQL is written here. `*` stands for any one word, and
/// `FROM` for that word anywhere after: SELECT alone is a command of smart cards too.
const STATEMENTS: &[&[&str]] = &[
    &["ALTER", "TABLE"],
    &["CREATE", "INDEX"],
    &["CREATE", "TABLE"],
    &["CREATE", "UNIQUE"],
    &["DELETE", "FROM"],
    &["DROP", "TABLE"],
    &["INSERT", "INTO"],
    &["SELECT", "…", "FROM"],
    &["UPDATE", "*", "SET"],
    &["WITH", "…", "SELECT"],
];

pub(crate) fn check(crates: &[Crate]) -> Vec<String> {
    let mut complaints = Vec::new();
    for part in crates.iter().filter(|part| !EXEMPT.contains(&part.name.as_str())) {
        for file in &part.files {
            if file.path.extension().is_some_and(|extension| extension == "sql") {
                complaints.push(format!("{}: SQL stands only in store", file.path.display()));
            }
        }
        // Integration tests may look into the database from outside, as an operator would.
        for (file, text) in part.own_sources() {
            for (line, literal) in rust::without_tests(rust::read(text)).literals {
                if is_sql(&literal) {
                    complaints.push(format!("{}: SQL stands only in store: {:?}", file.at(line), first_line(&literal)));
                }
            }
            if part.name == "server" {
                for line in asks_store(&rust::without_tests(rust::read(text)).code) {
                    complaints.push(format!("{}: a handler calls a use case, and asks no store", file.at(line)));
                }
            }
        }
    }
    complaints
}

fn is_sql(literal: &str) -> bool {
    let words: Vec<&str> = literal.split_whitespace().collect();
    STATEMENTS.iter().any(|statement| match statement {
        [first, "…", later] => words.first() == Some(first) && words.contains(later),
        _ => {
            words.len() > statement.len()
                && statement.iter().zip(&words).all(|(wanted, word)| *wanted == "*" || wanted == word)
        }
    })
}

/// The lines in which a field of this name is used.
fn asks_store(code: &str) -> impl Iterator<Item = usize> {
    let asks = |line: &str| {
        line.split(".store").skip(1).any(|after| !after.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
    };
    code.lines().enumerate().filter(move |(_, line)| asks(line)).map(|(at, _)| at + 1)
}

fn first_line(literal: &str) -> &str {
    literal.trim().lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_that_ask_the_store_are_found() {
        let code = "let a = app.store.read();\nlet b = stored.store_all(x);\nlet c = site.app.store\n.read()";
        assert_eq!(asks_store(code).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn statements_are_told_from_speech() {
        for sql in [
            "SELECT * FROM card WHERE id = $1",
            "\n    UPDATE card SET state = $2",
            "INSERT INTO audit_event VALUES ($1)",
            "WITH due AS (SELECT id FROM card) SELECT 1",
            "CREATE TABLE card (id TEXT)",
        ] {
            assert!(is_sql(sql), "{sql}");
        }
        for speech in ["SELECT failed", "UPDATE", "Select a card from the list", "DELETE", "WITH PIN"] {
            assert!(!is_sql(speech), "{speech}");
        }
    }
}
