//! Cards of other makers: a card's whole life with each oddity, and with each pair of them.

use super::matrix::{each, keep};
use kaika_agent::tool::{Tool, ToolRequest, TypedSecrets};
use kaika_agent::{engine::Inputs, portal::http::HttpPortals, readers::Readers, readers::soft::SoftReaders};
use kaika_card::{Pin, Secrets};
use kaika_fixtures::{EMAIL, NEW_PIN, OTHER_PIN, Running, Site, ask_login, prove};
use kaika_softcard::{Quirk, SoftCard};
use kaika_testkit::is_wide;
use kaika_wire::{Code, JobDetails, JobKind, Lack, Refusal};
use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
};
use zeroize::Zeroizing;

/// What GET METADATA says of the management key, if anything: a card has one of these at most.
const OF_METADATA: [Quirk; 3] = [Quirk::F7Absent, Quirk::F7Empty, Quirk::F7Flag];

/// With which a card cannot be made, and what it is told to lack.
const BARRING: [(Quirk, Lack); 4] = [
    (Quirk::TripleDesOnly, Lack::ManagementKeyAes),
    (Quirk::Plain, Lack::YubicoExtensions),
    (Quirk::NoAgreement, Lack::KeyAgreement),
    (Quirk::ResetBreaksKeys, Lack::KeysOutliveReset),
];

/// With which a card leads its whole life.
const HARMLESS: [Quirk; 10] = [
    Quirk::ChallengeVoided,
    Quirk::SignatureOnce,
    Quirk::ResetKeepsPin,
    Quirk::FixedSerial,
    Quirk::FiveTries,
    Quirk::TriesUntold,
    Quirk::SignatureDropsPin,
    Quirk::PinComplexity,
    Quirk::ObjectsFixed,
    Quirk::F7Absent,
];

