//! Texts from pages and headers that become values.

use kaika_card::Pin;
use kaika_texts::Language;
use kaika_wire::{AuthorityId, CardNumber, JobId, JobKind, Puk, SerialNumber, UserCode};
use std::{fmt::Display, str::FromStr};

fn both_ways<T: FromStr + Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let written = value.to_string();
        assert!(written.parse::<T>().is_ok_and(|again| again.to_string() == written));
    }
}

pub fn values(input: &[u8]) {
    // As much of it as is text.
    let text = input.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    both_ways::<CardNumber>(text);
    both_ways::<AuthorityId>(text);
    both_ways::<SerialNumber>(text);
    both_ways::<JobId>(text);
    let _ = text.parse::<JobKind>();
    let _ = UserCode::parse(text);
    if let Ok(pin) = Pin::parse(text) {
        assert!((6..=8).contains(&pin.expose().len()));
    }
    let _ = Puk::parse(text);
    let _ = Language::from_accept_language(text);
    let _ = Language::from_tag(text);
}
