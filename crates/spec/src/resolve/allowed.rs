//! Allowed values: whether those of a field are among those of its named type, and whether defaults are among those that are allowed where
//! they come to stand.

use arrow_schema::DataType;
use cstspec_contract::{Finding, Origin, Path, Value, list_child, map_fields};

use super::default::check_fit;
use super::report::Report;
use crate::model::ValueSpec;
use crate::rules;
use crate::types::{AllowedAt, ResolvedField};

/// Gives `field` the allowed values that were written at `origin`. They are some of those that its named type allows.
pub fn add(field: &mut ResolvedField, allowed: &[ValueSpec], origin: &Origin, report: &mut Report<'_>) {
    let values: Vec<Value> = allowed.iter().map(|ValueSpec(value)| value.clone()).collect();
    let mut fitting = Vec::with_capacity(values.len());
    for (number, value) in values.iter().enumerate() {
        if check_fit(field, value, "allowed value", &origin.index(number), report) {
            fitting.push((number, value));
        }
    }
    if let Some((known, written)) = field.allowed.get(&AllowedAt::default()) {
        for (number, value) in fitting.into_iter().filter(|(_, value)| !known.iter().any(|one| alike(one, value))) {
            let finding =
                Finding::new(&rules::ALLOWED_NOT_IN_TYPE, format!("{value} is not among the values of the named type"))
                    .differing(format!("one of {}", listed(known)), format!("`{value}`"))
                    .remedy(format!("remove it, or add it to the type at {}", report.line(written)));
            report.value(&origin.index(number), finding);
        }
    }
    field.allowed.insert(AllowedAt::default(), (values, origin.clone()));
}

/// The first dozen of the values, for a person.
fn listed(values: &[Value]) -> String {
    let shown: Vec<String> = values.iter().take(12).map(|value| format!("`{value}`")).collect();
    shown.join(", ")
}

/// Reports every default of `field`, at any depth, that puts a value where only others are allowed.
pub fn check_defaults(field: &ResolvedField, report: &mut Report<'_>) {
    for (AllowedAt { path, elements }, (allowed, _)) in &field.allowed {
        for (above, (default, origin)) in &field.defaults {
            if !path.starts_with(above) {
                continue;
            }
            let below = path.skip(above.segments().len());
            let Some(data_type) = type_at(field.field.data_type(), above) else { continue };
            let mut put = Vec::new();
            values_at(default, data_type, &below, *elements, &mut put);
            let wrong =
                put.into_iter().find(|value| **value != Value::Null && !allowed.iter().any(|one| alike(one, value)));
            let Some(wrong) = wrong else { continue };
            let finding = Finding::new(
                &rules::DEFAULT_NOT_ALLOWED,
                format!("the default {wrong} is not among the allowed values"),
            )
            .differing(format!("one of {}", listed(allowed)), format!("`{wrong}`"))
            .remedy("write an allowed value, or allow this one");
            report.value(origin, finding);
        }
    }
}

/// Whether two constants are the same value: numbers with as many zeros behind the point as one likes.
fn alike(left: &Value, right: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Int(_) | Value::Decimal(_) => Some(value.to_string()),
        _ => None,
    };
    let short = |text: String| match text.split_once('.') {
        Some((_, digits)) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => text,
    };
    left == right || number(left).zip(number(right)).is_some_and(|(left, right)| short(left) == short(right))
}

/// The type below lists and encodings, which no path spells.
fn inside(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => inside(values),
        _ => list_child(data_type).map_or(data_type, |item| inside(item.data_type())),
    }
}

fn type_at<'a>(data_type: &'a DataType, path: &Path) -> Option<&'a DataType> {
    path.segments().try_fold(data_type, |data_type, name| match inside(data_type) {
        DataType::Struct(fields) => fields.iter().find(|field| field.name() == name).map(|field| field.data_type()),
        DataType::Map(entries, _) => {
            let (key, value) = map_fields(entries)?;
            Some(if name == "key" { key.data_type() } else { value.data_type() })
        }
        _ => None,
    })
}

/// The values that `value`, of the type `data_type`, has at `path`, or so many lists of `elements` below it.
fn values_at<'a>(value: &'a Value, data_type: &DataType, path: &Path, elements: usize, found: &mut Vec<&'a Value>) {
    if let DataType::Dictionary(_, values) = data_type {
        return values_at(value, values, path, elements, found);
    }
    if path.is_empty() && elements == 0 {
        found.push(value);
        return;
    }
    if let (Value::List(items), Some(item)) = (value, list_child(data_type)) {
        let below = if path.is_empty() { elements - 1 } else { elements };
        for value in items {
            values_at(value, item.data_type(), path, below, found);
        }
        return;
    }
    let mut segments = path.segments();
    let Some(name) = segments.next() else { return };
    let rest = segments.fold(Path::default(), |path, name| path.join(name));
    match (value, data_type) {
        (Value::Entries(entries), DataType::Struct(fields)) => {
            let field = fields.iter().find(|field| field.name() == name);
            let value = entries.iter().find(|(key, _)| key == name);
            if let (Some(field), Some((_, value))) = (field, value) {
                values_at(value, field.data_type(), &rest, elements, found);
            }
        }
        (Value::Entries(entries), DataType::Map(map, _)) if name == "value" => {
            if let Some((_, item)) = map_fields(map) {
                for (_, value) in entries {
                    values_at(value, item.data_type(), &rest, elements, found);
                }
            }
        }
        _ => {}
    }
}
