//! GET DATA and PUT DATA (SP 800-73-4 part 2 §3.1.2 and §3.3.1).

use iso7816::Status;

use super::select::AID;
use super::{Answer, Applet, expect_parameters};
use crate::apdu::Apdu;
use crate::quirk::Quirk;
use crate::state::{Content, ObjectTag};
use crate::tlv;

/// The largest object of a YubiKey, in bytes.
const LARGEST: usize = 3052;

const DISCOVERY: u32 = 0x7E;
const BIOMETRIC_TEMPLATES: u32 = 0x7F61;
const OF_PIV: std::ops::RangeInclusive<u32> = 0x5F_C101..=0x5F_C123;
const OF_YUBICO: std::ops::RangeInclusive<u32> = 0x5F_FF00..=0x5F_FFFF;

/// Fingerprints, facial image, printed information, iris images: the holder's PIN opens them (part 1 table 2).
const NEEDS_PIN: [u32; 4] = [0x5F_C103, 0x5F_C108, 0x5F_C109, 0x5F_C121];

impl Applet {
    pub(super) fn read_object(&mut self, apdu: &Apdu) -> Answer {
        expect_parameters(apdu, 0x3F, 0xFF)?;
        let name = tlv::only(0x5C, &apdu.data).ok_or(Status::IncorrectDataParameter)?;
        let tag = object_tag(name).ok_or(Status::NotFound)?;
        if NEEDS_PIN.contains(&tag) && !self.session.pin_verified {
            return Err(Status::SecurityStatusNotSatisfied);
        }
        match (self.state.objects.get(&ObjectTag(tag)), tag) {
            (Some(content), DISCOVERY | BIOMETRIC_TEMPLATES) => Ok(tlv::write(tag, &content.0)),
            (Some(content), _) => Ok(tlv::write(0x53, &content.0)),
            (None, DISCOVERY) => Ok(tlv::write(DISCOVERY, &discovery())),
            (None, _) => Err(Status::NotFound),
        }
    }

    pub(super) fn write_object(&mut self, apdu: &Apdu) -> Answer {
        expect_parameters(apdu, 0x3F, 0xFF)?;
        self.needs_management_key()?;
        let objects = tlv::parse(&apdu.data).ok_or(Status::IncorrectDataParameter)?;
        let (tag, content) = match objects.as_slice() {
            [object] if matches!(object.tag, DISCOVERY | BIOMETRIC_TEMPLATES) => (object.tag, object.value),
            [name, content] if name.tag == 0x5C && content.tag == 0x53 => {
                let tag = object_tag(name.value).filter(|tag| *tag > 0xFFFF);
                (tag.ok_or(Status::IncorrectDataParameter)?, content.value)
            }
            _ => return Err(Status::IncorrectDataParameter),
        };
        if content.len() > LARGEST {
            return Err(Status::NotEnoughMemory);
        }
        if self.state.has(Quirk::ObjectsFixed) && !content.is_empty() {
            let first = *self.state.sizes.entry(ObjectTag(tag)).or_insert(content.len());
            if content.len() > first {
                return Err(Status::NotEnoughMemory);
            }
        }
        // An empty object is one that is not there.
        if content.is_empty() {
            self.state.objects.remove(&ObjectTag(tag));
        } else {
            let content = Content(content.to_vec());
            self.state.objects.insert(ObjectTag(tag), content);
        }
        Ok(Vec::new())
    }
}

/// The tag that a tag list of one names, if there may be such an object.
fn object_tag(name: &[u8]) -> Option<u32> {
    let number = name.iter().fold(0, |n, &b| n << 8 | u32::from(b));
    match name.len() {
        1 => (number == DISCOVERY).then_some(number),
        2 => (number == BIOMETRIC_TEMPLATES).then_some(number),
        3 => (OF_PIV.contains(&number) || OF_YUBICO.contains(&number)).then_some(number),
        _ => None,
    }
}

/// The Discovery Object of a card that has none written: its AID, and that the PIV PIN alone is used
/// (SP 800-73-4 part 1 §3.3.2).
fn discovery() -> Vec<u8> {
    [tlv::write(0x4F, &AID), tlv::write(0x5F2F, &[0x40, 0x00])].concat()
}
