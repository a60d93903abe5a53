//! Every state as it is shown, in both languages.

use super::*;
use crate::serve::card_window::inputs::{Remark, Says};
use crate::serve::card_window::sample::{NUMBER, offer, state};
use kaika_card::Pin;
use kaika_wire::PinPattern;

fn date() -> Remark {
    let says = Says::Warned { of: PinPattern::Date, pin: Pin::parse("850412").unwrap() };
    Remark { field: Field::NewPin, says }
}

/// Two cards to choose from, one that another program has, and one that would not do.
fn choice() -> Choice {
    let barred = |number: Option<&str>, code: Code| Barred {
        reader: "Reader <1>".to_owned(),
        number: number.map(|number| number.parse().unwrap()),
        holder: number.map(|_| "C=TW,OU=<第一組>".to_owned()),
        refusal: code.into(),
    };
    Choice {
        offers: vec![offer(NUMBER), offer("GC00000000000002")],
        barred: vec![barred(None, Code::CardInUse), barred(Some("GC00000000000003"), Code::AlreadyActivated)],
    }
}

fn stages() -> Vec<(&'static str, Stage)> {
    let errors = [
        (Field::UserCode, Code::SecretMissing),
        (Field::UserCode, Code::UserCodeForm),
        (Field::UserCode, Code::UserCodeWrong),
        (Field::NewPin, Code::SecretMissing),
        (Field::NewPin, Code::PinForm),
        (Field::NewPin, Code::PinTooSimple),
        (Field::NewPin, Code::PinNotTaken),
        (Field::NewPinAgain, Code::SecretMissing),
        (Field::NewPinAgain, Code::PinsDiffer),
    ];
    let forms = errors.map(|(field, code)| {
        let remarks = vec![Remark { field, says: Says::Wrong { code, tries_left: Some(1) } }];
        ("form", Stage::Asking { offer: offer(NUMBER), others: true, remarks })
    });
    let refusals = Code::ALL.iter().flat_map(|code| {
        let remedies = [Remedy::AtReader, Remedy::SameCard, Remedy::SameInputs, Remedy::Again, Remedy::Elsewhere];
        remedies.map(|remedy| {
            let refusal = Refusal::new(*code).detail("<detail>");
            let card = Unfit {
                reader: Some("Reader <1>".to_owned()),
                number: NUMBER.parse().ok(),
                authority: Some(("<測試>".to_owned(), "<Test>".to_owned())),
            };
            let back = remedy == Remedy::SameCard;
            ("refused", Stage::Refused { refusal, remedy, card: Some(card), back })
        })
    });
    let words = || SitesWords { message: "<message>".to_owned(), next_step: "<step>".to_owned() };
    let number = || NUMBER.parse().unwrap();
    let mut stages = vec![
        ("looking", Stage::Waiting),
        ("looking", Stage::Looking),
        ("choose", Stage::Choosing(choice())),
        ("form", Stage::Asking { offer: offer(NUMBER), others: false, remarks: Vec::new() }),
        ("form", Stage::Asking { offer: offer(NUMBER), others: false, remarks: vec![date()] }),
        ("working", Stage::WantsTicket),
        ("working", Stage::Working(Meter::new())),
        ("no-ticket", Stage::NoTicket { words: Some(words()) }),
        ("no-ticket", Stage::NoTicket { words: None }),
        ("succeeded", Stage::Done { number: number(), result: Box::new(JobResult::Done) }),
    ];
    stages.extend(forms);
    stages.extend(refusals);
    stages
}

#[test]
fn every_screen_renders_in_both_languages() {
    for language in Language::ALL {
        for (screen, stage) in stages() {
            let view = View::of(&state(stage), 7, language);
            let html = &view.drawn.html;
            assert_eq!(view.drawn.screen, screen);
            assert!(html.contains(&format!("<section class=\"screen\" data-screen=\"{screen}\"")), "{html}");
            assert!(html.contains("id=\"heading\"") && html.contains("https://portal.example"), "{html}");
            assert!(!view.drawn.announce.is_empty() && !view.drawn.title.is_empty());
            // What cards, readers and sites say is text, and nothing stands in the markup that the policy forbids.
            for never in
                ["<1>", "<測試>", "<Test>", "<第一組>", "<detail>", "<message>", "style=", "<script", "onclick"]
            {
                assert!(!html.contains(never), "{never} in {html}");
            }
        }
    }
}

