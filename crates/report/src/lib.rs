//! Findings as text for people.
//!
//! [`render::findings`] prints findings, each with its line of YAML, what was expected and observed, and what to do; [`render::summary`]
//! counts them. The command and `cstspec_testing` print the same text. This crate decides nothing and reads no file: [`render::Specs`] has
//! the texts that findings point into.

pub mod paint;
pub mod render;
pub mod table;
