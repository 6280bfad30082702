//! `import`: specs of tables that nobody wrote specs for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use parquet::arrow::ArrowWriter;
use serde_json::Value;

use crate::{cstspec, empty, fails_with, specs, stderr, stdout};

/// The table of the built-in sample.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../libcst/sample/libcst_files_v1.parquet").canonicalize().unwrap()
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn ids(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

fn some(values: [Option<i64>; 3]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// Two items in every row: `id` counts them all, `order_id` is the row's id, and the texts alternate.
fn items(rows: i64) -> ArrayRef {
    let all = 0..2 * rows;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", ids(all.clone())),
        ("order_id", ids(all.clone().map(|item| item / 2))),
        (
            "kind",
            Arc::new(StringArray::from_iter_values(all.clone().map(|item| if item % 2 == 0 { "a" } else { "b" }))),
        ),
        ("note", Arc::new(all.map(|item| (item % 3 > 0).then_some("x")).collect::<StringArray>())),
    ];
    let fields: Fields =
        columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, column)| column).collect();
    let values: ArrayRef = Arc::new(StructArray::new(fields, arrays, None));
    let item = Arc::new(Field::new("element", values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths((0..rows).map(|_| 2));
    Arc::new(ListArray::new(item, offsets, values, None))
}

/// Imports `location` in a folder, and sees that `check` and `verify --deep` accept the result as it is.
fn imported(folder: &Path, dataset: &str, location: &str) -> String {
    let output = cstspec(folder).args(["import", location]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let check = cstspec(folder).args(["check", "--fail-on", "warning"]).output().unwrap();
    assert_eq!(check.status.code(), Some(0), "{}", stdout(&check));
    let data = format!("{dataset}={location}");
    let verify = cstspec(folder).args(["verify", "--deep", "--fail-on", "warning", "--data", &data]).output().unwrap();
    assert_eq!(verify.status.code(), Some(0), "{}", stdout(&verify));
    stdout(&output).to_owned()
}

fn text(folder: &Path, path: &str) -> String {
    fs::read_to_string(folder.join("specs").join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below `folder`.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else {
                files.insert(entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files
}

/// The JSON that `describe` prints of a relation.
fn described(folder: &Path, relation: &str, more: &[&str]) -> Value {
    let output = cstspec(folder).args(["describe", relation, "--format", "json"]).args(more).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_str(stdout(&output)).unwrap()
}

fn columns_of(described: &Value) -> Value {
    serde_json::json!([described["relations"][0]["describe"], described["relations"][0]["fields"]])
}

/// A table with lists gets types, views, keys, references, order and sets of values, each with its proof.
#[test]
fn table_imported() {
    let here = empty();
    write(&here.path().join("orders.parquet"), vec![("id", ids(0..50)), ("items", items(50))]);
    let said = imported(here.path(), "orders", "orders.parquet");
    assert!(said.contains("1 file, 50 rows, 2 columns, 5 leaves"), "{said}");
    assert_eq!(
        text(here.path(), "datasets/orders.yaml"),
        "\
dataset: orders
version: 1
columns:
  id: { type: int64, nullable: false } # proven on 50 values in 1 file
  items: { type: list<item>, nullable: false } # proven on 50 values in 1 file
ordering: { by: [id], scope: file } # proven on 50 rows in 1 file
constraints:
  primary_key: [id] # proven on 50 rows in 1 file
  not_null:
    - items.id # proven on 100 values in 1 file
    - items.kind # proven on 100 values in 1 file
    - items.order_id # proven on 100 values in 1 file
"
    );
    assert_eq!(
        text(here.path(), "types/item.yaml"),
        "\
type: item
fields:
  id: int64
  order_id: int64
  kind: { type: utf8, allowed: [a, b] } # proven on 100 values in 1 file
  note: utf8
"
    );
    assert_eq!(
        text(here.path(), "views/items.yaml"),
        "\
view: items
rows: { of: orders, unnest: items }
columns:
  order_id_2: { row: id }
key: [order_id_2, id] # proven on 100 rows in 1 file
"
    );
}

/// What holds on some rows only is not proposed.
#[test]
fn broken_constraints_left_out() {
    let here = empty();
    let folder = here.path().join("t");
    write(&folder.join("a.parquet"), vec![("id", ids([1, 2, 3])), ("count", some([Some(1), Some(2), Some(3)]))]);
    write(&folder.join("b.parquet"), vec![("id", ids([3, 2, 1])), ("count", some([Some(4), None, None]))]);
    imported(here.path(), "t", "t");
    assert_eq!(
        text(here.path(), "datasets/t.yaml"),
        "\
dataset: t
version: 1
columns:
  id: { type: int64, nullable: false } # proven on 6 values in 2 files
  count: int64
ordering: { by: [count], scope: table } # proven on 6 rows in 2 files
"
    );
}

/// Keys of folders are partitions, typed where every folder's value has the type.
#[test]
fn hive_layout_imported() {
    let here = empty();
    for (year, repo) in [("2023", "a"), ("2024", "b%20c")] {
        write(&here.path().join(format!("t/year={year}/code=0{year}/repo={repo}/x.parquet")), vec![("id", ids([1]))]);
    }
    write(
        &here.path().join("t/year=2024/code=02024/repo=__HIVE_DEFAULT_PARTITION__/x.parquet"),
        vec![("id", ids([1]))],
    );
    imported(here.path(), "t", "t");
    let dataset = text(here.path(), "datasets/t.yaml");
    let expected = "  year: int64\n  code: utf8\n  repo: utf8\npartitions: [year, code, repo] # proven on 3 files\n";
    assert!(dataset.contains(expected), "{dataset}");
}

/// Files of two schemas are one dataset that reads both.
#[test]
fn schemas_of_files_merged() {
    let here = empty();
    write(
        &here.path().join("t/1.parquet"),
        vec![("id", Arc::new(Int32Array::from(vec![1, 2]))), ("a", texts(&["x", "y"]))],
    );
    write(&here.path().join("t/2.parquet"), vec![("id", ids([3, 4])), ("b", texts(&["x", "y"]))]);
    imported(here.path(), "t", "t");
    let dataset = text(here.path(), "datasets/t.yaml");
    assert!(dataset.contains("  id: { type: int64, nullable: false }"), "{dataset}");
    assert!(dataset.contains("  a: utf8\n  b: utf8\n"), "{dataset}");
}

/// A catalog that is there gets more files, and keeps those that it has.
#[test]
fn catalog_extended() {
    let here = empty();
    let path = here.path();
    write(&path.join("orders.parquet"), vec![("id", ids(0..50)), ("items", items(50))]);
    write(&path.join("sales.parquet"), vec![("sale", ids(0..50)), ("items", items(50))]);
    imported(path, "orders", "orders.parquet");
    let before = files(path);
    let texts: BTreeMap<&String, String> = before
        .iter()
        .filter(|file| file.starts_with("specs/"))
        .map(|file| (file, fs::read_to_string(path.join(file)).unwrap()))
        .collect();
    let output = cstspec(path).args(["import", "sales.parquet"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let check = cstspec(path).args(["check", "--fail-on", "warning"]).output().unwrap();
    assert_eq!(check.status.code(), Some(0), "{}", stdout(&check));
    for (file, text) in &texts {
        assert_eq!(fs::read_to_string(path.join(file)).unwrap(), *text, "{file}");
    }
    let added: Vec<String> = files(path).difference(&before).cloned().collect();
    assert_eq!(added, ["specs/datasets/sales.yaml", "specs/types/item_2.yaml", "specs/views/sales_items.yaml"]);
    // Once more: the names are taken.
    let before = files(path);
    let again = cstspec(path).args(["import", "orders.parquet"]).output().unwrap();
    assert_eq!(again.status.code(), Some(2), "{}{}", stdout(&again), stderr(&again));
    assert!(stderr(&again).contains("`orders`"), "{}", stderr(&again));
    assert_eq!(files(path), before);
}

/// Nothing is written where the table cannot be read, or specs cannot declare it.
#[test]
fn bad_input_refused() {
    let here = empty();
    let path = here.path();
    write(&path.join("damaged/1.parquet"), vec![("id", ids([1, 2]))]);
    let bytes = fs::read(path.join("damaged/1.parquet")).unwrap();
    fs::write(path.join("damaged/2.parquet"), &bytes[..bytes.len() - 9]).unwrap();
    fs::write(path.join("damaged/3.parquet"), "").unwrap();
    write(&path.join("clash/1.parquet"), vec![("id", ids([1, 2]))]);
    write(&path.join("clash/2.parquet"), vec![("id", texts(&["a"]))]);
    write(&path.join("control.parquet"), vec![("a\nb", ids([1]))]);
    write(&path.join("nameless.parquet"), vec![("", ids([1]))]);
    fs::create_dir(path.join("none")).unwrap();
    fs::create_dir(path.join("other")).unwrap();
    fs::write(path.join("other/readme.txt"), "text").unwrap();
    let before = files(path);
    for (location, words) in [
        ("damaged", vec!["damaged/2.parquet", "damaged/3.parquet", "R107", "R109"]),
        ("clash", vec!["clash/2.parquet", "R132", "`id`"]),
        ("control.parquet", vec!["C110", "control characters"]),
        ("nameless.parquet", vec!["C110", "it is empty"]),
        ("none", vec!["R103"]),
        ("other", vec!["R103"]),
        ("damaged/3.parquet", vec!["R107"]),
        ("other/readme.txt", vec!["R1"]),
    ] {
        let output = cstspec(path).args(["import", location]).output().unwrap();
        let said = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{location}: {said}{}", stderr(&output));
        for word in words {
            assert!(said.contains(word), "{location}: `{word}` is not in {said}");
        }
        assert!(said.ends_with("nothing is written\n"), "{said}");
        assert_eq!(files(path), before, "{location}");
        assert!(!path.join("specs").exists(), "{location}");
    }
    fails_with(&cstspec(path).args(["import", "nowhere"]).output().unwrap(), "cannot read nowhere");
    fails_with(&cstspec(path).args(["import", "clash", "--name", "a\u{7}"]).output().unwrap(), "--name requires");
    let elsewhere = cstspec(path).args(["import", "clash/1.parquet", "--specs", "other"]).output().unwrap();
    fails_with(&elsewhere, "the folder other is not empty and has no catalog.yaml");
    assert_eq!(files(path), before);
}

/// The import of the sample declares what the specs written by hand declare.
#[test]
fn sample_imported() {
    let here = empty();
    let location = sample();
    let said = imported(here.path(), "libcst_files_v1", location.to_str().unwrap());
    same_as_by_hand(here.path(), &location, &said);
    let relation = "libcst_files_v1";
    let by_hand = described(here.path(), relation, &["--specs", specs().to_str().unwrap()]);
    assert_eq!(columns_of(&described(here.path(), relation, &[])), columns_of(&by_hand));
}

/// Leaves, types, views and rows of an imported sample.
fn same_as_by_hand(folder: &Path, location: &Path, said: &str) {
    assert!(said.contains("17 columns, 176 leaves"), "{said}");
    let count = |root: &Path, kind: &str| fs::read_dir(root.join(kind)).unwrap().count();
    assert!(count(&folder.join("specs"), "types") <= count(&specs(), "types"));
    let data = format!("libcst_files_v1={}", location.display());
    let rows = |relation: &str, columns: &str, specs: &Path| -> Vec<String> {
        let sql = format!("SELECT {columns} FROM {relation}");
        let output = cstspec(folder)
            .args(["query", &sql, "--format", "json", "-q", "--data", &data, "--specs"])
            .arg(specs)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let mut rows: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
        rows.sort();
        rows
    };
    let mut views = 0;
    for entry in fs::read_dir(folder.join("specs/views")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        // `path` and `file_id` come from the row in one and from the element in the other, and an id is made anew in the other.
        let by_hand = format!("cst_{name}");
        let shared = ["file_id", "path"].join(", ");
        let columns = match name.as_str() {
            "nodes" => "file_id, cst_id, kind, span, span_ws, attrs",
            "edges" => "file_id, src, dst, kind, slot, idx, attrs",
            "refs" => "file_id, path, ref_id, ref_kind, expr_ctx, scope_role, bstart, bend, attrs",
            "callsites" => "file_id, path, call_id, callee_qnames, callee_fqns, attrs",
            "defs" => "file_id, path, def_id, name, qnames, attrs",
            _ => shared.as_str(),
        };
        let found = rows(&name, columns, &folder.join("specs"));
        assert!(!found.is_empty());
        assert_eq!(found, rows(&by_hand, columns, &specs()), "{name}");
        views += 1;
    }
    assert_eq!(views, 12);
}

/// A Python with `modules`, or a word that the test is skipped.
fn python(modules: &str) -> Option<PathBuf> {
    let python = std::env::var_os("CSTSPEC_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let found = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    let found = found.is_ok_and(|output| output.status.success()).then_some(python);
    if found.is_none() {
        assert!(std::env::var_os("CSTSPEC_PYTHON").is_none(), "CSTSPEC_PYTHON names a Python without {modules}");
        eprintln!("skipped: no Python with {modules}; set CSTSPEC_PYTHON to one");
    }
    found
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python").join(name)
}

/// The sample as other writers spell it has the same leaves, types, views and rows.
#[test]
fn sample_respelled() {
    let Some(python) = python("pyarrow.parquet") else { return };
    let here = empty();
    let output = Command::new(python).arg(script("respell.py")).arg(sample()).arg(here.path()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    for spelling in ["roundtrip", "item", "nullable", "plain_schema"] {
        let folder = here.path().join(format!("{spelling}_specs"));
        fs::create_dir(&folder).unwrap();
        let location = here.path().join(format!("{spelling}.parquet"));
        let output = cstspec(&folder)
            .args(["import", location.to_str().unwrap(), "--name", "libcst_files_v1"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{spelling}: {}{}", stdout(&output), stderr(&output));
        same_as_by_hand(&folder, &location, stdout(&output));
        let data = format!("libcst_files_v1={}", location.display());
        let verify =
            cstspec(&folder).args(["verify", "--deep", "--fail-on", "warning", "--data", &data]).output().unwrap();
        assert_eq!(verify.status.code(), Some(0), "{spelling}: {}", stdout(&verify));
    }
}

/// Tables of other writers are accepted as they come, and have the rows that pyarrow reads.
#[test]
fn tables_of_other_writers() {
    let Some(python) = python("pyarrow.parquet, pyarrow.dataset") else { return };
    let here = empty();
    let tables = here.path().join("tables");
    fs::create_dir(&tables).unwrap();
    let output = Command::new(&python).arg(script("import_tables.py")).arg("write").arg(&tables).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    for table in stdout(&output).lines() {
        let folder = here.path().join(format!("{table}_specs"));
        fs::create_dir(&folder).unwrap();
        let location = tables.join(table);
        let name = table.split('.').next().unwrap();
        imported(&folder, name, location.to_str().unwrap());
        let sql = format!("SELECT * FROM {name}");
        let data = format!("{name}={}", location.display());
        let query = cstspec(&folder).args(["query", &sql, "-q", "-o", "rows.arrow", "--data", &data]).output().unwrap();
        assert_eq!(query.status.code(), Some(0), "{table}: {}", stderr(&query));
        let compared = Command::new(&python)
            .arg(script("import_tables.py"))
            .arg("compare")
            .arg(&location)
            .arg(folder.join("rows.arrow"))
            .output()
            .unwrap();
        assert!(compared.status.success(), "{table}: {}", stderr(&compared));
    }
}

/// The types of a nested table stay as they are however deep they are, and deeper files are refused.
#[test]
fn nesting_imported() {
    // The writer recurses over types, and the threads of tests have small stacks.
    let test = std::thread::Builder::new().stack_size(64 << 20).spawn(nested_tables).unwrap();
    test.join().unwrap();
}

fn nested_tables() {
    let here = empty();
    for (depth, code) in [(20, 0), (60, 0), (100, 1)] {
        let mut array: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
        for level in 0..depth {
            let field = Field::new(format!("f{level}"), array.data_type().clone(), true);
            array = Arc::new(StructArray::new(vec![field].into(), vec![array], None));
        }
        assert!(matches!(array.data_type(), DataType::Struct(_)));
        let name = format!("deep{depth}");
        write(&here.path().join(format!("{name}.parquet")), vec![("deep", array)]);
        let specs = format!("{name}_specs");
        let output =
            cstspec(here.path()).args(["import", &format!("{name}.parquet"), "--specs", &specs]).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{depth}: {}{}", stdout(&output), stderr(&output));
        assert_eq!(here.path().join(&specs).exists(), code == 0);
    }
}

/// A contract of the Open Data Contract Standard becomes specs; a broken one is refused with its lines, and nothing is written.
#[test]
fn contract_imported() {
    let here = empty();
    let contract = "\
apiVersion: v3.1.0
kind: DataContract
name: shop
schema:
  - name: orders
    properties:
      - { name: id, logicalType: integer, required: true, primaryKey: true }
      - { name: note, logicalType: string, classification: public }
";
    fs::write(here.path().join("shop.odcs.yaml"), contract).unwrap();
    let import = || cstspec(here.path()).args(["import", "shop.odcs.yaml"]).output().unwrap();
    fs::write(here.path().join("shop.odcs.yaml"), contract.replace("integer", "intger")).unwrap();
    let output = import();
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    assert!(
        stdout(&output).contains("shop.odcs.yaml:7") && stdout(&output).contains("nothing is written"),
        "{}",
        stdout(&output)
    );
    assert_eq!(files(here.path()).len(), 1);
    fs::write(here.path().join("shop.odcs.yaml"), contract).unwrap();
    let output = import();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("`classification`"), "{}", stdout(&output));
    let check = cstspec(here.path()).args(["check", "--fail-on", "warning"]).output().unwrap();
    assert_eq!(check.status.code(), Some(0), "{}", stdout(&check));
    assert_eq!(
        text(here.path(), "datasets/orders.yaml"),
        "dataset: orders\nversion: 1\ncolumns:\n  id: { type: int64, nullable: false }\n  note: utf8\nconstraints:\n  primary_key: [id]\n"
    );
}
