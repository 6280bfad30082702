//! Edits of a document by the position of their bytes.

use std::ops::Range;

use cstspec_spec::layout::{Quotes, Spot, Written, WrittenEntry};
use cstspec_spec::types::syntax::{Child, TypeExpr};

use crate::yaml::{Entry, Node, Place, line_of, on_one_line, quoted, scalar};

/// Bytes of a file that another text takes the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes.
    pub range: Range<usize>,
    /// The text.
    pub text: String,
}

/// A field as it is written: its type, and what a mapping says beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewField {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: String,
    /// Whether it is NOT NULL.
    pub not_null: bool,
    /// Its metadata.
    pub metadata: Vec<(String, String)>,
}

/// A type inside the text of another.
#[derive(Clone, Copy)]
pub struct Inside<'a> {
    /// The scalar.
    pub written: Written<'a>,
    /// The type that has the child.
    pub parent: &'a TypeExpr,
    /// The number of the child.
    pub number: usize,
}

/// `text` with all of `edits`, which do not overlap. Edits at one place keep their order.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for edit in sorted {
        result.push_str(text.get(at..edit.range.start)?);
        result.push_str(&edit.text);
        at = edit.range.end;
    }
    result.push_str(text.get(at..)?);
    Some(result)
}

/// The texts one after the other, each between `before` and `after`.
fn with_each(texts: impl IntoIterator<Item = impl AsRef<str>>, before: &str, after: &str) -> String {
    let mut all = String::new();
    for text in texts {
        all.extend([before, text.as_ref(), after]);
    }
    all
}

fn insertion(at: usize, text: String) -> Edit {
    Edit { range: at..at, text }
}

/// Where the line of the byte at `at` starts.
fn line_start(source: &str, at: usize) -> usize {
    source[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1)
}

/// Where the line of the byte at `at` ends, before its line break.
fn line_end(source: &str, at: usize) -> usize {
    source[at..].find(['\n', '\r']).map_or(source.len(), |end| at + end)
}

/// The line break at `at`; the first one of the text if there is none.
fn line_break(source: &str, at: usize) -> &str {
    let at_break = |rest: &'_ str| if rest.starts_with("\r\n") { 2 } else { usize::from(!rest.is_empty()) };
    let at = if at < source.len() { Some(at) } else { source.find(['\n', '\r']) };
    at.map_or("\n", |at| &source[at..at + at_break(&source[at..])])
}

/// Whether nothing but blanks and a comment is left of the line.
fn ends_line(rest: &str) -> bool {
    let line = rest.split(['\n', '\r']).next().unwrap_or_default().trim_start();
    line.is_empty() || line.starts_with('#')
}

/// What stands before a key on its line, if it is blank.
fn indentation(source: &str, key: usize) -> Option<&str> {
    Some(&source[line_start(source, key)..key]).filter(|lead| lead.trim().is_empty())
}

/// Adds `fields` beside the entry at `spot`: behind it, or before it.
pub fn add_entries(spot: Spot<'_>, behind: bool, fields: &[NewField]) -> Vec<Edit> {
    let Some(entry) = spot.entry() else { return Vec::new() };
    if spot.mapping.is_in_brackets() {
        in_braces(spot, entry, behind, fields)
    } else {
        in_block(spot, entry, behind, fields)
    }
}

fn in_block(spot: Spot<'_>, entry: WrittenEntry<'_>, behind: bool, fields: &[NewField]) -> Vec<Edit> {
    let source = spot.mapping.source();
    let style = BlockStyle::of(spot.mapping, entry);
    let at = if behind {
        line_end(source, entry.range().end)
    } else {
        let mut start = line_start(source, entry.key().start);
        // Comments right above an entry belong to it.
        while start > 0 {
            let above = line_start(source, start - 1 - usize::from(source[..start].ends_with("\r\n")));
            let line = &source[above..start];
            if !line.trim_start().starts_with('#') || !line.starts_with(style.indent.as_str()) {
                break;
            }
            start = above;
        }
        start
    };
    let end = line_break(source, if behind { at } else { line_end(source, entry.key().start) });
    let mut text = String::new();
    for field in fields {
        for line in style.lines(field) {
            if behind {
                text.push_str(end);
                text.push_str(&line);
            } else {
                text.push_str(&line);
                text.push_str(end);
            }
        }
    }
    vec![insertion(at, text)]
}

/// How the entries of a mapping without braces are written.
struct BlockStyle {
    indent: String,
    /// What the lines inside an entry are indented by beside; entries are on one line if there is none.
    step: Option<String>,
    /// The column of the values, if they are aligned, in characters from the key.
    aligned: Option<usize>,
    keys: Quotes,
    values: Quotes,
}

