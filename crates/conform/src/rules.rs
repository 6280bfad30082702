//! The rules of a comparison.

use cstspec_contract::{DefaultValue, Evolution};

/// The allowed differences, and the values of missing fields.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The policies, and the names that fields had before.
    pub evolution: &'a Evolution,
    /// Defaults, by path.
    pub defaults: &'a [DefaultValue],
}
