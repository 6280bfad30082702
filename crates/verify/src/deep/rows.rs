//! A batch of a dataset's rows, and how one of them is told to a person.

use arrow::array::RecordBatch;
use cstspec_runtime::display::shown;
use cstspec_runtime::scan::row_reader::Places;

use super::promise::{Sample, Tally};

/// Some rows of a dataset, one after another in a file.
#[derive(Clone, Copy, Debug)]
pub struct AtHand<'a> {
    /// The rows.
    pub batch: &'a RecordBatch,
    /// The columns that name a row, by their place in the batch.
    pub key: &'a [usize],
    /// The file, where they come from one.
    pub file: Option<&'a str>,
    /// Where they are in the file.
    pub places: &'a Places,
}

impl AtHand<'_> {
    /// The row at `row`, where `values` are at fault, at `inside` it.
    pub fn sample(&self, row: usize, inside: Option<String>, values: String) -> Sample {
        let schema = self.batch.schema_ref();
        let told = |name: &str| values.starts_with(name) || values.contains(&format!(", {name}"));
        let key = self.key.iter().filter_map(|column| {
            let name = format!("{} = ", schema.field(*column).name());
            (!told(&name)).then(|| format!("{name}{}", shown(self.batch.column(*column), row)))
        });
        let key: Vec<String> = key.collect();
        let parts: Vec<String> = std::iter::once(values).filter(|values| !values.is_empty()).chain(key).collect();
        let place = self.file.is_some().then(|| self.places.of(row));
        Sample { file: self.file.map(str::to_owned), row: place, inside, values: parts.join(", ") }
    }

    /// Adds the rows at `broken` to `tally`, with what `values` says of each that is shown.
    pub fn record(
        &self,
        tally: &mut Tally,
        broken: impl Iterator<Item = usize>,
        row_of: impl Fn(usize) -> usize,
        inside: impl Fn(usize) -> Option<String>,
        values: impl Fn(usize) -> String,
    ) {
        for place in broken {
            tally.broken += 1;
            if tally.wants_samples() {
                tally.samples.push(self.sample(row_of(place), inside(place), values(place)));
            }
        }
    }
}
