//! Constraints among the rows that one row of a dataset gives: keys that contain the row's own key, and references that stay within it.
//!
//! The row's key is proven for itself. So no two rows of a view that come from different rows of the dataset have the same key, and it
//! is enough to look at each row alone, whatever the number of files and rows.

use arrow::array::{Array as _, ArrayRef, RecordBatch};
use cstspec_runtime::display::named;
use datafusion::common::{HashSet, Result};
use datafusion::execution::TaskContext;

use super::key_index::Keys;
use super::per_batch::Evaluation;
use super::row_format::RowFormat;

/// The condition, on the outcomes of evaluations by their place.
#[derive(Clone, Debug)]
pub enum WithinRow {
    /// No two rows with the same values.
    Unique {
        /// Of which evaluation.
        of: usize,
        /// Its columns.
        columns: Vec<usize>,
    },
    /// No values that are not in another evaluation.
    Refers {
        /// Of which evaluation.
        of: usize,
        /// Its columns.
        columns: Vec<usize>,
        /// The evaluation referred to.
        to: usize,
        /// Its columns.
        to_columns: Vec<usize>,
    },
    /// No NULL in a column.
    Present {
        /// Of which evaluation.
        of: usize,
        /// Its column.
        column: usize,
    },
    /// Where values are that are known to break a constraint.
    Find {
        /// Of which evaluation.
        of: usize,
        /// Its columns.
        columns: Vec<usize>,
        /// The values.
        wanted: Vec<ArrayRef>,
    },
}

/// The results of a [`WithinRow`].
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Rows looked at.
    pub checked: u64,
    /// How many are not as promised, or were found.
    pub broken: u64,
    /// The values of the first of them.
    pub values: String,
}

impl WithinRow {
    /// The evaluations that it needs.
    pub fn needs(&self) -> impl Iterator<Item = usize> {
        let (of, to) = match self {
            Self::Unique { of, .. } | Self::Present { of, .. } | Self::Find { of, .. } => (*of, None),
            Self::Refers { of, to, .. } => (*of, Some(*to)),
        };
        std::iter::once(of).chain(to)
    }

    /// Looks at the outcomes of all evaluations; those that it needs are there.
    ///
    /// # Errors
    ///
    /// Values that cannot be compared.
    pub fn judge(&self, outcomes: &[Option<RecordBatch>]) -> Result<Verdict> {
        let empty = || Ok(Verdict::default());
        let outcome = |index: usize| outcomes.get(index).and_then(Option::as_ref);
        match self {
            Self::Unique { of, columns } => {
                let Some(batch) = outcome(*of) else { return empty() };
                let keys = keys(batch, columns)?;
                Ok(verdict(batch, columns, keys.count(), &keys.repeated()))
            }
            Self::Refers { of, columns, to, to_columns } => {
                let (Some(batch), Some(target)) = (outcome(*of), outcome(*to)) else { return empty() };
                let (from, to) = (picked(batch, columns), picked(target, to_columns));
                let format = RowFormat::of_keys(&to)?;
                let (from, to) = (Keys::of(&format, &from)?, Keys::of(&format, &to)?);
                Ok(verdict(batch, columns, from.count(), &from.dangling(&to)))
            }
            Self::Present { of, column } => {
                let Some(batch) = outcome(*of) else { return empty() };
                let nulls = batch.column(*column).logical_nulls();
                let absent: Vec<usize> =
                    nulls.iter().flat_map(|nulls| (0..nulls.len()).filter(|row| nulls.is_null(*row))).collect();
                Ok(verdict(batch, &[*column], batch.num_rows() as u64, &absent))
            }
            Self::Find { of, columns, wanted } => {
                let Some(batch) = outcome(*of) else { return empty() };
                let format = RowFormat::of_keys(wanted)?;
                let (keys, wanted) = (Keys::of(&format, &picked(batch, columns))?, Keys::of(&format, wanted)?);
                Ok(verdict(batch, columns, 0, &keys.among(&wanted)))
            }
        }
    }
}

fn keys(batch: &RecordBatch, columns: &[usize]) -> Result<Keys> {
    let columns = picked(batch, columns);
    Keys::of(&RowFormat::of_keys(&columns)?, &columns)
}

fn picked(batch: &RecordBatch, columns: &[usize]) -> Vec<ArrayRef> {
    columns.iter().map(|column| ArrayRef::clone(batch.column(*column))).collect()
}

fn verdict(batch: &RecordBatch, columns: &[usize], checked: u64, broken: &[usize]) -> Verdict {
    let schema = batch.schema_ref();
    let values = broken.first().map(|row| {
        named(columns.iter().map(|column| (schema.field(*column).name().as_str(), batch.column(*column))), *row)
    });
    Verdict { checked, broken: broken.len() as u64, values: values.unwrap_or_default() }
}

/// An evaluation that fails.
#[derive(Debug)]
pub struct Failed {
    /// Its place.
    pub evaluation: usize,
    /// The engine's error.
    pub error: datafusion::common::DataFusionError,
}

/// The outcomes over `rows` of those evaluations that `needed` asks for.
///
/// # Errors
///
/// The first evaluation that fails.
pub async fn outcomes(
    evaluations: &mut [Evaluation],
    needed: impl Fn(usize) -> bool,
    rows: &RecordBatch,
    task: &TaskContext,
) -> Result<Vec<Option<RecordBatch>>, Failed> {
    let mut outcomes = Vec::with_capacity(evaluations.len());
    for (index, evaluation) in evaluations.iter_mut().enumerate() {
        outcomes.push(if needed(index) {
            Some(evaluation.over(rows, task).await.map_err(|error| Failed { evaluation: index, error })?)
        } else {
            None
        });
    }
    Ok(outcomes)
}

/// The rows of a batch in stretches within which no two have the same values in `key`: only in data whose key is broken are there
/// several, and one row must not be blamed for the rows of another.
///
/// # Errors
///
/// A type that cannot be compared.
pub fn stretches(rows: &RecordBatch, key: &[usize]) -> Result<Vec<RecordBatch>> {
    // Nothing is promised of several rows of a dataset without a key.
    if key.is_empty() {
        return Ok(vec![rows.clone()]);
    }
    let keys = keys(rows, key)?;
    let mut stretches = Vec::new();
    let mut known: HashSet<&[u8]> = HashSet::new();
    let mut start = 0;
    for (row, key) in keys.values().enumerate() {
        if !known.insert(key) {
            stretches.push(rows.slice(start, row - start));
            start = row;
            known.clear();
            known.insert(key);
        }
    }
    stretches.push(rows.slice(start, rows.num_rows() - start));
    Ok(stretches)
}
