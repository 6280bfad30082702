//! Statistics of the values in files and row groups, in the form of the engine's pruning.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, BooleanArray, UInt64Array, new_null_array};
use arrow::compute::{concat, nullif};
use arrow::datatypes::{DataType, Field, UInt64Type};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use datafusion::parquet::file::metadata::ParquetMetaData;

use super::trust::Leaf;

/// How many rows the engine is told that each container has. With two, one NULL stands for some and two for nothing else.
const ROWS: u64 = 2;

/// Files or row groups, with what is known of the columns that a condition is about.
pub(super) struct Containers {
    count: usize,
    columns: BTreeMap<String, ColumnBounds>,
}

impl Containers {
    pub fn new(count: usize) -> Self {
        Self { count, columns: BTreeMap::new() }
    }

    /// Adds what is known of the column `name`: one value for each container.
    pub fn add(&mut self, name: &str, known: ColumnBounds) {
        self.columns.insert(name.to_owned(), known);
    }

    fn known(&self, column: &Column, of: fn(&ColumnBounds) -> &ArrayRef) -> Option<ArrayRef> {
        self.columns.get(&column.name).map(|known| Arc::clone(of(known)))
    }
}

impl PruningStatistics for Containers {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.known(column, |known| &known.min)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.known(column, |known| &known.max)
    }

    fn num_containers(&self) -> usize {
        self.count
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        self.known(column, |known| &known.nulls)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from(vec![ROWS; self.count])))
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

/// Statistics of one column, with one value for each of some containers. NULL is what is not known.
pub(super) struct ColumnBounds {
    /// A value that none is less than.
    pub min: ArrayRef,
    /// A value that none is greater than.
    pub max: ArrayRef,
    /// How many of [`ROWS`] are NULL, if some and all are told apart and nothing else.
    pub nulls: ArrayRef,
}

impl ColumnBounds {
    /// Nothing of `count` containers.
    pub fn nothing(data_type: &DataType, count: usize) -> Self {
        let unknown = new_null_array(data_type, count);
        Self { min: Arc::clone(&unknown), max: unknown, nulls: new_null_array(&DataType::UInt64, count) }
    }

    /// Every value in `count` containers is `value`.
    pub fn constant(value: &ScalarValue, count: usize) -> Result<Self> {
        let values = value.to_array_of_size(count)?;
        let nulls = if value.is_null() { ROWS } else { 0 };
        Ok(Self { min: Arc::clone(&values), max: values, nulls: Arc::new(UInt64Array::from(vec![nulls; count])) })
    }

    /// One container with bounds, as far as they are known, and how many of its rows are NULL.
    pub fn bounds(
        data_type: &DataType,
        [min, max]: [Option<ScalarValue>; 2],
        nulls: Option<u64>,
        rows: Option<u64>,
    ) -> Result<Self> {
        let array = |value: Option<ScalarValue>| match value {
            Some(value) => value.to_array_of_size(1),
            None => Ok(new_null_array(data_type, 1)),
        };
        let nulls = nulls.and_then(|nulls| share(nulls, rows));
        Ok(Self { min: array(min)?, max: array(max)?, nulls: Arc::new(UInt64Array::from(vec![nulls])) })
    }

    /// Statistics of the Parquet leaf `leaf` in the row groups of a file, whose type in Arrow is that of `field`: one container each.
    ///
    /// A leaf below lists counts what has no value, whatever the reason, among as many as its chunk has places.
    pub fn leaf(footer: &ParquetMetaData, leaf: usize, field: &Field) -> Option<Self> {
        let schema = footer.file_metadata().schema_descr();
        let converter = StatisticsConverter::from_column_index(leaf, field, schema).ok()?;
        let groups = || footer.row_groups().iter();
        let judge = Leaf::of(footer, leaf);
        let nulls = groups().map(|group| {
            let chunk = group.column(leaf);
            share(judge.nulls(chunk)?, u64::try_from(chunk.num_values()).ok())
        });
        let wrong = groups().map(|group| group.column(leaf).statistics().map(|found| !judge.bounds(found)));
        let wrong: BooleanArray = wrong.collect();
        Some(Self {
            min: nullif(&converter.row_group_mins(groups()).ok()?, &wrong).ok()?,
            max: nullif(&converter.row_group_maxes(groups()).ok()?, &wrong).ok()?,
            nulls: Arc::new(nulls.collect::<UInt64Array>()),
        })
    }

    /// The same with a NULL more in each container.
    #[must_use]
    pub fn or_null(self) -> Self {
        let nulls = self.nulls.as_primitive_opt::<UInt64Type>().map(|nulls| nulls.unary(|nulls: u64| nulls.max(1)));
        Self { nulls: nulls.map_or(Arc::clone(&self.nulls), |nulls: UInt64Array| Arc::new(nulls)), ..self }
    }

    /// Statistics of all containers of `parts`, one after the other.
    pub fn all(parts: &[Self]) -> Result<Self> {
        let all = |of: fn(&Self) -> &ArrayRef| {
            let arrays: Vec<_> = parts.iter().map(|part| of(part).as_ref()).collect();
            concat(&arrays)
        };
        Ok(Self { min: all(|part| &part.min)?, max: all(|part| &part.max)?, nulls: all(|part| &part.nulls)? })
    }
}

/// How many of [`ROWS`] rows stand for `nulls` of `rows`.
fn share(nulls: u64, rows: Option<u64>) -> Option<u64> {
    match (nulls, rows?) {
        (0, _) => Some(0),
        (nulls, rows) if nulls < rows => Some(1),
        (nulls, rows) if nulls == rows => Some(ROWS),
        _ => None,
    }
}