impl BlockStyle {
    fn of(mapping: Written<'_>, entry: WrittenEntry<'_>) -> Self {
        let source = mapping.source();
        let start = entry.key().start;
        let indent = indentation(source, start)
            .map_or_else(|| " ".repeat(source[line_start(source, start)..start].chars().count()), str::to_owned);
        let is_block = |entry: &WrittenEntry<'_>| entry.value().is_mapping() && !entry.value().is_in_brackets();
        let inner = |entry: &WrittenEntry<'_>| {
            let first = entry.value().entries().next()?;
            indentation(source, first.key().start)?.strip_prefix(indent.as_str()).map(str::to_owned)
        };
        let step = mapping.entries().find(is_block).and_then(|entry| inner(&entry));
        let quotes: Vec<Quotes> = mapping
            .entries()
            .map(WrittenEntry::value)
            .filter(|value| value.text().is_some())
            .map(Written::quotes)
            .collect();
        let keys: Vec<Quotes> = mapping
            .entries()
            .map(|entry| match source[entry.key().start..].chars().next() {
                Some('"') => Quotes::Double,
                Some('\'') => Quotes::Single,
                _ => Quotes::None,
            })
            .collect();
        let common = |quotes: &[Quotes]| match quotes {
            [first, rest @ ..] if rest.iter().all(|other| other == first) => *first,
            _ => Quotes::None,
        };
        let on_line: Vec<(usize, usize)> = mapping
            .entries()
            .filter(|entry| !is_block(entry))
            .filter_map(|entry| {
                let (key, value) = (entry.key(), entry.value().range().start);
                let between = source.get(key.start..value)?;
                (!between.contains(['\n', '\r']) && value > key.end)
                    .then(|| (source[key].chars().count(), between.chars().count()))
            })
            .collect();
        let column = on_line.first().map(|(_, column)| *column);
        let differ = on_line.iter().any(|(key, _)| Some(*key) != on_line.first().map(|(key, _)| *key));
        let aligned = column.filter(|column| differ && on_line.iter().all(|(_, other)| other == column));
        Self { indent, step, aligned, keys: common(&keys), values: common(&quotes) }
    }

    fn lines(&self, field: &NewField) -> Vec<String> {
        let key = quoted(&field.name, self.keys, Place::Block);
        let data_type = quoted(&field.data_type, self.values, Place::Block);
        let gap = self.aligned.map_or(1, |column| column.saturating_sub(key.chars().count() + 1).max(1));
        let lead = format!("{}{key}:", self.indent);
        let body = field.body();
        match (&self.step, body) {
            (_, None) => vec![format!("{lead}{}{data_type}", " ".repeat(gap))],
            (Some(step), Some(body)) => {
                let inner = |(key, value): &(String, Node)| format!("{}{step}{}", self.indent, line_of(key, value));
                std::iter::once(lead).chain(body.iter().map(inner)).collect()
            }
            (None, Some(body)) => {
                vec![format!("{lead}{}{}", " ".repeat(gap), on_one_line(&Node::FlowMap(body), Place::Block))]
            }
        }
    }
}

impl NewField {
    /// What a mapping says of it; `None` if its type says everything.
    fn body(&self) -> Option<Vec<(String, Node)>> {
        if !self.not_null && self.metadata.is_empty() {
            return None;
        }
        let mut body = vec![("type".to_owned(), Node::text(self.data_type.as_str()))];
        if self.not_null {
            body.push(("nullable".to_owned(), Node::word(&false)));
        }
        if !self.metadata.is_empty() {
            let pairs = self.metadata.iter().map(|(key, value)| (key.clone(), Node::text(value.as_str())));
            body.push(("metadata".to_owned(), Node::FlowMap(pairs.collect())));
        }
        Some(body)
    }

    /// It as an entry of a new document.
    pub fn entry(&self) -> Entry {
        let value = self.body().map_or_else(|| Node::text(self.data_type.as_str()), Node::FlowMap);
        Entry::new(self.name.as_str(), value)
    }

    /// `name: type` as it stands in braces.
    fn in_braces(&self) -> String {
        let value = match self.body() {
            Some(body) => on_one_line(&Node::FlowMap(body), Place::Flow),
            None => scalar(&self.data_type, Place::Flow),
        };
        format!("{}: {value}", scalar(&self.name, Place::Flow))
    }

