//! Files whose schema is not the contract's: rows as the policy says, or findings.
//!
//! The bytes of an input choose both schemas, the marks of the file, its values, and the policy.

use std::fmt::Write as _;
use std::fs::File;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{FieldRef, Schema};
use cstspec_contract::{Catalog, spelling};
use cstspec_spec::compile_embedded;
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::parquet::arrow::ArrowWriter;

use super::arrays::{Dice, marked};
use super::engine::{self, open, read};
use super::shape::{Choices, columns, drifted};

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let declared = columns(&mut choices);
    let stored = drifted(&declared, &mut choices);
    let mut random = fastrand::Rng::with_seed(choices.seed());
    let stored: Vec<FieldRef> = stored.iter().map(|field| marked(field, &mut random)).collect();
    let Some(catalog) = catalog(&declared, &mut choices) else { return };

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("drifted.parquet");
    let batch = rows(&stored, choices.seed());
    let file = File::create(&path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("types that Parquet has");
    writer.write(&batch).expect("rows are written");
    writer.close().expect("the file is whole");

    engine::run(|| async move {
        let Some(ctx) = open(&catalog, "d", &path).await else { return };
        let report = verify(&ctx, &catalog, Checks::Rows, &NoProgress).await;
        for finding in &report.findings {
            assert!(!finding.message.contains("panic"), "{finding:?}");
        }
        let counted = read(&ctx, "SELECT count(*) FROM d").await;
        let whole = read(&ctx, "SELECT * FROM d").await;
        for column in &declared {
            let one = read(&ctx, &format!("SELECT {} FROM d", column.name())).await;
            assert!(whole.is_err() || one.is_ok(), "{}: {one:?} and all columns: {whole:?}", column.name());
        }
        assert!(whole.is_err() || counted.is_ok(), "{counted:?} and all columns: {whole:?}");
    });
}

/// `count` rows of random values.
pub fn rows(fields: &[FieldRef], seed: u64) -> RecordBatch {
    let mut dice = Dice::new(seed, &[]);
    let columns = fields.iter().map(|field| dice.array(field, 13)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), columns).expect("columns of one length")
}

/// A catalog with one dataset of these columns.
fn catalog(columns: &[FieldRef], choices: &mut Choices) -> Option<Catalog> {
    let mut spec = "dataset: d\nversion: 1\ncolumns:\n".to_owned();
    for column in columns {
        let spelled = spelling::data_type(column.data_type());
        let _ = writeln!(spec, "  {}: {{ type: '{spelled}' }}", column.name());
    }
    let missing = choices.pick(&["default", "fill_null", "error"]);
    let (extra, casts) = (choices.pick(&["ignore", "warn", "error"]), choices.pick(&["any", "widening", "none"]));
    let _ = writeln!(spec, "evolution: {{ missing: {missing}, extra: {extra}, casts: {casts} }}");
    let head = "catalog: fuzzed\nversion: 1\nengine: \"55.2.0\"\nsession: plain\ninclude: [.]\n";
    let files = [("catalog.yaml", head), ("plain.yaml", "session: plain\n"), ("d.yaml", &*spec)];
    let compiled = compile_embedded(&files);
    assert!(compiled.catalog.is_some(), "{:?}\n{spec}", compiled.findings);
    compiled.catalog
}
