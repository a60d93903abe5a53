//! By what lists are sorted that go by holders.

use super::holder::plain;

/// Digits, letters, Han by radical and strokes, as Unicode has them. Width, case and spaces make no difference, nor do 台 and
/// 臺; numbers go by their value, also those behind 第, so that 第二組 comes before 第十組. Names that differ in nothing else
/// still have one order.
pub(super) fn collated(name: &str) -> String {
    let folded = plain(name);
    let (mut key, mut rest) = (String::new(), folded.as_str());
    while let Some(first) = rest.chars().next() {
        let (number, length) = match first {
            '0'..='9' => number_of(rest),
            '第' if !ordinal(&rest[first.len_utf8()..]).is_empty() => {
                key.push(first);
                rest = &rest[first.len_utf8()..];
                let written = ordinal(rest);
                (value(written).to_string(), written.len())
            }
            _ => (String::new(), 0),
        };
        if length == 0 {
            key.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            // A longer number is a greater one.
            key += &format!("{:02}{number}", number.len().min(99));
            rest = &rest[length..];
        }
    }
    // Nothing in a folded name comes before the end of its line.
    format!("{key}\n{name}")
}

/// The number at the beginning, without leading zeros, and how much of the text it is.
fn number_of(text: &str) -> (String, usize) {
    let length = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..length].trim_start_matches('0').to_owned(), length)
}

/// The number in Chinese signs at the beginning.
fn ordinal(text: &str) -> &str {
    let end = text.find(|c| digit(c).is_none() && power(c).is_none()).unwrap_or(text.len());
    &text[..end]
}

fn digit(c: char) -> Option<u64> {
    "〇一二三四五六七八九".chars().zip(0..).find(|(sign, _)| *sign == c).map(|(_, value)| value)
}

fn power(c: char) -> Option<u64> {
    [('十', 10), ('百', 100), ('千', 1000)].into_iter().find(|(sign, _)| *sign == c).map(|(_, value)| value)
}

/// 二十一, 二一 and 一百〇五 as numbers.
fn value(written: &str) -> u64 {
    let (mut sum, mut last) = (0_u64, None::<u64>);
    for c in written.chars() {
        match (digit(c), power(c)) {
            (Some(digit), _) => last = Some(last.unwrap_or_default().saturating_mul(10).saturating_add(digit)),
            (None, Some(power)) => sum = sum.saturating_add(last.take().unwrap_or(1).saturating_mul(power)),
            (None, None) => {}
        }
    }
    sum.saturating_add(last.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_go_by_what_people_count_and_spell() {
        let sorted = [
            "2 組",
            "０１０ 組",
            "101 大樓",
            "Annex",
            "ｂ棟",
            "C棟",
            "三重分局",
            "第1組",
            "第二組",
            "第三組",
            "第 ９ 組",
            "第十組",
            "第十二組",
            "第二十一組",
            "第一百〇五組",
            "第宅組",
            "臺北分局",
            "台南分局",
            "資訊處",
            "資訊處一",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by_key(|name| collated(name));
        assert_eq!(names, sorted);
    }

    #[test]
    fn names_that_look_alike_have_one_order() {
        let [one, other] = ["台北 A", "臺北Ａ"].map(collated);
        assert_ne!(one, other);
        assert_eq!(one.split('\n').next(), other.split('\n').next());
        // Before a longer name.
        assert!(collated("臺北a").max(one) < collated("台北 A1"));
    }

    #[test]
    fn numbers_in_chinese_have_their_value() {
        for (written, expected) in
            [("一", 1), ("十", 10), ("十二", 12), ("二十", 20), ("二一", 21), ("一百〇五", 105), ("三千", 3000)]
        {
            assert_eq!(value(written), expected, "{written}");
        }
    }
}
