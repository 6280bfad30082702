//! Rules about batches that leave for a consumer with a requested schema: `R3xx`.

use cstspec_contract::Rule;

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[];
