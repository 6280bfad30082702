//! Declared signatures against the types of arguments.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field};
use cstspec_contract::{Family, Pattern, Signature, list_child, map_fields, types};

use crate::engine::cast::{castable, coerced_into};
use crate::engine::coercion::{self, Purpose};
use crate::engine::integer::Integer;
use crate::engine::value_type;

/// Bindings of the type variables of a signature.
pub(super) type Bindings = BTreeMap<String, DataType>;

/// Why no signature fits.
pub(super) enum Misfit {
    /// None takes as many arguments.
    Count,
    /// The first with the right count does not take this argument.
    Type { argument: usize, expected: String },
}

/// The first signature that takes arguments of these types.
pub(super) fn fit<'a>(signatures: &'a [Signature], types: &[&DataType]) -> Result<(&'a Signature, Bindings), Misfit> {
    let mut misfit = Misfit::Count;
    for signature in signatures {
        let Some(patterns) = signature.patterns(types.len()) else { continue };
        let mut bindings = Bindings::new();
        let odd =
            patterns.iter().zip(types).position(|(pattern, data_type)| !matches(pattern, data_type, &mut bindings));
        match odd {
            None => return Ok((signature, bindings)),
            Some(argument) if matches!(misfit, Misfit::Count) => {
                misfit = Misfit::Type { argument, expected: patterns[argument].to_string() };
            }
            Some(_) => {}
        }
    }
    Err(misfit)
}

fn matches(pattern: &Pattern, data_type: &DataType, bindings: &mut Bindings) -> bool {
    match pattern {
        Pattern::Any | Pattern::Dependent => true,
        Pattern::Type(exact) => {
            exact.equals_datatype(data_type) || (coerced_into(exact, data_type) && castable(data_type, exact))
        }
        Pattern::Variable(name) => bind(name, data_type, bindings),
        _ if data_type.is_null() => true,
        Pattern::Family(family) => in_family(*family, data_type),
        Pattern::List(item) => list_child(data_type).is_some_and(|field| matches(item, field.data_type(), bindings)),
        Pattern::Map(key, value) => match data_type {
            DataType::Map(entries, _) => map_fields(entries).is_some_and(|(key_field, value_field)| {
                matches(key, key_field.data_type(), bindings) && matches(value, value_field.data_type(), bindings)
            }),
            _ => false,
        },
        Pattern::Struct(patterns) => match data_type {
            DataType::Struct(fields) => {
                fields.len() == patterns.len()
                    && fields.iter().zip(patterns).all(|(field, (name, pattern))| {
                        field.name() == name && matches(pattern, field.data_type(), bindings)
                    })
            }
            _ => false,
        },
        Pattern::OneOf(patterns) => patterns.iter().any(|pattern| {
            let mut attempt = bindings.clone();
            let fits = matches(pattern, data_type, &mut attempt);
            if fits {
                *bindings = attempt;
            }
            fits
        }),
    }
}

/// Binds a variable, or widens what it stands for.
fn bind(name: &str, data_type: &DataType, bindings: &mut Bindings) -> bool {
    let bound = match bindings.get(name) {
        Some(bound) => coercion::common_arguments(&[bound.clone(), data_type.clone()])
            .or_else(|| coercion::common(bound, data_type, Purpose::Compare)),
        None => Some(data_type.clone()),
    };
    match bound {
        Some(bound) => {
            bindings.insert(name.to_owned(), bound);
            true
        }
        None => false,
    }
}

fn in_family(family: Family, data_type: &DataType) -> bool {
    let value = value_type(data_type);
    match family {
        Family::Integer => Integer::of(value).is_some(),
        Family::Numeric => value.is_numeric(),
        Family::String => value.is_string(),
        Family::Struct => matches!(value, DataType::Struct(_)),
        Family::Map => matches!(value, DataType::Map(..)),
        Family::List => list_child(data_type).is_some(),
    }
}

/// The type that a pattern spells with its variables bound; `None` where it spells none.
///
/// Children that a pattern cannot mark (`list<V>`) may be NULL.
pub(super) fn instantiate(pattern: &Pattern, bindings: &Bindings) -> Option<DataType> {
    match pattern {
        Pattern::Type(data_type) => Some(data_type.clone()),
        Pattern::Variable(name) => bindings.get(name).cloned(),
        Pattern::List(item) => instantiate(item, bindings).map(types::list),
        Pattern::Map(key, value) => Some(types::map(instantiate(key, bindings)?, instantiate(value, bindings)?)),
        Pattern::Struct(patterns) => {
            let fields: Option<Vec<Arc<Field>>> = patterns
                .iter()
                .map(|(name, pattern)| Some(Arc::new(Field::new(name, instantiate(pattern, bindings)?, true))))
                .collect();
            Some(DataType::Struct(fields?.into()))
        }
        Pattern::Any | Pattern::Family(_) | Pattern::OneOf(_) | Pattern::Dependent => None,
    }
}
