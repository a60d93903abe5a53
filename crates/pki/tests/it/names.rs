//! Names as people read them.

use kaika_pki::DistinguishedName;
use kaika_pki::name::{Attribute, NameError};
use kaika_pki::text::Unreadable;
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, expected: Result<&[(Attribute, &str)], NameError>) {
    let found = text.parse::<DistinguishedName>();
    match expected {
        Err(error) => assert_eq!(found, Err(error), "{text}"),
        Ok(attributes) => {
            let name = found.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(name, DistinguishedName::new(attributes.iter().copied()).unwrap(), "{text}");
            assert_eq!(name.to_string().parse().as_ref(), Ok(&name), "{text}");
            assert_eq!(DistinguishedName::from_der(&name.to_der()).as_ref(), Ok(&name), "{text}");
        }
    }
}

#[test]
fn names_are_parsed() {
    use Attribute::{CommonName, Country, Organization, OrganizationalUnit, SerialNumber};
    let agency: &[_] =
        &[(Country, "TW"), (Organization, "行政院"), (OrganizationalUnit, "測試"), (OrganizationalUnit, "測試中心")];
    check("C=TW,O=行政院,OU=測試,OU=測試中心", Ok(agency));
    check(" c = TW , o= 行政院 ,Ou=測試,OU=測試中心 ", Ok(agency));
    check(
        "C=TW,CN=測試,serialNumber=0000000112345678",
        Ok(&[(Country, "TW"), (CommonName, "測試"), (SerialNumber, "0000000112345678")]),
    );
    check(r"O=A\, B\=C\\,CN=\ x\ ", Ok(&[(Organization, r"A, B=C\"), (CommonName, " x ")]));
    check("O=a=b", Ok(&[(Organization, "a=b")]));
    check(r"CN=\#1", Ok(&[(CommonName, "#1")]));

    check("", Err(NameError::Empty));
    check("  ", Err(NameError::Empty));
    check("C=tw", Err(NameError::Country));
    check("C=TWN", Err(NameError::Country));
    check("C=TW,O=", Err(NameError::EmptyValue(Organization)));
    check("C=TW,", Err(NameError::NoEquals(String::new())));
    check("C=TW,行政院", Err(NameError::NoEquals("行政院".to_owned())));
    check("DC=tw", Err(NameError::UnknownAttribute("DC".to_owned())));
    check(r"O=a\", Err(NameError::OpenEscape));
    check("serialNumber=測試", Err(NameError::NotPrintable(SerialNumber, '測')));
    check("O=a\u{7}", Err(NameError::ControlCharacter(Organization, '\u{7}')));
    check("CN=a,CN=b", Err(NameError::Twice(CommonName)));
    check(&format!("O={}", "院".repeat(64)), Ok(&[(Organization, &"院".repeat(64))]));
    check(&format!("O={}", "院".repeat(65)), Err(NameError::TooLong(Organization)));
}

#[test]
fn a_name_that_is_registered_can_be_read() {
    let readable = |text: &str| text.parse::<DistinguishedName>().unwrap().readable();
    assert_eq!(readable("C=TW,O=\\ Cafe\u{301}\\ "), Ok("C=TW,O=Caf\u{e9}".parse().unwrap()));
    let wrong = |why| Err(NameError::Unreadable(Attribute::Organization, why));
    assert_eq!(readable("C=TW,O=\\ \\ "), wrong(Unreadable::Blank));
    assert_eq!(readable("C=TW,O=院\u{202e}政"), wrong(Unreadable::Sign { sign: '\u{202e}', place: 2 }));
    let told = readable("C=TW,O=院\u{202e}政").unwrap_err().to_string();
    assert_eq!(told, "O: U+202E in place 2 is not seen, or turns what stands beside it");
    // What a program of before has registered is read all the same.
    let older = "C=TW,O=院\u{202e}政".parse::<DistinguishedName>().unwrap();
    assert_eq!(DistinguishedName::from_der(&older.to_der()), Ok(older));
}

#[test]
fn the_country_stands_first_in_what_is_shown() {
    let name = DistinguishedName::new([(Attribute::Country, "TW"), (Attribute::Organization, "行政院, 測試")]).unwrap();
    assert_eq!(name.to_string(), r"C=TW,O=行政院\, 測試");
    assert_eq!(name.value(Attribute::Organization), Some("行政院, 測試"));
}

proptest! {
    #[test]
    fn any_value_survives_text_and_der(value in "\\PC{1,64}") {
        let name = DistinguishedName::new([(Attribute::Country, "TW"), (Attribute::CommonName, value.as_str())]);
        let Ok(name) = name else { return Ok(()) };
        prop_assert_eq!(DistinguishedName::from_der(&name.to_der()), Ok(name.clone()));
        prop_assert_eq!(name.to_string().parse(), Ok(name));
    }

    #[test]
    fn no_text_panics(text in "[C=TW,O\\\\ #院]{0,40}") {
        if let Ok(name) = text.parse::<DistinguishedName>() {
            prop_assert_eq!(name.to_string().parse(), Ok(name));
        }
    }
}
