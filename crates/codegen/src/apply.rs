//! Write, check and diff: one comparison of artifacts with folders, and one step that differs.

use std::fs;
use std::path::PathBuf;

use crate::change::{Change, ChangeKind};
use crate::compare::{Difference, compare};
use crate::diff::patch;
use crate::staging::{self, Staged, Turn};
use crate::{Artifacts, CodegenError, Roots, disk};

/// Treatment of artifacts that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are written, and orphans removed. A file that is right is not touched, nor is one that differs in the ends of its lines
    /// alone, nor one that the generator did not write for this catalog.
    Write,
    /// They are written, over whatever file or link is in their place.
    Force,
    /// They are reported.
    Check,
    /// They are reported, each with its difference.
    Diff,
    /// They are reported as what a write would do.
    DryRun,
}

/// Result of [`apply`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The mode it ran in.
    pub mode: Mode,
    /// What differed, sorted by folder and path; what no artifact owns comes last.
    pub changes: Vec<Change>,
    /// How many artifacts there are.
    pub artifacts: usize,
    /// How many files were written.
    pub written: usize,
    /// How many orphans were removed.
    pub removed: usize,
}

impl Outcome {
    /// Whether the folders now hold exactly the artifacts.
    pub fn fresh(&self) -> bool {
        self.changes.iter().all(|change| change.mended)
    }

    /// Whether the folder belongs to another catalog, so that a write leaves all of it as it is.
    pub fn claimed(&self) -> bool {
        self.mode != Mode::Force && self.changes.iter().any(|change| change.kind == ChangeKind::Claimed)
    }
}

/// Compares `artifacts` with the folders, and does what `mode` says. One run writes after the other, and no reading mode reads while one
/// writes.
pub fn apply(artifacts: &Artifacts, roots: &Roots, mode: Mode) -> Result<Outcome, CodegenError> {
    let writes = matches!(mode, Mode::Write | Mode::Force);
    let _held = if writes { None } else { staging::wait(&roots.out) };
    let differences = compare(artifacts, roots)?;
    let litter = staging::left_behind(roots)?;
    // Where nothing is to be done nothing is touched: the folders may be read-only.
    if writes && (!litter.is_empty() || differences.iter().any(|difference| is_due(difference, mode))) {
        write(artifacts, roots, mode, litter)
    } else {
        Ok(report(artifacts, &differences, litter, mode))
    }
}

/// Whether a write in `mode` sets `difference` right.
fn is_due(difference: &Difference<'_>, mode: Mode) -> bool {
    match difference.kind {
        ChangeKind::Missing | ChangeKind::Stale | ChangeKind::Orphaned | ChangeKind::Litter => true,
        ChangeKind::Taken | ChangeKind::Claimed => {
            mode == Mode::Force && difference.artifact.is_some() && difference.replaceable
        }
        ChangeKind::Foreign => false,
    }
}

fn report(artifacts: &Artifacts, differences: &[Difference<'_>], litter: Vec<PathBuf>, mode: Mode) -> Outcome {
    let mut outcome = Outcome { mode, changes: Vec::new(), artifacts: artifacts.len(), written: 0, removed: 0 };
    let claimed = mode != Mode::Force && differences.iter().any(|difference| difference.kind == ChangeKind::Claimed);
    outcome.changes = differences.iter().map(|difference| change(difference, mode, claimed)).collect();
    outcome.changes.extend(litter.into_iter().map(|path| Change {
        path,
        kind: ChangeKind::Litter,
        source: None,
        relation: None,
        owner: None,
        diff: None,
        replaceable: false,
        mended: false,
    }));
    outcome
}

fn change(difference: &Difference<'_>, mode: Mode, claimed: bool) -> Change {
    let Difference { path, name, kind, artifact, content, owner, replaceable } = difference;
    let shown = match kind {
        ChangeKind::Stale => matches!(mode, Mode::Check | Mode::Diff),
        ChangeKind::Missing | ChangeKind::Orphaned => mode == Mode::Diff,
        ChangeKind::Foreign | ChangeKind::Taken | ChangeKind::Claimed | ChangeKind::Litter => false,
    };
    // A stale or orphaned file that was too large to be read has no difference that could be shown.
    let known = content.is_some() || *kind == ChangeKind::Missing;
    let diff = if shown && known && !claimed {
        patch(name, content.as_deref(), artifact.map(|artifact| artifact.bytes.as_slice()))
    } else {
        None
    };
    Change {
        path: path.clone(),
        kind: *kind,
        source: artifact.and_then(|artifact| artifact.source.clone()),
        relation: artifact.and_then(|artifact| artifact.relation.clone()),
        owner: owner.clone(),
        diff,
        replaceable: *replaceable,
        mended: false,
    }
}

/// Waits for its turn, and writes what still differs then: another run may have written in the meantime.
fn write(artifacts: &Artifacts, roots: &Roots, mode: Mode, litter: Vec<PathBuf>) -> Result<Outcome, CodegenError> {
    let mut turn = Turn::take(roots)?;
    let differences = compare(artifacts, roots)?;
    let mut outcome = report(artifacts, &differences, litter, mode);
    let claimed = outcome.claimed();
    let due = |difference: &Difference<'_>| !claimed && is_due(difference, mode);
    outcome.written = put(&mut turn, roots, differences.iter().filter(|difference| due(difference)))?;
    for orphan in differences.iter().filter(|difference| due(difference) && difference.artifact.is_none()) {
        disk::remove(&orphan.path)?;
        outcome.removed += 1;
    }
    for (number, change) in outcome.changes.iter_mut().enumerate() {
        change.mended = differences.get(number).is_none_or(due);
    }
    Ok(outcome)
}

/// Stages every file before the first is put in place, so that a full disk leaves all of them as they were.
fn put<'a>(
    turn: &mut Turn,
    roots: &Roots,
    differences: impl Iterator<Item = &'a Difference<'a>>,
) -> Result<usize, CodegenError> {
    let mut staged: Vec<Staged> = Vec::new();
    for difference in differences {
        if let Some(artifact) = difference.artifact {
            staged.push(turn.stage(roots.folder(artifact.root), &difference.path, &artifact.bytes)?);
        }
    }
    let written = staged.len();
    for folder in staged.iter().filter_map(Staged::folder) {
        fs::create_dir_all(folder).map_err(|source| CodegenError::Write { path: folder.to_owned(), source })?;
    }
    staged.into_iter().try_for_each(Staged::commit)?;
    Ok(written)
}