    /// `name: type` as it stands in the text of a struct, where `gap` stands behind the colon.
    fn in_type(&self, gap: &str) -> String {
        let is_word = !self.name.is_empty() && self.name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let name = if is_word { self.name.clone() } else { cstspec_contract::sql::quoted(&self.name) };
        let not_null = if self.not_null { " not null" } else { "" };
        format!("{name}:{gap}{}{not_null}", self.data_type)
    }
}

fn in_braces(spot: Spot<'_>, entry: WrittenEntry<'_>, behind: bool, fields: &[NewField]) -> Vec<Edit> {
    let source = spot.mapping.source();
    let texts: Vec<String> = fields.iter().map(NewField::in_braces).collect();
    let key = entry.key().start;
    // Each entry on a line of its own.
    let lines = indentation(source, key).filter(|_| line_start(source, key) > spot.mapping.range().start);
    if !behind {
        let between = lines.map_or_else(
            || ", ".to_owned(),
            |indent| format!(",{}{indent}", line_break(source, line_end(source, key))),
        );
        return vec![insertion(key, with_each(texts.iter(), "", &between))];
    }
    let end = entry.range().end;
    let rest = &source[end..];
    let comma = rest.trim_start().starts_with(',').then(|| end + rest.len() - rest.trim_start().len() + 1);
    let inline = || vec![insertion(end, with_each(texts.iter(), ", ", ""))];
    let Some(indent) = lines else { return inline() };
    let line = |text: &String, last: &str| {
        let end_of_line = line_end(source, comma.unwrap_or(end));
        format!("{}{indent}{text}{last}", line_break(source, end_of_line))
    };
    match comma {
        Some(comma) if ends_line(&source[comma..]) => {
            vec![insertion(line_end(source, comma), texts.iter().map(|text| line(text, ",")).collect())]
        }
        None if ends_line(rest) => {
            let at = line_end(source, end);
            let last = texts.len() - 1;
            let added = texts.iter().enumerate().map(|(number, text)| line(text, if number < last { "," } else { "" }));
            let added: String = added.collect();
            if at == end {
                vec![insertion(end, format!(",{added}"))]
            } else {
                vec![insertion(end, ",".to_owned()), insertion(at, added)]
            }
        }
        _ => inline(),
    }
}

/// Adds the entry `key` behind the one at `spot`.
pub fn add_pair(spot: Spot<'_>, key: &str, value: &Node) -> Vec<Edit> {
    let Some(entry) = spot.entry() else { return Vec::new() };
    let source = spot.mapping.source();
    let end = entry.range().end;
    if spot.mapping.is_in_brackets() {
        let value = on_one_line(value, Place::Flow);
        return vec![insertion(end, format!(", {}: {value}", scalar(key, Place::Flow)))];
    }
    let at = line_end(source, end);
    let indent = indentation(source, entry.key().start).unwrap_or_default();
    vec![insertion(at, format!("{}{indent}{}", line_break(source, at), line_of(key, value)))]
}

/// Writes `text` in the place of everything behind the colon of the entry at `spot`.
pub fn set_value(spot: Spot<'_>, text: &str) -> Vec<Edit> {
    let Some(entry) = spot.entry() else { return Vec::new() };
    let value = entry.value().range();
    let range = entry.range();
    let source = spot.mapping.source();
    let key = entry.key().end;
    let colon = source[key..].find(':').map_or(key, |at| key + at + 1);
    let start =
        if source[colon..value.start.max(colon)].contains(['\n', '\r']) { colon } else { value.start.max(colon) };
    let lead = if start == colon { " " } else { "" };
    vec![Edit { range: start..range.end, text: format!("{lead}{text}") }]
}

/// Takes the entry at `spot` out.
pub fn remove_entry(spot: Spot<'_>) -> Vec<Edit> {
    let Some(entry) = spot.entry() else { return Vec::new() };
    let source = spot.mapping.source();
    let range = entry.range();
    if !spot.mapping.is_in_brackets() {
        let start =
            if indentation(source, range.start).is_some() { line_start(source, range.start) } else { range.start };
        let end = line_end(source, range.end);
        let after = end + if end < source.len() { line_break(source, end).len() } else { 0 };
        return vec![Edit { range: start..after, text: String::new() }];
    }
    let neighbours = |number: usize| spot.mapping.entries().nth(number).map(WrittenEntry::range);
    let before = spot.number.checked_sub(1).and_then(neighbours);
    vec![Edit { range: without(&range, before, neighbours(spot.number + 1)), text: String::new() }]
}

