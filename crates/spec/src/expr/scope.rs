//! The names that an expression may use.

use arrow_schema::FieldRef;
use sqlparser::ast::Ident;

/// The columns that an expression may use, each with its type, nullability and metadata.
///
/// Names are compared as the engine compares them: an unquoted name is in lower case, a quoted one as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    fields: Vec<FieldRef>,
}

impl Scope {
    /// A scope of these columns. Where two have one name, the first is meant.
    pub fn new(fields: impl IntoIterator<Item = FieldRef>) -> Self {
        Self { fields: fields.into_iter().collect() }
    }

    /// The column called `name`.
    pub fn find(&self, name: &str) -> Option<&FieldRef> {
        self.fields.iter().find(|field| field.name() == name)
    }

    /// The names of the columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name().as_str())
    }
}

/// A name as the engine reads it.
pub(super) fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_ascii_lowercase() }
}
