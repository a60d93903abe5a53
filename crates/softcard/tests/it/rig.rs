//! A card on the bench, and a terminal that is independent of the one in `kaika-card`.

use aes::Aes192;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aws_lc_rs::digest::{self, SHA256, SHA384};
use kaika_softcard::{CardError, Options, Quirk, SoftCard};
use tempfile::TempDir;

pub(crate) const SELECT: &[u8] = &[0x00, 0xA4, 0x04, 0x00, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08];
pub(crate) const FACTORY_KEY: [u8; 24] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];
pub(crate) const RSA: u8 = 0x07;
pub(crate) const P256: u8 = 0x11;
pub(crate) const P384: u8 = 0x14;
pub(crate) const SERIAL: u32 = 4_000_001;

/// An answer: data and status word.
pub(crate) type Answer = (Vec<u8>, u16);

pub(crate) struct Rig {
    card: Option<SoftCard>,
    pub(crate) folder: TempDir,
}

impl Rig {
    /// A new card, powered, with the application selected.
    pub(crate) fn new() -> Rig {
        Rig::with(Options { serial: SERIAL, strict: false, ..Options::default() })
    }

    pub(crate) fn strict() -> Rig {
        Rig::with(Options { serial: SERIAL, strict: true, ..Options::default() })
    }

    pub(crate) fn of(quirks: &[Quirk]) -> Rig {
        Rig::with(Options { serial: SERIAL, quirks: quirks.iter().copied().collect(), ..Options::default() })
    }

    fn with(options: Options) -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let card = SoftCard::create(folder.path().join("card.json"), options).unwrap();
        let mut rig = Rig { card: Some(card), folder };
        rig.restart();
        rig
    }

    pub(crate) fn card(&mut self) -> &mut SoftCard {
        self.card.as_mut().unwrap()
    }

    pub(crate) fn into_card(mut self) -> (SoftCard, TempDir) {
        (self.card.take().unwrap(), self.folder)
    }

    /// Takes power away, gives it again, selects.
    pub(crate) fn restart(&mut self) {
        self.card().power_off();
        self.card().power_on();
        assert_eq!(self.raw(SELECT).1, 0x9000);
    }

    /// Forgets the card object and reads the card from its file again.
    pub(crate) fn reopen(&mut self) {
        self.card = None;
        self.card = Some(SoftCard::open(self.folder.path().join("card.json")).unwrap());
        self.restart();
    }

    pub(crate) fn try_raw(&mut self, apdu: &[u8]) -> Result<Answer, CardError> {
        let mut data = self.card().transmit(apdu)?;
        let status = data.split_off(data.len() - 2);
        Ok((data, u16::from_be_bytes([status[0], status[1]])))
    }

    pub(crate) fn raw(&mut self, apdu: &[u8]) -> Answer {
        self.try_raw(apdu).unwrap()
    }

    /// One command in an APDU of extended length.
    pub(crate) fn send(&mut self, ins: u8, p1: u8, p2: u8, data: &[u8]) -> Answer {
        self.raw(&extended(ins, p1, p2, data))
    }

    /// The same, expecting success.
    #[track_caller]
    pub(crate) fn ok(&mut self, ins: u8, p1: u8, p2: u8, data: &[u8]) -> Vec<u8> {
        let (answer, status) = self.send(ins, p1, p2, data);
        assert_eq!(status, 0x9000, "INS {ins:02X} {p1:02X} {p2:02X}: {status:04X}");
        answer
    }

    pub(crate) fn status(&mut self, ins: u8, p1: u8, p2: u8, data: &[u8]) -> u16 {
        self.send(ins, p1, p2, data).1
    }

    pub(crate) fn verify(&mut self, pin: &str) -> u16 {
        self.status(0x20, 0x00, 0x80, &padded(pin))
    }

    /// Whether the PIN counts as verified.
    pub(crate) fn is_verified(&mut self) -> bool {
        self.status(0x20, 0x00, 0x80, &[]) == 0x9000
    }

    /// Proves the factory management key.
    pub(crate) fn authenticate(&mut self) {
        let challenge = self.ok(0x87, 0x0A, 0x9B, &[0x7C, 0x02, 0x81, 0x00]);
        let mut block = <[u8; 16]>::try_from(&challenge[4..]).unwrap().into();
        Aes192::new(&FACTORY_KEY.into()).encrypt_block(&mut block);
        let response = tlv(0x7C, &tlv(0x82, &block));
        assert_eq!(self.status(0x87, 0x0A, 0x9B, &response), 0x9000);
    }

    /// Authenticates, and generates a key; the public key's objects.
    pub(crate) fn generate(&mut self, slot: u8, algorithm: u8) -> Vec<u8> {
        self.generate_with(slot, algorithm, &[])
    }

    pub(crate) fn generate_with(&mut self, slot: u8, algorithm: u8, policies: &[u8]) -> Vec<u8> {
        self.authenticate();
        let template = [&[0x80, 0x01, algorithm], policies].concat();
        let answer = self.ok(0x47, 0x00, slot, &tlv(0xAC, &template));
        assert_eq!(answer[..2], [0x7F, 0x49]);
        value(&answer[1..]).to_vec()
    }

    /// GENERAL AUTHENTICATE with a challenge; the response alone.
    pub(crate) fn apply(&mut self, slot: u8, algorithm: u8, input: &[u8]) -> Answer {
        let template = [&[0x82, 0x00][..], &tlv(0x81, input)].concat();
        let (answer, status) = self.send(0x87, algorithm, slot, &tlv(0x7C, &template));
        match status {
            0x9000 => (value(value(&answer)).to_vec(), status),
            _ => (answer, status),
        }
    }

    pub(crate) fn put(&mut self, tag: u32, content: &[u8]) -> u16 {
        self.status(0xDB, 0x3F, 0xFF, &put_data(tag, content))
    }

    pub(crate) fn get(&mut self, tag: u32) -> Answer {
        self.send(0xCB, 0x3F, 0xFF, &tag_list(tag))
    }
}

