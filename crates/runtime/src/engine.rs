//! The engine's version.

/// The version of the engine that this crate is built on.
pub const ENGINE: &str = datafusion::DATAFUSION_VERSION;
