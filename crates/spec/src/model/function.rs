//! Expected functions.

use std::borrow::Cow;

use cstspec_contract::{FunctionKind, NullRule, Provider};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::value::WordOrList;

/// Functions that the catalog expects of the engine, and the only ones that expressions may use.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "functions")]
pub struct FunctionsSpec {
    /// The functions by name.
    pub functions: IndexMap<String, FunctionSpec>,
}

/// One expected function.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunctionSpec {
    /// The forms it is called in: `map_extract(map<K, V>, K) -> list<V>`.
    pub signatures: Vec<String>,
    /// When the output may be NULL, as the engine reports it: a word, or the numbers, from 1, of the arguments that decide it. `always`
    /// unless written.
    #[serde(default)]
    pub nulls: NullsSpec,
    /// What the engine has under the name. `scalar` unless written.
    #[serde(default)]
    pub kind: FunctionKind,
    /// Who registers it. `engine` unless written.
    #[serde(default)]
    pub provider: Provider,
    /// What it computes.
    #[serde(default)]
    pub doc: String,
}

/// When an output may be NULL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NullsWord {
    /// Whatever the arguments.
    #[default]
    Always,
    /// Where an argument may be NULL.
    Propagate,
    /// Never.
    Never,
}

/// When an output may be NULL: a word, or the arguments that decide it.
pub type NullsSpec = WordOrList<NullsWord, ArgumentNumber>;

impl Default for NullsSpec {
    fn default() -> Self {
        Self::Word(NullsWord::default())
    }
}

/// The number of an argument, from 1. As written it may be any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ArgumentNumber(pub i128);

impl JsonSchema for ArgumentNumber {
    fn schema_name() -> Cow<'static, str> {
        "ArgumentNumber".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1 })
    }
}

impl From<NullsWord> for NullRule {
    fn from(word: NullsWord) -> Self {
        match word {
            NullsWord::Always => Self::Always,
            NullsWord::Propagate => Self::Propagate,
            NullsWord::Never => Self::Never,
        }
    }
}
