//! The picture of a captcha: its digits, bent and speckled.

use crate::{
    http::{
        errors::Stop,
        extract::{Named, Visit},
        limits,
    },
    site::Site,
};
use axum::{
    Router,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use captcha::{
    Captcha,
    filters::{Dots, Noise, Wave},
};
use kaika_app::access::captcha_digits;
use kaika_wire::{AuthorityId, Code};

/// In pixels; pages say so, too.
const SIZE: (u32, u32) = (240, 90);

pub(crate) fn routes(site: &Site) -> Router<Site> {
    let pictures = get(picture).layer(middleware::from_fn_with_state(site.clone(), limits::pictures));
    Router::new().route("/{authority}/captcha/{token}", pictures)
}

async fn picture(visit: Visit, Named((_, token)): Named<(AuthorityId, String)>) -> Result<Response, Stop> {
    let digits = captcha_digits(&visit.app, &token)?;
    // It takes some milliseconds, in which others are answered.
    match tokio::task::spawn_blocking(move || draw(&digits)).await {
        Ok(Some(png)) => Ok(([(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, "no-store")], png).into_response()),
        _ => Err(Code::NotFound.into()),
    }
}

fn draw(digits: &str) -> Option<Vec<u8>> {
    let mut captcha = Captcha::new();
    for digit in digits.chars() {
        // It draws one of these.
        captcha.set_chars(&[digit]).add_char();
    }
    captcha
        .apply_filter(Noise::new(0.1))
        .apply_filter(Wave::new(2.0, 12.0).horizontal())
        .apply_filter(Wave::new(2.0, 12.0).vertical())
        .view(SIZE.0, SIZE.1)
        // Small ones: a large one hides a whole digit.
        .apply_filter(Dots::new(6).min_radius(2).max_radius(4))
        .as_png()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_drawn() {
        let plain = |digits: &str| {
            let mut captcha = Captcha::new();
            for digit in digits.chars() {
                captcha.set_chars(&[digit]).add_char();
            }
            captcha.chars_as_string()
        };
        assert_eq!(plain("23456789"), "23456789");
        let png = draw("29295").unwrap();
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        // IHDR (PNG §11.2.2)
        assert_eq!((number(16), number(20)), SIZE);
        assert_ne!(draw("29295"), Some(png), "bent in another way each time");
    }
}