#[test]
fn screens_name_the_authority_in_the_persons_language() {
    let named = |language| View::of(&state(Stage::Looking), 1, language).drawn.html;
    assert!(named(Language::ZhTw).contains("測試管理中心") && named(Language::ZhTw).contains(">開卡<"));
    assert!(named(Language::En).contains("Test authority") && named(Language::En).contains(">Activate a card<"));
}

/// In the window and to the page: what is certain, by what the job has left, and what to do.
#[test]
fn after_a_cut_the_window_and_the_page_say_what_is_certain() {
    for (kind, pin, finds_out) in [
        (JobKind::ChangePin, PinAfter::Unsure, true),
        (JobKind::ChangePin, PinAfter::Before, false),
        (JobKind::Unlock, PinAfter::Unsure, false),
        (JobKind::Unlock, PinAfter::New, false),
        (JobKind::Activate, PinAfter::Unsure, false),
    ] {
        for language in Language::ALL {
            let left = Aftermath { pin, changed: pin != PinAfter::Before, ..Aftermath::nothing(kind) };
            let said = kaika_texts::aftermath(language, &left).unwrap();
            let refusal = Refusal { aftermath: Some(left), ..Code::CardRemoved.into() };
            let stage = Stage::Refused { refusal: refusal.clone(), remedy: Remedy::SameCard, card: None, back: false };
            let mut state = state(stage);
            state.asked.as_mut().unwrap().kind = kind;
            let html = View::of(&state, 1, language).drawn.html;
            assert!(html.contains(&said.certain), "{kind:?} {pin:?}: {html}");
            assert_eq!(html.contains(&WindowTexts { language }.t("window-pin-unsure")), finds_out, "{kind:?} {pin:?}");
            let told = super::tell::Told::of(&refusal, Remedy::SameCard, language);
            assert_eq!((&told.certain, &told.heading), (&said.certain, &said.heading), "{kind:?} {pin:?}");
            assert_eq!(told.next_step, said.next.unwrap_or(explain(language, refusal).next_step), "{kind:?} {pin:?}");
            assert_eq!((told.go_on, told.over), (left.changed, false), "{kind:?} {pin:?}");
        }
    }
}

/// First of all, and only what the card tells.
#[test]
fn the_tries_left_stand_first() {
    let shown = |pin, puk| {
        let offer = Offer { tries: Some(kaika_card::Retries { pin, puk }), ..offer(NUMBER) };
        let mut state = state(Stage::Asking { offer, others: false, remarks: Vec::new() });
        state.asked.as_mut().unwrap().kind = JobKind::ChangePin;
        let html = View::of(&state, 1, Language::En).drawn.html;
        let facts: Vec<&str> = html.split("data-fact=\"").skip(1).collect();
        let (first, _) = facts[0].split_once("</dd>").unwrap();
        first.replace("\">", ": ")
    };
    assert_eq!(shown(Some(2), Some(3)), "tries: PIN: 2, PUK: 3");
    assert_eq!(shown(Some(0), None), "tries: PIN: 0");
    assert_eq!(shown(None, Some(3)), "tries: PUK: 3");
    assert!(shown(None, None).starts_with("number: "));
}

/// Those that will do come first, and only they can be chosen; of the others it is said why not. Tries say nothing to
/// whoever looks for a card.
#[test]
fn of_several_cards_those_come_first_that_will_do() {
    for language in Language::ALL {
        let html = View::of(&state(Stage::Choosing(choice())), 1, language).drawn.html;
        let items: Vec<&str> = html.split("<li ").skip(1).collect();
        let can_be_chosen: Vec<bool> = items.iter().map(|item| item.contains("data-action=\"choose\"")).collect();
        assert_eq!(can_be_chosen, [true, true, false, false], "{html}");
        for (item, code) in items[2..].iter().zip([Code::CardInUse, Code::AlreadyActivated]) {
            let why = explain(language, code.into());
            assert!(item.contains(&why.message) && item.contains(&why.next_step), "{item}");
        }
        let facts = |item: &str| -> Vec<String> {
            let facts = item.split("data-fact=\"").skip(1);
            facts.filter_map(|fact| Some(fact.split_once('"')?.0.to_owned())).collect()
        };
        assert_eq!(facts(items[0]), ["holder", "number", "reader"]);
        assert_eq!(facts(items[2]), ["reader"]);
    }
}

#[test]
fn before_a_job_is_known_the_window_names_itself() {
    for language in Language::ALL {
        let mut nameless = State::new();
        nameless.refuse(Code::NotPermitted.into());
        let view = View::of(&nameless, 1, language);
        assert!(view.drawn.html.contains(&WindowTexts { language }.t("window-title")));
        assert_eq!(view.authority, None);
    }
}

