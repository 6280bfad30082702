//! Checks of the session: its settings, functions, definitions and prepared statements.

pub mod definitions;
pub mod functions;
pub mod settings;
pub mod statements;
