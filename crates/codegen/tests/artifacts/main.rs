//! Artifacts of a hand-made catalog: what they say, and how they are kept in folders.

mod catalog;
mod folders;
mod text;
