//! YAML with places: text becomes a tree of nodes that know where they stand, and the tree becomes typed specs.
//!
//! One parser gives both, so that a value and its place cannot disagree. Anchors, aliases and tags are refused: named types
//! serve the purpose, and a document without them cannot grow when it is read.

mod access;
mod cause;
mod decode;
mod decoder;
mod inside;
mod key;
mod lost;
mod meant;
mod node;
mod outline;
mod read;
mod scalar;
#[cfg(test)]
mod tests;
mod written;

pub use decode::{Decoded, VALUE, WORD_OR_LIST, WORD_OR_MAPPING, decode};
pub use key::KeyPath;
pub use node::{Node, Place, Tree};
pub use read::{Reading, read};
pub use written::in_quotes;

/// Files with more mistakes than this are reported up to here, those of spelling and those of shape each.
pub const MOST_MISTAKES: usize = 100;
