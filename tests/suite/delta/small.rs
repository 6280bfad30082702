//! One dataset with a spec in the test itself, and what queries and `verify` say of it.

use std::fs::{self, File};
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cstspec_contract::Catalog;
use cstspec_contract::report::Report;
use cstspec_runtime::{Location, Locations};
use cstspec_spec::compile;
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

use crate::world;

const SPECS: [(&str, &str); 3] = [
    ("catalog", "catalog: c\nversion: 1\nengine: \"55.2.0\"\nsession: s\ninclude: [.]\n"),
    (
        "session",
        "session: s\nsettings: { datafusion.execution.parquet.schema_force_view_types: false, \
         datafusion.sql_parser.map_string_types_to_utf8view: false }\n",
    ),
    (
        "functions",
        "functions:\n  get_field: { signatures: [\"get_field(struct | map, utf8) -> ?\"] }\n  unnest: { kind: unnest, \
         signatures: [\"unnest(list<T>) -> T\"] }\n",
    ),
];

/// The specs of one dataset `t`, and folders of data.
pub struct Small {
    folder: TempDir,
}

impl Small {
    /// A catalog with the spec `dataset` of `t`.
    pub fn new(dataset: &str) -> Self {
        let small = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(small.folder.path().join("specs")).unwrap();
        for (name, text) in SPECS.into_iter().chain([("t", dataset)]) {
            small.spec(name, text);
        }
        small
    }

    /// Writes one more spec, or another text of one.
    pub fn spec(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join("specs").join(format!("{name}.yaml")), text).unwrap();
    }

    /// A folder of data, or a file in one.
    pub fn data(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a Parquet file with so many rows in each row group.
    pub fn write(&self, path: &str, batch: &RecordBatch, of_group: usize) {
        let path = self.data(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(of_group)).build();
        let file = File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
    }

    /// The catalog of the specs.
    pub fn catalog(&self) -> Catalog {
        let compiled = compile(&self.folder.path().join("specs"));
        assert_eq!(compiled.findings, []);
        compiled.catalog.unwrap()
    }

    /// A session over the data at `location`.
    pub async fn open(&self, location: &str) -> SessionContext {
        let location = Location::parse(&self.data(location).display().to_string()).unwrap();
        world::open(&self.catalog(), &Locations::from([("t".to_owned(), location)])).await
    }

    /// The rows of a query, `a, b; c, d`; or the error.
    pub async fn query(&self, location: &str, sql: &str) -> String {
        rows(&self.open(location).await, sql).await.replace(&self.folder.path().display().to_string(), "")
    }

    /// The findings of `verify`, each as `code file column: observed`.
    pub async fn findings(&self, location: &str, checks: Checks) -> Vec<String> {
        let report = self.verify(location, checks).await;
        let root = self.folder.path().canonicalize().unwrap().display().to_string();
        let told = report.findings.iter().map(|finding| {
            let file = finding.data.as_ref().map_or("", |data| data.file.as_str()).replace(&root, "");
            let (path, observed) = (finding.path.as_deref(), finding.observed.as_deref());
            format!("{} {file} {}: {}", finding.code, path.unwrap_or(""), observed.unwrap_or("").replace(&root, ""))
        });
        told.collect()
    }

    /// The report of `verify`.
    pub async fn verify(&self, location: &str, checks: Checks) -> Report {
        verify(&self.open(location).await, &self.catalog(), checks, &NoProgress).await
    }
}

/// The rows of a query, `a, b; c, d`; or the error.
pub async fn rows(ctx: &SessionContext, sql: &str) -> String {
    let batches = match ctx.sql(sql).await {
        Ok(frame) => frame.collect().await,
        Err(error) => Err(error),
    };
    let batches = match batches {
        Ok(batches) => batches,
        Err(error) => return error.strip_backtrace(),
    };
    let options = FormatOptions::new().with_null("NULL");
    let mut rows = Vec::new();
    for batch in &batches {
        let columns: Vec<ArrayFormatter> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join(", "));
        }
    }
    rows.join("; ")
}
