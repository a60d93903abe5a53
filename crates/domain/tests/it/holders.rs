//! What a holder is called.

#![expect(clippy::unwrap_used, reason = "clippy spares #[test] functions, not what they call")]

use kaika_domain::holders::Holder;
use kaika_wire::HolderId;
use time::macros::datetime;

fn holder(subject: &[(&str, &str)]) -> Holder {
    let at = datetime!(2026-11-20 08:00:00 UTC);
    let subject: Vec<_> = subject.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect();
    Holder::registered(HolderId::new(at, [1; 10]), "gca".parse().unwrap(), subject.try_into().unwrap(), at)
}

#[test]
fn a_holder_has_one_name_however_it_is_typed() {
    let office = holder(&[("C", "TW"), ("O", "臺北市政府"), ("OU", "測試處 TEST"), ("OU", "測試秘書處")]);
    for (name, expected) in [
        ("測試秘書處", true),
        ("  測試 秘書處 ", true),
        ("台北市政府測試處test測試秘書處", true),
        ("臺北市政府　測試處　ＴＥＳＴ　測試秘書處", true),
        ("臺北市政府", true),
        ("測試處 TEST", true),
        ("測試處", true),
        ("台北市政府 測試秘書處", true),
        ("測試秘書處（臺北市政府測試處）", true),
        ("測試", false),
        ("測試秘書處測試處臺北市政府臺北市政府", false),
        ("TEST", false),
        ("TW", false),
        ("", false),
        (" ", false),
    ] {
        assert_eq!(office.is_called(name), expected, "{name:?}");
    }
    // One dot, dash or apostrophe is as good as another, and what is not seen is not there.
    let named = holder(&[("C", "TW"), ("CN", "Kolas\u{2027}Yotaka O\u{2019}Brien\u{2010}Smith")]);
    for dot in ["\u{b7}", "\u{ff0e}", "\u{30fb}", "\u{ff65}", ".", "\u{2022}", "\u{2027}"] {
        for apostrophe in ["'", "\u{2018}", "\u{2bc}", "\u{ff07}", "\u{b4}", "`"] {
            for dash in ["-", "\u{2013}", "\u{ff0d}", "\u{2212}"] {
                let name = format!("\u{200e}kolas{dot}yotaka o{apostrophe}brien{dash}smith\u{200b}");
                assert!(named.is_called(&name), "{name:?}");
            }
        }
    }
    assert!(!named.is_called("KolasYotaka OBrienSmith"));
    let person = holder(&[("C", "TW"), ("O", "測試醫院"), ("CN", "測試人員"), ("serialNumber", "0000000000000001")]);
    assert!(person.is_called("測試人員") && person.is_called("測試醫院"));
    assert!(!person.is_called("0000000000000001") && !person.is_called("TW0000000000000001"));
    assert!(holder(&[("C", "TW"), ("L", "臺北市"), ("O", "測試協會")]).is_called("測試協會"));
    assert!(!holder(&[("C", "TW")]).is_called("TW"));
}

