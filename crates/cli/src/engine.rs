//! A session of the engine with everything that a catalog declares registered in it.

use cstspec_contract::Catalog;
use cstspec_runtime::{Options, Registered, RuntimeError};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use tokio::runtime::{Builder, Runtime};

use crate::console::Console;
use crate::data::Placement;
use crate::failure::Failure;

/// The stack of a worker, in bytes: views over views make deep plans, and deeper ones without optimization of this program.
const STACK: usize = 16 << 20;

/// The threads that the engine runs on.
pub fn threads() -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()
        .map_err(|error| Failure::Tool(format!("cannot start the engine's threads: {error}")))
}

/// A session with the catalog's settings, datasets, views and statements.
pub async fn open(
    catalog: &Catalog,
    placement: &Placement,
    console: &Console,
) -> Result<(SessionContext, Registered), Failure> {
    console.log(&format!("opening a session with the settings of `{}`", catalog.session));
    let context = cstspec_runtime::session(catalog, &Options::default()).map_err(|error| failure(&error))?;
    placement.provide(&context).await?;
    for words in &placement.words {
        console.log(&format!("data of {words}"));
    }
    let registered =
        cstspec_runtime::register(&context, catalog, &placement.locations).await.map_err(|error| failure(&error))?;
    Ok((context, registered))
}

/// Why the runtime stopped.
pub fn failure(error: &RuntimeError) -> Failure {
    match error {
        RuntimeError::Engine(error) => Failure::Engine(sentence(error)),
        other => Failure::Engine(other.to_string()),
    }
}

/// Says which views and statements the engine refused, to somebody who asked for something else than to verify them.
pub fn mention(registered: &Registered, console: &Console) {
    for refused in &registered.refused {
        let why = sentence(&refused.error);
        console.note(&format!("{} is left out, `cstspec verify` tells more: {why}", refused.name));
    }
}

/// What the engine says, once: without the chain of who passed the error on, and without a backtrace.
pub fn sentence(error: &DataFusionError) -> String {
    if let Some(own) = RuntimeError::inside(error) {
        return own.to_string();
    }
    let text = error.strip_backtrace();
    let mut text = text.trim();
    // The engine stacks the names of its layers before what it says.
    for layer in [
        "SQL error: ",
        "Error during planning: ",
        "Execution error: ",
        "Arrow error: ",
        "Parquet error: ",
        "External error: ",
        "Schema error: ",
        "Optimizer rule failed: ",
    ] {
        text = text.strip_prefix(layer).unwrap_or(text);
    }
    let text = text.strip_prefix("ParserError(\"").and_then(|rest| rest.strip_suffix("\")")).unwrap_or(text);
    let mut letters = text.chars();
    let second_is_small = text.chars().nth(1).is_some_and(char::is_lowercase);
    match letters.next() {
        Some(first) if second_is_small => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_taken_off() {
        let error = DataFusionError::Plan("table 'x' not found".to_owned());
        assert_eq!(sentence(&error), "table 'x' not found");
    }
}
