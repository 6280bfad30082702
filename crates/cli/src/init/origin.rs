//! Where a crate takes cstspec from.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::CommandError;

/// The registry, as a person names it.
const REGISTRY: &str = "crates.io";
/// The folder of the crates that this command was built beside. A package has no such folder above it.
const BUILT_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Where a crate takes cstspec from.
#[derive(Debug, PartialEq, Eq)]
pub enum Crates {
    /// The registry, at the version of this command.
    Registry,
    /// A folder with one folder per crate, absolute.
    Folder(PathBuf),
}

impl Crates {
    /// The place that is asked for, or else the checkout that this command was built in, or else the registry.
    pub fn choose(asked: Option<&str>) -> Result<Self, CommandError> {
        match asked {
            Some(REGISTRY) => Ok(Self::Registry),
            Some(text) => {
                let folder = Path::new(text);
                let found = [folder.to_owned(), folder.join("crates")].into_iter().find(|folder| has_crates(folder));
                let Some(folder) = found else {
                    return Err(CommandError::usage_with_help(
                        format!("--crates names {text}, which has no crates of cstspec"),
                        Some(format!("name the folder of a checkout, or {REGISTRY}")),
                    ));
                };
                folder.canonicalize().map(Self::Folder).map_err(|source| CommandError::read(text, source))
            }
            None => Ok(match Path::new(BUILT_IN).canonicalize() {
                Ok(folder) if has_crates(&folder) => Self::Folder(folder),
                _ => Self::Registry,
            }),
        }
    }

    /// The dependency `cstspec-<name>` as the value of a manifest.
    pub fn dependency(&self, name: &str) -> String {
        let version = env!("CARGO_PKG_VERSION");
        match self {
            Self::Registry => format!("\"{version}\""),
            Self::Folder(folder) => {
                let path = folder.join(name).display().to_string();
                format!("{{ version = \"{version}\", path = {} }}", toml(&path))
            }
        }
    }

    /// The lock file of the checkout: with it a crate gets the versions that the checkout is tested with.
    pub fn lock(&self) -> Option<Vec<u8>> {
        match self {
            Self::Registry => None,
            Self::Folder(folder) => fs::read(folder.parent()?.join("Cargo.lock")).ok(),
        }
    }
}

/// Whether `folder` has the crates of cstspec, each in the folder of its name.
fn has_crates(folder: &Path) -> bool {
    let named = |name: &str| {
        let manifest = fs::read_to_string(folder.join(name).join("Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|line| line == format!("name = \"cstspec-{name}\""))
    };
    ["codegen", "contract", "runtime", "testing"].into_iter().all(named)
}

/// `text` as a string of TOML, whose escapes are those of JSON.
fn toml(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
