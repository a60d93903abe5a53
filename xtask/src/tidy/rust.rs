//! Just enough of Rust's grammar to tell code from comments, text and tests.

/// A source file taken apart.
pub(crate) struct Source {
    /// The code, with a space for each character of a comment, of a string or of a character: lines stay where they were.
    pub(crate) code: String,
    /// The strings, each with the line on which it begins, counted from 1.
    pub(crate) literals: Vec<(usize, String)>,
    /// The names of `#[cfg(test)] mod NAME;`; filled by [`without_tests`].
    pub(crate) test_modules: Vec<String>,
}

pub(crate) fn read(text: &str) -> Source {
    let mut reader = Reader { text, position: 0, code: String::with_capacity(text.len()), literals: Vec::new() };
    while reader.step() {}
    Source { code: reader.code, literals: reader.literals, test_modules: Vec::new() }
}

/// Without the items under `#[cfg(test)]`.
pub(crate) fn without_tests(mut source: Source) -> Source {
    const ATTRIBUTE: &str = "#[cfg(test)]";
    while let Some(start) = source.code.find(ATTRIBUTE) {
        let end = start + ATTRIBUTE.len() + item_length(&source.code[start + ATTRIBUTE.len()..]);
        let item = &source.code[start + ATTRIBUTE.len()..end];
        let words: Vec<&str> = item.trim_end_matches(';').split_whitespace().collect();
        if let [.., "mod", name] = words[..] {
            source.test_modules.push(name.to_owned());
        }
        let line = |position: usize| source.code[..position].matches('\n').count() + 1;
        let (first, last) = (line(start), line(end));
        source.literals.retain(|(line, _)| *line < first || *line > last);
        let blank: String = source.code[start..end].chars().map(blank).collect();
        source.code.replace_range(start..end, &blank);
    }
    source
}

/// The paths and names in the code with their lines: `use std::{fmt, fs::File}` yields `std::fmt` and `std::fs::File`.
pub(crate) fn paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // The prefixes of the open braces: `Some` for those of a `use`.
    let mut braces: Vec<Option<String>> = Vec::new();
    let mut path = String::new();
    let mut line = 1;
    let mut characters = code.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            _ if character.is_alphanumeric() || character == '_' => {
                path.push(character);
                continue;
            }
            ':' if characters.peek() == Some(&':') => {
                characters.next();
                path.push_str("::");
                continue;
            }
            _ => {}
        }
        let prefix = braces.iter().flatten().next_back().cloned().unwrap_or_default();
        match character {
            '{' if path.ends_with("::") => braces.push(Some(prefix + &path)),
            '{' => {
                keep(&mut found, line, &prefix, &path);
                braces.push(None);
            }
            _ => keep(&mut found, line, &prefix, &path),
        }
        if character == '}' {
            braces.pop();
        }
        if character == '\n' {
            line += 1;
        }
        path.clear();
    }
    keep(&mut found, line, "", &path);
    found
}

fn keep(found: &mut Vec<(usize, String)>, line: usize, prefix: &str, path: &str) {
    if !path.is_empty() {
        found.push((line, format!("{prefix}{path}")));
    }
}

/// How far the item at the beginning of `code` reaches: to the end of its braces, or to its semicolon.
fn item_length(code: &str) -> usize {
    let mut depth = 0_usize;
    for (position, character) in code.char_indices() {
        match character {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                // A field or a variant ends with the braces around it.
                let Some(outer) = depth.checked_sub(1) else { return position };
                depth = outer;
                if depth == 0 && character == '}' {
                    return position + 1;
                }
            }
            ';' if depth == 0 => return position + 1,
            _ => {}
        }
    }
    code.len()
}

fn blank(character: char) -> char {
    if character == '\n' { '\n' } else { ' ' }
}

struct Reader<'t> {
    text: &'t str,
    position: usize,
    code: String,
    literals: Vec<(usize, String)>,
}

