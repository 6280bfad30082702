//! Values as findings and errors show them: on one line, and not too long.

use arrow::array::{Array as _, ArrayRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// How much of a value is shown, in characters.
const MOST_SHOWN: usize = 80;

/// The value of `array` at `index`, on one line and not too long.
pub fn shown(array: &ArrayRef, index: usize) -> String {
    let options = FormatOptions::new().with_null("NULL").with_display_error(true);
    // An array of the null type, or of a dictionary, has no mask of its own.
    if array.logical_nulls().is_some_and(|nulls| nulls.is_null(index)) {
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
