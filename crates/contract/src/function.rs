//! Functions that a catalog expects of the engine.

use std::fmt;

use arrow_schema::DataType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Origin, spelling};

/// A function that views use, with the signatures it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The name it is called by.
    pub name: String,
    /// What it computes.
    pub doc: String,
    /// Where it was written.
    pub origin: Origin,
    /// The kind of function that the engine must have under the name.
    pub kind: FunctionKind,
    /// Who registers it.
    pub provider: Provider,
    /// The forms it may be called in; the first that fits is used.
    pub signatures: Vec<Signature>,
}

/// The kinds of functions that a catalog may expect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FunctionKind {
    /// One value per row.
    #[default]
    Scalar,
    /// One value per group.
    Aggregate,
    /// One value per row, from a window.
    Window,
    /// `unnest`: no function to the engine, but a plan node.
    Unnest,
}

/// Who registers a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// DataFusion itself.
    #[default]
    Engine,
    /// cstspec's runtime.
    Runtime,
    /// The host program.
    Host,
}

/// One form of calling a function: `map_extract(map<K, V>, K) -> list<V>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The fixed parameters, those that may be left out last.
    pub parameters: Vec<Parameter>,
    /// The type of any number of further arguments, zero included; `None` takes no more.
    pub rest: Option<Vec<Pattern>>,
    /// The output type.
    pub returns: Pattern,
    /// When the output may be NULL.
    pub nulls: NullRule,
}

impl Signature {
    /// One pattern per argument of a call with `count` arguments, or `None` when the signature does not take as many.
    pub fn patterns(&self, count: usize) -> Option<Vec<&Pattern>> {
        let fixed = &self.parameters;
        let least = fixed.iter().take_while(|parameter| !parameter.optional).count();
        if count < least {
            return None;
        }
        let mut patterns: Vec<&Pattern> = fixed.iter().take(count).map(|parameter| &parameter.pattern).collect();
        let more = count - patterns.len();
        if more > 0 {
            let rest = self.rest.as_ref().filter(|rest| !rest.is_empty() && more.is_multiple_of(rest.len()))?;
            patterns.extend(rest.iter().cycle().take(more));
        }
        Some(patterns)
    }

    /// How many arguments have a number of their own: those of the fixed parameters, and one group of the further ones.
    pub fn numbered(&self) -> usize {
        self.parameters.len() + self.rest.as_ref().map_or(0, Vec::len)
    }

    /// Whether the output of a call may be NULL whose arguments, in order, may be NULL where `arguments` is true.
    pub fn may_be_null(&self, arguments: &[bool]) -> bool {
        match &self.nulls {
            NullRule::Always => true,
            NullRule::Propagate => arguments.contains(&true),
            NullRule::Never => false,
            NullRule::Arguments(numbers) => {
                let fixed = self.parameters.len();
                let group = self.rest.as_ref().map_or(1, |rest| rest.len().max(1));
                arguments.iter().enumerate().filter(|(_, is_nullable)| **is_nullable).any(|(index, _)| {
                    let place = if index < fixed { index } else { fixed + (index - fixed) % group };
                    u32::try_from(place + 1).is_ok_and(|number| numbers.contains(&number))
                })
            }
        }
    }
}

/// One parameter of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The types it takes.
    pub pattern: Pattern,
    /// It may be left out, with those after it.
    pub optional: bool,
}

/// A set of types, with variables that stand for the same type wherever they appear in one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Every type: `any`.
    Any,
    /// Exactly this type, or one that the engine coerces to it.
    Type(DataType),
    /// Every type of a family: `numeric`, `struct`.
    Family(Family),
    /// A type variable: `K`.
    Variable(String),
    /// `list<P>`.
    List(Box<Pattern>),
    /// `map<P, P>`.
    Map(Box<Pattern>, Box<Pattern>),
    /// `struct<name: P, ...>`.
    Struct(Vec<(String, Pattern)>),
    /// Any of these: `struct | map`.
    OneOf(Vec<Pattern>),
    /// As an output: decided by the values of literal arguments, by the engine's own rule for this function: `?`.
    Dependent,
}

