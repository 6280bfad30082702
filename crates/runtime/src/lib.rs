//! A catalog held against a real DataFusion session and real data.
//!
//! [`session`] pins the settings, [`register`] puts the catalog's relations and statements into it, [`observe`] asks the engine
//! what it made of a relation, and [`verify`] holds every promise against what is there: each difference is a finding.
//!
//! The session is the authority on what *is*, the catalog on what *should be*. Nothing is inferred from payloads, nothing is
//! repaired in silence, and no data is ever written. This crate reads no YAML and renders no template.

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

pub use config::Config;
pub use engine::ENGINE;
pub use error::{RuntimeError, find_source};
pub use location::{DeltaVersion, Location, Locations};
pub use observe::definition;
pub use observe::describe::{Observed, observe};
pub use scan::scan_log::conversions;
pub use session::build::{Options, session};
pub use session::external_table::MountError;
pub use session::register::{Registered, register};
pub use system::diagnostics;
pub use system::diagnostics::Refused;
pub use table::ContractTable;
