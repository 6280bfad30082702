//! What a person types, as clap reads it.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use cstspec_contract::Severity;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "cstspec",
    version,
    about = "Data contracts for nested Parquet and Delta tables: written once in YAML, checked against the live engine and the data",
    after_help = "\
Exit codes: 0 clean; 1 findings at or above --fail-on, data that breaks its contract, or stale artifacts; 2 wrong usage, a failure of \
the tool, or an exceeded limit; 129, 130 and 143 ended by SIGHUP, Ctrl-C and SIGTERM.",
    max_term_width = 110
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// The folder with catalog.yaml [default: the nearest folder `specs`, in the current folder or above it]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Common options")]
    pub specs: Option<PathBuf>,
    /// Use the built-in LibCST catalog instead of a specs folder
    #[arg(long, global = true, conflicts_with = "specs", help_heading = "Common options")]
    pub built_in: bool,
    /// The lowest severity of a finding that sets the exit code to 1
    #[arg(long, global = true, value_name = "SEVERITY", default_value = "error", help_heading = "Common options")]
    pub fail_on: FailOn,
    /// Use colour: auto, always or never [auto respects `NO_COLOR` and pipes]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Common options")]
    pub color: When,
    /// Print only results, findings and errors
    #[arg(short, long, global = true, help_heading = "Common options")]
    pub quiet: bool,
    /// Log progress to standard error, and show every finding
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = "Common options")]
    pub verbose: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the specs, without the engine
    Check(Check),
    /// Write the artifacts of a catalog: Rust, SQL, expected DESCRIBE outputs, JSON Schemas
    Generate(Generate),
    /// Show the schemas of relations, as declared or as the engine reports them
    Describe(Describe),
    /// Register all relations, execute every view, and check the engine and the data against the specs
    Verify(Verify),
    /// Run one read-only query over the relations of the catalog
    Query(Query),
    /// Write the specs of a table: columns, types, row views, and the constraints that hold on all its rows
    Import(Import),
    /// Write a folder with the specs of a table, a crate around them, and a test of its data
    Init(Init),
    /// Print or list the JSON Schemas of the spec language, the reports and the manifest
    Schema(Schema),
    /// Print the page of a rule
    Explain(Explain),
    /// List the rules
    Rules(Rules),
    /// Print a shell completion script
    Completions(Completions),
}

/// `cstspec check`
#[derive(Debug, Args)]
pub struct Check {
    /// The format of the report
    #[arg(long, default_value = "human")]
    pub format: ReportFormat,
}

/// `cstspec generate`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Generate {
    /// Write nothing: report stale, missing and orphaned artifacts, and exit with 1 if there are any
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,
    /// Write nothing: print the changes as a diff, and exit with 1 if there are any
    #[arg(long, conflicts_with = "dry_run")]
    pub diff: bool,
    /// Write nothing: list the files that would change
    #[arg(long)]
    pub dry_run: bool,
    /// Also replace files and links at the paths of artifacts that the generator did not write
    #[arg(long, conflicts_with_all = ["check", "diff", "dry_run"])]
    pub force: bool,
    /// The format of the report
    #[arg(long, default_value = "human")]
    pub format: ReportFormat,
}

/// `cstspec describe`
#[derive(Debug, Args)]
pub struct Describe {
    /// The relations [default: all]
    #[arg(value_name = "RELATION")]
    pub relations: Vec<String>,
    /// Show the schemas that the engine reports instead of those of the specs
    #[arg(long)]
    pub observed: bool,
    /// The format: an indented tree, the columns of DESCRIBE, or JSON
    #[arg(long, default_value = "tree")]
    pub format: DescribeFormat,
    /// Where the data is, for --observed.
    #[command(flatten)]
    pub data: Data,
    /// The session and its limits.
    #[command(flatten)]
    pub engine: Engine,
}

/// `cstspec verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// Where the data is.
    #[command(flatten)]
    pub data: Data,
    /// The session and its limits.
    #[command(flatten)]
    pub engine: Engine,
    /// Also check the constraints on all rows: NOT NULL, keys, references, order, denormalized copies, allowed values
    #[arg(long)]
    pub deep: bool,
    /// Also write a manifest of the run to FILE, as one JSON document (its schema: `cstspec schema manifest`); the file is written
    /// completely or not at all
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// The format of the report
    #[arg(long, default_value = "human")]
    pub format: ReportFormat,
}

