//! Expected functions.

use cstspec_contract::{FunctionKind, NullRule, Provider};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

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
    /// When the output may be NULL, as the engine reports it. `always` unless written.
    #[serde(default)]
    pub nulls: NullsWord,
    /// What the engine has under the name. `scalar` unless written.
    #[serde(default)]
    pub kind: KindWord,
    /// Who registers it. `engine` unless written.
    #[serde(default)]
    pub provider: ProviderWord,
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

/// The kinds of functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindWord {
    /// One value per row.
    #[default]
    Scalar,
    /// One value per group.
    Aggregate,
    /// One value per row, from a window.
    Window,
    /// A plan node rather than a function.
    Unnest,
}

/// Who registers a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderWord {
    /// DataFusion.
    #[default]
    Engine,
    /// The runtime of cstspec.
    Runtime,
    /// The host program.
    Host,
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

impl From<KindWord> for FunctionKind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::Scalar => Self::Scalar,
            KindWord::Aggregate => Self::Aggregate,
            KindWord::Window => Self::Window,
            KindWord::Unnest => Self::Unnest,
        }
    }
}

impl From<ProviderWord> for Provider {
    fn from(word: ProviderWord) -> Self {
        match word {
            ProviderWord::Engine => Self::Engine,
            ProviderWord::Runtime => Self::Runtime,
            ProviderWord::Host => Self::Host,
        }
    }
}
