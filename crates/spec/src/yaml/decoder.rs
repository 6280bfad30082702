//! A node on its way into a spec, and the findings about it.

use cstspec_contract::{Finding, nearest};

use super::ambiguous::ambiguous;
use super::foreign_key::ForeignKey;
use super::key::KeyPath;
use super::located::Located;
use super::node::{Entry, Node, Tree};
use super::scalar::{self, Meaning, Scalar, Style};
use super::state::{DecodeError, State};
use super::suggestion::{cut_by_a_comma, suggestion, with_a_blank};
use crate::rules;

/// The result of decoding a node.
pub type Decoded<T> = Result<T, DecodeError>;

/// A node on its way into a spec.
#[derive(Clone, Copy)]
pub struct Decoder<'a> {
    pub node: Input<'a>,
    step: Step<'a>,
    /// Paths are put together when a finding needs one: documents may be wide, deep and have long keys.
    parent: Option<&'a Decoder<'a>>,
    /// It is a constant, or a part of one.
    pub constant: bool,
    pub state: &'a State<'a>,
}

/// The input of a decoder.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    Node(&'a Tree),
    /// A stand-in for a node that is missing or wrong: whatever is asked of it, it is empty.
    Absent,
}

/// The last step on the way to a node.
#[derive(Clone, Copy)]
pub enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Decoder<'a> {
    /// A decoder of a whole document.
    pub fn root(tree: &'a Tree, state: &'a State<'a>) -> Self {
        Self { node: Input::Node(tree), step: Step::Root, parent: None, constant: false, state }
    }

    /// The decoder of a node inside this one.
    pub fn child(&'a self, node: Input<'a>, step: Step<'a>) -> Self {
        Self { node, step, parent: Some(self), constant: false, state: self.state }
    }

    /// A stand-in for something that this node lacks.
    pub fn nothing(self) -> Self {
        Self { node: Input::Absent, ..self }
    }

    /// The same node, as a constant or as none.
    pub fn with_constant(self, constant: bool) -> Self {
        Self { constant, ..self }
    }

    /// The keys that lead to this node.
    pub fn path(&self) -> KeyPath {
        let mut steps = vec![self.step];
        let mut at = self.parent;
        while let Some(decoder) = at {
            steps.push(decoder.step);
            at = decoder.parent;
        }
        steps.into_iter().rev().fold(KeyPath::root(), |path, step| match step {
            Step::Root => path,
            Step::Key(key) => path.join(key),
            Step::Index(index) => path.index(index),
        })
    }

    /// Whether this node has been found to be wrong.
    pub fn is_left_out(&self, tree: &Tree) -> bool {
        let known = self.state.hides(tree);
        if !known && matches!(tree.node, Node::Refused) {
            self.leave_out(tree);
            return true;
        }
        known
    }

    /// Reports `finding` about this node, and leaves it out.
    pub fn refuse(&self, tree: &Tree, finding: Finding) {
        self.state.report(Located::at_value(finding, self.path()));
        self.leave_out(tree);
    }

    /// Leaves out this node, with all of the constant that it may be a part of: half a constant is another one.
    fn leave_out(&self, tree: &Tree) {
        let mut whole = (self, tree);
        while let Some(parent @ Decoder { constant: true, node: Input::Node(tree), .. }) = whole.0.parent {
            whole = (parent, tree);
        }
        self.state.leave_out(whole.1, whole.0.path());
    }

    /// Reports that something else was expected here.
    pub fn wrong(&self, tree: &Tree, expected: &str) {
        let observed = tree.describe();
        let remedy = suggestion(tree, expected).unwrap_or_else(|| format!("write {expected} here"));
        let finding = Finding::new(&rules::WRONG_TYPE, format!("{observed} where {expected} belongs"))
            .differing(expected, observed)
            .remedy(remedy);
        self.refuse(tree, finding);
    }

    /// After a node was refused that nothing can stand in for: the next pass goes without it.
    pub fn retry<T>(&self) -> Decoded<T> {
        Err(if self.parent.is_some() { DecodeError::Again } else { DecodeError::Stop })
    }

    /// Gives a visitor's own message a place, and a missing key a stand-in.
    pub fn located<T>(&self, result: Decoded<T>) -> Decoded<T> {
        result.or_else(|error| match (error, self.node) {
            (DecodeError::Custom(message), Input::Node(tree)) => {
                let observed = tree.describe();
                let finding = Finding::new(&rules::WRONG_TYPE, format!("{observed} where {message} belongs"))
                    .differing(message.as_str(), observed)
                    .remedy(format!("write {message} here"));
                self.refuse(tree, finding);
                self.retry()
            }
            (DecodeError::MissingKey(key), Input::Node(tree)) => {
                let path = self.path();
                if !self.state.lacks(&path, key) {
                    let place = match self.step {
                        Step::Root => format!("the {}", self.state.what),
                        Step::Key(_) | Step::Index(_) => format!("`{path}`"),
                    };
                    let finding = Finding::new(&rules::MISSING_KEY, format!("{place} lacks the key `{key}`"))
                        .differing(format!("a key `{key}`"), "none")
                        .remedy(format!("add `{key}:` here"));
                    self.state.report(Located::at_key(finding, path.clone()));
                }
                Err(if self.state.supply(tree, path, key) { DecodeError::Again } else { DecodeError::Stop })
            }
            (DecodeError::Custom(_) | DecodeError::MissingKey(_), Input::Absent) => Err(DecodeError::Stop),
            (error @ (DecodeError::Again | DecodeError::Stop), _) => Err(error),
        })
    }

    /// The scalar here; `None` after a report where there is none, or where nothing was written.
    pub fn scalar(&self, expected: &str) -> Option<(&'a Tree, &'a Scalar)> {
        let Input::Node(tree) = self.node else { return None };
        if let Node::Scalar(scalar) = &tree.node {
            return Some((tree, scalar));
        }
        self.wrong(tree, expected);
        None
    }

    /// The text of a scalar that is meant as text; empty after a report.
    pub fn text(&self) -> &'a str {
        let Some((tree, scalar)) = self.scalar("text") else { return "" };
        if scalar.text.is_empty() && scalar.style == Style::Plain {
            self.wrong(tree, "text");
            return "";
        }
        match scalar::meaning(scalar) {
            Meaning::Text => {
                self.warn_of(scalar);
                &scalar.text
            }
            // A version or a name may look like a number: with quotes it is text.
            Meaning::Null | Meaning::Bool(_) | Meaning::Int(_) | Meaning::Float => {
                let observed = tree.describe();
                let finding = Finding::new(&rules::WRONG_TYPE, format!("{observed} where text belongs"))
                    .differing("text", observed)
                    .remedy(format!("put it in quotes: \"{}\"", scalar.text));
                self.refuse(tree, finding);
                ""
            }
        }
    }

    /// Warns of a scalar that YAML 1.1 reads otherwise.
    pub fn warn_of(&self, scalar: &Scalar) {
        if let Some(finding) = ambiguous(scalar) {
            self.state.report(Located::at_value(finding, self.path()));
        }
    }

    /// The whole number here; one after a report.
    pub fn integer<T: TryFrom<i128> + From<u8>>(&self, expected: &str) -> T {
        let stand_in = T::from(1);
        let Some((tree, scalar)) = self.scalar(expected) else { return stand_in };
        let value = match scalar::meaning(scalar) {
            Meaning::Int(value) => {
                self.warn_of(scalar);
                T::try_from(value).ok()
            }
            _ => None,
        };
        value.unwrap_or_else(|| {
            self.wrong(tree, expected);
            stand_in
        })
    }

    /// Reports the keys that a struct with `fields` does not have.
    pub fn check_keys(&self, entries: &[Entry], fields: &'static [&'static str]) {
        let written = |key: &str| entries.iter().any(|entry| entry.key.text == key);
        // Further pieces of one value have one cause.
        let mut is_cut = false;
        let mut empty = None;
        for (number, entry) in entries.iter().enumerate() {
            let key = entry.key.text.as_str();
            is_cut &= entry.is_piece();
            let refused = matches!(entry.value.node, Node::Refused);
            if fields.contains(&key) {
                empty = Some(key).filter(|_| entry.value.is_nothing());
            }
            if fields.contains(&key) || refused || is_cut || self.state.is_full() {
                continue;
            }
            let whole = cut_by_a_comma(entries, number);
            is_cut = whole.is_some();
            // A key that is there already is not the one that was meant.
            let meant = nearest(key, fields.iter().copied()).filter(|meant| !written(meant));
            // `{ doc: one, two }` has a key `two` without a value.
            let run_together = with_a_blank(key).filter(|_| entry.value.is_nothing());
            let before_colon = run_together.as_ref().and_then(|_| key.split(':').next());
            let meant = before_colon.filter(|before| fields.contains(before)).or(meant);
            let foreign_key = ForeignKey::of(key, fields).filter(|foreign| foreign.is_new(written));
            let foreign = key.chars().find(|sign| sign.is_whitespace() && *sign != ' ');
            let remedy = match (run_together, whole, meant) {
                _ if foreign.is_some() => {
                    format!("write spaces in the place of U+{:04X}", foreign.map_or(0, u32::from))
                }
                (Some(mended), ..) => format!("write {mended}: a blank belongs after the colon"),
                (_, Some(whole), _) => {
                    format!("write {whole}: inside braces a comma ends a value that is not in quotes")
                }
                _ if foreign_key.is_some() => foreign_key.as_ref().map_or_else(String::new, ForeignKey::advice),
                (_, _, Some(meant)) => format!("did you mean `{meant}`?"),
                _ => empty.map_or_else(
                    || "remove it".to_owned(),
                    |above| format!("indent it, if it belongs to `{above}`, or remove it"),
                ),
            };
            let finding = Finding::new(&rules::UNKNOWN_KEY, format!("unknown key `{key}`"))
                .differing(format!("one of {}", fields.join(", ")), format!("`{key}`"))
                .remedy(remedy);
            let path = self.path();
            self.state.report(Located::at_key(finding, path.join(key)));
            if let Some(meant) = foreign_key.map(|foreign| foreign.meant).or(meant) {
                self.state.note_misspelt(path.join(meant));
            }
        }
    }
}
