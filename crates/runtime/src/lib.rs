//! A catalog in a DataFusion session: pinned settings, registered relations, scans of real files, and answers of the engine.
//!
//! [`session()`] pins the settings, [`register`](register()) registers the catalog's relations and statements, and
//! [`observe`](observe()) returns the engine's description of a relation. `cstspec_verify` compares all of it with the catalog.
//!
//! The session is the authority on the actual state, the catalog on the intended one. Nothing is inferred from payloads or repaired in
//! silence, and no data is written. This crate reads no YAML, renders no template and judges nothing. The modules are rooms in one
//! order (`tests/suite/walls/tables.rs`).

pub mod boundary;
mod clock;
mod config;
pub mod constraint;
pub mod display;
mod engine;
mod error;
pub mod files;
pub mod fingerprint;
pub mod functions;
pub mod guard;
pub mod limits;
mod location;
pub mod manifest;
pub mod names;
pub mod observe;
mod optimizer;
pub mod scan;
pub mod session;
pub mod system;
pub mod table;

// The engine and the Arrow of its session, for crates that name no version of them.
pub use {arrow, datafusion};

pub use config::Config;
pub use engine::ENGINE;
pub use error::{FileError, FileErrorKind, RuntimeError, Wording, find_source};
pub use location::{DeltaVersion, Location, Locations};
pub use observe::definition;
pub use observe::describe::{Observed, observe};
pub use scan::scan_log::conversions;
pub use session::build::{Options, session};
pub use session::external_table::MountError;
pub use session::register::{Registered, register};
pub use system::diagnostics;
pub use system::diagnostics::RejectedRelation;
pub use table::ContractTable;
