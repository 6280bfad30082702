//! Rules about Delta tables: `R4xx`.

use cstspec_contract::Rule;

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[];
