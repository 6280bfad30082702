//! The session's settings, apart by whether a person or the machine chose them.

use std::collections::BTreeMap;

use datafusion::common::Result;
use datafusion::prelude::SessionContext;

use crate::observe::settings::{self, MEMORY, PinnedSettings};

/// Settings whose default is taken from the machine. One that the preset or the host names is chosen like any other.
const MACHINE: [&str; 4] = [
    "datafusion.execution.target_partitions",
    "datafusion.execution.planning_concurrency",
    "datafusion.runtime.temp_directory",
    MEMORY,
];

/// The settings of a session.
pub(super) struct Settings {
    /// The preset that the session was made with; empty where there is none.
    pub preset: String,
    /// The settings that are the same on every machine.
    pub chosen: BTreeMap<String, String>,
    /// The settings that the machine chose.
    pub machine: BTreeMap<String, String>,
}

/// Reads every setting back from the engine.
pub(super) async fn read(ctx: &SessionContext) -> Result<Settings> {
    let session = ctx.state().config().get_extension::<PinnedSettings>();
    let named = |name: &str| {
        session
            .as_ref()
            .is_some_and(|pinned| pinned.settings.contains_key(name) || pinned.overridden.contains_key(name))
    };
    let (machine, chosen) =
        settings::read(ctx).await?.into_iter().partition(|(name, _)| MACHINE.contains(&name.as_str()) && !named(name));
    let preset = session.as_ref().map(|pinned| pinned.preset.clone()).unwrap_or_default();
    Ok(Settings { preset, chosen, machine })
}
