//! The tree of a document.

use super::scalar;

/// A place in a text: line from 1, column in characters from 1, and the number of characters before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// Characters before the place.
    pub index: usize,
}

/// A node and where it starts.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Where the node starts.
    pub place: Place,
    /// The node itself.
    pub node: Node,
}

/// What stands at a place.
#[derive(Clone, Debug)]
pub enum Node {
    /// A word, number or quoted text.
    Scalar(Scalar),
    /// Items in order.
    Sequence(Vec<Tree>),
    /// Entries in the order written, each key once.
    Mapping(Vec<Entry>),
}

/// One entry of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key's text.
    pub key: Scalar,
    /// Where the key starts.
    pub place: Place,
    /// What it maps to.
    pub value: Tree,
}

/// A scalar as it was written.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// Its text, unquoted.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: it may mean a number, a boolean or NULL.
    Plain,
    /// In quotes: always text.
    Quoted,
    /// As a block after `|` or `>`: always text.
    Block,
}

impl Tree {
    /// The node at `key`, and where its key stands (its own place for items and the root).
    pub fn find(&self, key: &str) -> Option<(&Tree, Place)> {
        if key.is_empty() {
            return Some((self, self.place));
        }
        match &self.node {
            Node::Scalar(_) => None,
            Node::Sequence(items) => {
                let (head, rest) = key.split_once('.').unwrap_or((key, ""));
                let item = items.get(head.parse::<usize>().ok()?)?;
                item.find(rest)
            }
            Node::Mapping(entries) => entries.iter().find_map(|entry| {
                let rest = key.strip_prefix(entry.key.text.as_str())?;
                if rest.is_empty() {
                    return Some((&entry.value, entry.place));
                }
                entry.value.find(rest.strip_prefix('.')?)
            }),
        }
    }

    /// What the node is, for a person: `a mapping`, `the number 3`.
    pub fn describe(&self) -> String {
        match &self.node {
            Node::Mapping(_) => "a mapping".to_owned(),
            Node::Sequence(_) => "a sequence".to_owned(),
            Node::Scalar(scalar) => scalar::describe(scalar),
        }
    }

    /// Where the character before which `offset` bytes of this scalar's text stand is in `source`, the text of the file.
    ///
    /// Quotes, escapes, indentation and folded lines are walked over; the place is exact for everything but `\u` escapes.
    pub fn place_inside(&self, source: &str, offset: usize) -> Place {
        let Node::Scalar(scalar) = &self.node else { return self.place };
        let text = scalar.text.get(..offset).unwrap_or(&scalar.text);
        let mut wanted = text.chars().peekable();
        let mut place = self.place;
        let mut rest = source.chars().skip(place.index).peekable();
        let step = |place: &mut Place, rest: &mut std::iter::Peekable<std::iter::Skip<std::str::Chars<'_>>>| {
            let seen = rest.next()?;
            place.index += 1;
            if seen == '\n' {
                place.line += 1;
                place.column = 1;
            } else {
                place.column += 1;
            }
            Some(seen)
        };
        match scalar.style {
            Style::Plain => {}
            Style::Quoted => {
                step(&mut place, &mut rest);
            }
            Style::Block => while step(&mut place, &mut rest).is_some_and(|seen| seen != '\n') {},
        }
        loop {
            let skip_indent = scalar.style == Style::Block && place.column == 1;
            let next = scalar.text[text.len()..].chars().next();
            let target = wanted.peek().copied().or(next);
            if skip_indent || target.is_some_and(|target| !target.is_whitespace()) {
                while rest.peek().is_some_and(|seen| seen.is_whitespace()) && target != rest.peek().copied() {
                    step(&mut place, &mut rest);
                }
            }
            let Some(want) = wanted.next() else { return place };
            match rest.peek().copied() {
                None => return place,
                Some(seen) if want.is_whitespace() && seen.is_whitespace() => {
                    step(&mut place, &mut rest);
                }
                Some('\\') if want != '\\' => {
                    step(&mut place, &mut rest);
                    step(&mut place, &mut rest);
                }
                Some('\'') if want == '\'' && scalar.style == Style::Quoted => {
                    step(&mut place, &mut rest);
                    if rest.peek() == Some(&'\'') {
                        step(&mut place, &mut rest);
                    }
                }
                Some(_) => {
                    step(&mut place, &mut rest);
                }
            }
        }
    }
}