pub(crate) fn put_data(tag: u32, content: &[u8]) -> Vec<u8> {
    [tag_list(tag), tlv(0x53, content)].concat()
}

pub(crate) fn tag_list(tag: u32) -> Vec<u8> {
    let bytes = tag.to_be_bytes();
    let zeros = bytes.iter().take_while(|&&b| b == 0).count();
    tlv(0x5C, &bytes[zeros..])
}

pub(crate) fn extended(ins: u8, p1: u8, p2: u8, data: &[u8]) -> Vec<u8> {
    let mut apdu = vec![0x00, ins, p1, p2, 0x00];
    if !data.is_empty() {
        apdu.extend((data.len() as u16).to_be_bytes());
        apdu.extend(data);
    }
    apdu.extend([0x00, 0x00]);
    apdu
}

/// The links of a chain of short APDUs.
pub(crate) fn chained(ins: u8, p1: u8, p2: u8, data: &[u8]) -> Vec<Vec<u8>> {
    let links: Vec<&[u8]> = data.chunks(255).collect();
    let last = links.len() - 1;
    let apdu = |(index, link): (usize, &&[u8])| {
        let class = if index == last { 0x00 } else { 0x10 };
        let mut apdu = vec![class, ins, p1, p2, link.len() as u8];
        apdu.extend_from_slice(link);
        apdu
    };
    links.iter().enumerate().map(apdu).collect()
}

pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match value.len() {
        length @ 0..=0x7F => bytes.push(length as u8),
        length @ 0x80..=0xFF => bytes.extend([0x81, length as u8]),
        length => bytes.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    bytes.extend_from_slice(value);
    bytes
}

/// The value of an object with a tag of one byte.
pub(crate) fn value(bytes: &[u8]) -> &[u8] {
    match bytes[1] {
        length @ 0..=0x7F => &bytes[2..][..usize::from(length)],
        0x81 => &bytes[3..][..usize::from(bytes[2])],
        0x82 => &bytes[4..][..usize::from(bytes[2]) << 8 | usize::from(bytes[3])],
        other => panic!("length {other:02X}"),
    }
}

/// The objects of a value, by their tags of one byte.
pub(crate) fn objects(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut objects = Vec::new();
    while !bytes.is_empty() {
        let object = value(bytes);
        objects.push((bytes[0], object));
        bytes = &bytes[object.as_ptr() as usize - bytes.as_ptr() as usize + object.len()..];
    }
    objects
}

pub(crate) fn padded(pin: &str) -> Vec<u8> {
    let mut bytes = pin.as_bytes().to_vec();
    bytes.resize(8, 0xFF);
    bytes
}

pub(crate) fn two(old: &str, new: &str) -> Vec<u8> {
    [padded(old), padded(new)].concat()
}

pub(crate) fn sha256(message: &[u8]) -> Vec<u8> {
    digest::digest(&SHA256, message).as_ref().to_vec()
}

pub(crate) fn sha384(message: &[u8]) -> Vec<u8> {
    digest::digest(&SHA384, message).as_ref().to_vec()
}
