//! The rules of a comparison.

use cstspec_contract::{DefaultValue, Evolution};

/// What may differ, and what is filled in for what is missing.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The policies, and the names that fields had before.
    pub evolution: &'a Evolution,
    /// Defaults, by path.
    pub defaults: &'a [DefaultValue],
}
