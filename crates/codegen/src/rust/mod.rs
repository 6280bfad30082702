//! The generated Rust: literals that rebuild the catalog, laid out in modules by templates, formatted by a pinned library.

mod columns;
mod data_type;
mod format;
mod literal;
mod model;
mod module;
mod name;
mod relation;
mod types;

pub(crate) use columns::Context;
pub(crate) use format::format;
pub(crate) use module::{boundaries, dataset, list, modules, sessions, types, view};
pub use name::is_package_name;
pub(crate) use name::{Named, artifacts};
