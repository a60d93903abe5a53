//! Orders, and the attempts at making what was ordered.

use crate::sample::{NOW, assert_stale, card, days, job_id, read, seconds, with_card, with_holder, write};
use kaika_app::Store;
use kaika_domain::cards::{Findings, Making, MakingEnd, Order, OrderState};
use kaika_wire::{Capabilities, CardId, Guid, Lack, MakingId, OrderId};
use std::sync::Arc;

on_both! {
    orders_come_back_in_every_state,
    of_two_changes_of_an_order_the_second_is_stale,
    makings_come_back_however_they_ended,
    one_making_is_under_way,
}

fn order(n: u8, card: CardId, state: OrderState) -> Order {
    Order { id: OrderId::new(NOW, [n; 10]), card, ordered_at: seconds(n.into()), state, version: 1 }
}

fn making(n: u8, card: CardId) -> Making {
    Making::begin(MakingId::new(NOW, [n; 10]), card, Some(n.into()), seconds(n.into()))
}

async fn orders_come_back_in_every_state(store: Arc<dyn Store>) {
    let holder = with_holder(&*store).await;
    let states = [OrderState::Open, OrderState::Made { at: days(1) }, OrderState::Withdrawn { at: days(2) }];
    for (n, state) in (1..).zip(states) {
        let card = card(n, &holder);
        let mut order = order(n, card.id, OrderState::Open);
        write(&*store, async |work| {
            work.insert_card(&card).await?;
            work.insert_order(&order).await
        })
        .await
        .unwrap();
        order.state = state;
        write(&*store, async |work| work.update_order(&mut order).await).await.unwrap();
        assert_eq!(order.version, 2);
        assert_eq!(read(&*store).await.order_of_card(card.id).await.unwrap(), Some(order));
        assert_eq!(read(&*store).await.makings(card.id).await.unwrap(), []);
    }
    assert_eq!(read(&*store).await.order_of_card(card(9, &holder).id).await.unwrap(), None);
}

async fn of_two_changes_of_an_order_the_second_is_stale(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let mut first = order(1, card.id, OrderState::Open);
    write(&*store, async |work| work.insert_order(&first).await).await.unwrap();
    assert_stale(write(&*store, async |work| work.insert_order(&order(2, card.id, OrderState::Open)).await).await);
    let mut second = first.clone();
    first.state = OrderState::Made { at: days(1) };
    write(&*store, async |work| work.update_order(&mut first).await).await.unwrap();
    second.state = OrderState::Withdrawn { at: days(1) };
    assert_stale(write(&*store, async |work| work.update_order(&mut second).await).await);
    assert_eq!(read(&*store).await.order_of_card(card.id).await.unwrap(), Some(first));
}

async fn makings_come_back_however_they_ended(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    let mut all = Vec::new();
    for (n, how) in (1..).zip([MakingEnd::Released, MakingEnd::Spoilt, MakingEnd::Made]) {
        let mut making = making(n, card.id);
        write(&*store, async |work| work.insert_making(&making).await).await.unwrap();
        assert_eq!(read(&*store).await.making_under_way(card.id).await.unwrap().as_ref(), Some(&making));
        if how != MakingEnd::Released {
            (making.guid, making.changed_by) = (Some(Guid::from_bytes([n; 16])), Some(job_id(n)));
            making.found = Findings {
                capabilities: Some(Capabilities { piv: true, pin_tries: Some(n), ..Capabilities::default() }),
                objects_grow: (n == 2).then_some(false),
                tested: n > 1,
                missing: Lack::ALL.to_vec(),
            };
            write(&*store, async |work| work.update_making(&making).await).await.unwrap();
        }
        making.end(how, days(n.into())).unwrap();
        write(&*store, async |work| work.update_making(&making).await).await.unwrap();
        assert_eq!(read(&*store).await.making_under_way(card.id).await.unwrap(), None);
        assert_stale(write(&*store, async |work| work.update_making(&making).await).await);
        all.push(making);
    }
    assert_eq!(read(&*store).await.makings(card.id).await.unwrap(), all);
}

async fn one_making_is_under_way(store: Arc<dyn Store>) {
    let card = with_card(&*store).await;
    write(&*store, async |work| work.insert_making(&making(1, card.id)).await).await.unwrap();
    let nameless = Making { device: None, ..making(2, card.id) };
    assert_stale(write(&*store, async |work| work.insert_making(&nameless).await).await);
    let mut first = making(1, card.id);
    first.end(MakingEnd::Released, days(1)).unwrap();
    write(&*store, async |work| work.update_making(&first).await).await.unwrap();
    write(&*store, async |work| work.insert_making(&nameless).await).await.unwrap();
    assert_eq!(read(&*store).await.makings(card.id).await.unwrap(), [first, nameless]);
}
