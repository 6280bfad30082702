//! Every kind of finding that this crate reports, grouped by what it is about.
//!
//! A code is never used twice: each group has a hundred of its own.

mod changes;
mod data;
mod delta;
mod diagnostics;
mod drift;
mod engine;
mod files;
mod provenance;

use cstspec_contract::Rule;

pub use changes::*;
pub use data::*;
pub use delta::*;
pub use diagnostics::*;
pub use drift::*;
pub use engine::*;
pub use files::*;
pub use provenance::*;

/// Every rule, by code.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let groups =
        [engine::ALL, files::ALL, drift::ALL, changes::ALL, data::ALL, delta::ALL, provenance::ALL, diagnostics::ALL];
    groups.into_iter().flatten().copied()
}
