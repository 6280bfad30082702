//! Rules about files that are not as they were listed: `R19x`.

use cstspec_contract::{Rule, Severity};

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[&FILE_CHANGED, &FILE_UNFETCHED];

/// A file is another than the one that was listed.
pub const FILE_CHANGED: Rule = Rule {
    code: "R190",
    name: "file-changed",
    severity: Severity::Error,
    summary: "a file has changed since it was listed",
    explanation: "\
Somebody replaced the file or wrote to it while it was read: the store has another size, e-tag or time of writing than the listing, which the \
finding compares. Nothing says that the file is damaged, but pages of one version under the footer of another could be any rows, so it was left \
out and its rows are not among those counted. A query over it is refused.

Verify again once no writer is at work. Writers should write beside the table and rename at the end, under a name of its own for each version. What \
keeps size, time and inode (or e-tag) is not noticed.",
};

/// The store does not hand out the bytes of a file.
pub const FILE_UNFETCHED: Rule = Rule {
    code: "R191",
    name: "file-unfetched",
    severity: Severity::Error,
    summary: "the store does not hand out the bytes of a file that it listed",
    explanation: "\
The file is there, and asking for its bytes failed or brought fewer than were asked for: the network, the disk or the store failed. The finding quotes the \
store. Nothing is known of the file itself. Its rows are not among those counted; all other files were read and checked.

See whether the store can be reached, and verify again.",
};
