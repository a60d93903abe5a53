//! What a window does with what people, pages and cards do to it.

use super::*;
use crate::serve::card_window::sample::{NUMBER, asked, offer, state};
use kaika_wire::{Aftermath, CertificateStatus};

fn asking() -> State {
    state(Stage::Asking { offer: offer(NUMBER), others: false, remarks: Vec::new() })
}

fn typed() -> InputForm {
    let text = r#"{"user_code": "Abc123", "new_pin": "135790", "new_pin_again": "135790"}"#;
    serde_json::from_str(text).unwrap()
}

fn ticket() -> Zeroizing<String> {
    Zeroizing::new("a-ticket".to_owned())
}

fn number() -> CardNumber {
    NUMBER.parse().unwrap()
}

#[test]
fn a_ticket_that_is_nearly_over_is_not_tried() {
    let start = Instant::now();
    for (age, begins) in [(TICKET_GOOD - Duration::from_secs(1), true), (TICKET_GOOD, false)] {
        let mut state = asking();
        state.begin(asked(), ticket(), start).unwrap();
        let assignment = state.run(&number(), &typed(), start + age);
        assert_eq!(assignment.is_some(), begins);
        assert_eq!(matches!(state.stage, Stage::WantsTicket), !begins);
    }
}

#[test]
fn a_ticket_is_used_once() {
    let now = Instant::now();
    let mut state = asking();
    state.begin(asked(), ticket(), now).unwrap();
    assert!(state.run(&number(), &typed(), now).is_some());
    state.finished(Err(Code::Busy.into()), now);
    assert!(state.again(now).is_none());
    assert!(matches!(state.stage, Stage::WantsTicket));
    state.begin(asked(), ticket(), now).unwrap();
    assert_eq!(state.go_on(now).unwrap().card, number());
}

#[test]
fn inputs_are_kept_for_five_minutes() {
    let now = Instant::now();
    for (later, kept) in [(INPUTS_KEPT - Duration::from_secs(1), true), (INPUTS_KEPT, false)] {
        let mut state = asking();
        state.begin(asked(), ticket(), now).unwrap();
        state.run(&number(), &typed(), now).unwrap();
        state.finished(Err(Code::ServerUnreachable.into()), now);
        state.expire(now + later);
        assert_eq!(state.kept.is_some(), kept);
        state.begin(asked(), ticket(), now + later).unwrap();
        assert_eq!(state.again(now + later).is_some(), kept);
        // Without inputs the person is asked for them again.
        assert_eq!(matches!(state.stage, Stage::Looking), !kept);
    }
}

#[test]
fn inputs_go_when_they_are_of_no_more_use() {
    let now = Instant::now();
    for result in [
        Ok((number(), JobResult::Done)),
        Err(Code::UserCodeWrong.into()),
        Err(Code::UserCodeLocked.into()),
        Err(Code::AlreadyActivated.into()),
    ] {
        let mut state = asking();
        state.begin(asked(), ticket(), now).unwrap();
        state.run(&number(), &typed(), now).unwrap();
        state.finished(result, now);
        assert!(state.kept.is_none());
    }
}

/// A card that refuses the old PIN is asked for the new one only where the same was cut before.
#[test]
fn a_change_of_the_pin_that_was_cut_is_gone_on_with() {
    let now = Instant::now();
    let typed = r#"{"pin": "135790", "new_pin": "246802", "new_pin_again": "246802"}"#;
    let typed: InputForm = serde_json::from_str(typed).unwrap();
    let resumes = |assignment: Option<Assignment>| match assignment.unwrap().how {
        How::Alone { resumes } => resumes,
        How::Portal { .. } => panic!("no portal has a part in it"),
    };
    let mut state = asking();
    state.asked.as_mut().unwrap().kind = JobKind::ChangePin;
    assert!(!resumes(state.run(&number(), &typed, now)));
    state.finished(Err(Code::CardRemoved.into()), now);
    assert!(resumes(state.again(now)));
    state.finished(Err(Code::CardFault.into()), now);
    assert!(resumes(state.again(now)));
    state.finished(Err(Code::PinWrong.into()), now);
    assert!(!resumes(state.run(&number(), &typed, now)), "typed anew");
}

