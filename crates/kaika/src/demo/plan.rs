//! Which cards the demo has, and where they lie.

use kaika_app::cards::CardOrder;
use kaika_domain::holders::{Contact, Organisation};
use kaika_wire::EmailAddress;

pub(super) struct PlannedCard {
    pub(super) name: &'static str,
    pub(super) authority: &'static str,
    subject: &'static [(&'static str, &'static str)],
    business_number: Option<&'static str>,
    pub(super) reader: Option<&'static str>,
    /// The device's serial number.
    pub(super) device: u32,
    pub(super) story: Story,
}

/// What has become of a card. Five of them are one organisation's, so that its lists have something to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Story {
    /// As its holder gets it.
    AsDelivered,
    /// Activated by its holder, and then nothing.
    InUse,
    PinLocked,
    /// PIN and PUK both: only a new card helps.
    PukBlocked,
    UserCodeLocked,
    /// By its holder.
    Suspended,
    /// By its authority.
    Revoked,
    /// An e-mail address was being written: the card was taken out after its certificates were issued.
    IssuedNotWritten,
    /// In use since nearly as long as its certificates are good.
    Expiring,
    /// For longer than that.
    Expired,
}

impl Story {
    /// How many days ago the card was made; some weeks before or after its certificates' six years are over.
    pub(super) fn days_ago(self) -> i64 {
        const SIX_YEARS: i64 = 6 * 365 + 1;
        match self {
            Self::Expired => SIX_YEARS + 40,
            Self::Expiring => SIX_YEARS - 40,
            _ => 0,
        }
    }
}

/// The PIN that holders of the demo's cards have set.
pub(super) const PIN: &str = "135790";

const GCA_READER: &str = "Kaika Demo Reader GCA";
const XCA_READER: &str = "Kaika Demo Reader XCA";
const HCA_READER: &str = "Kaika Demo Reader HCA";
const MOICA_READER: &str = "Kaika Demo Reader MOICA";
const TWCA_READER: &str = "Kaika Demo Reader TWCA";
const SPARE_READER: &str = "Kaika Demo Reader Spare";

/// Readers with a keypad: for the authority whose cards are unlocked on it.
pub(super) const KEYPADS: &[&str] = &[HCA_READER];

/// Those of the plan, and one to play with.
pub(super) fn readers() -> impl Iterator<Item = &'static str> {
    CARDS.iter().filter_map(|card| card.reader).chain([SPARE_READER])
}

pub(super) const CARDS: [PlannedCard; 17] = [
    PlannedCard {
        name: "gca-1",
        authority: "gca",
        subject: &[("C", "TW"), ("O", "行政院"), ("OU", "測試機關 TEST"), ("OU", "測試資訊處")],
        business_number: None,
        reader: Some(GCA_READER),
        device: 20_260_001,
        story: Story::AsDelivered,
    },
    PlannedCard {
        name: "gca-2",
        authority: "gca",
        subject: &[("C", "TW"), ("O", "行政院"), ("OU", "測試機關 TEST"), ("OU", "測試秘書處")],
        business_number: None,
        reader: None,
        device: 20_260_002,
        story: Story::AsDelivered,
    },
    PlannedCard {
        name: "xca-1",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "臺北市"), ("O", "測試協會 TEST")],
        business_number: Some("00000000"),
        reader: Some(XCA_READER),
        device: 20_260_003,
        story: Story::AsDelivered,
    },
    PlannedCard {
        name: "xca-2",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "高雄市"), ("O", "測試學校 TEST")],
        business_number: Some("00000001"),
        reader: None,
        device: 20_260_004,
        story: Story::AsDelivered,
    },
    PlannedCard {
        name: "hca-1",
        authority: "hca",
        subject: &[("C", "TW"), ("O", "測試醫院 TEST"), ("CN", "測試醫事人員一"), ("serialNumber", "0000000000000001")],
        business_number: None,
        reader: Some(HCA_READER),
        device: 20_260_005,
        story: Story::AsDelivered,
    },
    PlannedCard {
        name: "hca-2",
        authority: "hca",
        subject: &[("C", "TW"), ("O", "測試醫院 TEST"), ("CN", "測試醫事人員一"), ("serialNumber", "0000000000000001")],
        business_number: None,
        reader: None,
        device: 20_260_006,
        story: Story::AsDelivered,
    },
    PlannedCard {
        name: "moica-1",
        authority: "moica",
        subject: &[("C", "TW"), ("CN", "測試自然人 TEST"), ("serialNumber", "0000000000000003")],
        business_number: None,
        reader: Some(MOICA_READER),
        device: 20_260_007,
        story: Story::AsDelivered,
    },
    PlannedCard {
        name: "twca-1",
        authority: "twca",
        subject: &[("C", "TW"), ("O", "測試銀行客戶 TEST"), ("CN", "00000000-1")],
        business_number: Some("00000002"),
        reader: Some(TWCA_READER),
        device: 20_260_008,
        story: Story::AsDelivered,
    },
    PlannedCard {
        name: "xca-in-use",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "臺中市"), ("O", "測試第一公會 TEST")],
        business_number: Some("00000010"),
        reader: Some("Kaika Demo Reader XCA in use"),
        device: 20_260_011,
        story: Story::InUse,
    },
    PlannedCard {
        name: "xca-pin-locked",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "臺中市"), ("O", "測試第二公會 TEST")],
        business_number: Some("00000011"),
        reader: Some("Kaika Demo Reader XCA PIN locked"),
        device: 20_260_012,
        story: Story::PinLocked,
    },
    PlannedCard {
        name: "xca-puk-blocked",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "臺中市"), ("O", "測試第三公會 TEST")],
        business_number: Some("00000012"),
        reader: Some("Kaika Demo Reader XCA PUK blocked"),
        device: 20_260_013,
        story: Story::PukBlocked,
    },
    PlannedCard {
        name: "xca-user-code-locked",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "臺中市"), ("O", "測試第四公會 TEST")],
        business_number: Some("00000013"),
        reader: Some("Kaika Demo Reader XCA user code locked"),
        device: 20_260_014,
        story: Story::UserCodeLocked,
    },
    PlannedCard {
        name: "xca-expiring",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "臺中市"), ("O", "測試第一公會 TEST"), ("OU", "會務組")],
        business_number: Some("00000010"),
        reader: Some("Kaika Demo Reader XCA expiring"),
        device: 20_260_015,
        story: Story::Expiring,
    },
    PlannedCard {
        name: "xca-expired",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "臺中市"), ("O", "測試第一公會 TEST"), ("OU", "財務組")],
        business_number: Some("00000010"),
        reader: Some("Kaika Demo Reader XCA expired"),
        device: 20_260_016,
        story: Story::Expired,
    },
    PlannedCard {
        name: "xca-suspended",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "臺中市"), ("O", "測試第一公會 TEST"), ("OU", "推廣組")],
        business_number: Some("00000010"),
        reader: Some("Kaika Demo Reader XCA suspended"),
        device: 20_260_017,
        story: Story::Suspended,
    },
    PlannedCard {
        name: "xca-revoked",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "臺中市"), ("O", "測試第一公會 TEST"), ("OU", "資訊組")],
        business_number: Some("00000010"),
        reader: Some("Kaika Demo Reader XCA revoked"),
        device: 20_260_018,
        story: Story::Revoked,
    },
    PlannedCard {
        name: "xca-not-written",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "臺南市"), ("O", "測試第九公會 TEST")],
        business_number: Some("00000018"),
        reader: Some("Kaika Demo Reader XCA not written"),
        device: 20_260_019,
        story: Story::IssuedNotWritten,
    },
];

