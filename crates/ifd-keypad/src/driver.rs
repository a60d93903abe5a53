//! The ten functions that pcscd calls: IFD handler interface 3.0, <https://pcsclite.apdu.fr/api/group__IFDHandler.html>.

use crate::{Kind, channel::Channel};
use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr, c_char, c_long, c_ulong};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::slice;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Dword = c_ulong;
type ResponseCode = c_long;

const SUCCESS: ResponseCode = 0;
const ERROR_TAG: ResponseCode = 600;
const ERROR_POWER_ACTION: ResponseCode = 608;
const COMMUNICATION_ERROR: ResponseCode = 612;
const NOT_SUPPORTED: ResponseCode = 614;
const ICC_PRESENT: ResponseCode = 615;
const ICC_NOT_PRESENT: ResponseCode = 616;
const ERROR_INSUFFICIENT_BUFFER: ResponseCode = 618;

const POWER_UP: Dword = 500;
const POWER_DOWN: Dword = 501;
const RESET: Dword = 502;

const TAG_ATR: Dword = 0x0303;
const TAG_SLOTS_NUMBER: Dword = 0x0fae;
const TAG_SIMULTANEOUS_ACCESS: Dword = 0x0faf;

/// SCARD_CTL_CODE of PCSC lite.
const fn control_code(code: u32) -> u32 {
    0x4200_0000 + code
}

/// CM_IOCTL_GET_FEATURE_REQUEST (PC/SC part 10 §2.2).
const GET_FEATURES: u32 = control_code(3400);
/// Where this reader has its features; any codes would do.
const VERIFY_PIN_DIRECT: u32 = control_code(2071);
const MODIFY_PIN_DIRECT: u32 = control_code(2072);

/// The readers, by pcscd's numbers for them.
static CHANNELS: Mutex<BTreeMap<Dword, Channel>> = Mutex::new(BTreeMap::new());

fn channels() -> MutexGuard<'static, BTreeMap<Dword, Channel>> {
    CHANNELS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `SCARD_IO_HEADER`
