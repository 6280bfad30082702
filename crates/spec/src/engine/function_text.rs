//! The engine's functions over text.

use std::collections::HashMap;

use arrow_schema::DataType;
use cstspec_contract::spelling;

use super::argument::{Argument, Output, Refusal, one, takes};
use super::cast::castable;
use super::coercion;
use super::data_type::value_type;
use super::integer::Integer;

/// The result of calling the function `name`; `None` when it is not one of these.
pub(super) fn output(name: &str, arguments: &[Argument<'_>]) -> Option<Result<Output, Refusal>> {
    Some(match name {
        "character_length" | "char_length" | "length" => character_length(arguments),
        "octet_length" => octet_length(arguments),
        "chr" => chr(arguments),
        "concat" => concat(arguments, 1),
        "concat_ws" => concat(arguments, 2),
        "contains" | "starts_with" | "ends_with" => predicate(arguments),
        "lower" | "upper" => same_text(arguments),
        "replace" => replace(arguments),
        "split_part" => split_part(arguments),
        "strpos" | "instr" | "position" => strpos(arguments),
        "substr" | "substring" => substr(arguments),
        "trim" | "btrim" | "ltrim" | "rtrim" => trim(arguments),
        _ => return None,
    })
}

/// Whether a dictionary of texts stays one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dictionaries {
    Kept,
    Unpacked,
}

/// The text type that an argument is brought to: its own, or a view for NULL.
fn text(arguments: &[Argument<'_>], index: usize, dictionaries: Dictionaries) -> Result<DataType, Refusal> {
    let data_type = arguments[index].data_type;
    let value = match value_type(data_type) {
        text if text.is_string() => text.clone(),
        DataType::Null => DataType::Utf8View,
        _ => return Err(Refusal::of_type(index, "text", data_type)),
    };
    Ok(repacked(data_type, value, dictionaries))
}

fn repacked(data_type: &DataType, value: DataType, dictionaries: Dictionaries) -> DataType {
    match data_type {
        DataType::Dictionary(key, values) if dictionaries == Dictionaries::Kept => {
            DataType::Dictionary(key.clone(), Box::new(repacked(values, value, dictionaries)))
        }
        _ => value,
    }
}

fn exactly(arguments: &[Argument<'_>], count: usize) -> Result<(), Refusal> {
    if arguments.len() == count { Ok(()) } else { Err(Refusal::count(&format!("{count} arguments"), arguments.len())) }
}

/// 64 bits for text with large offsets, 32 for other text; a dictionary of texts gives one of numbers.
fn length_type(text: &DataType) -> DataType {
    match text {
        DataType::Dictionary(key, values) => DataType::Dictionary(key.clone(), Box::new(length_type(values))),
        DataType::LargeUtf8 => DataType::Int64,
        _ => DataType::Int32,
    }
}

/// Everything that casts to text is text here.
fn character_length(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    let data_type = one(arguments)?.data_type;
    let value = match value_type(data_type) {
        text if text.is_string() => text.clone(),
        DataType::LargeBinary => DataType::LargeUtf8,
        other if castable(other, &DataType::Utf8View) => DataType::Utf8View,
        _ => return Err(Refusal::of_type(0, "text", data_type)),
    };
    Ok(Output::nullable(length_type(&repacked(data_type, value, Dictionaries::Kept))))
}

fn octet_length(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    one(arguments)?;
    Ok(Output::nullable(length_type(&text(arguments, 0, Dictionaries::Kept)?)))
}

fn chr(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    one(arguments)?;
    takes(arguments, 0, &DataType::Int64)?;
    Ok(Output::nullable(DataType::Utf8))
}

/// Everything is brought to the widest text type among the arguments, `utf8` when none is text; bytes alone stay bytes.
fn concat(arguments: &[Argument<'_>], least: usize) -> Result<Output, Refusal> {
    if arguments.len() < least {
        return Err(Refusal::count(&format!("{least} or more arguments"), arguments.len()));
    }
    let types = || arguments.iter().map(|argument| argument.data_type);
    let data_type = if types().any(DataType::is_binary) && !types().any(DataType::is_string) {
        if types().any(|data_type| *data_type == DataType::BinaryView) {
            DataType::BinaryView
        } else if types().any(|data_type| matches!(data_type, DataType::LargeBinary | DataType::FixedSizeBinary(_))) {
            DataType::LargeBinary
        } else {
            DataType::Binary
        }
    } else {
        coercion::widest_text(types())
    };
    match types().position(|from| !castable(from, &data_type)) {
        Some(index) => Err(Refusal::of_type(
            index,
            &format!("a type that casts to {}", spelling::short(&data_type)),
            arguments[index].data_type,
        )),
        None => Ok(Output::nullable(data_type)),
    }
}

fn predicate(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    exactly(arguments, 2)?;
    text(arguments, 0, Dictionaries::Unpacked)?;
    text(arguments, 1, Dictionaries::Unpacked)?;
    Ok(Output::nullable(DataType::Boolean))
}

fn same_text(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    one(arguments)?;
    text(arguments, 0, Dictionaries::Kept).map(Output::nullable)
}

fn replace(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    exactly(arguments, 3)?;
    let types = (0..3).map(|index| text(arguments, index, Dictionaries::Unpacked)).collect::<Result<Vec<_>, _>>()?;
    Ok(Output::nullable(match coercion::widest_text(&types) {
        DataType::LargeUtf8 => DataType::LargeUtf8,
        _ => DataType::Utf8,
    }))
}

fn split_part(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    exactly(arguments, 3)?;
    let data_type = text(arguments, 0, Dictionaries::Unpacked)?;
    text(arguments, 1, Dictionaries::Unpacked)?;
    let index = value_type(arguments[2].data_type);
    if !index.is_null() && Integer::of(index).is_none() {
        return Err(Refusal::of_type(2, "an integer", arguments[2].data_type));
    }
    Ok(Output::nullable(data_type))
}

/// NULL only where an argument may be.
fn strpos(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    exactly(arguments, 2)?;
    let data_type = length_type(&text(arguments, 0, Dictionaries::Unpacked)?);
    text(arguments, 1, Dictionaries::Unpacked)?;
    let nullable = arguments.iter().any(|argument| argument.nullable);
    Ok(Output { data_type, nullable, metadata: HashMap::new() })
}

fn substr(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    if !(2..=3).contains(&arguments.len()) {
        return Err(Refusal::count("2 or 3 arguments", arguments.len()));
    }
    let data_type = text(arguments, 0, Dictionaries::Unpacked)?;
    for (index, argument) in arguments.iter().enumerate().skip(1) {
        // Other integer types are refused by the engine.
        if !matches!(value_type(argument.data_type), DataType::Int64 | DataType::Int32 | DataType::Null) {
            return Err(Refusal::of_type(index, "int64 or int32", argument.data_type));
        }
    }
    Ok(Output::nullable(data_type))
}

/// A dictionary stays one only while nothing says what to trim.
fn trim(arguments: &[Argument<'_>]) -> Result<Output, Refusal> {
    match arguments.len() {
        1 => text(arguments, 0, Dictionaries::Kept).map(Output::nullable),
        2 => {
            let data_type = text(arguments, 0, Dictionaries::Unpacked)?;
            text(arguments, 1, Dictionaries::Unpacked)?;
            Ok(Output::nullable(data_type))
        }
        count => Err(Refusal::count("1 or 2 arguments", count)),
    }
}
