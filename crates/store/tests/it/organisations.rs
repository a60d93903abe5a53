//! Lists of an organisation's certificates: order, pages, what is shown, and that no other's are in them.

use crate::sample::{card, certificate, days, gca, generation, holder, read, write};
use kaika_app::{
    Store,
    certificates::{ListOrder, ListPosition, ListQuery, ListedCertificate, StatusFilter},
};
use kaika_domain::{
    certificates::{Certificate, CertificateState, Hold, HoldBy, Placement, RevocationReason},
    holders::{Holder, Membership},
};
use kaika_wire::{CertificateRole, CertificateStatus};
use std::sync::Arc;

on_both! {
    certificates_are_listed_with_their_organisation,
    every_order_is_kept_over_pages,
    a_cards_certificates_come_by_role,
    certificates_are_shown_by_status,
    a_period_is_kept_to,
    a_holder_goes_to_another_organisation_with_everything,
    servers_that_start_together_put_a_holder_there_once,
    holders_come_in_pages_and_a_rule_is_remembered,
}

const OURS: &str = "gca\nO=ours";

/// As the calendar counts, which is not the order of the signs.
fn sorted_by(name: &str) -> String {
    let place = ["甲", "乙", "丙", "丁", "戊"].iter().position(|one| *one == name);
    place.map_or_else(|| name.to_owned(), |place| format!("B{place}\n{name}"))
}

fn membership(key: &str, name: &str) -> Membership {
    Membership { key: key.to_owned(), holder: name.to_owned(), sorted_by: sorted_by(name) }
}

/// Holder, card and certificate `n` of this organisation.
async fn listed(store: &dyn Store, n: u8, key: &str, name: &str, change: impl FnOnce(&mut Certificate)) -> Holder {
    let holder = holder(n);
    let card = card(n, &holder);
    let mut certificate = certificate(n, &generation(1), &holder);
    certificate.card = Some(card.id);
    change(&mut certificate);
    write(store, async |work| {
        work.insert_holder(&holder).await?;
        work.upsert_member(holder.id, Some(&membership(key, name))).await?;
        work.insert_card(&card).await?;
        work.insert_certificates(&[certificate]).await
    })
    .await
    .unwrap();
    holder
}

async fn with_generation(store: &dyn Store) {
    write(store, async |work| work.insert_generation(&generation(1)).await).await.unwrap();
}

fn query(order: ListOrder) -> ListQuery<'static> {
    ListQuery {
        organisation: OURS,
        order,
        shown: StatusFilter::All,
        ending: None,
        after: None,
        limit: 100,
        now: days(0),
    }
}

async fn list(store: &dyn Store, query: &ListQuery<'_>) -> Vec<ListedCertificate> {
    read(store).await.list_certificates(query).await.unwrap()
}

async fn names(store: &dyn Store, query: &ListQuery<'_>) -> Vec<String> {
    list(store, query).await.into_iter().map(|one| one.holder).collect()
}

async fn certificates_are_listed_with_their_organisation(store: Arc<dyn Store>) {
    with_generation(&*store).await;
    let written = Some(Placement::Written { read_back_at: days(1) });
    listed(&*store, 1, OURS, "甲", |certificate| certificate.placement = written).await;
    listed(&*store, 2, OURS, "乙", |certificate| certificate.role = CertificateRole::CardAuthentication.into()).await;
    listed(&*store, 3, OURS, "丙", |certificate| certificate.card = None).await;
    listed(&*store, 4, "gca\nO=other", "丁", |_| {}).await;
    listed(&*store, 5, "xca\nO=ours", "戊", |_| {}).await;
    // One that is in no organisation.
    let alone = holder(6);
    let card = card(6, &alone);
    let certificate = Certificate { card: Some(card.id), ..certificate(6, &generation(1), &alone) };
    write(&*store, async |work| {
        work.insert_holder(&alone).await?;
        work.insert_card(&card).await?;
        work.insert_certificates(&[certificate]).await
    })
    .await
    .unwrap();
    for order in [ListOrder::Holder, ListOrder::Number, ListOrder::Expiry, ListOrder::LatestExpiry] {
        let [one] = list(&*store, &query(order)).await.try_into().unwrap();
        assert_eq!((one.holder.as_str(), one.number.as_str()), ("甲", "GC00000000000001"));
        assert_eq!((one.role, one.not_before, one.not_after), (CertificateRole::Signature, days(0), days(365)));
        assert_eq!(one.state, CertificateState::Held { holds: Vec::new() });
        assert!(one.written);
        assert_eq!(one.serial, crate::sample::serial(1));
    }
}

