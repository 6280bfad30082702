//! Arrays of a file as the contract declares them: by name, at any depth, without losing a row.
//!
//! A [`Step`] is planned once from the two types and applied to each array. What is only spelling (names of list children and map
//! entries, field metadata) costs no copy: the same buffers under another type. NULLs are looked for only where a file may have
//! them and the contract says it has not; a NULL that a NULL parent hides is none, and no default is filled in below one.

mod apply;
mod cast;
mod compare;
mod constant;
mod conversion;
mod decode;
mod error;
mod fault;
mod likely;
mod mask;
mod place;
mod plan;
mod prune;
mod restrict;
mod step;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use cstspec_contract::{DefaultValue, Evolution, Path};

pub(crate) use cast::is_seen_through;
use cast::is_spelling;
pub use cast::loses_nothing;
#[cfg(test)]
pub(crate) use compare::contract_of;
pub(crate) use compare::{Comparison, castable_under, compare, compare_fields};
pub(crate) use constant::scalar;
pub use conversion::{Conversion, ConversionKind};
pub use error::ConformError;
pub(crate) use error::{is, several};
pub(crate) use fault::{entry, placed, segment};
pub(crate) use likely::{LikelyRename, likely_renames};
pub use mask::masked;
#[cfg(feature = "delta")]
pub(crate) use plan::DROPPED;
pub(crate) use prune::{LeafSizes, leaves, narrow, read_leaves};
pub use step::{Child, Step};

pub use crate::encoding::Encoding;

/// What may differ, and what is filled in for what is missing.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The policies, and the names that fields had before.
    pub evolution: &'a Evolution,
    /// Defaults, by path.
    pub defaults: &'a [DefaultValue],
}

/// `array` as `declared`, under `rules`.
///
/// # Errors
///
/// See [`ConformError`]. Nothing is converted unless the whole of the two types can be.
pub fn conform(array: &ArrayRef, declared: &DataType, rules: Rules<'_>, path: &Path) -> Result<ArrayRef, ConformError> {
    let mut planner = plan::Planner::new(rules);
    let step = planner.step(array.data_type(), declared, &place::At::array(path));
    match planner.refused.into_iter().next() {
        Some(refusal) => Err(refusal),
        None => step.apply(array),
    }
}
