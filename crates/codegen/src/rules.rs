//! The findings about artifacts.

use std::collections::BTreeSet;

use cstspec_contract::{Finding, Origin, Rule, Severity};

use crate::{Change, ChangeKind, Outcome};

/// An artifact is not there.
pub static ARTIFACT_MISSING: Rule = Rule {
    code: "G001",
    name: "artifact-missing",
    severity: Severity::Error,
    summary: "an artifact of the specs is missing",
    explanation: "\
The specs define a file (generated Rust, the SQL of a view, the definition of a dataset, an expected DESCRIBE, a JSON Schema) that
does not exist. Either the specs have a new part that is not generated yet, or the file was deleted or never committed.

Run `cstspec generate`, or `cargo build`, and commit the new files.",
};

/// An artifact is not what the specs give.
pub static ARTIFACT_STALE: Rule = Rule {
    code: "G002",
    name: "artifact-stale",
    severity: Severity::Error,
    summary: "a generated file differs from the specs",
    explanation: "\
The file differs from the output of the generator. Either the specs (or a template) have changed since it was generated, or
somebody has edited it by hand. The file itself does not show which: it has neither a date nor a hash, because such a line would
change with every change of the content, add noise to each diff, and cause a merge conflict between any two branches that change
one wide dataset. The diff shows it: `cstspec generate --diff`.

If the specs are right, run `cstspec generate`, or `cargo build`. If the edit is right, make it in the spec file that the first
line of the generated file names; the next run of the generator would revert it.",
};

/// A file of a relation that is gone.
pub static ARTIFACT_ORPHANED: Rule = Rule {
    code: "G003",
    name: "artifact-orphaned",
    severity: Severity::Error,
    summary: "a generated file belongs to nothing in the specs any more",
    explanation: "\
The generator wrote this file, according to its first line, for a part of the specs that has since been removed or renamed.

Run `cstspec generate`, or `cargo build`: it removes the file. If the relation should still exist, restore its spec.",
};

/// A person's file among the artifacts.
pub static ARTIFACT_FOREIGN: Rule = Rule {
    code: "G004",
    name: "artifact-foreign",
    severity: Severity::Error,
    summary: "a folder of generated files contains a file that the generator did not write",
    explanation: "\
The folders `src/generated`, `sql`, `definitions` and `describe` of the output package and `schema` of the specs contain only
generated files, so that orphaned files are detected. This file was not generated. The whole first line of a generated file is a
comment with the command, the catalog and a spec; its name is in lower case and has the extension of its kind; it is neither a
link nor in a subfolder. `generate` does not remove this file, because it may be somebody's work.

Move it elsewhere, or delete it.",
};

/// A person's file where an artifact goes.
pub static ARTIFACT_PATH_TAKEN: Rule = Rule {
    code: "G005",
    name: "artifact-path-taken",
    severity: Severity::Error,
    summary: "a file at the path of an artifact was not written by the generator",
    explanation: "\
At the path of an artifact there is a file without the header line of generated files, or a link, or a folder; or a folder of
generated files is a link or a file itself. `generate` and `cargo build` keep it, including the target of a link, and write the
other files.

Move it elsewhere. If its content is not needed, run `cstspec generate --force`, which replaces files and links at the paths of
artifacts, and never a folder.",
};

/// Another catalog's artifacts in the folder.
pub static ARTIFACT_OF_ANOTHER_CATALOG: Rule = Rule {
    code: "G006",
    name: "artifact-of-another-catalog",
    severity: Severity::Error,
    summary: "the artifact folder belongs to another catalog",
    explanation: "\
Each catalog has an artifact folder of its own: the modules that belong to no relation have the same names in every catalog, and
orphaned files are removed. The first line of a generated file names its catalog, and this folder contains files of another one.
Nothing is written or removed there until this is resolved.

Give each catalog an `out` of its own. If the other name is a former name of this catalog, run `cstspec generate --force`: it
takes over the files that this catalog has too. Delete the other files of the former name by hand.",
};

