//! The files of a version, as its log describes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, RecordBatch, StructArray};
use arrow::datatypes::{Int32Type, Int64Type};
use arrow::temporal_conversions::timestamp_ms_to_datetime;
use datafusion::object_store::ObjectMeta;
use percent_encoding::percent_decode_str;

use super::logged::Logged;
use super::partition_fields::PartitionColumn;
use super::stats::FileStatistics;
use super::vector::{Described, Vector};
use crate::files::listing::Listing;
use crate::files::table_files::DataFile;
use crate::{FileErrorKind, RuntimeError};

/// A file that the version has.
#[derive(Debug)]
pub(super) struct Added {
    /// Its path below the table, or its URL.
    pub path: String,
    /// Its metadata in the log, with its location; or the reason why it has none.
    meta: Result<ObjectMeta, String>,
    /// The values of the partition columns as text, by their physical names. None is NULL.
    partition: BTreeMap<String, Option<String>>,
    /// The log's statistics of its values.
    statistics: Option<Arc<FileStatistics>>,
    /// Which of its rows are removed.
    vector: Option<Arc<Vector>>,
}

impl Added {
    /// The files in `batch`, which the kernel made of actions of the log (`scan_row_schema` of its `scan/mod.rs`).
    ///
    /// # Errors
    ///
    /// A column that is not there.
    pub fn all(batch: &RecordBatch, logged: &Logged, listing: &Listing) -> Result<Vec<Self>, String> {
        let row = Columns {
            path: column(batch, "path")?,
            size: column(batch, "size")?,
            modified: column(batch, "modificationTime")?,
            stats: column(batch, "stats")?,
            vector: structure(batch, "deletionVector")?,
            constant: structure(batch, "fileConstantValues")?,
        };
        (0..batch.num_rows()).map(|index| row.added(index, logged, listing)).collect()
    }

    /// The file with the values of its partition columns.
    ///
    /// # Errors
    ///
    /// A path that leads nowhere, and a value that a column cannot have.
    pub fn file(
        &self,
        partition_fields: &[PartitionColumn<'_>],
        logged: &Arc<Logged>,
        listing: &Listing,
    ) -> Result<DataFile, RuntimeError> {
        let dataset = listing.dataset();
        let meta = self.meta.clone();
        let meta = meta.map_err(|reason| FileErrorKind::DeltaOutside { reason }.of(dataset, &self.path))?;
        let display_path = listing.display_path(&meta.location);
        let mut partition = Vec::with_capacity(partition_fields.len());
        for column in partition_fields {
            let text = self.partition.get(column.physical).and_then(Option::as_deref);
            let value = column.value(text).map_err(|data_type| {
                let value = text.filter(|text| !text.is_empty()).map(str::to_owned);
                let column = column.field.name().clone();
                FileErrorKind::DeltaPartition { column, value, data_type }.of(dataset, &display_path)
            })?;
            partition.push(value);
        }
        let (statistics, vector, logged) = (self.statistics.clone(), self.vector.clone(), Some(Arc::clone(logged)));
        Ok(DataFile { meta, display_path, partition, statistics, vector, logged })
    }
}

/// The columns of a batch of files.
struct Columns<'a> {
    path: &'a ArrayRef,
    size: &'a ArrayRef,
    modified: &'a ArrayRef,
    stats: &'a ArrayRef,
    vector: &'a StructArray,
    constant: &'a StructArray,
}

impl Columns<'_> {
    fn added(&self, row: usize, logged: &Logged, listing: &Listing) -> Result<Added, String> {
        let written = text(self.path, row).ok_or("a file has no path")?;
        let decoded = percent_decode_str(written).decode_utf8();
        let path = decoded.as_ref().map_or_else(|_| written.to_owned(), ToString::to_string);
        let location = decoded.map_err(|_| "its path is no text".to_owned());
        let location = location.and_then(|path| listing.file_of_table(&path));
        let size = number(self.size, row).and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
        let modified = number(self.modified, row).and_then(timestamp_ms_to_datetime);
        let modified = modified.map(|time| time.and_utc()).unwrap_or_default();
        let meta = |location| ObjectMeta { location, last_modified: modified, size, e_tag: None, version: None };
        let statistics = text(self.stats, row).and_then(|stats| FileStatistics::parse(stats, |name| logged.name(name)));
        Ok(Added {
            path,
            meta: location.map(meta),
            partition: self.partition(row).unwrap_or_default(),
            statistics: statistics.map(Arc::new),
            vector: self.vector(row, listing).map(Arc::new),
        })
    }

    fn partition(&self, row: usize) -> Option<BTreeMap<String, Option<String>>> {
        let values = self.constant.is_valid(row).then(|| self.constant.column_by_name("partitionValues"))??;
        let values = values.as_map_opt().filter(|values| values.is_valid(row))?.value(row);
        let (keys, texts) = (values.column(0), values.column(1));
        let pair = |index| Some((text(keys, index)?.to_owned(), text(texts, index).map(str::to_owned)));
        Some((0..values.len()).filter_map(pair).collect())
    }

    /// The deletion vector of a file that has one. A vector without a required part in the log cannot be read.
    fn vector(&self, row: usize, listing: &Listing) -> Option<Vector> {
        let field = |name: &str| self.vector.column_by_name(name);
        let storage =
            field("storageType").filter(|_| self.vector.is_valid(row)).and_then(|text_of| text(text_of, row))?;
        let int = |name: &str| {
            let values = field(name)?.as_primitive_opt::<Int32Type>()?;
            values.is_valid(row).then(|| values.value(row))
        };
        let described = Described {
            storage,
            text: field("pathOrInlineDv").and_then(|text_of| text(text_of, row)).unwrap_or_default(),
            offset: int("offset"),
            size: int("sizeInBytes").unwrap_or(-1),
            cardinality: field("cardinality").and_then(|values| number(values, row)).unwrap_or(-1),
        };
        Some(Vector::new(&described, |path| {
            let path = percent_decode_str(path).decode_utf8().map_err(|_| "its path is no text".to_owned())?;
            listing.file_of_table(&path)
        }))
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, String> {
    batch.column_by_name(name).ok_or_else(|| format!("the files of the log have no `{name}`"))
}

fn structure<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StructArray, String> {
    column(batch, name)?.as_struct_opt().ok_or_else(|| format!("`{name}` of the log's files has no fields"))
}

fn text(array: &ArrayRef, row: usize) -> Option<&str> {
    let texts = array.as_string_opt::<i32>()?;
    texts.is_valid(row).then(|| texts.value(row))
}

fn number(array: &ArrayRef, row: usize) -> Option<i64> {
    let numbers = array.as_primitive_opt::<Int64Type>()?;
    numbers.is_valid(row).then(|| numbers.value(row))
}
