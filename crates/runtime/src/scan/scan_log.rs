//! Log of a session's scans: conversions of files, and files that listings ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cstspec_contract::Dataset;
use cstspec_contract::report::FileConversion;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::files::listing::IgnoredFiles;
use crate::files::store::FileStore;

/// The records of a session's scans. It is an extension of the session's configuration, and sessions made from one share it.
#[derive(Debug, Default)]
pub struct ScanLog {
    conversions: Mutex<BTreeSet<FileConversion>>,
    ignored: Mutex<BTreeMap<String, Listed>>,
}

/// The files that the last listing of a dataset ignored.
#[derive(Debug)]
pub struct Listed {
    /// The dataset.
    pub contract: Arc<Dataset>,
    /// The store of its files.
    pub store: FileStore,
    /// The ignored files.
    pub ignored_files: Arc<IgnoredFiles>,
}

impl ScanLog {
    /// The log of a session; a new one that nobody reads for a session that has none.
    pub fn of(config: &SessionConfig) -> Arc<Self> {
        config.get_extension().unwrap_or_default()
    }

    /// The log of a session, which gets one unless it has.
    pub fn attach(ctx: &SessionContext) -> Arc<Self> {
        attach(ctx)
    }

    /// Records that a file was read with a conversion. Each difference of a file is kept once.
    pub fn record_conversion(&self, conversion: FileConversion) {
        locked(&self.conversions).insert(conversion);
    }

    /// Records the conversions that `verify` found.
    pub fn record_conversions(&self, conversions: &[FileConversion]) {
        locked(&self.conversions).extend(conversions.iter().cloned());
    }

    /// Every conversion so far, by dataset, file and path.
    pub fn conversions(&self) -> Vec<FileConversion> {
        locked(&self.conversions).iter().cloned().collect()
    }

    /// Records the files that a listing ignored.
    pub fn record_ignored(&self, listed: Listed) {
        locked(&self.ignored).insert(listed.contract.name.clone(), listed);
    }

    /// The files ignored since the last call, by dataset.
    pub fn take_ignored(&self) -> Vec<Listed> {
        std::mem::take(&mut *locked(&self.ignored)).into_values().collect()
    }
}

/// How files differed from their contracts and were read all the same, since the session was made: by dataset, file and path, each
/// difference of a file once, however often it was read.
pub fn conversions(ctx: &SessionContext) -> Vec<FileConversion> {
    ScanLog::of(ctx.state_ref().read().config()).conversions()
}

/// The extension of a session, which gets one unless it has.
pub fn attach<T: Default + Send + Sync + 'static>(ctx: &SessionContext) -> Arc<T> {
    let state = ctx.state_ref();
    let mut state = state.write();
    if let Some(extension) = state.config().get_extension::<T>() {
        return extension;
    }
    let extension = Arc::new(T::default());
    state.config_mut().set_extension(Arc::clone(&extension));
    extension
}

/// The value that a mutex guards. A panic elsewhere leaves whole entries behind, so they can be read on.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
