//! Where the data of a dataset is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::compute::kernels::cast_utils::string_to_datetime;
use arrow::temporal_conversions::timestamp_ms_to_datetime;
use datafusion::catalog::TableProvider;

use crate::RuntimeError;

/// Where the data of a dataset is.
#[derive(Clone, Debug)]
pub enum Location {
    /// The path of a Parquet file or of a folder (of Parquet files, or in a Hive layout where the dataset has partitions and the
    /// folder has `key=value` folders), or the URL of either in a store that the host registered on the session. A folder with a
    /// `_delta_log` is a Delta table, read at its latest version. A part of a Hive layout has the values of the `key=value` folders
    /// above it. A path that does not exist and has a `*`, `?` or `[` is a pattern over the paths below its last folder without one;
    /// so is a URL with a `*` or `[`.
    Url(String),
    /// The path or URL of a Delta table, at a version of its own. Which one is found out once: every scan of a registration reads
    /// the same.
    Delta {
        /// The folder that holds the `_delta_log`.
        url: String,
        /// Which version.
        at: DeltaVersion,
        /// The tables that it is a shallow clone of: paths or URLs in the same store. Files below them may belong to its log; any other
        /// file outside of the table is refused.
        clone_of: Vec<String>,
    },
    /// A provider of the host's. Its columns are read as the contract says: by name at any depth, under its evolution policy.
    Table(Arc<dyn TableProvider>),
}

/// The locations of datasets, by name. A dataset without one is where the session mounts tables by itself, if it has one of its name
/// there, and else empty.
pub type Locations = BTreeMap<String, Location>;

/// A version of a Delta table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeltaVersion {
    /// The newest one at the first look.
    #[default]
    Latest,
    /// The one of this number.
    Version(u64),
    /// The newest one that was committed no later: milliseconds since 1970 in UTC.
    Timestamp(i64),
}

impl Location {
    /// Reads a location as a person writes it: a path or URL, with `?version=3` or `?timestamp=2026-01-02T03:04:05Z` behind it for
    /// a Delta table at a version, and with `?clone_of=LOCATION` for a shallow clone, as often as its log has files of other tables. `&`
    /// stands between two of them; in a location it is written as `%26` of a URL. A path that exists is taken as it is. Without an offset
    /// a timestamp is in UTC.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::BadVersion`] for what is neither a number nor a timestamp, for two versions, and for a source without a location.
    pub fn parse(text: &str) -> Result<Self, RuntimeError> {
        let plain = Self::Url(text.to_owned());
        let Some((url, asked)) = text.rsplit_once('?') else { return Ok(plain) };
        let bad = |reason: String| RuntimeError::BadVersion { text: text.to_owned(), reason };
        if FilePath::new(text).exists() {
            return Ok(plain);
        }
        let mut version = None;
        let mut clone_of = Vec::new();
        for part in asked.split('&') {
            let at = match part.split_once('=') {
                Some(("clone_of", "")) => return Err(bad("`clone_of` has no location".to_owned())),
                Some(("clone_of", root)) => {
                    clone_of.push(root.to_owned());
                    continue;
                }
                Some(("version", number)) => number
                    .parse()
                    .map(DeltaVersion::Version)
                    .map_err(|_| bad(format!("`{number}` is no number of a version")))?,
                Some(("timestamp", time)) => "+00:00"
                    .parse::<Tz>()
                    .and_then(|utc| string_to_datetime(&utc, time))
                    .map(|time| DeltaVersion::Timestamp(time.timestamp_millis()))
                    .map_err(|_| bad(format!("`{time}` is no timestamp such as 2026-01-02T03:04:05Z")))?,
                _ => return Ok(plain),
            };
            if version.replace(at).is_some() {
                return Err(bad("it has two versions".to_owned()));
            }
        }
        Ok(Self::Delta { url: url.to_owned(), at: version.unwrap_or_default(), clone_of })
    }

    /// The path or URL without a version; `None` for a provider of the host's.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Url(url) | Self::Delta { url, .. } => Some(url),
            Self::Table(_) => None,
        }
    }
}

