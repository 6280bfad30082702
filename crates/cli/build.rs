//! Embeds the specs of the built-in catalog, so that a finding can name line and column where no specs folder is at hand.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The specs: a link in the repository, a folder in the package. A file in a clone that has no links: its text is where the link leads.
const SPECS: &str = "built-in";
/// Generated, and read by editors only.
const SCHEMAS: &str = "schema";

fn main() -> io::Result<()> {
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut specs = package.join(SPECS);
    println!("cargo::rerun-if-changed=build.rs");
    if specs.is_file() {
        specs = package.join(fs::read_to_string(&specs)?.trim());
    }
    let mut files = Vec::new();
    collect(&specs, "", &mut files)?;
    files.sort();
    let mut text = String::from("&[\n");
    for (name, path) in &files {
        let _ = writeln!(text, "    ({name:?}, include_str!({:?})),", path.display().to_string());
    }
    text.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("specs.rs"), text)
}

/// Every spec in `folder`, by its path below the specs folder with `/` between the parts.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if !(prefix.is_empty() && name == SCHEMAS) {
                collect(&path, &format!("{prefix}{name}/"), files)?;
            }
        } else if Path::new(&name).extension().is_some_and(|ending| ending == "yaml") {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push((format!("{prefix}{name}"), path.canonicalize()?));
        }
    }
    Ok(())
}
