//! Whatever bytes come, the card answers with a status word, and never panics.

use proptest::prelude::*;

use super::rig::{P256, Rig, extended};

/// Commands that the card knows, with data that may be anything.
fn command() -> impl Strategy<Value = Vec<u8>> {
    let ins = prop::sample::select(vec![
        0x20, 0x24, 0x2C, 0x47, 0x87, 0xA4, 0xC0, 0xCB, 0xDB, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFD, 0xFE, 0xFF,
    ]);
    let p1 = prop::sample::select(vec![0x00, 0x04, 0x07, 0x0A, 0x11, 0x14, 0x3F, 0xFF]);
    let p2 = prop::sample::select(vec![0x00, 0x80, 0x81, 0x82, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0xF9, 0xFF]);
    (ins, p1, p2, data()).prop_map(|(ins, p1, p2, data)| extended(ins, p1, p2, &data))
}

/// Objects in objects, of tags that mean something, and sometimes cut short.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..80);
    let object = |inner: BoxedStrategy<Vec<u8>>| {
        let tag = prop::sample::select(vec![
            0x01, 0x02, 0x06, 0x53, 0x5C, 0x7C, 0x7E, 0x80, 0x81, 0x82, 0x85, 0x9B, 0xAA, 0xAB, 0xAC,
        ]);
        prop::collection::vec((tag, inner), 0..3).prop_map(|objects| {
            let objects = objects.into_iter().map(|(tag, value)| super::rig::tlv(tag, &value));
            objects.collect::<Vec<_>>().concat()
        })
    };
    let nested = object(object(bytes.clone().boxed()).boxed());
    prop_oneof![
        bytes,
        (nested, any::<prop::sample::Index>()).prop_map(|(mut data, cut)| {
            if !data.is_empty() && cut.index(4) == 0 {
                data.truncate(cut.index(data.len()));
            }
            data
        })
    ]
}

fn answers(rig: &mut Rig, apdus: &[Vec<u8>]) {
    for apdu in apdus {
        let answer = rig.card().transmit(apdu).unwrap();
        assert!(answer.len() >= 2, "{apdu:02X?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(apdus in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..40)) {
        answers(&mut Rig::new(), &apdus);
    }

    #[test]
    fn any_commands(apdus in prop::collection::vec(command(), 1..30)) {
        let mut rig = Rig::new();
        rig.generate(0x9A, P256);
        rig.generate(0x9E, P256);
        rig.authenticate();
        rig.verify("123456");
        answers(&mut rig, &apdus);
        // What it wrote, it can read.
        rig.reopen();
    }

    #[test]
    fn any_tries_leave_the_counters_within_their_limit(pins in prop::collection::vec("[0-9]{6,8}", 1..8)) {
        let mut rig = Rig::new();
        for pin in pins {
            let before = rig.card().inspect().pin_tries_left();
            let status = rig.verify(&pin);
            let after = rig.card().inspect().pin_tries_left();
            prop_assert!(after <= 3);
            match (pin == "123456", before) {
                (_, 0) => prop_assert_eq!((status, after), (0x6983, 0)),
                (true, _) => prop_assert_eq!((status, after), (0x9000, 3)),
                (false, _) => prop_assert_eq!((status, after), (0x63C0 + u16::from(after), before - 1)),
            }
        }
    }
}
