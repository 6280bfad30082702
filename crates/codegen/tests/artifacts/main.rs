//! Artifacts of a hand-made catalog: what they say, and how they are kept in folders.

mod case;
mod catalog;
mod folders;
mod ownership;
mod patches;
mod text;
