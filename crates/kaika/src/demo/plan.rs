//! Which cards the demo has, and where they lie.

use kaika_app::CardOrder;
use kaika_domain::{CardRank, Contact, Organisation};

pub(super) struct PlannedCard {
    pub(super) name: &'static str,
    pub(super) authority: &'static str,
    subject: &'static [(&'static str, &'static str)],
    business_number: Option<&'static str>,
    pub(super) reader: Option<&'static str>,
    /// The device's serial number.
    pub(super) device: u32,
}

const GCA_READER: &str = "Kaika Demo Reader GCA";
const XCA_READER: &str = "Kaika Demo Reader XCA";
const HCA_READER: &str = "Kaika Demo Reader HCA";
const MOICA_READER: &str = "Kaika Demo Reader MOICA";
const TWCA_READER: &str = "Kaika Demo Reader TWCA";
const SPARE_READER: &str = "Kaika Demo Reader Spare";

pub(super) fn readers() -> [&'static str; 6] {
    [GCA_READER, XCA_READER, HCA_READER, MOICA_READER, TWCA_READER, SPARE_READER]
}

pub(super) const CARDS: [PlannedCard; 8] = [
    PlannedCard {
        name: "gca-1",
        authority: "gca",
        subject: &[("C", "TW"), ("O", "行政院"), ("OU", "測試機關 TEST"), ("OU", "測試資訊處")],
        business_number: None,
        reader: Some(GCA_READER),
        device: 20_260_001,
    },
    PlannedCard {
        name: "gca-2",
        authority: "gca",
        subject: &[("C", "TW"), ("O", "行政院"), ("OU", "測試機關 TEST"), ("OU", "測試秘書處")],
        business_number: None,
        reader: None,
        device: 20_260_002,
    },
    PlannedCard {
        name: "xca-1",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "臺北市"), ("O", "測試協會 TEST")],
        business_number: Some("00000000"),
        reader: Some(XCA_READER),
        device: 20_260_003,
    },
    PlannedCard {
        name: "xca-2",
        authority: "xca",
        subject: &[("C", "TW"), ("L", "高雄市"), ("O", "測試學校 TEST")],
        business_number: Some("00000001"),
        reader: None,
        device: 20_260_004,
    },
    PlannedCard {
        name: "hca-1",
        authority: "hca",
        subject: &[("C", "TW"), ("O", "測試醫院 TEST"), ("CN", "測試醫事人員一"), ("serialNumber", "0000000000000001")],
        business_number: None,
        reader: Some(HCA_READER),
        device: 20_260_005,
    },
    PlannedCard {
        name: "hca-2",
        authority: "hca",
        subject: &[("C", "TW"), ("O", "測試醫院 TEST"), ("CN", "測試醫事人員二"), ("serialNumber", "0000000000000002")],
        business_number: None,
        reader: None,
        device: 20_260_006,
    },
    PlannedCard {
        name: "moica-1",
        authority: "moica",
        subject: &[("C", "TW"), ("CN", "測試自然人 TEST"), ("serialNumber", "0000000000000003")],
        business_number: None,
        reader: Some(MOICA_READER),
        device: 20_260_007,
    },
    PlannedCard {
        name: "twca-1",
        authority: "twca",
        subject: &[("C", "TW"), ("O", "測試銀行客戶 TEST"), ("CN", "00000000-1")],
        business_number: Some("00000002"),
        reader: Some(TWCA_READER),
        device: 20_260_008,
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

    pub(super) fn order(&self) -> CardOrder {
        CardOrder {
            subject: self.subject.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect(),
            organisation: Organisation {
                business_number: self.business_number.map(str::to_owned),
                ..Organisation::default()
            },
            email: None,
            contact: Some(self.contact()),
            rank: CardRank::Primary,
        }
    }
}
