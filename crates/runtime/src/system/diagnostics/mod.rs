//! Records of a session: named artifacts to a sink while it works, and the tables of the `diagnostics` schema at any time.
//!
//! | artifact | when | payload |
//! |---|---|---|
//! | `datafusion_table_providers_v1` | a dataset is registered | [`TableProviderNote`] |
//! | `datafusion_udf_registry_v1` | a catalog is registered | `functions`: [`FunctionNote`]s |
//! | `datafusion_view_registry_v1` | a catalog is registered | `views`: [`ViewNote`]s |
//! | `datafusion_cst_schema_diagnostics_v1` | a dataset was verified | [`SchemaNote`] |
//! | `datafusion_cst_view_plans_v1` | a catalog was verified | `views`: [`ViewPlanNote`]s |
//! | `datafusion_cst_dfschema_v1` | a catalog was verified | `views`: [`DfSchemaNote`]s |
//!
//! Each payload has `event_time_unix_ms` too. The names are those that consumers know; they stay the same for every catalog.

mod evidence;
mod json_lines;
mod memory;
mod notes;
mod rows;
mod session_log;
mod tables;

use std::path::PathBuf;
use std::sync::Arc;
use std::{fmt, io};

use cstspec_contract::Catalog;
use cstspec_contract::report::Report;
use datafusion::prelude::SessionContext;
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::scan::scan_log::ScanLog;

pub(crate) use evidence::{defaults, registered, registrations, sort_keys};
pub use json_lines::JsonLinesSink;
pub use memory::MemorySink;
pub use notes::{
    AdapterNote, DefaultNote, DfSchemaNote, FunctionNote, Functions, Notes, SchemaNote, SortKeyNote, TableProviderNote,
    ViewNote, ViewPlanNote, Views,
};
pub use session_log::RejectedRelation;
pub(crate) use session_log::{Registration, SessionLog};
pub(crate) use tables::register as register_tables;

/// Takes what a session tells of itself.
pub trait DiagnosticsSink: fmt::Debug + Send + Sync {
    /// Takes an artifact. It is called while the session works, between two steps, and must not wait for long.
    ///
    /// # Errors
    ///
    /// Why the artifact is lost. The session goes on: what is registered stays registered, and the loss is reported.
    fn record(&self, artifact: &Artifact) -> Result<(), DiagnosticsError>;
}

/// Something that a session tells of itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Artifact {
    /// Its name, with the version of its payload's shape: `datafusion_table_providers_v1`.
    pub name: String,
    /// The content, and `event_time_unix_ms`: the time of the event, in milliseconds since 1970-01-01 UTC.
    pub payload: Map<String, Value>,
}

/// Why an artifact is lost.
#[derive(Debug, Error)]
pub enum DiagnosticsError {
    /// The file cannot be opened.
    #[error("cannot open {} for diagnostics: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file ends within a line: whoever wrote it was interrupted, and a line added to it would be lost as well.
    #[error("{} ends in the middle of a line: end the line, or name another file", path.display())]
    HalfLine {
        /// The file.
        path: PathBuf,
    },
    /// An artifact could not be written.
    #[error("cannot write `{artifact}` to {}: {source}", path.display())]
    Write {
        /// The artifact.
        artifact: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A sink of the host's own lost it.
    #[error("`{artifact}` is lost: {reason}")]
    Lost {
        /// The artifact.
        artifact: String,
        /// Why.
        reason: String,
    },
}

/// Has a session tell `sink` what it does from now on; a sink that was there before is told no more.
///
/// [`crate::session::build`] does this with [`crate::Options::sink`]; this is for sessions that the host made.
pub fn attach(ctx: &SessionContext, sink: Arc<dyn DiagnosticsSink>) {
    SessionLog::attach(ctx).set_sink(sink);
}

/// Sends the artifacts of a verification to the session's sink, and keeps its result for the `diagnostics` schema. Artifacts that the sink
/// did not take come back.
pub async fn publish(ctx: &SessionContext, catalog: &Catalog, report: &Report) -> Vec<DiagnosticsError> {
    let log = SessionLog::attach(ctx);
    if log.has_sink() { log.emit(evidence::verified(ctx, catalog, report).await) } else { Vec::new() }
}

/// Keeps the result of a verification for the `diagnostics` schema.
pub fn keep(ctx: &SessionContext, report: &Report) {
    ScanLog::attach(ctx).record_conversions(&report.conversions);
    SessionLog::attach(ctx).record_report(report);
}

impl Artifact {
    /// An artifact that tells `note` now. `name` is without its version.
    fn now(name: &str, note: &impl Serialize) -> Result<Self, DiagnosticsError> {
        let lost = |reason: &str| DiagnosticsError::Lost { artifact: format!("{name}_v1"), reason: reason.to_owned() };
        let mut payload = match serde_json::to_value(note) {
            Ok(Value::Object(payload)) => payload,
            Ok(_) => return Err(lost("its payload is no object")),
            Err(error) => return Err(lost(&error.to_string())),
        };
        payload.insert("event_time_unix_ms".to_owned(), Value::from(crate::clock::now_unix_ms()));
        Ok(Self { name: format!("{name}_v1"), payload })
    }
}