/// Takes the item of the number `number` out of a sequence.
pub fn remove_item(sequence: Written<'_>, number: usize) -> Vec<Edit> {
    let Some(item) = sequence.items().nth(number) else { return Vec::new() };
    let source = sequence.source();
    let range = item.range();
    if sequence.is_in_brackets() {
        let neighbours = |number: usize| sequence.items().nth(number).map(Written::range);
        let before = number.checked_sub(1).and_then(neighbours);
        return vec![Edit { range: without(&range, before, neighbours(number + 1)), text: String::new() }];
    }
    let end = line_end(source, range.end);
    let after = end + if end < source.len() { line_break(source, end).len() } else { 0 };
    vec![Edit { range: line_start(source, range.start)..after, text: String::new() }]
}

/// The bytes of a part between commas, with one of the commas.
fn without(range: &Range<usize>, before: Option<Range<usize>>, after: Option<Range<usize>>) -> Range<usize> {
    match (before, after) {
        (_, Some(after)) => range.start..after.start,
        (Some(before), None) => before.end..range.end,
        (None, None) => range.clone(),
    }
}

/// Writes `text` in the place of a scalar, in its quotes.
pub fn replace(written: Written<'_>, text: &str, place: Place) -> Vec<Edit> {
    let range = written.range();
    vec![Edit { range, text: quoted(text, written.quotes(), place) }]
}

impl Inside<'_> {
    fn child(&self, number: usize) -> Option<&Child> {
        self.parent.children.get(number)
    }

    /// The bytes of the file from the byte `start` of the type's text to its byte `end`.
    fn bytes(&self, start: usize, end: usize) -> Range<usize> {
        let text = self.written.text().unwrap_or_default();
        let last = text[..end].chars().next_back().map_or(0, char::len_utf8);
        let end = self.written.inside(end - last) + last;
        self.written.inside(start).min(end)..end
    }

    /// `text` as it stands in the scalar.
    fn escaped(&self, text: &str) -> String {
        match self.written.quotes() {
            Quotes::None | Quotes::Block => text.to_owned(),
            Quotes::Single => text.replace('\'', "''"),
            Quotes::Double => text.replace('\\', "\\\\").replace('"', "\\\""),
        }
    }

    /// Adds `fields` behind the child, or before it.
    pub fn add(&self, behind: bool, fields: &[NewField]) -> Vec<Edit> {
        let Some(child) = self.child(self.number) else { return Vec::new() };
        let text = self.written.text().unwrap_or_default();
        let gap = if text[..child.ty.start].ends_with(':') { "" } else { " " };
        let source = self.written.source();
        // Commas are followed by what follows one beside the child, which may be a line break.
        let between = |one: &Child, other: &Child| {
            source[self.bytes(one.start, one.end).end..self.bytes(other.start, other.end).start].to_owned()
        };
        let next = self.child(self.number + 1).map(|next| between(child, next));
        let last = self.number.checked_sub(1).and_then(|number| self.child(number)).map(|last| between(last, child));
        let between = next.or(last).unwrap_or_else(|| ", ".to_owned());
        let range = self.bytes(child.start, child.end);
        let texts = fields.iter().map(|field| self.escaped(&field.in_type(gap)));
        if behind {
            vec![insertion(range.end, with_each(texts, &between, ""))]
        } else {
            vec![insertion(range.start, with_each(texts, "", &between))]
        }
    }

    /// Takes the child out.
    pub fn remove(&self) -> Vec<Edit> {
        let bytes = |number: usize| self.child(number).map(|child| self.bytes(child.start, child.end));
        let Some(range) = bytes(self.number) else { return Vec::new() };
        let before = self.number.checked_sub(1).and_then(bytes);
        vec![Edit { range: without(&range, before, bytes(self.number + 1)), text: String::new() }]
    }

    /// Gives the child another type.
    pub fn retype(&self, data_type: &str, not_null: bool) -> Vec<Edit> {
        let Some(child) = self.child(self.number) else { return Vec::new() };
        let not_null = if not_null { " not null" } else { "" };
        vec![Edit {
            range: self.bytes(child.ty.start, child.end),
            text: self.escaped(&format!("{data_type}{not_null}")),
        }]
    }

    /// Replaces the bytes from `start` to `end` of the type's text.
    pub fn replace(written: Written<'_>, start: usize, end: usize, text: &str) -> Edit {
        let last = written.text().unwrap_or_default()[..end].chars().next_back().map_or(0, char::len_utf8);
        Edit { range: written.inside(start)..written.inside(end - last) + last, text: text.to_owned() }
    }
}
