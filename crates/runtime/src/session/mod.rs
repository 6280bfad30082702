//! Sessions: made with pinned settings, and given the relations and statements of a catalog.

pub mod automount;
pub mod build;
pub mod external_table;
pub mod install;
pub mod register;
pub mod statement;
pub mod view;
