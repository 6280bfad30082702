//! The order that rows are promised in.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, DynComparator, RecordBatch, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::{Schema, SchemaRef};
use cstspec_contract::{Dataset, OrderScope};
use datafusion::common::Result;

use super::promise::{Kind, Promise, Tally};
use super::rows::AtHand;
use crate::rows::Places;
use crate::shown::named;

/// A promised order.
#[derive(Debug)]
pub struct Order {
    /// The promise's place.
    pub promise: usize,
    /// Whether it holds over files too.
    pub scope: OrderScope,
    /// The columns, by their place in the contract, and how each is sorted.
    keys: Vec<(usize, SortOptions)>,
}

/// The sort keys of the first and the last row of a file, copied out of it.
#[derive(Debug)]
pub struct Ends {
    first: RecordBatch,
    last: RecordBatch,
    /// The file, and where its rows are in it, from the first on.
    file: String,
    places: Places,
}

impl Order {
    /// The order that `dataset` promises, which is added to `promises`.
    pub fn of(dataset: &Dataset, promises: &mut Vec<Promise>) -> Option<Self> {
        let ordering = &dataset.ordering;
        let keys: Vec<(usize, SortOptions)> = ordering
            .keys
            .iter()
            .filter_map(|key| {
                let index = dataset.columns.iter().position(|column| column.name() == key.column)?;
                // The engine's own default: NULLs come last when ascending and first when descending.
                Some((index, SortOptions { descending: key.descending, nulls_first: key.descending }))
            })
            .collect();
        if keys.is_empty() {
            return None;
        }
        let written = ordering.keys.iter();
        let written = written.map(|key| format!("{}{}", key.column, if key.descending { " descending" } else { "" }));
        let over = match ordering.scope {
            OrderScope::File => "in each file",
            OrderScope::Table => "over all files in the order of their paths",
        };
        promises.push(Promise {
            relation: dataset.name.clone(),
            kind: Kind::Order,
            columns: ordering.keys.iter().map(|key| key.column.clone()).collect(),
            field: None,
            target: None,
            expected: format!("rows sorted by {} {over}", written.collect::<Vec<_>>().join(", ")),
            origin: ordering.origin.clone(),
        });
        Some(Self { promise: promises.len() - 1, scope: ordering.scope, keys })
    }

    /// The columns that are looked at, by their place in the contract.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        self.keys.iter().map(|(column, _)| *column)
    }

    /// Holds `rows` against their order, and against the last row before them in their file.
    ///
    /// # Errors
    ///
    /// Values that have no order.
    pub fn check(&self, rows: &AtHand<'_>, before: &mut Option<Ends>, tally: &mut Tally) -> Result<()> {
        let count = rows.batch.num_rows();
        if count == 0 {
            return Ok(());
        }
        tally.checked += count as u64;
        let columns: Vec<usize> = self.columns().collect();
        let keys = rows.batch.project(&columns)?;
        if let Some(ends) = before
            && self.compare(&ends.last, &keys)?(0, 0).is_gt()
        {
            let after = described(&ends.last, 0);
            rows.record(
                tally,
                std::iter::once(0),
                |row| row,
                |_| None,
                |row| format!("{} after {after}", described(&keys, row)),
            );
        }
        let compare = self.compare(&keys, &keys)?;
        let broken = (1..count).filter(|row| compare(row - 1, *row).is_gt());
        let values = |row: usize| format!("{} after {}", described(&keys, row), described(&keys, row - 1));
        rows.record(tally, broken, |row| row, |_| None, values);
        let last = copied(&keys, count - 1)?;
        if let Some(ends) = before {
            ends.last = last;
        } else {
            let file = rows.file.unwrap_or_default().to_owned();
            *before = Some(Ends { first: copied(&keys, 0)?, last, file, places: rows.places.clone() });
        }
        Ok(())
    }

    /// Holds the first row of the file `next` against the last row of the one before it.
    ///
    /// # Errors
    ///
    /// Values that have no order.
    pub fn join(&self, before: &Ends, next: &Ends, tally: &mut Tally) -> Result<()> {
        if self.compare(&before.last, &next.first)?(0, 0).is_gt() {
            let rows = AtHand { batch: &next.first, key: &[], file: Some(&next.file), places: &next.places };
            let values = format!(
                "{} after {} at the end of {}",
                described(&next.first, 0),
                described(&before.last, 0),
                before.file
            );
            rows.record(tally, std::iter::once(0), |row| row, |_| None, |_| values.clone());
        }
        Ok(())
    }

    /// Compares rows of sort keys.
    fn compare(&self, left: &RecordBatch, right: &RecordBatch) -> Result<impl Fn(usize, usize) -> Ordering + use<>> {
        let mut comparators: Vec<DynComparator> = Vec::with_capacity(self.keys.len());
        for (index, (_, options)) in self.keys.iter().enumerate() {
            comparators.push(make_comparator(left.column(index).as_ref(), right.column(index).as_ref(), *options)?);
        }
        Ok(move |left: usize, right: usize| {
            let differing = comparators.iter().map(|compare| compare(left, right));
            differing.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        })
    }
}

/// One row by itself, so that it does not keep its batch.
fn copied(keys: &RecordBatch, row: usize) -> Result<RecordBatch> {
    let index = arrow::array::UInt64Array::from(vec![row as u64]);
    let columns: Vec<ArrayRef> =
        keys.columns().iter().map(|column| arrow::compute::take(column, &index, None)).collect::<Result<_, _>>()?;
    let schema: SchemaRef = Arc::new(Schema::clone(keys.schema_ref()));
    Ok(RecordBatch::try_new(schema, columns)?)
}

fn described(keys: &RecordBatch, row: usize) -> String {
    let schema = keys.schema_ref();
    named(schema.fields().iter().map(|field| field.name().as_str()).zip(keys.columns()), row)
}
