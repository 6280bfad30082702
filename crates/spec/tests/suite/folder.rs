//! Specs folders that a checkout cannot hold.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// The head of a catalog that reads everything beside it.
pub const CATALOG: &str = "catalog: case\nversion: 1\nengine: \"55.2.0\"\nsession: plain\ninclude: [.]\n";

/// A folder with a sound catalog that has one session preset and nothing else.
pub fn sound() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "catalog.yaml", CATALOG);
    write(folder.path(), "plain.yaml", "session: plain\n");
    folder
}

/// Writes a file below `folder`, with the folders on the way to it.
pub fn write(folder: &Path, file: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}
