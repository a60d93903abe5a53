//! libFuzzer calls `values`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| kaika_fuzz::values(input));
