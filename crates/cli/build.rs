//! Embeds the specs of the built-in catalog, so that a finding can name line and column where no specs folder is at hand.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Generated, and read by editors only.
const SCHEMAS: &str = "schema";

fn main() -> io::Result<()> {
    let specs = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../specs");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    // A packaged crate has no specs beside it: it embeds none.
    if specs.is_dir() {
        collect(&specs, "", &mut files)?;
    }
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
