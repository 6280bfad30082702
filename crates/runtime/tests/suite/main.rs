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
mod verifying;
mod widening;
mod world;
