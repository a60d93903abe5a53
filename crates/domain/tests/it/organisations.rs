//! Which holders are of one organisation.

use kaika_domain::{
    authorities::Policy,
    holders::{Membership, organisation_name},
};
use kaika_pki::DistinguishedName;

fn policy(id: &str) -> Policy {
    let text = match id {
        "gca" => include_str!("../../../kaika/authorities/gca.toml"),
        "xca" => include_str!("../../../kaika/authorities/xca.toml"),
        _ => include_str!("../../../kaika/authorities/moica.toml"),
    };
    Policy::parse(text).expect(id)
}

/// `O=行政院 / OU=…`
fn subject(text: &str) -> DistinguishedName {
    let attributes = text.split(" / ").filter_map(|attribute| attribute.split_once('='));
    let attributes: Vec<_> = attributes.map(|(label, value)| (label.to_owned(), value.to_owned())).collect();
    attributes.try_into().expect(text)
}

#[track_caller]
fn key(authority: &str, text: &str) -> Option<String> {
    Membership::of(&policy(authority), &subject(text)).map(|membership| membership.key)
}

#[test]
fn units_of_one_agency_are_one_organisation() {
    let agency = key("gca", "C=TW / O=行政院 / OU=測試機關 TEST");
    assert!(agency.is_some());
    for same in [
        "C=TW / O=行政院 / OU=測試機關 TEST / OU=測試資訊處",
        "C=TW / O=行政院 / OU=測試機關 TEST / OU=測試資訊處 / OU=一科",
        "C=TW / O=行政院 / OU=測試機關 TEST / CN=測試人員 / serialNumber=0000000000000001",
        // As another officer may have typed it.
        "C=TW / O=行政院 / OU=測試機關ｔｅｓｔ / OU=測試秘書處",
    ] {
        assert_eq!(key("gca", same), agency, "{same}");
    }
    for other in [
        "C=TW / O=行政院",
        "C=TW / O=行政院 / OU=測試機關",
        "C=TW / O=行政院 / OU=測試資訊處",
        "C=TW / O=立法院 / OU=測試機關 TEST",
        "C=TW / L=臺北市 / O=行政院 / OU=測試機關 TEST",
        "C=TW / O=行政院OU=測試機關TEST",
    ] {
        assert_ne!(key("gca", other), agency, "{other}");
    }
}

#[test]
fn an_organisation_is_of_one_authority_and_one_place() {
    let taipei = key("xca", "C=TW / L=臺北市 / O=測試協會 TEST");
    assert_eq!(key("xca", "C=TW / L=台北市 / O=測試協會 TEST"), taipei);
    assert_eq!(key("xca", "C=TW / L=臺北市 / O=測試協會 TEST / OU=會務組"), taipei);
    assert_ne!(key("xca", "C=TW / L=高雄市 / O=測試協會 TEST"), taipei);
    assert_ne!(key("gca", "C=TW / L=臺北市 / O=測試協會 TEST"), taipei);
    assert_eq!(key("xca", "C=TW / CN=測試自然人"), None, "a person without one");
    assert_eq!(key("moica", "C=TW / L=臺北市 / O=測試協會 TEST"), None, "an authority without them");
}

#[test]
fn a_holder_is_shown_by_its_place_within() {
    for (authority, text, organisation, holder) in [
        ("gca", "C=TW / O=行政院 / OU=測試機關 / OU=測試資訊處", "行政院測試機關", "測試資訊處"),
        ("gca", "C=TW / O=行政院 / OU=測試機關 / OU=資訊處 / CN=甲", "行政院測試機關", "甲（資訊處）"),
        ("gca", "C=TW / O=行政院 / OU=測試機關", "行政院測試機關", "行政院測試機關"),
        ("xca", "C=TW / L=臺北市 / O=測試協會", "測試協會", "測試協會"),
    ] {
        let (policy, subject) = (policy(authority), subject(text));
        assert_eq!(organisation_name(&policy, &subject).as_deref(), Some(organisation));
        assert_eq!(Membership::of(&policy, &subject).map(|one| one.holder).as_deref(), Some(holder), "{text}");
    }
}

#[test]
fn holders_are_listed_in_the_order_in_which_people_count() {
    let policy = policy("gca");
    let unit = |name: &str| subject(&format!("C=TW / O=行政院 / OU=測試機關 / OU={name}"));
    let member = |name: &str| Membership::of(&policy, &unit(name)).unwrap();
    let sorted = ["2 組", "10 組", "Annex", "b棟", "第一組", "第二組", "第三組", "第十組", "臺北分局", "台南分局"];
    let mut members: Vec<_> = sorted.iter().rev().map(|name| member(name)).collect();
    members.sort_by(|one, other| one.sorted_by.cmp(&other.sorted_by));
    assert_eq!(members.iter().map(|one| one.holder.as_str()).collect::<Vec<_>>(), sorted);
}
