//! Every failure of the crate: one variant, or one kind of a file's error, per cause.

mod file;
mod wording;

use arrow::error::ArrowError;
use datafusion::common::DataFusionError;

pub use file::{FileError, FileErrorKind};
pub use wording::Wording;

/// A failure of a session, a registration or a scan.
///
/// A scan returns these as external errors of the engine: [`RuntimeError::inside`] finds one again.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// A session preset that the catalog does not have.
    #[error("unknown session preset `{name}`; the catalog has {known}")]
    UnknownSession {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A setting that the engine does not take.
    #[error("the engine does not take the setting `{name}` with the value `{value}`: {reason}")]
    Setting {
        /// The setting.
        name: String,
        /// The value asked for.
        value: String,
        /// What the engine says.
        reason: String,
    },
    /// A location for a dataset that the catalog does not have.
    #[error("unknown dataset `{name}`; the catalog has {known}")]
    UnknownDataset {
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A location's version that is neither a number nor a timestamp.
    #[error("the version of `{text}` cannot be read: {reason}")]
    BadVersion {
        /// The location as it was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No file of a dataset can be read. `verify` has reported why.
    #[error("nothing of `{dataset}` can be read")]
    NothingReadable {
        /// The dataset.
        dataset: String,
    },
    /// A file or a location of a dataset.
    #[error(transparent)]
    File(Box<FileError>),
    /// An error of the engine.
    #[error(transparent)]
    Engine(#[from] DataFusionError),
}

impl RuntimeError {
    /// The error of this crate inside an error of the engine.
    pub fn inside(error: &DataFusionError) -> Option<&Self> {
        find_source(error)
    }

    /// The file or location at fault.
    pub fn file(&self) -> Option<&FileError> {
        match self {
            Self::File(error) => Some(error),
            _ => None,
        }
    }

    /// What is wrong with that file or location.
    pub fn kind(&self) -> Option<&FileErrorKind> {
        self.file().map(|error| &error.kind)
    }

    /// The dataset that it is about.
    pub fn belongs_to(&self) -> Option<&str> {
        match self {
            Self::NothingReadable { dataset } => Some(dataset),
            other => other.file().map(|error| error.dataset.as_str()),
        }
    }

    /// The file or location that it is about, as a person finds it.
    pub fn path(&self) -> Option<&str> {
        self.file().map(|error| error.path.as_str())
    }

    /// The row of the file that it is about, from 0.
    pub fn row(&self) -> Option<u64> {
        self.file().and_then(|error| error.row)
    }

    /// Whether the bytes of one file are at fault, whatever the contract declares of its values.
    pub fn is_of_file(&self) -> bool {
        self.kind().is_some_and(FileErrorKind::is_of_file)
    }
}

impl From<FileError> for RuntimeError {
    fn from(error: FileError) -> Self {
        Self::File(Box::new(error))
    }
}

impl From<RuntimeError> for DataFusionError {
    fn from(error: RuntimeError) -> Self {
        match error {
            RuntimeError::Engine(error) => error,
            other => Self::External(Box::new(other)),
        }
    }
}

/// The error of type `E` that an error of the engine was made from.
pub fn find_source<E: std::error::Error + 'static>(error: &DataFusionError) -> Option<&E> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        let boxed = || current.downcast_ref::<Box<E>>().map(Box::as_ref);
        if let Some(found) = current.downcast_ref::<E>().or_else(boxed) {
            return Some(found);
        }
        // These two hold an error that is not, or not always, their source.
        cause = match current.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
            Some(DataFusionError::ArrowError(inner, _)) => Some(inner.as_ref()),
            _ => match current.downcast_ref::<ArrowError>() {
                Some(ArrowError::ExternalError(inner)) => Some(inner.as_ref()),
                _ => current.source(),
            },
        };
    }
    None
}
