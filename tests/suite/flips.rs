//! Parquet files in many forms, each with something in it changed at random: a bit, a byte, a cut. Reading such a file gives its rows, or
//! an error that names it; never other rows if pyarrow detects the change by a checksum.
//!
//! `CSTSPEC_FLIPS=n` asks for more changes than usual, `CSTSPEC_SEED=n` for others.

use std::collections::BTreeMap;
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::Command;

use cstspec_contract::Catalog;
use cstspec_spec::compile_embedded;
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use fastrand::Rng;
use futures::FutureExt as _;

use crate::world;

/// Changes of the ordinary test.
const FLIPS: u64 = 400;

/// How many changed files are verified too: one in so many.
const VERIFIED: u64 = 8;

const SPECS: [(&str, &str); 3] = [
    ("catalog.yaml", "catalog: c\nversion: 1\nengine: \"55.2.0\"\nsession: s\ninclude: [s.yaml, t.yaml]\n"),
    (
        "s.yaml",
        "session: s\nsettings: { datafusion.execution.parquet.schema_force_view_types: false, \
         datafusion.sql_parser.map_string_types_to_utf8view: false }\n",
    ),
    (
        "t.yaml",
        "dataset: t\nversion: 1\ncolumns:\n  id: int64\n  small: int32\n  real: float64\n  word: utf8\n  flag: bool\n  \
         tags: list<utf8>\n  place: \"struct<line: int32, end: struct<col: int64, note: utf8>>\"\n  \
         refs: \"list<struct<x: int64, y: utf8, zs: list<int32>>>\"\n  attrs: map<utf8, int64>\n",
    ),
];

/// The result of reading a file.
#[derive(PartialEq)]
enum Read {
    Rows(RecordBatch),
    Refused(String),
    Panicked(String),
}

/// Everything in one session over the file. In a task of its own, so that a panic is an answer too.
async fn read(catalog: &Catalog, path: &Path) -> Read {
    let ctx = world::open(catalog, &world::at([("t", path)])).await;
    let asked = tokio::spawn(async move {
        let batches = ctx.sql("SELECT * FROM t").await?.collect().await?;
        let schema = batches.first().map(RecordBatch::schema);
        let rows = schema.map(|schema| concat_batches(&schema, &batches)).transpose()?;
        Ok::<_, datafusion::error::DataFusionError>(rows)
    });
    match asked.await {
        Ok(Ok(Some(rows))) => Read::Rows(rows),
        Ok(Ok(None)) => Read::Refused("no rows at all".to_owned()),
        Ok(Err(error)) => Read::Refused(error.to_string()),
        Err(panic) => Read::Panicked(panic.to_string()),
    }
}

/// `sound` with one change, and what that is.
fn changed(sound: &[u8], random: &mut Rng) -> (Vec<u8>, String) {
    let tail = sound.len() - 8;
    let length = u32::from_le_bytes(sound[tail..tail + 4].try_into().unwrap()) as usize;
    let mut bytes = sound.to_vec();
    let place =
        if random.u8(0..10) < 3 { random.usize(tail - length..sound.len()) } else { random.usize(0..sound.len()) };
    let said = match random.u8(0..20) {
        0 => {
            bytes.truncate(place);
            format!("cut to {place} bytes")
        }
        1 => {
            let until = (place + random.usize(1..40)).min(bytes.len());
            bytes.drain(place..until);
            format!("without the bytes {place}..{until}")
        }
        2 => {
            let until = (place + random.usize(1..40)).min(bytes.len());
            bytes[place..until].fill_with(|| random.u8(..));
            format!("with other bytes {place}..{until}")
        }
        3 | 4 => {
            bytes[place] = random.u8(..);
            format!("with another byte {place}")
        }
        _ => {
            let bit = random.u8(0..8);
            bytes[place] ^= 1 << bit;
            format!("with bit {bit} of byte {place} turned over")
        }
    };
    (bytes, said)
}

/// The result of pyarrow for changed files, by their names.
fn by_pyarrow(python: &Path, script: &Path, files: &[PathBuf]) -> BTreeMap<String, serde_json::Value> {
    let mut said = BTreeMap::new();
    for files in files.chunks(200) {
        let output = Command::new(python).arg("-B").arg(script).arg("read").args(files).output().unwrap();
        // A crash of pyarrow is no answer; the files before it have one.
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let answer: serde_json::Value = serde_json::from_str(line).unwrap();
            said.insert(answer["file"].as_str().unwrap().to_owned(), answer);
        }
    }
    said
}

