//! Fields as specs write them, resolved: their types, be they a text, the fields of a struct, or a list or map whose parts stand beside it,
//! and what is said of them.

use cstspec_contract::{Finding, Origin, Path, Value};

use super::allowed;
use super::default;
use super::report::Report;
use super::structure::{self, Member};
use crate::model::{FieldSpec, FieldsSpec, ItemSpec, Parts, Shape, Spelling, ValueSpec};
use crate::rules;
use crate::types::{FIXED_SIZE_LIST, ListKind, NamedTypes, ResolvedField, Resolver, TypeError, list_of, map_of};

/// The word for maps.
const MAP: &str = "map";

/// Resolves the field `name` that was written at `origin`. `None` when its type is at fault, which is reported.
pub fn resolve(
    name: &str,
    spec: &FieldSpec,
    origin: &Origin,
    types: &NamedTypes,
    report: &mut Report<'_>,
) -> Option<Member> {
    let mut field = of_type(name, spec.shape(), origin, types, report)?;
    let Some(body) = spec.long() else {
        allowed::check_defaults(&field, report);
        return Some(Member { field, doc: String::new(), origin: origin.clone() });
    };
    field.declare(name, body.nullable.unwrap_or(field.field.is_nullable()));
    field.annotate(body.metadata.iter().map(|(key, value)| (key.clone(), value.0.clone())));
    if !field.field.is_nullable() {
        // A type whose fields read as NULL where they are missing says nothing of a field that is never NULL.
        field.defaults.retain(|path, (value, _)| *path != Path::default() || *value != Value::Null);
    }
    if let Some(ValueSpec(default)) = &body.default {
        default::add(&mut field, default, &origin.join("default"), report);
    }
    if let Some(allowed) = &body.allowed {
        allowed::add(&mut field, allowed, &origin.join("allowed"), report);
    }
    allowed::check_defaults(&field, report);
    Some(Member { field, doc: body.doc.clone(), origin: origin.clone() })
}

/// Resolves the type that was written at `origin`, as the nullable field `name`. `None` when it is at fault, which is reported.
pub fn of_type(
    name: &str,
    shape: Shape<'_>,
    origin: &Origin,
    types: &NamedTypes,
    report: &mut Report<'_>,
) -> Option<ResolvedField> {
    let place = if shape.at.is_empty() { origin.clone() } else { origin.join(shape.at) };
    let mut built = Building { name, parts: shape.parts, origin, place: &place, types, report };
    match shape.ty {
        Spelling::Fields(fields) => {
            built.refuse_others(&[], "the fields of a struct have their types themselves");
            built.structure(fields)
        }
        Spelling::Text(text) if shape.parts.keys().is_empty() => built.text(text),
        Spelling::Text(text) => match text.trim() {
            MAP => built.map(),
            FIXED_SIZE_LIST => built.fixed_size_list(),
            word => match ListKind::of(word) {
                Some(kind) => {
                    built.refuse_others(&["items"], &format!("the parts of a `{word}` are its `items`"));
                    built.list(kind, word)
                }
                None => built.other(text),
            },
        },
    }
}

/// Reports parts of a type at `origin` that has no key `key`, whose parts they are.
pub fn refuse_parts(parts: Parts<'_>, origin: &Origin, key: &str, report: &mut Report<'_>) {
    for part in parts.keys() {
        let kind = if matches!(part, "key" | "value") { MAP } else { "list" };
        let finding = Finding::new(&rules::TYPE_ARGUMENTS, format!("`{part}` belongs to a type, and there is none"))
            .differing(format!("`{key}` beside it"), format!("`{part}` alone"))
            .remedy(format!("add `{key}: {kind}`, or remove `{part}`"));
        report.key(&origin.join(part), finding);
    }
}

/// A field whose type is resolved.
struct Building<'b, 'r> {
    name: &'b str,
    parts: Parts<'b>,
    /// Where the parts stand.
    origin: &'b Origin,
    /// Where the type itself stands.
    place: &'b Origin,
    types: &'b NamedTypes,
    report: &'b mut Report<'r>,
}

impl Building<'_, '_> {
    fn text(&mut self, text: &str) -> Option<ResolvedField> {
        let resolved = (Resolver { named: self.types }).field(self.name, text);
        self.sound(resolved)
    }

    fn structure(&mut self, fields: &FieldsSpec) -> Option<ResolvedField> {
        if fields.is_empty() && !self.report.is_empty_mapping(self.place) {
            // What was left out of it has a finding.
            return None;
        }
        if fields.is_empty() {
            let finding = Finding::new(&rules::MISSING_KEY, "a struct has no fields".to_owned())
                .differing("a name and a type for each field", "an empty mapping")
                .remedy("write the fields as `NAME: TYPE`");
            self.report.value(self.place, finding);
            return None;
        }
        let resolved: Vec<Option<Member>> = fields
            .iter()
            .map(|(name, field)| resolve(name, field, &self.place.join(name), self.types, self.report))
            .collect();
        let members = resolved.into_iter().collect::<Option<Vec<Member>>>()?;
        let sound = structure::check_field_names(&members, 0, self.place, self.place, self.report);
        if !sound {
            return None;
        }
        structure::of(self.name, members, 0, self.place, self.place, self.report)
    }

