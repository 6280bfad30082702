//! The runtime against a small catalog written by hand, and the engine's traps that it is built around.

mod boundary;
mod counting;
mod differences;
mod encodings;
mod export;
mod faults;
mod functions;
mod hostile;
mod layouts;
mod listings;
mod maps;
mod masking;
mod narrowing;
mod opened_once;
mod provenance;
mod pruning;
mod pruning_elements;
mod races;
mod sessions;
mod spelling;
mod statistics;
mod stores;
mod traps;
mod traps_boundary;
mod traps_deep;
#[cfg(feature = "delta")]
mod traps_delta;
mod traps_drift;
mod traps_engine;
mod traps_files;
mod traps_provenance;
mod verifying;
mod widening;
mod world;
