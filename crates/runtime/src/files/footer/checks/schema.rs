//! The schema of a footer, as the flat list of nodes that it is stored as.

use std::collections::HashSet;

use super::Wrong;
use crate::files::footer::thrift::{Compact, kind, layout};

/// How deep groups may nest; a list takes two. The deepest recursion over a type is that of arrow's arrays (`make_array` of structs): without
/// optimization each level takes 20 kB of the stack, and 100 of them the 2 MB of a thread. `crates/runtime/tests/suite/hostile.rs` reads a
/// column of so many levels on such a stack. A flatbuffer of an Arrow schema may nest no deeper either.
pub(crate) const DEPTH: usize = 64;

/// How many bytes the paths of all leaves may take, each name counted with what a text of the reader takes beside its bytes: the reader
/// keeps the whole path of each leaf. A table of 100,000 columns whose names have 100 bytes takes a tenth.
const PATHS: usize = 128 << 20;
const TEXT: usize = 32;

/// The nodes of a schema, in the order of a file: each before its children.
pub(super) struct Schema<'a> {
    nodes: Vec<Node<'a>>,
    /// The places of the leaves among them.
    leaves: Vec<usize>,
    /// The paths of the leaves, once they were asked for.
    paths: Option<HashSet<Vec<&'a [u8]>>>,
}

struct Node<'a> {
    name: &'a [u8],
    physical: Option<i64>,
    parent: usize,
}

impl<'a> Schema<'a> {
    /// Follows the list of nodes; nothing where its bytes make no sense.
    pub fn read(reader: &mut Compact<'a>) -> Option<Result<Self, Wrong>> {
        let (mut nodes, mut children) = (Vec::new(), Vec::new());
        reader.elements(|reader, kind| {
            if kind != kind::STRUCT {
                return None;
            }
            let (mut node, mut declared) = (Node { name: &[], physical: None, parent: 0 }, 0);
            reader.fields(|reader, id, kind| {
                match (id, kind) {
                    (1, kind::I16 | kind::I32 | kind::I64) => node.physical = Some(reader.int()?),
                    (4, kind::BINARY) => node.name = reader.binary()?,
                    (5, kind::I16 | kind::I32 | kind::I64) => declared = reader.int()?,
                    _ => reader.pass(layout::SCHEMA_ELEMENT, id, kind)?,
                }
                Some(())
            })?;
            nodes.push(node);
            children.push(declared);
            Some(())
        })?;
        Some(Self::tree(nodes, &children))
    }

    /// The tree of `nodes`, each of which declares how many `children` it has.
    fn tree(mut nodes: Vec<Node<'a>>, children: &[i64]) -> Result<Self, Wrong> {
        // The groups that are not whole yet: where they are, how many children they lack, and how much the path to them takes.
        let mut open: Vec<(usize, usize, usize)> = Vec::new();
        let (mut leaves, mut paths) = (Vec::new(), 0_usize);
        for (place, declared) in children.iter().enumerate() {
            let left = nodes.len() - place - 1;
            while open.last().is_some_and(|(_, lacking, _)| *lacking == 0) {
                open.pop();
            }
            let above = match open.last_mut() {
                Some((parent, lacking, above)) => {
                    *lacking -= 1;
                    nodes[place].parent = *parent;
                    *above
                }
                None if place == 0 => 0,
                None => return Err(format!("its schema has {} nodes beside its root", left + 1)),
            };
            let path = above + if place == 0 { 0 } else { nodes[place].name.len() + TEXT };
            let declared = usize::try_from(*declared).ok().filter(|declared| *declared <= left).ok_or_else(|| {
                format!("a group of its schema says that it has {declared} fields, and {left} follow")
            })?;
            if declared > 0 {
                if open.len() > DEPTH {
                    return Err(format!("its schema nests deeper than {DEPTH} groups"));
                }
                open.push((place, declared, path));
            } else if nodes[place].physical.is_some() {
                leaves.push(place);
                paths = paths.saturating_add(path);
                if paths > PATHS {
                    return Err(format!("the paths of its columns take more than {PATHS} bytes"));
                }
            }
        }
        let lacking: usize = open.iter().map(|(_, lacking, _)| lacking).sum();
        if lacking > 0 {
            return Err(format!("its schema lacks {lacking} fields of its groups"));
        }
        Ok(Self { nodes, leaves, paths: None })
    }

    /// Whether the chunk that is the `nth` of a row group is that of the leaf in this place, as its type and its path say.
    pub fn holds(&mut self, nth: usize, physical: Option<i64>, path: &[&'a [u8]]) -> Result<(), Wrong> {
        let Some(leaf) = self.leaves.get(nth).copied() else {
            return Err(format!("it has more column chunks than the schema has leaves, {}", self.leaves.len()));
        };
        let name =
            || format!("column `{}`", self.path(leaf).iter().map(|name| text(name)).collect::<Vec<_>>().join("."));
        if physical.is_some() && physical != self.nodes[leaf].physical {
            return Err(format!("{}: its type in the column chunk is not that of the schema", name()));
        }
        // A path that is no leaf's has no meaning to a reader: chunks are found by their place.
        if path.is_empty() || self.path(leaf) == path {
            return Ok(());
        }
        let name = name();
        let paths = self.paths.take().unwrap_or_else(|| self.leaves.iter().map(|leaf| self.path(*leaf)).collect());
        let other = paths.contains(path);
        self.paths = Some(paths);
        if other {
            let path = path.iter().map(|name| text(name)).collect::<Vec<_>>().join(".");
            return Err(format!("{name}: the column chunk in its place says that it is `{path}`"));
        }
        Ok(())
    }

    /// The names from the root to the node at `place`, without the root's.
    fn path(&self, mut place: usize) -> Vec<&'a [u8]> {
        let mut path = Vec::new();
        while place != 0 {
            path.push(self.nodes[place].name);
            place = self.nodes[place].parent;
        }
        path.reverse();
        path
    }
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
