//! The PIN is changed between the card tool and the card: cut off at every APDU, and begun again with the same PINs.

use super::matrix::{Ended, WAYS, table};
use kaika_agent::{
    portal::http::HttpPortals,
    readers::{Readers, Source, soft::SoftReaders},
    tool::{Tool, ToolRequest, TypedSecrets},
};
use kaika_fixtures::{NEW_PIN, OTHER_PIN, Site};
use kaika_softcard::Fault;
use kaika_wire::{CertificateStatus, Code, JobDetails, JobKind, PinAfter, Refusal};
use std::sync::Arc;
use zeroize::Zeroizing;

const READER: &str = "Reader";

/// The card of a site in a reader, and a tool at it.
struct Desk {
    soft: SoftReaders,
    tool: Tool,
}

impl Desk {
    fn of(site: &Site) -> Self {
        let soft = SoftReaders::open(site.card_path().parent().unwrap(), [READER]).unwrap();
        soft.insert("card", READER).unwrap();
        let source: Arc<dyn Source> = Arc::new(soft.clone());
        Self { soft, tool: Tool::new(Readers::new([source]), Arc::new(HttpPortals::default())) }
    }

    fn change(&self, from: &str, to: &str, after_cut: bool) -> Result<(), Refusal> {
        let typed = |pin: &str| Some(Zeroizing::new(pin.to_owned()));
        let request = ToolRequest::Job {
            kind: JobKind::ChangePin,
            portal: None,
            reader: None,
            details: JobDetails::default(),
            secrets: TypedSecrets { pin: typed(from), new_pin: typed(to), ..TypedSecrets::default() },
            after_cut,
        };
        self.tool.perform(request, &mut |_| {}).map(|_| ())
    }

    fn plan(&self, fault: Fault) {
        self.soft.card_in(READER).unwrap().lock().unwrap().plan_fault(fault);
    }

    fn apdus(&self) -> u64 {
        self.soft.card_in(READER).unwrap().lock().unwrap().apdu_count()
    }
}

/// What a card costs to change, and from which it is tried.
fn activated() -> (Site, u64) {
    let site = Site::activated();
    let copy = site.copy();
    let desk = Desk::of(&copy);
    desk.change(NEW_PIN, OTHER_PIN, false).unwrap();
    let apdus = desk.apdus();
    (site, apdus)
}

/// `again`: the same change once more, by the desk that was cut or by another.
fn cut(base: &Site, fault: Fault, again: impl Fn(&Site, Desk) -> Result<(), Refusal>) -> Ended {
    let site = base.copy();
    let desk = Desk::of(&site);
    desk.plan(fault);
    let first = desk.change(NEW_PIN, OTHER_PIN, false);
    assert_eq!(site.inspect().pin_tries_left(), 3, "{fault:?}: a cut costs no try");
    let ended = match first {
        Ok(()) => Ended::AtOnce,
        Err(refusal) => {
            // What is said to be certain is so.
            let left = refusal.aftermath.unwrap_or_else(|| panic!("{fault:?}: {refusal}"));
            let before = site.inspect().pin_is(NEW_PIN);
            assert!(left.pin == PinAfter::Unsure || left.pin == PinAfter::Before && before, "{fault:?}: {left:?}");
            again(&site, desk).unwrap_or_else(|refusal| panic!("{fault:?}: {refusal}"));
            Ended::Again
        }
    };
    assert!(site.inspect().pin_is(OTHER_PIN), "{fault:?}");
    assert_eq!(site.inspect().pin_tries_left(), 3, "{fault:?}");
    site.assert_agrees(CertificateStatus::Valid);
    ended
}

#[test]
fn an_agent_that_was_there_goes_on() {
    let (base, apdus) = activated();
    table("changing the PIN", apdus, &WAYS, |fault| {
        cut(&base, fault, |_, desk| {
            // As a person does: out, and in again.
            desk.soft.remove(READER).unwrap();
            desk.soft.insert("card", READER).unwrap();
            desk.change(NEW_PIN, OTHER_PIN, false)
        })
    });
}

#[test]
fn a_tool_started_anew_goes_on_where_it_is_told_of_the_cut() {
    let (base, apdus) = activated();
    table("changing the PIN, tool started anew", apdus, &WAYS, |fault| {
        cut(&base, fault, |site, desk| {
            drop(desk);
            Desk::of(site).change(NEW_PIN, OTHER_PIN, true)
        })
    });
}

/// A guess is a guess, whatever the card has for a PIN.
#[test]
fn a_wrong_pin_is_told_and_costs_one_try() {
    let (site, _) = activated();
    let wrong = |desk: &Desk, from, to, after_cut| {
        let refusal = desk.change(from, to, after_cut).unwrap_err();
        (refusal.code, refusal.tries_left)
    };
    let desk = Desk::of(&site);
    // The new one is right, and nobody has said that anything was cut.
    assert_eq!(wrong(&desk, OTHER_PIN, NEW_PIN, false), (Code::PinWrong, Some(2)));
    // Typed wrong a second time it is still no change that was cut.
    assert_eq!(wrong(&desk, OTHER_PIN, NEW_PIN, false), (Code::PinWrong, Some(1)));
    // The last try is the person's, even after a cut.
    desk.change(NEW_PIN, NEW_PIN, false).unwrap();
    assert_eq!(wrong(&desk, OTHER_PIN, "86420864", true), (Code::PinWrong, Some(1)));
    assert_eq!(wrong(&desk, OTHER_PIN, NEW_PIN, true), (Code::PinLocked, Some(0)));
}
