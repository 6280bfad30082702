//! Turns a typed catalog into artifacts, and folders into what the artifacts say.
//!
//! ```text
//! catalog -> plan -> Artifacts { path -> bytes } -> apply: write | check | diff | dry run
//! ```
//!
//! [`plan`] is pure: the same catalog gives the same bytes, whatever the clock, the environment or the folder. [`apply`] makes the
//! only disk writes, and `check` is `write` with that last step left out. It writes over and removes its own files alone, one run after
//! the other, and each file whole. This crate links no engine, so that a build script that calls [`build::run`] stays fast.

mod apply;
mod artifact;
pub mod build;
mod change;
mod compare;
mod diff;
mod disk;
mod error;
mod header;
mod plan;
pub mod rules;
mod rust;
mod sql;
mod staging;
mod template;

pub use apply::{Mode, Outcome, apply};
pub use artifact::{Artifact, ArtifactKind, Artifacts, OWNED_FOLDERS, Root, Roots};
pub use change::{Change, ChangeKind};
pub use diff::{difference, excerpt};
pub use error::CodegenError;
pub use plan::{file_stems, plan};
pub use rust::is_package_name;
