//! `catalog.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::from_one;

/// A catalog: the name of the whole, and where its parts are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "catalog.yaml")]
pub struct CatalogSpec {
    /// The catalog's name.
    pub catalog: String,
    /// What it describes.
    #[serde(default)]
    pub doc: String,
    /// The catalog's own version, from 1.
    #[serde(deserialize_with = "from_one")]
    #[schemars(range(min = 1))]
    pub version: u32,
    /// The DataFusion version that the expectations are made with, in quotes.
    pub engine: String,
    /// The session preset that is applied unless another is asked for. Without it that is `built_in`, which pins what the types of
    /// views depend on.
    pub session: Option<String>,
    /// The folder that artifacts are written to, relative to this file. Without it nothing can be generated.
    pub out: Option<String>,
    /// The folders and files that belong to the catalog, relative to this file and inside its folder. Folders are read with
    /// everything below them.
    pub include: Vec<String>,
}
