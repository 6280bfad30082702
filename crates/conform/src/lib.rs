//! Arrays of a file as the contract declares them: by name, at any depth, without losing a row.
//!
//! A [`Step`] is planned once from the two types and applied to each array. Differences in spelling only (names of list children and map
//! entries, field metadata) cost no copy: the same buffers under another type. NULLs are looked for only where a file may have them and the
//! contract says it has not; a NULL that a NULL parent hides is none, and no default is filled in below one.

mod all_nullable;
mod apply;
mod cast;
mod clip;
mod compare;
mod constant;
mod decode;
mod delta_types;
mod encoding;
mod error;
mod fault;
mod likely;
mod mask;
mod place;
mod plan;
mod project;
mod rules;
mod step;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use cstspec_contract::Path;

pub use all_nullable::{AllNullable, all_nullable};
use cast::is_spelling;
pub use cast::{is_seen_through, loses_nothing};
pub use clip::{LeafSizes, leaves, narrow, read_leaves};
pub use compare::{Comparison, FieldComparison, castable_under, compare, compare_fields, comparisons};
pub use constant::{Constant, constant};
pub use delta_types::with_contract_types;
pub use encoding::{Encoding, KEY, WIDTH};
pub use error::{ConformError, is, several};
pub use fault::{entry, placed, segment};
pub use likely::{LikelyRename, likely_renames};
pub use mask::masked;
pub use plan::DROPPED;
pub use rules::Rules;
pub use step::{Child, Step};

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
