//! Errors between a catalog and its artifacts.

use std::io;
use std::path::PathBuf;

/// A mistake of the generator, or a folder that it cannot read or write. Artifacts that differ are no error: they are the
/// [`Outcome`](crate::Outcome).
#[derive(Debug, thiserror::Error)]
pub enum CodegenError {
    /// Two parts of the catalog ask for one file; paths that differ only in case are one file on some systems.
    #[error("two artifacts want one path: `{path}` is made from {first} and from {second}")]
    TwoWriters {
        /// The path that both want.
        path: String,
        /// The spec file of the one that came first.
        first: String,
        /// The spec file of the other.
        second: String,
    },
    /// A name of the catalog makes no portable file name.
    #[error("`{path}` is not a valid path of an artifact: only letters, digits, `_`, `-` and `.` are valid")]
    BadPath {
        /// The path.
        path: String,
    },
    /// A template does not parse, or prints what it was not given.
    #[error("template `{template}` does not render: {source}")]
    Template {
        /// The template's file in `templates/`.
        template: String,
        /// The error of the template engine.
        source: Box<tera::Error>,
    },
    /// A template printed text that is no Rust.
    #[error("`{path}` would not be Rust: {source}")]
    Syntax {
        /// The artifact.
        path: String,
        /// The error of the parser.
        source: syn::Error,
    },
    /// A JSON Schema is no JSON object.
    #[error("`{path}` would not be a JSON Schema: {reason}")]
    Schema {
        /// The artifact.
        path: String,
        /// The difference.
        reason: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A file cannot be written. No artifact is left half written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// An orphaned file cannot be removed.
    #[error("cannot remove `{}`: {source}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}
