//! The settings that a preset pins, read back from the engine.

use std::collections::BTreeMap;

use cstspec_contract::{Catalog, Finding, Session, Setting};
use cstspec_runtime::ENGINE;
use cstspec_runtime::observe::settings::{self, PinnedSettings, canonical};
use datafusion::prelude::SessionContext;

use crate::rules;

/// A finding for each setting of the session's preset that the engine does not know, refused, or reports otherwise by now.
pub async fn check(ctx: &SessionContext, catalog: &Catalog) -> Vec<Finding> {
    let pinned = ctx.state().config().get_extension::<PinnedSettings>();
    let preset = pinned.as_ref().map_or(catalog.session.as_str(), |pinned| pinned.preset.as_str());
    let Some(preset) = catalog.session(preset) else { return Vec::new() };
    let reported = match settings::read(ctx).await {
        Ok(reported) => reported,
        Err(error) => {
            let message = format!("the settings of preset `{}` cannot be read back", preset.name);
            let finding = Finding::new(&rules::SETTING_NOT_PINNED, message)
                .differing("information_schema.df_settings", error.strip_backtrace())
                .remedy("register no other schema with the name `information_schema`")
                .at(&preset.origin);
            return vec![finding];
        }
    };
    let settings = preset.settings.iter();
    settings.filter_map(|(name, setting)| judge(preset, name, setting, pinned.as_deref(), &reported)).collect()
}

/// The findings of one setting.
fn judge(
    preset: &Session,
    name: &str,
    setting: &Setting,
    pinned: Option<&PinnedSettings>,
    reported: &BTreeMap<String, String>,
) -> Option<Finding> {
    if pinned.is_some_and(|pinned| pinned.overridden.contains_key(name)) {
        return None;
    }
    let finding = |rule, message: String, observed: String| {
        Finding::new(rule, message).differing(setting.value.clone(), observed).at(&setting.origin)
    };
    if pinned.is_some_and(|pinned| pinned.unknown.contains(name)) || !reported.contains_key(name) {
        let message = format!("preset `{}` pins `{name}`, which this engine does not have", preset.name);
        let found = finding(&rules::SETTING_UNKNOWN, message, format!("no such setting in DataFusion {ENGINE}"));
        return Some(found.remedy("look up the name of the setting in this engine version in `df_settings`"));
    }
    if let Some(refused) = pinned.and_then(|pinned| pinned.refused.get(name)) {
        let message = format!("the engine refused the value of `{name}` that preset `{}` pins", preset.name);
        let found = finding(&rules::SETTING_REFUSED, message, format!("refused by DataFusion {ENGINE}: {refused}"));
        return Some(found.remedy("set it to a value that this engine accepts"));
    }
    let observed = reported.get(name)?;
    let taken = pinned.and_then(|pinned| pinned.taken.get(name));
    if taken.map_or_else(|| *observed == canonical(name, &setting.value), |taken| taken == observed) {
        return None;
    }
    let (message, remedy) = if taken.is_some() {
        let message = format!("the setting `{name}` was changed after preset `{}` pinned it", preset.name);
        (message, "look for a `SET` or `RESET` after the session was made")
    } else {
        let message = format!("the setting `{name}` differs from its value in preset `{}`", preset.name);
        (message, "make the session with cstspec_runtime::session, which pins it")
    };
    Some(finding(&rules::SETTING_NOT_PINNED, message, observed.clone()).remedy(remedy))
}