/// The page is told what became of it, in a job or before it, and when another card has come.
#[test]
fn the_page_is_told_of_each_refusal() {
    let revoked = Refusal { status: Some(CertificateStatus::Revoked), ..Code::CardBarred.into() };
    for (refusal, remedy) in [
        (Refusal::from(Code::PinLocked), Remedy::Elsewhere),
        (Code::NotActivated.into(), Remedy::Elsewhere),
        (revoked, Remedy::Elsewhere),
        (Code::PukBlocked.into(), Remedy::Elsewhere),
        (Code::WrongAuthority.into(), Remedy::AtReader),
        (Code::NumberDiffers.into(), Remedy::AtReader),
        (Code::PcscStopped.into(), Remedy::Again),
    ] {
        let told = Some(JobNotice::Refused(Box::new(refusal.clone()), remedy));
        let now = Instant::now();
        let mut state = asking();
        state.begin(asked(), ticket(), now).unwrap();
        state.run(&number(), &typed(), now).unwrap();
        state.finished(Err(refusal.clone()), now);
        assert_eq!(state.told, told);

        let found =
            |outcome| ReaderSurvey { present: Vec::new(), outcome, target: None, informed: Known::new(), facts: None };
        let mut state = asking();
        state.found(found(Outcome::Refused(refusal, None)));
        assert_eq!(state.told, told);
        state.found(found(Outcome::One(offer("GC00000000000002"), false)));
        assert_eq!(state.told, Some(JobNotice::Begun));
    }
}

/// What was left in doubt stays so until a job has come as far again.
#[test]
fn a_second_try_that_comes_less_far_settles_nothing() {
    let left = |pin| Aftermath { pin, changed: true, ..Aftermath::nothing(JobKind::Activate) };
    let cut = |pin| Refusal { aftermath: Some(left(pin)), ..Code::CardRemoved.into() };
    let now = Instant::now();
    let mut state = asking();
    state.begin(asked(), ticket(), now).unwrap();
    state.run(&number(), &typed(), now).unwrap();
    for (pin, told) in [
        (PinAfter::Unsure, PinAfter::Unsure),
        (PinAfter::Before, PinAfter::Unsure),
        (PinAfter::New, PinAfter::New),
        (PinAfter::Before, PinAfter::New),
    ] {
        state.finished(Err(cut(pin)), now);
        let Some(JobNotice::Refused(refusal, _)) = &state.told else { panic!("not told") };
        assert_eq!(refusal.aftermath, Some(left(told)), "after {pin:?}");
        state.begin(asked(), ticket(), now).unwrap();
        assert!(state.again(now).is_some());
    }
}

#[test]
fn nothing_begins_twice() {
    let now = Instant::now();
    let mut state = asking();
    state.begin(asked(), ticket(), now).unwrap();
    assert!(state.run(&number(), &typed(), now).is_some());
    state.begin(asked(), ticket(), now).unwrap();
    assert!(state.run(&number(), &typed(), now).is_none(), "it is working");
    assert!(state.again(now).is_none());
    assert!(state.go_on(now).is_none());
    assert!(state.look(99).is_none(), "nobody looks while it works");
}

#[test]
fn one_look_at_a_time() {
    let mut state = state(Stage::Looking);
    assert!(state.look(1).is_some());
    assert!(state.look(2).is_none());
    let found = |present: Vec<CardNumber>| ReaderSurvey {
        present,
        outcome: Outcome::Refused(Code::NoCard.into(), None),
        target: None,
        informed: Known::new(),
        facts: None,
    };
    assert!(state.found(found(Vec::new())));
    assert!(state.look(1).is_none(), "nothing has changed");
    assert!(state.look(2).is_some());
}

/// At work, with somebody waiting for what is typed.
fn typing(now: Instant) -> (State, std::sync::mpsc::Receiver<Result<Pin, NotTyped>>) {
    let mut state = asking();
    state.begin(asked(), ticket(), now).unwrap();
    state.run(&number(), &typed(), now).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    state.ask_to_type(Typing::Here { puk: Puk::parse("12345678").unwrap(), remarks: Vec::new(), tell });
    (state, told)
}

/// In the form and in the middle of a job alike.
#[test]
fn a_date_is_warned_of_once() {
    let now = Instant::now();
    let dated = r#"{"user_code": "Abc123", "new_pin": "850412", "new_pin_again": "850412"}"#;
    let dated: InputForm = serde_json::from_str(dated).unwrap();
    let mut state = asking();
    state.begin(asked(), ticket(), now).unwrap();
    assert!(state.run(&number(), &dated, now).is_none());
    let assignment = state.run(&number(), &dated, now).unwrap();
    assert_eq!(assignment.given.inputs().secrets.new_pin.unwrap().expose(), "850412");

    let (mut state, told) = typing(now);
    let dated = r#"{"puk": "12345678", "new_pin": "850412", "new_pin_again": "850412"}"#;
    let dated: InputForm = serde_json::from_str(dated).unwrap();
    state.typed(&dated);
    assert!(told.try_recv().is_err());
    state.typed(&dated);
    assert_eq!(told.recv().unwrap().unwrap().expose(), "850412");
}

