//! The repository around a specs folder: artifacts stay inside it, and patches name files from its root.

use std::io;
use std::path::{Path, PathBuf};

/// Entries of version control at the root of a work tree. For git it is a file where the work tree is a linked one.
const CONTROL: [&str; 4] = [".git", ".hg", ".jj", ".svn"];
/// What stands at the root of a workspace that was copied without its version control, into a container for one.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "pyproject.toml"];

/// The root of the repository that holds the folder `specs`, without links: the nearest folder upward under version control, else
/// the topmost one with the manifest of a workspace, else the folder that holds `specs`.
pub fn repository(specs: &Path) -> PathBuf {
    let specs = specs.canonicalize().unwrap_or_else(|_| specs.to_owned());
    let holds = |folder: &Path, names: &[&str]| names.iter().any(|name| folder.join(name).symlink_metadata().is_ok());
    let root = specs
        .ancestors()
        .find(|folder| holds(folder, &CONTROL))
        .or_else(|| specs.ancestors().filter(|folder| holds(folder, &MANIFESTS)).last())
        .or_else(|| specs.parent())
        .unwrap_or(&specs);
    root.to_owned()
}

/// `path` from the root of the file system and without links; its end need not be there.
///
/// # Errors
///
/// A link that leads nowhere, or a folder that cannot be looked into.
pub fn real(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let there = path.ancestors().find(|part| part.symlink_metadata().is_ok()).unwrap_or(&path);
    // Part by part: joined as a whole, an empty rest would make the path end in a slash.
    let rest = path.strip_prefix(there).into_iter().flat_map(Path::components);
    Ok(rest.fold(there.canonicalize()?, |path, part| path.join(part)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Version control comes before manifests and both before the parent.
    #[test]
    fn repository_root_order() {
        let folder = tempfile::TempDir::new().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let specs = top.join("a/b/c/specs");
        fs::create_dir_all(&specs).unwrap();
        assert_eq!(repository(&specs), top.join("a/b/c"));
        for (file, root) in [
            ("a/b/c/pyproject.toml", "a/b/c"),
            ("a/b/Cargo.toml", "a/b"),
            ("a/Cargo.toml", "a"),
            (".hg", ""),
            ("a/b/.git", "a/b"),
            ("a/b/c/specs/.git", "a/b/c/specs"),
        ] {
            fs::write(top.join(file), "").unwrap();
            assert_eq!(repository(&specs), top.join(root), "{file}");
        }
    }
}
