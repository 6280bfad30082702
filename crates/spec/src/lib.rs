//! YAML specs to a typed [`Catalog`]: load, resolve, type-check, lint.
//!
//! Reading is the only I/O; everything after it is pure. All mistakes are reported at once, sorted, each at its line and column.
//! No engine is linked: what must be known of one is in [`engine`], a table that tests hold against the real thing.

pub mod engine;
pub mod expr;
pub mod layout;
pub mod rules;
pub mod signature;
pub mod types;

mod constant;
mod documents;
mod finding;
mod folder;
mod model;
mod order;
mod repository;
mod resolve;
mod sources;
mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cstspec_contract::{Catalog, Finding, Severity};

pub use model::json_schemas;
pub use repository::{real, repository};
pub use sources::Sources;

use documents::Documents;
use yaml::Located;

/// The result of compiling specs.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The catalog; `None` when a finding is an error.
    pub catalog: Option<Catalog>,
    /// Every finding, sorted by file and place, each once.
    pub findings: Vec<Finding>,
    /// The folder that artifacts go to, relative to the specs folder.
    pub out: Option<PathBuf>,
    /// The files that were read, to point into.
    pub sources: Sources,
}

/// Compiles the specs in a folder: the one that holds `catalog.yaml`.
pub fn compile(specs: &Path) -> Compiled {
    let (sources, findings) = folder::read(specs);
    compile_sources(sources, findings)
}

/// Compiles specs that are in memory, given as pairs of path and text.
pub fn compile_embedded(files: &[(&str, &str)]) -> Compiled {
    let (sources, findings) = Sources::embedded(files);
    compile_sources(sources, findings)
}

fn compile_sources(sources: Sources, mut findings: Vec<Finding>) -> Compiled {
    let documents = Documents::decode(&sources, &mut findings);
    let (catalog, resolved) = resolve::resolve(&documents, &sources);
    findings.extend(resolved);
    findings.extend(nothing(&sources, &documents));
    findings.extend(cut_short(&sources, &findings));
    findings.sort();
    findings.dedup();
    let sound = findings.iter().all(|finding| finding.severity < Severity::Error);
    let out = documents.catalog.and_then(|document| document.spec.out).map(PathBuf::from);
    Compiled { catalog: catalog.filter(|_| sound), findings, out, sources }
}

/// The finding that a catalog consists of its own head: whatever is asked of it, nothing is checked.
fn nothing(sources: &Sources, documents: &Documents) -> Option<Finding> {
    let alone = sources.count() == 1 && sources.contains(sources::CATALOG) && !sources.is_incomplete();
    let catalog = documents.catalog.as_ref().filter(|document| alone && !document.lacks("include"))?;
    let finding = Finding::new(&rules::EMPTY_CATALOG, format!("the catalog `{}` is empty", catalog.spec.catalog))
        .differing("a spec in the folders and files of `include`", "none")
        .remedy("list the folders that contain specs under `include`");
    Some(sources.resolve_place(sources::CATALOG, Located::at_key(finding, yaml::KeyPath::from("include"))))
}

/// Says where the looking for more mistakes was given up: in files with very many of them, and in the catalog as a whole.
fn cut_short(sources: &Sources, findings: &[Finding]) -> Vec<Finding> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for place in findings.iter().filter_map(|finding| finding.spec.as_ref()) {
        *counts.entry(&place.file).or_default() += 1;
    }
    counts.retain(|_, count| *count >= yaml::MOST_MISTAKES);
    if findings.len() >= resolve::MOST_FINDINGS {
        counts.insert(sources::CATALOG, findings.len());
    }
    let counts = counts.into_iter().map(|(file, count)| {
        let finding = Finding::new(&rules::CUT_SHORT, format!("there may be more mistakes than the {count} shown"))
            .remedy("correct the shown mistakes, and check again");
        sources.resolve_place(file, Located::in_file(finding))
    });
    counts.collect()
}
