//! The engine's own functions: what arguments they take, and the type and nullability of what they return.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields};
use cstspec_contract::{map_fields, spelling};

use super::argument::{Argument, Literal, Output, Reason, Refusal, common_type, constants_fit, one, two};
use super::cast::castable;
use super::coercion::{self, Purpose};
use super::{function_array, function_text};

/// The result of calling the function `name` by the engine's own rule. `None` when there is no rule here for the name.
pub fn output(name: &str, arguments: &[Argument<'_>]) -> Option<Result<Output, Refusal>> {
    let output = match name {
        "arrow_cast" => arrow_cast(arguments),
        "arrow_metadata" => arrow_metadata(arguments),
        "arrow_typeof" => one(arguments).map(|_| Output::nullable(DataType::Utf8)),
        "coalesce" => coalesce(arguments),
        "get_field" => get_field(arguments),
        "named_struct" => named_struct(arguments),
        "nullif" => nullif(arguments),
        "struct" | "row" => numbered_struct(arguments),
        _ => return function_array::output(name, arguments).or_else(|| function_text::output(name, arguments)),
    };
    Some(output)
}

/// A cast to the Arrow type that the second argument spells. It is nullable where either argument is.
fn arrow_cast(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    let (value, target) = two(arguments)?;
    let expected = "a constant text that spells an Arrow type";
    let text = target.text().ok_or_else(|| Refusal::value(1, expected, spelling::short(target.data_type)))?;
    let data_type: DataType = text.parse().map_err(|_| Refusal::value(1, expected, format!("'{text}'")))?;
    if !castable(value.data_type, &data_type) {
        return Err(Refusal::of_type(
            0,
            &format!("a type that casts to {}", spelling::short(&data_type)),
            value.data_type,
        ));
    }
    Ok(Output { data_type, nullable: value.nullable || target.nullable, metadata: HashMap::new() })
}

/// All metadata of the argument as a map, or the value of one key.
fn arrow_metadata(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    match arguments {
        [_] => {
            let entry = [Field::new("keys", DataType::Utf8, false), Field::new("values", DataType::Utf8, true)];
            let entries = Field::new("entries", DataType::Struct(Fields::from(entry.to_vec())), false);
            Ok(Output::nullable(DataType::Map(Arc::new(entries), false)))
        }
        [_, key] if matches!(key.literal, Some(Literal::Text(_))) => Ok(Output::nullable(DataType::Utf8)),
        [_, key] => Err(Refusal::value(1, "a constant text", spelling::short(key.data_type))),
        _ => Err(Refusal::count("1 or 2 arguments", arguments.len())),
    }
}

/// It is NULL only where every argument may be.
fn coalesce(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    if arguments.is_empty() {
        return Err(Refusal::count("1 argument or more", 0));
    }
    let nullable = arguments.iter().all(|argument| argument.nullable);
    Ok(Output { data_type: common_type(arguments)?, nullable, metadata: HashMap::new() })
}

/// A chain of names into structs and keys into maps. The child's own nullability and metadata are handed on.
fn get_field(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    let [base, names @ ..] = arguments else { return Err(Refusal::count("2 arguments or more", 0)) };
    if names.is_empty() {
        return Err(Refusal::count("2 arguments or more", 1));
    }
    let field = Field::new("", base.data_type.clone(), base.nullable).with_metadata(base.metadata.clone());
    let mut current: FieldRef = Arc::new(field);
    for (index, name) in names.iter().enumerate() {
        current = match child(&current, name, index + 1)? {
            Some(field) => field,
            None => return Ok(Output::nullable(DataType::Null)),
        };
    }
    Ok(Output::of_field(&current))
}

/// The child that `name` names; `None` below NULL.
fn child(parent: &Field, name: &Argument<'_>, index: usize) -> Result<Option<FieldRef>, Refusal> {
    let may_be_null = |field: Field| if parent.is_nullable() { field.with_nullable(true) } else { field };
    match parent.data_type() {
        DataType::Null => Ok(None),
        DataType::Map(entries, _) => {
            let Some((key, value)) = map_fields(entries) else {
                return Err(Refusal::of_type(0, "a map with keys and values", parent.data_type()));
            };
            // The engine plans any key, and fails on one that is no constant of the key's type when it executes.
            if name.literal.is_none() || name.data_type != key.data_type() {
                let expected = format!("a constant {} key", spelling::short(key.data_type()));
                return Err(Refusal::value(index, &expected, spelling::short(name.data_type)));
            }
            Ok(Some(Arc::new(value.as_ref().clone().with_nullable(true))))
        }
        DataType::Struct(fields) => {
            let field = named(fields, name, index)?.as_ref().clone();
            Ok(Some(Arc::new(may_be_null(field))))
        }
        DataType::Dictionary(key, values) => match values.as_ref() {
            DataType::Struct(fields) => {
                let field = named(fields, name, index)?.as_ref().clone();
                let data_type = DataType::Dictionary(key.clone(), Box::new(field.data_type().clone()));
                Ok(Some(Arc::new(may_be_null(field.with_data_type(data_type)))))
            }
            _ => Err(Refusal::of_type(0, "a struct or a map", parent.data_type())),
        },
        other => Err(Refusal::of_type(0, "a struct or a map", other)),
    }
}

fn named<'a>(fields: &'a Fields, name: &Argument<'_>, index: usize) -> Result<&'a FieldRef, Refusal> {
    let text = name.text().ok_or_else(|| {
        Refusal::value(index, "the name of a field, as a constant text", spelling::short(name.data_type))
    })?;
    fields.iter().find(|field| field.name() == text).ok_or_else(|| Refusal {
        reason: Reason::Field,
        argument: Some(index),
        expected: fields.iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", "),
        observed: text.to_owned(),
    })
}

/// Names and values in turn. Every field may be NULL, whatever its value, and so may the struct.
fn named_struct(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    if arguments.is_empty() || !arguments.len().is_multiple_of(2) {
        return Err(Refusal::count("an even number of arguments: names and values in turn", arguments.len()));
    }
    let mut fields = Vec::with_capacity(arguments.len() / 2);
    for (index, pair) in arguments.chunks_exact(2).enumerate() {
        let name = pair[0].text().ok_or_else(|| {
            Refusal::value(index * 2, "the name of a field, as a constant text", spelling::short(pair[0].data_type))
        })?;
        fields.push(Field::new(name, pair[1].data_type.clone(), true));
    }
    Ok(Output::nullable(DataType::Struct(fields.into())))
}

/// A struct whose fields are named `c0`, `c1`, and so on.
fn numbered_struct(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    if arguments.is_empty() {
        return Err(Refusal::count("1 argument or more", 0));
    }
    let fields: Fields = arguments
        .iter()
        .enumerate()
        .map(|(index, argument)| Arc::new(Field::new(format!("c{index}"), argument.data_type.clone(), true)))
        .collect();
    Ok(Output::nullable(DataType::Struct(fields)))
}

/// The first argument, brought to the type that both are compared in.
fn nullif(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    let (left, right) = two(arguments)?;
    let refusal = || {
        Refusal::of_type(1, &format!("a type that compares with {}", spelling::short(left.data_type)), right.data_type)
    };
    let data_type = match coercion::common(left.data_type, right.data_type, Purpose::Compare).ok_or_else(refusal)? {
        DataType::Null => DataType::Utf8View,
        other => other,
    };
    if !castable(left.data_type, &data_type) || !castable(right.data_type, &data_type) {
        return Err(refusal());
    }
    constants_fit(arguments, &data_type)?;
    Ok(Output::nullable(data_type))
}