#[test]
fn a_warning_is_no_error() {
    for language in Language::ALL {
        let said = |remark| {
            let remarks = vec![remark];
            View::of(&state(Stage::Asking { offer: offer(NUMBER), others: false, remarks }), 1, language)
        };
        let (warned, wrong) = (said(date()), said(Remark::wrong(Field::NewPin, Code::PinTooSimple)));
        let words = |key| WindowTexts { language }.t(key);
        assert!(warned.drawn.html.contains("id=\"new_pin-doubt\""), "{}", warned.drawn.html);
        assert!(!warned.drawn.html.contains("aria-invalid") && wrong.drawn.html.contains("aria-invalid"));
        for of in PinPattern::ALL {
            let says = Says::Warned { of, pin: Pin::parse("850412").unwrap() };
            let told = WindowTexts { language }.with("field-new_pin.warned", &[("pattern", of.as_str().into())]);
            let drawn = said(Remark { field: Field::NewPin, says }).drawn;
            assert!(drawn.announce.contains(&told) && drawn.announce.contains(&words("field-new_pin.warned-next")));
            assert_eq!(drawn.announce == warned.drawn.announce, of == PinPattern::Date, "each has words of its own");
        }
        assert!(!warned.drawn.html.contains("850412"));
        assert_eq!(warned.drawn.key, wrong.drawn.key, "what was typed stays");
        assert_eq!(warned.drawn.focus, Some("new_pin"));
    }
}

#[test]
fn what_is_typed_in_the_middle_of_a_job_is_asked_for_in_both_languages() {
    let puk = || Puk::parse("12345678").unwrap();
    let (tell, _told) = std::sync::mpsc::channel();
    let wrong = Remark::wrong(Field::Puk, Code::PukWrong);
    let here = |remarks| Typing::Here { puk: puk(), remarks, tell: tell.clone() };
    let at = |puk| Typing::AtKeypad { reader: "Reader <1>".to_owned(), puk };
    for language in Language::ALL {
        for (screen, typing, shown) in [
            ("keypad", at(Some(puk())), true),
            ("keypad", at(None), false),
            ("type", here(Vec::new()), true),
            ("type", here(vec![wrong.clone()]), true),
        ] {
            let mut state = state(Stage::Working(Meter::new()));
            state.ask_to_type(typing);
            let view = View::of(&state, 7, language);
            let html = &view.drawn.html;
            assert_eq!(view.drawn.screen, screen);
            assert!(html.contains("id=\"heading\"") && !view.drawn.announce.is_empty(), "{html}");
            // Cancelling the proof does not take the new PIN back.
            let proof = WindowTexts { language }.t("window-keypad-keys-proof");
            assert_eq!(html.contains(&proof), screen == "keypad" && !shown);
            assert_eq!(html.contains("1234") && html.contains("5678"), shown, "{html}");
            for never in ["<1>", "style=", "<script", "onclick"] {
                assert!(!html.contains(never), "{never} in {html}");
            }
            // What else is said of the window has no secret in it.
            assert!(!view.drawn.announce.contains("1234") && !view.drawn.key.contains("1234"));
        }
    }
}

#[test]
fn a_holders_cards_are_shown_where_the_portal_tells_of_them() {
    let cards = ["GC00000000000001", "GC00000000000002"].map(|number| number.parse().unwrap());
    let held = |at: usize| HeldCard { number: CardNumber::clone(&cards[at]), activated: at == 0 };
    for language in Language::ALL {
        for told in [vec![], vec![held(0), held(1)]] {
            let mut state = state(Stage::Asking { offer: offer(NUMBER), others: false, remarks: Vec::new() });
            let information = kaika_wire::CardInformation {
                activated: true,
                not_now: Default::default(),
                cards: told.clone(),
                holder: "C=TW".to_owned(),
                not_before: OffsetDateTime::UNIX_EPOCH,
                not_after: OffsetDateTime::UNIX_EPOCH,
                activate_by: None,
                contact: None,
            };
            let informed = Informed { information, certificates: Vec::new() };
            state.informed.insert(NUMBER.parse().unwrap(), informed);
            let html = View::of(&state, 1, language).drawn.html;
            let words = WindowTexts { language };
            assert_eq!(html.matches("data-held=").count(), told.len(), "{html}");
            assert_eq!(html.contains(&words.t("window-held-not-activated")), !told.is_empty());
        }
    }
}