/// What a killed run has left.
pub static STAGING_LEFT_BEHIND: Rule = Rule {
    code: "G007",
    name: "staging-left-behind",
    severity: Severity::Error,
    summary: "a killed run of the generator left its staging folder",
    explanation: "\
`generate` and `cargo build` write new files into `.cstspec-staging` first, below the output package and the specs folder, and
move them into place when all of them are complete. At the end they remove the folder. This folder is from a run that was killed,
or that ran out of disk space. Every generated file is complete, in its old or its new version, but some may be stale.

Run `cstspec generate`, or `cargo build`: it clears the folder and writes the stale files.",
};

/// Every rule about artifacts.
pub const ALL: &[&Rule] = &[
    &ARTIFACT_MISSING,
    &ARTIFACT_STALE,
    &ARTIFACT_ORPHANED,
    &ARTIFACT_FOREIGN,
    &ARTIFACT_PATH_TAKEN,
    &ARTIFACT_OF_ANOTHER_CATALOG,
    &STAGING_LEFT_BEHIND,
];

/// The command that mends what can be mended.
pub const REMEDY: &str = "run `cstspec generate`, or `cargo build` where CI is not set";

/// A finding for each file that is still not as the specs say, in the order of the outcome. All files of one other catalog are one finding,
/// and what is not written because of them has none of its own.
pub fn findings(outcome: &Outcome) -> Vec<Finding> {
    let claimed = outcome.claimed();
    let mut owners = BTreeSet::new();
    let mut findings = Vec::new();
    for change in outcome.changes.iter().filter(|change| !change.mended) {
        match (change.kind, &change.owner) {
            (ChangeKind::Missing | ChangeKind::Stale | ChangeKind::Orphaned, _) if claimed => {}
            (ChangeKind::Claimed, Some(owner)) => {
                if owners.insert(owner) {
                    findings.push(of_another(owner, outcome));
                }
            }
            _ => findings.push(finding(change)),
        }
    }
    findings
}

/// The finding about all files of the catalog `owner`.
fn of_another(owner: &str, outcome: &Outcome) -> Finding {
    let theirs = |change: &&Change| !change.mended && change.owner.as_deref() == Some(owner);
    let paths: Vec<String> =
        outcome.changes.iter().filter(theirs).map(|change| change.path.display().to_string()).collect();
    let (first, others) = match paths.as_slice() {
        [first, others @ ..] => (first.as_str(), others.len()),
        [] => ("", 0),
    };
    let more = if others > 0 { format!(", and so do {others} more") } else { String::new() };
    let former = format!("if `{owner}` is a former name of this one");
    let (then, remedy) = if outcome.claimed() {
        let remedy = format!("give each catalog an `out` of its own; {former}, run `cstspec generate --force`");
        (": nothing is written to its folder", remedy)
    } else {
        ("", format!("delete it {former}"))
    };
    Finding::new(&ARTIFACT_OF_ANOTHER_CATALOG, format!("`{first}` belongs to the catalog `{owner}`{more}{then}"))
        .remedy(remedy)
        .seen_in(first)
        .at(&Origin::new("catalog.yaml", "out"))
}

fn finding(change: &Change) -> Finding {
    let path = change.path.display().to_string();
    let (rule, message, remedy) = match change.kind {
        ChangeKind::Missing => (&ARTIFACT_MISSING, format!("`{path}` is missing"), REMEDY),
        ChangeKind::Stale => (&ARTIFACT_STALE, format!("`{path}` differs from the specs"), REMEDY),
        ChangeKind::Orphaned => (&ARTIFACT_ORPHANED, format!("`{path}` belongs to nothing in the specs"), REMEDY),
        ChangeKind::Foreign => (
            &ARTIFACT_FOREIGN,
            format!("`{path}` is in a folder of generated files and was not generated"),
            "move or delete it",
        ),
        ChangeKind::Taken | ChangeKind::Claimed => (
            &ARTIFACT_PATH_TAKEN,
            format!("`{path}` is at the path of an artifact and was not generated"),
            if change.replaceable {
                "move it elsewhere, or run `cstspec generate --force` to replace it"
            } else {
                "move it elsewhere"
            },
        ),
        ChangeKind::Litter => (&STAGING_LEFT_BEHIND, format!("`{path}` was left by a killed run"), REMEDY),
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
