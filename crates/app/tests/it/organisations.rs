//! 機關所有憑證, 快過期憑證 and whether strangers find a card: who sees what.

use super::servers::sites;
use kaika_app::{
    App,
    access::CardPrincipal,
    cards::{CardOrder, order_card},
    certificates::{
        CertificatePage, ListRequest, Sorting, certificate_file, certificate_status, find_certificates,
        list_certificates, my_card, set_publication,
    },
    holders::organise,
};
use kaika_domain::{
    cards::CardRank,
    certificates::{Certificate, CertificateState, Hold, HoldBy, RevocationReason},
    holders::{Membership, Organisation},
};
use kaika_fixtures::{Site, code, gca, log_in, operator};
use kaika_pki::CertificateDigest;
use kaika_wire::{CardNumber, CertificateId, CertificateRole, CertificateStatus, Code, SerialNumber};
use std::sync::Arc;
use time::Duration;

/// Another card, and a certificate for it that ends so many days from now.
fn another(site: &Site, app: &App, n: u8, units: &[&str], days: i64, state: CertificateState) -> CardNumber {
    let units: String = units.iter().map(|unit| format!(",OU={unit}")).collect();
    let subject = format!("C=TW,O=行政院{units}").parse().unwrap();
    let (organisation, rank) = (Organisation::default(), CardRank::Primary);
    let order = CardOrder { organisation, rank, ..CardOrder::of(subject) };
    site.runtime().block_on(async {
        let card = order_card(app, &gca(), order, None, &operator()).await.unwrap().card;
        let mut work = app.store.begin().await.unwrap();
        let own = work.card_by_number(&site.number).await.unwrap().unwrap();
        let model = work.certificates_of_card(own.id).await.unwrap().remove(1);
        let certificate = Certificate {
            id: CertificateId::new(app.now(), [n; 10]),
            holder: card.holder,
            card: Some(card.id),
            role: CertificateRole::Signature.into(),
            serial: SerialNumber::from_random([n; 16]),
            key_fingerprint: [n; 32].into(),
            not_after: app.now() + Duration::days(days),
            state,
            ..model
        };
        work.insert_certificates(&[certificate]).await.unwrap();
        work.commit().await.unwrap();
        card.number
    })
}

fn everything() -> ListRequest {
    ListRequest { expiring: false, sorting: Sorting::Holder, status: None, after: None, limit: 100 }
}

fn list(site: &Site, app: &App, who: &CardPrincipal, request: &ListRequest) -> CertificatePage {
    site.runtime().block_on(list_certificates(app, who, request)).unwrap()
}

fn holders(page: &CertificatePage) -> Vec<&str> {
    page.certificates.iter().map(|(certificate, _)| certificate.holder.as_str()).collect()
}

fn with_five_others(site: &Site, app: &App) {
    let suspended =
        CertificateState::Suspended { holds: vec![Hold { by: HoldBy::Holder, reason: "lost".into(), at: app.now() }] };
    let revoked = CertificateState::Revoked { reason: RevocationReason::Superseded, at: app.now() };
    for (n, unit, days, state) in [
        (1, "甲處", 10, CertificateState::Valid),
        (2, "乙處", 90, suspended),
        (3, "丙處", 30, revoked),
        (4, "丁處", -1, CertificateState::Valid),
        (5, "戊處", 91, CertificateState::Valid),
    ] {
        another(site, app, n, &["測試機關", unit], days, state);
    }
    // Of others, however alike they look.
    another(site, app, 6, &["測試機關二"], 10, CertificateState::Valid);
    another(site, app, 7, &[], 10, CertificateState::Valid);
    another(site, app, 8, &["別的機關", "測試機關"], 10, CertificateState::Valid);
}

