//! Holders and cards.

use crate::sample::{NOW, assert_stale, card, days, gca, holder, read, seconds, with_card, with_holder, write};
use kaika_app::Store;
use kaika_domain::{
    cards::{Card, CardRank, CardState, TerminationReason},
    holders::Holder,
};
use kaika_wire::Guid;
use std::sync::Arc;

on_both! {
    holders_come_back,
    cards_come_back_in_every_state,
    what_is_not_there_is_none,
    a_card_number_is_taken_once,
    a_card_needs_its_holder,
    of_two_updates_of_one_version_the_second_is_stale,
    a_device_is_one_card_that_is_not_terminated,
    the_oldest_order_waits_without_a_device,
    cards_come_in_the_order_of_their_orders,
    an_authority_has_cards_once_one_is_ordered,
    overdue_are_those_dispatched_before_page_by_page,
}

async fn an_authority_has_cards_once_one_is_ordered(store: Arc<dyn Store>) {
    assert!(!read(&*store).await.has_cards(&gca()).await.unwrap());
    with_card(&*store).await;
    assert!(read(&*store).await.has_cards(&gca()).await.unwrap());
    assert!(!read(&*store).await.has_cards(&"moica".parse().unwrap()).await.unwrap());
}

async fn holders_come_back(store: Arc<dyn Store>) {
    let (plain, full) = (holder(2), kaika_fixtures::sample::holder(gca(), NOW));
    for holder in [&plain, &full] {
        write(&*store, async |work| work.insert_holder(holder).await).await.unwrap();
    }
    for holder in [&plain, &full] {
        assert_eq!(read(&*store).await.holder(holder.id).await.unwrap().as_ref(), Some(holder));
    }
    // What is known of one later.
    let later = Holder { id: plain.id, subject: plain.subject, ..full };
    write(&*store, async |work| work.update_holder(&later).await).await.unwrap();
    assert_eq!(read(&*store).await.holder(later.id).await.unwrap(), Some(later));
}

fn every_state() -> Vec<CardState> {
    let reasons = [
        TerminationReason::NotActivatedInTime,
        TerminationReason::Lost,
        TerminationReason::Replaced,
        TerminationReason::Destroyed,
        TerminationReason::NoLongerNeeded,
    ];
    let mut states = vec![
        CardState::Ordered,
        CardState::Personalised { at: days(1) },
        CardState::Dispatched { at: days(2) },
        CardState::Activated { dispatched_at: days(2), at: days(3) },
    ];
    states.extend(reasons.map(|reason| CardState::Terminated { reason, at: days(4) }));
    states
}

async fn cards_come_back_in_every_state(store: Arc<dyn Store>) {
    let holder = with_holder(&*store).await;
    for (n, state) in (1..).zip(every_state()) {
        let mut inserted = card(n, &holder);
        inserted.state = state.clone();
        if n % 2 == 0 {
            inserted.rank = CardRank::Supplementary;
            inserted.device = Some(u32::MAX - u32::from(n));
            inserted.guid = Some(Guid::from_bytes([n; 16]));
        }
        write(&*store, async |work| work.insert_card(&inserted).await).await.unwrap();
        assert_eq!(found(&*store, &inserted).await, inserted);

        let mut updated = card(n + 100, &holder);
        write(&*store, async |work| work.insert_card(&updated).await).await.unwrap();
        updated.state = state;
        updated.rank = CardRank::Supplementary;
        updated.device = Some(n.into());
        updated.guid = Some(Guid::from_bytes([n; 16]));
        updated.ordered_at = days(-1);
        write(&*store, async |work| work.update_card(&mut updated).await).await.unwrap();
        assert_eq!(updated.version, 2);
        assert_eq!(found(&*store, &updated).await, updated);
    }
}

/// By its id and by its number.
async fn found(store: &dyn Store, card: &Card) -> Card {
    let by_id = read(store).await.card(card.id).await.unwrap();
    assert_eq!(read(store).await.card_by_number(&card.number).await.unwrap(), by_id);
    by_id.unwrap()
}

async fn what_is_not_there_is_none(store: Arc<dyn Store>) {
    let (holder, mut reader) = (holder(1), read(&*store).await);
    let card = card(1, &holder);
    assert_eq!(reader.holder(holder.id).await.unwrap(), None);
    assert_eq!(reader.card(card.id).await.unwrap(), None);
    assert_eq!(reader.card_by_number(&card.number).await.unwrap(), None);
    assert_eq!(reader.cards_by_device(1).await.unwrap(), []);
    assert_eq!(reader.oldest_order(None).await.unwrap(), None);
    assert_eq!(reader.cards(&gca()).await.unwrap(), []);
}

async fn a_card_number_is_taken_once(store: Arc<dyn Store>) {
    let first = with_card(&*store).await;
    let mut second = card(2, &holder(1));
    second.number = first.number.clone();
    assert_stale(write(&*store, async |work| work.insert_card(&second).await).await);
    assert_eq!(read(&*store).await.cards(&gca()).await.unwrap(), [first]);
}

async fn a_card_needs_its_holder(store: Arc<dyn Store>) {
    let orphan = card(1, &holder(1));
    let refused = write(&*store, async |work| work.insert_card(&orphan).await).await;
    assert!(matches!(refused, Err(kaika_app::StoreError::Database(_))), "{refused:?}");
}

