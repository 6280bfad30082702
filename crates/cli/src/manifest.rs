//! The document that `verify --manifest` writes.

use std::io::Write as _;
use std::path::Path;

use cstspec_contract::report::Report as Verification;
use cstspec_contract::{Catalog, Finding};
use cstspec_runtime::manifest::{Manifest, RunFacts, Specs, Stopwatch};
use datafusion::prelude::SessionContext;

use crate::catalog_source::CatalogSource;
use crate::error::CommandError;
use crate::output::Output;
use crate::{report, session};

/// Where the manifest goes, if it may be written there.
pub fn target(path: &Path) -> Result<Output, CommandError> {
    if path == Path::new("-") {
        let help = "the report is printed on standard output; `./-` is a file of that name".to_owned();
        return Err(CommandError::usage_with_help("--manifest requires a file", Some(help)));
    }
    Output::file(path)
}

/// Writes down what was done and found.
pub async fn collect(
    context: &SessionContext,
    source: &CatalogSource,
    catalog: &Catalog,
    answer: &Verification,
    findings: &[Finding],
    stopwatch: Stopwatch,
) -> Result<Manifest, CommandError> {
    let facts = RunFacts { tool: report::TOOL, specs: Specs::digest(source.texts()), findings, stopwatch };
    Manifest::collect(context, catalog, answer, facts).await.map_err(|error| session::error_of(&error))
}

/// Puts the manifest in its place, whole.
pub fn write(manifest: &Manifest, target: Output) -> Result<(), CommandError> {
    let text = report::json(manifest)?;
    let mut writer = target.writer()?;
    writer.write_all(text.as_bytes()).and_then(|()| writer.flush()).map_err(|error| target.write_error(&error))?;
    drop(writer);
    target.keep()
}

/// The JSON Schema of the manifest.
pub fn schema() -> Result<String, CommandError> {
    report::schema_of::<Manifest>()
}
