//! OCSP requests from anybody, and responses.

use kaika_pki::ocsp::{Request, Response};

pub fn ocsp(input: &[u8]) {
    match Request::from_der(input) {
        Ok(request) => {
            let written = request.to_der();
            let again = Request::from_der(&written).expect("what was written can be read");
            assert_eq!(again.certificates, request.certificates);
        }
        Err(error) => {
            let _ = error.answer();
        }
    }
    let _ = Response::from_der(input);
}
