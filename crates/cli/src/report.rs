//! The report of `check`, `generate` and `verify` as JSON: the shape that `cstspec schema report` publishes.

use cstspec_contract::report::{
    ContractReport, FileConversion, FunctionReport, RelationReport, Report as Verification, SourceReport,
    UnprovenReport,
};
use cstspec_contract::{DataPlace, Finding, Severity, SpecPlace};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use crate::args::FailOn;
use crate::error::{CommandError, FailureKind};

/// The version of the shape. It grows when a program that reads reports would have to change.
pub const SCHEMA_VERSION: u32 = 2;
/// The tool and its version.
pub const TOOL: &str = concat!("cstspec ", env!("CARGO_PKG_VERSION"));

/// What `check`, `generate` and `verify` found. The outcome of every other command that was asked for JSON, failed, and has no result
/// of its own to show is a report too.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this shape: 2.
    pub schema_version: u32,
    /// Whether the command did its work, and whether there are findings, whatever their severity.
    pub status: Status,
    /// Why the command could not do its work; null when it did.
    pub failure: Option<ReportedFailure>,
    /// The tool and its version.
    pub tool: String,
    /// The engine and its version; null when no engine was asked.
    pub engine: Option<String>,
    /// Broken promises, in the order of the specs.
    pub findings: Vec<ReportedFinding>,
    /// How many more findings are left out, since one of these explains them.
    pub explained: u64,
    /// What was verified; empty when no engine was asked.
    pub relations: Vec<RelationReport>,
    /// What is behind each dataset.
    pub sources: Vec<SourceReport>,
    /// How files differ from the contract and were read all the same.
    pub conversions: Vec<FileConversion>,
    /// Each promise about rows that was held against them; empty unless `verify` was asked to go deep.
    pub contracts: Vec<ContractReport>,
    /// Each promise about rows that was held against none of them; empty unless `verify` was asked to go deep.
    pub unproven: Vec<UnprovenReport>,
    /// Each expected signature of a function, and what the engine made of it.
    pub functions: Vec<FunctionReport>,
}

/// Whether the command did its work, and whether there are findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// None.
    Clean,
    /// At least one.
    Findings,
    /// The command could not do its work: the exit code is 2, and `failure` says why.
    Failed,
}

/// Why a command could not do its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedFailure {
    /// What failed.
    pub kind: FailureKind,
    /// Why.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// One broken promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedFinding {
    /// The rule's stable code.
    pub code: String,
    /// The rule's stable name.
    pub name: String,
    /// How bad it is.
    pub severity: Severity,
    /// The relation concerned.
    pub relation: Option<String>,
    /// The column or nested field concerned, as a dotted path.
    pub path: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What was promised.
    pub expected: Option<String>,
    /// What was seen.
    pub observed: Option<String>,
    /// What to do.
    pub remedy: Option<String>,
    /// Where it was promised; null when nothing in the specs is at fault.
    pub spec: Option<ReportedSpecPlace>,
    /// Where in the data it was seen.
    pub data: Option<DataPlace>,
    /// Other relations that are wrong for this cause and have no finding of their own.
    pub follows: Vec<String>,
}

/// A place in the specs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedSpecPlace {
    /// The file, relative to the specs folder.
    pub file: String,
    /// The key path in it.
    pub key: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
}

impl Report {
    /// A report of `findings`, and of what an engine answered if one was asked.
    pub fn new(answer: Option<&Verification>, findings: &[Finding]) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            status: if findings.is_empty() { Status::Clean } else { Status::Findings },
            failure: None,
            tool: TOOL.to_owned(),
            engine: answer.map(engine),
            findings: findings.iter().map(ReportedFinding::from).collect(),
            explained: answer.map(|answer| answer.explained).unwrap_or_default(),
            relations: answer.map(|answer| answer.relations.clone()).unwrap_or_default(),
            sources: answer.map(|answer| answer.sources.clone()).unwrap_or_default(),
            conversions: answer.map(|answer| answer.conversions.clone()).unwrap_or_default(),
            contracts: answer.map(|answer| answer.contracts.clone()).unwrap_or_default(),
            unproven: answer.map(|answer| answer.unproven.clone()).unwrap_or_default(),
            functions: answer.map(|answer| answer.functions.clone()).unwrap_or_default(),
        }
    }
}

impl Report {
    /// A report of a command that could not do its work.
    pub fn failed(failure: &CommandError) -> Self {
        let reported = ReportedFailure {
            kind: failure.kind(),
            message: failure.to_string(),
            help: failure.help().map(str::to_owned),
        };
        Self { status: Status::Failed, failure: Some(reported), ..Self::new(None, &[]) }
    }
}

/// `DataFusion 55.2.0`
pub fn engine(answer: &Verification) -> String {
    format!("DataFusion {}", answer.engine)
}

impl From<&Finding> for ReportedFinding {
    fn from(finding: &Finding) -> Self {
        Self {
            code: finding.code.to_string(),
            name: finding.name.to_string(),
            severity: finding.severity,
            relation: finding.relation.clone(),
            path: finding.path.clone(),
            message: finding.message.clone(),
            expected: finding.expected.clone(),
            observed: finding.observed.clone(),
            remedy: finding.remedy.clone(),
            spec: finding.spec.as_ref().map(|SpecPlace { file, key, line, column }| ReportedSpecPlace {
                file: file.clone(),
                key: key.clone(),
                line: *line,
                column: *column,
            }),
            data: finding.data.clone(),
            follows: finding.follows.clone(),
        }
    }
}

/// Whether any finding is bad enough for exit code 1.
pub fn fails(findings: &[Finding], fail_on: FailOn) -> bool {
    findings.iter().any(|finding| fail_on.reached_by(finding.severity))
}

/// Any value as JSON that ends with a newline.
pub fn json<T: Serialize>(value: &T) -> Result<String, CommandError> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| CommandError::Tool(format!("cannot write the report as JSON: {error}")))
}

/// Any value as one line of JSON.
pub fn line<T: Serialize>(value: &T) -> Result<String, CommandError> {
    serde_json::to_string(value)
        .map(|text| text + "\n")
        .map_err(|error| CommandError::Tool(format!("cannot write the report as JSON: {error}")))
}

/// The JSON Schema of [`Report`].
pub fn schema() -> Result<String, CommandError> {
    schema_of::<Report>()
}

/// The JSON Schema of what is written as `T`, of the draft that the spec language's schemas have.
pub fn schema_of<T: JsonSchema>() -> Result<String, CommandError> {
    json(&SchemaSettings::draft07().for_serialize().into_generator().into_root_schema_for::<T>())
}
