//! Files of a dataset, and everything that is known of them before a row is read: listings, Hive folders, Delta logs, footers.
//!
//! Nothing here plans or executes anything.

pub mod checked_reader;
pub mod damaged_chunk;
pub mod delta;
pub mod footer;
pub mod hive;
pub mod listing;
pub mod location_files;
pub mod opened;
pub mod provided;
pub mod snapshot;
pub mod store;
pub mod table_files;
