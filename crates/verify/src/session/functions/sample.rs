//! Types that a signature's patterns stand for, to call a function with.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::{DataType, Fields, TimeUnit};
use cstspec_contract::types::{large_list, list, map, nullable, structure};
use cstspec_contract::{Family, Pattern, Signature, list_child, map_fields};

/// The types of a signature's type variables in one call.
pub type Bindings = BTreeMap<String, DataType>;

/// The name of a field that every sample struct has: a constant argument may ask for it.
pub const FIELD: &str = "a";

/// In how many ways a pattern with several meanings is tried.
pub const ROUNDS: usize = 4;

/// The numbers of arguments that a signature is tried with: each that its parameters allow, and up to two groups of the rest.
pub fn counts(signature: &Signature) -> Vec<usize> {
    let fixed = signature.parameters.len();
    let more = signature.rest.as_ref().map_or(0, |rest| rest.len() * 2);
    (0..=fixed + more).filter(|count| signature.patterns(*count).is_some()).collect()
}

/// The variables of a signature for one round: maps cannot have every type as their key, so neither can what stands for one.
pub fn bindings(signature: &Signature, round: usize) -> Bindings {
    let mut variables = BTreeSet::new();
    let mut keys = BTreeSet::new();
    let parameters = signature.parameters.iter().map(|parameter| &parameter.pattern);
    for pattern in parameters.chain(signature.rest.iter().flatten()) {
        collect(pattern, false, &mut variables, &mut keys);
    }
    let any = [DataType::Utf8, DataType::Int64, DataType::Float64, record()];
    let plain = [DataType::Int64, DataType::Utf8, DataType::Int32];
    variables
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let samples: &[DataType] = if keys.contains(name) { &plain } else { &any };
            (name.to_owned(), samples[(round + index) % samples.len()].clone())
        })
        .collect()
}

fn collect<'a>(pattern: &'a Pattern, in_key: bool, variables: &mut BTreeSet<&'a str>, keys: &mut BTreeSet<&'a str>) {
    match pattern {
        Pattern::Variable(name) => {
            variables.insert(name);
            if in_key {
                keys.insert(name);
            }
        }
        Pattern::List(item) => collect(item, in_key, variables, keys),
        Pattern::Map(key, value) => {
            collect(key, true, variables, keys);
            collect(value, in_key, variables, keys);
        }
        Pattern::Struct(fields) => {
            for (_, pattern) in fields {
                collect(pattern, in_key, variables, keys);
            }
        }
        Pattern::OneOf(patterns) => {
            for pattern in patterns {
                collect(pattern, in_key, variables, keys);
            }
        }
        Pattern::Any | Pattern::Type(_) | Pattern::Family(_) | Pattern::Dependent => {}
    }
}

/// A type that `pattern` takes.
pub fn instance(pattern: &Pattern, bindings: &Bindings, round: usize) -> DataType {
    match pattern {
        Pattern::Any | Pattern::Dependent => pick(&[DataType::Int64, DataType::Utf8, record(), list(record())], round),
        Pattern::Type(data_type) => data_type.clone(),
        Pattern::Family(family) => pick(&family_samples(*family), round),
        Pattern::Variable(name) => bindings.get(name).cloned().unwrap_or(DataType::Utf8),
        Pattern::List(item) => list(instance(item, bindings, round)),
        Pattern::Map(key, value) => map(instance(key, bindings, round), instance(value, bindings, round)),
        Pattern::Struct(fields) => {
            let fields = fields.iter().map(|(name, pattern)| nullable(name, instance(pattern, bindings, round)));
            DataType::Struct(fields.collect())
        }
        Pattern::OneOf(patterns) => match patterns.get(round % patterns.len().max(1)) {
            Some(chosen) => instance(chosen, bindings, round / patterns.len()),
            None => DataType::Null,
        },
    }
}

fn pick(samples: &[DataType], round: usize) -> DataType {
    samples[round % samples.len()].clone()
}

/// Every family has at least one sample.
fn family_samples(family: Family) -> Vec<DataType> {
    let text = DataType::Utf8;
    match family {
        Family::Integer => vec![DataType::Int64, DataType::Int32, DataType::UInt64, DataType::UInt8],
        Family::Numeric => vec![DataType::Int64, DataType::Float64, DataType::Decimal128(12, 2), DataType::UInt32],
        Family::String => vec![DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View],
        Family::Struct => vec![record(), structure([nullable(FIELD, record())])],
        Family::Map => vec![map(text.clone(), text.clone()), map(text, record())],
        Family::List => vec![list(DataType::Int64), list(record()), large_list(DataType::Utf8), list(list(text))],
    }
}

