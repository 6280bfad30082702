//! Log of a session: registrations, projections, the last `verify`, and the sink that artifacts go to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use cstspec_contract::Finding;
use cstspec_contract::report::{ContractReport, FunctionReport, Projection, Report};
use datafusion::common::DataFusionError;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::{Artifact, DiagnosticsError, DiagnosticsSink};
use crate::scan::scan_log::{attach, locked};

/// Events of a session since it was made. It is an extension of the session's configuration, and sessions made from one share it.
#[derive(Debug, Default)]
pub(crate) struct SessionLog {
    projections: Mutex<BTreeSet<Projection>>,
    registrations: Mutex<BTreeMap<String, Registration>>,
    verified: Mutex<Verified>,
    sink: Mutex<Option<Arc<dyn DiagnosticsSink>>>,
}

/// How something of the catalog came into the session.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    /// `dataset`, `view` or `statement`.
    pub kind: &'static str,
    /// Where a dataset is, as it was given.
    pub location: Option<String>,
    /// Why it was left out.
    pub refused: Option<String>,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub event_time_unix_ms: u64,
}

/// A view or statement that the engine refused to plan.
#[derive(Debug)]
pub struct RejectedRelation {
    /// Its name.
    pub name: String,
    /// The engine's error.
    pub error: DataFusionError,
}

/// The findings of the session's last `verify`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verified {
    pub findings: Vec<Finding>,
    pub functions: Vec<FunctionReport>,
    pub contracts: Vec<ContractReport>,
}

impl SessionLog {
    /// The log of a session; a new one that nobody reads for a session that has none.
    pub fn of(config: &SessionConfig) -> Arc<Self> {
        config.get_extension().unwrap_or_default()
    }

    /// The log of a session, which gets one unless it has.
    pub fn attach(ctx: &SessionContext) -> Arc<Self> {
        attach(ctx)
    }

    /// Records that rows of one schema left through a boundary. The same projection is kept once.
    pub fn record_projection(&self, projection: Projection) {
        locked(&self.projections).insert(projection);
    }

    /// Every projection so far, by boundary and schema of the rows.
    pub fn projections(&self) -> Vec<Projection> {
        locked(&self.projections).iter().cloned().collect()
    }

    /// Records registrations, refused ones among them. A later one replaces an earlier one of its name.
    pub fn record_registrations(&self, registrations: impl IntoIterator<Item = (String, Registration)>) {
        locked(&self.registrations).extend(registrations);
    }

    /// Every registration that holds, by name.
    pub fn registrations(&self) -> BTreeMap<String, Registration> {
        locked(&self.registrations).clone()
    }

    /// Records the result of a `verify`.
    pub fn record_report(&self, report: &Report) {
        *locked(&self.verified) = Verified {
            findings: report.findings.clone(),
            functions: report.functions.clone(),
            contracts: report.contracts.clone(),
        };
    }

    /// The result of the last `verify`; nothing before the first.
    pub fn last_verified(&self) -> Verified {
        locked(&self.verified).clone()
    }

    /// Sends artifacts to `sink` from now on.
    pub fn set_sink(&self, sink: Arc<dyn DiagnosticsSink>) {
        *locked(&self.sink) = Some(sink);
    }

    /// Whether the session has a sink.
    pub fn has_sink(&self) -> bool {
        locked(&self.sink).is_some()
    }

    /// Hands artifacts to the sink, if there is one. Why some of them are lost comes back.
    pub fn emit(
        &self,
        artifacts: impl IntoIterator<Item = Result<Artifact, DiagnosticsError>>,
    ) -> Vec<DiagnosticsError> {
        // The sink is the host's code: it runs without a lock of ours.
        let Some(sink) = locked(&self.sink).clone() else { return Vec::new() };
        artifacts
            .into_iter()
            .filter_map(|artifact| artifact.and_then(|artifact| sink.record(&artifact)).err())
            .collect()
    }
}