/// Families of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Every integer type.
    Integer,
    /// Integers, floats and decimals.
    Numeric,
    /// `utf8`, `large_utf8`, `utf8_view`.
    String,
    /// Every struct.
    Struct,
    /// Every map.
    Map,
    /// Every kind of list.
    List,
}

impl Family {
    /// The families with the names specs give them.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("integer", Self::Integer),
        ("numeric", Self::Numeric),
        ("string", Self::String),
        ("struct", Self::Struct),
        ("map", Self::Map),
        ("list", Self::List),
    ];
}

/// When a function's output may be NULL, as the engine reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NullRule {
    /// Always, whatever the arguments.
    #[default]
    Always,
    /// Where an argument may be NULL.
    Propagate,
    /// Never.
    Never,
    /// Where one of these arguments may be NULL. They are numbered from 1, sorted, and each is there once; arguments that repeat have the
    /// numbers of their first group.
    Arguments(Vec<u32>),
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Type(data_type) => f.write_str(&spelling::data_type(data_type)),
            Self::Family(family) => {
                let name = Family::NAMES.iter().find(|(_, known)| known == family).map_or("", |(name, _)| name);
                f.write_str(name)
            }
            Self::Variable(name) => f.write_str(name),
            Self::List(item) => write!(f, "list<{item}>"),
            Self::Map(key, value) => write!(f, "map<{key}, {value}>"),
            Self::Struct(fields) => {
                f.write_str("struct<")?;
                for (index, (name, pattern)) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{name}: {pattern}")?;
                }
                f.write_str(">")
            }
            Self::OneOf(patterns) => {
                for (index, pattern) in patterns.iter().enumerate() {
                    let bar = if index == 0 { "" } else { " | " };
                    write!(f, "{bar}{pattern}")?;
                }
                Ok(())
            }
            Self::Dependent => f.write_str("?"),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (index, parameter) in self.parameters.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let mark = if parameter.optional { "?" } else { "" };
            write!(f, "{comma}{}{mark}", parameter.pattern)?;
        }
        if let Some(rest) = &self.rest {
            let comma = if self.parameters.is_empty() { "" } else { ", " };
            let group = rest.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            match rest.len() {
                1 => write!(f, "{comma}{group}...")?,
                _ => write!(f, "{comma}({group})...")?,
            }
        }
        write!(f, ") -> {}", self.returns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arguments that repeat have the numbers of their first group.
    #[test]
    fn repeated_arguments_numbered() {
        let parameter = |optional| Parameter { pattern: Pattern::Any, optional };
        let signature = |fixed: &[bool], group: usize, numbers: &[u32]| Signature {
            parameters: fixed.iter().map(|optional| parameter(*optional)).collect(),
            rest: (group > 0).then(|| vec![Pattern::Any; group]),
            returns: Pattern::Any,
            nulls: NullRule::Arguments(numbers.to_vec()),
        };
        let lone = |signature: &Signature, count: usize| -> Vec<usize> {
            let alone = |nullable: usize| (0..count).map(|index| index == nullable).collect::<Vec<bool>>();
            (0..count).filter(|index| signature.may_be_null(&alone(*index))).collect()
        };
        for (signature, count, expected) in [
            (signature(&[false, false], 0, &[2]), 2, vec![1]),
            (signature(&[false, false, true], 0, &[1, 3]), 3, vec![0, 2]),
            (signature(&[false, false, true], 0, &[1, 3]), 2, vec![0]),
            (signature(&[false], 1, &[2]), 4, vec![1, 2, 3]),
            (signature(&[false], 1, &[1]), 4, vec![0]),
            (signature(&[false], 2, &[3]), 5, vec![2, 4]),
            (signature(&[], 2, &[1]), 4, vec![0, 2]),
        ] {
            assert_eq!(lone(&signature, count), expected, "{signature} of {count}, {:?}", signature.nulls);
            assert!(!signature.may_be_null(&vec![false; count]));
            assert!(signature.may_be_null(&vec![true; count]));
        }
        assert_eq!(signature(&[false], 2, &[]).numbered(), 3);
    }
}
