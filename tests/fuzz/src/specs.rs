//! The loader of specs: every text ends in findings that have a place, or in a catalog.
//!
//! An input is the text of one spec beside a catalog that includes it, or several files, each after a line `=== path`.

use cstspec_spec::{Compiled, compile_embedded};

use super::sound::sound;

/// The catalog that stands beside an input which has none of its own.
const CATALOG: &str = "catalog: fuzzed\nversion: 1\nengine: \"55.2.0\"\nsession: plain\ninclude: [.]\n";

/// Runs the target.
pub fn run(data: &[u8]) {
    let compiled = compiled(&String::from_utf8_lossy(data));
    if let Err(fault) = sound(&compiled) {
        panic!("{fault}");
    }
}

/// The result of compiling an input.
pub fn compiled(text: &str) -> Compiled {
    let mut files: Vec<(&str, &str)> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("=== ") {
        let (path, after) = rest[at + 4..].split_once('\n').unwrap_or((&rest[at + 4..], ""));
        let end = after.find("\n=== ").map_or(after.len(), |end| end + 1);
        files.push((path.trim(), &after[..end]));
        rest = &after[end..];
    }
    if files.is_empty() {
        files.push(("case.yaml", text));
    }
    for (path, text) in [("catalog.yaml", CATALOG), ("plain.yaml", "session: plain\n")] {
        if !files.iter().any(|(known, _)| *known == path) {
            files.push((path, text));
        }
    }
    files.sort_by_key(|(path, _)| *path);
    files.dedup_by_key(|(path, _)| *path);
    compile_embedded(&files)
}