async fn of_two_updates_of_one_version_the_second_is_stale(store: Arc<dyn Store>) {
    let mut first = with_card(&*store).await;
    let mut second = first.clone();
    first.state = CardState::Personalised { at: days(1) };
    write(&*store, async |work| work.update_card(&mut first).await).await.unwrap();
    second.device = Some(7);
    assert_stale(write(&*store, async |work| work.update_card(&mut second).await).await);
    assert_eq!(second.version, 1, "a refused update leaves the version as it was");
    assert_eq!(found(&*store, &first).await, first);

    let mut unknown = card(9, &holder(1));
    assert_stale(write(&*store, async |work| work.update_card(&mut unknown).await).await);
}

async fn a_device_is_one_card_that_is_not_terminated(store: Arc<dyn Store>) {
    let holder = with_holder(&*store).await;
    let made = |n: u8, state: CardState| Card { device: Some(4711), state, ..card(n, &holder) };
    let lost = || CardState::Terminated { reason: TerminationReason::Lost, at: days(9) };
    let cards = [
        made(1, lost()),
        made(2, CardState::Dispatched { at: days(2) }),
        made(3, lost()),
        Card { device: Some(4712), ..card(4, &holder) },
        card(5, &holder),
        card(6, &holder),
    ];
    for card in &cards {
        write(&*store, async |work| work.insert_card(card).await).await.unwrap();
    }
    for device in [4711, 4712] {
        let mut second = Card { device: Some(device), ..cards[4].clone() };
        assert_stale(write(&*store, async |work| work.update_card(&mut second).await).await);
    }
    let mut reader = read(&*store).await;
    assert_eq!(reader.cards_by_device(4711).await.unwrap(), cards[1..2]);
    assert_eq!(reader.cards_by_device(4712).await.unwrap(), cards[3..4]);
    assert_eq!(reader.cards_by_device(4713).await.unwrap(), []);
}

async fn the_oldest_order_waits_without_a_device(store: Arc<dyn Store>) {
    let holder = with_holder(&*store).await;
    let taken = Card { device: Some(1), ..card(1, &holder) };
    let made = Card { state: CardState::Personalised { at: days(1) }, ..card(2, &holder) };
    let elsewhere = Card { authority: "moica".parse().unwrap(), ..card(3, &holder) };
    let oldest = Card { ordered_at: seconds(4), ..card(5, &holder) };
    let as_old = Card { ordered_at: seconds(4), ..card(6, &holder) };
    let newer = Card { ordered_at: seconds(6), ..card(4, &holder) };
    for card in [&newer, &as_old, &oldest, &elsewhere, &made, &taken] {
        write(&*store, async |work| work.insert_card(card).await).await.unwrap();
    }
    let mut reader = read(&*store).await;
    assert_eq!(reader.oldest_order(Some(&gca())).await.unwrap(), Some(oldest));
    assert_eq!(reader.oldest_order(None).await.unwrap(), Some(elsewhere));
    assert_eq!(reader.oldest_order(Some(&"xca".parse().unwrap())).await.unwrap(), None);
}

async fn cards_come_in_the_order_of_their_orders(store: Arc<dyn Store>) {
    let holder = with_holder(&*store).await;
    let at = |n: u8, second: i64| Card { ordered_at: seconds(second), ..card(n, &holder) };
    let (first, second, third) = (at(9, 1), at(1, 2), at(2, 2));
    let elsewhere = Card { authority: "moica".parse().unwrap(), ..card(3, &holder) };
    for card in [&third, &first, &elsewhere, &second] {
        write(&*store, async |work| work.insert_card(card).await).await.unwrap();
    }
    assert_eq!(read(&*store).await.cards(&gca()).await.unwrap(), [first, second, third]);
}

async fn overdue_are_those_dispatched_before_page_by_page(store: Arc<dyn Store>) {
    let holder = with_holder(&*store).await;
    let sent = |n: u8, at| Card { state: CardState::Dispatched { at }, ..card(n, &holder) };
    let (oldest, older, old) = (sent(5, days(-9)), sent(1, days(-8)), sent(2, days(-8)));
    let others = [
        sent(4, days(-7)),
        card(3, &holder),
        Card { state: CardState::Activated { dispatched_at: days(-9), at: days(-8) }, ..card(6, &holder) },
        Card { state: CardState::Terminated { reason: TerminationReason::Lost, at: days(-9) }, ..card(7, &holder) },
        Card { authority: "moica".parse().unwrap(), ..sent(8, days(-9)) },
    ];
    for card in [&old, &older, &oldest].into_iter().chain(&others) {
        write(&*store, async |work| work.insert_card(card).await).await.unwrap();
    }
    let mut reader = read(&*store).await;
    let all = [oldest, older, old];
    assert_eq!(reader.overdue_cards(&gca(), days(-7), None, u32::MAX).await.unwrap(), all);
    assert_eq!(reader.overdue_cards(&gca(), days(-7), None, 2).await.unwrap(), all[..2]);
    assert_eq!(reader.overdue_cards(&gca(), days(-7), Some(&all[1]), 2).await.unwrap(), all[2..]);
    assert_eq!(reader.overdue_cards(&gca(), days(-9), None, 2).await.unwrap(), []);
}
