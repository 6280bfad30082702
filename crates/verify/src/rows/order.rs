//! The order that rows are promised in.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::SortOptions;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::row::OwnedRow;
use cstspec_contract::report::RowConstraintKind;
use cstspec_contract::{Dataset, OrderScope, SortKey};
use cstspec_runtime::display::named;
use cstspec_runtime::scan::row_reader::Places;
use datafusion::common::{DataFusionError, Result};

use super::constraint::{ConstraintCount, RowConstraint};
use super::row_batch::RowBatch;
use super::row_format::RowFormat;

/// A promised order.
#[derive(Debug)]
pub struct Order {
    /// The constraint's place.
    pub constraint: usize,
    /// Whether it holds over files too.
    pub scope: OrderScope,
    /// The columns, by their place in the contract, and their names.
    keys: Vec<(usize, String)>,
    /// The sort keys of rows, as they compare in this order.
    format: RowFormat,
}

/// The sort keys of the first and the last row of a file.
#[derive(Debug)]
pub struct Ends {
    first: OwnedRow,
    last: OwnedRow,
    /// The file, and where its rows are in it, from the first on.
    file: String,
    places: Places,
}

impl Order {
    /// The order that `dataset` constraints of rows of `schema`, which is added to `constraints`.
    ///
    /// # Errors
    ///
    /// A sort key whose values have no order.
    pub fn of(dataset: &Dataset, schema: &Schema, constraints: &mut Vec<RowConstraint>) -> Result<Option<Self>> {
        let ordering = &dataset.ordering;
        let place = |key: &SortKey| dataset.columns.iter().position(|column| column.name() == key.column);
        let keys: Vec<(usize, &SortKey)> = ordering.keys.iter().filter_map(|key| Some((place(key)?, key))).collect();
        if keys.is_empty() {
            return Ok(None);
        }
        let written = ordering.keys.iter();
        let written = written.map(|key| format!("{}{}", key.column, if key.descending { " descending" } else { "" }));
        let over = match ordering.scope {
            OrderScope::File => "in each file",
            OrderScope::Table => "over all files in the order of their paths",
        };
        constraints.push(RowConstraint {
            relation: dataset.name.clone(),
            kind: RowConstraintKind::Order,
            columns: ordering.keys.iter().map(|key| key.column.clone()).collect(),
            field: None,
            target: None,
            expected: format!("rows sorted by {} {over}", written.collect::<Vec<_>>().join(", ")),
            origin: ordering.origin.clone(),
        });
        let format = RowFormat::new(keys.iter().map(|(column, key)| {
            // The engine's own default: NULLs come last when ascending and first when descending.
            let options = SortOptions { descending: key.descending, nulls_first: key.descending };
            // A table of the host's may lack it, which the contract's own type stands for until rows are read.
            let field = schema.fields().get(*column).unwrap_or(&dataset.columns[*column].field);
            (field.data_type(), options)
        }))?;
        let keys = keys.into_iter().map(|(column, key)| (column, key.column.clone())).collect();
        Ok(Some(Self { constraint: constraints.len() - 1, scope: ordering.scope, keys, format }))
    }

    /// The columns that are looked at, by their place in the contract.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        self.keys.iter().map(|(column, _)| *column)
    }

    /// Holds `rows` against their order, and against the last row before them in their file.
    ///
    /// # Errors
    ///
    /// Values that are not of their column's type.
    pub fn check(&self, rows: &RowBatch<'_>, before: &mut Option<Ends>, counts: &mut ConstraintCount) -> Result<()> {
        let count = rows.batch.num_rows();
        if count == 0 {
            return Ok(());
        }
        counts.checked += count as u64;
        let columns = rows.batch.project(&self.columns().collect::<Vec<_>>())?;
        let columns = columns.columns();
        let keys = self.format.encode(columns)?;
        let (first, last) = (keys.row(0), keys.row(count - 1));
        if let Some(ends) = before
            && ends.last.row() > first
        {
            let after = self.named(&self.format.decode(ends.last.row())?, 0);
            let values = |row: usize| format!("{} after {after}", self.named(columns, row));
            rows.record(counts, std::iter::once(0), |row| row, |_| None, values);
        }
        let broken = (1..count).filter(|row| keys.row(row - 1) > keys.row(*row));
        let values = |row: usize| format!("{} after {}", self.named(columns, row), self.named(columns, row - 1));
        rows.record(counts, broken, |row| row, |_| None, values);
        if let Some(ends) = before {
            ends.last = last.owned();
        } else {
            let file = rows.file.unwrap_or_default().to_owned();
            *before = Some(Ends { first: first.owned(), last: last.owned(), file, places: rows.places.clone() });
        }
        Ok(())
    }

    /// Holds the first row of the file `next` against the last row of the one before it.
    ///
    /// # Errors
    ///
    /// None for rows that [`Order::check`] has seen.
    pub fn join(&self, before: &Ends, next: &Ends, counts: &mut ConstraintCount) -> Result<()> {
        if before.last.row() > next.first.row() {
            let key = |row: &OwnedRow| Ok::<_, DataFusionError>(self.named(&self.format.decode(row.row())?, 0));
            let values = format!("{} after {} at the end of {}", key(&next.first)?, key(&before.last)?, before.file);
            let no_rows = RecordBatch::new_empty(SchemaRef::new(Schema::empty()));
            let rows = RowBatch { batch: &no_rows, key: &[], file: Some(&next.file), places: &next.places };
            rows.record(counts, std::iter::once(0), |row| row, |_| None, |_| values.clone());
        }
        Ok(())
    }

    /// The sort key of a row, for a person.
    fn named(&self, columns: &[ArrayRef], row: usize) -> String {
        named(self.keys.iter().map(|(_, name)| name.as_str()).zip(columns), row)
    }
}
