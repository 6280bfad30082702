//! Partition columns that files store too: what contradicts the folder or the log is found, and what agrees is fine.

use std::fs;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, Date32Array, Int64Array, NullArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use cstspec_contract::Finding;
use cstspec_contract::report::Report;
use cstspec_verify::Checks;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::{Case, line, spec_line};

const SPEC: &str = "datasets/units_v1.yaml";

/// A file at `path` whose rows have these values in `repo`.
fn put(case: &Case, path: &str, repo: ArrayRef, statistics: EnabledStatistics) {
    let rows: Vec<String> = (0..repo.len())
        .map(|row| format!(r#"{{"path":"{row}","file_id":"{path}{row}","refs":[],"scopes":[]}}"#))
        .collect();
    let batch = case.batch(&rows.join("\n"));
    let mut fields = batch.schema().fields().to_vec();
    fields[0] = Arc::new(fields[0].as_ref().clone().with_data_type(repo.data_type().clone()));
    let mut columns = batch.columns().to_vec();
    columns[0] = repo;
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let path = case.data(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let properties = WriterProperties::builder().set_statistics_enabled(statistics).build();
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn only<'r>(report: &'r Report, code: &str) -> &'r Finding {
    let [finding] = report.findings.as_slice() else { panic!("{:#?}", report.findings) };
    assert_eq!(finding.code, code, "{finding:#?}");
    assert_eq!((finding.path.as_deref(), spec_line(finding)), (Some("repo"), line(SPEC, "partitions: [repo]")));
    finding
}

/// A stored value that agrees is fine.
#[tokio::test]
async fn stored_value_agrees() {
    for statistics in [EnabledStatistics::Chunk, EnabledStatistics::None] {
        let case = Case::new();
        put(&case, "repo=a/x.parquet", texts(&[Some("a"), Some("a")]), statistics);
        put(&case, "repo=__HIVE_DEFAULT_PARTITION__/x.parquet", texts(&[None, None]), statistics);
        put(&case, "repo=2024-01-02/x.parquet", Arc::new(Date32Array::from(vec![19724])), statistics);
        put(&case, "repo=007/x.parquet", Arc::new(Int64Array::from(vec![7])), statistics);
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        put(&case, "repo=d%20e/x.parquet", cast(&texts(&[Some("d e")]), &dictionary).unwrap(), statistics);
        assert_eq!(case.verify(Checks::Rows).await.findings, []);
        let plain = case.verify(Checks::Schema).await;
        match statistics {
            EnabledStatistics::None => assert!(only(&plain, "R129").message.starts_with("5 files")),
            _ => assert_eq!(plain.findings, []),
        }
    }
}

/// NULL is a value like others.
#[tokio::test]
async fn stored_null_type() {
    // An array of the null type has no mask that says so.
    let case = Case::new();
    put(&case, "repo=a/x.parquet", Arc::new(NullArray::new(2)), EnabledStatistics::None);
    assert_eq!(only(&case.verify(Checks::Rows).await, "R128").observed.as_deref(), Some("NULL"));
}
