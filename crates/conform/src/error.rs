//! Why an array cannot be read as the contract declares it.

use std::sync::Arc;

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use cstspec_contract::text::quoted_list;
use cstspec_contract::{Path, spelling};

/// Why an array cannot be read as the contract declares it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConformError {
    /// A field that the contract calls NOT NULL, or that may not be missing, and the file lacks.
    #[error("the file has no `{path}`, which the contract requires")]
    Missing {
        /// The field.
        path: Path,
    },
    /// A field that only the file has, where the contract refuses such.
    #[error("the file has an extra field `{path}`, which the contract refuses")]
    Extra {
        /// The field, as the file spells its path.
        path: Path,
    },
    /// Two types without an allowed conversion.
    #[error("{}, which allows no such conversion", differs(path, *elements, found, declared, "the file"))]
    Type {
        /// The field.
        path: Path,
        /// Whether it is the elements of the list at that path.
        elements: bool,
        /// Its type in the file.
        found: DataType,
        /// Its type in the contract.
        declared: DataType,
    },
    /// Several fields of the file of the one name that a field has in the contract, or had before.
    #[error("the file has {} where the contract has one `{path}`", several(names))]
    Ambiguous {
        /// The field.
        path: Path,
        /// Their names in the file: the field's own more than once, or older ones.
        names: Vec<String>,
    },
    /// A field nullable in the file and NOT NULL in the contract, where the contract refuses that.
    #[error("`{path}` is nullable in the file, and the contract refuses to read it as NOT NULL")]
    Nullable {
        /// The field.
        path: Path,
    },
    /// A default that is no value of its field.
    #[error("the default of `{path}` is not a valid {}: {reason}", spelling::short(declared))]
    Default {
        /// The field.
        path: Path,
        /// Its type in the contract.
        declared: DataType,
        /// The mismatch of value and type.
        reason: String,
    },
    /// A NULL where the contract says there is none.
    #[error("NULL in `{path}`, which the contract declares NOT NULL")]
    Null {
        /// The field.
        path: Path,
    },
    /// A value that the declared type cannot hold.
    #[error("`{value}` in `{path}` is not a valid {}: {reason}", spelling::short(declared))]
    Value {
        /// The field.
        path: Path,
        /// Its type in the contract.
        declared: DataType,
        /// The value, as the file has it.
        value: String,
        /// The error of the cast.
        reason: String,
    },
    /// One of these about a value inside a row, and where that is.
    #[error("{source}; it is `{place}`, counting from 0")]
    Inside {
        /// The place inside the row: `codes[3].instructions[17].opname`, `marks['lint'].level`. Elements count from 0.
        place: String,
        /// The error at that place.
        source: Box<ConformError>,
    },
    /// One of these about a row, and the values that name the row.
    #[error("{source}, where {key}")]
    OfRow {
        /// The row's key: `file_id = a.py`.
        key: String,
        /// The error in that row.
        source: Box<ConformError>,
    },
    /// An array that is not built as its type says.
    #[error("`{path}` cannot be rebuilt: {source}")]
    Array {
        /// The field.
        path: Path,
        /// The error of arrow.
        source: Arc<ArrowError>,
    },
}

/// ```text
/// `refs` is
/// elements of `refs` are
/// ```
pub fn is(path: &Path, elements: bool) -> String {
    if elements { format!("elements of `{path}` are") } else { format!("`{path}` is") }
}

/// ```text
/// `size` is utf8 in the file and int64 in the contract
/// ```
fn differs(path: &Path, elements: bool, found: &DataType, declared: &DataType, place: &str) -> String {
    let (declared, found) = spelling::difference(path, declared, found);
    format!("{} {found} in {place} and {declared} in the contract", is(path, elements))
}

/// ```text
/// 2 fields called `a`
/// the fields `b`, `c`
/// ```
pub fn several(names: &[String]) -> String {
    match names {
        [first, rest @ ..] if rest.iter().all(|name| name == first) => {
            format!("{} fields called `{first}`", names.len())
        }
        names => format!("the fields {}", quoted_list(names.iter().map(String::as_str))),
    }
}

impl ConformError {
    /// The same of a log, which declares what files store.
    pub fn of_log(&self) -> String {
        match self {
            Self::Type { path, elements, found, declared } => {
                format!("{}, which allows no such conversion", differs(path, *elements, found, declared, "the log"))
            }
            other => other.to_string(),
        }
    }

    /// The column or nested field that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path }
            | Self::Extra { path }
            | Self::Type { path, .. }
            | Self::Ambiguous { path, .. }
            | Self::Nullable { path }
            | Self::Default { path, .. }
            | Self::Null { path }
            | Self::Value { path, .. }
            | Self::Array { path, .. } => path,
            Self::Inside { source, .. } | Self::OfRow { source, .. } => source.path(),
        }
    }

    /// The error without its place.
    pub fn cause(&self) -> &Self {
        match self {
            Self::Inside { source, .. } | Self::OfRow { source, .. } => source.cause(),
            other => other,
        }
    }

    /// The remedy.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "write the field into the file, or give it a `default` or `nullable: true` in the spec"
            }
            Self::Extra { .. } => "remove the field from the file, declare it, or set `evolution.extra` to `warn`",
            Self::Type { .. } => "rewrite the file with the declared type, or declare a type that holds both",
            Self::Ambiguous { .. } => "rewrite the file with one field of that name",
            Self::Nullable { .. } => "write the field as NOT NULL, or set `evolution.nullability` to `relax`",
            Self::Default { .. } => "write a default of the field's type",
            Self::Null { .. } => "correct the row, or declare the field nullable",
            Self::Value { .. } => "correct the value, or declare a type that holds it",
            Self::Inside { source, .. } | Self::OfRow { source, .. } => source.remedy(),
            Self::Array { .. } => "rewrite the file: its arrays contradict their own types",
        }
    }
}
