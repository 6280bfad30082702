//! Files that spell the same contract otherwise: not a row, a value or a type is lost.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use cstspec_contract::Severity;
use cstspec_contract::report::Report;
use cstspec_contract::types::{nullable, required};
use cstspec_verify::{Checks, NoProgress, verify};
use tempfile::TempDir;

use crate::world::{ROWS, at, batch, catalog, error, open, rows, run, schema, text, write};

/// `field` with every nested field changed by `change`, innermost first.
fn rewritten(field: &Field, change: &dyn Fn(Field) -> Field) -> Field {
    let inner = |field: &FieldRef| Arc::new(rewritten(field, change));
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        DataType::List(item) => DataType::List(inner(item)),
        DataType::Map(entries, sorted) => DataType::Map(inner(entries), *sorted),
        other => other.clone(),
    };
    change(field.clone().with_data_type(data_type))
}

fn changed(change: &dyn Fn(Field) -> Field) -> SchemaRef {
    let fields: Fields = schema().fields().iter().map(|field| Arc::new(rewritten(field, change))).collect();
    Arc::new(Schema::new(fields))
}

/// Every nested field nullable, but for what a map must have.
pub fn relaxed() -> SchemaRef {
    changed(&|field| {
        let held = ["entries", "key"].contains(&field.name().as_str());
        if held { field } else { field.with_nullable(true) }
    })
}

/// As pyarrow spells it: list children `element`, entries named after their column, metadata of extensions deep inside.
fn pyarrow() -> SchemaRef {
    changed(&|field| {
        let renamed = match (field.data_type(), field.name().as_str()) {
            (_, "item") => field.with_name("element"),
            (DataType::Struct(_), "entries") => field.with_name("attrs"),
            _ => field,
        };
        match renamed.name().as_str() {
            "start" => {
                let metadata = [("ARROW:extension:name".to_owned(), "x.place".to_owned())];
                renamed.with_metadata(metadata.into_iter().collect())
            }
            _ => renamed,
        }
    })
}

/// As arrow-rs reads a map that no arrow schema came with.
fn key_value() -> SchemaRef {
    changed(&|field| match field.name().as_str() {
        "entries" => field.with_name("key_value"),
        "key" => field.with_name("keys"),
        "value" => field.with_name("values"),
        _ => field.with_metadata(std::collections::HashMap::new()),
    })
}

/// Every struct's fields the other way round, with one more among them; columns too.
fn shuffled() -> SchemaRef {
    let turned = changed(&|field| match field.data_type() {
        DataType::Struct(fields) if field.name() != "entries" => {
            let extra: FieldRef = nullable("extra", DataType::Int32);
            let turned: Fields = fields.iter().rev().cloned().chain([extra]).collect();
            field.clone().with_data_type(DataType::Struct(turned))
        }
        _ => field,
    });
    let extra: FieldRef = nullable("extra", DataType::Utf8);
    Arc::new(Schema::new(turned.fields().iter().rev().cloned().chain([extra]).collect::<Vec<_>>()))
}

/// Narrower numbers and other ways to store text and lists.
fn narrower() -> SchemaRef {
    changed(&|field| {
        let data_type = match field.data_type() {
            DataType::Int64 => DataType::Int32,
            DataType::Int32 => DataType::Int16,
            DataType::Utf8 if field.name() == "name" => DataType::LargeUtf8,
            DataType::Utf8 if field.name() != "key" => DataType::Utf8View,
            DataType::List(item) if field.name() == "locals" => DataType::LargeList(Arc::clone(item)),
            other => other.clone(),
        };
        field.with_data_type(data_type)
    })
}

/// Whether nothing is said but that files were read otherwise than they are.
fn harmless(report: &Report) -> bool {
    report.findings.iter().all(|finding| ["file-drifted", "file-has-more"].contains(&finding.name.as_ref()))
}

