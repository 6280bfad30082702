//! The functions that a catalog expects, and what the engine makes of them.

use cstspec_contract::{Catalog, Finding, Function, FunctionKind, Provider};
use datafusion::prelude::SessionContext;

use crate::{ENGINE, rules};

/// The functions that the session lacks. `unnest` is none to the engine, and always there.
pub(super) fn missing<'a>(ctx: &SessionContext, catalog: &'a Catalog) -> Vec<&'a Function> {
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

pub(super) fn absent(function: &Function) -> Finding {
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
