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
A writer replaced or modified the file while it was read: the store reports another size, e-tag or modification time than the \
listing. The finding compares them. The file is not necessarily damaged, but pages of one version under the footer of another \
could give any rows. So the file was excluded, and its rows are not counted. A query over it is refused.

Verify again when no writer is active. Writers should write each version under a new name, beside the table, and rename it at \
the end. A change that keeps size, time and inode (or e-tag) is not detected.",
};

/// The store does not hand out the bytes of a file.
pub const FILE_UNFETCHED: Rule = Rule {
    code: "R191",
    name: "file-unfetched",
    severity: Severity::Error,
    summary: "the store does not return the bytes of a file that it listed",
    explanation: "\
The file exists, and a request for its bytes failed or returned fewer bytes than requested: the network, the disk or the store \
failed. The finding quotes the store. The state of the file itself is unknown. Its rows are not counted; all other files were \
read and checked.

Check that the store is reachable, and verify again.",
};