/// Changed files read as they were or are refused by name.
#[tokio::test(flavor = "multi_thread")]
async fn flipped_bits() {
    let Some(python) = world::python("pyarrow.parquet") else { return };
    let (seed, flips) = (world::number("CSTSPEC_SEED").unwrap_or(1), world::number("CSTSPEC_FLIPS").unwrap_or(FLIPS));
    let folder = tempfile::tempdir().unwrap();
    let script = world::workspace().join("tests/python/flips.py");
    let output = Command::new(&python).arg("-B").arg(&script).arg("write").arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let catalog = compile_embedded(&SPECS).catalog.unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 48);
    let mut sound = Vec::new();
    for path in files {
        let Read::Rows(rows) = read(&catalog, &path).await else { panic!("{} is sound", path.display()) };
        assert_eq!(rows.num_rows(), 48);
        sound.push((fs::read(&path).unwrap(), rows, path));
    }

    let mut random = Rng::with_seed(seed);
    let (mut same, mut refused, mut others, mut wrong) = (0, 0, Vec::new(), Vec::new());
    for flip in 0..flips {
        let (bytes, rows, path) = &sound[random.usize(0..sound.len())];
        let (bytes, change) = changed(bytes, &mut random);
        let name = format!("{}-{flip}.parquet", path.file_stem().unwrap().to_str().unwrap());
        let path = path.with_file_name(&name);
        fs::write(&path, bytes).unwrap();
        let found = read(&catalog, &path).await;
        let mut keep = false;
        match &found {
            Read::Rows(found) if found == rows => same += 1,
            Read::Rows(_) => {
                keep = true;
                others.push((path.clone(), change.clone()));
            }
            Read::Refused(said) if said.contains(&name) => refused += 1,
            Read::Refused(said) => wrong.push(format!("{name}, {change}: the file is not named: {said}")),
            Read::Panicked(said) => wrong.push(format!("{name}, {change}: {said}")),
        }
        if flip % VERIFIED == 0 {
            let ctx = world::open(&catalog, &world::at([("t", path.as_path())])).await;
            let verified = AssertUnwindSafe(verify(&ctx, &catalog, Checks::Rows, &NoProgress)).catch_unwind().await;
            match verified.map(|report| report.findings.len()) {
                Ok(0) if matches!(found, Read::Refused(_)) => wrong.push(format!("{name}, {change}: verify is clean")),
                Ok(_) => {}
                Err(_) => wrong.push(format!("{name}, {change}: verify panics")),
            }
        }
        if !keep {
            fs::remove_file(&path).unwrap();
        }
    }

    let paths: Vec<PathBuf> = others.iter().map(|(path, _)| path.clone()).collect();
    let said = by_pyarrow(&python, &script, &paths);
    let mut count: BTreeMap<&str, u64> = BTreeMap::new();
    for (path, change) in &others {
        let name = path.file_name().unwrap().to_str().unwrap();
        let answer = said.get(name);
        let refused = answer.and_then(|answer| answer["refused"].as_str());
        let kind = match (answer, refused) {
            (None, _) => "pyarrow crashes",
            (_, Some(why)) if why.contains("CRC") => {
                wrong.push(format!("{name}, {change}: other rows, and pyarrow says {why}"));
                "pyarrow sees by the checksum"
            }
            (_, Some(_)) => "pyarrow refuses otherwise",
            (Some(answer), None) if answer["same"] == true => "pyarrow reads as they were",
            _ => "pyarrow reads otherwise too",
        };
        *count.entry(kind).or_default() += 1;
        if kind != "pyarrow reads otherwise too" {
            println!("{name}, {change}: other rows; {kind}: {}", refused.unwrap_or_default());
        }
    }
    println!(
        "seed {seed}, {flips} changes of {} files: {same} read as they were, {refused} refused, {} read otherwise: {count:?}",
        sound.len(),
        others.len()
    );
    assert!(wrong.is_empty(), "{} of {flips}: {wrong:#?}", wrong.len());
    assert!(refused > flips / 3 && same > 0, "the changes are no longer seen");
}
