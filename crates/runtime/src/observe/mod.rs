//! Questions to a live session: schemas, settings, definitions, partition columns. The answers are not judged here.

pub mod definition;
pub mod describe;
pub mod partitions;
pub mod settings;
