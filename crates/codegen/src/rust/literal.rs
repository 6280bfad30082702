//! Values as the Rust expressions that rebuild them, in the words of `cstspec_contract::prelude`.

use std::collections::BTreeMap;

use cstspec_contract::artifact::one_line;
use cstspec_contract::text::{escaped, is_hidden};
use cstspec_contract::{NestedOrigins, Origin, Path, PathPolicy, Pattern, Setting, Value};

/// A value that can be spelled as a Rust expression.
pub(crate) trait Literal {
    /// The expression.
    fn literal(&self) -> String;

    /// The expression of a vector of such values.
    fn list(items: &[Self]) -> String
    where
        Self: Sized,
    {
        let items: Vec<String> = items.iter().map(Self::literal).collect();
        format!("vec![{}]", items.join(", "))
    }
}

/// A string literal.
pub(crate) fn text(value: &str) -> String {
    format!("\"{}\"", escaped(value, |c| matches!(c, '"' | '\\') || is_hidden(c)))
}

/// `name([item, ...])`, or `vec![]` without items.
pub(super) fn call(name: &str, items: &[String]) -> String {
    if items.is_empty() { "vec![]".to_owned() } else { call_array(name, items) }
}

fn call_array(name: &str, items: &[String]) -> String {
    format!("{name}([{}])", items.join(", "))
}

/// `("first", "second")` of each pair.
fn pairs<'a>(items: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    items.map(|(first, second)| format!("({}, {})", text(first), text(second))).collect()
}

impl Literal for String {
    fn literal(&self) -> String {
        if self.is_empty() { "String::new()".to_owned() } else { format!("{}.to_owned()", text(self)) }
    }

    fn list(items: &[Self]) -> String {
        call("texts", &items.iter().map(|item| text(item)).collect::<Vec<_>>())
    }
}

impl Literal for bool {
    fn literal(&self) -> String {
        self.to_string()
    }
}

impl Literal for u32 {
    fn literal(&self) -> String {
        self.to_string()
    }
}

impl Literal for usize {
    fn literal(&self) -> String {
        self.to_string()
    }
}

impl Literal for u64 {
    fn literal(&self) -> String {
        self.to_string()
    }
}

impl Literal for i128 {
    fn literal(&self) -> String {
        self.to_string()
    }
}

impl<T: Literal> Literal for Vec<T> {
    fn literal(&self) -> String {
        T::list(self)
    }
}

impl<T: Literal> Literal for Option<T> {
    fn literal(&self) -> String {
        self.as_ref().map_or_else(|| "None".to_owned(), |value| format!("Some({})", value.literal()))
    }
}

impl<T: Literal> Literal for Box<T> {
    fn literal(&self) -> String {
        format!("Box::new({})", self.as_ref().literal())
    }
}

impl Literal for (String, Value) {
    fn literal(&self) -> String {
        format!("({}, {})", self.0.literal(), self.1.literal())
    }
}

impl Literal for (String, Pattern) {
    fn literal(&self) -> String {
        format!("({}, {})", self.0.literal(), self.1.literal())
    }
}

impl Literal for (String, String) {
    fn literal(&self) -> String {
        format!("({}, {})", self.0.literal(), self.1.literal())
    }

    fn list(items: &[Self]) -> String {
        call("text_pairs", &pairs(items.iter().map(|(first, second)| (first.as_str(), second.as_str()))))
    }
}

impl Literal for Path {
    fn literal(&self) -> String {
        format!("path({})", text(&self.to_string()))
    }

    fn list(items: &[Self]) -> String {
        call("paths", &items.iter().map(|path| text(&path.to_string())).collect::<Vec<_>>())
    }
}

impl Literal for Origin {
    fn literal(&self) -> String {
        format!("Origin::parse({})", text(&self.to_string()))
    }
}

impl Literal for BTreeMap<String, String> {
    fn literal(&self) -> String {
        call_array("text_map", &pairs(self.iter().map(|(key, value)| (key.as_str(), value.as_str()))))
    }
}

impl Literal for BTreeMap<Path, String> {
    fn literal(&self) -> String {
        call_array(
            "renames",
            &self
                .iter()
                .map(|(path, name)| format!("({}, {})", text(&path.to_string()), text(name)))
                .collect::<Vec<_>>(),
        )
    }
}

impl Literal for BTreeMap<Path, PathPolicy> {
    fn literal(&self) -> String {
        let items = self.iter().map(|(path, policy)| format!("({}, {})", text(&path.to_string()), policy.literal()));
        call_array("path_policies", &items.collect::<Vec<_>>())
    }
}

impl Literal for BTreeMap<String, Setting> {
    fn literal(&self) -> String {
        let Some(section) = section(self) else {
            let items = self.iter().map(|(name, Setting { value, origin })| {
                format!("({}, {}, {})", text(name), text(value), text(&origin.to_string()))
            });
            return call_array("settings_at", &items.collect::<Vec<_>>());
        };
        let items = pairs(self.iter().map(|(name, Setting { value, .. })| (name.as_str(), value.as_str())));
        format!("settings({}, [{}])", text(&section.to_string()), items.join(", "))
    }
}

/// The mapping that all of `settings` were written in, each under its name; `None` where they were written in several.
fn section(settings: &BTreeMap<String, Setting>) -> Option<Origin> {
    let (name, Setting { origin, .. }) = settings.first_key_value()?;
    let key = origin.key.strip_suffix(name.as_str())?;
    let section = Origin::new(origin.file.as_str(), key.strip_suffix('.').unwrap_or(key));
    settings.iter().all(|(name, setting)| setting.origin == section.join(name)).then_some(section)
}

impl Literal for NestedOrigins {
    fn literal(&self) -> String {
        let entries = |map: &BTreeMap<Path, Origin>| {
            let items: Vec<String> = map
                .iter()
                .map(|(path, origin)| format!("({}, {})", text(&path.to_string()), text(&origin.to_string())))
                .collect();
            format!("[{}]", items.join(", "))
        };
        format!("nested_origins({}, {})", entries(&self.below), entries(&self.fields))
    }
}

/// `doc` as one line of a doc comment, or `otherwise` where it is empty. Outside code, brackets that would start a link or a tag
/// are escaped: specs are prose, not rustdoc.
pub(super) fn prose(doc: &str, otherwise: &str) -> String {
    let line = one_line(doc);
    if line.is_empty() {
        return otherwise.to_owned();
    }
    let mut escaped = String::with_capacity(line.len());
    let balanced = line.matches('`').count().is_multiple_of(2);
    let mut code = false;
    for c in line.chars() {
        match c {
            '`' if balanced => code = !code,
            '`' | '<' | '>' | '[' | ']' | '\\' if !code => escaped.push('\\'),
            _ => {}
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text is spelled without surprises.
    #[test]
    fn text_escaped() {
        assert_eq!(text("a\"b\\c\n\u{202e}\u{0}é"), "\"a\\\"b\\\\c\\n\\u{202e}\\u{0}é\"");
        for value in ["plain", "a\"b\\c\r\n\t\u{202e}\u{0}\u{7f}\u{85}é\u{feff}{}'"] {
            let parsed: syn::LitStr = syn::parse_str(&text(value)).unwrap();
            assert_eq!(parsed.value(), value);
        }
    }

    #[test]
    fn prose_without_markup() {
        assert_eq!(prose("a list<T>\n of `[x]`s,  see [y]", ""), "a list\\<T\\> of `[x]`s, see \\[y\\]");
        assert_eq!(prose("one ` alone <b>", ""), "one \\` alone \\<b\\>");
        assert_eq!(prose(" \n", "The view."), "The view.");
    }
}
