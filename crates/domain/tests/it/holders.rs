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
        ("臺北市政府", false),
        ("測試處 TEST", false),
        ("測試", false),
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
    assert!(person.is_called("測試人員"));
    assert!(!person.is_called("測試醫院") && !person.is_called("0000000000000001"));
    assert!(holder(&[("C", "TW"), ("L", "臺北市"), ("O", "測試協會")]).is_called("測試協會"));
    assert!(!holder(&[("C", "TW")]).is_called("TW"));
}
