//! DER by hand where bytes must stay as they were received, or be written without building a tree first.

use der::asn1::{GeneralizedTime, UtcTime};
use der::{DateTime, Decode, Encode, Header, Length, Reader, SliceReader, Tag, TagNumber};
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use crate::oid::Oid;
use crate::serial::Serial;

/// Why bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("not DER: {0}")]
    Der(#[from] der::Error),
    #[error("longer than {limit} bytes")]
    TooLong { limit: usize },
    #[error("{0}")]
    Content(&'static str),
}

pub(crate) const NULL: [u8; 2] = [0x05, 0x00];

// ---- writing

/// `[number]`, constructed: the form of every EXPLICIT tag and of IMPLICIT tags over constructed types.
pub(crate) fn context(number: u32) -> Tag {
    TagNumber(number).context_specific(true)
}

/// `[number]`, primitive: IMPLICIT over a primitive type.
pub(crate) fn context_primitive(number: u32) -> Tag {
    TagNumber(number).context_specific(false)
}

pub(crate) fn tlv(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 8);
    push_header(&mut out, tag, length);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(Tag::Sequence, parts)
}

pub(crate) fn push_header(out: &mut Vec<u8>, tag: Tag, length: usize) {
    let length = Length::try_from(length).expect("nothing written here comes near 4 GiB");
    Header::new(tag, length).encode_to_vec(out).expect("a header of a definite length always encodes");
}

/// Makes a SEQUENCE of `head` and what is in `content`, which is moved and not copied: it may have tens of megabytes.
pub(crate) fn enclose(content: &mut Vec<u8>, head: &[u8]) {
    let mut front = Vec::with_capacity(head.len() + 8);
    push_header(&mut front, Tag::Sequence, head.len() + content.len());
    front.extend_from_slice(head);
    content.splice(..0, front);
}

pub(crate) fn oid(oid: Oid) -> Vec<u8> {
    tlv(Tag::ObjectIdentifier, &[oid.as_bytes()])
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(Tag::OctetString, &[bytes])
}

pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(Tag::BitString, &[&[0], bytes])
}

/// An INTEGER from unsigned big-endian bytes, in the shortest form.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let digits = strip_zeros(bytes);
    match digits.first() {
        None => tlv(Tag::Integer, &[&[0]]),
        Some(first) if *first >= 0x80 => tlv(Tag::Integer, &[&[0], digits]),
        Some(_) => tlv(Tag::Integer, &[digits]),
    }
}

/// RFC 5280 §4.2: `critical` is DEFAULT FALSE, so absent unless true.
pub(crate) fn extension(id: Oid, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[0x01, 0x01, 0xff] } else { &[] };
    sequence(&[&oid(id), critical, &octets(value)])
}

/// UTCTime to 2049, GeneralizedTime after (RFC 5280 §4.1.2.5); whole seconds, UTC.
pub(crate) fn time(at: OffsetDateTime) -> Result<Vec<u8>, TimeOutOfRange> {
    let at = date_time(at)?;
    let encoded = if (1950..=2049).contains(&at.year()) {
        UtcTime::from_date_time(at).and_then(|time| time.to_der())
    } else {
        GeneralizedTime::from_date_time(at).to_der()
    };
    encoded.map_err(|_| TimeOutOfRange)
}

/// GeneralizedTime whatever the year, as OCSP wants it (RFC 6960 §4.2.2.1).
pub(crate) fn generalized(at: OffsetDateTime) -> Result<Vec<u8>, TimeOutOfRange> {
    GeneralizedTime::from_date_time(date_time(at)?).to_der().map_err(|_| TimeOutOfRange)
}

/// A moment that X.509 cannot say: before 1970 or after 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time before 1970 or after 9999")]
pub struct TimeOutOfRange;

fn date_time(at: OffsetDateTime) -> Result<DateTime, TimeOutOfRange> {
    let at = at.to_offset(UtcOffset::UTC);
    let year = u16::try_from(at.year()).map_err(|_| TimeOutOfRange)?;
    DateTime::new(year, at.month().into(), at.day(), at.hour(), at.minute(), at.second()).map_err(|_| TimeOutOfRange)
}

// ---- reading

/// One TLV: `raw` is the whole of it, `value` its contents.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: Tag,
    pub(crate) value: &'a [u8],
    pub(crate) raw: &'a [u8],
}

