//! The engine's functions over lists and maps.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef};
use cstspec_contract::{map_fields, spelling};

use super::argument::{Argument, Output, Refusal, common_type, constants_fit, one, takes, two};
use super::cast::{castable, coerced_into};
use super::coercion;

/// The result of calling the function `name`; `None` when it is not one of these.
pub(super) fn output(name: &str, arguments: &[Argument<'_>]) -> Option<Result<Output, Refusal>> {
    Some(match name {
        "array_element" | "array_extract" | "list_element" | "list_extract" => array_element(arguments),
        "array_slice" | "list_slice" => array_slice(arguments),
        "array_has" | "array_contains" | "list_has" | "list_contains" => array_has(arguments),
        "array_length" | "list_length" => array_length(arguments),
        "array_to_string" | "array_join" | "list_to_string" | "list_join" => array_to_string(arguments),
        "cardinality" => cardinality(arguments),
        "make_array" | "make_list" => make_array(arguments),
        "map_entries" => map_entries(arguments),
        "map_extract" | "element_at" => map_extract(arguments),
        "map_keys" => map_keys(arguments),
        "map_values" => map_values(arguments),
        _ => return None,
    })
}

/// The element field of a list argument. The functions that ask for it plan over NULL, and fail on it when they execute.
fn certain_item<'a>(arguments: &[Argument<'a>], index: usize) -> Result<&'a FieldRef, Refusal> {
    item(arguments, index)?.ok_or_else(|| Refusal::of_type(index, "a list", arguments[index].data_type))
}

/// The element field of a list argument; `None` below NULL.
fn item<'a>(arguments: &[Argument<'a>], index: usize) -> Result<Option<&'a FieldRef>, Refusal> {
    match arguments[index].data_type {
        DataType::Null => Ok(None),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => Ok(Some(item)),
        other => Err(Refusal::of_type(index, "a list", other)),
    }
}

fn array_element(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    two(arguments)?;
    let item = item(arguments, 0)?;
    takes(arguments, 1, &DataType::Int64)?;
    Ok(Output::nullable(item.map_or(DataType::Null, |item| item.data_type().clone())))
}

/// A part of a list is a list of the same kind, save that a fixed size is lost.
fn array_slice(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    if !(3..=4).contains(&arguments.len()) {
        return Err(Refusal::count("3 or 4 arguments", arguments.len()));
    }
    certain_item(arguments, 0)?;
    for index in 1..arguments.len() {
        takes(arguments, index, &DataType::Int64)?;
    }
    Ok(Output::nullable(match arguments[0].data_type {
        DataType::FixedSizeList(item, _) => DataType::List(Arc::clone(item)),
        other => other.clone(),
    }))
}

fn array_has(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    let (_, element) = two(arguments)?;
    let item = item(arguments, 0)?.map_or(&DataType::Null, |item| item.data_type());
    match coercion::common_arguments(&[item.clone(), element.data_type.clone()]) {
        Some(common) if castable(item, &common) && coerced_into(&common, element.data_type) => {
            Ok(Output::nullable(DataType::Boolean))
        }
        _ => Err(Refusal::of_type(1, &format!("an element of a list of {}", spelling::short(item)), element.data_type)),
    }
}

fn array_length(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    if !(1..=2).contains(&arguments.len()) {
        return Err(Refusal::count("1 or 2 arguments", arguments.len()));
    }
    certain_item(arguments, 0)?;
    if arguments.len() == 2 {
        takes(arguments, 1, &DataType::Int64)?;
    }
    Ok(Output::nullable(DataType::UInt64))
}

fn array_to_string(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    if !(2..=3).contains(&arguments.len()) {
        return Err(Refusal::count("2 or 3 arguments", arguments.len()));
    }
    certain_item(arguments, 0)?;
    for index in 1..arguments.len() {
        takes(arguments, index, &DataType::Utf8)?;
    }
    Ok(Output::nullable(DataType::Utf8))
}

fn cardinality(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    let argument = one(arguments)?.data_type;
    if !matches!(argument, DataType::Map(..)) && item(arguments, 0).is_err() {
        return Err(Refusal::of_type(0, "a list or a map", argument));
    }
    Ok(Output::nullable(DataType::UInt64))
}

/// The elements may be NULL, whatever the arguments.
fn make_array(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    let data_type = if arguments.is_empty() { DataType::Null } else { common_type(arguments)? };
    Ok(Output::nullable(DataType::List(list_field(data_type, true))))
}

/// The keys and values of a map argument.
fn entry<'a>(arguments: &[Argument<'a>]) -> Result<(&'a FieldRef, &'a FieldRef), Refusal> {
    let data_type = arguments[0].data_type;
    match data_type {
        DataType::Map(entries, _) => map_fields(entries),
        _ => None,
    }
    .ok_or_else(|| Refusal::of_type(0, "a map", data_type))
}

/// The fields are called `key` and `value`, whatever the map calls them.
fn map_entries(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    one(arguments)?;
    let (key, value) = entry(arguments)?;
    let fields =
        vec![Field::new("key", key.data_type().clone(), false), Field::new("value", value.data_type().clone(), true)];
    Ok(Output::nullable(DataType::List(list_field(DataType::Struct(fields.into()), false))))
}

/// The values of the key: a list, of at most one element.
fn map_extract(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    let (map, query) = two(arguments)?;
    if map.data_type.is_null() {
        return Ok(Output::nullable(DataType::Null));
    }
    let (key, value) = entry(arguments)?;
    if !castable(query.data_type, key.data_type()) {
        return Err(Refusal::of_type(1, &spelling::short(key.data_type()), query.data_type));
    }
    constants_fit(arguments, key.data_type())?;
    Ok(Output::nullable(DataType::List(list_field(value.data_type().clone(), true))))
}

fn map_keys(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    one(arguments)?;
    let (key, _) = entry(arguments)?;
    Ok(Output::nullable(DataType::List(list_field(key.data_type().clone(), true))))
}

/// The values keep their nullability and metadata, and the list is nullable where the map is.
fn map_values(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    let map = one(arguments)?;
    let (_, value) = entry(arguments)?;
    let item = Arc::new(value.as_ref().clone().with_name(Field::LIST_FIELD_DEFAULT_NAME));
    Ok(Output { data_type: DataType::List(item), nullable: map.nullable, metadata: HashMap::new() })
}

fn list_field(data_type: DataType, nullable: bool) -> FieldRef {
    Arc::new(Field::new_list_field(data_type, nullable))
}
