//! The rooms of each crate, from the ground up: a room imports from those above its own line in the table, and from no other.
//!
//! A new module needs a line here. A crate's table is one more entry of [`TABLES`].

use super::rooms::{Room, room};

/// Folders whose files import one another in no loop.
pub const NO_LOOPS: &[&str] = &[
    "crates/cli/src/encode",
    "crates/codegen/src/rust",
    "crates/contract/src/spelling",
    "crates/spec/src/engine",
    "crates/spec/src/expr",
    "crates/spec/src/model",
    "crates/spec/src/resolve",
    "crates/spec/src/types",
    "crates/spec/src/yaml",
];

/// Every crate below `crates` with its rooms.
pub const TABLES: &[(&str, &[Room])] = &[
    ("contract", CONTRACT),
    ("conform", CONFORM),
    ("spec", SPEC),
    ("codegen", CODEGEN),
    ("runtime", RUNTIME),
    ("verify", VERIFY),
    ("libcst", LIBCST),
    ("import", IMPORT),
    ("report", REPORT),
    ("testing", TESTING),
    ("cli", CLI),
];

const CONTRACT: &[Room] = &[
    room("likeness", "names that resemble others, compared as text"),
    room("sql", "identifiers and literals of SQL, as text"),
    room("text", "escapes of characters that a terminal or a file would misread"),
    room("value", "one value of a spec"),
    room("path", "fields inside nested types; knows arrow's types alone"),
    room("origin", "where something is written: a file and a key path"),
    room("types", "Arrow types, built and compared"),
    room("artifact", "the form of generated text files"),
    room("describe", "the DESCRIBE of a schema, as text"),
    room("spelling", "Arrow types as specs write them"),
    room("schema", "columns: the part of every relation"),
    room("statement", "one SQL statement; knows no relation"),
    room("session", "settings of an engine; knows no relation"),
    room("function", "signatures of functions; knows no relation"),
    room("finding", "one broken promise; knows places, and not what is promised"),
    room("evolution", "which differences of files are allowed; knows no dataset"),
    room("dataset", "a table with files; knows no view"),
    room("boundary", "a schema that batches are handed on in; knows no view"),
    room("view", "a query over relations"),
    room("definition", "the DDL text of a dataset or a view"),
    room("fields", "columns derived from those of other relations"),
    room("report", "results of sessions and of verify as plain data"),
    room("catalog", "all of the above in one value"),
    room("prelude", "the names that generated code imports"),
];

const SPEC: &[Room] = &[
    room("order", "topological order; knows numbers alone"),
    room("repository", "the folder of a repository; reads no spec"),
    room("engine", "settings and typing rules of the engine; knows Arrow types, and no spec"),
    room("constant", "whether a constant fits an Arrow type"),
    room("rules", "rules of findings about specs"),
    room("finding", "texts of findings in a form that can be printed"),
    room("yaml", "text to trees and typed values with places; knows no kind of document"),
    room("layout", "bytes of values in documents; knows no kind of document"),
    room("sources", "files with their trees; turns key paths into lines; reads no disk"),
    room("folder", "reads a specs folder into sources"),
    room("model", "documents as they are written; resolves no name"),
    room("types", "the text of a type to an Arrow type; knows no document"),
    room("signature", "the text of a signature to patterns of types"),
    room("expr", "expressions to types; knows no document"),
    room("documents", "sources to documents of each kind"),
    room("resolve", "documents to a catalog"),
];

const CODEGEN: &[Room] = &[
    room("error", "every failure of the crate"),
    room("diff", "a line diff of two texts"),
    room("artifact", "artifacts in memory; knows no disk and no template"),
    room("template", "templates, filled from plain models"),
    room("header", "the first line of a generated file"),
    room("rust", "Rust text of a catalog; knows no path of an artifact"),
    room("sql", "SQL text of a view"),
    room("plan", "a catalog to artifacts in memory; reads no disk"),
    room("disk", "entries of folders; knows no artifact"),
    room("change", "one difference between artifacts and a folder"),
    room("compare", "artifacts held against folders; writes nothing"),
    room("staging", "the lock and the staging folder: the writes to the disk"),
    room("apply", "write, check or diff, as compared"),
    room("rules", "rules of the findings that artifacts give"),
    room("build", "the entry of build scripts"),
];

const CONFORM: &[Room] = &[
    room("encoding", "encodings of Parquet that Arrow has no type for"),
    room("error", "every difference that cannot be read, and every value that does not fit"),
    room("cast", "casts between two leaf types"),
    room("constant", "constants of specs as arrays"),
    room("mask", "values below NULL parents, cleared"),
    room("decode", "values of an encoding, decoded"),
    room("delta_types", "the types that a Delta log has no word for"),
    room("all_nullable", "contracts without NOT NULL"),
    room("place", "a field by its path in both schemas"),
    room("step", "the steps of a plan, as data"),
    room("apply", "steps applied to arrays"),
    room("rules", "what may differ, and the defaults"),
    room("plan", "the steps from one type to another, with every difference"),
    room("clip", "the leaves that a step reads"),
    room("project", "a plan projected to some fields"),
    room("compare", "two schemas compared; knows no file"),
    room("fault", "the place of a fault inside a row"),
    room("likely", "fields that likely have another name"),
];