/// Reads one element after the other out of a slice.
#[derive(Clone)]
pub(crate) struct Parser<'a> {
    reader: SliceReader<'a>,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, ParseError> {
        Ok(Self { reader: SliceReader::new(bytes)? })
    }

    /// The contents of the one element that `bytes` must be, nothing after it.
    pub(crate) fn only(bytes: &'a [u8], tag: Tag) -> Result<Self, ParseError> {
        let mut outer = Self::new(bytes)?;
        let inner = outer.enter(tag)?;
        outer.finish()?;
        Ok(inner)
    }

    /// The contents, if `bytes` are one OCTET STRING and nothing else.
    pub(crate) fn only_octets(bytes: &'a [u8]) -> Option<&'a [u8]> {
        let mut outer = Self::new(bytes).ok()?;
        let value = outer.element(Tag::OctetString).ok()?.value;
        outer.finish().ok()?;
        Some(value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.reader.is_finished()
    }

    pub(crate) fn any(&mut self) -> Result<Element<'a>, ParseError> {
        let header = Header::peek(&self.reader)?;
        let raw = self.reader.tlv_bytes()?;
        let length = usize::try_from(header.length())?;
        Ok(Element { tag: header.tag(), value: &raw[raw.len() - length..], raw })
    }

    pub(crate) fn element(&mut self, tag: Tag) -> Result<Element<'a>, ParseError> {
        let element = self.any()?;
        element.tag.assert_eq(tag).map_err(ParseError::from)?;
        Ok(element)
    }

    pub(crate) fn optional(&mut self, tag: Tag) -> Result<Option<Element<'a>>, ParseError> {
        if self.is_empty() || Tag::peek(&self.reader)? != tag {
            return Ok(None);
        }
        self.any().map(Some)
    }

    pub(crate) fn enter(&mut self, tag: Tag) -> Result<Parser<'a>, ParseError> {
        Parser::new(self.element(tag)?.value)
    }

    pub(crate) fn enter_optional(&mut self, tag: Tag) -> Result<Option<Parser<'a>>, ParseError> {
        self.optional(tag)?.map(|element| Parser::new(element.value)).transpose()
    }

    pub(crate) fn oid(&mut self) -> Result<Oid, ParseError> {
        Ok(Oid::from_der(self.element(Tag::ObjectIdentifier)?.raw)?)
    }

    /// A non-negative INTEGER in its shortest form, leading zero removed.
    pub(crate) fn unsigned(&mut self) -> Result<&'a [u8], ParseError> {
        let value = self.element(Tag::Integer)?.value;
        match value {
            [] => Err(ParseError::Content("an empty integer")),
            [first, ..] if *first >= 0x80 => Err(ParseError::Content("a negative integer")),
            [0, second, ..] if *second < 0x80 => Err(ParseError::Content("an integer not in its shortest form")),
            [0, rest @ ..] => Ok(rest),
            _ => Ok(value),
        }
    }

    pub(crate) fn serial(&mut self) -> Result<Serial, ParseError> {
        Serial::new(self.unsigned()?).map_err(|_| ParseError::Content("a serial number out of range"))
    }

    pub(crate) fn small(&mut self) -> Result<u64, ParseError> {
        let bytes = self.unsigned()?;
        if bytes.len() > 8 {
            return Err(ParseError::Content("an integer above 64 bits"));
        }
        Ok(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// A BIT STRING of whole octets.
    pub(crate) fn bits(&mut self) -> Result<&'a [u8], ParseError> {
        match self.element(Tag::BitString)?.value {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(ParseError::Content("a bit string that is not whole octets")),
        }
    }

    /// A GeneralizedTime, as all times of OCSP are.
    pub(crate) fn generalized(&mut self) -> Result<OffsetDateTime, ParseError> {
        let raw = self.element(Tag::GeneralizedTime)?.raw;
        offset_date_time(GeneralizedTime::from_der(raw)?.to_date_time())
    }

    pub(crate) fn time(&mut self) -> Result<OffsetDateTime, ParseError> {
        let element = self.any()?;
        let at = match element.tag {
            Tag::UtcTime => UtcTime::from_der(element.raw)?.to_date_time(),
            _ => GeneralizedTime::from_der(element.raw)?.to_date_time(),
        };
        offset_date_time(at)
    }

    pub(crate) fn finish(self) -> Result<(), ParseError> {
        Ok(self.reader.finish()?)
    }
}

/// One extension; `value` is what the OCTET STRING holds.
pub(crate) struct Extension<'a> {
    pub(crate) id: Oid,
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

/// Extensions in order, duplicates refused (RFC 5280 §4.2).
pub(crate) fn extensions(mut list: Parser<'_>) -> Result<Vec<Extension<'_>>, ParseError> {
    let mut found: Vec<Extension<'_>> = Vec::new();
    while !list.is_empty() {
        let mut one = list.enter(Tag::Sequence)?;
        let id = one.oid()?;
        let critical = match one.optional(Tag::Boolean)? {
            None => false,
            Some(element) if element.value == [0xff] => true,
            Some(_) => return Err(ParseError::Content("an explicit FALSE is not DER")),
        };
        let value = one.element(Tag::OctetString)?.value;
        one.finish()?;
        if found.iter().any(|other| other.id == id) {
            return Err(ParseError::Content("an extension occurs twice"));
        }
        found.push(Extension { id, critical, value });
    }
    Ok(found)
}

pub(crate) fn limit(bytes: &[u8], limit: usize) -> Result<(), ParseError> {
    if bytes.len() > limit {
        return Err(ParseError::TooLong { limit });
    }
    Ok(())
}

pub(crate) fn strip_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

fn offset_date_time(at: DateTime) -> Result<OffsetDateTime, ParseError> {
    let wrong = |_| ParseError::Content("a time that does not exist");
    let month = Month::try_from(at.month()).map_err(wrong)?;
    let date = Date::from_calendar_date(i32::from(at.year()), month, at.day()).map_err(wrong)?;
    let time = Time::from_hms(at.hour(), at.minutes(), at.seconds()).map_err(wrong)?;
    Ok(date.with_time(time).assume_utc())
}
