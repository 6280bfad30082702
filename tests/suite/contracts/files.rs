//! Files that a user may not read, and that nobody writes.

use std::fs;

use cstspec_contract::report::Report;
use cstspec_contract::{Finding, Severity};
use cstspec_verify::Checks;

use super::{Case, DATASET, line, only, spec_line};

const SPEC: &str = "datasets/units_v1.yaml";

/// A sound file, and another of `bytes` beside it.
fn beside(bytes: &[u8]) -> Case {
    let case = Case::sound();
    fs::write(case.data("other.parquet"), bytes).unwrap();
    case
}

/// The bytes of a sound file of one row.
fn parquet() -> Vec<u8> {
    let case = Case::new();
    case.write("x.parquet", r#"{"path":"x.py","file_id":"x","refs":[],"scopes":[]}"#);
    fs::read(case.data("x.parquet")).unwrap()
}

/// The one finding of a report about the file beside the sound one, which was read.
fn broken<'r>(report: &'r Report, name: &str) -> &'r Finding {
    let finding = only(report);
    assert_eq!((finding.name.as_ref(), finding.severity), (name, Severity::Error));
    assert_eq!(finding.relation.as_deref(), Some(DATASET));
    assert_eq!(spec_line(finding), line(SPEC, "dataset: units_v1"));
    assert_eq!(finding.data.as_ref().unwrap().file, "/data/other.parquet");
    assert!(report.relations.iter().all(|relation| relation.executed && relation.describe_equal));
    assert_eq!(report.relations[0].rows, Some(4));
    assert_eq!((report.sources[0].files, report.sources[0].refused), (1, 1));
    finding
}

/// A file that may not be read.
#[tokio::test]
async fn file_denied() {
    use std::os::unix::fs::PermissionsExt as _;
    let case = beside(&parquet());
    let path = case.data("other.parquet");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        eprintln!("skipped: this user may read every file");
        return;
    }
    broken(&case.verify(Checks::Schema).await, "file-denied");
}

/// Verify never writes to data.
#[tokio::test]
async fn verify_never_writes() {
    let case = beside(b"");
    fs::write(case.data("_SUCCESS"), "").unwrap();
    let before = crate::world::files(&case.data(""));
    case.verify(Checks::Rows).await;
    assert_eq!(crate::world::files(&case.data("")), before);
}
