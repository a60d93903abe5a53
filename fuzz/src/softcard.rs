//! Whatever APDUs come, the software card answers with a status word.
//!
//! Input: APDUs, each a length of one octet and that many octets.

use kaika_softcard::{Options, SoftCard};
use std::{cell::RefCell, sync::LazyLock};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder")
});

thread_local! {
    static CARD: RefCell<SoftCard> = RefCell::new(
        SoftCard::create(FOLDER.path().join("one.card"), Options { serial: 1, ..Options::default() }).expect("a card")
    );
}

pub fn softcard(input: &[u8]) {
    CARD.with_borrow_mut(|card| {
        card.reset();
        let mut rest = input;
        while let Some((length, after)) = rest.split_first() {
            let Some((apdu, after)) = after.split_at_checked(usize::from(*length)) else { break };
            let generates = apdu.get(1).is_some_and(|instruction| *instruction == 0x47);
            // Making RSA keys takes longer than anything else here is worth.
            if !generates {
                let answer = card.transmit(apdu).expect("it has power");
                assert!(answer.len() >= 2, "a status word");
            }
            rest = after;
        }
    });
}
