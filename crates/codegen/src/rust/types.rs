//! The named types of a catalog: structs whose fields the types of columns, other types and row views take over.
//!
//! A catalog holds no types, only what they resolve to. Its columns know where the fields inside them were written, so a type is what is
//! found where a path enters it, and what a type extends is the run of its fields that were written in another one. Both are printed once,
//! and referred to only where the fields are the very same.

use std::collections::{BTreeMap, BTreeSet};

use arrow_schema::{DataType, FieldRef, Fields};
use cstspec_contract::{Boundary, Catalog, Column, Dataset, NestedOrigins, Origin, Path, View, list_child};

use super::name::{Named, artifacts, distinct};

/// The named types of a catalog.
pub(crate) struct NamedTypes(BTreeMap<Origin, NamedType>);

/// A struct that has a name.
pub(crate) struct NamedType {
    /// Where its fields were written: `types/cst_ref.yaml#fields`.
    pub origin: Origin,
    /// The name of its code.
    pub named: Named,
    /// Its fields in order, each with its meaning as far as a column of the catalog knows it.
    pub fields: Vec<Column>,
    /// The constants that hold the names of its fields.
    pub constants: Vec<String>,
    /// Where the fields inside its fields were written.
    pub nested: NestedOrigins,
}

impl NamedTypes {
    /// Those that columns of `catalog` are made of.
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let mut found = entered(catalog);
        found.extend(extended(&found));
        let docs: BTreeMap<&Origin, &str> = uses(catalog)
            .flat_map(|(columns, _)| columns)
            .filter(|column| !column.doc.is_empty())
            .map(|column| (&column.origin, column.doc.as_str()))
            .collect();
        for (fields, _) in found.values_mut() {
            for field in fields {
                if let Some(doc) = docs.get(&field.origin) {
                    (*doc).clone_into(&mut field.doc);
                }
            }
        }
        // Types are called by the stems of their files, which a catalog that no spec compiles to may have twice.
        let mut stems: BTreeMap<&str, usize> = BTreeMap::new();
        for origin in found.keys() {
            *stems.entry(stem(origin)).or_default() += 1;
        }
        let called =
            |origin: &Origin| if stems[stem(origin)] == 1 { stem(origin).to_owned() } else { origin.file.clone() };
        let calls: BTreeMap<Origin, String> = found.keys().map(|origin| (origin.clone(), called(origin))).collect();
        let spelled = artifacts(calls.values().map(String::as_str));
        let named = |(origin, (fields, nested)): (Origin, (Vec<Column>, NestedOrigins))| {
            let constants = constants(&fields);
            let named = spelled[calls[&origin].as_str()].clone();
            (origin.clone(), NamedType { origin, named, fields, constants, nested })
        };
        Self(found.into_iter().map(named).collect())
    }

    /// Whether the catalog has none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each, sorted by where they were written.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &NamedType> {
        self.0.values()
    }

    /// The type whose fields are those of the struct at `path`, if it is the one that `nested` enters there.
    pub(super) fn at(&self, nested: &NestedOrigins, path: &Path, fields: &Fields) -> Option<&NamedType> {
        let found = self.0.get(nested.below.get(path)?)?;
        let same = found.fields.iter().map(|column| &column.field).eq(fields.iter());
        same.then_some(found)
    }

    /// The type that `extending` takes over whole from its field number `start` on, the one with the most fields.
    pub(super) fn base_at(&self, extending: &NamedType, start: usize) -> Option<&NamedType> {
        let rest = &extending.fields[start..];
        let sections: BTreeSet<Origin> = rest.iter().filter_map(section).collect();
        let is_base = |base: &&NamedType| {
            let shorter = base.fields.len() < extending.fields.len()
                // The same fields under two names, none of which is of the type's own.
                || (base.fields.len() == extending.fields.len() && !sections.contains(&extending.origin));
            shorter && rest.starts_with(&base.fields)
        };
        let others = sections.iter().filter(|section| **section != extending.origin);
        others.filter_map(|section| self.0.get(section)).filter(is_base).max_by_key(|base| base.fields.len())
    }
}

/// Everything that has columns: they, and where the fields inside them were written.
fn uses(catalog: &Catalog) -> impl Iterator<Item = (&[Column], &NestedOrigins)> {
    let datasets = catalog.datasets.iter().map(|Dataset { columns, nested, .. }| (&columns[..], nested));
    let views = catalog.views.iter().map(|View { columns, nested, .. }| (&columns[..], nested));
    let boundaries = catalog.boundaries.iter().map(|Boundary { columns, nested, .. }| (&columns[..], nested));
    datasets.chain(views).chain(boundaries)
}

type NamedTypeUses = BTreeMap<Origin, (Vec<Column>, NestedOrigins)>;

/// The types that paths enter.
fn entered(catalog: &Catalog) -> NamedTypeUses {
    let mut found = NamedTypeUses::new();
    for (columns, nested) in uses(catalog) {
        let columns: Vec<FieldRef> = columns.iter().map(|column| column.field.clone()).collect();
        for (path, origin) in &nested.below {
            if !origin.is_named_type() || found.contains_key(origin) {
                continue;
            }
            let found_at = path.find(&columns).and_then(|field| structure(field.data_type()));
            let Some(fields) = found_at.filter(|fields| !fields.is_empty()) else { continue };
            let written = |field: &FieldRef| Column {
                field: FieldRef::clone(field),
                doc: String::new(),
                origin: nested.locate(&path.join(field.name())).unwrap_or_default(),
            };
            found.insert(origin.clone(), (fields.iter().map(written).collect(), nested.at(path)));
        }
    }
    found
}

/// The types that no path enters, since others extend them and nothing else is made of them.
fn extended(entered: &NamedTypeUses) -> NamedTypeUses {
    let mut found = NamedTypeUses::new();
    for (own, (fields, nested)) in entered {
        for run in fields.chunk_by(|left, right| section(left) == section(right)) {
            let Some(section) = section(&run[0]).filter(|section| section.is_named_type() && section != own) else {
                continue;
            };
            if !entered.contains_key(&section) {
                found.entry(section).or_insert_with(|| (run.to_vec(), nested.clone()));
            }
        }
    }
    found
}

/// What the field was written under: `types/cst_ref.yaml#fields` of `types/cst_ref.yaml#fields.kind`.
pub(super) fn section(field: &Column) -> Option<Origin> {
    let key = field.origin.key.strip_suffix(field.name())?.strip_suffix('.')?;
    Some(Origin::new(field.origin.file.as_str(), key))
}

/// The fields of the struct that is the type, or that its lists hold.
pub(super) fn structure(data_type: &DataType) -> Option<&Fields> {
    match data_type {
        DataType::Struct(fields) => Some(fields),
        DataType::Dictionary(_, values) => structure(values),
        _ => list_child(data_type).and_then(|item| structure(item.data_type())),
    }
}

fn stem(origin: &Origin) -> &str {
    let file = origin.file.rsplit('/').next().unwrap_or_default();
    file.split('.').next().unwrap_or(file)
}

/// The constants that hold the names of `columns`.
pub(super) fn constants(columns: &[Column]) -> Vec<String> {
    distinct(columns.iter().map(Column::name)).iter().map(|name| name.to_ascii_uppercase()).collect()
}
