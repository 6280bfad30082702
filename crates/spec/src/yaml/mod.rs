//! YAML with places: text becomes a tree of nodes that know where they stand, and the tree becomes typed specs.
//!
//! One parser gives both, so that a value and its place cannot disagree. Anchors, aliases and tags are refused: named types
//! serve the purpose, and a document without them cannot grow when it is read.

mod ambiguous;
mod cause;
mod decode;
mod decoder;
mod deserialize;
mod foreign_key;
mod inside;
mod key;
mod located;
mod long_form;
mod mapping;
mod node;
mod outline;
mod place;
mod read;
mod scalar;
mod state;
mod suggestion;
#[cfg(test)]
mod tests;
mod unreadable;
mod written;

pub use decode::{Decoded, decode};
pub use deserialize::{TYPE_OR_MAPPING, VALUE, WORD_OR_LIST, WORD_OR_MAPPING};
pub use inside::place_inside;
pub use key::KeyPath;
pub use located::{Anchor, Located, MOST_MISTAKES};
pub use node::{Entry, Node, Tree};
pub use place::Place;
pub use read::{Reading, read};
pub use scalar::Style;
pub use written::in_quotes;
