//! Rules about the rows: keys, references, order, NULLs and allowed values, which `verify --deep` proves: `R2xx`.

use cstspec_contract::Rule;

/// The rules of this group, by code.
pub(super) const ALL: &[&Rule] = &[];
