//! The vocabulary of cstspec, as plain types over `arrow-schema`.
//!
//! A [`Catalog`] is every spec resolved and typed: plain data, sorted, with no reference left to follow. It is the one
//! intermediate model: `spec` builds it from YAML, generated code builds an equal one, `codegen` prints it, and `runtime`
//! holds it against an engine and its data.
//!
//! This crate does no I/O, reads no YAML and knows no engine.

pub mod artifact;
mod boundary;
mod catalog;
mod dataset;
pub mod definition;
pub mod describe;
mod evolution;
mod fields;
mod finding;
mod function;
mod likeness;
mod origin;
mod path;
pub mod prelude;
pub mod report;
pub mod schema;
mod session;
pub mod spelling;
pub mod sql;
mod statement;
pub mod text;
pub mod types;
mod value;
mod view;

pub use boundary::Boundary;
pub use catalog::{Catalog, Relation};
pub use dataset::{AllowedValues, Constraints, Dataset, DefaultValue, OrderScope, Ordering, Reference, Scan, SortKey};
pub use evolution::{CastPolicy, Evolution, ExtraPolicy, MissingPolicy, NullabilityPolicy, PathPolicy, PolicyKey};
pub use fields::{
    TypeFields, columns_of, diagnosis_columns, kept_columns, row_columns, sources_of, structure_from, unnested,
};
pub use finding::{DataPlace, Finding, Rule, Severity, SpecPlace};
pub use function::{Family, Function, FunctionKind, NullRule, Parameter, Pattern, Provider, Signature};
pub use likeness::{Likeness, did_you_mean, likeness, nearest};
pub use origin::{NestedOrigins, Origin};
pub use path::{Path, PathError, list_child, map_fields, with_list_child};
pub use schema::Column;
pub use session::{OWN_SETTINGS, Session, Setting, inherit};
pub use statement::Statement;
pub use value::Value;
pub use view::{ColumnSource, View, ViewBody};
