//! Rules about what is at a dataset's location, and how its files differ from the contract: `R1xx`.

use cstspec_contract::Rule;

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[];
