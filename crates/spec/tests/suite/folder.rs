//! Specs folders that a checkout cannot hold.

use std::fs;
use std::path::Path;

use cstspec_contract::Catalog;
use cstspec_spec::{Compiled, compile_embedded};
use tempfile::TempDir;

use crate::text::text;

/// The head of a catalog that reads everything beside it.
pub const CATALOG: &str = "catalog: case\nversion: 1\nengine: \"55.2.0\"\nsession: plain\ninclude: [.]\n";

/// A folder with a sound catalog that has one session preset and nothing else.
pub fn sound() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "catalog.yaml", CATALOG);
    write(folder.path(), "plain.yaml", "session: plain\n");
    folder
}

/// The result of the same catalog with more files.
pub fn compiled(more: &[(&str, &str)]) -> Compiled {
    let mut files = vec![("catalog.yaml", CATALOG), ("plain.yaml", "session: plain\n")];
    files.extend(more);
    compile_embedded(&files)
}

/// The catalog in a result without a finding.
pub fn clean(compiled: Compiled) -> Catalog {
    assert!(compiled.findings.is_empty(), "{}", text(&compiled.findings));
    compiled.catalog.unwrap()
}

/// Writes a file below `folder`, with the folders on the way to it.
pub fn write(folder: &Path, file: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}
