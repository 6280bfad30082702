//! Rules about differences between files and their contract that are likely mistakes: `R15x`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[&LIKELY_RENAMED];

/// A field that files lack is likely there under another name.
pub const LIKELY_RENAMED: Rule = Rule {
    code: "R150",
    name: "likely-renamed",
    severity: Severity::Warning,
    summary: "files lack a column or nested field, and have one that is likely the same under another name",
    explanation: "\
Under one parent, files lack a field of the contract and have one that the contract does not have. The two names differ only \
in case, in separators (`op_name`, `opName`, `opname`), or in a few letters, and the contract may read the type of the file; \
or the two are the only structs with the same fields. Names that differ only in digits are considered different.

Nothing is read by such a guess: the declared field reads as its default or NULL, and the other one is not read. If the two \
are one field, paste the line of the finding, which has the old path as in the files:

    evolution:
      renames: { code_objects.op_name: opname }

If they are two fields, declare the other one too. A file that is refused because such a field is NOT NULL has \
`drift-refused`, with the same advice.",
};
