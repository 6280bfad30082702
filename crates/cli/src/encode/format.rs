//! The output formats of rows.

/// How rows are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One object per line.
    Json,
    /// With a header line.
    Csv,
    /// The IPC stream format.
    ArrowStream,
    /// The IPC file format, which can be read from any place.
    ArrowFile,
    /// Parquet, with the Arrow schema in its metadata.
    Parquet,
}

impl Format {
    pub(super) const ALL: [Self; 5] = [Self::Json, Self::Csv, Self::ArrowFile, Self::ArrowStream, Self::Parquet];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::ArrowStream => "an Arrow stream",
            Self::ArrowFile => "an Arrow file",
            Self::Parquet => "Parquet",
        }
    }

    /// How it is asked for.
    pub(super) fn flag(self) -> &'static str {
        match self {
            Self::Json => "--format json",
            Self::Csv => "--format csv",
            Self::ArrowStream => "an Arrow stream (.arrows)",
            Self::ArrowFile => "an Arrow file (.arrow)",
            Self::Parquet => "--format parquet",
        }
    }
}
