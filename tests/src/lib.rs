//! What the tests of several crates share: the sound catalog with its rows, and writers of data.

pub mod delta_log;
pub mod rows;
pub mod schemas;
pub mod sound;
