//! The first rows of a result as a table for people.

use std::fmt::{self, Write};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cstspec_contract::text::{printable, printable_lines, thousands};
use cstspec_report::table::{Align, Cell, Table, count};

use crate::paint::{DIM, Paint};

/// The most rows that are shown.
pub const ROWS: usize = 1_000;
/// The most characters of a value that are shown: one nested value may hold a whole file.
const VALUE: usize = 200;

/// The first rows of a result.
pub struct Preview {
    table: Table,
    columns: usize,
    rows: usize,
    cut: Cut,
}

/// Whether there were more rows than are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    No,
    Yes,
}

impl Preview {
    /// A preview without rows yet.
    pub fn new(schema: &Schema) -> Self {
        let header = schema.fields().iter().map(|field| {
            let align = if right(field.data_type()) { Align::Right } else { Align::Left };
            (field.name().clone(), align)
        });
        Self { table: Table::new(header), columns: schema.fields().len(), rows: 0, cut: Cut::No }
    }

    /// Whether a further row would not be shown.
    pub fn is_full(&self) -> bool {
        self.cut == Cut::Yes
    }

    /// Adds rows until it is full.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        // Inside nested values too, NULL is told from an empty text.
        let options = FormatOptions::default().with_display_error(true).with_null("NULL");
        let columns = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options))
            .collect::<Result<Vec<_>, _>>()?;
        // A column of the type NULL has no mask of its own.
        let nulls: Vec<_> = batch.columns().iter().map(Array::logical_nulls).collect();
        for row in 0..batch.num_rows() {
            if self.rows == ROWS {
                self.cut = Cut::Yes;
                break;
            }
            let cells = columns.iter().zip(&nulls).map(|(column, nulls)| {
                if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    return Cell::new("NULL").styled(DIM);
                }
                let mut value = Limited { text: String::new(), room: VALUE };
                if write!(value, "{}", column.value(row)).is_err() {
                    value.text.push('…');
                }
                Cell::new(value.text)
            });
            self.table.push(cells.collect());
            self.rows += 1;
        }
        Ok(())
    }

    /// The table, and how many rows it shows.
    pub fn render(&self, paint: Paint, width: Option<usize>) -> String {
        let rows = count(self.rows, "row");
        let note = match self.cut {
            Cut::No => rows,
            Cut::Yes => format!(
                "the first {} rows; --format json, csv, arrow and parquet write all rows",
                thousands(ROWS as u64)
            ),
        };
        let table = if self.columns == 0 { String::new() } else { self.table.render(paint, width) };
        format!("{table}{}\n", paint.paint(DIM, &format!("({note})")))
    }
}

/// The text of EXPLAIN as it is: plans are trees of lines, which a table would flatten.
pub fn plans(batch: &RecordBatch, paint: Paint) -> String {
    let mut text = String::new();
    let columns: Vec<_> = batch.columns().iter().filter_map(|column| column.as_string_opt::<i32>()).collect();
    if let [kinds, plans] = columns.as_slice() {
        for row in 0..batch.num_rows() {
            let kind = paint.paint(DIM, &printable(kinds.value(row)));
            let _ = write!(text, "{kind}\n{}\n\n", printable_lines(plans.value(row)).trim_end());
        }
    }
    text
}

fn right(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

/// Text that refuses to grow beyond what is shown of a value.
struct Limited {
    text: String,
    room: usize,
}

impl Write for Limited {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for character in more.chars() {
            if self.room == 0 {
                return Err(fmt::Error);
            }
            self.room -= 1;
            self.text.push(character);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    /// Values are cut and NULLs are reported from text.
    #[test]
    fn values_cut_and_nulls_marked() {
        let long = "x".repeat(VALUE + 1);
        let batch = RecordBatch::try_from_iter([
            ("n", Arc::new(Int64Array::from(vec![Some(1), None])) as _),
            ("s", Arc::new(StringArray::from(vec!["a\u{7}", &long])) as _),
        ])
        .unwrap();
        let mut preview = Preview::new(&batch.schema());
        preview.push(&batch).unwrap();
        let text = preview.render(Paint::Plain, None);
        assert!(text.starts_with("   n  s\n   1  a\\u{7}\nNULL  xxx"), "{text}");
        assert!(text.ends_with("x…\n(2 rows)\n"), "{text}");
    }
}
