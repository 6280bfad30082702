//! `verify --deep` on the sample: everything that the LibCST catalog promises of rows holds, and is looked at.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Cursor;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use arrow::json::ReaderBuilder;
use cstspec_contract::Catalog;
use cstspec_runtime::{Options, register, session};
use cstspec_tests::sound;
use cstspec_verify::{Checks, NoProgress, Progress, verify};
use datafusion::parquet::arrow::ArrowWriter;

use crate::world;

/// Keeps what it is told of files.
#[derive(Default)]
struct Kept(Mutex<Vec<(String, usize, usize)>>);

impl Progress for Kept {
    fn relation(&self, _name: &str, _index: usize, _total: usize) {}

    fn files(&self, dataset: &str, done: usize, total: usize) {
        self.0.lock().unwrap().push((dataset.to_owned(), done, total));
    }
}

/// Every promise of the sample is proven.
#[tokio::test]
async fn sample_constraints_proven() {
    let (_folder, sample) = world::sample();
    let catalog = cstspec_libcst::catalog();
    let ctx = world::open(&catalog, &world::at([(world::DATASET, sample.as_path())])).await;
    let kept = Kept::default();
    let report = verify(&ctx, &catalog, Checks::Rows, &kept).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert!(report.contracts.is_sorted());

    let mut kinds: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for contract in &report.contracts {
        assert_eq!(contract.broken, 0, "{contract:?}");
        let (promises, checked) = kinds.entry(contract.kind.name()).or_default();
        *promises += 1;
        *checked += contract.checked;
    }
    let promises: BTreeMap<&str, usize> = kinds.iter().map(|(kind, (promises, _))| (*kind, *promises)).collect();
    let views = |promised: fn(&cstspec_contract::View) -> usize| catalog.views.iter().map(promised).sum::<usize>();
    assert_eq!(promises["key"], 1 + views(|view| usize::from(!view.key.is_empty())));
    assert_eq!(promises["reference"], views(|view| view.references.len()));
    assert_eq!(promises["order"], 1);
    // The ten structs that repeat the file's identity, each with two fields of it.
    assert_eq!(promises["identity"], 20);
    for (kind, (_, checked)) in kinds {
        assert!(checked > 0, "{kind}");
    }
    // Every element of every list of nodes was looked at, and every key of them.
    let rows = |name: &str| report.relations.iter().find(|relation| relation.name == name).unwrap().rows.unwrap();
    let checked = |relation: &str, kind: &str, column: &str| {
        let is = |contract: &&cstspec_contract::report::ContractReport| {
            contract.relation == relation && contract.kind.name() == kind && contract.columns.last().unwrap() == column
        };
        report.contracts.iter().find(is).unwrap().checked
    };
    assert_eq!(checked(world::DATASET, "not_null", "nodes.cst_id"), rows("cst_nodes"));
    assert_eq!(checked("cst_nodes", "key", "cst_id"), rows("cst_nodes"));
    assert_eq!(checked("cst_call_args", "reference", "call_id"), rows("cst_call_args"));

    let dataset = world::DATASET.to_owned();
    assert_eq!(*kept.0.lock().unwrap(), [(dataset.clone(), 0, 1), (dataset, 1, 1)]);
}

/// Where the measured program finds its data.
const FOLDER: &str = "CSTSPEC_DEEP_FOLDER";

/// The most memory that proving `files` of the same size ever took, in kibibytes. It is asked of a program of its own: memory that was given
/// back is not told apart from memory in use.
fn peak(files: usize) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    for file in 0..files {
        let rows = |row: usize| {
            let id = file * ROWS + row;
            let element = |number: usize| {
                let text = format!("text of use {number} in unit {id} that is never the same");
                format!(r#"{{"file_id":"{id:08}","ref_id":"r{number}","kind":"name","attrs":{{"text":"{text}"}}}}"#)
            };
            let elements: Vec<String> = (0..USES).map(element).collect();
            format!(r#"{{"path":"{id:08}.py","file_id":"{id:08}","size":1,"refs":[{}]}}"#, elements.join(","))
        };
        let text: String = (0..ROWS).map(rows).collect();
        let schema = units().dataset("units_v1").unwrap().schema();
        let reader = ReaderBuilder::new(Arc::clone(&schema)).with_batch_size(256).build(Cursor::new(text)).unwrap();
        let path = File::create(folder.path().join(format!("{file:03}.parquet"))).unwrap();
        let mut writer = ArrowWriter::try_new(path, schema, None).unwrap();
        for batch in reader {
            writer.write(&batch.unwrap()).unwrap();
        }
        writer.close().unwrap();
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "deep::memory_child", "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8(child.stdout).unwrap();
    assert!(child.status.success(), "{told}{}", String::from_utf8_lossy(&child.stderr));
    let peak = told.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_else(|| panic!("{told}"));
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Rows of a file, and elements of a row: some twelve megabytes in memory.
const ROWS: usize = 800;
const USES: usize = 100;

fn units() -> Catalog {
    sound::catalog()
}

/// Memory does not grow with the number of files.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the peak is read from /proc")]
fn memory_bounded_over_files() {
    // Two files may be open at a time. Were the others kept, sixteen would take twice as much; allocators keep some of what they had.
    let (two, sixteen) = (peak(2), peak(16));
    assert!(sixteen < two + two * 3 / 5, "{two} KiB for two files, {sixteen} KiB for sixteen");
}

/// Proves what it is reported to.
#[tokio::test]
#[ignore = "run by the test of memory, in a program of its own"]
async fn memory_child() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("the test of memory says where the data is"));
    let catalog = units();
    let options = Options { target_partitions: Some(1), ..Options::default() };
    let ctx = session(&catalog, &options).unwrap();
    register(&ctx, &catalog, &world::at([("units_v1", folder.as_path())])).await.unwrap();
    let report = verify(&ctx, &catalog, Checks::Rows, &NoProgress).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    let files = fs::read_dir(&folder).unwrap().count();
    let key =
        report.contracts.iter().find(|contract| contract.relation == "refs" && contract.kind.name() == "key").unwrap();
    assert_eq!(key.checked, (files * ROWS * USES) as u64);
    println!("\n{}", fs::read_to_string("/proc/self/status").unwrap());
}