/// Every spelling gives the same rows of the same types.
#[test]
fn layouts_same_rows_and_types() {
    run(async {
        let all = batch(&schema(), ROWS);
        let spellings = [
            ("relaxed", relaxed()),
            ("pyarrow", pyarrow()),
            ("key_value", key_value()),
            ("shuffled", shuffled()),
            ("narrower", narrower()),
        ];
        for (name, spelling) in spellings {
            let folder = TempDir::new().unwrap();
            write(&folder.path().join("a.parquet"), &batch(&spelling, ROWS));
            let ctx = open(&catalog(), &at(folder.path())).await;
            assert_eq!(rows(&ctx, "SELECT * FROM files_v1 ORDER BY path").await, all, "{name}");
            // In filters, in counts and below `get_field` too.
            let counted =
                text(&ctx, "SELECT count(attrs) AS n FROM files_v1 WHERE file_id = 'f1' AND attrs IS NOT NULL").await;
            assert!(counted.contains("| 1 |"), "{name}: {counted}");
            let report = verify(&ctx, &catalog(), Checks::Schema, &NoProgress).await;
            assert!(harmless(&report), "{name}: {:#?}", report.findings);
            let counts: Vec<_> = report.relations.iter().map(|relation| relation.rows).collect();
            assert_eq!(counts, [Some(4), Some(3), Some(3), Some(2)], "{name}");
        }
    });
}

/// Files of different spellings are one table.
#[test]
fn layouts_mixed_in_one_table() {
    run(async {
        let folder = TempDir::new().unwrap();
        for (name, spelling) in [("a", pyarrow()), ("b", key_value()), ("c", shuffled()), ("d", schema())] {
            write(&folder.path().join(format!("{name}.parquet")), &batch(&spelling, ROWS));
        }
        let ctx = open(&catalog(), &at(folder.path())).await;
        let report = verify(&ctx, &catalog(), Checks::Schema, &NoProgress).await;
        assert!(harmless(&report), "{:#?}", report.findings);
        assert_eq!(report.relations[0].rows, Some(16));
        assert_eq!(report.relations[3].rows, Some(8));
    });
}

/// A nullable field or column that a file lacks is NULL.
#[test]
fn nullable_field_missing() {
    run(async {
        let folder = TempDir::new().unwrap();
        let without = changed(&|field| match field.data_type() {
            DataType::Struct(fields) => {
                let kept: Fields = fields
                    .iter()
                    .filter(|field| !["bstart", "start"].contains(&field.name().as_str()))
                    .cloned()
                    .collect();
                field.clone().with_data_type(DataType::Struct(kept))
            }
            _ => field,
        });
        let without = Arc::new(without.project(&[1, 2, 3, 4]).unwrap());
        write(&folder.path().join("a.parquet"), &batch(&without, ROWS));
        write(&folder.path().join("b.parquet"), &batch(&schema(), ROWS));
        let ctx = open(&catalog(), &at(folder.path())).await;
        let counted =
            text(&ctx, "SELECT count(*) AS a, count(bstart) AS b, count(get_field(span, 'start')) AS c FROM refs")
                .await;
        assert!(counted.contains("| 6 | 2 | 1 |"), "{counted}");
        let counted = text(&ctx, "SELECT count(repo) AS a, count(attrs) AS b FROM files_v1").await;
        assert!(counted.contains("| 4 | 2 |"), "{counted}");
        let report = verify(&ctx, &catalog(), Checks::Schema, &NoProgress).await;
        assert!(harmless(&report), "{:#?}", report.findings);
    });
}