#[test]
fn an_organisations_certificates_are_seen_by_its_primary_card_alone() {
    let site = Site::activated();
    let app = site.open();
    with_five_others(&site, &app);
    let (_, who) = log_in(&site, &app);
    let all = list(&site, &app, &who, &everything());
    assert_eq!((all.organisation.as_str(), all.days), ("行政院測試機關", 90));
    assert!(all.next.is_none());
    let own = "行政院測試機關";
    assert_eq!(holders(&all), ["丁處", "丙處", "乙處", "戊處", "甲處", own, own, own]);
    assert!(all.certificates.iter().all(|(one, _)| one.role != CertificateRole::CardAuthentication));

    let statuses = |status| {
        let page = list(&site, &app, &who, &ListRequest { status: Some(status), ..everything() });
        page.certificates.len()
    };
    use CertificateStatus::{Expired, Held, Revoked, Suspended, Valid};
    assert_eq!([Valid, Held, Suspended, Expired, Revoked].map(statuses), [5, 0, 1, 1, 1]);

    // A supplementary card of the same organisation sees its own, and is told which card helps.
    site.runtime().block_on(async {
        let mut work = app.store.begin().await.unwrap();
        let mut card = work.card_by_number(&site.number).await.unwrap().unwrap();
        card.rank = CardRank::Supplementary;
        work.update_card(&mut card).await.unwrap();
        work.commit().await.unwrap();
    });
    let (_, supplementary) = log_in(&site, &app);
    let refused = site.runtime().block_on(list_certificates(&app, &supplementary, &everything()));
    assert_eq!(code(refused), Code::PrimaryCardNeeded);
    let mine = site.runtime().block_on(my_card(&app, &supplementary)).unwrap();
    assert_eq!(
        (mine.card.number, mine.card.rank, mine.certificates.len()),
        (site.number.clone(), CardRank::Supplementary, 3)
    );
    assert_eq!(mine.organisation.as_deref(), Some("行政院測試機關"));
    site.close(&app);
}

#[test]
fn a_list_is_sorted_and_comes_in_pages() {
    let site = Site::activated();
    let app = site.open();
    with_five_others(&site, &app);
    let (_, who) = log_in(&site, &app);
    for sorting in Sorting::ALL {
        let request = ListRequest { sorting, ..everything() };
        let whole = list(&site, &app, &who, &request).certificates;
        assert_eq!(whole.len(), 8);
        let is_sorted = match sorting {
            Sorting::Holder => whole.is_sorted_by_key(|(one, _)| one.holder.clone()),
            Sorting::Number => whole.is_sorted_by_key(|(one, _)| one.number.clone()),
            Sorting::Expiry => whole.is_sorted_by_key(|(one, _)| one.not_after),
            Sorting::LatestExpiry => whole.iter().rev().is_sorted_by_key(|(one, _)| one.not_after),
            Sorting::Status => {
                whole.is_sorted_by_key(|(_, status)| CertificateStatus::ALL.iter().position(|one| one == status))
            }
        };
        assert!(is_sorted, "{sorting:?}");
        for limit in [1, 3, 8] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = list(&site, &app, &who, &ListRequest { after, limit, ..request.clone() });
                found.extend(page.certificates);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, whole, "{sorting:?}, {limit} at once");
        }
    }
    site.close(&app);
}

#[test]
fn what_expires_within_the_policys_days_is_in_the_list() {
    let site = Site::activated();
    let app = site.open();
    with_five_others(&site, &app);
    let (_, who) = log_in(&site, &app);
    let expiring = ListRequest { expiring: true, sorting: Sorting::Expiry, ..everything() };
    let page = list(&site, &app, &who, &expiring);
    assert_eq!(holders(&page), ["甲處", "乙處"], "neither revoked nor over, nor later");
    let by_status = list(&site, &app, &who, &ListRequest { sorting: Sorting::Status, ..expiring.clone() });
    assert_eq!(holders(&by_status), ["甲處", "乙處"]);
    let suspended = ListRequest { status: Some(CertificateStatus::Suspended), ..expiring };
    assert_eq!(holders(&list(&site, &app, &who, &suspended)), ["乙處"]);
    site.close(&app);
}

#[test]
fn holders_of_before_are_put_into_organisations() {
    let site = Site::builder()
        .policy(|policy| {
            let (before, rest) = policy.split_once("[organisation]").unwrap();
            format!("{before}{}", &rest[rest.find("[certificates]").unwrap()..])
        })
        .activated();
    let app = site.open();
    another(&site, &app, 1, &["測試機關", "甲處"], 10, CertificateState::Valid);
    let (_, who) = log_in(&site, &app);
    let refused = site.runtime().block_on(list_certificates(&app, &who, &everything()));
    assert_eq!(code(refused), Code::NotFound, "this authority has none");
    site.runtime().block_on(organise(&app)).unwrap();
    site.close(&app);

    for (named_by, expected) in [("\"C\", \"O\", \"OU\"", 4), ("\"O\", \"OU\", \"OU\"", 3), ("\"O\"", 4)] {
        let site = site.with_policy(|policy| policy.replace("\"C\", \"L\", \"O\", \"OU\"", named_by));
        let app = site.open();
        for _ in 0..2 {
            site.runtime().block_on(organise(&app)).unwrap();
        }
        let (_, who) = log_in(&site, &app);
        assert_eq!(list(&site, &app, &who, &everything()).certificates.len(), expected, "{named_by}");
        site.close(&app);
    }
}

