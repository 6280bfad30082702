//! Runs the fuzz targets (`tests/fuzz`) over their seeds and over a bounded number of mutations of them.
//!
//! `CSTSPEC_INPUTS=n` asks for more inputs of each target than usual, `CSTSPEC_SEED=n` for others. An input that fails is kept below
//! the target folder, and the message names it.

#[path = "../fuzz/src/adapter.rs"]
mod adapter;
#[path = "../fuzz/src/boundary.rs"]
mod boundary;
#[path = "../fuzz/src/engine.rs"]
mod engine;
#[path = "../fuzz/src/file.rs"]
mod file;
#[path = "../fuzz/src/generate.rs"]
mod generate;
#[path = "../fuzz/src/log.rs"]
mod log;
#[path = "../fuzz/src/query.rs"]
mod query;
#[path = "../fuzz/src/shape.rs"]
mod shape;
#[path = "../fuzz/src/sound.rs"]
mod sound;
#[path = "../fuzz/src/specs.rs"]
mod specs;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

// Where the targets look for it.
use crate::{arrays, world};

/// Texts that mean something to a parser of YAML, SQL, JSON or paths.
const WORDS: [&str; 32] = [
    "",
    " ",
    "\n",
    "\t",
    "\0",
    "'",
    "\"",
    "`",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    ":",
    ",",
    ";",
    ".",
    "..",
    "/",
    "-1",
    "0",
    "9223372036854775807",
    "1e999",
    "NaN",
    "null",
    "true",
    "é",
    "\u{202e}",
    "%2e%2e",
];

/// The seeds of a target, by name.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = world::workspace().join("tests/fuzz/seeds").join(target);
    world::files(&folder).into_values().collect()
}

/// An input like `input`, of which a part may come from `other`.
fn mutated(input: &[u8], other: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.usize(..4) {
        let at = random.usize(..=bytes.len());
        let end = (at + random.usize(..16)).min(bytes.len());
        match random.u8(..8) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.u8(..)),
            2 => drop(bytes.drain(at..end)),
            3 => drop(bytes.splice(at..at, WORDS[random.usize(..WORDS.len())].bytes())),
            4 => drop(bytes.splice(at..end, WORDS[random.usize(..WORDS.len())].bytes())),
            5 => {
                let from = random.usize(..=other.len());
                let until = (from + random.usize(..64)).min(other.len());
                drop(bytes.splice(at..end, other[from..until].iter().copied()));
            }
            6 => {
                let again = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, again));
            }
            _ if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            _ => {}
        }
    }
    bytes
}

/// Gives `inputs` mutations of the seeds to a target, after the seeds themselves. Without seeds, the inputs are random bytes.
fn give(target: &str, seeds: &[Vec<u8>], inputs: u64, run: impl Fn(&[u8])) {
    let inputs = world::number("CSTSPEC_INPUTS").unwrap_or(inputs);
    let mut random = fastrand::Rng::with_seed(world::number("CSTSPEC_SEED").unwrap_or(1));
    let hold = |input: &[u8]| {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(input))) {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}.input"));
            fs::write(&kept, input).unwrap();
            let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            panic!("{target}: {said}\nthe input is {}", kept.display());
        }
    };
    for seed in seeds {
        hold(seed);
    }
    for _ in 0..inputs {
        let input = if seeds.is_empty() {
            (0..random.usize(..128)).map(|_| random.u8(..)).collect()
        } else {
            let (seed, other) = (random.usize(..seeds.len()), random.usize(..seeds.len()));
            mutated(&seeds[seed], &seeds[other], &mut random)
        };
        hold(&input);
    }
}

/// Specs end in findings or a catalog.
#[test]
fn specs_fuzzed() {
    let seeds = seeds("specs");
    assert!(!seeds.is_empty());
    give("specs", &seeds, 2_000, specs::run);
}

/// What check passes is generated.
#[test]
fn generated_fuzzed() {
    let seeds = seeds("specs");
    let sound = seeds.iter().filter(|seed| specs::compiled(&String::from_utf8_lossy(seed)).catalog.is_some()).count();
    assert!(sound >= 5, "only {sound} seeds are sound");
    give("generate", &seeds, 500, generate::run);
}

/// Queries end in rows or errors.
#[test]
fn queries_fuzzed() {
    let seeds = seeds("query");
    assert!(!seeds.is_empty());
    give("query", &seeds, 150, query::run);
}

/// Files end in rows or findings.
#[test]
fn files_fuzzed() {
    let mut seeds = seeds("file");
    assert!(!seeds.is_empty());
    seeds.push(cstspec_libcst::SAMPLE.to_vec());
    give("file", &seeds, 8, file::run);
}

/// Logs end in rows or findings.
#[test]
fn logs_fuzzed() {
    let seeds = seeds("log");
    assert!(!seeds.is_empty());
    give("log", &seeds, 20, log::run);
}

/// Drifted files end in rows or findings.
#[test]
fn drifted_files_fuzzed() {
    give("adapter", &[], 60, adapter::run);
}

/// Rows leave through a boundary or are refused.
#[test]
fn boundaries_fuzzed() {
    give("boundary", &[], 2_000, boundary::run);
}
