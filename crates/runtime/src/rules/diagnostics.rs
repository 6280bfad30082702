//! Rules about what a session tells of itself: `R6xx`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[&DIAGNOSTICS_LOST];

/// The sink did not take an artifact.
pub const DIAGNOSTICS_LOST: Rule = Rule {
    code: "R601",
    name: "diagnostics-lost",
    severity: Severity::Warning,
    summary: "the sink of the session did not take an artifact",
    explanation: "\
Whoever made the session gave it a sink for diagnostics: a file of JSON lines, or a program of their own. The sink could not take an artifact: the \
disk is full, the program answers no more. The session goes on, since a lost record changes no row, but whoever reads the diagnostics \
later will miss it.

Artifacts that were lost while the catalog was registered are no findings: `register` returns them.

Mend the sink and verify again. The `diagnostics` schema of the session and the manifest tell the same and need no sink.",
};
