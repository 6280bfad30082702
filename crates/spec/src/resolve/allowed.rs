//! Whether defaults are among the values that are allowed where they come to stand.

use arrow_schema::DataType;
use cstspec_contract::{Finding, Path, Value, list_child, map_fields};

use super::report::Report;
use crate::rules;
use crate::types::ResolvedField;

/// Reports every default of `field`, at any depth, that puts a value where only others are allowed.
pub fn check_defaults(field: &ResolvedField, report: &mut Report<'_>) {
    for (path, (allowed, _)) in &field.allowed {
        for (above, (default, origin)) in &field.defaults {
            if !path.starts_with(above) {
                continue;
            }
            let below = path.skip(above.segments().len());
            let Some(data_type) = type_at(field.field.data_type(), above) else { continue };
            let mut put = Vec::new();
            values_at(default, data_type, &below, &mut put);
            let wrong =
                put.into_iter().find(|value| **value != Value::Null && !allowed.iter().any(|one| alike(one, value)));
            let Some(wrong) = wrong else { continue };
            let listed: Vec<String> = allowed.iter().take(12).map(|value| format!("`{value}`")).collect();
            let finding = Finding::new(
                &rules::DEFAULT_NOT_ALLOWED,
                format!("the default {wrong} is not among the allowed values"),
            )
            .differing(format!("one of {}", listed.join(", ")), format!("`{wrong}`"))
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

/// The values that `value`, of the type `data_type`, has at `path`.
fn values_at<'a>(value: &'a Value, data_type: &DataType, path: &Path, found: &mut Vec<&'a Value>) {
    if let (Value::List(items), Some(item)) = (value, list_child(data_type)) {
        for value in items {
            values_at(value, item.data_type(), path, found);
        }
        return;
    }
    let mut segments = path.segments();
    let Some(name) = segments.next() else {
        found.push(value);
        return;
    };
    let rest = segments.fold(Path::default(), |path, name| path.join(name));
    match (value, data_type) {
        (Value::Entries(entries), DataType::Struct(fields)) => {
            let field = fields.iter().find(|field| field.name() == name);
            let value = entries.iter().find(|(key, _)| key == name);
            if let (Some(field), Some((_, value))) = (field, value) {
                values_at(value, field.data_type(), &rest, found);
            }
        }
        (Value::Entries(entries), DataType::Map(map, _)) if name == "value" => {
            if let Some((_, item)) = map_fields(map) {
                for (_, value) in entries {
                    values_at(value, item.data_type(), &rest, found);
                }
            }
        }
        _ => {}
    }
}
