//! Sessions with pinned settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cstspec_contract::text::quoted_list;
use cstspec_contract::{Catalog, Session};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::FutureExt as _;

use super::automount;
use super::install::install;
use crate::observe::settings::{MEMORY, PinnedSettings, RUNTIME};
use crate::system::diagnostics::DiagnosticsSink;
use crate::{Config, RuntimeError, functions, limits};

/// The options of a session.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The preset; the catalog's own choice when `None`.
    pub session: Option<String>,
    /// How many partitions a scan is split into, whatever the preset says; the number of cores when neither says.
    pub target_partitions: Option<usize>,
    /// Rows of one batch, whatever the preset says.
    pub batch_size: Option<usize>,
    /// Settings with their values, whatever the preset says.
    pub settings: BTreeMap<String, String>,
    /// The most memory that the engine's operators take, in bytes, whatever the preset says.
    pub memory_limit: Option<u64>,
    /// The same where neither the preset nor `memory_limit` says anything. It counts as what the machine chose.
    pub spare_memory_limit: Option<u64>,
    /// Who is told what the session does.
    pub sink: Option<Arc<dyn DiagnosticsSink>>,
}

/// A session with the settings of a preset, the id functions and `information_schema`.
///
/// A setting that the engine refuses is left as it was, and `cstspec_verify` reports it.
///
/// # Errors
///
/// [`RuntimeError::UnknownSession`] for a preset that the catalog does not have, [`RuntimeError::Setting`] for a setting of `options`
/// that the engine does not take.
pub fn session(catalog: &Catalog, options: &Options) -> Result<SessionContext, RuntimeError> {
    let preset = choose(catalog, options)?;
    let mut pinned = PinnedSettings {
        preset: preset.map(|preset| preset.name.clone()).unwrap_or_default(),
        ..PinnedSettings::default()
    };
    let mut config = SessionConfig::new().with_option_extension(Config::default());
    let settings = preset.map(|preset| &preset.settings);
    let named = settings.into_iter().flatten();
    pinned.settings.extend(named.map(|(name, setting)| (name.clone(), setting.value.clone())));
    let known: BTreeSet<String> = config.options().entries().into_iter().map(|entry| entry.key).collect();
    for (name, setting) in settings.into_iter().flatten().filter(|(name, _)| !name.starts_with(RUNTIME)) {
        let refused = match name.as_str() {
            _ if !known.contains(name) => {
                pinned.unknown.insert(name.clone());
                continue;
            }
            automount::LOCATION => automount::refusal(&setting.value),
            _ => None,
        };
        let set = || config.options_mut().set(name, &setting.value).err().map(|error| error.strip_backtrace());
        if let Some(refused) = refused.or_else(set) {
            pinned.refused.insert(name.clone(), refused);
        }
    }
    let chosen = [
        ("datafusion.execution.target_partitions", options.target_partitions),
        ("datafusion.execution.batch_size", options.batch_size),
    ];
    for (name, value) in chosen {
        if let Some(value) = value {
            config.options_mut().set(name, &value.to_string())?;
            pinned.overridden.insert(name.to_owned(), value.to_string());
        }
    }
    for (name, value) in options.settings.iter().filter(|(name, _)| !name.starts_with(RUNTIME)) {
        let refused = match name.as_str() {
            automount::LOCATION => automount::refusal(value),
            _ if !known.contains(name) => Some(unknown(name, &known)),
            _ => config.options_mut().set(name, value).err().map(|error| error.strip_backtrace()),
        };
        if let Some(reason) = refused {
            return Err(RuntimeError::Setting { name: name.clone(), value: value.clone(), reason });
        }
        pinned.overridden.insert(name.clone(), value.clone());
    }
    let mut runtime = RuntimeEnvBuilder::new();
    let is_chosen =
        options.memory_limit.is_some() || options.settings.contains_key(MEMORY) || pinned.settings.contains_key(MEMORY);
    // Not by `SET`, which changes `create_default_catalog_and_schema` too: nobody chose this number, and no manifest depends on it.
    if let Some(bytes) = options.spare_memory_limit.filter(|_| !is_chosen) {
        runtime = runtime.with_memory_limit(usize::try_from(bytes >> 10 << 10).unwrap_or(usize::MAX), 1.0);
    }
    let state = SessionStateBuilder::new_with_default_features()
        .with_config(config)
        .with_runtime_env(runtime.build_arc()?)
        .with_analyzer_rules(limits::analyzer())
        .build();
    let ctx = SessionContext::new_with_state(state);
    let known: BTreeSet<String> = ctx.runtime_env().config_entries().into_iter().map(|entry| entry.key).collect();
    for (name, setting) in settings.into_iter().flatten().filter(|(name, _)| name.starts_with(RUNTIME)) {
        if !known.contains(name) {
            pinned.unknown.insert(name.clone());
        } else if let Err(error) = set_runtime(&ctx, name, &setting.value) {
            pinned.refused.insert(name.clone(), error);
        }
    }
    let chosen = options.memory_limit.map(|bytes| (MEMORY.to_owned(), kilobytes(bytes)));
    let runtime = options.settings.iter().filter(|(name, _)| name.starts_with(RUNTIME));
    for (name, value) in runtime.map(|(name, value)| (name.clone(), value.clone())).chain(chosen) {
        let refused =
            if known.contains(&name) { set_runtime(&ctx, &name, &value).err() } else { Some(unknown(&name, &known)) };
        if let Some(reason) = refused {
            return Err(RuntimeError::Setting { name, value, reason });
        }
        pinned.overridden.insert(name, value);
    }
    // It turns the engine's own information_schema off, whatever the preset says.
    let log = install(&ctx, catalog)?;
    pinned.read_back(&ctx);
    ctx.state_ref().write().config_mut().set_extension(Arc::new(pinned));
    if let Some(sink) = &options.sink {
        log.set_sink(Arc::clone(sink));
    }
    functions::register(&ctx);
    functions::bound(&ctx)?;
    Ok(ctx)
}

/// The preset asked for, or the catalog's own; none where the catalog has none at all.
fn choose<'a>(catalog: &'a Catalog, options: &Options) -> Result<Option<&'a Session>, RuntimeError> {
    let name = options.session.as_deref().unwrap_or(&catalog.session);
    if options.session.is_none() && catalog.sessions.is_empty() {
        return Ok(None);
    }
    catalog.session(name).map(Some).ok_or_else(|| RuntimeError::UnknownSession {
        name: name.to_owned(),
        known: quoted_list(catalog.sessions.iter().map(|session| session.name.as_str())),
    })
}

/// The error of a setting that the engine does not have.
fn unknown(name: &str, known: &BTreeSet<String>) -> String {
    let near = cstspec_contract::nearest(name, known.iter().map(String::as_str));
    let near = near.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    format!("the engine has no setting of this name{near}")
}

/// A size as the engine reads it.
fn kilobytes(bytes: u64) -> String {
    format!("{}K", bytes >> 10)
}

/// Sets a setting of the runtime environment, which only SQL reaches. Planning `SET` waits for nothing.
fn set_runtime(ctx: &SessionContext, name: &str, value: &str) -> Result<(), String> {
    let sql = format!("SET {name} = '{}'", value.replace('\'', "''"));
    match ctx.sql(&sql).now_or_never() {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(error.strip_backtrace()),
        None => Err("the engine did not set it at once".to_owned()),
    }
}
