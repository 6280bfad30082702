//! Whether a format holds what a query gives, asked before anything is written.

use std::collections::HashSet;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, IntervalUnit, Schema};
use arrow::ipc::writer::StreamWriter;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cstspec_contract::{list_child, map_fields, spelling};

use super::format::Format;
use super::json::Json;
use super::{parquet, unified};
use crate::error::CommandError;

/// Refuses a schema that has something which `format` does not hold, with all of it named.
pub fn check(format: Format, schema: &Schema) -> Result<(), CommandError> {
    let twice = twice(schema.fields());
    if !twice.is_empty() {
        let names: Vec<String> = twice.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("duplicate names of columns or fields: {}", names.join(", "));
        return Err(CommandError::usage_with_help(message, Some("give each a name of its own with AS".to_owned())));
    }
    let misfits = misfits(format, schema);
    if misfits.is_empty() {
        return Ok(());
    }
    let others: Vec<&str> =
        Format::ALL.into_iter().filter(|other| self::misfits(*other, schema).is_empty()).map(Format::flag).collect();
    let help = match others.as_slice() {
        [] => "do not select it, or cast it".to_owned(),
        others => format!("do not select it or cast it; {} can hold it", others.join(", ")),
    };
    let message = format!("{} cannot hold {}", format.name(), misfits.join("; nor "));
    Err(CommandError::usage_with_help(message, Some(help)))
}

/// The paths of what has the name of something beside it.
fn twice(fields: &Fields) -> Vec<String> {
    let mut found = Vec::new();
    siblings(fields, "", &mut found);
    found
}

fn siblings(fields: &Fields, above: &str, found: &mut Vec<String>) {
    let mut names = HashSet::new();
    for field in fields {
        let path = join(above, field.name());
        if !names.insert(field.name()) && !found.contains(&path) {
            found.push(path.clone());
        }
        below(field.data_type(), &path, found);
    }
}

fn below(data_type: &DataType, path: &str, found: &mut Vec<String>) {
    match data_type {
        DataType::Struct(fields) => siblings(fields, path, found),
        DataType::Union(members, _) => {
            siblings(&members.iter().map(|(_, field)| Arc::clone(field)).collect(), path, found);
        }
        other => inside(other).iter().for_each(|child| below(child.data_type(), path, found)),
    }
}

/// The parts of `schema` that `format` cannot hold, as phrases that begin with the path.
fn misfits(format: Format, schema: &Schema) -> Vec<String> {
    if schema.fields().is_empty() && matches!(format, Format::Csv | Format::Parquet) {
        return vec!["a result without columns".to_owned()];
    }
    let stored = (format == Format::Parquet).then(|| parquet::schema(schema));
    let mut found = Vec::new();
    for field in stored.as_deref().unwrap_or(schema).fields() {
        descend(format, field, field.name(), &mut found);
    }
    found
}

/// Adds the innermost of what `format` does not hold in `field`.
fn descend(format: Format, field: &FieldRef, path: &str, found: &mut Vec<String>) {
    let data_type = field.data_type();
    if let Some(why) = refused(format, data_type) {
        found.push(format!("`{path}`, {why}"));
        return;
    }
    let before = found.len();
    match data_type {
        DataType::Struct(fields) => {
            fields.iter().for_each(|field| descend(format, field, &join(path, field.name()), found));
        }
        DataType::Union(members, _) => {
            members.iter().for_each(|(_, field)| descend(format, field, &join(path, field.name()), found));
        }
        DataType::Map(entries, _) => {
            if let Some((key, value)) = map_fields(entries) {
                descend(format, key, &join(path, "key"), found);
                descend(format, value, &join(path, "value"), found);
            }
        }
        other => inside(other).iter().for_each(|child| descend(format, child, path, found)),
    }
    // The rest is known to the writer alone.
    if found.len() == before
        && let Err(reason) = probe(format, field)
    {
        found.push(format!("`{path}`, {}: {reason}", spelling::short(data_type)));
    }
}

/// Why `format` does not hold a type, whatever is inside.
fn refused(format: Format, data_type: &DataType) -> Option<String> {
    match (format, data_type) {
        (Format::Parquet, DataType::Union(..)) => Some("a union".to_owned()),
        (Format::Parquet, DataType::Struct(fields)) if fields.is_empty() => Some("a struct without fields".to_owned()),
        (Format::Parquet, DataType::Interval(IntervalUnit::MonthDayNano)) => {
            Some("an interval with nanoseconds".to_owned())
        }
        (Format::ArrowFile, DataType::Dictionary(_, values)) if !unified::can_unify(values) => {
            Some(format!("a dictionary of {values}"))
        }
        _ => None,
    }
}

/// Has the writer write a NULL.
fn probe(format: Format, field: &FieldRef) -> Result<(), String> {
    let field = Arc::new(Field::new(field.name(), field.data_type().clone(), true));
    let column = new_null_array(field.data_type(), 1);
    let schema = Arc::new(Schema::new(vec![Arc::clone(&field)]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::clone(&column)]);
    let batch = batch.map_err(|error| error.to_string())?;
    match format {
        Format::Json => Json::new().encoder(&field, &column).map(drop).map_err(|error| error.to_string()),
        Format::Csv => {
            Json::new().encoder(&field, &column).map(drop).map_err(|error| error.to_string())?;
            ArrayFormatter::try_new(&column, &FormatOptions::default()).map(drop).map_err(|error| error.to_string())
        }
        Format::ArrowStream | Format::ArrowFile => StreamWriter::try_new(Vec::new(), &schema)
            .and_then(|mut writer| writer.write(&batch).and_then(|()| writer.finish()))
            .map_err(|error| error.to_string()),
        Format::Parquet => ArrowWriter::try_new(Vec::new(), schema, None)
            .and_then(|mut writer| writer.write(&batch).and_then(|()| writer.close()).map(drop))
            .map_err(|error| error.to_string()),
    }
}

/// Levels that paths do not name: elements of lists, values of encodings.
fn inside(data_type: &DataType) -> Vec<FieldRef> {
    match data_type {
        DataType::Dictionary(_, values) => vec![Arc::new(Field::new("", values.as_ref().clone(), true))],
        DataType::RunEndEncoded(_, values) => vec![Arc::clone(values)],
        DataType::Map(entries, _) => {
            map_fields(entries).map_or_else(Vec::new, |(key, value)| vec![Arc::clone(key), Arc::clone(value)])
        }
        other => list_child(other).map(Arc::clone).into_iter().collect(),
    }
}

fn join(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}
