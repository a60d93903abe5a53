//! The ledger against a card that is cut off at random: what the card has is always among the candidates, no try is its
//! last, and an undisturbed job settles everything.

use kaika_domain::cards::{Choice, PukLedger, PukVersion};
use proptest::prelude::*;

/// The card's side: one PUK, three tries.
struct Card {
    puk: PukVersion,
    tries: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Refused,
    /// The card acted or not, and nobody knows.
    Lost,
}

impl Card {
    /// RESET RETRY COUNTER with this PUK, or the first half of its change.
    fn try_puk(&mut self, puk: PukVersion) -> bool {
        if puk == self.puk {
            self.tries = 3;
            return true;
        }
        self.tries -= 1;
        false
    }
}

/// Where a batch is cut: before the n-th command acts, or after it acted.
#[derive(Clone, Copy, Debug)]
struct Cut {
    at: usize,
    acted: bool,
    /// The agent lives and reports how far it came.
    reported: bool,
}

fn cut() -> impl Strategy<Value = Option<Cut>> {
    proptest::option::of((0..2_usize, any::<bool>(), any::<bool>()).prop_map(|(at, acted, reported)| Cut {
        at,
        acted,
        reported,
    }))
}

#[derive(Clone, Copy)]
enum Step {
    Reset(PukVersion),
    Change(PukVersion, PukVersion),
}

/// One job: settles where it must, then resets the retry counter and changes the PUK. True where it came to its end.
fn job(ledger: &mut PukLedger, card: &mut Card, cuts: &mut impl Iterator<Item = Option<Cut>>) -> bool {
    let mut wrong = false;
    loop {
        let (steps, last) = match ledger.choose(Some(card.tries)) {
            Choice::Certain(puk) => (vec![Step::Reset(puk), Step::Change(puk, ledger.next_version())], true),
            Choice::Try(puk) if !wrong => (vec![Step::Reset(puk)], false),
            Choice::Try(_) | Choice::None => return false,
        };
        for step in &steps {
            match step {
                Step::Reset(puk) => ledger.trying(*puk),
                // Tried once already in this batch, which stops at the first refusal.
                Step::Change(from, to) => ledger.replacing(*from, *to),
            }
        }
        let cut = cuts.next().flatten();
        let mut answers = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let lost = cut.is_some_and(|cut| cut.at == index);
            let right = match step {
                _ if lost && !cut.is_some_and(|cut| cut.acted) => false,
                Step::Reset(puk) => card.try_puk(*puk),
                Step::Change(from, to) => {
                    let right = card.try_puk(*from);
                    if right {
                        card.puk = *to;
                    }
                    right
                }
            };
            answers.push(match (lost, right) {
                (true, _) => Answer::Lost,
                (false, true) => Answer::Done,
                (false, false) => Answer::Refused,
            });
            if answers.last() != Some(&Answer::Done) {
                break;
            }
        }
        if cut.is_some_and(|cut| !cut.reported && cut.at < steps.len()) {
            return false;
        }
        for (step, answer) in steps.iter().zip(&answers) {
            match (step, answer) {
                (Step::Reset(puk), Answer::Done) => ledger.confirmed(*puk),
                (Step::Change(_, to), Answer::Done) => ledger.confirmed(*to),
                (Step::Reset(puk) | Step::Change(puk, _), Answer::Refused) => ledger.refused(*puk),
                (Step::Change(from, to), Answer::Lost) => ledger.unsettled(*from, *to),
                (Step::Reset(_), Answer::Lost) => {}
            }
        }
        if let Some(Step::Change(_, to)) = steps.get(answers.len()) {
            ledger.never_sent(*to);
        }
        match answers.last() {
            Some(Answer::Done) if last => return true,
            Some(Answer::Done) => {}
            Some(Answer::Refused) if !wrong => wrong = true,
            _ => return false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_card_cut_off_at_random_never_loses_its_puk(cuts in proptest::collection::vec(cut(), 0..40)) {
        let mut card = Card { puk: PukVersion::FACTORY, tries: 3 };
        let mut ledger = PukLedger::factory();
        let mut cuts = cuts.into_iter();
        for _ in 0..20 {
            job(&mut ledger, &mut card, &mut cuts);
            let open: Vec<_> = ledger
                .records()
                .iter()
                .filter(|record| record.state != kaika_domain::cards::PukState::Superseded)
                .map(|record| record.version)
                .collect();
            prop_assert!(open.contains(&card.puk), "the card has {:?}, the ledger {:?}", card.puk, ledger);
            prop_assert!(open.len() <= 2, "{ledger:?}");
            prop_assert!(card.tries >= 1, "the last try was spent: {ledger:?}");
        }
        // Nothing disturbs any more: where a try is left that is not the last, one job settles it.
        let mut quiet = std::iter::empty();
        let ended = job(&mut ledger, &mut card, &mut quiet);
        if card.tries > 1 {
            prop_assert!(ended, "{ledger:?}");
            prop_assert_eq!(ledger.settled(), Some(card.puk));
        }
    }
}

#[test]
#[should_panic(expected = "a PUK is replaced only when it is known which one the card has")]
fn an_unsettled_puk_is_not_replaced() {
    let mut ledger = PukLedger::factory();
    ledger.replacing(PukVersion::FACTORY, PukVersion(1));
    ledger.replacing(PukVersion::FACTORY, PukVersion(2));
}
