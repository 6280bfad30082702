//! Promises about rows, broken one at a time: `verify --deep` says which, where in the files, and once.

use std::fs;
use std::io::Cursor;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use cstspec_contract::Finding;
use cstspec_runtime::{ContractReport, Depth, Location, Locations, Report};
use datafusion::datasource::MemTable;

use super::{Case, DATASET, line, only, spec_line};
use crate::world;

/// What a finding must say.
struct Expected<'a> {
    code: &'a str,
    spec: String,
    path: Option<&'a str>,
    file: &'a str,
    row: u64,
    observed: &'a str,
}

fn holds(report: &Report, expected: &Expected<'_>) {
    let finding: &Finding = only(report);
    assert_eq!(finding.code, expected.code, "{finding:#?}");
    assert_eq!(spec_line(finding), expected.spec);
    assert_eq!(finding.path.as_deref(), expected.path);
    let place = finding.data.as_ref().expect("rows are in a file");
    assert_eq!((place.file.as_str(), place.row), (expected.file, Some(expected.row)));
    // Who reads a place knows what it counts from.
    let counted = if expected.observed.contains("refs[") || expected.observed.contains("scopes[") {
        "; rows and elements count from 0"
    } else {
        "; rows count from 0"
    };
    assert_eq!(finding.observed.as_deref(), Some(format!("{}{counted}", expected.observed).as_str()));
}

/// The one promise of a kind about these columns.
fn contract<'a>(report: &'a Report, relation: &str, kind: &str, columns: &str) -> &'a ContractReport {
    let found: Vec<_> = report
        .contracts
        .iter()
        .filter(|contract| {
            contract.relation == relation && contract.kind == kind && contract.columns.join(" ") == columns
        })
        .collect();
    let [contract] = found[..] else { panic!("{relation} {kind} {columns}: {:#?}", report.contracts) };
    contract
}

/// The dataset's schema with the fields at `paths` nullable: what a file may be when `nullability: relax` reads it.
fn relaxed(case: &Case, paths: &[&str]) -> SchemaRef {
    let schema = case.catalog().dataset(DATASET).unwrap().schema();
    let relaxed = schema.fields().iter().map(|field| nullable(field, field.name(), paths));
    Arc::new(Schema::new(relaxed.collect::<Vec<_>>()))
}

fn nullable(field: &FieldRef, path: &str, paths: &[&str]) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(
            fields.iter().map(|field| nullable(field, &format!("{path}.{}", field.name()), paths)).collect(),
        ),
        // Elements are nullable already, and have no path of their own.
        DataType::List(item) => DataType::List(nullable(item, path, &paths_below(path, paths))),
        DataType::Map(entries, sorted) => {
            let DataType::Struct(pair) = entries.data_type() else { unreachable!() };
            let value = nullable(&pair[1], &format!("{path}.value"), paths);
            let pair: Fields = vec![Arc::clone(&pair[0]), value].into();
            DataType::Map(Arc::new(Field::clone(entries).with_data_type(DataType::Struct(pair))), *sorted)
        }
        other => other.clone(),
    };
    let is_nullable = field.is_nullable() || paths.contains(&path);
    Arc::new(Field::clone(field).with_data_type(data_type).with_nullable(is_nullable))
}

fn paths_below<'a>(path: &str, paths: &[&'a str]) -> Vec<&'a str> {
    paths.iter().copied().filter(|other| *other != path).collect()
}

/// The rows with `from`, which must be there once, replaced by `to`.
fn rows(from: &str, to: &str) -> String {
    assert_eq!(Case::ROWS.matches(from).count(), 1, "`{from}`");
    Case::ROWS.replace(from, to)
}