/// A struct with a field called [`FIELD`].
fn record() -> DataType {
    structure([nullable(FIELD, DataType::Int64), nullable("b", DataType::Utf8)])
}

/// Types of every kind, so that what a function should refuse can be chosen from them. Those that the engine never coerces from
/// come first.
pub fn kinds() -> Vec<DataType> {
    vec![
        structure([nullable("x", DataType::Int64)]),
        map(DataType::Utf8, DataType::Int64),
        list(DataType::Int64),
        DataType::Boolean,
        DataType::Int64,
        DataType::Float64,
        DataType::Utf8,
        DataType::Binary,
        DataType::Date32,
        DataType::Timestamp(TimeUnit::Nanosecond, None),
    ]
}

/// Whether `data_type` is one that `pattern` stands for. Types that the engine's planner freely exchanges are one here: texts,
/// integers, floats, and so on.
pub fn fits(pattern: &Pattern, data_type: &DataType, bindings: &mut Bindings) -> bool {
    match pattern {
        Pattern::Any | Pattern::Dependent => true,
        Pattern::Type(exact) => alike(exact, data_type),
        Pattern::Variable(name) => alike(bindings.entry(name.clone()).or_insert_with(|| data_type.clone()), data_type),
        Pattern::Family(family) => match family {
            Family::Integer => data_type.is_integer(),
            Family::Numeric => data_type.is_numeric(),
            Family::String => data_type.is_string(),
            Family::Struct => matches!(data_type, DataType::Struct(_)),
            Family::Map => matches!(data_type, DataType::Map(..)),
            Family::List => list_child(data_type).is_some(),
        },
        Pattern::List(item) => list_child(data_type).is_some_and(|child| fits(item, child.data_type(), bindings)),
        Pattern::Map(key, value) => match data_type {
            DataType::Map(entries, _) => map_fields(entries).is_some_and(|(key_field, value_field)| {
                fits(key, key_field.data_type(), bindings) && fits(value, value_field.data_type(), bindings)
            }),
            _ => false,
        },
        Pattern::Struct(patterns) => match data_type {
            DataType::Struct(fields) => {
                fields.len() == patterns.len()
                    && fields.iter().zip(patterns).all(|(field, (name, pattern))| {
                        field.name() == name && fits(pattern, field.data_type(), bindings)
                    })
            }
            _ => false,
        },
        Pattern::OneOf(patterns) => patterns.iter().any(|pattern| {
            let mut attempt = bindings.clone();
            let fit = fits(pattern, data_type, &mut attempt);
            if fit {
                *bindings = attempt;
            }
            fit
        }),
    }
}

/// Whether some signature takes arguments of these types.
pub fn taken(signatures: &[Signature], types: &[DataType]) -> bool {
    signatures.iter().any(|signature| {
        let mut bindings = Bindings::new();
        signature.patterns(types.len()).is_some_and(|patterns| {
            patterns.iter().zip(types).all(|(pattern, data_type)| fits(pattern, data_type, &mut bindings))
        })
    })
}

/// Whether two types are of one kind.
fn alike(left: &DataType, right: &DataType) -> bool {
    left.is_string() && right.is_string()
        || left.is_integer() && right.is_integer()
        || left.is_floating() && right.is_floating()
        || left.is_binary() && right.is_binary()
        || list_child(left).is_some() && list_child(right).is_some()
        || std::mem::discriminant(left) == std::mem::discriminant(right)
}

/// The output type that a signature promises for these variables; `None` where it leaves it to the engine.
pub fn output(pattern: &Pattern, bindings: &Bindings) -> Option<DataType> {
    match pattern {
        Pattern::Type(data_type) => Some(data_type.clone()),
        Pattern::Variable(name) => bindings.get(name).cloned(),
        Pattern::List(item) => output(item, bindings).map(list),
        Pattern::Map(key, value) => Some(map(output(key, bindings)?, output(value, bindings)?)),
        Pattern::Struct(fields) => fields
            .iter()
            .map(|(name, pattern)| Some(nullable(name, output(pattern, bindings)?)))
            .collect::<Option<Fields>>()
            .map(DataType::Struct),
        Pattern::Any | Pattern::Family(_) | Pattern::OneOf(_) | Pattern::Dependent => None,
    }
}
