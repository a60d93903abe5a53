//! libFuzzer calls `card_answers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kaika_fuzz::card_answers(input));
