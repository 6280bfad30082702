//! A batch of a dataset's rows, and how one of them is shown to a person.

use arrow::array::RecordBatch;
use cstspec_runtime::display::shown;
use cstspec_runtime::scan::row_reader::Places;

use super::constraint::{ConstraintCount, Violation};

/// Some rows of a dataset, one after another in a file.
#[derive(Clone, Copy, Debug)]
pub struct RowBatch<'a> {
    /// The rows.
    pub batch: &'a RecordBatch,
    /// The columns that name a row, by their place in the batch.
    pub key: &'a [usize],
    /// The file, where they come from one.
    pub file: Option<&'a str>,
    /// Where they are in the file.
    pub places: &'a Places,
}

impl RowBatch<'_> {
    /// The row at `row`, where `values` are at fault, at `inside` it.
    pub fn violation(&self, row: usize, inside: Option<String>, values: String) -> Violation {
        let schema = self.batch.schema_ref();
        let is_in_values = |name: &str| values.starts_with(name) || values.contains(&format!(", {name}"));
        let key = self.key.iter().filter_map(|column| {
            let name = format!("{} = ", schema.field(*column).name());
            (!is_in_values(&name)).then(|| format!("{name}{}", shown(self.batch.column(*column), row)))
        });
        let key: Vec<String> = key.collect();
        let parts: Vec<String> = std::iter::once(values).filter(|values| !values.is_empty()).chain(key).collect();
        let place = self.file.is_some().then(|| self.places.of(row));
        Violation { file: self.file.map(str::to_owned), row: place, inside, values: parts.join(", ") }
    }

    /// Adds the rows at `broken` to `counts`, with what `values` says of each that is shown.
    pub fn record(
        &self,
        counts: &mut ConstraintCount,
        broken: impl Iterator<Item = usize>,
        row_of: impl Fn(usize) -> usize,
        inside: impl Fn(usize) -> Option<String>,
        values: impl Fn(usize) -> String,
    ) {
        for place in broken {
            counts.broken += 1;
            if counts.wants_violations() {
                counts.violations.push(self.violation(row_of(place), inside(place), values(place)));
            }
        }
    }
}
