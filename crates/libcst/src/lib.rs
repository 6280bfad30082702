//! The LibCST catalog: what a Python file's concrete syntax tree looks like as one wide nested table, and the views over it.
//!
//! Everything in [`generated`] is made from `specs/`, by `cargo build` or `cstspec generate`, and checked in: its diffs show what a
//! change of the specs means. A program that links this crate carries the contracts, the queries and the column names, and neither
//! a YAML parser nor a template engine.
//!
//! ```no_run
//! use cstspec_libcst::{catalog, generated::cst_refs, register_all};
//! use cstspec_runtime::{Location, Locations, Options, session};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let ctx = session(&catalog(), &Options::default())?;
//! let locations = Locations::from([("libcst_files_v1".to_owned(), Location::Url("files/".to_owned()))]);
//! register_all(&ctx, &locations).await?;
//! let refs = ctx.table(cst_refs::NAME).await?.select_columns(&[cst_refs::columns::REF_ID])?;
//! # Ok(())
//! # }
//! ```

#[rustfmt::skip]
pub mod generated;

pub use generated::{catalog, register_all};

/// A small table that LibCST and pyarrow wrote, as a Parquet file: twenty real Python files in the schema of `libcst_files_v1`.
/// `sample/README.md` says where they are from.
pub const SAMPLE: &[u8] = include_bytes!("../sample/libcst_files_v1.parquet");
