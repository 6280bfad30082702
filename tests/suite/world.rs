//! What the tests of the suite share: the places of the project, and a session over the sample.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cstspec_contract::Catalog;
use cstspec_runtime::{Location, Locations, Options, register, session};
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

/// The dataset of the LibCST catalog.
pub const DATASET: &str = "libcst_files_v1";

/// The project's top folder.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the project").to_owned()
}

/// Locations of datasets, by name.
pub fn at<'a>(locations: impl IntoIterator<Item = (&'a str, &'a Path)>) -> Locations {
    locations.into_iter().map(|(name, path)| (name.to_owned(), Location::Url(path.display().to_string()))).collect()
}

/// A session in which `catalog` is registered, over the data at `locations`.
pub async fn open(catalog: &Catalog, locations: &Locations) -> SessionContext {
    let ctx = session(catalog, &Options::default()).unwrap();
    let registered = register(&ctx, catalog, locations).await.unwrap();
    assert!(registered.refused.is_empty(), "{:?}", registered.refused);
    ctx
}

/// A folder with the sample table in it, and the table's path.
pub fn sample() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("libcst_files_v1.parquet");
    fs::write(&path, cstspec_libcst::SAMPLE).unwrap();
    (folder, path)
}

/// Every file below `folder`, by path relative to it.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Copies a folder with everything below it.
pub fn copy(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        let target = to.join(name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
}
