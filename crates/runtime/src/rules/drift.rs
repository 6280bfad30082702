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
Under one parent, files lack a field that the contract has and have one that it does not know. The two names differ by case alone, by \
separators (`op_name`, `opName`, `opname`), or by a few letters, and the type in the file is one that the contract may read; or the two \
are the only ones of a struct's type with the same fields. Names that differ in their digits alone are taken for two things.

Nothing is read by such a guess: the declared field reads as its default or NULL, and the other one is not read at all. If the two are \
one field, paste the line of the finding, which spells the old path as the files have it:

    evolution:
      renames: { code_objects.op_name: opname }

If they are two, declare the other one as well. A file that is refused since such a field is NOT NULL has `drift-refused`, with the same \
advice.",
};
