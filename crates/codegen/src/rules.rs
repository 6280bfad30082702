//! The findings about artifacts.

use cstspec_contract::{Finding, Origin, Rule, Severity};

use crate::{Change, ChangeKind, Outcome};

/// An artifact is not there.
pub static ARTIFACT_MISSING: Rule = Rule {
    code: "G001",
    name: "artifact-missing",
    severity: Severity::Error,
    summary: "a file that the specs give is not in its folder",
    explanation: "\
The specs promise a file (generated Rust, the SQL of a view, the definition of a dataset, an expected DESCRIBE, a JSON Schema)
that is not there: something was added to the specs and not generated yet, or the file was deleted or never committed.

Run `cstspec generate`, or `cargo build`, and commit what it writes.",
};

/// An artifact is not what the specs give.
pub static ARTIFACT_STALE: Rule = Rule {
    code: "G002",
    name: "artifact-stale",
    severity: Severity::Error,
    summary: "a generated file is not what the specs give",
    explanation: "\
The file differs from what the generator makes of the specs. Either the specs (or a template) have changed since it was generated, or
somebody has edited it by hand. The file itself cannot tell which: it carries neither a date nor a hash, since such a line would change
with every change of the content, be noise in each diff, and make a merge conflict of any two branches that touch one wide dataset.
The diff tells: `cstspec generate --diff`.

Where the specs are right, run `cstspec generate`, or `cargo build`. Where the edit is right, make it in the spec file that the first line
of the generated file names; generating again would undo it.",
};

/// A file of a relation that is gone.
pub static ARTIFACT_ORPHANED: Rule = Rule {
    code: "G003",
    name: "artifact-orphaned",
    severity: Severity::Error,
    summary: "a generated file belongs to nothing in the specs any more",
    explanation: "\
The generator wrote this file, as its first line says, for something that has since been removed from the specs or renamed.

Run `cstspec generate`, or `cargo build`: it removes the file. If the relation should still be there, restore its spec.",
};

/// A person's file among the artifacts.
pub static ARTIFACT_FOREIGN: Rule = Rule {
    code: "G004",
    name: "artifact-foreign",
    severity: Severity::Error,
    summary: "a folder of generated files holds one that the generator did not write",
    explanation: "\
The folders `src/generated`, `sql`, `definitions` and `describe` of the output package and `schema` of the specs hold generated files
and nothing else, so that a file that is left behind is noticed. This one does not start the way generated files do. It may be somebody's
work, so `generate` does not remove it.

Move it elsewhere, or delete it.",
};

/// Every rule about artifacts.
pub const ALL: &[&Rule] = &[&ARTIFACT_MISSING, &ARTIFACT_STALE, &ARTIFACT_ORPHANED, &ARTIFACT_FOREIGN];

/// The command that mends what can be mended.
pub const REMEDY: &str = "run `cstspec generate`, or `cargo build` where CI is not set";

/// A finding for each file that is still not as the specs say, in the order of the outcome.
pub fn findings(outcome: &Outcome) -> Vec<Finding> {
    outcome.changes.iter().filter(|change| !change.mended).map(finding).collect()
}

fn finding(change: &Change) -> Finding {
    let path = change.path.display().to_string();
    let (rule, message, remedy) = match change.kind {
        ChangeKind::Missing => (&ARTIFACT_MISSING, format!("`{path}` is missing"), REMEDY),
        ChangeKind::Stale => (&ARTIFACT_STALE, format!("`{path}` is not what the specs give"), REMEDY),
        ChangeKind::Orphaned => (&ARTIFACT_ORPHANED, format!("`{path}` belongs to nothing in the specs"), REMEDY),
        ChangeKind::Foreign => {
            (&ARTIFACT_FOREIGN, format!("`{path}` is in a folder of generated files and is none"), "move or delete it")
        }
    };
    let mut finding = Finding::new(rule, message).remedy(remedy).seen_in(path);
    if let Some(source) = &change.source {
        finding = finding.at(&Origin::new(source, ""));
    }
    if let Some(relation) = &change.relation {
        finding = finding.relation(relation);
    }
    finding
}
