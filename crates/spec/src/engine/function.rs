//! The engine's own functions: what arguments they take, and the type and nullability of what they return.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields};
use cstspec_contract::{map_fields, spelling};

use super::cast::{castable, coerced_into, constant_fits};
use super::coercion::{self, Purpose};
use super::{function_array, function_text};

/// A constant in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Boolean(bool),
    /// A number, as it is written.
    Number(String),
    /// `'text'`
    Text(String),
    /// An interval, as it is written.
    Interval(String),
    /// `X'00ff'`, its digits.
    Bytes(String),
}

/// One argument of a call.
#[derive(Clone, Copy, Debug)]
pub struct Argument<'a> {
    /// Its type.
    pub data_type: &'a DataType,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Its metadata.
    pub metadata: &'a HashMap<String, String>,
    /// Its value, when it is a constant. A cast of a constant is none.
    pub literal: Option<&'a Literal>,
}

impl Argument<'_> {
    /// The text of a constant text argument that is not empty.
    pub fn text(&self) -> Option<&str> {
        match self.literal {
            Some(Literal::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

/// What a call returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The type.
    pub data_type: DataType,
    /// Whether it may be NULL, as the engine reports it.
    pub nullable: bool,
    /// Metadata of the output field.
    pub metadata: HashMap<String, String>,
}

impl Output {
    /// An output that may be NULL and has no metadata: what most functions of the engine report, whatever their arguments.
    pub fn nullable(data_type: DataType) -> Self {
        Self { data_type, nullable: true, metadata: HashMap::new() }
    }

    fn of_field(field: &Field) -> Self {
        Self { data_type: field.data_type().clone(), nullable: field.is_nullable(), metadata: field.metadata().clone() }
    }
}

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of mistake it is.
    pub reason: Reason,
    /// The argument at fault, from 0; `None` for the call as a whole.
    pub argument: Option<usize>,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub observed: String,
}

/// Kinds of mistakes in calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Too many or too few arguments.
    Count,
    /// An argument of a type that the function does not take.
    Type,
    /// An argument whose value the function cannot use, or that must be a constant.
    Value,
    /// A struct without the field.
    Field,
}

impl Refusal {
    /// A wrong number of arguments.
    pub fn count(expected: &str, observed: usize) -> Self {
        Self {
            reason: Reason::Count,
            argument: None,
            expected: expected.to_owned(),
            observed: format!("{observed} argument{}", if observed == 1 { "" } else { "s" }),
        }
    }

    /// An argument of a wrong type.
    pub fn of_type(argument: usize, expected: &str, observed: &DataType) -> Self {
        Self {
            reason: Reason::Type,
            argument: Some(argument),
            expected: expected.to_owned(),
            observed: spelling::short(observed),
        }
    }

    /// An argument of a wrong value.
    pub fn value(argument: usize, expected: &str, observed: impl Into<String>) -> Self {
        Self {
            reason: Reason::Value,
            argument: Some(argument),
            expected: expected.to_owned(),
            observed: observed.into(),
        }
    }
}

/// What a call of the function `name` returns, by the engine's own rule. `None` when there is no rule here for the name.
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

/// The only argument.
pub(super) fn one<'a, 'b>(arguments: &'b [Argument<'a>]) -> Result<&'b Argument<'a>, Refusal> {
    match arguments {
        [argument] => Ok(argument),
        _ => Err(Refusal::count("1 argument", arguments.len())),
    }
}

/// The only two arguments.
pub(super) fn two<'a, 'b>(arguments: &'b [Argument<'a>]) -> Result<(&'b Argument<'a>, &'b Argument<'a>), Refusal> {
    match arguments {
        [first, second] => Ok((first, second)),
        _ => Err(Refusal::count("2 arguments", arguments.len())),
    }
}

/// Refuses the argument at `index` unless the engine turns it into exactly `parameter`.
pub(super) fn takes(arguments: &[Argument<'_>], index: usize, parameter: &DataType) -> Result<(), Refusal> {
    let data_type = arguments[index].data_type;
    if coerced_into(parameter, data_type) && castable(data_type, parameter) {
        Ok(())
    } else {
        Err(Refusal::of_type(index, &spelling::short(parameter), data_type))
    }
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

/// Refuses a constant text among the arguments that does not convert to the type they are brought to.
pub(super) fn constants_fit(arguments: &[Argument<'_>], data_type: &DataType) -> Result<(), Refusal> {
    for (index, argument) in arguments.iter().enumerate() {
        if let Some(Literal::Text(text)) = argument.literal
            && !constant_fits(text, data_type)
        {
            return Err(Refusal::value(
                index,
                &format!("a text that converts to {}", spelling::short(data_type)),
                format!("'{text}'"),
            ));
        }
    }
    Ok(())
}

/// The type that all arguments are brought to.
pub(super) fn common_type(arguments: &[Argument<'_>]) -> Result<DataType, Refusal> {
    let types: Vec<DataType> = arguments.iter().map(|argument| argument.data_type.clone()).collect();
    let common = common_structs(&types).or_else(|| coercion::common_arguments(&types));
    let odd = match &common {
        Some(common) => types.iter().position(|data_type| !castable(data_type, common)),
        None => types
            .iter()
            .position(|data_type| coercion::common_arguments(&[types[0].clone(), data_type.clone()]).is_none())
            .or(Some(types.len() - 1)),
    };
    match (common, odd) {
        (Some(common), None) => constants_fit(arguments, &common).map(|()| common),
        (_, odd) => {
            let odd = odd.unwrap_or_default();
            Err(Refusal::of_type(odd, &format!("a type that goes with {}", spelling::short(&types[0])), &types[odd]))
        }
    }
}

/// Structs of the same names in the same order: the first one's fields, each brought to a common type.
fn common_structs(types: &[DataType]) -> Option<DataType> {
    let mut structs = types.iter().map(|data_type| match data_type {
        DataType::Struct(fields) => Some(fields),
        _ => None,
    });
    let first = structs.next()??;
    let mut common: Vec<DataType> = first.iter().map(|field| field.data_type().clone()).collect();
    for fields in structs {
        let fields = fields?;
        if fields.len() != first.len() || fields.iter().zip(first).any(|(field, same)| field.name() != same.name()) {
            return None;
        }
        for (common, field) in common.iter_mut().zip(fields) {
            *common = coercion::common(common, field.data_type(), Purpose::Arguments)?;
        }
    }
    let fields = first.iter().zip(common);
    Some(DataType::Struct(
        fields.map(|(field, data_type)| Arc::new(field.as_ref().clone().with_data_type(data_type))).collect(),
    ))
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
