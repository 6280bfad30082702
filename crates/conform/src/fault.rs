//! Where inside a row the value is that cannot be read as the contract declares it.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Fields};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cstspec_contract::list_child;

use crate::{Child, ConformError, Step};

/// `error`, which reading the value `row` of the column `name` by `step` gave, with the first place inside it that is at fault:
/// `codes[3].instructions[17].opname`. Elements count from 0. A column that is at fault itself needs no other place than its name.
pub fn placed(error: ConformError, array: &ArrayRef, row: usize, step: &Step, name: &str) -> ConformError {
    let mut place = String::new();
    descend(&array.slice(row, 1), step, &mut place);
    if place.is_empty() {
        return error;
    }
    ConformError::Inside { place: format!("{}{place}", segment(name)), source: Box::new(error) }
}

/// A name in a place, in quotes where it would be taken for something else.
pub fn segment(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The key `keys[index]` of a map's entry in a place: `['lint']`, `[7]`.
pub fn entry(keys: &ArrayRef, index: usize) -> String {
    let options = FormatOptions::new().with_null("NULL").with_display_error(true);
    let text = ArrayFormatter::try_new(keys.as_ref(), &options).map(|keys| keys.value(index).to_string());
    let text: String = text.unwrap_or_default().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if keys.data_type().is_numeric() { format!("[{text}]") } else { format!("['{}']", text.replace('\'', "''")) }
}

/// Adds the place of the first value inside the only one of `array` that `step` cannot read.
fn descend(array: &ArrayRef, step: &Step, place: &mut String) {
    match step {
        Step::Struct { path, fields, children } => {
            for (field, child) in fields.iter().zip(children) {
                // Alone, so that what fails is this one; by the struct's own step, so that nothing below its NULL counts.
                let alone = Step::Struct {
                    path: path.clone(),
                    fields: Fields::from(vec![Arc::clone(field)]),
                    children: vec![child.clone()],
                };
                let Child::Stored { index, step, .. } = child else { continue };
                if alone.apply(array).is_err() {
                    place.push('.');
                    place.push_str(&segment(field.name()));
                    return descend(array.as_struct().column(*index), step, place);
                }
            }
        }
        Step::List { item, required, .. } => {
            let Some(elements) = elements(array) else { return };
            let fails = |from: usize, length: usize| {
                let some = elements.slice(from, length);
                (*required && some.logical_null_count() > 0) || item.apply(&some).is_err()
            };
            if let Some(index) = first(elements.len(), fails) {
                let _ = write!(place, "[{index}]");
                descend(&elements.slice(index, 1), item, place);
            }
        }
        Step::Map { children, .. } if array.is_valid(0) => {
            let map = array.as_map();
            let entries = map.value(0);
            for (child, side) in children.iter().zip(entries.columns()) {
                let Child::Stored { step, required, .. } = child else { continue };
                let fails = |from: usize, length: usize| {
                    let some = side.slice(from, length);
                    (*required && some.logical_null_count() > 0) || step.apply(&some).is_err()
                };
                if let Some(index) = first(side.len(), fails) {
                    place.push_str(&entry(entries.column(0), index));
                    return descend(&side.slice(index, 1), step, place);
                }
            }
        }
        _ => {}
    }
}

/// The elements of the only list of `array`; `None` where it is NULL.
fn elements(array: &ArrayRef) -> Option<ArrayRef> {
    if array.is_null(0) {
        return None;
    }
    match array.data_type() {
        DataType::List(_) => Some(array.as_list::<i32>().value(0)),
        DataType::LargeList(_) => Some(array.as_list::<i64>().value(0)),
        DataType::FixedSizeList(..) => Some(array.as_fixed_size_list().value(0)),
        other => {
            let list = DataType::LargeList(Arc::clone(list_child(other)?));
            Some(cast(array, &list).ok()?.as_list::<i64>().value(0))
        }
    }
}

/// The first of `length` values that fails, by halves; `fails` is asked about the values from a place on.
fn first(length: usize, fails: impl Fn(usize, usize) -> bool) -> Option<usize> {
    if length == 0 || !fails(0, length) {
        return None;
    }
    let (mut from, mut length) = (0, length);
    while length > 1 {
        let half = length / 2;
        if fails(from, half) {
            length = half;
        } else {
            from += half;
            length -= half;
        }
    }
    Some(from)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use arrow::datatypes::{FieldRef, Schema};
    use arrow::json::ReaderBuilder;
    use cstspec_contract::types::{list, map, nullable, required, structure};
    use cstspec_contract::{CastPolicy, Evolution};

    use super::*;
    use crate::{Rules, compare_fields};

    /// Where the value of the one row of JSON is at fault, if it is.
    fn place(found: FieldRef, declared: FieldRef, json: &str) -> Option<String> {
        let schema = Arc::new(Schema::new(vec![Arc::clone(&found)]));
        let mut reader = ReaderBuilder::new(schema).build(Cursor::new(json.to_owned())).unwrap();
        let batch = reader.next().unwrap().unwrap();
        let evolution = Evolution { casts: CastPolicy::Any, ..Evolution::default() };
        let rules = Rules { evolution: &evolution, defaults: &[] };
        let compared = compare_fields(&vec![found].into(), &vec![declared].into(), rules);
        assert!(compared.refused.is_empty(), "{:?}", compared.refused);
        let Child::Stored { step, .. } = &compared.children[0] else { panic!() };
        let error = step.apply(batch.column(0)).err()?;
        Some(match placed(error, batch.column(0), 0, step, "c") {
            ConformError::Inside { place, .. } => place,
            other => other.path().to_string(),
        })
    }

    #[test]
    fn value_place_at_every_depth() {
        let text = || nullable("v", DataType::Utf8);
        let number = || nullable("v", DataType::Int64);
        let inner = |leaf: FieldRef| structure([nullable("x", DataType::Utf8), leaf]);
        let nested = |leaf: FieldRef| {
            nullable("c", list(structure([nullable("s", inner(Arc::clone(&leaf))), nullable("l", list(inner(leaf)))])))
        };
        for (json, expected) in [
            (r#"{"c":[{"s":{"v":"1"}},{"s":{"v":"one"}}]}"#, Some("c[1].s.v")),
            (r#"{"c":[{"l":null},{"s":{"v":null}},{"l":[{"v":"1"},{"v":"2"},null,{"v":"x"}]}]}"#, Some("c[2].l[3].v")),
            (r#"{"c":[{"l":[{"v":"1"}]}]}"#, None),
        ] {
            assert_eq!(place(nested(text()), nested(number()), json).as_deref(), expected, "{json}");
        }
        let must = |leaf: FieldRef| nullable("c", map(DataType::Utf8, structure([leaf])));
        let found = must(nullable("level", DataType::Int64));
        let declared = must(required("level", DataType::Int64));
        let json = r#"{"c":{"lint":{"level":1},"it's":{"level":null}}}"#;
        assert_eq!(place(found, declared, json).as_deref(), Some("c['it''s'].level"));
        let of = |item: FieldRef| nullable("c", DataType::List(item));
        let (found, declared) = (of(nullable("item", DataType::Int8)), of(required("item", DataType::Int8)));
        assert_eq!(place(found, declared, r#"{"c":[1,2,null]}"#).as_deref(), Some("c[2]"));
        let top = place(nullable("c", DataType::Utf8), nullable("c", DataType::Int8), r#"{"c":"x"}"#);
        assert_eq!(top.as_deref(), Some("c"));
    }

    #[test]
    fn name_quoted() {
        assert_eq!(segment("größe_1-a"), "größe_1-a");
        assert_eq!(segment("service.name"), "\"service.name\"");
        assert_eq!(segment("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn first_failure_by_bisection() {
        for bad in [0, 1, 499, 999] {
            let fails = |from: usize, length: usize| (from..from + length).contains(&bad);
            assert_eq!(first(1000, fails), Some(bad));
        }
        assert_eq!(first(1000, |_, _| false), None);
        assert_eq!(first(0, |_, _| true), None);
    }
}
