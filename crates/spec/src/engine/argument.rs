//! Arguments of functions: constants, counts, common types, and the refusal of those that do not fit.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field};
use cstspec_contract::spelling;

use super::cast::{castable, coerced_into, constant_fits};
use super::coercion::{self, Purpose};

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

/// The result of a call.
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

    pub(super) fn of_field(field: &Field) -> Self {
        Self { data_type: field.data_type().clone(), nullable: field.is_nullable(), metadata: field.metadata().clone() }
    }
}

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of mistake.
    pub reason: Reason,
    /// The argument at fault, from 0; `None` for the call as a whole.
    pub argument: Option<usize>,
    /// The expected type or value.
    pub expected: String,
    /// The observed type or value.
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