/// The card's own refusal of a new PIN is told at its field, and what was typed is not sent again.
#[test]
fn another_pin_is_chosen_where_the_card_does_not_take_one() {
    let now = Instant::now();
    let mut state = asking();
    state.begin(asked(), ticket(), now).unwrap();
    state.run(&number(), &typed(), now).unwrap();
    state.finished(Err(Code::PinNotTaken.into()), now);
    let Stage::Asking { remarks, .. } = &state.stage else { panic!("the form is not there") };
    let said: Vec<_> = remarks.iter().map(|remark| (remark.field, remark.code())).collect();
    assert_eq!(said, [(Field::NewPin, Some(Code::PinNotTaken))]);
    assert!(state.kept.is_none());
}

#[test]
fn puk_and_pin_are_typed_while_the_job_waits() {
    let typed = |puk: &str, pin: &str, again: &str| -> InputForm {
        let text = format!(r#"{{"puk": "{puk}", "new_pin": "{pin}", "new_pin_again": "{again}"}}"#);
        serde_json::from_str(&text).unwrap()
    };
    let (mut state, told) = typing(Instant::now());
    for (puk, pin, again, wrong) in [
        ("12345679", "135790", "135790", vec![(Field::Puk, Code::PukWrong)]),
        ("", "135790", "135791", vec![(Field::Puk, Code::SecretMissing), (Field::NewPinAgain, Code::PinsDiffer)]),
        ("12345678", "1357", "1357", vec![(Field::NewPin, Code::PinForm)]),
    ] {
        state.typed(&typed(puk, pin, again));
        let Some(Typing::Here { remarks, .. }) = &state.typing else { panic!("{puk} was taken") };
        let found: Vec<_> = remarks.iter().map(|remark| (remark.field, remark.code().unwrap())).collect();
        assert_eq!(found, wrong, "{puk} {pin} {again}");
        assert!(told.try_recv().is_err(), "nobody is told");
    }
    state.typed(&typed("1234 5678", "135790", "135790"));
    assert_eq!(told.recv().unwrap().unwrap().expose(), "135790");
    assert!(state.typing.is_none() && state.is_working());

    let (mut state, told) = typing(Instant::now());
    state.give_up();
    assert_eq!(told.recv().unwrap().err(), Some(NotTyped::Cancelled));
    state.typed(&typed("12345678", "135790", "135790"));
    assert!(told.try_recv().is_err(), "it is over");
}

#[test]
fn a_puk_goes_with_its_job() {
    let now = Instant::now();
    for code in [Code::KeypadCancelled, Code::KeypadTimedOut, Code::KeypadForm, Code::PukWrong, Code::CardRemoved] {
        let (mut state, _told) = typing(now);
        state.finished(Err(code.into()), now);
        assert!(state.typing.is_none());
        let again = matches!(
            state.stage,
            Stage::Refused { remedy: Remedy::SameInputs, .. } | Stage::Refused { remedy: Remedy::SameCard, .. }
        );
        assert!(again, "{code}: the same user code once more");
        assert!(state.kept.is_some());
    }
    // Nobody is asked for anything while nothing is at work.
    let mut state = asking();
    state.ask_to_type(Typing::AtKeypad { reader: "Reader".into(), puk: None });
    assert!(state.typing.is_none());
}

/// What was typed stays where another program only has the card for a while.
#[test]
fn who_types_is_not_disturbed_by_a_program_that_takes_the_card() {
    let found =
        |outcome| ReaderSurvey { present: Vec::new(), outcome, target: None, informed: Known::new(), facts: None };
    let in_use = |reader: &str| {
        let card = Unfit { reader: Some(reader.to_owned()), ..Unfit::default() };
        found(Outcome::Refused(Code::CardInUse.into(), Some(card)))
    };
    let beside_another = |reader: &str| {
        let refusal = Code::CardInUse.into();
        let barred = vec![Barred { reader: reader.to_owned(), number: None, holder: None, refusal }];
        found(Outcome::Several(Choice { offers: vec![offer("GC00000000000002")], barred }))
    };
    let its = offer(NUMBER).reader;
    for (survey, stays) in [
        (in_use(&its), true),
        (beside_another(&its), true),
        (in_use("another"), false),
        (beside_another("another"), false),
        (found(Outcome::Refused(Code::NoCard.into(), None)), false),
    ] {
        let mut state = asking();
        assert_eq!(state.found(survey), !stays);
        assert_eq!(matches!(state.stage, Stage::Asking { .. }), stays);
    }
}
