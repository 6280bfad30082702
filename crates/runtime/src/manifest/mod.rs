//! The manifest: what one run of `verify` looked at and found, as one document that another run can be compared with.
//!
//! Same inputs, same bytes: whatever depends on the clock or on the machine is in the one block [`Run`].

mod relation;
mod run;
mod settings;
mod specs;

use std::collections::BTreeMap;

use cstspec_contract::{Catalog, Finding};
use datafusion::prelude::SessionContext;
use schemars::JsonSchema;
use serde::Serialize;

pub use relation::{AllowedManifest, ColumnManifest, OrderingManifest, RelationManifest};
pub use run::{Run, Stopwatch};
pub use specs::{SpecFile, Specs};

use crate::RuntimeError;
use crate::system::diagnostics::Notes;
use crate::system::diagnostics::SessionLog;
use cstspec_contract::report::Projection;
use cstspec_contract::report::{
    ContractReport, FileConversion, FunctionReport, PlanReport, Report, SourceReport, UnprovenReport,
};

/// The version of the shape. It grows when a program that reads manifests would have to change.
pub const SCHEMA_VERSION: u32 = 1;

/// The inputs and results of one run of `verify`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this shape: 1.
    pub schema_version: u32,
    /// The tool and its version.
    pub tool: String,
    /// The libraries that did the work, and their versions.
    pub engine: BTreeMap<String, String>,
    /// The catalog.
    pub catalog: CatalogSummary,
    /// The specs that the catalog was made from.
    pub specs: Specs,
    /// Every setting of the session as the engine reports it, but for those that are the machine's own: they are in `run`.
    pub settings: BTreeMap<String, String>,
    /// The source of each dataset, by name.
    pub sources: Vec<SourceReport>,
    /// Every relation, in the order of their registration.
    pub relations: Vec<RelationManifest>,
    /// Each expected signature and what the engine made of it, by name.
    pub functions: Vec<FunctionReport>,
    /// How the engine runs each view, by name.
    pub plans: Vec<PlanReport>,
    /// How files differ from the contract and were read all the same, by dataset, file and path.
    pub conversions: Vec<FileConversion>,
    /// The rows that left the session through boundaries, by boundary and schema of the rows. Empty where nothing did.
    pub projections: Vec<Projection>,
    /// Each promise about rows that was held against them, by relation. Empty unless the run was deep.
    pub contracts: Vec<ContractReport>,
    /// Each promise about rows that was held against none, by relation. Empty unless the run was deep.
    pub unproven: Vec<UnprovenReport>,
    /// Every broken promise, in the order of the specs.
    pub findings: Vec<Finding>,
    /// The content of artifacts, by their names without the version.
    pub notes: Notes,
    /// The values that differ between two runs over the same inputs: times, durations, and the machine's own settings.
    pub run: Run,
}

/// Which catalog it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogSummary {
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: u32,
    /// The version of the engine that its expectations were made with.
    pub engine: String,
    /// The preset of the session.
    pub session: String,
}

/// The facts that the session and its report do not have.
#[derive(Debug)]
pub struct RunFacts<'a> {
    /// The tool and its version.
    pub tool: &'a str,
    /// The specs that the catalog was made from.
    pub specs: Specs,
    /// The findings, with what others than `verify` found, and with the lines of specs where they are known.
    pub findings: &'a [Finding],
    /// Since when the run goes on.
    pub stopwatch: Stopwatch,
}

impl Manifest {
    /// Writes down what `report` says of `catalog` in this session.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::Engine`] if the settings cannot be read back.
    pub async fn collect(
        ctx: &SessionContext,
        catalog: &Catalog,
        report: &Report,
        facts: RunFacts<'_>,
    ) -> Result<Self, RuntimeError> {
        let settings = settings::read(ctx).await?;
        let mut relations = Vec::with_capacity(report.relations.len());
        for relation in catalog.relations() {
            let found = report.relations.iter().find(|report| report.name == relation.name());
            relations.push(RelationManifest::take(ctx, catalog, relation, found).await);
        }
        Ok(Self {
            schema_version: SCHEMA_VERSION,
            tool: facts.tool.to_owned(),
            engine: engine(),
            catalog: CatalogSummary {
                name: catalog.name.clone(),
                version: catalog.version,
                engine: catalog.engine.clone(),
                session: settings.preset,
            },
            specs: facts.specs,
            settings: settings.chosen,
            sources: report.sources.clone(),
            relations,
            functions: report.functions.clone(),
            plans: report.plans.clone(),
            conversions: report.conversions.clone(),
            projections: SessionLog::of(&ctx.copied_config()).projections(),
            contracts: report.contracts.clone(),
            unproven: report.unproven.clone(),
            findings: facts.findings.to_vec(),
            notes: Notes::take(ctx, catalog, report).await,
            run: facts.stopwatch.stop(settings.machine),
        })
    }
}

fn engine() -> BTreeMap<String, String> {
    let versions = [
        ("datafusion", crate::ENGINE),
        ("arrow", arrow::ARROW_VERSION),
        #[cfg(feature = "delta")]
        ("deltalake-core", deltalake_core::crate_version()),
    ];
    versions.into_iter().map(|(name, version)| (name.to_owned(), version.to_owned())).collect()
}
