//! The bytes of the texts that functions make.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, Int64Array, StringArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::functions::regex::regexpcount::regexp_count_func;

use super::call::{Arg, Call, primitive};
use super::size;

/// The most bytes of the text of a number, a date, a time or a truth value in a list.
const NUMBER: u64 = 40;
/// The most letters for one of a format, as `%c` has of a time.
const FORMATTED: u64 = 12;
/// The bytes of an element of a list of texts, beside its text.
const ELEMENT: u64 = 16;

/// `repeat(text, number)`
pub(super) fn repeated(call: &Call<'_>) -> Option<u64> {
    let [text, number] = &*call.args else { return None };
    let counts = number.counts()?;
    Some(call.sum(|row| counts(row).saturating_mul(text.size(row))))
}

/// `lpad(text, number[, fill])`
pub(super) fn padded(call: &Call<'_>) -> Option<u64> {
    let [text, number, fill @ ..] = &*call.args else { return None };
    let counts = number.counts()?;
    let widest = fill.first().map_or(1, widest);
    let at_most = call.sum(|row| counts(row).saturating_mul(widest)).saturating_add(text.total());
    call.refine(at_most, || {
        let texts = text.texts()?;
        Some(call.sum(|row| {
            let letters = texts.get(row).chars().count() as u64;
            text.size(row).saturating_add(counts(row).saturating_sub(letters).saturating_mul(widest))
        }))
    })
}

/// `replace(text, from, to)`
pub(super) fn replaced(call: &Call<'_>) -> Option<u64> {
    let [text, from, to] = &*call.args else { return None };
    let at_most = text.total().saturating_mul(to.largest().max(1));
    call.refine(at_most, || {
        let (texts, patterns) = (text.texts()?, from.texts()?);
        Some(call.sum(|row| {
            let (text, from) = (texts.get(row), patterns.get(row));
            let matches = if from.is_empty() { 0 } else { text.matches(from).count() as u64 };
            (text.len() as u64 - matches * from.len() as u64).saturating_add(matches.saturating_mul(to.size(row)))
        }))
    })
}

/// `regexp_replace(text, pattern, to[, flags])`
pub(super) fn pattern_replaced(call: &Call<'_>) -> Option<u64> {
    let [text, pattern, to, flags @ ..] = &*call.args else { return None };
    let flags = match flags.first() {
        Some(flags) => flags.texts().filter(|_| flags.constant().is_some())?.get(0).to_owned(),
        None => String::new(),
    };
    // A reference to a group is two letters at least, and has no more than the text of its match.
    let references = to.texts().map_or(0, |texts| {
        let count = |row| texts.get(row).bytes().filter(|byte| matches!(byte, b'\\' | b'$')).count();
        if to.constant().is_some() { count(0) } else { (0..call.rows).map(count).max().unwrap_or(0) }
    }) as u64;
    let kept = text.total().saturating_mul(references.saturating_add(1));
    let is_global = flags.contains('g');
    let at_most = if is_global { text.total().saturating_add(call.rows as u64) } else { call.rows as u64 };
    let at_most = kept.saturating_add(at_most.saturating_mul(to.largest()));
    call.refine(at_most, || {
        let Some(counts) = matches(text, pattern, &flags.replace('g', ""), call.rows) else { return Some(at_most) };
        Some(kept.saturating_add(call.sum(|row| {
            let count = u64::try_from(counts[row]).unwrap_or(0);
            (if is_global { count } else { count.min(1) }).saturating_mul(to.size(row))
        })))
    })
}

/// How often a pattern matches each text; `None` if the engine does not count it.
fn matches(text: &Arg<'_>, pattern: &Arg<'_>, flags: &str, rows: usize) -> Option<Vec<i64>> {
    // As many texts as rows: one for all of them would be copied.
    if text.values.len() != rows {
        return None;
    }
    let same = |value: &ArrayRef| {
        if value.len() == rows { Ok(value.clone()) } else { take(value, &UInt32Array::from(vec![0; rows]), None) }
    };
    let mut args = vec![text.values.clone(), same(&pattern.values).ok()?];
    if !flags.is_empty() {
        let flags: ArrayRef = Arc::new(StringArray::from(vec![flags; rows]));
        args.push(Arc::new(Int64Array::from(vec![1; rows])));
        args.push(cast(&flags, text.values.data_type()).ok()?);
    }
    Some(primitive::<Int64Type>(&regexp_count_func(&args).ok()?))
}

