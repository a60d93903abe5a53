//! One connection to one card, over which APDUs go.

use crate::keypad::KeypadRequest;

/// One connection to one card, in a transaction: nobody else talks to the card meanwhile.
pub trait Transport {
    /// Sends one APDU and gives the response with SW1 SW2 at its end. Command chaining and GET RESPONSE are done
    /// above it, in this crate; every APDU is a short one.
    ///
    /// # Errors
    /// No response came. Whether the card acted is not known then.
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError>;

    /// Whether the reader takes PINs on a keypad of its own.
    fn has_keypad(&mut self) -> bool {
        false
    }

    /// Has the reader take what the holder types, put it into a command, and send that to the card: gives the card's
    /// response, or the reader's own status word. It takes as long as the holder takes.
    ///
    /// # Errors
    /// As [`Transport::transmit`], and where the reader has no keypad.
    fn type_pin(&mut self, request: &KeypadRequest) -> Result<Vec<u8>, TransportError> {
        let _ = request;
        Err(TransportError::Reader("it has no keypad".to_owned()))
    }
}

/// Why no response came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    #[error("the card was removed")]
    Removed,
    /// What was selected and verified is gone.
    #[error("the card was reset")]
    Reset,
    /// What the reader or its driver says; never a part of an APDU.
    #[error("the reader failed: {0}")]
    Reader(String),
}

impl From<TransportError> for kaika_wire::CardFault {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Removed | TransportError::Reset => Self::Removed,
            TransportError::Reader(detail) => Self::Reader { detail },
        }
    }
}
