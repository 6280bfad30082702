//! A sink that keeps artifacts in memory.

use std::sync::{Mutex, PoisonError};

use super::{Artifact, DiagnosticsError, DiagnosticsSink};

/// Keeps every artifact, in the order they were told.
#[derive(Debug, Default)]
pub struct MemorySink {
    artifacts: Mutex<Vec<Artifact>>,
}

impl MemorySink {
    /// The artifacts so far.
    pub fn artifacts(&self) -> Vec<Artifact> {
        self.artifacts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl DiagnosticsSink for MemorySink {
    fn record(&self, artifact: &Artifact) -> Result<(), DiagnosticsError> {
        self.artifacts.lock().unwrap_or_else(PoisonError::into_inner).push(artifact.clone());
        Ok(())
    }
}
