//! Queries and `verify` beside a writer that replaces, shrinks, removes and adds files: right rows, or an error that names the file.
//!
//! `CSTSPEC_RACES` asks for more runs than the few of every test.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

use cstspec_contract::Severity;
use cstspec_verify::{Checks, NoProgress, verify};
use fastrand::Rng;
use tempfile::TempDir;

use crate::faults::{explained, number, paths, side_by_side, version, whole};
use crate::world::{at, open, run};

/// How many runs there are where nobody asks for more.
const RUNS: u64 = 12;
/// The files of a run.
const FILES: usize = 6;

/// Writes a version of one file of `folder`, or removes it, until it is told to `stop`. A file that is written in place is for a moment
/// none.
fn writes(folder: &Path, seed: u64, in_place: bool, stop: &AtomicBool) {
    let mut rng = Rng::with_seed(seed);
    let mut number = 1;
    while !stop.load(Ordering::Relaxed) {
        let file = format!("f{}", rng.usize(..FILES));
        let path = folder.join(format!("{file}.parquet"));
        number += 1;
        let bytes = || version(&file, number, [1, 4, 4, 400][number % 4]);
        match rng.u8(..8) {
            0 => drop(fs::remove_file(&path)),
            1 if in_place => fs::write(&path, bytes()).unwrap(),
            _ => {
                let beside = folder.join(format!(".{file}.tmp"));
                fs::write(&beside, bytes()).unwrap();
                fs::rename(&beside, &path).unwrap();
            }
        }
    }
}

/// Files that change give right rows or are named.
#[test]
fn changing_files() {
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..number("CSTSPEC_RACES").unwrap_or(RUNS) {
        let folder = TempDir::new().unwrap();
        for index in 0..FILES {
            let file = format!("f{index}");
            fs::write(folder.path().join(format!("{file}.parquet")), version(&file, 0, 4)).unwrap();
        }
        let stop = Arc::new(AtomicBool::new(false));
        let writer = {
            let (folder, stop) = (folder.path().to_owned(), Arc::clone(&stop));
            thread::spawn(move || writes(&folder, seed, seed % 2 == 0, &stop))
        };
        let outcome = run(one(folder.path(), seed));
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        match outcome {
            Ok(outcome) => *told.entry(outcome).or_default() += 1,
            Err(wrong) => panic!("run {seed}: {wrong}"),
        }
    }
    println!("{told:#?}");
}

async fn one(folder: &Path, seed: u64) -> Result<String, String> {
    let ctx = open(&side_by_side(), &at(folder)).await;
    if seed.is_multiple_of(3) {
        return match paths(&ctx).await {
            Ok(paths) => whole(&paths).map(|_| "query: right rows".to_owned()),
            Err(error) if error.contains(".parquet") && !error.contains("panicked") => {
                Ok(format!("query: {}", sort_of(&error)))
            }
            Err(error) => Err(error),
        };
    }
    let depth = if seed % 3 == 1 { Checks::Schema } else { Checks::Rows };
    let report = verify(&ctx, &side_by_side(), depth, &NoProgress).await;
    explained(&report)?;
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let codes: Vec<&str> = errors.map(|finding| finding.code.as_ref()).collect();
    // A file that is sound whenever it has its name is never said to be damaged.
    let renamed_only = seed % 2 == 1;
    match codes.iter().find(|code| !["R105", "R190"].contains(code)) {
        Some(other) if renamed_only => Err(format!("{other}: {:#?}", report.findings)),
        _ => {
            let mut codes = codes;
            codes.sort_unstable();
            codes.dedup();
            Ok(format!("{depth:?}: {}", codes.join(" ")))
        }
    }
}

/// The kind of change of a file in a query's error.
fn sort_of(error: &str) -> &'static str {
    let sorts =
        ["has changed since it was listed", "was removed after it was listed", "ends before its footer", "is empty"];
    sorts.into_iter().find(|sort| error.contains(sort)).unwrap_or("names the file")
}
