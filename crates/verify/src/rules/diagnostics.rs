//! Rules about what a session tells of itself: `R6xx`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[&DIAGNOSTICS_LOST];

/// The sink did not take an artifact.
pub const DIAGNOSTICS_LOST: Rule = Rule {
    code: "R601",
    name: "diagnostics-lost",
    severity: Severity::Warning,
    summary: "the diagnostics sink of the session did not accept an artifact",
    explanation: "\
The host program gave the session a sink for diagnostics: a file of JSON lines, or code of its own. The sink could not accept \
an artifact, because the disk is full or the code failed, for example. The session continues, because a lost record changes no \
row, but a reader of the diagnostics will miss it.

Artifacts that were lost while the catalog was registered have no finding: `register` returns them.

Repair the sink and verify again. The `diagnostics` schema of the session and the manifest have the same records and need no \
sink.",
};
