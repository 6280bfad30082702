//! What a session did: kept with it, so that `verify`, the manifest and the `diagnostics` schema can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cstspec_contract::{Dataset, Finding};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::boundary::Projection;
use crate::diagnostics::{Artifact, DiagnosticsError, DiagnosticsSink};
use crate::listing::LeftOut;
use crate::reading::Place;
use crate::verify::{ContractReport, FileConversion, FunctionReport, Report};

/// What a session did since it was made. It travels in the session's own configuration; sessions made from one share it.
#[derive(Debug, Default)]
pub(crate) struct Record {
    conversions: Mutex<BTreeSet<FileConversion>>,
    projections: Mutex<BTreeSet<Projection>>,
    registrations: Mutex<BTreeMap<String, Registration>>,
    left_out: Mutex<BTreeMap<String, Listed>>,
    verified: Mutex<Verified>,
    sink: Mutex<Option<Arc<dyn DiagnosticsSink>>>,
}

/// What the last listing of a dataset left out.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The dataset.
    pub contract: Arc<Dataset>,
    /// Where its files are.
    pub place: Place,
    /// What was left out by name.
    pub left_out: Arc<LeftOut>,
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

/// What the last `verify` of the session found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verified {
    pub findings: Vec<Finding>,
    pub functions: Vec<FunctionReport>,
    pub contracts: Vec<ContractReport>,
}

impl Record {
    /// The record of a session; one that nobody reads where the host made the session without [`crate::session`].
    pub fn of(config: &SessionConfig) -> Arc<Self> {
        config.get_extension().unwrap_or_default()
    }

    /// The record of a session, which gets one unless it has.
    pub fn attach(ctx: &SessionContext) -> Arc<Self> {
        let state = ctx.state_ref();
        let mut state = state.write();
        if let Some(record) = state.config().get_extension::<Self>() {
            return record;
        }
        let record = Arc::new(Self::default());
        state.config_mut().set_extension(Arc::clone(&record));
        record
    }

    /// A file was read with this conversion. Told twice, it is kept once.
    pub fn converted(&self, conversion: FileConversion) {
        locked(&self.conversions).insert(conversion);
    }

    /// Every conversion so far, by dataset, file and path.
    pub fn conversions(&self) -> Vec<FileConversion> {
        locked(&self.conversions).iter().cloned().collect()
    }

    /// A scan listed a dataset's files and left some out.
    pub fn left_out(&self, listed: Listed) {
        locked(&self.left_out).insert(listed.contract.name.clone(), listed);
    }

    /// What was left out since the last time that it was asked for, by dataset.
    pub fn take_left_out(&self) -> Vec<Listed> {
        std::mem::take(&mut *locked(&self.left_out)).into_values().collect()
    }

    /// Rows of one schema left through a boundary. Told twice, it is kept once.
    pub fn projected(&self, projection: Projection) {
        locked(&self.projections).insert(projection);
    }

    /// Every projection so far, by boundary and schema of the rows.
    pub fn projections(&self) -> Vec<Projection> {
        locked(&self.projections).iter().cloned().collect()
    }

    /// These were registered, or refused. Done again, it replaces what was.
    pub fn registered(&self, registrations: impl IntoIterator<Item = (String, Registration)>) {
        locked(&self.registrations).extend(registrations);
    }

    /// Every registration that holds, by name.
    pub fn registrations(&self) -> BTreeMap<String, Registration> {
        locked(&self.registrations).clone()
    }

    /// The session was verified, with this result.
    pub fn verified(&self, report: &Report) {
        locked(&self.conversions).extend(report.conversions.iter().cloned());
        *locked(&self.verified) = Verified {
            findings: report.findings.clone(),
            functions: report.functions.clone(),
            contracts: report.contracts.clone(),
        };
    }

    /// What the last `verify` found; nothing before the first.
    pub fn last_verified(&self) -> Verified {
        locked(&self.verified).clone()
    }

    /// Artifacts go to `sink` from now on.
    pub fn tell(&self, sink: Arc<dyn DiagnosticsSink>) {
        *locked(&self.sink) = Some(sink);
    }

    /// Whether there is somebody to tell.
    pub fn is_told(&self) -> bool {
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

/// How files differed from their contracts and were read all the same, since the session was made: by dataset, file and path, each
/// difference of a file once, however often it was read.
pub fn conversions(ctx: &SessionContext) -> Vec<FileConversion> {
    Record::of(ctx.state_ref().read().config()).conversions()
}

/// What a mutex guards. A panic elsewhere leaves whole entries behind, so they can be read on.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
