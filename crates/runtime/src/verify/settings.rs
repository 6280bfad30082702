//! The settings that a preset pins, read back from the engine.

use std::collections::BTreeMap;

use arrow::array::{Array as _, AsArray as _};
use cstspec_contract::{Catalog, Finding};
use datafusion::common::Result;
use datafusion::prelude::SessionContext;

use crate::session::{Pinned, canonical};
use crate::{ENGINE, rules};

/// A finding for each setting of the session's preset that the engine reports otherwise.
pub(super) async fn check(ctx: &SessionContext, catalog: &Catalog) -> Vec<Finding> {
    let pinned = ctx.state().config().get_extension::<Pinned>();
    let preset = pinned.as_ref().map_or(catalog.session.as_str(), |pinned| pinned.preset.as_str());
    let Some(preset) = catalog.session(preset) else { return Vec::new() };
    let overridden = |name: &str| pinned.as_ref().is_some_and(|pinned| pinned.overridden.contains_key(name));
    let refused = |name: &str| pinned.as_ref().and_then(|pinned| pinned.refused.get(name).cloned());
    let reported = match read(ctx).await {
        Ok(reported) => reported,
        Err(error) => {
            let message = format!("the settings of preset `{}` cannot be read back", preset.name);
            let finding = Finding::new(&rules::SETTING_NOT_PINNED, message)
                .differing("information_schema.df_settings", error.strip_backtrace())
                .remedy("leave `datafusion.catalog.information_schema` on")
                .at(&preset.origin);
            return vec![finding];
        }
    };
    let mut findings = Vec::new();
    for (name, setting) in preset.settings.iter().filter(|(name, _)| !overridden(name)) {
        let expected = canonical(name, &setting.value);
        let observed = reported.get(name);
        let refused = refused(name);
        if refused.is_none() && observed.is_some_and(|observed| *observed == expected || *observed == setting.value) {
            continue;
        }
        let observed = match (refused, observed) {
            (Some(refused), _) => format!("refused: {refused}"),
            (None, Some(observed)) => observed.clone(),
            (None, None) => format!("unknown to DataFusion {ENGINE}"),
        };
        findings.push(
            Finding::new(
                &rules::SETTING_NOT_PINNED,
                format!("setting `{name}` is not as preset `{}` pins it", preset.name),
            )
            .differing(setting.value.clone(), observed)
            .remedy("look for a `SET` after the session was made, or for the setting's name and values in this engine")
            .at(&setting.origin),
        );
    }
    findings
}

/// Every setting and its value, as the engine reports them.
pub(crate) async fn read(ctx: &SessionContext) -> Result<BTreeMap<String, String>> {
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
