//! Files whose bytes have changed: each is named, the others are read, and no word of a reader's panic gets out.

use std::fs;

use crate::{cstspec, empty, stderr, stdout};

const SPECS: [(&str, &str); 3] = [
    ("catalog.yaml", "catalog: c\nversion: 1\nengine: \"55.2.0\"\nsession: s\ninclude: [s.yaml, t.yaml]\n"),
    (
        "s.yaml",
        "session: s\nsettings: { datafusion.execution.parquet.schema_force_view_types: false, \
         datafusion.sql_parser.map_string_types_to_utf8view: false }\n",
    ),
    ("t.yaml", "dataset: t\nversion: 1\ncolumns:\n  id: int64\n  word: utf8\n  elements: \"list<int64>\"\n"),
];

/// Numbers that are the same on every machine.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    }
}

/// A reader that gives up is a finding of its file.
#[test]
fn reader_panic_is_finding() {
    let here = empty();
    fs::create_dir_all(here.path().join("specs")).unwrap();
    for (name, text) in SPECS {
        fs::write(here.path().join("specs").join(name), text).unwrap();
    }
    // Written by pyarrow, without compression and checksums: what is flipped reaches the decoders.
    let sound = include_bytes!("data/plain.parquet").to_vec();
    let footer = u32::from_le_bytes(sound[sound.len() - 8..sound.len() - 4].try_into().unwrap()) as usize;
    let body = sound.len() - 8 - footer;
    let data = here.path().join("t");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("sound.parquet"), &sound).unwrap();
    let mut next = numbers(1);
    for number in 0..80 {
        let mut bytes = sound.clone();
        // The first makes a list of levels wider than its assertion allows (`bit_util.rs` of parquet 59).
        let (at, bit) = if number == 0 { (484, 7) } else { (4 + next(body - 4), next(8)) };
        bytes[at] ^= 1 << bit;
        fs::write(data.join(format!("{number:03}.parquet")), bytes).unwrap();
    }
    for deep in [&[][..], &["--deep"]] {
        let args = ["verify", "--specs", "specs", "--data", "t=t", "--format", "json"];
        let output = cstspec(here.path()).args(args).args(deep).env_remove("RUST_BACKTRACE").output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(!said.contains("internal error of cstspec") && !said.contains("panicked"), "{said}");
        let report: serde_json::Value = serde_json::from_str(stdout(&output)).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let damaged: Vec<_> = findings.iter().filter(|finding| finding["code"] == "R113").collect();
        assert!(damaged.iter().all(|finding| finding["data"]["file"].as_str().unwrap().ends_with(".parquet")));
        let gave_up =
            |finding: &&&serde_json::Value| finding["observed"].as_str().unwrap().contains("the reader gave up");
        assert!(damaged.iter().any(|finding| gave_up(&finding)), "no flip makes the reader panic: {}", damaged.len());
        assert!(damaged.iter().any(|finding| finding["observed"].as_str().unwrap().contains("row group 0")));
    }
}
