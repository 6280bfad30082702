//! A batch of a dataset's rows, and how one of them is told to a person.

use arrow::array::{Array as _, ArrayRef, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::promise::{Sample, Tally};

/// How much of a value is shown, in characters.
const MOST_SHOWN: usize = 80;

/// Some rows of a dataset, one after another in a file.
#[derive(Clone, Copy, Debug)]
pub struct AtHand<'a> {
    /// The rows.
    pub batch: &'a RecordBatch,
    /// The columns that name a row, by their place in the batch.
    pub key: &'a [usize],
    /// The file, where they come from one.
    pub file: Option<&'a str>,
    /// The place of the first of them in the file.
    pub first: u64,
}

impl AtHand<'_> {
    /// The row at `row`, where `values` are at fault.
    pub fn sample(&self, row: usize, values: String) -> Sample {
        let schema = self.batch.schema_ref();
        let told = |name: &str| values.starts_with(name) || values.contains(&format!(", {name}"));
        let key = self.key.iter().filter_map(|column| {
            let name = format!("{} = ", schema.field(*column).name());
            (!told(&name)).then(|| format!("{name}{}", shown(self.batch.column(*column), row)))
        });
        let key: Vec<String> = key.collect();
        let parts: Vec<String> = std::iter::once(values).filter(|values| !values.is_empty()).chain(key).collect();
        let place = self.file.is_some().then(|| self.first + row as u64);
        Sample { file: self.file.map(str::to_owned), row: place, values: parts.join(", ") }
    }

    /// Adds the rows at `broken` to `tally`, with what `values` says of each that is shown.
    pub fn record(
        &self,
        tally: &mut Tally,
        broken: impl Iterator<Item = usize>,
        row_of: impl Fn(usize) -> usize,
        values: impl Fn(usize) -> String,
    ) {
        for place in broken {
            tally.broken += 1;
            if tally.wants_samples() {
                tally.samples.push(self.sample(row_of(place), values(place)));
            }
        }
    }
}

/// The value of `array` at `index`, on one line and not too long.
pub fn shown(array: &ArrayRef, index: usize) -> String {
    let options = FormatOptions::new().with_null("NULL").with_display_error(true);
    if array.is_null(index) {
        return "NULL".to_owned();
    }
    let text = match ArrayFormatter::try_new(array.as_ref(), &options) {
        Ok(formatter) => formatter.value(index).to_string(),
        Err(error) => error.to_string(),
    };
    let mut short: String = text.chars().take(MOST_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// `a = 1, b = x`: the values at `index` under the names of their columns.
pub fn named<'a>(columns: impl Iterator<Item = (&'a str, &'a ArrayRef)>, index: usize) -> String {
    columns.map(|(name, array)| format!("{name} = {}", shown(array, index))).collect::<Vec<_>>().join(", ")
}
