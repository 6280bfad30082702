//! Rules about definitions, keys and defaults as the session answers them: `R5xx`.

use cstspec_contract::Rule;

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[];
