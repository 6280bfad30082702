//! What was done to read a file as the contract declares it.

use std::fmt;

use cstspec_contract::Path;
use schemars::JsonSchema;
use serde::Serialize;

/// One difference between a file and the contract that its evolution allows, and what was made of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Conversion {
    /// The column or nested field, as the contract spells its path; as the file does where only the file has it. Empty for the
    /// order of the columns themselves.
    pub path: Path,
    /// What differs.
    pub kind: ConversionKind,
    /// What the file has: a type, a name, or the order of names; `None` for what it lacks.
    pub from: Option<String>,
    /// What it is read as: a type, a name, an order, or the value that is filled in; `None` for what is not read.
    pub to: Option<String>,
    /// Why it is read so.
    pub reason: String,
}

/// What differs between a file and the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversionKind {
    /// The file lacks it: its default or NULL is filled in.
    Missing,
    /// Only the file has it: it is not read.
    Extra,
    /// The file has it under an older name.
    Renamed,
    /// The file has it in another type.
    Cast,
    /// The fields of a struct, or the columns, are in another order.
    Reordered,
    /// It may be NULL in the file and not in the contract.
    Nullable,
}

impl fmt::Display for ConversionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Renamed => "renamed",
            Self::Cast => "cast",
            Self::Reordered => "reordered",
            Self::Nullable => "nullable",
        })
    }
}