/// `regexp_match(text, pattern[, flags])`: groups that do not stand in one another share the text of a match.
pub(super) fn groups(call: &Call<'_>) -> Option<u64> {
    let [text, pattern, ..] = &*call.args else { return None };
    let patterns = pattern.texts()?;
    let depth = |row: usize| {
        let (mut open, mut most) = (0_u64, 0);
        for letter in patterns.get(row).bytes() {
            match letter {
                b'(' => open += 1,
                b')' => open = open.saturating_sub(1),
                _ => {}
            }
            most = most.max(open);
        }
        most.max(1)
    };
    let constant = pattern.constant().map(|_| depth(0));
    Some(call.sum(|row| text.size(row).saturating_mul(constant.unwrap_or_else(|| depth(row)))))
}

/// `translate(text, from, to)`
pub(super) fn translated(call: &Call<'_>) -> Option<u64> {
    let [text, _, to] = &*call.args else { return None };
    let widest = widest(to);
    let at_most = text.total().saturating_mul(widest);
    call.refine(at_most, || {
        let texts = text.texts()?;
        Some(call.sum(|row| (texts.get(row).chars().count() as u64).saturating_mul(widest)))
    })
}

/// The most bytes of a letter of an argument.
fn widest(arg: &Arg<'_>) -> u64 {
    let Some(texts) = arg.texts() else { return 1 };
    let rows = if arg.constant().is_some() { 0..1 } else { 0..arg.values.len() };
    rows.flat_map(|row| texts.get(row).chars()).map(|letter| letter.len_utf8() as u64).max().unwrap_or(1)
}

/// `concat_ws(separator, value, ...)`
pub(super) fn separated(call: &Call<'_>) -> Option<u64> {
    let [separator, values @ ..] = &*call.args else { return None };
    let gaps = separator.total().saturating_mul(values.len().saturating_sub(1) as u64);
    Some(values.iter().map(Arg::total).fold(gaps, u64::saturating_add))
}

/// `encode(bytes, encoding)`: two letters for a byte at most.
pub(super) fn encoded(call: &Call<'_>) -> Option<u64> {
    Some(call.args.first()?.total().saturating_mul(2))
}

/// `to_char(time, format)`
pub(super) fn formatted(call: &Call<'_>) -> Option<u64> {
    Some(call.args.get(1)?.total().saturating_mul(FORMATTED))
}

/// `string_to_array(text, delimiter[, null])`
pub(super) fn split(call: &Call<'_>) -> Option<u64> {
    let [text, delimiter, ..] = &*call.args else { return None };
    call.refine(text.total().saturating_mul(1 + ELEMENT), || {
        let (texts, delimiters) = (text.texts()?, delimiter.texts());
        Some(call.sum(|row| {
            let text = texts.get(row);
            let elements = match delimiters.as_ref().map(|delimiters| delimiters.get(row)) {
                Some("") => 1,
                Some(delimiter) => text.matches(delimiter).count() as u64 + 1,
                None => text.chars().count() as u64,
            };
            (text.len() as u64).saturating_add(elements * ELEMENT)
        }))
    })
}

/// `array_to_string(list, separator[, null])`
pub(super) fn joined(call: &Call<'_>) -> Option<u64> {
    let [list, separator, null @ ..] = &*call.args else { return None };
    let (counts, nulls) = size::leaves(&list.values)?;
    let null = null.first();
    let text = if is_text(&list.values) { 0 } else { NUMBER };
    Some(call.sum(|row| {
        let (slot, size) = (list.slot(row), list.size(row));
        let null = null.map_or(0, |null| nulls[slot].saturating_mul(null.size(row)));
        counts[slot].saturating_mul(separator.size(row).saturating_add(text)).saturating_add(size).saturating_add(null)
    }))
}

/// Whether the elements of a list are texts.
fn is_text(list: &ArrayRef) -> bool {
    match list.data_type() {
        DataType::List(_) => is_text(list.as_list::<i32>().values()),
        DataType::LargeList(_) => is_text(list.as_list::<i64>().values()),
        DataType::FixedSizeList(..) => is_text(list.as_fixed_size_list().values()),
        other => other.is_string(),
    }
}
