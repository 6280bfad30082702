//! The generated Rust: literals that rebuild the catalog, laid out in modules by templates, formatted by a pinned library.

mod data_type;
mod format;
mod literal;
mod model;
mod module;
mod name;

pub(crate) use format::format;
pub(crate) use module::{dataset, list, modules, sessions, view};
pub(crate) use name::{Named, artifacts};
