//! Changes to specs that a table has moved away from, as edits that leave every other byte as it is.

mod difference;
mod edit;
mod place;
mod plan;
mod relax;
mod site;

pub use difference::{Difference, Kind, differences};
pub use edit::{Edit, apply};
pub use plan::{Change, Plan, Refresh};
pub use relax::relaxed;