/// What one job came to.
type Step = (&'static str, Result<(), Refusal>);

fn told(outcome: &Result<(), Refusal>) -> String {
    match outcome {
        Ok(()) => "done".to_owned(),
        Err(refusal) if refusal.missing.is_empty() => refusal.code.to_string(),
        Err(refusal) => refusal.missing.iter().map(|lack| lack.as_str()).collect::<Vec<_>>().join(" "),
    }
}

fn pin_change(site: &Site, secrets: TypedSecrets) -> Result<(), Refusal> {
    let soft = SoftReaders::open(site.card_path().parent().unwrap(), ["Reader"]).unwrap();
    soft.insert("card", "Reader").unwrap();
    let tool = Tool::new(Readers::new([Arc::new(soft) as _]), Arc::new(HttpPortals::default()));
    let (kind, details) = (JobKind::ChangePin, JobDetails::default());
    let request = ToolRequest::Job { kind, portal: None, reader: None, details, secrets, after_cut: false };
    tool.perform(request, &mut |_| {}).map(drop)
}

fn change_pin(site: &Site) -> Result<(), Refusal> {
    let typed = |pin: &str| Some(Zeroizing::new(pin.to_owned()));
    let change =
        |from, to| pin_change(site, TypedSecrets { pin: typed(from), new_pin: typed(to), ..TypedSecrets::default() });
    change(NEW_PIN, OTHER_PIN)?;
    change(OTHER_PIN, NEW_PIN)
}

/// An address, by the mailed code.
fn set_email(site: Site) -> (Site, Result<(), Refusal>) {
    let running = Running::of(site);
    let write = |mail_code: Option<String>| {
        let card = Arc::new(Mutex::new(SoftCard::open(running.site.card_path()).unwrap()));
        let inputs = Inputs { mail_code, ..Site::inputs(JobKind::SetEmail) };
        running.site.run_given(&running.app, &card, &running.site.order(JobKind::SetEmail), inputs, None)
    };
    let done = write(None).and_then(|_| write(Some(running.code_to(EMAIL)))).map(drop);
    (running.closed(), done)
}

fn log_in(site: &Site) -> Result<(), Refusal> {
    let app = site.open();
    let asked = ask_login(site, &app);
    let proved = prove(site, &app, &asked).map(drop);
    site.close(&app);
    proved
}

/// From a blank card to the end, as far as it comes: what fails once ends it.
fn life(quirks: &[Quirk]) -> Vec<Step> {
    let mut site = Site::builder().quirks(quirks.iter().copied()).ordered();
    let mut steps = Vec::new();
    macro_rules! step {
        ($name:literal, $outcome:expr) => {
            let outcome: Result<(), Refusal> = $outcome;
            let failed = outcome.is_err();
            steps.push(($name, outcome));
            if failed {
                return steps;
            }
        };
    }
    macro_rules! job {
        ($name:literal, $kind:expr) => {
            step!($name, site.run($kind, None).result.map(drop));
        };
    }
    job!("personalise", JobKind::Personalise);
    job!("activate", JobKind::Activate);
    site.later(time::Duration::days(30));
    job!("information", JobKind::Information);
    job!("check", JobKind::Check);
    job!("test", JobKind::Test);
    step!("login", log_in(&site));
    step!("change PIN", change_pin(&site));
    let (back, written) = set_email(site);
    site = back;
    step!("e-mail", written);
    site.later(time::Duration::days(1));
    site.reissue();
    job!("re-write", JobKind::Rewrite);
    job!("suspend", JobKind::Suspend);
    job!("resume", JobKind::Resume);
    site.lock_pin();
    job!("unlock", JobKind::Unlock);
    job!("revoke", JobKind::Revoke);
    steps
}

#[test]
fn a_card_with_more_tries_gets_as_many_as_others() {
    for quirks in [&[Quirk::FiveTries][..], &[Quirk::FiveTries, Quirk::F7Absent]] {
        let site = Site::builder().quirks(quirks.iter().copied()).activated();
        let card = site.inspect();
        assert_eq!((card.pin_tries_left(), card.puk_tries_left()), (3, 3), "{quirks:?}");
    }
}

/// Told as that, with the card as it was: another PIN is taken then. The rules of the authority are looked at before the
/// card is asked.
#[test]
fn another_pin_is_chosen_where_the_card_does_not_take_one() {
    let site = Site::builder().quirks([Quirk::PinComplexity]).personalised();
    let choose = |kind: JobKind, pin: &str| {
        let app = site.open();
        let card = Arc::new(Mutex::new(SoftCard::open(site.card_path()).unwrap()));
        let secrets = Secrets { new_pin: Pin::parse(pin).ok(), ..Secrets::default() };
        let inputs = Inputs { secrets, ..Site::inputs(kind) };
        let result = site.run_given(&app, &card, &site.order(kind), inputs, None);
        let apdus = card.lock().unwrap().apdu_count();
        drop(card);
        site.close(&app);
        (result.err().map(|refusal| refusal.code), apdus)
    };
    for kind in [JobKind::Activate, JobKind::Unlock] {
        let before = site.inspect();
        assert_eq!(choose(kind, "520520").0, Some(Code::PinNotTaken), "{kind:?}");
        assert_eq!(choose(kind, "135791").0, None, "{kind:?}");
        assert!(site.inspect().pin_is("135791"));
        let (refused, apdus) = choose(kind, "777777");
        assert_eq!(refused, Some(Code::PinTooSimple), "{kind:?}");
        assert!(apdus <= 6, "no more than which card it is: {apdus}");
        assert_eq!(site.inspect().puk_tries_left(), before.puk_tries_left());
    }
    let typed = |pin: &str| Some(Zeroizing::new(pin.to_owned()));
    for (pin, told) in [("520520", Code::PinNotTaken), ("345678", Code::PinTooSimple)] {
        let secrets = TypedSecrets { pin: typed("135791"), new_pin: typed(pin), ..TypedSecrets::default() };
        assert_eq!(pin_change(&site, secrets).unwrap_err().code, told);
        assert!(site.inspect().pin_is("135791"));
        assert_eq!(site.inspect().pin_tries_left(), 3);
    }
}

/// A policy may have it otherwise.
#[test]
fn an_authority_takes_the_pins_that_its_policy_takes() {
    let lax = |text: String| text.replace("[pin]\n", "[pin]\nrefused = []\n");
    let site = Site::builder().policy(lax).personalised();
    let app = site.open();
    let card = Arc::new(Mutex::new(SoftCard::open(site.card_path()).unwrap()));
    let secrets = Secrets { new_pin: Pin::parse("777777").ok(), ..Secrets::default() };
    let inputs = Inputs { secrets, ..Site::inputs(JobKind::Activate) };
    site.run_given(&app, &card, &site.order(JobKind::Activate), inputs, None).unwrap();
    drop(card);
    site.close(&app);
    assert!(site.inspect().pin_is("777777"));
}

/// Rows in which every two of these stand together, each with and without the other: by the digits of their places.
fn rows(of: &[Quirk]) -> Vec<Vec<Quirk>> {
    let digits = usize::BITS - (of.len() - 1).leading_zeros();
    let having = |digit: u32, one: usize| {
        let places = of.iter().enumerate();
        places.filter(move |(place, _)| place >> digit & 1 == one).map(|(_, quirk)| *quirk).collect()
    };
    let mut rows: Vec<Vec<Quirk>> = (0..digits).flat_map(|digit| [having(digit, 0), having(digit, 1)]).collect();
    rows.push(of.to_vec());
    // What is said of the management key takes turns.
    for (turn, row) in rows.iter_mut().enumerate() {
        if let Some(quirk) = row.iter_mut().find(|quirk| OF_METADATA.contains(quirk)) {
            *quirk = OF_METADATA[turn % OF_METADATA.len()];
        }
    }
    rows
}

#[test]
fn rows_have_every_pair() {
    let rows = rows(&HARMLESS);
    for one in HARMLESS {
        for other in HARMLESS.into_iter().filter(|other| *other != one) {
            let with = |quirk: Quirk| {
                move |row: &&Vec<Quirk>| match OF_METADATA.contains(&quirk) {
                    true => OF_METADATA.iter().any(|quirk| row.contains(quirk)),
                    false => row.contains(&quirk),
                }
            };
            assert!(rows.iter().any(|row| with(one)(&row) && with(other)(&row)), "{one} with {other}");
            assert!(rows.iter().any(|row| with(one)(&row) && !with(other)(&row)), "{one} without {other}");
        }
    }
}

/// The wide form has each pair as a row of its own.
#[test]
fn cards_of_other_makers_lead_their_lives() {
    let mut cells: Vec<Vec<Quirk>> = Quirk::ALL.into_iter().map(|quirk| vec![quirk]).collect();
    cells.extend(rows(&HARMLESS));
    if is_wide() {
        let all: Vec<_> = HARMLESS.into_iter().chain([Quirk::F7Empty, Quirk::F7Flag]).collect();
        for (place, one) in all.iter().enumerate() {
            let others = all[place + 1..].iter();
            let goes = |other: &&Quirk| !(OF_METADATA.contains(one) && OF_METADATA.contains(other));
            cells.extend(others.filter(goes).map(|other| vec![*one, *other]));
        }
    }
    for (barring, _) in BARRING {
        cells.push([HARMLESS.as_slice(), &[barring]].concat());
    }
    let lives = each(&cells, |quirks| life(quirks));

    let mut table = format!("cards of other makers: {} lives\n", cells.len());
    for (quirks, life) in cells.iter().zip(&lives) {
        let names = quirks.iter().map(|quirk| quirk.name()).collect::<Vec<_>>().join(" ");
        let done = life.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        let (last, outcome) = life.last().unwrap();
        let end = if outcome.is_ok() { "all done".to_owned() } else { format!("{last}: {}", told(outcome)) };
        writeln!(table, "{done:>2} jobs  {end:<40}  {names}").unwrap();
    }
    keep("cards of other makers", &table);

    for (quirks, life) in cells.iter().zip(&lives) {
        let (last, outcome) = life.last().unwrap();
        match BARRING.into_iter().find(|(barring, _)| quirks.contains(barring)) {
            Some((_, lack)) => {
                let refusal = outcome.as_ref().unwrap_err();
                assert_eq!((*last, refusal.code), ("personalise", Code::CardUnsuitable), "{quirks:?}");
                assert!(refusal.missing.contains(&lack), "{quirks:?}: {:?}", refusal.missing);
            }
            None => {
                assert!(outcome.is_ok(), "{quirks:?}: {last}: {outcome:?}");
                assert_eq!(life.len(), 13, "{quirks:?}");
            }
        }
    }
}
