//! libFuzzer calls `card_objects`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kaika_fuzz::card_objects(input));
