//! Specs as text, from the Arrow schema of a table and from what is proven of its rows.
//!
//! [`normalized`] makes of an Arrow schema one that specs can declare, with a list of what they cannot. [`Draft`] is a table with its row
//! views and constraints, and [`files`] gives its text: a catalog, a dataset, named types and views. The text has a comment with the
//! number of proven values or rows at each constraint.
//!
//! This crate reads no data and proves nothing: the command proposes constraints, proves them with `cstspec_verify`, and passes on those
//! that hold.

mod document;
mod draft;
mod existing;
mod extends;
mod name;
pub mod odcs;
mod proof;
pub mod refresh;
mod schema;
mod types;
mod yaml;

pub use document::files;
pub use draft::{Draft, ListView, Reference};
pub use existing::Existing;
pub use name::{Names, singular, word};
pub use proof::Proofs;
pub use schema::{Unsaid, normalized};
