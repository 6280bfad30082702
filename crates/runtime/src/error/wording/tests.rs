use cstspec_conform::ConformError;
use cstspec_contract::Path;

use super::{FileError, Kind, Wording};

/// The text of an error about `/a.parquet` of `units`, and the message of its finding.
fn texts(kind: Kind, row: Option<u64>) -> [String; 2] {
    let error = FileError { dataset: "units".to_owned(), path: "/a.parquet".to_owned(), row, kind };
    let Wording { message, .. } = error.wording();
    [error.to_string(), message]
}

#[test]
fn error_composed_of_wording() {
    let reason = || "it is closed".to_owned();
    let (column, data_type) = ("year".to_owned(), "int32".to_owned());
    for (kind, error, message) in [
        (
            Kind::EmptyFile,
            "`/a.parquet`, a file of `units`, is empty; remove it, or rewrite it",
            "a file of `units` is empty",
        ),
        (
            Kind::Unreadable { reason: reason() },
            "permission denied for `/a.parquet`, the location of `units`: it is closed; grant read permission",
            "permission denied for the location of `units`",
        ),
        (
            Kind::Missing,
            "`/a.parquet`, the location of `units`, does not exist; correct the location, or write the data there",
            "the location of `units` does not exist",
        ),
        (
            Kind::NotAFile { kind: "a pipe" },
            "`units` has a pipe in the place of a file, at `/a.parquet`; move it elsewhere, or correct the location",
            "`units` has a pipe in the place of a file",
        ),
        (
            Kind::PartitionValue { column, value: "x".to_owned(), data_type },
            "a folder of `units` has an invalid value of `year`, at `/a.parquet`: expected int32, found `x`; \
             rename the folder, or change the type of `year`",
            "a folder of `units` has an invalid value of `year`",
        ),
        (
            Kind::DeltaVector { reason: reason() },
            "the deletion vector of `/a.parquet`, a file of `units`, cannot be used: it is closed; \
             restore the vector, or request a version before it",
            "the deletion vector of a file of `units` cannot be used",
        ),
    ] {
        assert_eq!(texts(kind, None), [error, message]);
    }
}

#[test]
fn drift_names_its_row() {
    let null = || Kind::Drift(Box::new(ConformError::Null { path: Path::top("size") }));
    let [error, _] = texts(null(), Some(3));
    assert_eq!(error, "`/a.parquet`, a file of `units`, row 3: NULL in `size`, which the contract declares NOT NULL");
    let [error, _] = texts(null(), None);
    assert_eq!(error, "`/a.parquet`, a file of `units`: NULL in `size`, which the contract declares NOT NULL");
}
