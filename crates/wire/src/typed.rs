//! What a person meant by what came from the keyboard or the clipboard.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Without signs that nobody sees and blanks around it, and with every dash as `-`: programs that a text is copied from put
/// such in. What a field takes beside that is its own affair.
pub fn typed(text: &str) -> String {
    let meant: String = text.chars().filter(|c| !is_invisible(*c)).map(|c| if is_dash(c) { '-' } else { c }).collect();
    meant.trim().to_owned()
}

/// Format characters (Cf: marks of direction, joiners, U+FEFF) and variation selectors.
pub fn is_invisible(c: char) -> bool {
    c.general_category() == GeneralCategory::Format || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Of any length, and the minus sign.
pub fn is_dash(c: char) -> bool {
    c.general_category() == GeneralCategory::DashPunctuation || c == '\u{2212}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_copied_is_what_was_meant() {
        for (copied, meant) in [
            ("\u{200e}5b 3c\u{200f}", "5b 3c"),
            (" \u{a0}Ar3ZQPXy\u{3000}\u{200b}", "Ar3ZQPXy"),
            ("\u{feff}GC0000\u{2010}0000\u{2013}\u{2212}1", "GC0000-0000--1"),
            ("\u{202a}desk@agency.example\u{202c}", "desk@agency.example"),
            ("soft\u{ad}hyphen \u{2060}joined\u{fe0f}", "softhyphen joined"),
            ("測試 機關", "測試 機關"),
            ("ー・一", "ー・一"),
            ("\u{200b} \u{feff}", ""),
        ] {
            assert_eq!(typed(copied), meant, "{copied:?}");
        }
    }
}
