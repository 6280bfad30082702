//! When a run was, how long it took, and on what.

use std::collections::BTreeMap;
use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;

use crate::clock::now_unix_ms;

/// The values that differ between two runs over the same inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// When it began, in milliseconds since 1970-01-01 UTC.
    pub started_unix_ms: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Settings whose value is the machine's own: the number of its cores, its folder for temporary files.
    pub settings: BTreeMap<String, String>,
}

/// Measures a run.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    started_unix_ms: u64,
    started: Instant,
}

impl Stopwatch {
    /// Begins now.
    pub fn start() -> Self {
        Self { started_unix_ms: now_unix_ms(), started: Instant::now() }
    }

    /// Ends now.
    pub(super) fn stop(self, settings: BTreeMap<String, String>) -> Run {
        let duration = self.started.elapsed().as_millis();
        Run {
            started_unix_ms: self.started_unix_ms,
            duration_ms: u64::try_from(duration).unwrap_or(u64::MAX),
            settings,
        }
    }
}