impl Reader<'_> {
    /// Reads one comment, string, character, word or sign; false at the end.
    fn step(&mut self) -> bool {
        let rest = &self.text[self.position..];
        let Some(first) = rest.chars().next() else { return false };
        if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(block_comment(rest));
        } else if let Some((prefix, length)) = string(rest) {
            let hashes = rest[..prefix].matches('#').count();
            let line = self.text[..self.position].matches('\n').count() + 1;
            let end = length.saturating_sub(1 + hashes).max(prefix);
            self.literals.push((line, rest[prefix..end].to_owned()));
            self.skip(length);
        } else if let Some(length) = character(rest) {
            self.skip(length);
        } else {
            // A whole word at once: an `r` or `b` at its end begins no string.
            let word = rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len());
            let length = word.max(first.len_utf8());
            self.code.push_str(&rest[..length]);
            self.position += length;
        }
        true
    }

    fn skip(&mut self, length: usize) {
        self.code.extend(self.text[self.position..self.position + length].chars().map(blank));
        self.position += length;
    }
}

/// The length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut position = 0;
    while position < text.len() {
        let rest = &text[position..];
        if rest.starts_with("/*") {
            depth += 1;
            position += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return position;
            }
        } else {
            position += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of what stands before a string's text, quotation mark included, and the length of the whole; also for
/// byte, C and raw strings.
fn string(text: &str) -> Option<(usize, usize)> {
    let after_letters = text.trim_start_matches(['b', 'c', 'r']);
    let letters = &text[..text.len() - after_letters.len()];
    if letters.len() > 2 {
        return None;
    }
    let hashes =
        if letters.ends_with('r') { after_letters.len() - after_letters.trim_start_matches('#').len() } else { 0 };
    let body = after_letters[hashes..].strip_prefix('"')?;
    let prefix = text.len() - body.len();
    if letters.ends_with('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        return Some((prefix, prefix + body.find(&end).map_or(body.len(), |position| position + end.len())));
    }
    let mut escaped = false;
    for (position, character) in body.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((prefix, prefix + position + 1)),
            _ => {}
        }
    }
    Some((prefix, text.len()))
}

/// The length of a character literal; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let quoted = text.strip_prefix('b').unwrap_or(text).strip_prefix('\'')?;
    let prefix = text.len() - quoted.len();
    let first = quoted.chars().next()?;
    let length = if first == '\\' {
        // The second character belongs to the escape, even if it is a quotation mark.
        quoted.get(2..)?.find('\'')? + 2
    } else {
        first.len_utf8()
    };
    quoted[length..].starts_with('\'').then_some(prefix + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, code: &str, literals: &[(usize, &str)]) {
        let source = read(text);
        assert_eq!(source.code.split_whitespace().collect::<Vec<_>>().join(" "), code);
        assert_eq!(source.code.chars().count(), text.chars().count());
        assert_eq!(source.code.matches('\n').count(), text.matches('\n').count());
        let found: Vec<(usize, &str)> = source.literals.iter().map(|(line, text)| (*line, text.as_str())).collect();
        assert_eq!(found, literals);
    }

    #[test]
    fn comments_and_text_become_spaces() {
        check("a // b\nc /* d /* e */ \" */ f", "a c f", &[]);
        check("a(\"b\\\"c\", d)", "a( , d)", &[(1, "b\\\"c")]);
        check("\nlet a = r#\"b\"c\"#; d", "let a = ; d", &[(2, "b\"c")]);
        check("b\"x\" br\"y\\\" c\"z\" for r in b {}", "for r in b {}", &[(1, "x"), (1, "y\\"), (1, "z")]);
        check("var\"a\"", "var", &[(1, "a")]);
        check("'\"' '\\'' b'\"' '中' &'a str", "&'a str", &[]);
        check("\"中\n文\" a", "a", &[(1, "中\n文")]);
        check("\"open\"", "", &[(1, "open")]);
    }

    #[test]
    fn braces_of_use_are_unfolded() {
        let names: Vec<String> =
            paths("use a::{b, c::{d, e}, f}; fn g() { h::i(); } x").into_iter().map(|(_, path)| path).collect();
        let wanted = ["use", "a::b", "a::c::d", "a::c::e", "a::f", "fn", "g", "h::i", "x"];
        assert_eq!(names, wanted);
    }
}
