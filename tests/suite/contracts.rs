//! Findings of `verify` that no folder in `tests/cases/verify` can show: sessions of a host, links and rights, loops over many variants,
//! and reports as values.
//!
//! Every module starts from the sound specs and rows in `tests/sound`, and changes one thing.

mod boundaries;
mod causes;
mod data;
mod defaults;
mod delta;
mod drift;
mod files;
mod functions;
mod logs;
mod names;
mod partitions;
mod patterns;
mod pinning;
mod plans;
mod provenance;
mod renames;
mod several;
mod stored;
mod walks;

use std::fs;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use cstspec_contract::report::Report;
use cstspec_contract::{Catalog, Finding, Origin};
use cstspec_runtime::Locations;
use cstspec_spec::compile;
use cstspec_tests::{rows, sound};
use cstspec_verify::{Checks, NoProgress, verify};
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

use crate::world;

/// The dataset of the catalog.
pub const DATASET: &str = sound::DATASET;

/// Specs and data in a folder of their own, sound until something is changed.
pub struct Case {
    folder: TempDir,
}

impl Case {
    /// The sound rows.
    pub const ROWS: &str = sound::ROWS;

    /// The sound specs, and no data yet.
    pub fn new() -> Self {
        let case = Self { folder: tempfile::tempdir().unwrap() };
        world::copy(&sound::specs(), &case.specs());
        case
    }

    /// The sound specs, with the sound rows in `units.parquet`.
    pub fn sound() -> Self {
        let case = Self::new();
        case.write("units.parquet", Self::ROWS);
        case
    }

    /// The folder of the specs.
    pub fn specs(&self) -> PathBuf {
        self.folder.path().join("specs")
    }

    /// The folder of the data, or a file in it.
    pub fn data(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join("data");
        if name.is_empty() { folder } else { folder.join(name) }
    }

    /// Replaces `from`, which must be there once, by `to` in a spec.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.specs().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {file}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// The catalog that the specs make.
    pub fn catalog(&self) -> Catalog {
        sound::compiled(&self.specs())
    }

    /// Writes rows, one JSON object per line, as a Parquet file of the dataset's own schema.
    pub fn write(&self, name: &str, rows: &str) {
        self.write_as(name, rows, &self.catalog().dataset(DATASET).unwrap().schema());
    }

    /// Writes rows as a Parquet file of another schema; what it lacks is left out.
    pub fn write_as(&self, name: &str, rows: &str, schema: &SchemaRef) {
        self.write_batch(name, &rows::batch(rows, schema));
    }

    /// The dataset's own schema.
    pub fn schema(&self) -> SchemaRef {
        self.catalog().dataset(DATASET).unwrap().schema()
    }

    /// Rows, one JSON object per line, as a batch of the dataset's own schema.
    pub fn batch(&self, rows: &str) -> RecordBatch {
        rows::batch(rows, &self.schema())
    }

    /// Writes a batch as a Parquet file.
    pub fn write_batch(&self, name: &str, batch: &RecordBatch) {
        rows::write(&self.data(name), batch);
    }

    /// The folder of the data as the dataset's location.
    pub fn locations(&self) -> Locations {
        world::at([(DATASET, self.data("").as_path())])
    }

    /// A session over the data.
    pub async fn open(&self) -> SessionContext {
        world::open(&self.catalog(), &self.locations()).await
    }

    /// The report of `verify` in a fresh session over the data.
    pub async fn verify(&self, checks: Checks) -> Report {
        let ctx = self.open().await;
        self.verify_in(&ctx, checks).await
    }

    /// Gives findings the line and column of the promises that they break.
    pub fn locate(&self, findings: &mut [Finding]) {
        let sources = compile(&self.specs()).sources;
        for place in findings.iter_mut().filter_map(|finding| finding.spec.as_mut()) {
            let found = sources.place(&Origin::new(place.file.as_str(), place.key.as_str()));
            (place.line, place.column) = found.unzip();
        }
    }

    /// The report of `verify` in a session: findings with line and column, without the case's folder in their texts.
    pub async fn verify_in(&self, ctx: &SessionContext, checks: Checks) -> Report {
        let mut report = verify(ctx, &self.catalog(), checks, &NoProgress).await;
        self.locate(&mut report.findings);
        let root = self.folder.path().canonicalize().unwrap().display().to_string();
        let short = |text: &mut String| *text = text.replace(&root, "");
        for finding in &mut report.findings {
            short(&mut finding.message);
            for text in [&mut finding.expected, &mut finding.observed, &mut finding.remedy] {
                text.iter_mut().for_each(short);
            }
            finding.data.iter_mut().for_each(|place| short(&mut place.file));
        }
        report.findings.iter().for_each(says_types_as_specs_do);
        report
    }
}

/// Findings that quote the engine, or SQL that spells types as the engine does.
const QUOTING: [&str; 6] = ["R005", "R006", "R007", "R008", "R501", "R504"];

/// Types in a finding are spelled as in specs, never as Arrow prints them, and none of its texts is long.
fn says_types_as_specs_do(finding: &Finding) {
    if QUOTING.contains(&finding.code.as_ref()) {
        return;
    }
    let said = [&finding.expected, &finding.observed, &finding.remedy].into_iter().flatten();
    // What the engine or the reader of a log says is quoted as it is.
    let quotes = |text: &str| text.contains("refused by DataFusion") || text.starts_with("Kernel error");
    for text in said.chain([&finding.message]).filter(|text| !quotes(text)) {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        let arrow = ["Utf8", "LargeUtf8", "Int16", "Int32", "Int64", "Struct", "List", "LargeList", "Map", "Timestamp"];
        let of_arrow: Vec<&str> = words.filter(|word| arrow.contains(word)).collect();
        assert!(of_arrow.is_empty() && text.len() < 1300, "{of_arrow:?} {finding:#?}");
    }
}

/// The line and the file of the spec that a finding points to, as `file:line`.
pub fn spec_line(finding: &Finding) -> String {
    let place = finding.spec.as_ref().expect("a finding of a broken promise says where it was made");
    format!("{}:{}", place.file, place.line.expect("the place is in a file that was read"))
}

/// The one finding of a report.
pub fn only(report: &Report) -> &Finding {
    let [finding] = report.findings.as_slice() else { panic!("{:#?}", report.findings) };
    assert!(finding.remedy.is_some(), "{finding:#?}");
    finding
}

/// The number of the line of a spec that holds `text`, which must be there once, as `file:line`.
pub fn line(file: &str, text: &str) -> String {
    let path = sound::specs().join(file);
    let content = fs::read_to_string(&path).unwrap();
    let lines: Vec<usize> =
        content.lines().enumerate().filter(|(_, line)| line.contains(text)).map(|(n, _)| n + 1).collect();
    let [line] = lines[..] else { panic!("`{text}` in {file}: {lines:?}") };
    format!("{file}:{line}")
}