#[tokio::test]
async fn every_promise_of_the_sound_table_is_counted() {
    let report = Case::sound().verify(Depth::Deep).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert!(report.contracts.iter().all(|contract| contract.broken == 0));
    let checked = |relation, kind, columns| contract(&report, relation, kind, columns).checked;
    // A nested field is looked at where its parent is present: three uses, one mark, three names.
    assert_eq!(checked(DATASET, "not_null", "path"), 4);
    assert_eq!(checked(DATASET, "not_null", "refs.file_id"), 3);
    assert_eq!(checked(DATASET, "not_null", "refs.marks.value.level"), 1);
    assert_eq!(checked(DATASET, "not_null", "scopes.locals.slot"), 3);
    assert_eq!(checked(DATASET, "allowed", "refs.kind"), 2);
    assert_eq!(checked(DATASET, "identity", "refs.file_id"), 3);
    assert_eq!(checked(DATASET, "key", "file_id"), 4);
    assert_eq!(checked(DATASET, "order", "path"), 4);
    assert_eq!(checked("refs", "key", "file_id ref_id"), 3);
    // Two of three uses repeat no other.
    assert_eq!(checked("refs", "reference", "file_id target_id"), 1);
    assert_eq!(contract(&report, "refs", "reference", "file_id target_id").target.as_deref(), Some("refs"));
    assert_eq!(report.contracts.len(), 11, "{:#?}", report.contracts);
    assert!(Case::sound().verify(Depth::Plain).await.contracts.is_empty());
}

#[tokio::test]
async fn a_null_in_a_column_that_has_none() {
    let case = Case::new();
    case.write_as("units.parquet", &rows("\"path\":\"d.py\"", "\"path\":null"), &relaxed(&case, &["path"]));
    let report = case.verify(Depth::Deep).await;
    holds(
        &report,
        &Expected {
            code: "R201",
            spec: line("datasets/units_v1.yaml", "path: {"),
            path: Some("path"),
            file: "/data/units.parquet",
            row: 3,
            observed: "1 of 4 values: row 3 of /data/units.parquet (file_id = f4)",
        },
    );
    assert_eq!(contract(&report, DATASET, "not_null", "path").broken, 1);
}

#[tokio::test]
async fn a_null_in_a_nested_field_that_has_none() {
    let case = Case::new();
    let broken = rows("\"file_id\":\"f1\",\"ref_id\":\"r2\"", "\"file_id\":null,\"ref_id\":\"r2\"");
    case.write_as("units.parquet", &broken, &relaxed(&case, &["refs.file_id"]));
    holds(
        &case.verify(Depth::Deep).await,
        &Expected {
            code: "R201",
            spec: line("types/ref.yaml", "file_id: {"),
            path: Some("refs.file_id"),
            file: "/data/units.parquet",
            row: 0,
            observed: "1 of 3 values: refs[1].file_id in row 0 of /data/units.parquet (file_id = f1)",
        },
    );
}

#[tokio::test]
async fn nulls_below_the_values_of_a_map_and_in_a_list_in_a_list() {
    let case = Case::new();
    let broken = rows("\"level\":1", "\"level\":null").replace("\"slot\":3", "\"slot\":null");
    case.write_as("units.parquet", &broken, &relaxed(&case, &["refs.marks.value.level", "scopes.locals.slot"]));
    let report = case.verify(Depth::Deep).await;
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|finding| {
            let row = finding.data.as_ref().and_then(|place| place.row);
            let observed = finding.observed.as_deref().unwrap();
            let place = observed.split_once(": ").and_then(|(_, rest)| rest.split_once(" in row")).unwrap().0;
            (finding.code.as_ref(), place, spec_line(finding), row)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("R201", "scopes[0].locals[0].slot", line("types/local.yaml", "slot: {"), Some(3)),
            ("R201", "refs[0].marks['lint'].level", line("types/mark.yaml", "level: {"), Some(0)),
        ]
    );
}

#[tokio::test]
async fn a_null_at_a_path_that_constraints_name() {
    let case = Case::sound();
    case.edit(
        "datasets/units_v1.yaml",
        "constraints: { primary_key: [file_id] }",
        "constraints: { primary_key: [file_id], not_null: [refs.attrs.value] }",
    );
    holds(
        &case.verify(Depth::Deep).await,
        &Expected {
            code: "R201",
            spec: line("datasets/units_v1.yaml", "constraints:"),
            path: Some("refs.attrs.value"),
            file: "/data/units.parquet",
            row: 0,
            observed: "1 of 2 values: refs[0].attrs['note'] in row 0 of /data/units.parquet (file_id = f1)",
        },
    );
}

