//! BER-TLV as ISO/IEC 7816-4 §5.2.2 has it: tags of up to three octets, lengths of up to three octets after the first.
//! Lengths are written in the shortest form, so that what is written is DER too.

use zeroize::Zeroizing;

/// The bytes are not BER-TLV, or not of the shape that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the BER-TLV that was expected")]
pub struct Malformed;

impl From<Malformed> for kaika_wire::CardFault {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// Goes over the data objects in `bytes`, one level deep, as (tag, value). Ends after the first error.
pub fn objects(bytes: &[u8]) -> Objects<'_> {
    Objects { rest: bytes }
}

/// The value of the first object with this tag, if there is one.
///
/// # Errors
/// The bytes up to there are not BER-TLV.
pub fn find(bytes: &[u8], tag: u32) -> Result<Option<&[u8]>, Malformed> {
    for object in objects(bytes) {
        let (found, value) = object?;
        if found == tag {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// The value of the first object with this tag.
///
/// # Errors
/// The bytes up to there are not BER-TLV, or there is no such object.
pub fn require(bytes: &[u8], tag: u32) -> Result<&[u8], Malformed> {
    find(bytes, tag)?.ok_or(Malformed)
}

/// One data object: tag, length, value.
pub fn object(tag: u32, value: &[u8]) -> Zeroizing<Vec<u8>> {
    constructed(tag, &[value])
}

/// One data object whose value is these parts one after the other.
pub fn constructed(tag: u32, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(8 + length));
    push(&mut out, tag, parts);
    out
}

/// Iterator of [`objects`].
pub struct Objects<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<(u32, &'a [u8]), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let parsed = parse(self.rest);
        Some(match parsed {
            Some((tag, value, rest)) => {
                self.rest = rest;
                Ok((tag, value))
            }
            None => {
                self.rest = &[];
                Err(Malformed)
            }
        })
    }
}

fn parse(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (tag, rest) = parse_tag(bytes)?;
    let (length, rest) = parse_length(rest)?;
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}

fn parse_tag(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let mut tag = u32::from(*first);
    if first & 0x1f != 0x1f {
        return Some((tag, rest));
    }
    for _ in 0..2 {
        let (next, after) = rest.split_first()?;
        tag = tag << 8 | u32::from(*next);
        rest = after;
        if next & 0x80 == 0 {
            return Some((tag, rest));
        }
    }
    None
}

fn parse_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let octets = match first {
        0..=0x7f => return Some((usize::from(*first), rest)),
        0x81..=0x83 => usize::from(first & 0x7f),
        _ => return None,
    };
    let (length, rest) = rest.split_at_checked(octets)?;
    let length = length.iter().fold(0, |sum, b| sum << 8 | usize::from(*b));
    Some((length, rest))
}

fn push(out: &mut Vec<u8>, tag: u32, parts: &[&[u8]]) {
    push_number(out, tag);
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let length = u32::try_from(length).expect("nothing for a card is longer than 4 GiB");
    if length < 0x80 {
        push_number(out, length);
    } else {
        let octets = 4 - length.leading_zeros() / 8;
        push_number(out, 0x80 | octets);
        push_number(out, length);
    }
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Big-endian, without leading zeros, one octet at least.
fn push_number(out: &mut Vec<u8>, number: u32) {
    let bytes = number.to_be_bytes();
    let start = bytes.iter().position(|b| *b != 0).unwrap_or(3);
    out.extend_from_slice(&bytes[start..]);
}
