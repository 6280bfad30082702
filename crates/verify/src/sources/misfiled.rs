//! Partition columns that files store too, held against the values of their folders or their log.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, BooleanArray, Scalar};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{CastOptions, and, can_cast_types, cast_with_options, is_null, or};
use arrow::datatypes::{DataType, FieldRef, Schema};
use arrow::util::display::{FormatOptions, array_value_to_string};
use cstspec_contract::{Dataset, Finding};
use cstspec_runtime::files::footer::fetch;
use cstspec_runtime::files::store::FileStore;
use cstspec_runtime::files::table_files::{DataFile, TableFiles};
use cstspec_runtime::guard;
use datafusion::common::{Result, ScalarValue};
use datafusion::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use futures::StreamExt as _;

use crate::checks::Checks;
use crate::rules;

/// How many files of a dataset are told one by one.
const TOLD: usize = 10;
/// A cast gives NULL for what it cannot convert.
const SAFE: CastOptions<'static> = CastOptions { safe: true, format_options: FormatOptions::new() };

/// A stored value that is not the one of the folder or the log.
struct Difference {
    /// The row in the file, from 0; `None` where the footer proves that there is one.
    row: Option<u64>,
    stored: String,
}

/// A file's knowledge of a partition column that it stores.
enum Known {
    /// The footer proves that every row has the value.
    Agrees,
    /// Some row has another.
    Differs(Difference),
    /// The footer proves nothing.
    Unknown,
}

/// Holds each stored partition column of the files of `table_files` against the value that the folder or log has: by the statistics
/// of the footer, and `deep` row by row where they prove nothing.
pub async fn check(contract: &Dataset, table_files: &TableFiles, checks: Checks) -> Vec<Finding> {
    let (Some(store), None) = (&table_files.store, &table_files.provided) else { return Vec::new() };
    let mut findings = Vec::new();
    for (index, field) in table_files.partition_fields.iter().enumerate() {
        let column = Stored { contract, table_files, store, field };
        let (mut differ, mut unread) = (Vec::new(), Vec::new());
        for file in &table_files.files {
            let Some(value) = file.partition.get(index) else { continue };
            // A file that cannot be read is told elsewhere.
            match guard::future(column.look(file, value, checks)).await.ok().flatten() {
                None | Some(Known::Agrees) => {}
                Some(Known::Unknown) => unread.push(file),
                Some(Known::Differs(difference)) => differ.push((file, value, difference)),
            }
        }
        findings.extend(differ.iter().take(TOLD).map(|(file, value, difference)| {
            let message =
                format!("a file of `{}` stores another `{}` than {}", contract.name, field.name(), column.carrier());
            column.contradiction(message, file, value, difference)
        }));
        if let Some((file, value, difference)) = differ.get(TOLD) {
            let more = differ.len() - TOLD;
            let message = format!(
                "{more} more files of `{}` store another `{}` than {}",
                contract.name,
                field.name(),
                column.carrier()
            );
            findings.push(column.contradiction(message, file, value, difference));
        }
        findings.extend(column.unread(&unread));
    }
    findings
}

/// A partition column that files may store.
struct Stored<'a> {
    contract: &'a Dataset,
    table_files: &'a TableFiles,
    store: &'a FileStore,
    field: &'a FieldRef,
}

