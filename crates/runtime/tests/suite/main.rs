//! The runtime against a small catalog written by hand, and the engine's traps that it is built around.

mod conform;
mod functions;
mod layouts;
mod sessions;
mod spelling;
mod traps;
mod traps_engine;
mod verifying;
mod world;
