//! Session presets.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::value::ScalarText;

/// A preset of engine settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "session")]
pub struct SessionSpec {
    /// The preset's name.
    pub session: String,
    /// What it is for.
    #[serde(default)]
    pub doc: String,
    /// Presets whose settings are taken over; a later one wins, and `settings` win over all.
    #[serde(default)]
    pub extends: Vec<String>,
    /// Settings by the engine's name for them.
    #[serde(default)]
    pub settings: IndexMap<String, ScalarText>,
}