/// A NULL where the contract says there is none is an error with its path.
#[test]
fn nested_null_has_path() {
    run(async {
        let folder = TempDir::new().unwrap();
        let row = r#"{"path":"a.py","file_id":"f1","refs":[{"file_id":null,"ref_text":"x"}],"scopes":[]}"#;
        write(&folder.path().join("a.parquet"), &batch(&relaxed(), row));
        let ctx = open(&catalog(), &at(folder.path())).await;
        let found = error(&ctx, "SELECT refs FROM files_v1").await;
        assert!(found.contains("NULL in `refs.file_id`"), "{found}");
        let report = verify(&ctx, &catalog(), Checks::Schema, &NoProgress).await;
        let broken: Vec<_> = report.findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
        let [finding] = broken.as_slice() else { panic!("{broken:#?}") };
        assert_eq!((finding.name.as_ref(), finding.path.as_deref()), ("dataset-fails", Some("refs.file_id")));
        assert_eq!(finding.spec.as_ref().unwrap().key, "fields.file_id");
        // What does not read the field does run.
        assert_eq!(rows(&ctx, "SELECT path FROM files_v1").await.num_rows(), 1);
    });
}

/// A NULL in a column that is not NULL is an error.
#[test]
fn null_in_not_null_column() {
    run(async {
        let folder = TempDir::new().unwrap();
        let row = r#"{"path":null,"file_id":"f1"}"#;
        write(&folder.path().join("a.parquet"), &batch(&relaxed(), row));
        let ctx = open(&catalog(), &at(folder.path())).await;
        let found = error(&ctx, "SELECT path FROM files_v1").await;
        assert!(found.contains("path") && found.to_lowercase().contains("null"), "{found}");
    });
}

/// A narrowing is refused before a row is read.
#[test]
fn lossy_cast_refused_early() {
    run(async {
        let folder = TempDir::new().unwrap();
        let wider = changed(&|field| match field.name().as_str() {
            "line0" => field.with_data_type(DataType::Int64),
            _ => field,
        });
        write(&folder.path().join("a.parquet"), &batch(&wider, ROWS));
        let ctx = open(&catalog(), &at(folder.path())).await;
        let found = error(&ctx, "SELECT refs FROM files_v1").await;
        assert!(found.contains("`refs.span.start.line0` is int64 in the file and int32 in the contract"), "{found}");
    });
}

/// A file that is the contract exactly is read without any conversion.
#[test]
fn exact_file_unconverted() {
    run(async {
        let folder = TempDir::new().unwrap();
        let ctx = open(&catalog(), &crate::world::one_file(folder.path())).await;
        let plan = text(&ctx, "EXPLAIN SELECT refs, path FROM files_v1").await;
        assert!(!plan.to_lowercase().contains("cast") && !plan.contains("conform"), "{plan}");
        let fields = vec![required("path", DataType::Utf8)];
        assert_eq!(rows(&ctx, "SELECT path FROM files_v1").await.schema().fields(), &Fields::from(fields));
    });
}

/// Fields that only a file has are not decoded.
#[test]
fn extra_fields_not_decoded() {
    run(async {
        let text = |row: usize| format!("{row:0>200}");
        let lines: Vec<String> = (0..200)
            .map(|row| {
                let wide = text(row);
                format!(r#"{{"path":"{row}","file_id":"f","refs":[{{"file_id":"f","bstart":{row},"wide":"{wide}"}}]}}"#)
            })
            .collect();
        let wide = changed(&|field| match field.data_type() {
            DataType::Struct(fields) if fields.find("bstart").is_some() => {
                let wide: Fields = fields.iter().cloned().chain([nullable("wide", DataType::Utf8)]).collect();
                field.clone().with_data_type(DataType::Struct(wide))
            }
            _ => field,
        });
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("wide.parquet");
        write(&path, &batch(&wide, &lines.join("\n")));
        let ctx = open(&catalog(), &at(&path)).await;
        let plan = ctx.sql("SELECT refs FROM files_v1").await.unwrap().create_physical_plan().await.unwrap();
        let batches = datafusion::physical_plan::collect(Arc::clone(&plan), ctx.task_ctx()).await.unwrap();
        assert_eq!(batches.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>(), 200);
        let read = plan.metrics().unwrap().sum_by_name("bytes_scanned").unwrap().as_usize();
        let size = usize::try_from(std::fs::metadata(&path).unwrap().len()).unwrap();
        assert!(size > 40_000 && read < size / 2, "{read} of {size} bytes");
    });
}
