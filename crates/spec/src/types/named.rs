//! Named types, resolved in the order that they need one another.

use std::collections::BTreeMap;

use super::field::ResolvedField;

/// The named types of a catalog. One that could not be resolved is kept as such, so that its users are not blamed for it.
#[derive(Clone, Debug, Default)]
pub struct NamedTypes(BTreeMap<String, Result<ResolvedField, ()>>);

impl NamedTypes {
    /// The type called `name`, as a nullable field without a name of its own.
    pub fn get(&self, name: &str) -> Option<&Result<ResolvedField, ()>> {
        self.0.get(name)
    }

    /// The known names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether `text` names a type that could not be resolved.
    pub fn names_broken(&self, text: &str) -> bool {
        let mut words = text.split(|character: char| !character.is_alphanumeric() && character != '_');
        words.any(|word| matches!(self.get(word), Some(Err(()))))
    }

    /// Adds a type, or the knowledge that it is broken.
    pub fn insert(&mut self, name: &str, resolved: Result<ResolvedField, ()>) {
        self.0.insert(name.to_owned(), resolved);
    }
}
