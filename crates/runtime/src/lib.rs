//! A catalog held against a real DataFusion session and real data.
//!
//! [`session`] pins the settings, [`register`] puts the catalog's relations and statements into it, [`observe`] asks the engine
//! what it made of a relation, and [`verify`] holds every promise against what is there: each difference is a finding.
//!
//! The session is the authority on what *is*, the catalog on what *should be*. Nothing is inferred from payloads, nothing is
//! repaired in silence, and no data is ever written. This crate reads no YAML and renders no template.

mod adapter;
mod autoload;
mod blame;
pub mod boundary;
pub mod bounds;
mod chunk;
mod claims;
mod config;
pub mod conform;
pub mod constraint;
pub mod definition;
mod delta;
pub mod diagnostics;
mod encoding;
mod error;
mod factory;
mod fetch;
pub mod fingerprint;
mod footer;
mod foreign;
pub mod functions;
mod guard;
mod held;
mod information;
mod inspect;
mod inventory;
mod listing;
mod location;
pub mod manifest;
mod maps;
mod narrow;
mod observe;
mod opening;
mod partition;
mod pruning;
mod reading;
mod record;
mod register;
mod registry;
mod rows;
pub mod rules;
mod session;
mod shown;
mod source;
mod statement;
mod table;
mod thrift;
mod verify;
mod view;

pub use config::Config;
pub use error::RuntimeError;
pub use factory::MountError;
pub use location::{DeltaVersion, Location, Locations};
pub use observe::{Observed, observe};
pub use record::conversions;
pub use register::{Refused, Registered, register};
pub use session::{Options, session};
pub use table::ContractTable;
pub use verify::{
    ContractReport, Depth, FileConversion, FunctionReport, PartitionSchemaValidation, PartitionTypeMismatch,
    PlanReport, Progress, RelationReport, Report, Silent, SourceReport, UnprovenReport, broken, left_out, verify,
};

/// The version of the engine that this crate is built on.
pub const ENGINE: &str = datafusion::DATAFUSION_VERSION;