    fn list(&mut self, kind: ListKind, word: &str) -> Option<ResolvedField> {
        let Some(items) = self.parts.items else { return self.lacks(word, "items") };
        let item = self.item("item", items, "items")?;
        let resolved = list_of(self.name, true, kind, item);
        self.sound(resolved)
    }

    fn fixed_size_list(&mut self) -> Option<ResolvedField> {
        self.refuse_others(&["items", "size"], "the parts of a `fixed_size_list` are its `items` and its `size`");
        let Some(size) = self.parts.size else { return self.lacks(FIXED_SIZE_LIST, "size") };
        let Ok(length) = i32::try_from(size) else {
            let finding = Finding::new(&rules::TOO_LARGE, format!("a list of {size} elements in every row"))
                .differing(format!("at most {} elements", i32::MAX), size.to_string())
                .remedy("write `list`, whose values have their own lengths");
            self.report.value(&self.origin.join("size"), finding);
            return None;
        };
        self.list(ListKind::Fixed(length), FIXED_SIZE_LIST)
    }

    fn map(&mut self) -> Option<ResolvedField> {
        self.refuse_others(&["key", "value"], "the parts of a `map` are its `key` and its `value`");
        let Some(key) = self.parts.key else { return self.lacks(MAP, "key") };
        let Some(value) = self.parts.value else { return self.lacks(MAP, "value") };
        if key.long().is_some_and(|key| key.nullable == Some(true)) {
            let finding = Finding::new(&rules::TYPE_ARGUMENTS, "the keys of a map are never NULL".to_owned())
                .differing("keys without NULLs", "`nullable: true`")
                .remedy("remove `nullable`");
            self.report.key(&self.origin.join("key.nullable"), finding);
        }
        let resolved = (self.item("key", key, "key"), self.item("value", value, "value"));
        let (Some(mut key), Some(value)) = resolved else { return None };
        key.declare("key", false);
        let resolved = map_of(self.name, true, key, value);
        let mut map = self.sound(resolved)?;
        for side in ["key", "value"] {
            map.nested.fields.insert(Path::top(side), self.origin.join(side));
        }
        Some(map)
    }

    /// The part called `name`, which is written under `key`.
    fn item(&mut self, name: &str, spec: &ItemSpec, key: &str) -> Option<ResolvedField> {
        let origin = self.origin.join(key);
        let mut item = of_type(name, spec.shape(), &origin, self.types, self.report)?;
        if let Some(body) = spec.long() {
            item.declare(name, body.nullable.unwrap_or(item.field.is_nullable()));
            item.annotate(body.metadata.iter().map(|(key, value)| (key.clone(), value.0.clone())));
            if let Some(allowed) = &body.allowed {
                allowed::add(&mut item, allowed, &origin.join("allowed"), self.report);
            }
        }
        item.locate_inside(&origin);
        Some(item)
    }

    /// A type that has no parts, with parts beside it.
    fn other(&mut self, text: &str) -> Option<ResolvedField> {
        let parts = self.parts.keys();
        let meant = if parts.iter().any(|part| matches!(*part, "key" | "value")) {
            MAP
        } else if parts.contains(&"items") && parts.contains(&"size") {
            FIXED_SIZE_LIST
        } else {
            "list"
        };
        let listed: Vec<String> = parts.iter().map(|part| format!("`{part}`")).collect();
        let finding =
            Finding::new(&rules::TYPE_ARGUMENTS, format!("`{text}` is no type with {}", listed.join(" and ")))
                .differing(
                    "a type alone, `list` with `items`, or `map` with `key` and `value`",
                    format!("`{text}` with {}", listed.join(" and ")),
                )
                .remedy(format!("write `{meant}`, or remove {}", listed.join(" and ")));
        self.report.value(self.place, finding);
        None
    }

    /// Reports that a type of the kind `word` lacks its part `key`.
    fn lacks(&mut self, word: &str, key: &str) -> Option<ResolvedField> {
        let finding = Finding::new(&rules::TYPE_ARGUMENTS, format!("`{word}` lacks its `{key}`"))
            .differing(format!("a key `{key}` beside `{word}`"), "none")
            .remedy(format!("add `{key}:` beside it"));
        self.report.value(self.place, finding);
        None
    }

    /// Reports the parts that are not among those that the type has.
    fn refuse_others(&mut self, own: &[&str], why: &str) {
        for key in self.parts.keys().into_iter().filter(|key| !own.contains(key)) {
            let finding = Finding::new(&rules::TYPE_ARGUMENTS, format!("`{key}` is no part of this type"))
                .differing(why.to_owned(), format!("`{key}`"))
                .remedy(format!("remove `{key}`"));
            self.report.key(&self.origin.join(key), finding);
        }
    }

    fn sound(&mut self, resolved: Result<ResolvedField, TypeError>) -> Option<ResolvedField> {
        resolved.map_err(|error| self.report.type_error(self.place, error)).ok()
    }
}