/// As [`Location::parse`] reads it; a provider of the host's has no such form.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::Delta { url, at, clone_of } => {
                write!(f, "{url}{at}")?;
                let mut sign = if *at == DeltaVersion::Latest { '?' } else { '&' };
                for root in clone_of {
                    write!(f, "{sign}clone_of={root}")?;
                    sign = '&';
                }
                Ok(())
            }
            Self::Table(_) => f.write_str("a table provider"),
        }
    }
}

/// As it is written behind a location.
impl fmt::Display for DeltaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => Ok(()),
            Self::Version(number) => write!(f, "?version={number}"),
            Self::Timestamp(milliseconds) => write!(f, "?timestamp={}", instant(*milliseconds)),
        }
    }
}

/// Milliseconds since 1970 as a timestamp in UTC.
pub(crate) fn instant(milliseconds: i64) -> String {
    match timestamp_ms_to_datetime(milliseconds) {
        Some(time) => time.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string(),
        None => format!("{milliseconds} ms since 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::{DeltaVersion, Location};
    use crate::RuntimeError;

    fn at(text: &str) -> Option<DeltaVersion> {
        match Location::parse(text).unwrap() {
            Location::Delta { url, at, clone_of } => {
                assert_eq!((url.as_str(), clone_of), ("some/table", Vec::new()));
                Some(at)
            }
            _ => None,
        }
    }

    /// A version stands behind the path.
    #[test]
    fn version_after_path() {
        assert_eq!(at("some/table"), None);
        assert_eq!(at("some/table?version=3"), Some(DeltaVersion::Version(3)));
        let noon = Some(DeltaVersion::Timestamp(1_767_323_045_500));
        assert_eq!(at("some/table?timestamp=2026-01-02T03:04:05.5Z"), noon);
        assert_eq!(at("some/table?timestamp=2026-01-02 05:04:05.5+02:00"), noon);
        assert_eq!(at("some/table?timestamp=2026-01-02T03:04:05.5"), noon);
        // Beyond what nanoseconds in 64 bits can count.
        let last = Some(DeltaVersion::Timestamp(253_402_300_799_000));
        assert_eq!(at("some/table?timestamp=9999-12-31T23:59:59Z"), last);
        let first = Some(DeltaVersion::Timestamp(-62_135_596_800_000));
        assert_eq!(at("some/table?timestamp=0001-01-01T00:00:00Z"), first);
        assert_eq!(at("some/table?name=3"), None);
    }

    /// The sources of a clone stand beside the version, and a location is read as it is displayed.
    #[test]
    fn sources_of_clone() {
        for (text, at, sources) in [
            ("some/table?clone_of=/a/b", DeltaVersion::Latest, vec!["/a/b"]),
            (
                "some/table?version=3&clone_of=/a/b&clone_of=file:///c%26d",
                DeltaVersion::Version(3),
                vec!["/a/b", "file:///c%26d"],
            ),
            ("some/table?clone_of=../b=c&version=0", DeltaVersion::Version(0), vec!["../b=c"]),
        ] {
            let location = Location::parse(text).unwrap();
            let Location::Delta { url, at: version, clone_of } = &location else { panic!("{text}: {location:?}") };
            assert_eq!(
                (url.as_str(), *version, clone_of.iter().map(String::as_str).collect()),
                ("some/table", at, sources)
            );
            let again = Location::parse(&location.to_string()).unwrap();
            assert_eq!(again.to_string(), location.to_string());
        }
        for text in ["some/table?clone_of=", "some/table?version=1&version=2", "some/table?clone_of=a&version=x"] {
            assert!(matches!(Location::parse(text), Err(RuntimeError::BadVersion { .. })), "{text}");
        }
        assert!(matches!(Location::parse("some/table?clone=a").unwrap(), Location::Url(_)));
    }

    #[test]
    fn location_round_trip() {
        for text in [
            "a",
            "s3://b/c?version=0",
            "a b?timestamp=2026-01-02T03:04:05Z",
            "?timestamp=1969-12-31T23:59:59.999Z",
            "a?timestamp=9999-12-31T23:59:59Z",
        ] {
            assert_eq!(Location::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn version_invalid() {
        for text in ["a?version=", "a?version=-1", "a?version=v3", "a?timestamp=", "a?timestamp=yesterday"] {
            let refused = Location::parse(text).unwrap_err();
            assert!(matches!(refused, RuntimeError::BadVersion { .. }), "{refused}");
        }
    }
}
