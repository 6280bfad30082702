//! What is promised of the session itself: the engine, its settings, functions and statements.

use std::collections::BTreeMap;

use arrow::array::{Array as _, AsArray as _};
use cstspec_contract::{Catalog, Finding, Function, FunctionKind, Provider};
use datafusion::common::Result;
use datafusion::prelude::SessionContext;

use super::relation::Causes;
use crate::session::{Pinned, canonical};
use crate::{ENGINE, rules, statement};

/// A finding if the expectations were made with another engine.
pub(super) fn engine(catalog: &Catalog) -> Vec<Finding> {
    if catalog.engine.is_empty() || catalog.engine == ENGINE {
        return Vec::new();
    }
    let finding =
        Finding::new(&rules::ENGINE_DIFFERS, format!("the catalog `{}` expects another engine", catalog.name))
            .differing(format!("DataFusion {}", catalog.engine), format!("DataFusion {ENGINE}"))
            .remedy("verify, and then set `engine` in the catalog to this version");
    vec![finding]
}

/// A finding for each setting of the session's preset that the engine reports otherwise.
pub(super) async fn settings(ctx: &SessionContext, catalog: &Catalog) -> Vec<Finding> {
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
async fn read(ctx: &SessionContext) -> Result<BTreeMap<String, String>> {
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

/// The functions that the session lacks. `unnest` is none to the engine, and always there.
pub(super) fn missing_functions<'a>(ctx: &SessionContext, catalog: &'a Catalog) -> Vec<&'a Function> {
    let state = ctx.state();
    catalog
        .functions
        .iter()
        .filter(|function| {
            let name = function.name.as_str();
            !match function.kind {
                FunctionKind::Scalar => {
                    state.scalar_functions().contains_key(name) || state.higher_order_functions().contains_key(name)
                }
                FunctionKind::Aggregate => state.aggregate_functions().contains_key(name),
                FunctionKind::Window => {
                    state.window_functions().contains_key(name) || state.aggregate_functions().contains_key(name)
                }
                FunctionKind::Unnest => true,
            }
        })
        .collect()
}

pub(super) fn function_missing(function: &Function) -> Finding {
    let signature = function.signatures.first().map(ToString::to_string).unwrap_or_default();
    let remedy = match function.provider {
        Provider::Engine => "build the engine with the feature that has it",
        Provider::Runtime => {
            "make the session with cstspec_runtime::session, or call cstspec_runtime::functions::register"
        }
        Provider::Host => "register it on the session before the catalog",
    };
    Finding::new(&rules::FUNCTION_MISSING, format!("the session has no function `{}`", function.name))
        .differing(format!("{}{signature}", function.name), format!("no such function in DataFusion {ENGINE}"))
        .remedy(remedy)
        .at(&function.origin)
}

/// A finding for each statement that cannot be prepared, but for one whose relations already have theirs.
pub(super) async fn statements(ctx: &SessionContext, catalog: &Catalog, causes: &Causes) -> Vec<Finding> {
    let mut findings = Vec::new();
    for statement in &catalog.statements {
        let Err(error) = statement::plan(ctx, statement).await else { continue };
        let text = error.strip_backtrace();
        if causes.explain(&text, &[]) {
            continue;
        }
        findings.push(
            Finding::new(&rules::STATEMENT_NOT_PLANNED, format!("statement `{}` cannot be prepared", statement.name))
                .differing(statement.sql.trim_end(), text)
                .remedy("mend the query, or the relations that it reads")
                .at(&statement.origin),
        );
    }
    findings
}