impl Stored<'_> {
    /// The carrier of the value, in words.
    fn carrier(&self) -> &'static str {
        if self.table_files.log.is_some() { "the log says" } else { "its folder says" }
    }

    /// Statistics or values of the column in `file`; `None` if it does not store it, or cannot be read, which is told elsewhere.
    async fn look(&self, file: &DataFile, value: &ScalarValue, checks: Checks) -> Option<Known> {
        let footer = fetch::footer(&self.contract.name, self.store, file, None).await.ok()?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Skip);
        let opened = ArrowReaderMetadata::try_new(Arc::clone(&footer), options).ok()?;
        let name = self.name(opened.schema())?;
        let known = by_statistics(&footer, &opened, &name, value).unwrap_or(Known::Unknown);
        match known {
            // Statistics count removed rows too.
            Known::Differs(_) if file.vector.is_some() && checks == Checks::Schema => Some(Known::Unknown),
            Known::Agrees => Some(known),
            _ if checks == Checks::Schema => Some(known),
            // The row is worth a look where the footer proves that there is one.
            _ => match self.read(file, opened, &name, value).await? {
                Some(difference) => Some(Known::Differs(difference)),
                None => Some(Known::Agrees),
            },
        }
    }

    /// The name of the column in the file.
    fn name(&self, schema: &Schema) -> Option<String> {
        let renamed = self.contract.evolution.renames.iter().filter(|(_, new)| *new == self.field.name());
        let names = std::iter::once(self.field.name().as_str()).chain(renamed.filter_map(|(old, _)| old.only()));
        let mut stored = names.filter(|name| schema.index_of(name).is_ok());
        stored.next().map(str::to_owned)
    }

    /// The first row that has another value; nothing if all have it, or if they cannot be read.
    async fn read(
        &self,
        file: &DataFile,
        opened: ArrowReaderMetadata,
        name: &str,
        value: &ScalarValue,
    ) -> Option<Option<Difference>> {
        let index = opened.schema().index_of(name).ok()?;
        let reader: Box<dyn AsyncFileReader> = self.store.alone(&self.contract.name, file).ok()?;
        let rows = fetch::rows(opened.metadata());
        let removed = match &file.vector {
            Some(vector) => Some(vector.removed(&self.contract.name, self.store, file, rows).await.ok()?),
            None => None,
        };
        let mut builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, opened);
        if let Some(removed) = &removed {
            builder = builder.with_row_selection(removed.selection(rows));
        }
        let mask = ProjectionMask::roots(builder.parquet_schema(), [index]);
        let mut batches = builder.with_projection(mask).build().ok()?;
        let mut start = 0;
        while let Some(batch) = batches.next().await {
            let batch = batch.ok()?;
            let stored = batch.column(0);
            let same = agrees(stored, value).ok()?;
            if let Some(row) = (0..same.len()).find(|row| !same.value(*row)) {
                let stored = shown(stored, row);
                let nth = start + row as u64;
                let row = removed.as_ref().map_or(nth, |removed| removed.place(nth));
                return Some(Some(Difference { row: Some(row), stored }));
            }
            start += batch.num_rows() as u64;
        }
        Some(None)
    }

    fn contradiction(&self, message: String, file: &DataFile, value: &ScalarValue, found: &Difference) -> Finding {
        let expected = value.to_array().map_or_else(|_| value.to_string(), |value| shown(&value, 0));
        let mut finding = Finding::new(&rules::PARTITION_CONTRADICTED, message)
            .differing(format!("{expected} in every row"), found.stored.clone())
            .relation(self.contract.name.as_str())
            .path(self.field.name().as_str())
            .remedy("move the file to the partition that its rows belong to, or write it again")
            .seen_in(file.display_path.as_str())
            .at(&self.contract.key("partitions"));
        if let Some(place) = &mut finding.data {
            place.row = found.row;
        }
        finding
    }

    fn unread(&self, files: &[&DataFile]) -> Option<Finding> {
        let (dataset, column) = (self.contract.name.as_str(), self.field.name().as_str());
        let first = files.first()?;
        let message = match files.len() {
            1 => format!("a file of `{dataset}` stores the partition column `{column}`, which is not read"),
            count => format!("{count} files of `{dataset}` store the partition column `{column}`, which is not read"),
        };
        let finding = Finding::new(&rules::PARTITION_STORED_TOO, message)
            .differing(format!("what {}", self.carrier()), "a stored column that may differ")
            .relation(dataset)
            .path(column)
            .remedy("compare the two with `cstspec verify --deep`")
            .seen_in(first.display_path.as_str())
            .at(&self.contract.key("partitions"));
        Some(finding)
    }
}