async fn every_order_is_kept_over_pages(store: Arc<dyn Store>) {
    with_generation(&*store).await;
    // Two of one name; two that end on one day.
    for (n, name, ends) in [(1, "丙", 30), (2, "乙", 10), (3, "乙", 20), (4, "甲", 20), (5, "A", 40)] {
        listed(&*store, n, OURS, name, |certificate| certificate.not_after = days(ends)).await;
    }
    for (order, expected) in [
        // Holders 2 and 3 have one name: card 2 comes before card 3.
        (ListOrder::Holder, [5, 4, 2, 3, 1]),
        (ListOrder::Number, [1, 2, 3, 4, 5]),
        (ListOrder::Expiry, [2, 3, 4, 1, 5]),
        (ListOrder::LatestExpiry, [5, 1, 4, 3, 2]),
    ] {
        let numbers = |page: &[ListedCertificate]| -> Vec<u8> {
            page.iter().map(|one| one.number.as_str()[2..].parse().unwrap()).collect()
        };
        let whole = list(&*store, &query(order)).await;
        assert_eq!(numbers(&whole), expected, "{order:?}");
        for limit in [1, 2, 5] {
            let mut after: Option<ListPosition> = None;
            let mut found = Vec::new();
            loop {
                let page = list(&*store, &ListQuery { after: after.as_ref(), limit, ..query(order) }).await;
                let Some(last) = page.last() else { break };
                after = Some(last.place(days(0)));
                assert!(page.len() <= limit as usize);
                found.extend(page);
            }
            assert_eq!(numbers(&found), expected, "{order:?}, {limit} at once");
        }
    }
}

async fn a_cards_certificates_come_by_role(store: Arc<dyn Store>) {
    use CertificateRole::{Encryption, Login, Signature};
    with_generation(&*store).await;
    let holder = holder(1);
    let cards = [card(1, &holder), card(2, &holder)];
    write(&*store, async |work| {
        work.insert_holder(&holder).await?;
        work.upsert_member(holder.id, Some(&membership(OURS, "甲"))).await?;
        for card in &cards {
            work.insert_card(card).await?;
        }
        // Neither by the number of the certificate nor by that of the card.
        let roles = [(1, Login, 1), (2, Signature, 0), (3, Encryption, 1), (4, Login, 0), (5, Signature, 1)];
        let of_role = |(n, role, on): (u8, CertificateRole, usize)| Certificate {
            card: Some(cards[on].id),
            role: role.into(),
            ..certificate(n, &generation(1), &holder)
        };
        work.insert_certificates(&roles.map(of_role)).await
    })
    .await
    .unwrap();
    let sorted = [(1, Signature), (1, Login), (2, Signature), (2, Encryption), (2, Login)];
    for order in [ListOrder::Holder, ListOrder::Number, ListOrder::Expiry, ListOrder::LatestExpiry] {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = list(&*store, &ListQuery { after: after.as_ref(), limit: 2, ..query(order) }).await;
            let Some(last) = page.last() else { break };
            after = Some(last.place(days(0)));
            found.extend(page.iter().map(|one| (one.number.as_str()[2..].parse::<u8>().unwrap(), one.role)));
        }
        if order == ListOrder::LatestExpiry {
            found.reverse();
        }
        assert_eq!(found, sorted, "{order:?}");
    }
}

async fn certificates_are_shown_by_status(store: Arc<dyn Store>) {
    with_generation(&*store).await;
    let hold = || Hold { by: HoldBy::Authority, reason: "test".into(), at: days(0) };
    let revoked = || CertificateState::Revoked { reason: RevocationReason::Superseded, at: days(0) };
    let states = [
        ("held", CertificateState::Held { holds: Vec::new() }, 30),
        ("barred", CertificateState::Held { holds: vec![hold()] }, 30),
        ("valid", CertificateState::Valid, 30),
        ("to the last second", CertificateState::Valid, 0),
        ("suspended", CertificateState::Suspended { holds: vec![hold()] }, 30),
        ("revoked", revoked(), 30),
        ("revoked and expired", revoked(), -1),
        ("expired", CertificateState::Valid, -1),
        ("suspended and expired", CertificateState::Suspended { holds: vec![hold()] }, -1),
    ];
    for (n, (name, state, ends)) in (1..).zip(states) {
        listed(&*store, n, OURS, name, |certificate| {
            certificate.state = state;
            certificate.not_after = days(ends);
        })
        .await;
    }
    let all = list(&*store, &query(ListOrder::Number)).await;
    for status in CertificateStatus::ALL {
        let shown = list(&*store, &ListQuery { shown: StatusFilter::With(status), ..query(ListOrder::Number) }).await;
        let expected: Vec<_> = all.iter().filter(|one| one.status(days(0)) == status).cloned().collect();
        assert!(!expected.is_empty(), "{status:?}");
        assert_eq!(shown, expected, "{status:?}");
    }
    let unrevoked = names(&*store, &ListQuery { shown: StatusFilter::Unrevoked, ..query(ListOrder::Number) }).await;
    assert_eq!(unrevoked.len(), all.len() - 2);
    assert!(!unrevoked.iter().any(|name| name.starts_with("revoked")));
}