#[tokio::test]
async fn a_null_in_a_view_s_column_that_has_none() {
    let case = Case::sound();
    case.edit("views/refs.yaml", "  path: row\n", "  path: row\n  bstart: { nullable: false }\n");
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.path.as_deref()), ("R201", Some("bstart")));
    assert_eq!(spec_line(finding), "views/refs.yaml:7");
    assert_eq!(finding.relation.as_deref(), Some("refs"));
    assert_eq!(
        finding.observed.as_deref(),
        Some("1 of 3 values: row 0 of /data/units.parquet (bstart = NULL, file_id = f1); rows count from 0")
    );
}

#[tokio::test]
async fn two_rows_of_one_primary_key_are_one_finding_though_views_have_them_twice() {
    let case = Case::sound();
    let twice: String = Case::ROWS.lines().filter(|row| row.contains("\"file_id\":\"f4\"")).collect();
    case.write("more.parquet", &twice);
    let report = case.verify(Depth::Deep).await;
    holds(
        &report,
        &Expected {
            code: "R202",
            spec: line("datasets/units_v1.yaml", "primary_key"),
            path: Some("file_id"),
            file: "/data/more.parquet",
            row: 0,
            observed: "1 of 5 rows: row 0 of /data/more.parquet (file_id = f4); row 3 of /data/units.parquet (file_id = f4)",
        },
    );
    assert_eq!(contract(&report, "refs", "key", "file_id ref_id").broken, 0);
}

