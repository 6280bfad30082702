//! The functions that a catalog expects, and what the engine makes of them.
//!
//! `information_schema` tells little of most functions that matter, so each signature is also tried: planned with arguments as it
//! declares, and with others, which must be refused.

mod call;
mod listed;
mod own;
mod probe;
mod sample;

use cstspec_contract::report::FunctionReport;
use cstspec_contract::{Catalog, Finding, Function, FunctionKind, Provider};
use cstspec_runtime::ENGINE;
use cstspec_runtime::functions::host;
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;

use crate::causes::{Ledger, Subject, Submission};
use crate::facts::CheckedFunctions;
use crate::rules;
use call::Bench;

/// Looks for every function of the catalog, and tries its signatures.
pub async fn check(ctx: &SessionContext, catalog: &Catalog, ledger: &mut Ledger) -> CheckedFunctions {
    let mut checked = CheckedFunctions::default();
    let state = ctx.state();
    // Without `information_schema` nothing is listed, which is a finding of the settings.
    let listed = listed::signatures(ctx).await.unwrap_or_default();
    let bench = Bench::new(ctx);
    for function in &catalog.functions {
        let kind = found(&state, function);
        let about = |finding: Finding| Submission::from(finding).about(Subject::Function(function.origin.clone()));
        let mut report = FunctionReport {
            name: function.name.clone(),
            signature: String::new(),
            kind: kind.map(|kind| word(kind).to_owned()),
            listed: listed.get(&function.name).cloned().unwrap_or_default(),
            accepted: 0,
            refused: 0,
        };
        if kind != Some(function.kind) {
            let is_unhosted = kind.is_none() && function.provider == Provider::Host && host::is_absent(&state);
            ledger.submit(about(match kind {
                Some(kind) => of_another_kind(function, kind),
                None if is_unhosted => unhosted(function),
                None => absent(function),
            }));
            if is_unhosted {
                checked.unhosted.push(function.name.clone());
            }
            checked.missing.push(function.name.clone());
            for signature in &function.signatures {
                checked.reports.push(FunctionReport { signature: signature.to_string(), ..report.clone() });
            }
            continue;
        }
        for (signature, probed) in function.signatures.iter().zip(probe::probe(&bench, function).await) {
            report.signature = signature.to_string();
            (report.accepted, report.refused) = (probed.accepted, probed.refused);
            checked.reports.push(report.clone());
            if let Some(finding) = probed.finding {
                ledger.submit(about(finding));
                checked.differing.push(function.name.clone());
            }
        }
    }
    checked
}

/// The kind of function that a call of the name reaches. The planner looks for scalar functions first, and takes an aggregate where
/// a window is given. `unnest` is no function to it, and always there.
fn found(state: &SessionState, function: &Function) -> Option<FunctionKind> {
    let name = function.name.as_str();
    if function.kind == FunctionKind::Unnest {
        return Some(FunctionKind::Unnest);
    }
    let aggregate = state.aggregate_functions().contains_key(name);
    let window = state.window_functions().contains_key(name);
    if state.scalar_functions().contains_key(name) || state.higher_order_functions().contains_key(name) {
        Some(FunctionKind::Scalar)
    } else if aggregate && function.kind != FunctionKind::Window {
        Some(FunctionKind::Aggregate)
    } else if window || aggregate {
        Some(FunctionKind::Window)
    } else {
        None
    }
}

fn word(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Scalar => "scalar",
        FunctionKind::Aggregate => "aggregate",
        FunctionKind::Window => "window",
        FunctionKind::Unnest => "unnest",
    }
}

fn remedy(provider: Provider) -> &'static str {
    match provider {
        Provider::Engine => "build the engine with the feature that contains it",
        Provider::Runtime => {
            "make the session with cstspec_runtime::session, or call cstspec_runtime::functions::register"
        }
        Provider::Host => "register it on the session before the catalog",
    }
}

fn absent(function: &Function) -> Finding {
    let signature = function.signatures.first().map(ToString::to_string).unwrap_or_default();
    Finding::new(&rules::FUNCTION_MISSING, format!("the session has no function `{}`", function.name))
        .differing(format!("{}{signature}", function.name), format!("no such function in DataFusion {ENGINE}"))
        .remedy(remedy(function.provider))
        .at(&function.origin)
}

fn unhosted(function: &Function) -> Finding {
    let name = &function.name;
    Finding::new(&rules::HOST_FUNCTION_UNCHECKED, format!("the host function `{name}` is missing in this program"))
        .differing("the program that registers it", "no host functions; relations that call it are not checked")
        .remedy("verify in the host's own program: cstspec_verify::verify, after the function is registered")
        .at(&function.origin)
}

fn of_another_kind(function: &Function, kind: FunctionKind) -> Finding {
    let name = &function.name;
    Finding::new(&rules::FUNCTION_OF_ANOTHER_KIND, format!("`{name}` is a function of another kind"))
        .differing(
            format!("{} function `{name}`", word(function.kind)),
            format!("{} function `{name}` in DataFusion {ENGINE}", word(kind)),
        )
        .remedy("correct its `kind`, or look for code that registered another function under the name")
        .at(&function.origin)
}
