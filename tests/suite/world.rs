//! Code that the tests of the suite share: the places of the project, and a session over the sample.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// A Python that imports these modules: the one that `CSTSPEC_PYTHON` names, or `python3`. Without one a test is skipped, which is said;
/// one that is named has to have them.
pub fn python(modules: &str) -> Option<PathBuf> {
    let named = std::env::var_os("CSTSPEC_PYTHON");
    let python = named.clone().map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let found = Command::new(&python).args(["-B", "-c", &format!("import {modules}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert!(
        named.is_none(),
        "CSTSPEC_PYTHON names a Python without {modules}; tests/python/requirements.txt lists them"
    );
    eprintln!("skipped: no Python with {modules}; set CSTSPEC_PYTHON to one");
    None
}

/// A number that an environment variable gives.
pub fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
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