/// `cstspec query`
#[derive(Debug, Args)]
#[command(after_help = "\
`table` shows the first 1,000 rows and cuts long values; every other format streams the whole result.

`json` is one object per line: a map is an object whose keys are text, a union an object with its one member, and NaN, Infinity and \
-Infinity are text. `csv` writes nested values as JSON, NULL as an empty field and an empty text as \"\". `arrow` is \
the IPC file format for a file and the IPC stream format for standard output and for files that end in .arrows.

With `--format json` a failure is a report of one line (`cstspec schema report`): on standard output before the first row, else the last \
line on standard error.

An unknown file extension is refused. So is a column that the format cannot hold, with its path and before a byte is written.")]
pub struct Query {
    /// The query: SELECT, EXECUTE, DESCRIBE, SHOW or EXPLAIN; `-` reads it from standard input
    pub sql: String,
    /// Where the data is.
    #[command(flatten)]
    pub data: Data,
    /// The session and its limits.
    #[command(flatten)]
    pub engine: Engine,
    /// Project the result to this boundary's schema; fail if it does not fit
    #[arg(long, value_name = "NAME")]
    pub boundary: Option<String>,
    /// The format of the rows [default: by the extension of the output file, else table]
    #[arg(long)]
    pub format: Option<RowFormat>,
    /// The file to write; it is written completely or not at all [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `cstspec import`
#[derive(Debug, Args)]
#[command(after_help = "\
The specs go into --specs, or into the folder `specs` here. A catalog that is there gets the new files; no file is replaced. All files are \
written, or none. If a file of the table cannot be read, or the table has what no spec can declare, there is a finding and nothing is \
written.

Partitions, keys, order, NOT NULL, references and small sets of values are written only if they hold on all rows, each with a comment \
that has the number of values or rows. They describe the rows of today: remove those that are no contract.

With --into the specs of a table that moved on get its new fields, each at its place and in the style of the fields beside it; every other \
byte stays. A field that no file has any more, a type that the contract does not read, other partitions, and constraints that rows break are \
listed. They change with --accept alone; without it nothing is written and the exit code is 1.")]
pub struct Import {
    /// The table: a Parquet file, a folder of them, a Hive layout, or a pattern, as in --data of `verify`; or a contract of the Open Data
    /// Contract Standard (odcs.yaml)
    pub location: String,
    /// The name of the dataset [default: by the name of the file or folder]
    #[arg(long)]
    pub name: Option<String>,
    /// Refresh the specs of the dataset in this file from the table, and change nothing else in them
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub into: Option<PathBuf>,
    /// Make changes that remove or retype a field, or remove a constraint
    #[arg(long, requires = "into")]
    pub accept: bool,
    /// Leave this field and those inside as they are; may be repeated
    #[arg(long, value_name = "PATH", requires = "into")]
    pub keep: Vec<String>,
    /// The session and its limits.
    #[command(flatten)]
    pub engine: Engine,
}

/// `cstspec init`
#[derive(Debug, Args)]
#[command(after_help = "\
Without --from the folder has a small example with its data. The specs are those that `import` writes. A single Parquet file of at most \
4 MiB is copied into the folder `data`, so that the test finds it wherever the repository is; other data stays where it is.

The folder has to be empty, or not to exist. Everything is written, or nothing.")]
pub struct Init {
    /// The folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The table: what `import` accepts
    #[arg(long, value_name = "LOCATION")]
    pub from: Option<String>,
    /// The name of the crate and of the catalog [default: by the name of the folder]
    #[arg(long)]
    pub name: Option<String>,
    /// The name of the dataset [default: by the name of the file or folder of the table]
    #[arg(long, value_name = "NAME", requires = "from")]
    pub dataset: Option<String>,
    /// Write no crate: specs, data and a workflow that verifies them with the command
    #[arg(long)]
    pub specs_only: bool,
    /// Where the crate takes cstspec from: `crates.io`, or the folder of a checkout [default: the checkout that this command was built
    /// in, while that exists, else crates.io]
    #[arg(long, value_name = "WHERE", conflicts_with = "specs_only")]
    pub crates: Option<String>,
    /// The session and its limits.
    #[command(flatten)]
    pub engine: Engine,
}

/// `cstspec schema`
#[derive(Debug, Args)]
pub struct Schema {
    /// The schema's name: `dataset`, `view`, ..., `report`, `manifest` [default: list the names]
    pub name: Option<String>,
}

/// `cstspec explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// The rule's code or name: `C103` or `partition-not-in-schema`
    #[arg(value_name = "CODE|NAME")]
    pub rule: String,
}