/// The rule by which names are joined and sorted has a number: another one's are made anew.
#[test]
fn what_an_older_rule_has_made_is_made_anew() {
    for site in sites(|postgres| Site::builder().database(postgres).activated()) {
        let app = site.open();
        for (n, unit) in [(1, "第十組"), (2, "第二組")] {
            another(&site, &app, n, &["測試機關", unit], 10, CertificateState::Valid);
        }
        let (_, who) = log_in(&site, &app);
        site.runtime().block_on(async {
            let policy = app.policy(&gca()).unwrap();
            let mut work = app.store.begin().await.unwrap();
            for holder in work.holders(&gca(), None, 200).await.unwrap() {
                let now = Membership::of(policy, &holder.subject).unwrap();
                let before = Membership { holder: "before".into(), sorted_by: String::new(), ..now };
                work.upsert_member(holder.id, Some(&before)).await.unwrap();
            }
            work.upsert_organisation_rule(&gca(), "C,L,O,OU 2").await.unwrap();
            work.commit().await.unwrap();
        });
        assert_eq!(holders(&list(&site, &app, &who, &everything())), ["before"; 5]);
        site.runtime().block_on(organise(&app)).unwrap();
        let own = "行政院測試機關";
        assert_eq!(holders(&list(&site, &app, &who, &everything())), ["第二組", "第十組", own, own, own]);
        site.close(&app);
    }
}

#[test]
fn strangers_find_a_card_as_long_as_its_holder_lets_them() {
    let site = Site::activated();
    let app = site.open();
    let (_, who) = log_in(&site, &app);
    let find = || site.runtime().block_on(find_certificates(&app, &gca(), &site.number, "測試機關"));
    let status = |serial: &SerialNumber| site.runtime().block_on(certificate_status(&app, &gca(), serial));
    let file = |hash: CertificateDigest| site.runtime().block_on(certificate_file(&app, &gca(), &hash.to_string()));
    let found = find().unwrap();
    let all: Vec<_> = site.runtime().block_on(async {
        let mut reader = app.store.read().await.unwrap();
        let card = reader.card_by_number(&site.number).await.unwrap().unwrap();
        reader.certificates_of_card(card.id).await.unwrap()
    });
    assert_eq!(all.len(), 4, "with the card's own");
    let set = |on| site.runtime().block_on(set_publication(&app, &who, on)).unwrap();
    let mine = || site.runtime().block_on(my_card(&app, &who)).unwrap();
    assert!(mine().published);
    set(true);

    for _ in 0..2 {
        set(false);
    }
    assert_eq!(code(find()), Code::NotFound);
    for one in &all {
        assert_eq!((code(status(&one.serial)), code(file(one.sha256))), (Code::NotFound, Code::NotFound));
    }
    let own = mine();
    assert_eq!((own.published, own.certificates.len()), (false, 3), "the holder still sees them");

    set(true);
    assert_eq!(find().unwrap(), found);
    for one in &all {
        let public = one.role != CertificateRole::CardAuthentication;
        assert_eq!((status(&one.serial).is_ok(), file(one.sha256).is_ok()), (public, public));
    }
    let events = async { app.store.read().await.unwrap().audit_events(0, 1000).await.unwrap() };
    let events = site.runtime().block_on(events);
    let set: Vec<_> = events.iter().filter(|event| event.action == "publication.set").collect();
    assert_eq!(set.len(), 2, "what changes nothing is not told");
    assert!(set[0].payload.contains("\"published\":false") && set[0].actor == format!("holder:{}", site.number));
    site.close(&app);
}

/// Nothing of it hangs on the order in which cards and certificates come.
#[test]
fn a_card_of_the_organisation_that_comes_later_is_listed() {
    let site = Site::activated();
    let app: Arc<App> = site.open();
    let (_, who) = log_in(&site, &app);
    assert_eq!(list(&site, &app, &who, &everything()).certificates.len(), 3);
    let number = another(&site, &app, 1, &["測試機關", "新單位"], 10, CertificateState::Held { holds: Vec::new() });
    let page = list(&site, &app, &who, &ListRequest { sorting: Sorting::Expiry, ..everything() });
    let (first, status) = &page.certificates[0];
    assert_eq!((&first.number, *status), (&number, CertificateStatus::Held));
    site.close(&app);
}