const RUNTIME: &[Room] = &[
    room("clock", "the time of day"),
    room("engine", "the version of the engine"),
    room("names", "names as the engine takes them"),
    room("display", "values as text"),
    room("config", "the settings `cstspec.*`; knows nothing that they switch"),
    room("error", "every failure of the crate; knows no component"),
    room("location", "where data is, as a user writes it"),
    room("fingerprint", "hashes of schemas and texts"),
    room("constraint", "constraints of a contract with their names"),
    room("guard", "panics of decoders, turned into errors"),
    room("files", "which files a dataset has and what their footers say; builds no ExecutionPlan"),
    room("observe", "answers of a live session; judges nothing"),
    room("scan", "ExecutionPlans over files; knows no TableProvider and no session"),
    room("table", "the TableProvider of a dataset"),
    room("functions", "functions that a session gets"),
    room("optimizer", "the rule that narrows scans of such tables"),
    room("limits", "limits on the text and the plan of queries"),
    room("system", "system tables of a session: catalogs, information_schema, diagnostics"),
    room("boundary", "batches that leave with a requested schema"),
    room("manifest", "one run of verify as a document"),
    room("session", "sessions and registration: composes all of the above"),
];

const VERIFY: &[Room] = &[
    room("rules", "rules of findings about sessions, files and rows"),
    room("checks", "which checks run, and who learns of their progress"),
    room("causes", "the ledger: which findings follow from which; knows no engine"),
    room("execution_error", "the finding of an engine error"),
    room("facts", "the state of functions and relations, and the possible causes of an error"),
    room("session", "settings, functions, definitions and statements of a session"),
    room("sources", "the files of datasets, one by one"),
    room("rows", "constraints on rows, checked on all of them"),
    room("relations", "columns, names and plans of relations, and their execution"),
    room("query_error", "findings of errors that end a query"),
    room("diagnostics", "the report as tables of the session"),
];

const LIBCST: &[Room] = &[room("generated", "code that the generator wrote; knows nothing of the crate around it")];

const IMPORT: &[Room] = &[
    room("yaml", "YAML with comments; knows no spec"),
    room("name", "names of types, views and files"),
    room("proof", "numbers of proven values, and the comments that name them"),
    room("schema", "Arrow schemas in the form that specs declare"),
    room("types", "named types of a schema"),
    room("extends", "leading fields that structs share"),
    room("draft", "a table with its views and constraints"),
    room("existing", "names that a catalog has already"),
    room("document", "specs as text"),
    room("odcs", "contracts of the Open Data Contract Standard as drafts"),
    room("refresh", "edits of specs by position"),
];

const REPORT: &[Room] = &[
    room("paint", "colours of text"),
    room("table", "tables as text; knows no report"),
    room("render", "findings for people; reads no file"),
];

const TESTING: &[Room] = &[];

const CLI: &[Room] = &[
    room("args", "the command line as clap reads it; knows no catalog"),
    room("cleanup", "removal of staged files when the command ends early"),
    room("engine_message", "messages of the engine as sentences; knows no catalog"),
    room("suggestion", "did-you-mean for names on the command line"),
    room("paint", "colours of text, as the command line asks for them"),
    room("query_error", "one refused query, with its place and help"),
    room("error", "everything that ends the command with exit code 2"),
    room("console", "standard output and standard error"),
    room("catalog_source", "the catalog that a command works on"),
    room("data", "locations of datasets"),
    room("settings", "settings on the command line"),
    room("report", "the JSON of a report; prints nothing"),
    room("outcome", "a failure in the format of the command"),
    room("output", "files that are replaced when they are complete"),
    room("encode", "rows in each output format; knows no query"),
    room("preview", "rows for a terminal"),
    room("progress", "the progress bar"),
    room("report_output", "a report on its way to the streams, and the exit code"),
    room("limits", "limits of memory and time"),
    room("session", "an engine with the catalog registered"),
    room("manifest", "the manifest as a file"),
    room("rules", "`rules` and `explain`; need no session"),
    room("schema", "`schema`; needs no session"),
    room("check", "`check`; needs no session"),
    room("generate", "`generate`; needs no session"),
    room("describe", "`describe`"),
    room("query", "`query`"),
    room("verify_summary", "the result of `verify` for people"),
    room("verify", "`verify`"),
    room("import", "`import`"),
    room("init", "`init`: a crate around what `import` makes"),
];