#[tokio::test]
async fn two_rows_of_one_primary_key_in_one_file() {
    let case = Case::new();
    let twice = rows("\"path\":\"b.py\",\"file_id\":\"f2\"", "\"path\":\"b.py\",\"file_id\":\"f1\"");
    // Both rows hold a use that is called the same, so that its key looks doubled too.
    let twice = twice.replace("\"refs\":[],", r#""refs":[{"file_id":"f1","ref_id":"r1"}],"#);
    case.write("units.parquet", &twice);
    let report = case.verify(Depth::Deep).await;
    assert_eq!(only(&report).code, "R202");
    assert_eq!(only(&report).relation.as_deref(), Some(DATASET));
}

#[tokio::test]
async fn two_rows_of_another_key() {
    let case = Case::new();
    case.edit(
        "datasets/units_v1.yaml",
        "constraints: { primary_key: [file_id] }",
        "constraints: { primary_key: [file_id], unique: [[file_id, path], [path]] }",
    );
    case.write("units.parquet", &rows("\"path\":\"d.py\"", "\"path\":\"c.py\""));
    holds(
        &case.verify(Depth::Deep).await,
        &Expected {
            code: "R202",
            spec: line("datasets/units_v1.yaml", "primary_key"),
            path: Some("path"),
            file: "/data/units.parquet",
            row: 2,
            observed: "1 of 4 rows: row 2 of /data/units.parquet (path = c.py, file_id = f3); \
                       row 3 of /data/units.parquet (path = c.py, file_id = f4)",
        },
    );
}

#[tokio::test]
async fn two_elements_of_one_key() {
    let case = Case::new();
    case.write("units.parquet", &rows("\"ref_id\":\"r2\"", "\"ref_id\":\"r1\""));
    holds(
        &case.verify(Depth::Deep).await,
        &Expected {
            code: "R202",
            spec: line("views/refs.yaml", "key: [file_id"),
            path: None,
            file: "/data/units.parquet",
            row: 0,
            observed: "1 of 3 rows: row 0 of /data/units.parquet (file_id = f1, ref_id = r1)",
        },
    );
}

/// Specs whose key of uses, and references to it, do not hold the unit's key.
fn over_all_files() -> Case {
    let case = Case::new();
    case.edit("views/refs.yaml", "key: [file_id, ref_id]\n", "key: [ref_id]\n");
    case.edit(
        "views/refs.yaml",
        "columns: [file_id, target_id], relation: refs, to: [file_id, ref_id]",
        "columns: [target_id], relation: refs, to: [ref_id]",
    );
    case
}

#[tokio::test]
async fn two_elements_of_one_key_in_two_files() {
    let case = over_all_files();
    case.write("units.parquet", Case::ROWS);
    let report = case.verify(Depth::Deep).await;
    holds(
        &report,
        &Expected {
            code: "R202",
            spec: line("views/refs.yaml", "key: [file_id"),
            path: Some("ref_id"),
            file: "/data/units.parquet",
            row: 0,
            observed: "1 of 3 rows: row 0 of /data/units.parquet (ref_id = r1, file_id = f1); \
                       row 3 of /data/units.parquet (ref_id = r1, file_id = f4)",
        },
    );
}

#[tokio::test]
async fn a_reference_to_no_row_of_its_own_unit() {
    let case = Case::new();
    // Another unit has a use of that name: it is not the one that is meant.
    let other = rows("\"target_id\":\"r1\"", "\"target_id\":\"r9\"")
        .replace("\"file_id\":\"f4\",\"ref_id\":\"r1\"", "\"file_id\":\"f4\",\"ref_id\":\"r9\"");
    case.write("units.parquet", &other);
    holds(
        &case.verify(Depth::Deep).await,
        &Expected {
            code: "R203",
            spec: line("views/refs.yaml", "columns: [file_id, target_id]"),
            path: None,
            file: "/data/units.parquet",
            row: 0,
            observed: "1 of 1 rows: row 0 of /data/units.parquet (file_id = f1, target_id = r9)",
        },
    );
}

#[tokio::test]
async fn a_reference_to_no_row_at_all() {
    let case = over_all_files();
    let broken = rows("\"target_id\":\"r1\"", "\"target_id\":\"r9\"").replace(
        "\"file_id\":\"f4\",\"ref_id\":\"r1\",\"target_id\":null",
        "\"file_id\":\"f4\",\"ref_id\":\"r4\",\"target_id\":\"r2\"",
    );
    case.write("units.parquet", &broken);
    let report = case.verify(Depth::Deep).await;
    holds(
        &report,
        &Expected {
            code: "R203",
            spec: line("views/refs.yaml", "columns: [file_id, target_id]"),
            path: Some("target_id"),
            file: "/data/units.parquet",
            row: 0,
            observed: "1 of 2 rows: row 0 of /data/units.parquet (target_id = r9, file_id = f1)",
        },
    );
}

#[tokio::test]
async fn rows_out_of_order_in_a_file() {
    let case = Case::new();
    case.write("units.parquet", &rows("\"path\":\"b.py\"", "\"path\":\"x.py\""));
    holds(
        &case.verify(Depth::Deep).await,
        &Expected {
            code: "R204",
            spec: line("datasets/units_v1.yaml", "ordering:"),
            path: Some("path"),
            file: "/data/units.parquet",
            row: 2,
            observed: "1 of 4 rows: row 2 of /data/units.parquet (path = c.py after path = x.py, file_id = f3)",
        },
    );
}

#[tokio::test]
async fn files_out_of_order_where_the_order_is_the_table_s() {
    let case = Case::sound();
    let row = r#"{"repo":"gamma","path":"a0.py","file_id":"f5"}"#;
    case.write("zz.parquet", row);
    let report = case.verify(Depth::Deep).await;
    assert!(report.findings.is_empty(), "in each file by itself the order holds: {:#?}", report.findings);
    case.edit("datasets/units_v1.yaml", "scope: file", "scope: table");
    holds(
        &case.verify(Depth::Deep).await,
        &Expected {
            code: "R204",
            spec: line("datasets/units_v1.yaml", "ordering:"),
            path: Some("path"),
            file: "/data/zz.parquet",
            row: 0,
            observed: "1 of 5 rows: row 0 of /data/zz.parquet (path = a0.py after path = d.py at the end of /data/units.parquet)",
        },
    );
}

#[tokio::test]
async fn an_element_that_is_another_row_s() {
    let case = Case::new();
    case.write("units.parquet", &rows("\"file_id\":\"f4\",\"ref_id\"", "\"file_id\":\"f3\",\"ref_id\""));
    holds(
        &case.verify(Depth::Deep).await,
        &Expected {
            code: "R205",
            spec: line("views/refs.yaml", "file_id: row"),
            path: Some("refs.file_id"),
            file: "/data/units.parquet",
            row: 3,
            observed: "1 of 3 values: refs[0].file_id in row 3 of /data/units.parquet (the element's file_id = f3, file_id = f4)",
        },
    );
}

#[tokio::test]
async fn a_value_that_is_not_allowed() {
    let case = Case::new();
    case.write("units.parquet", &rows("\"kind\":\"attribute\"", "\"kind\":\"label\""));
    let report = case.verify(Depth::Deep).await;
    holds(
        &report,
        &Expected {
            code: "R206",
            spec: line("types/ref.yaml", "allowed:"),
            path: Some("refs.kind"),
            file: "/data/units.parquet",
            row: 0,
            observed: "1 of 2 values: refs[1].kind in row 0 of /data/units.parquet (kind = label, file_id = f1)",
        },
    );
    assert_eq!(only(&report).expected.as_deref(), Some("one of \"name\", \"attribute\""));
}

/// A view with a query of its own, which no one row of the dataset gives.
fn counted(key: &str) -> Case {
    let case = Case::sound();
    let text = format!(
        "view: repos\ndoc: One row per repository and unit.\nsql: SELECT repo, size FROM units_v1 WHERE path < 'd'\n\
         output:\n  repo: utf8\n  size: int64\nkey: [{key}]\n"
    );
    fs::write(case.specs().join("views/repos.yaml"), text).unwrap();
    case
}

#[tokio::test]
async fn a_key_of_a_view_with_a_query_of_its_own() {
    let report = counted("repo").verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), spec_line(finding).as_str()), ("R202", "views/repos.yaml:7"));
    // Nobody knows which file such a row is from.
    assert_eq!(finding.data, None);
    assert_eq!(finding.observed.as_deref(), Some("1 of 3 rows: (repo = alpha)"));
    // A row with a NULL in such a key is not compared.
    let report = counted("size").verify(Depth::Deep).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert_eq!(contract(&report, "repos", "key", "size").checked, 2);
}

