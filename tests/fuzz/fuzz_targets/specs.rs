#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cstspec_fuzz::specs::run(data));
