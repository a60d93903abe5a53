//! Names that people give and others read: nothing in them is unseen, or looks like something else that is not there.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Why a text is no name that others can read. Places are counted in characters, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("there is nothing in it but blanks")]
    Blank,
    #[error("{} in place {place} {}", code_point(*sign), why(*sign))]
    Sign { sign: char, place: usize },
    #[error("{} in place {place} is a second blank after the first", code_point(*sign))]
    SecondBlank { sign: char, place: usize },
    #[error("{} in place 1 belongs to a letter before it", code_point(*.0))]
    MarkFirst(char),
}

impl Unreadable {
    /// The one that is named; none where all of it is blank.
    pub fn sign(self) -> Option<char> {
        match self {
            Self::Blank => None,
            Self::Sign { sign, .. } | Self::SecondBlank { sign, .. } | Self::MarkFirst(sign) => Some(sign),
        }
    }
}

/// `U+202E`.
pub fn code_point(sign: char) -> String {
    format!("U+{:04X}", u32::from(sign))
}

/// The text as it is kept: composed (NFC), without blanks around it. Within, a blank is a space or an ideographic space,
/// and stands alone.
///
/// # Errors
/// It is blank, or has a sign that is not seen, turns what stands beside it, or stands for none.
pub fn readable(text: &str) -> Result<String, Unreadable> {
    let text: String = text.trim().nfc().collect();
    let mut before = None;
    for (place, sign) in (1..).zip(text.chars()) {
        if why_not(sign).is_some() {
            return Err(Unreadable::Sign { sign, place });
        }
        if is_blank(sign) && before.is_some_and(is_blank) {
            return Err(Unreadable::SecondBlank { sign, place });
        }
        if before.is_none() && is_combining_mark(sign) {
            return Err(Unreadable::MarkFirst(sign));
        }
        before = Some(sign);
    }
    if before.is_none() { Err(Unreadable::Blank) } else { Ok(text) }
}

fn is_blank(sign: char) -> bool {
    matches!(sign, ' ' | '\u{3000}')
}

fn why(sign: char) -> &'static str {
    why_not(sign).unwrap_or("does not belong here")
}

/// Why no name has this sign. Characters for private use are those of names that are not encoded yet: they may stay.
fn why_not(sign: char) -> Option<&'static str> {
    match sign.general_category() {
        GeneralCategory::Control => return Some("controls something"),
        GeneralCategory::Format => return Some("is not seen, or turns what stands beside it"),
        GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => return Some("begins another line"),
        GeneralCategory::SpaceSeparator if !is_blank(sign) => return Some("is another blank than a space"),
        _ => {}
    }
    match sign {
        // Default_Ignorable_Code_Point of the Unicode Character Database, as far as these are no format characters.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2065}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}'
        // Drawn as nothing by what they are.
        | '\u{2800}' | '\u{13441}' | '\u{13442}' | '\u{16fe4}' | '\u{1d159}' => Some("is not seen"),
        '\u{fffc}' | '\u{fffd}' => Some("stands where something was lost"),
        '\u{fdd0}'..='\u{fdef}' => Some("is no character"),
        sign if u32::from(sign) & 0xfffe == 0xfffe => Some("is no character"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_as_others_read_them() {
        for (given, kept) in [
            ("測試機關", "測試機關"),
            (" 測試 機關\u{3000}\n", "測試 機關"),
            ("王\u{3000}明", "王\u{3000}明"),
            ("Kolas\u{2027}Yotaka", "Kolas\u{2027}Yotaka"),
            ("O\u{2019}Brien–Li, Ltd. (TW)", "O\u{2019}Brien–Li, Ltd. (TW)"),
            ("Cafe\u{301}", "Caf\u{e9}"),
            ("\u{fa0c}\u{fa0d}", "\u{5140}\u{55c0}"),
            ("か\u{3099}", "が"),
            ("\u{20bb7}野 \u{30edd}", "\u{20bb7}野 \u{30edd}"),
            ("\u{e000}\u{f0001}", "\u{e000}\u{f0001}"),
            ("ＡＢＣ", "ＡＢＣ"),
            ("שלום", "שלום"),
        ] {
            assert_eq!(readable(given).as_deref(), Ok(kept), "{given:?}");
            assert_eq!(readable(kept).as_deref(), Ok(kept), "{given:?}");
        }
    }

    #[test]
    fn what_is_not_seen_is_named() {
        for blank in ["", "   ", "\u{3000}", "\u{a0}\u{2003}\t\n"] {
            assert_eq!(readable(blank), Err(Unreadable::Blank), "{blank:?}");
        }
        for sign in [
            '\u{0}',
            '\u{7}',
            '\t',
            '\n',
            '\u{7f}',
            '\u{85}',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{1680}',
            '\u{17b4}',
            '\u{180b}',
            '\u{180e}',
            '\u{2003}',
            '\u{2007}',
            '\u{200a}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{202f}',
            '\u{205f}',
            '\u{2060}',
            '\u{2064}',
            '\u{2066}',
            '\u{2069}',
            '\u{206f}',
            '\u{2800}',
            '\u{3164}',
            '\u{fdd0}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffc}',
            '\u{fffd}',
            '\u{ffff}',
            '\u{1d173}',
            '\u{e0020}',
            '\u{e0100}',
            '\u{10fffe}',
        ] {
            let found = readable(&format!("測{sign}試"));
            assert_eq!(found, Err(Unreadable::Sign { sign, place: 2 }), "{sign:?}");
            let told = found.unwrap_err().to_string();
            assert!(told.starts_with(&code_point(sign)), "{told}");
        }
        // At an end a blank is trimmed, and nothing else.
        for sign in ['\u{200b}', '\u{202e}', '\u{feff}', '\u{3164}', '\u{2800}'] {
            assert_eq!(readable(&format!("測{sign}")), Err(Unreadable::Sign { sign, place: 2 }), "{sign:?}");
            assert_eq!(readable(&sign.to_string()), Err(Unreadable::Sign { sign, place: 1 }), "{sign:?}");
        }
        assert_eq!(readable("測  試"), Err(Unreadable::SecondBlank { sign: ' ', place: 3 }));
        assert_eq!(readable("測 \u{3000}試"), Err(Unreadable::SecondBlank { sign: '\u{3000}', place: 3 }));
        assert_eq!(readable(" \u{301}a"), Err(Unreadable::MarkFirst('\u{301}')));
        let told = readable("A\u{202e}B").unwrap_err();
        assert_eq!(told.to_string(), "U+202E in place 2 is not seen, or turns what stands beside it");
    }
}
