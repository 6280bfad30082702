//! `import --into`: specs of tables that moved on.

use std::fs::{self, File};
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray, StructArray};
use parquet::arrow::ArrowWriter;

use crate::{cstspec, empty, fails_with, stderr, stdout};

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
    let batch = batch.unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn ids(rows: i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(0..rows))
}

fn texts(rows: usize) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("text {row}"))))
}

/// A struct column with the fields of these names, in this order.
fn place(rows: i32, names: &[&str]) -> ArrayRef {
    let fields: Vec<(Arc<arrow::datatypes::Field>, ArrayRef)> = names
        .iter()
        .map(|name| {
            let field = arrow::datatypes::Field::new(*name, arrow::datatypes::DataType::Int32, true);
            (Arc::new(field), Arc::new(Int32Array::from_iter_values(0..rows)) as ArrayRef)
        })
        .collect();
    Arc::new(StructArray::from(fields))
}

const CATALOG: &str = "catalog: c\nversion: 1\nengine: \"55.2.0\"\ninclude: [types, datasets]\n";
const DATASET: &str = "\
# Orders, one row each.
dataset: orders
version: 1
columns:
  id: { type: int64, nullable: false }   # the key

  at: place
  note: 'utf8'
constraints: { primary_key: [id] }
";
const PLACE: &str = "type: place\r\nfields:\r\n  # Lines from 1.\r\n  line:   int32\r\n  column: int32\r\n";

fn write_specs(folder: &Path) {
    for (path, text) in [
        ("catalog.yaml", CATALOG),
        ("datasets/orders.yaml", DATASET),
        ("types/place.yaml", &format!("\u{feff}{PLACE}")),
    ] {
        let path = folder.join("specs").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn text(folder: &Path, path: &str) -> String {
    fs::read_to_string(folder.join("specs").join(path)).unwrap()
}

fn run(folder: &Path, more: &[&str]) -> Output {
    let line = ["import", "orders.parquet", "--into", "specs/datasets/orders.yaml"];
    cstspec(folder).args(line).args(more).output().unwrap()
}

fn verified(folder: &Path) {
    let line = ["verify", "--deep", "--data", "orders=orders.parquet"];
    let output = cstspec(folder).args(line).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

/// New fields are written at their places; nothing else changes, and a second run changes nothing.
#[test]
fn fields_added() {
    let here = empty();
    let folder = here.path();
    write_specs(folder);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", ids(5)),
        ("at", place(5, &["line", "byte", "column"])),
        ("more", Arc::new(Int32Array::from(vec![Some(1), None, None, None, None]))),
        ("note", texts(5)),
    ];
    write(&folder.join("orders.parquet"), columns);
    let output = run(folder, &[]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(text(folder, "datasets/orders.yaml"), DATASET.replace("  at: place\n", "  at: place\n  more: int32\n"));
    let expected = PLACE.replace("  line:   int32\r\n", "  line:   int32\r\n  byte:   int32\r\n");
    assert_eq!(text(folder, "types/place.yaml"), format!("\u{feff}{expected}"));
    assert_eq!(text(folder, "catalog.yaml"), CATALOG);
    assert!(stdout(&output).contains("at.byte") && stdout(&output).contains("+  byte:   int32"), "{}", stdout(&output));
    verified(folder);
    let again = run(folder, &[]);
    assert_eq!(again.status.code(), Some(0));
    assert!(stdout(&again).contains("no changes"), "{}", stdout(&again));
}

/// What removes or retypes is shown, and done when somebody accepts it.
#[test]
fn changes_accepted() {
    let here = empty();
    let folder = here.path();
    write_specs(folder);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from(vec![1, 1, 2]))),
        ("at", place(3, &["line"])),
        ("note", Arc::new(Int32Array::from(vec![1, 2, 3]))),
        ("new", ids(3)),
    ];
    write(&folder.join("orders.parquet"), columns);
    let asked = run(folder, &[]);
    assert_eq!(asked.status.code(), Some(1), "{}{}", stdout(&asked), stderr(&asked));
    for part in
        ["at.column", "int32 instead of utf8", "the primary key (id) is removed", "nothing is written: --accept"]
    {
        assert!(stdout(&asked).contains(part), "{part}: {}", stdout(&asked));
    }
    assert_eq!(
        (text(folder, "datasets/orders.yaml"), text(folder, "types/place.yaml")),
        (DATASET.to_owned(), format!("\u{feff}{PLACE}"))
    );
    let done = run(folder, &["--accept", "--keep", "at"]);
    assert_eq!(done.status.code(), Some(0), "{}{}", stdout(&done), stderr(&done));
    let expected = DATASET
        .replace("note: 'utf8'", "note: 'int32'\n  new: int64")
        .replace("constraints: { primary_key: [id] }\n", "");
    assert_eq!(text(folder, "datasets/orders.yaml"), expected);
    assert_eq!(text(folder, "types/place.yaml"), format!("\u{feff}{PLACE}"));
    verified(folder);
}

/// A file that is no dataset's, a catalog with errors, and damaged data: nothing is written.
#[test]
fn refresh_refused() {
    let here = empty();
    let folder = here.path();
    write_specs(folder);
    write(&folder.join("orders.parquet"), vec![("id", ids(5))]);
    let import = |file: &str| cstspec(folder).args(["import", "orders.parquet", "--into", file]).output().unwrap();
    for (file, message) in [
        ("specs/types/place.yaml", "declares no dataset"),
        ("specs/datasets/missing.yaml", "specs/datasets/missing.yaml"),
        ("orders.parquet", "no catalog.yaml"),
    ] {
        let output = import(file);
        fails_with(&output, message);
    }
    // A removal that a key needs.
    let output = run(folder, &["--accept", "--keep", "id"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let before = text(folder, "datasets/orders.yaml");
    write(&folder.join("orders.parquet"), vec![("other", ids(5))]);
    let output = run(folder, &["--accept"]);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("nothing is written"), "{}", stdout(&output));
    assert_eq!(text(folder, "datasets/orders.yaml"), before);
    fs::write(folder.join("orders.parquet"), b"PAR1 not parquet").unwrap();
    let output = run(folder, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(text(folder, "datasets/orders.yaml"), before);
}
