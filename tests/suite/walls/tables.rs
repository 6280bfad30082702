//! The rooms of each crate, from the ground up: a room imports from those above its own line in the table, and from no other.
//!
//! A new module needs a line here. A crate's table is one more entry of [`TABLES`].

use super::rooms::{Room, room};

/// Crates whose modules have no order yet.
pub const UNORDERED: [&str; 2] = ["runtime", "cli"];

/// Folders whose files import one another in no loop.
pub const NO_LOOPS: &[&str] = &[
    "crates/spec/src/engine",
    "crates/spec/src/expr",
    "crates/spec/src/model",
    "crates/spec/src/resolve",
    "crates/spec/src/types",
    "crates/spec/src/yaml",
];

/// Every crate below `crates` with its rooms.
pub const TABLES: &[(&str, &[Room])] =
    &[("contract", CONTRACT), ("spec", SPEC), ("codegen", CODEGEN), ("libcst", LIBCST)];

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
    room("dataset", "a table with files; knows no view"),
    room("boundary", "a schema that batches are handed on in; knows no view"),
    room("view", "a query over relations"),
    room("definition", "the DDL text of a dataset or a view"),
    room("fields", "columns derived from those of other relations"),
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
    room("notice", "the first line of a generated file"),
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

const LIBCST: &[Room] = &[room("generated", "code that the generator wrote; knows nothing of the crate around it")];