/// Of each authority's policy, as the demo orders cards for them, and some more; in each way that a holder would write it.
#[test]
fn a_holder_is_found_by_what_is_shown_and_by_each_part_that_names_somebody() {
    for (subject, shown, names) in [
        (
            &[("C", "TW"), ("O", "行政院"), ("OU", "測試機關 TEST"), ("OU", "測試資訊處")][..],
            "行政院測試機關 TEST 測試資訊處",
            &[
                "行政院",
                "測試機關",
                "測試機關 TEST",
                "測試資訊處",
                "行政院測試機關測試資訊處",
                "行政院 測試資訊處",
                "行政院，測試機關，測試資訊處",
                "O=行政院, OU=測試機關 TEST, OU=測試資訊處",
                "OU=測試資訊處,OU=測試機關 TEST,O=行政院,C=TW",
            ][..],
        ),
        (
            &[("C", "TW"), ("L", "臺北市"), ("O", "測試協會 TEST")],
            "測試協會 TEST",
            &["測試協會", "台北市測試協會", "TW 臺北市 測試協會 ＴＥＳＴ"],
        ),
        (
            &[("C", "TW"), ("L", "高雄市"), ("O", "測試學校 TEST")],
            "測試學校 TEST",
            &["高雄市測試學校", "測試學校test", "測試學校（高雄市）"],
        ),
        (
            &[("C", "TW"), ("O", "測試醫院 TEST"), ("CN", "測試醫事人員一"), ("serialNumber", "0000000000000001")],
            "測試醫事人員一（測試醫院 TEST）",
            &[
                "測試醫事人員一",
                "測試醫院 TEST",
                "測試醫院",
                "測試醫事人員一（測試醫院）",
                "測試醫事人員一(測試醫院)",
                "測試醫事人員一 測試醫院",
                "測試醫院測試醫事人員一",
            ],
        ),
        (
            &[("C", "TW"), ("CN", "測試自然人 TEST"), ("serialNumber", "0000000000000003")],
            "測試自然人 TEST",
            &["測試自然人", "CN=測試自然人"],
        ),
        (
            &[("C", "TW"), ("O", "測試銀行客戶 TEST"), ("CN", "00000000-1")],
            "測試銀行客戶 TEST（00000000-1）",
            &["測試銀行客戶", "測試銀行客戶 TEST", "00000000-1", "００００００００－１", "00000000-1 測試銀行客戶"],
        ),
        (
            &[("C", "TW"), ("L", "臺中市"), ("O", "測試第一公會 TEST"), ("OU", "會務組")],
            "測試第一公會 TEST 會務組",
            &[
                "測試第一公會 TEST",
                "測試第一公會",
                "會務組",
                "測試第一公會會務組",
                "會務組（測試第一公會）",
                "台中市測試第一公會會務組",
            ],
        ),
        (
            &[("C", "TW"), ("O", "Acme, Inc. \\ (Taiwan)"), ("CN", "A")],
            "A (Acme, Inc. \\ (Taiwan))",
            &["A", "Acme Inc. Taiwan", "acme, inc. (taiwan)"],
        ),
        (
            &[("C", "TW"), ("SN", "王"), ("GN", "小明"), ("O", "測試公司")],
            "王小明（測試公司）",
            &["王小明", "測試公司", "測試公司王小明"],
        ),
    ] {
        let named = holder(subject);
        assert_eq!(named.said(), shown);
        let whole = named.subject.to_string();
        for name in names.iter().copied().chain([shown, &whole]) {
            assert!(named.is_called(name), "{name:?} for {whole}");
            let wide: String = name.chars().map(wide).collect();
            assert!(named.is_called(&wide), "{wide:?} for {whole}");
            // Neither with anything more, nor without a sign of it where that leaves no name.
            assert!(!named.is_called(&format!("{name}二")), "{name}二 for {whole}");
        }
        let places = named.subject.labelled().filter(|(label, _)| !matches!(*label, "O" | "OU" | "CN"));
        let places: Vec<_> = places.map(|(label, value)| (value.to_owned(), format!("{label}={value}"))).collect();
        let all: String = places.iter().map(|(value, _)| value.as_str()).collect();
        let of_nobody = places.iter().flat_map(|(value, labelled)| [value, labelled]).map(String::as_str);
        let person = subject.iter().any(|(label, _)| *label == "SN");
        for name in of_nobody.chain([all.as_str()].into_iter().filter(|_| !person)) {
            assert!(!named.is_called(name), "{name:?} for {whole}");
        }
        for name in ["", " ", "（）", "()", ",", "O=", "OU=", "CN=", "C=TW", "TEST", "測", "一", "\u{200b}"] {
            assert!(!named.is_called(name), "{name:?} for {whole}");
        }
    }
    // What only looks like a name: a town, one sign, TEST; but it is the holder's own name where it has no other.
    let town = holder(&[("C", "TW"), ("L", "臺北市"), ("O", "臺北市"), ("OU", "甲"), ("OU", "TEST"), ("OU", "資訊處")]);
    for (name, expected) in [("臺北市", false), ("甲", false), ("TEST", false), ("臺北市甲", false), ("資訊處", true)]
    {
        assert_eq!(town.is_called(name), expected, "{name}");
    }
    assert!(holder(&[("C", "TW"), ("L", "臺北市"), ("O", "臺北市")]).is_called("臺北市"));
}

/// ASCII in full width.
fn wide(c: char) -> char {
    match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
        c => c,
    }
}

/// A name of many units is looked at once, not once for each way to leave some out.
#[test]
fn many_units_take_no_longer() {
    let units = (0..60).map(|_| ("OU", "甲甲")).collect::<Vec<_>>();
    let named = holder(&[&[("C", "TW"), ("O", "測試")][..], &units].concat());
    assert!(named.is_called(&"甲".repeat(120)));
    assert!(!named.is_called(&"甲".repeat(121)));
    assert!(!named.is_called(&"甲".repeat(100_000)));
}