#[repr(C)]
pub(crate) struct IoHeader {
    protocol: Dword,
    length: Dword,
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn IFDHCreateChannelByName(lun: Dword, name: *const c_char) -> ResponseCode {
    if name.is_null() {
        return COMMUNICATION_ERROR;
    }
    // SAFETY: pcscd gives a C string that lives as long as this call.
    let name = unsafe { CStr::from_ptr(name) };
    // As with other readers that are no device: `/dev/null:` and where they are.
    let name = name.to_bytes();
    let path = name.iter().position(|byte| *byte == b':').map_or(name, |colon| &name[colon + 1..]);
    match Channel::open(Path::new(OsStr::from_bytes(path))) {
        Ok(channel) => {
            channels().insert(lun, channel);
            SUCCESS
        }
        Err(_) => COMMUNICATION_ERROR,
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn IFDHCreateChannel(_lun: Dword, _channel: Dword) -> ResponseCode {
    NOT_SUPPORTED
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn IFDHCloseChannel(lun: Dword) -> ResponseCode {
    channels().remove(&lun);
    SUCCESS
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn IFDHGetCapabilities(
    lun: Dword,
    tag: Dword,
    length: *mut Dword,
    value: *mut u8,
) -> ResponseCode {
    let channels = channels();
    let found = match (tag, channels.get(&lun)) {
        (TAG_ATR, Some(channel)) => channel.atr(),
        (TAG_SLOTS_NUMBER | TAG_SIMULTANEOUS_ACCESS, _) => &[1],
        _ => return ERROR_TAG,
    };
    // SAFETY: pcscd gives room for as many bytes as `length` says, and nobody else has them during this call.
    unsafe { give(found, value, length) }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn IFDHSetCapabilities(
    _lun: Dword,
    _tag: Dword,
    _length: Dword,
    _value: *const u8,
) -> ResponseCode {
    NOT_SUPPORTED
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn IFDHSetProtocolParameters(
    _lun: Dword,
    _protocol: Dword,
    _flags: u8,
    _pts1: u8,
    _pts2: u8,
    _pts3: u8,
) -> ResponseCode {
    // A software card takes them all.
    SUCCESS
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn IFDHPowerICC(
    lun: Dword,
    action: Dword,
    atr: *mut u8,
    length: *mut Dword,
) -> ResponseCode {
    let kind = match action {
        POWER_UP => Kind::PowerOn,
        POWER_DOWN => Kind::PowerOff,
        RESET => Kind::Reset,
        _ => return NOT_SUPPORTED,
    };
    let mut channels = channels();
    match channels.get_mut(&lun).and_then(|channel| channel.power(kind)) {
        // SAFETY: pcscd gives room for an ATR, and says in `length` how much that is.
        Some(answer) => unsafe { give(answer, atr, length) },
        None => ERROR_POWER_ACTION,
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn IFDHTransmitToICC(
    lun: Dword,
    _sent: IoHeader,
    command: *const u8,
    command_length: Dword,
    response: *mut u8,
    response_length: *mut Dword,
    _received: *mut IoHeader,
) -> ResponseCode {
    // SAFETY: pcscd gives `command_length` bytes that live as long as this call.
    let command = unsafe { taken(command, command_length) };
    match channels().get_mut(&lun).and_then(|channel| channel.ask(Kind::Apdu, command)) {
        // SAFETY: pcscd gives room for as many bytes as `response_length` says.
        Some(answer) => unsafe { give(&answer, response, response_length) },
        None => COMMUNICATION_ERROR,
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn IFDHControl(
    lun: Dword,
    code: Dword,
    sent: *const u8,
    sent_length: Dword,
    received: *mut u8,
    received_length: Dword,
    returned: *mut Dword,
) -> ResponseCode {
    // SAFETY: pcscd gives `sent_length` bytes that live as long as this call.
    let sent = unsafe { taken(sent, sent_length) };
    let asked = |kind| channels().get_mut(&lun).and_then(|channel| channel.ask(kind, sent));
    let answer = match u32::try_from(code) {
        Ok(GET_FEATURES) => Some(features()),
        Ok(VERIFY_PIN_DIRECT) => asked(Kind::Verify),
        Ok(MODIFY_PIN_DIRECT) => asked(Kind::Modify),
        _ => return NOT_SUPPORTED,
    };
    let Some(answer) = answer else { return COMMUNICATION_ERROR };
    if returned.is_null() {
        return COMMUNICATION_ERROR;
    }
    // SAFETY: `returned` is one number of pcscd's, and `received` has room for `received_length` bytes.
    unsafe {
        *returned = received_length;
        give(&answer, received, returned)
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn IFDHICCPresence(lun: Dword) -> ResponseCode {
    match channels().get_mut(&lun).is_some_and(Channel::has_card) {
        true => ICC_PRESENT,
        false => ICC_NOT_PRESENT,
    }
}

/// Each feature as tag, length and where it is (§2.3).
fn features() -> Vec<u8> {
    let feature = |tag: u8, code: u32| [[tag, 4].as_slice(), &code.to_be_bytes()].concat();
    [feature(0x06, VERIFY_PIN_DIRECT), feature(0x07, MODIFY_PIN_DIRECT)].concat()
}

/// # Safety
/// `bytes` are `length` bytes that live as long as the result, or none.
unsafe fn taken<'b>(bytes: *const u8, length: Dword) -> &'b [u8] {
    match usize::try_from(length) {
        // SAFETY: as the caller has it.
        Ok(length) if !bytes.is_null() && length > 0 => unsafe { slice::from_raw_parts(bytes, length) },
        _ => &[],
    }
}

/// Writes an answer and its length.
///
/// # Safety
/// `into` has room for as many bytes as `length` says.
unsafe fn give(answer: &[u8], into: *mut u8, length: *mut Dword) -> ResponseCode {
    if length.is_null() || (into.is_null() && !answer.is_empty()) {
        return COMMUNICATION_ERROR;
    }
    // SAFETY: the pointer is not null, and the caller has it valid.
    let room = unsafe { *length };
    let (Ok(wanted), Ok(room)) = (Dword::try_from(answer.len()), usize::try_from(room)) else {
        return COMMUNICATION_ERROR;
    };
    if answer.len() > room {
        return ERROR_INSUFFICIENT_BUFFER;
    }
    // SAFETY: there is room, as was just seen, and an answer of ours lies nowhere in pcscd's memory.
    unsafe {
        into.copy_from_nonoverlapping(answer.as_ptr(), answer.len());
        *length = wanted;
    }
    SUCCESS
}
