//! SELECT (SP 800-73-4 part 2 §3.1.1).

use iso7816::Status;

use super::{Answer, Applet};
use crate::apdu::Apdu;
use crate::tlv;

/// The RID of NIST, the PIX of PIV, and its version.
pub(super) const AID: [u8; 11] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00];
const RID: usize = 5;

const BY_NAME: u8 = 0x04;
const LABEL: &[u8] = b"Kaika software PIV card";
const REFERENCE: &[u8] = b"https://csrc.nist.gov/pubs/sp/800/73/4/upd1/final";

impl Applet {
    /// The application, by its AID or a beginning of it. Selecting it again changes no security status.
    pub(super) fn select(&mut self, apdu: &Apdu) -> Answer {
        if apdu.p1 != BY_NAME || !matches!(apdu.p2, 0x00 | 0x0C) {
            return Err(Status::IncorrectP1OrP2Parameter);
        }
        // An application that is not on the card leaves this one selected.
        if apdu.data.len() < RID || !AID.starts_with(&apdu.data) {
            return Err(Status::NotFound);
        }
        self.session.selected = true;
        Ok(match apdu.p2 {
            0x0C => Vec::new(),
            _ => property_template(),
        })
    }
}

/// The application property template (SP 800-73-4 part 2 table 3).
fn property_template() -> Vec<u8> {
    let (rid, pix) = AID.split_at(RID);
    tlv::nest(
        0x61,
        [
            tlv::write(0x4F, pix),
            tlv::nest(0x79, [tlv::write(0x4F, rid)]),
            tlv::write(0x50, LABEL),
            tlv::write(0x5F50, REFERENCE),
        ],
    )
}