async fn a_period_is_kept_to(store: Arc<dyn Store>) {
    with_generation(&*store).await;
    for (n, name, ends) in [(1, "gone", -1), (2, "now", 0), (3, "soon", 90), (4, "later", 91)] {
        listed(&*store, n, OURS, name, |certificate| certificate.not_after = days(ends)).await;
    }
    for (order, expected) in [
        (ListOrder::Expiry, ["now", "soon"]),
        (ListOrder::LatestExpiry, ["soon", "now"]),
        (ListOrder::Holder, ["now", "soon"]),
    ] {
        let asked = ListQuery { ending: Some(days(0)..=days(90)), ..query(order) };
        assert_eq!(names(&*store, &asked).await, expected, "{order:?}");
    }
}

async fn a_holder_goes_to_another_organisation_with_everything(store: Arc<dyn Store>) {
    with_generation(&*store).await;
    let one = listed(&*store, 1, OURS, "甲", |_| {}).await;
    listed(&*store, 2, OURS, "乙", |_| {}).await;
    let put = async |membership: Option<Membership>| {
        write(&*store, async |work| work.upsert_member(one.id, membership.as_ref()).await).await.unwrap();
    };
    let theirs = ListQuery { organisation: "gca\nO=theirs", ..query(ListOrder::Number) };
    put(Some(membership("gca\nO=theirs", "甲"))).await;
    assert_eq!(names(&*store, &query(ListOrder::Number)).await, ["乙"]);
    assert_eq!(names(&*store, &theirs).await, ["甲"]);
    // Its later certificates follow.
    let mut later = certificate(9, &generation(1), &one);
    later.card = Some(card(1, &one).id);
    write(&*store, async |work| work.insert_certificates(&[later]).await).await.unwrap();
    assert_eq!(names(&*store, &theirs).await, ["甲", "甲"]);
    put(None).await;
    assert_eq!(names(&*store, &theirs).await, [""; 0]);
    assert_eq!(names(&*store, &query(ListOrder::Number)).await, ["乙"]);
    put(Some(membership(OURS, "丙"))).await;
    assert_eq!(names(&*store, &query(ListOrder::Holder)).await, ["乙", "丙", "丙"]);
}

async fn servers_that_start_together_put_a_holder_there_once(store: Arc<dyn Store>) {
    with_generation(&*store).await;
    let one = listed(&*store, 1, "gca\nO=before", "甲", |_| {}).await;
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let (store, id) = (Arc::clone(&store), one.id);
            tokio::spawn(async move {
                let mut work = store.begin().await.unwrap();
                work.upsert_member(id, Some(&membership(OURS, "甲"))).await.unwrap();
                work.commit().await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(names(&*store, &query(ListOrder::Number)).await, ["甲"]);
}

async fn holders_come_in_pages_and_a_rule_is_remembered(store: Arc<dyn Store>) {
    let all: Vec<_> = (1..=5).map(holder).collect();
    write(&*store, async |work| {
        for holder in &all {
            work.insert_holder(holder).await?;
        }
        work.upsert_organisation_rule(&gca(), "O").await?;
        work.upsert_organisation_rule(&gca(), "C,O").await
    })
    .await
    .unwrap();
    let mut reader = read(&*store).await;
    assert_eq!(reader.holders(&gca(), None, 2).await.unwrap(), all[..2]);
    assert_eq!(reader.holders(&gca(), Some(all[1].id), 10).await.unwrap(), all[2..]);
    let other = "xca".parse().unwrap();
    assert_eq!(reader.holders(&other, None, 2).await.unwrap(), []);
    assert_eq!(reader.organisation_rule(&gca()).await.unwrap().as_deref(), Some("C,O"));
    assert_eq!(reader.organisation_rule(&other).await.unwrap(), None);
}
