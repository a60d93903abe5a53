//! PCSC lite, opened when first needed.

use std::os::raw::{c_char, c_void};
use std::sync::OnceLock;

use libloading::Library;

use crate::{DWORD, LONG, SCARD_E_NO_SERVICE, SCARD_IO_REQUEST, SCARD_READERSTATE, SCARDCONTEXT, SCARDHANDLE};
use crate::{SCARD_PROTOCOL_RAW, SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1};

/// Whether the PC/SC library is there. Looks again on every call until it is, so that somebody who installs it needs
/// no restart of the program that told him to.
pub fn available() -> bool {
    functions().is_some()
}

// PCSC lite reads what these hold and never compares their addresses, so they need not be the library's own.
pub static g_rgSCardT0Pci: SCARD_IO_REQUEST = pci(SCARD_PROTOCOL_T0);
pub static g_rgSCardT1Pci: SCARD_IO_REQUEST = pci(SCARD_PROTOCOL_T1);
pub static g_rgSCardRawPci: SCARD_IO_REQUEST = pci(SCARD_PROTOCOL_RAW);

const fn pci(protocol: DWORD) -> SCARD_IO_REQUEST {
    SCARD_IO_REQUEST { dwProtocol: protocol, cbPciLength: size_of::<SCARD_IO_REQUEST>() as DWORD }
}

/// The name under which every version of the library with this interface is installed.
const LIBRARY: &str = "libpcsclite.so.1";

fn functions() -> Option<&'static Functions> {
    static FUNCTIONS: OnceLock<Functions> = OnceLock::new();
    if let Some(functions) = FUNCTIONS.get() {
        return Some(functions);
    }
    let functions = Functions::load()?;
    Some(FUNCTIONS.get_or_init(|| functions))
}

/// Writes, for each function of the library, the field that holds its address and the function that calls it.
macro_rules! functions {
    ($(fn $name:ident($($argument:ident: $kind:ty),* $(,)?);)*) => {
        struct Functions {
            $($name: unsafe extern "C" fn($($kind),*) -> LONG,)*
            // Keeps the library open for as long as its functions can be called.
            _library: Library,
        }

        impl Functions {
            fn load() -> Option<Functions> {
                // SAFETY: the library's initialisers set up its own state only, on whatever thread they run.
                let library = unsafe { Library::new(LIBRARY) }.ok()?;
                $(
                    // SAFETY: the types are those of the prototype in winscard.h, and `library` outlives the address
                    // because both are moved into the same value.
                    let $name = *unsafe {
                        library.get::<unsafe extern "C" fn($($kind),*) -> LONG>(stringify!($name))
                    }.ok()?;
                )*
                Some(Functions { $($name,)* _library: library })
            }
        }

        $(
            pub unsafe fn $name($($argument: $kind),*) -> LONG {
                match functions() {
                    // SAFETY: the caller keeps the contract of the C function.
                    Some(functions) => unsafe { (functions.$name)($($argument),*) },
                    None => SCARD_E_NO_SERVICE,
                }
            }
        )*
    };
}

functions! {
    fn SCardEstablishContext(
        dwScope: DWORD,
        pvReserved1: *const c_void,
        pvReserved2: *const c_void,
        phContext: *mut SCARDCONTEXT,
    );
    fn SCardReleaseContext(hContext: SCARDCONTEXT);
    fn SCardIsValidContext(hContext: SCARDCONTEXT);
    fn SCardCancel(hContext: SCARDCONTEXT);
    fn SCardConnect(
        hContext: SCARDCONTEXT,
        szReader: *const c_char,
        dwShareMode: DWORD,
        dwPreferredProtocols: DWORD,
        phCard: *mut SCARDHANDLE,
        pdwActiveProtocol: *mut DWORD,
    );
    fn SCardReconnect(
        hCard: SCARDHANDLE,
        dwShareMode: DWORD,
        dwPreferredProtocols: DWORD,
        dwInitialization: DWORD,
        pdwActiveProtocol: *mut DWORD,
    );
    fn SCardDisconnect(hCard: SCARDHANDLE, dwDisposition: DWORD);
    fn SCardGetStatusChange(
        hContext: SCARDCONTEXT,
        dwTimeout: DWORD,
        rgReaderStates: *mut SCARD_READERSTATE,
        cReaders: DWORD,
    );
    fn SCardListReaders(
        hContext: SCARDCONTEXT,
        mszGroups: *const c_char,
        mszReaders: *mut c_char,
        pcchReaders: *mut DWORD,
    );
    fn SCardBeginTransaction(hCard: SCARDHANDLE);
    fn SCardEndTransaction(hCard: SCARDHANDLE, dwDisposition: DWORD);
    fn SCardStatus(
        hCard: SCARDHANDLE,
        szReaderName: *mut c_char,
        pcchReaderLen: *mut DWORD,
        pdwState: *mut DWORD,
        pdwProtocol: *mut DWORD,
        pbAtr: *mut u8,
        pcbAtrLen: *mut DWORD,
    );
    fn SCardGetAttrib(hCard: SCARDHANDLE, dwAttrId: DWORD, pbAttr: *mut u8, pcbAttrLen: *mut DWORD);
    fn SCardSetAttrib(hCard: SCARDHANDLE, dwAttrId: DWORD, pbAttr: *const u8, pcbAttrLen: DWORD);
    fn SCardTransmit(
        hCard: SCARDHANDLE,
        pioSendPci: *const SCARD_IO_REQUEST,
        pbSendBuffer: *const u8,
        cbSendLength: DWORD,
        pioRecvPci: *mut SCARD_IO_REQUEST,
        pbRecvBuffer: *mut u8,
        pcbRecvLength: *mut DWORD,
    );
    fn SCardControl(
        hCard: SCARDHANDLE,
        dwControlCode: DWORD,
        pbSendBuffer: *const u8,
        cbSendLength: DWORD,
        pbRecvBuffer: *mut u8,
        cbRecvLength: DWORD,
        lpBytesReturned: *mut DWORD,
    );
}
