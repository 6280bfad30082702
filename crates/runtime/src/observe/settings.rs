//! Settings: those that a session was pinned to, and those that the engine reports.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array as _, AsArray as _};
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::prelude::SessionContext;

use crate::Config;

/// The most memory of the engine's operators.
pub const MEMORY: &str = "datafusion.runtime.memory_limit";
/// Settings of this prefix belong to the engine's runtime environment, not to its configuration.
pub const RUNTIME: &str = "datafusion.runtime.";

/// The pinned settings of a session. It travels in the session's own configuration, so that `verify` reads it back.
#[derive(Debug, Default)]
pub struct PinnedSettings {
    /// The preset's name.
    pub preset: String,
    /// Settings that the preset names, with its values.
    pub settings: BTreeMap<String, String>,
    /// Settings that the host chose otherwise, with its values.
    pub overridden: BTreeMap<String, String>,
    /// Settings that the engine does not know.
    pub unknown: BTreeSet<String>,
    /// Settings that the engine refused or took otherwise, with its words.
    pub refused: BTreeMap<String, String>,
    /// The values of the others that the engine reported when the session was made. It need not spell a value as the preset does: sizes are
    /// cut to whole units, `120s` is `2m0s`.
    pub taken: BTreeMap<String, String>,
}

impl PinnedSettings {
    /// Notes what the engine made of each setting that it did not refuse.
    pub fn read_back(&mut self, ctx: &SessionContext) {
        let reported = reported(ctx);
        for (name, pinned) in &self.settings {
            let otherwise =
                self.unknown.contains(name) || self.refused.contains_key(name) || self.overridden.contains_key(name);
            let Some(value) = reported.get(name).filter(|_| !otherwise) else { continue };
            if !name.starts_with(RUNTIME) && *value != canonical(name, pinned) {
                self.refused.insert(name.clone(), format!("it is `{value}` in every session"));
            } else {
                self.taken.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Every setting and its value, as the engine reports them.
pub async fn read(ctx: &SessionContext) -> Result<BTreeMap<String, String>> {
    let batches = ctx.sql("SELECT name, value FROM information_schema.df_settings").await?.collect().await?;
    let mut settings = BTreeMap::new();
    for batch in batches {
        let (names, values) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        for row in 0..batch.num_rows() {
            let value = if values.is_null(row) { "" } else { values.value(row) };
            settings.insert(names.value(row).to_owned(), value.to_owned());
        }
    }
    Ok(settings)
}

/// Every setting and its value as `df_settings` shows them, empty for one that is not set.
fn reported(ctx: &SessionContext) -> BTreeMap<String, String> {
    let entries = ctx.state().config_options().entries().into_iter().chain(ctx.runtime_env().config_entries());
    entries.map(|entry| (entry.key, entry.value.unwrap_or_default())).collect()
}

/// `value` as the engine reports it once it is set: `TRUE` reads back as `true`.
pub fn canonical(name: &str, value: &str) -> String {
    let mut options = ConfigOptions::new();
    options.extensions.insert(Config::default());
    if options.set(name, value).is_err() {
        return value.to_owned();
    }
    let entry = options.entries().into_iter().find(|entry| entry.key == name);
    entry.and_then(|entry| entry.value).unwrap_or_else(|| value.to_owned())
}
