//! Footers are decoded, and compared with the contract, once per file and session.

use std::process::Command;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, StringArray};
use arrow::datatypes::DataType;
use cstspec_contract::types::{list, nullable, required};
use cstspec_runtime::files::footer::fetch::decoded_footers;
use cstspec_verify::{Checks, NoProgress, verify};
use tempfile::TempDir;

use crate::differences::{lists, put};
use crate::masking::{of_columns, t_at};
use crate::world::{open, run, text};

/// The case that a process counts for. The counters are those of a process, and other tests open files beside this one.
const CASE: &str = "CSTSPEC_OPENED_ONCE";

#[test]
fn opened_file_is_compared_once() {
    for case in ["flat", "nested"] {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "opened_once::counted_in_a_process_of_its_own", "--ignored", "--nocapture"])
            .env(CASE, case)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&child.stdout);
        assert!(
            child.status.success() && text.contains("1 passed"),
            "{case}: {text}{}",
            String::from_utf8_lossy(&child.stderr)
        );
    }
}

/// One file as declared, one with a narrower type, one without a column.
#[test]
#[ignore = "run by opened_file_is_compared_once, in a process of its own"]
fn counted_in_a_process_of_its_own() {
    let is_nested = std::env::var(CASE).unwrap() == "nested";
    let (wide, narrow): (ArrayRef, ArrayRef) =
        (Arc::new(Int64Array::from(vec![1, 2, 3])), Arc::new(Int32Array::from(vec![4, 5, 6])));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let lengths = [Some(1), None, Some(2)];
    let value = |values: &ArrayRef| if is_nested { lists(Arc::clone(values), &lengths) } else { Arc::clone(values) };

    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    put(&path("a.parquet"), vec![("id", Arc::clone(&wide)), ("value", value(&wide)), ("text", Arc::clone(&texts))]);
    put(&path("b.parquet"), vec![("id", Arc::clone(&narrow)), ("value", value(&narrow)), ("text", texts)]);
    put(&path("c.parquet"), vec![("id", Arc::clone(&wide)), ("value", value(&wide))]);
    let item = DataType::Int64;
    let catalog = of_columns(&[
        required("id", DataType::Int64),
        nullable("value", if is_nested { list(item) } else { item }),
        nullable("text", DataType::Utf8),
    ]);

    let counts = || (decoded_footers(), cstspec_conform::comparisons());
    run(async {
        let ctx = open(&catalog, &t_at(folder.path())).await;
        assert_eq!(counts(), (0, 0), "a registration opens no file");
        assert!(text(&ctx, "SELECT * FROM t ORDER BY id").await.contains('6'));
        assert_eq!(counts(), (3, 3), "a query opens each file once");
        for sql in ["SELECT text FROM t WHERE id > 2", "SELECT count(value) FROM t", "SELECT * FROM t WHERE id = 5"] {
            text(&ctx, sql).await;
            assert_eq!(counts(), (3, 3), "{sql} opens no file again");
        }
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert_eq!(report.relations[0].rows, Some(9), "{:?}", report.findings);
        assert_eq!(counts(), (3, 3), "verify opens no file again");
    });
}
