//! Errors that end the command with exit code 2.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

use crate::query_error::QueryError;

/// The tool could not do what was asked.
#[derive(Debug, Error)]
pub enum CommandError {
    /// Whoever read standard output has gone. It is no mistake of anybody, and ends the command quietly.
    #[error("standard output was closed")]
    ClosedPipe,
    /// The command line does not make sense.
    #[error("{message}")]
    Usage {
        /// The mistake.
        message: String,
        /// The remedy.
        help: Option<String>,
    },
    /// Something on disk could not be read.
    #[error("cannot read {place}: {}", reason(source))]
    Read {
        /// The file or folder.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// Something could not be written.
    #[error("cannot write to {place}: {}", reason(source))]
    Write {
        /// The file, or standard output.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// A query that the engine does not take, or does not bring to its end.
    #[error("{}", .0.message)]
    Query(Box<QueryError>),
    /// A limit was reached.
    #[error("{message}")]
    Limit {
        /// Which, and how it was passed.
        message: String,
        /// How to raise it.
        help: String,
    },
    /// The engine, or the data under it, said no.
    #[error("{0}")]
    Engine(String),
    /// A part of the tool failed.
    #[error("{0}")]
    Tool(String),
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// The command line does not make sense.
    Usage,
    /// Something on disk could not be read.
    Read,
    /// Something could not be written.
    Write,
    /// A limit of memory or time was reached.
    Limit,
    /// The engine, or the data under it, said no.
    Engine,
    /// A part of the tool failed.
    Tool,
}

impl CommandError {
    /// What failed.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Usage { .. } => FailureKind::Usage,
            Self::Read { .. } => FailureKind::Read,
            Self::ClosedPipe | Self::Write { .. } => FailureKind::Write,
            Self::Query(_) | Self::Engine(_) => FailureKind::Engine,
            Self::Limit { .. } => FailureKind::Limit,
            Self::Tool(_) => FailureKind::Tool,
        }
    }

    /// A wrong use of the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: None }
    }

    /// A wrong use of the command line that has an obvious remedy.
    pub fn usage_with_help(message: impl Into<String>, help: Option<String>) -> Self {
        Self::Usage { message: message.into(), help }
    }

    /// A limit that was reached, and how to raise it.
    pub fn limit(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Limit { message: message.into(), help: help.into() }
    }

    /// A failed read of `place`.
    pub fn read(place: impl Into<String>, source: io::Error) -> Self {
        Self::Read { place: place.into(), source }
    }

    /// A failed write to `place`.
    pub fn write(place: impl Into<String>, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::Write { place: place.into(), source }
    }

    /// The remedy.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Usage { help, .. } => help.as_deref(),
            Self::Query(refused) => refused.help.as_deref(),
            Self::Limit { help, .. } => Some(help),
            _ => None,
        }
    }
}

/// The message of a system error as a fragment: without its number, in lower case.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reason has no number and no capital.
    #[test]
    fn reason_without_number() {
        let error = io::Error::from_raw_os_error(28);
        assert_eq!(reason(&error), "no space left on device");
    }

    /// A closed pipe is its own failure.
    #[test]
    fn pipe_closed() {
        let error = io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(matches!(CommandError::write("standard output", error), CommandError::ClosedPipe));
    }
}