/// The proof by the statistics of a file. The least and the greatest value are values of some row unless they were cut short.
fn by_statistics(
    footer: &ParquetMetaData,
    opened: &ArrowReaderMetadata,
    name: &str,
    value: &ScalarValue,
) -> Option<Known> {
    let converter = StatisticsConverter::try_new(name, opened.schema(), opened.parquet_schema()).ok()?;
    let leaf = converter.parquet_column_index()?;
    let groups = footer.row_groups();
    let (mins, maxes) = (converter.row_group_mins(groups).ok()?, converter.row_group_maxes(groups).ok()?);
    let nulls = converter.row_group_null_counts(groups).ok()?;
    let (same_mins, same_maxes) = (agrees(&mins, value).ok()?, agrees(&maxes, value).ok()?);
    let mut all = true;
    for (group, metadata) in groups.iter().enumerate() {
        let rows = u64::try_from(metadata.num_rows()).ok()?;
        let statistics = metadata.column(leaf).statistics()?;
        // Those of old writers are in an order of their own.
        if statistics.is_min_max_deprecated() && (mins.is_valid(group) || maxes.is_valid(group)) {
            return None;
        }
        let counted = nulls.is_valid(group).then(|| nulls.value(group));
        if value.is_null() {
            all &= counted == Some(rows);
            if mins.is_valid(group) && statistics.min_is_exact() {
                return Some(Known::Differs(Difference { row: None, stored: shown(&mins, group) }));
            }
            continue;
        }
        if counted.is_some_and(|count| count > 0) {
            return Some(Known::Differs(Difference { row: None, stored: "NULL".to_owned() }));
        }
        for (bounds, same, is_exact) in
            [(&mins, &same_mins, statistics.min_is_exact()), (&maxes, &same_maxes, statistics.max_is_exact())]
        {
            let known = bounds.is_valid(group) && is_exact;
            if known && !same.value(group) {
                return Some(Known::Differs(Difference { row: None, stored: shown(bounds, group) }));
            }
            all &= rows == 0 || (known && counted.is_some());
        }
    }
    Some(if all { Known::Agrees } else { Known::Unknown })
}

/// In which rows `stored` is `value`, whatever types they have: as the other's type, if nothing is lost on the way.
fn agrees(stored: &ArrayRef, value: &ScalarValue) -> Result<BooleanArray> {
    if value.is_null() {
        return Ok(is_null(stored)?);
    }
    let stored = match stored.data_type() {
        DataType::Dictionary(_, values) => cast_with_options(stored, values, &SAFE)?,
        _ => Arc::clone(stored),
    };
    let value = value.to_array()?;
    let (stored_type, value_type) = (stored.data_type(), value.data_type());
    let mut same = BooleanArray::from(vec![false; stored.len()]);
    if can_cast_types(value_type, stored_type) {
        let converted = cast_with_options(&value, stored_type, &SAFE)?;
        if converted.is_valid(0) && !stored_type.is_nested() {
            same = or(&same, &not_distinct(&stored, &scalar(&converted))?)?;
        }
    }
    if can_cast_types(stored_type, value_type) && !stored_type.is_nested() {
        let converted = cast_with_options(&stored, value_type, &SAFE)?;
        let mut found = not_distinct(&converted, &scalar(&value))?;
        let is_text = matches!(stored_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        if !is_text && can_cast_types(value_type, stored_type) {
            let back = cast_with_options(&converted, stored_type, &SAFE)?;
            found = and(&found, &not_distinct(&back, &stored)?)?;
        }
        same = or(&same, &found)?;
    }
    Ok(same)
}

fn scalar(value: &ArrayRef) -> Scalar<ArrayRef> {
    Scalar::new(Arc::clone(value))
}

/// A value as a finding quotes it.
fn shown(values: &ArrayRef, row: usize) -> String {
    // An array of the null type, or of a dictionary, has no mask of its own.
    if values.logical_nulls().is_some_and(|nulls| nulls.is_null(row)) {
        return "NULL".to_owned();
    }
    array_value_to_string(values, row).map_or_else(|_| "another value".to_owned(), |text| format!("`{text}`"))
}
