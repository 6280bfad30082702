//! What a session did: kept with it, so that `verify`, the manifest and the `diagnostics` schema can tell.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::prelude::{SessionConfig, SessionContext};

use crate::verify::FileConversion;

/// What a session did since it was made. It travels in the session's own configuration; sessions made from one share it.
#[derive(Debug, Default)]
pub(crate) struct Record {
    conversions: Mutex<BTreeSet<FileConversion>>,
}

impl Record {
    /// The record of a session; one that nobody reads where the host made the session without [`crate::session`].
    pub fn of(config: &SessionConfig) -> Arc<Self> {
        config.get_extension().unwrap_or_default()
    }

    /// Gives the session a record, unless it has one.
    pub fn attach(ctx: &SessionContext) {
        let state = ctx.state_ref();
        let mut state = state.write();
        if state.config().get_extension::<Self>().is_none() {
            state.config_mut().set_extension(Arc::new(Self::default()));
        }
    }

    /// A file was read with this conversion. Told twice, it is kept once.
    pub fn converted(&self, conversion: FileConversion) {
        locked(&self.conversions).insert(conversion);
    }

    /// Every conversion so far, by dataset, file and path.
    pub fn conversions(&self) -> Vec<FileConversion> {
        locked(&self.conversions).iter().cloned().collect()
    }
}

/// What a mutex guards. A panic elsewhere leaves whole entries behind, so they can be read on.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
