//! The whole suite in one binary: each test binary would link the engine again.

mod arrays;
mod catalogs;
mod change;
mod contracts;
mod deep;
mod delta;
mod describe;
mod diagnostics;
mod drifted;
mod engine_settings;
mod equivalence;
mod expressions;
mod flips;
mod foreign;
mod fuzzed;
mod hive;
mod manifest;
mod names;
mod oracle;
mod properties;
mod readme;
mod reliability;
mod telemetry;
mod walls;
mod world;
