//! BER-TLV as PIV uses it (SP 800-73-4 part 2 §2.1), read and written; the writer is also the DER writer of the
//! attestation certificates, since DER is a BER-TLV with definite, shortest lengths.

pub(crate) struct Tlv<'a> {
    pub(crate) tag: u32,
    pub(crate) value: &'a [u8],
}

/// All objects of `bytes`, one after the other; `None` if they do not fill it exactly.
pub(crate) fn parse(mut bytes: &[u8]) -> Option<Vec<Tlv<'_>>> {
    let mut objects = Vec::new();
    while !bytes.is_empty() {
        let (object, rest) = split_first(bytes)?;
        objects.push(object);
        bytes = rest;
    }
    Some(objects)
}

/// The value of the one object that `bytes` is, if it has this tag.
pub(crate) fn only(tag: u32, bytes: &[u8]) -> Option<&[u8]> {
    let (object, rest) = split_first(bytes)?;
    (object.tag == tag && rest.is_empty()).then_some(object.value)
}

pub(crate) fn find<'a>(objects: &[Tlv<'a>], tag: u32) -> Option<&'a [u8]> {
    let object = objects.iter().find(|object| object.tag == tag)?;
    Some(object.value)
}

pub(crate) fn write(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes = significant(tag);
    match value.len() {
        length @ 0..=0x7F => bytes.push(length as u8),
        length => {
            let length = significant(u32::try_from(length).expect("a card's objects are small"));
            bytes.push(0x80 | length.len() as u8);
            bytes.extend(length);
        }
    }
    bytes.extend_from_slice(value);
    bytes
}

/// An object whose value is these parts, one after the other.
pub(crate) fn nest<P: AsRef<[u8]>>(tag: u32, parts: impl IntoIterator<Item = P>) -> Vec<u8> {
    let mut value = Vec::new();
    for part in parts {
        value.extend_from_slice(part.as_ref());
    }
    write(tag, &value)
}

fn split_first(bytes: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (tag, rest) = split_tag(bytes)?;
    let (length, rest) = split_length(rest)?;
    let (value, rest) = rest.split_at_checked(length)?;
    Some((Tlv { tag, value }, rest))
}

fn split_tag(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (&first, mut rest) = bytes.split_first()?;
    let mut tag = u32::from(first);
    if first & 0x1F == 0x1F {
        loop {
            let (&next, after) = rest.split_first()?;
            // Three bytes at most, as ISO/IEC 7816-4 §5.2.2.1 allows.
            if tag > 0xFFFF {
                return None;
            }
            tag = tag << 8 | u32::from(next);
            rest = after;
            if next & 0x80 == 0 {
                break;
            }
        }
    }
    Some((tag, rest))
}

fn split_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        0..=0x7F => Some((usize::from(first), rest)),
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            let length = length.iter().fold(0, |n, &b| n << 8 | usize::from(b));
            Some((length, rest))
        }
        _ => None,
    }
}

fn significant(number: u32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|&&b| b == 0).count().min(3);
    bytes[zeros..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (tag, length) in [(0x53, 0), (0x7E, 0x7F), (0x7F49, 0x80), (0x5FC102, 0x1234)] {
            let value = vec![7; length];
            let bytes = write(tag, &value);
            assert_eq!(only(tag, &bytes), Some(value.as_slice()), "tag {tag:X}");
        }
    }

    #[test]
    fn lengths_are_the_shortest() {
        assert_eq!(write(0x53, &[0; 0x7F])[..2], [0x53, 0x7F]);
        assert_eq!(write(0x53, &[0; 0x80])[..3], [0x53, 0x81, 0x80]);
        assert_eq!(write(0x53, &[0; 0x100])[..4], [0x53, 0x82, 0x01, 0x00]);
    }

    #[test]
    fn what_is_cut_or_unknown_is_refused() {
        let refused: [&[u8]; 7] = [
            &[0x53],
            &[0x53, 2, 0],
            &[0x53, 0x80, 0, 0],
            &[0x53, 0x84, 0, 0, 0, 0],
            &[0x7F],
            &[0x53, 0x82, 1],
            &[0x1F, 0x80, 0x80, 0x80, 0x01, 0x00],
        ];
        for bytes in refused {
            assert!(parse(bytes).is_none(), "{bytes:02X?}");
        }
    }
}
