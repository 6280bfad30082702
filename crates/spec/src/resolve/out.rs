//! `out`: the folder of artifacts, which is a folder of the repository.

use std::fs;
use std::path::{Component, Path};

use cstspec_contract::{Finding, Origin};

use super::report::Report;
use crate::documents::Documents;
use crate::repository::{real, repository};
use crate::rules;
use crate::sources::Sources;

/// Holds the `out` of `catalog.yaml` to a folder inside the repository. Where the specs are in memory, only its spelling can be looked at.
pub fn check(documents: &Documents, sources: &Sources, report: &mut Report<'_>) {
    let Some(document) = &documents.catalog else { return };
    let Some(out) = &document.spec.out else { return };
    let spelled = spelling(out).and_then(|parts| match sources.root() {
        Some(specs) => inside(specs, &repository(specs), &parts),
        None => Ok(()),
    });
    if let Err(why) = spelled {
        let finding = Finding::new(&rules::INVALID_OUT, format!("`out` {why}"))
            .differing("a folder inside the repository, relative to the specs folder", format!("`{out}`"))
            .remedy("name a folder of its own, for example `out: ../generated`");
        report.value(&Origin::root(&document.file).join("out"), finding);
    }
}

/// The way from the specs folder to `out`: so many folders up, then these down.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    up: usize,
    down: Vec<&'a str>,
}

/// Reads `out`, or says why it is no path to a folder of artifacts on every system.
fn spelling(out: &str) -> Result<Parts<'_>, String> {
    if out.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    if let Some(c) = out.chars().find(|c| c.is_control() || matches!(c, '\\' | ':')) {
        return Err(format!("holds {c:?}, which not every file system takes in a name"));
    }
    let mut parts = Parts { up: 0, down: Vec::new() };
    for component in Path::new(out).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if parts.down.pop().is_none() {
                    parts.up += 1;
                }
            }
            Component::Normal(name) => parts.down.extend(name.to_str()),
            Component::RootDir | Component::Prefix(_) => return Err("is an absolute path".to_owned()),
        }
    }
    if parts.up > 0 && parts.down.is_empty() {
        return Err("is a folder that holds the specs folder".to_owned());
    }
    match parts.down.iter().find(|name| [".git", ".hg", ".jj", ".svn"].contains(&name.to_ascii_lowercase().as_str())) {
        Some(name) => Err(format!("leads into `{name}`, the folder of version control")),
        None => Ok(parts),
    }
}

/// Holds the folder to the repository, as it is spelled and where links lead.
fn inside(specs: &Path, repository: &Path, parts: &Parts<'_>) -> Result<(), String> {
    let above = specs.ancestors().nth(parts.up).filter(|above| above.starts_with(repository));
    let Some(above) = above else {
        return Err(format!("leaves the repository `{}`", repository.display()));
    };
    let folder = parts.down.iter().fold(above.to_owned(), |folder, name| folder.join(name));
    let real = real(&folder).map_err(|error| format!("cannot be followed: {error}"))?;
    if !real.starts_with(repository) {
        return Err(format!(
            "leads through a link to `{}`, outside the repository `{}`",
            real.display(),
            repository.display()
        ));
    }
    match fs::metadata(&real) {
        Ok(found) if !found.is_dir() => Err("is not a folder".to_owned()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A spelling is so many folders up and then down.
    #[test]
    fn out_folder_steps() {
        for (out, up, down) in [
            ("generated", 0, vec!["generated"]),
            ("../crates/libcst", 1, vec!["crates", "libcst"]),
            ("./a/../../b/", 1, vec!["b"]),
            ("a/../..//b", 1, vec!["b"]),
            (".", 0, vec![]),
            ("..generated", 0, vec!["..generated"]),
            ("größe/…", 0, vec!["größe", "…"]),
        ] {
            assert_eq!(spelling(out), Ok(Parts { up, down }), "{out}");
        }
    }

    /// What no system takes for a folder of artifacts is refused.
    #[test]
    fn out_folder_invalid() {
        for out in [
            "",
            " ",
            "\t",
            "/",
            "/etc",
            "//etc",
            "..",
            "../..",
            "../",
            "a/../..",
            "a\0b",
            "a\nb",
            "..\\..\\etc",
            "C:/x",
            "C:",
            ".git/hooks",
            "../.git",
            "../a/.GIT",
        ] {
            assert!(spelling(out).is_err(), "{out:?}");
        }
    }
}