impl PlannedCard {
    /// Mails for it come to the demo's own mailbox.
    fn contact(&self) -> Contact {
        Contact {
            email: format!("{}@kaika.example", self.name).parse().expect("a plan's name makes an address"),
            name: None,
            telephone: None,
        }
    }

    /// To be named in its certificates.
    pub(super) fn office(&self) -> EmailAddress {
        format!("{}.office@kaika.example", self.name).parse().expect("a plan's name makes an address")
    }

    pub(super) fn order(&self) -> CardOrder {
        let subject = self.subject.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned()));
        let subject = subject.collect::<Vec<_>>().try_into().expect("a plan names its holders as certificates do");
        CardOrder {
            organisation: Organisation {
                business_number: self.business_number.map(str::to_owned),
                ..Organisation::default()
            },
            contact: Some(self.contact()),
            ..CardOrder::of(subject)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::installation::AUTHORITIES;
    use kaika_domain::{authorities::Policy, holders::Holder};
    use kaika_wire::HolderId;
    use time::macros::datetime;

    /// What pages show and what their forms ask for go together, for every authority.
    #[test]
    fn every_holder_is_called_what_is_shown() {
        let at = datetime!(2026-11-20 08:00:00 UTC);
        for card in &CARDS {
            let (_, policy) = AUTHORITIES.iter().find(|(file, _)| *file == format!("{}.toml", card.authority)).unwrap();
            let policy = Policy::parse(policy).unwrap();
            let subject = card.order().subject;
            let holder = Holder::registered(HolderId::new(at, [1; 10]), policy.id.clone(), subject.clone(), at);
            let shown = holder.said();
            assert!(!shown.contains('='), "{shown}");
            let parts = subject.labelled().filter(|(label, _)| matches!(*label, "O" | "OU" | "CN"));
            for name in parts.flat_map(|(_, value)| [value, value.trim_end_matches(" TEST")]) {
                assert!(holder.is_called(name), "{name} for {shown}");
                assert!(shown.contains(name), "{name} in {shown}");
            }
            for name in [shown.clone(), shown.replace(' ', ""), subject.to_string(), shown.replace(" TEST", "")] {
                assert!(holder.is_called(&name), "{name} for {shown}");
            }
            // The example is of a holder of the same kind; but that an organisation may have units where it shows none.
            let example = policy.holders.as_ref().and_then(|rules| rules.name()).expect(card.authority);
            let kind = kaika_wire::HolderName::of(subject.labelled()).unwrap().kind();
            let unit_of_one = kind == kaika_wire::HolderKind::Unit && subject.labelled().any(|(label, _)| label == "L");
            assert!(example.kind() == kind || unit_of_one, "{shown}: {example:?}");
        }
    }
}