#[tokio::test]
async fn a_row_of_a_query_of_its_own_is_shown_by_its_key() {
    let case = Case::sound();
    let text = "view: picked\ndoc: One row per unit and what it is told to refer to.\n\
                sql: SELECT file_id, CASE WHEN path = 'c.py' THEN 'f9' ELSE file_id END AS other FROM units_v1\n\
                output:\n  file_id: { type: utf8, nullable: false }\n  other: { type: utf8, nullable: false }\nkey: [file_id]\n\
                references:\n  - { columns: [other], relation: units_v1, to: [file_id] }\n";
    fs::write(case.specs().join("views/picked.yaml"), text).unwrap();
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.relation.as_deref()), ("R203", Some("picked")));
    assert_eq!(finding.observed.as_deref(), Some("1 of 4 rows: (other = f9, file_id = f3)"));
}

#[tokio::test]
async fn a_value_that_is_not_allowed_in_rows_that_are_in_no_file() {
    let case = Case::new();
    let schema = case.catalog().dataset(DATASET).unwrap().schema();
    let text = rows("\"kind\":\"attribute\"", "\"kind\":\"label\"");
    let mut reader = ReaderBuilder::new(Arc::clone(&schema)).build(Cursor::new(text)).unwrap();
    let table = MemTable::try_new(schema, vec![vec![reader.next().unwrap().unwrap()]]).unwrap();
    let locations = Locations::from([(DATASET.to_owned(), Location::Table(Arc::new(table)))]);
    let ctx = world::open(&case.catalog(), &locations).await;
    let report = case.verify_in(&ctx, Depth::Deep).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), spec_line(finding)), ("R206", line("types/ref.yaml", "allowed:")));
    assert_eq!(finding.data, None);
    assert_eq!(
        finding.observed.as_deref(),
        Some("1 of 2 values: refs[1].kind in a row (kind = label, file_id = f1); rows and elements count from 0")
    );
    // Views over those rows are proven too.
    assert_eq!(contract(&report, "refs", "key", "file_id ref_id").checked, 3);
}

#[tokio::test]
async fn promises_that_the_session_s_memory_does_not_suffice_to_prove() {
    let case = Case::sound();
    case.edit(
        "sessions/pinned.yaml",
        "  datafusion.execution.time_zone: UTC\n",
        "  datafusion.execution.time_zone: UTC\n  datafusion.runtime.memory_limit: 1K\n",
    );
    let report = case.verify(Depth::Deep).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), finding.relation.as_deref()), ("R207", Some(DATASET)));
    assert_eq!(spec_line(finding), "datasets/units_v1.yaml:1");
    assert!(report.contracts.iter().all(|contract| contract.kind != "key" || contract.relation != DATASET));
}
