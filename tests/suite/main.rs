//! The whole suite in one binary: each test binary would link the engine again.

mod engine_settings;
mod expressions;