/// `cstspec rules`
#[derive(Debug, Args)]
pub struct Rules {
    /// The format of the list
    #[arg(long, default_value = "human")]
    pub format: ReportFormat,
}

/// `cstspec completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}

/// Where the files of datasets are.
#[derive(Debug, Args)]
pub struct Data {
    /// The file, folder or URL that holds a dataset; may be given once per dataset
    /// [default: the built-in sample for `libcst_files_v1`, an empty table for any other dataset]
    ///
    /// A pattern such as `'trees/**/part-*.parquet'` selects files. A folder `key=value` of a Hive layout, or a file in it, has the
    /// partition values of the folders above it.
    ///
    /// A folder with a `_delta_log` is a Delta table, read at its newest version. A suffix `?version=3` or
    /// `?timestamp=2026-01-02T03:04:05Z` selects another version; a timestamp without an offset is in UTC. A suffix
    /// `?clone_of=LOCATION` allows a shallow clone to read the files of its source, and may be given once per source
    /// (`?version=3&clone_of=LOCATION`).
    #[arg(long = "data", value_name = "DATASET=LOCATION")]
    pub locations: Vec<String>,
}

/// The session that the engine opens, and what the command may take.
#[derive(Clone, Debug, Args)]
pub struct Engine {
    /// The session preset of the catalog [default: the one that the catalog names]
    #[arg(long, value_name = "NAME", help_heading = "Engine options")]
    pub session: Option<String>,
    /// Override a setting of the preset, such as `--set cstspec.narrow_scans=false`; may be given once per setting
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting, help_heading = "Engine options")]
    pub settings: Vec<(String, String)>,
    /// The memory limit of the command, such as `2GiB`, or `none` [default: half of the available memory]
    ///
    /// Three quarters of it are the memory pool of the engine's operators, which spill to disk beyond it, unless the preset sets
    /// another pool. If the process exceeds the limit, the command ends with exit code 2 and writes nothing.
    #[arg(long, value_name = "SIZE", value_parser = memory, help_heading = "Engine options")]
    pub memory_limit: Option<MemoryLimit>,
    /// The time limit of the command, such as `60s` or `5m`; the command then ends with exit code 2 [default: none]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, help_heading = "Engine options")]
    pub timeout: Option<Duration>,
}

impl Engine {
    /// Whether nothing is asked for.
    pub fn is_default(&self) -> bool {
        let Self { session, settings, memory_limit, timeout } = self;
        session.is_none() && settings.is_empty() && memory_limit.is_none() && timeout.is_none()
    }
}

/// The most memory that somebody allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryLimit {
    /// So many bytes.
    Bytes(u64),
    /// As many as there are.
    None,
}

fn memory(text: &str) -> Result<MemoryLimit, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(MemoryLimit::None);
    }
    let size =
        text.parse::<ByteSize>().map_err(|_| "expected a number with a unit, such as 2GiB or 500MB".to_owned())?;
    Ok(MemoryLimit::Bytes(size.as_u64()))
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    Human,
    /// For programs; `cstspec schema report` prints the schema of the reports.
    Json,
}

/// How schemas are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DescribeFormat {
    /// One field per line, indented.
    Tree,
    /// The three columns of DESCRIBE.
    Table,
    /// Both, for programs.
    Json,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// Aligned columns, for people.
    Table,
    /// One object per line.
    Json,
    /// With a header line; nested values as JSON.
    Csv,
    /// Arrow IPC.
    Arrow,
    /// Parquet with the plan's Arrow schema.
    Parquet,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The least severity that makes the exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Broken contracts.
    Error,
    /// Also likely mistakes.
    Warning,
    /// All findings.
    Info,
    /// No finding.
    Never,
}

impl FailOn {
    /// Whether a finding this bad makes the exit code 1.
    pub fn reached_by(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => severity >= Severity::Info,
            Self::Never => false,
        }
    }
}
