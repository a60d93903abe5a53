//! libFuzzer calls `messages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kaika_fuzz::messages(input));
