//! The table of a new catalog: where it is, and where the test finds it.

use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::example;
use crate::catalog_source;
use crate::cleanup::{self, Guard};
use crate::error::CommandError;
use crate::import::Imported;

/// The largest file that is copied, in bytes.
const MOST_COPIED: u64 = 4 << 20;
/// How a Parquet file begins.
const MAGIC: &[u8] = b"PAR1";
/// The folder of data.
const FOLDER: &str = "data";

/// The table that the catalog is about.
pub struct TableData {
    /// Where it is now, as `import` takes it.
    pub location: String,
    /// The name of its dataset, if the location says none.
    pub dataset: Option<&'static str>,
    source: Source,
}

enum Source {
    /// The example, in a file that an ending takes away.
    Example { _file: NamedTempFile, _guard: Guard },
    /// Somebody's table, by its location seen from the new folder.
    Named { seen: String },
}

/// The table in the new folder.
pub struct Placed {
    /// The location, as the test in that folder takes it.
    pub location: String,
    /// A file of the new folder, with its content: the table itself, if it is copied.
    pub copy: Option<(String, Vec<u8>)>,
}

impl TableData {
    /// The table at `from`, or the example. `folder` is the new folder.
    pub fn choose(from: Option<&str>, folder: &Path) -> Result<Self, CommandError> {
        if let Some(from) = from {
            let source = Source::Named { seen: seen_from(folder, from) };
            return Ok(Self { location: from.to_owned(), dataset: None, source });
        }
        let failed = |source| CommandError::write("the example", source);
        let (file, guard) =
            cleanup::stage(|| Builder::new().prefix("cstspec-").suffix(".parquet").tempfile()).map_err(failed)?;
        fs::write(file.path(), example::parquet()).map_err(failed)?;
        let location = file.path().display().to_string();
        Ok(Self { location, dataset: Some(example::DATASET), source: Source::Example { _file: file, _guard: guard } })
    }

    /// Its place in the new folder: a small file is copied, everything else stays.
    pub fn placed(&self, imported: &Imported) -> Result<Placed, CommandError> {
        let name = format!("{FOLDER}/{}.parquet", cstspec_import::word(&imported.table.draft.dataset));
        let is_plain = imported.table.surveyed.partitions.is_empty() && imported.table.surveyed.files == 1;
        let copy = if is_plain { small(Path::new(&self.location))? } else { None };
        Ok(match (copy, &self.source) {
            (Some(bytes), _) => Placed { location: name.clone(), copy: Some((name, bytes)) },
            (None, Source::Named { seen }) => Placed { location: seen.clone(), copy: None },
            (None, Source::Example { .. }) => Placed { location: self.location.clone(), copy: None },
        })
    }
}

/// The content of a Parquet file that is small enough to be copied.
fn small(path: &Path) -> Result<Option<Vec<u8>>, CommandError> {
    let failed = |source| CommandError::read(path.display().to_string(), source);
    if !path.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(failed)?.take(MOST_COPIED + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok((bytes.len() as u64 <= MOST_COPIED && bytes.starts_with(MAGIC)).then_some(bytes))
}

/// `location`, which is seen from here, as it is seen from `folder`. One that is absolute, or a URL, stays as it is.
fn seen_from(folder: &Path, location: &str) -> String {
    if location.contains("://") || Path::new(location).is_absolute() {
        return location.to_owned();
    }
    let absolute = |path: &Path| catalog_source::absolute(&std::path::absolute(path).ok()?);
    let (Some(here), Some(folder)) = (absolute(Path::new(".")), absolute(folder)) else { return location.to_owned() };
    let mut target = here;
    let mut rest = Path::new(location).components().peekable();
    while let Some(Component::ParentDir | Component::CurDir) = rest.peek() {
        if rest.next() == Some(Component::ParentDir) {
            target.pop();
        }
    }
    target.extend(rest);
    let common = target.components().zip(folder.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(target.components().skip(common)).collect();
    let slash = if location.ends_with('/') { "/" } else { "" };
    format!("{}{slash}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A relative location is found from the new folder; another one stays.
    #[test]
    fn location_seen_from_folder() {
        for (folder, location, seen) in [
            ("demo", "a.parquet", "../a.parquet"),
            ("demo", "trees/", "../trees/"),
            ("demo", "trees?version=3", "../trees?version=3"),
            ("demo", "./a/../b/*.parquet", "../a/../b/*.parquet"),
            ("x/demo", "x/a.parquet", "../a.parquet"),
            (".", "../a.parquet", "../a.parquet"),
            ("demo", "/data/a.parquet", "/data/a.parquet"),
            ("demo", "s3://bucket/a/", "s3://bucket/a/"),
        ] {
            assert_eq!(seen_from(Path::new(folder), location), seen, "{folder} {location}");
        }
    }
}
