//! Where fields are written: an entry of a mapping, or a member inside the text of a type.

use std::collections::BTreeMap;

use arrow_schema::DataType;
use cstspec_contract::{Catalog, Dataset, Origin, Path, list_child, map_fields};
use cstspec_spec::Sources;
use cstspec_spec::layout::{Spot, Written};
use cstspec_spec::types::syntax::{self, TypeExpr};

/// Where a field is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The entry.
    pub origin: Origin,
    /// The names that lead to the field inside the text of the entry's type; none if it is the entry itself.
    pub inside: Vec<String>,
}

/// The keys of mappings with fields as entries.
const FIELDS: [&str; 2] = ["columns", "fields"];
/// The key of a type that is another.
const ALIAS: &str = "is";
/// The key of the type in the mapping of a field.
const TYPE: &str = "type";

/// Where the field at `path` is written.
pub fn site(dataset: &Dataset, path: &Path) -> Option<Site> {
    let own = dataset.locate(path)?;
    if is_entry(dataset, path, &own) {
        return Some(Site { origin: own, inside: Vec::new() });
    }
    // The outermost field around it that the same text spells.
    let mut depth = path.segments().len();
    let mut above = path.parent();
    while let Some(place) = above.filter(|above| !above.is_empty() && dataset.locate(above).as_ref() == Some(&own)) {
        depth = place.segments().len();
        if is_entry(dataset, &place, &own) {
            return Some(Site { origin: own, inside: names(path, depth) });
        }
        above = place.parent();
    }
    Some(Site { origin: own, inside: names(path, depth.saturating_sub(1)) })
}

fn names(path: &Path, skipped: usize) -> Vec<String> {
    path.segments().skip(skipped).map(str::to_owned).collect()
}

/// Whether the field at `path` is the entry at `own`.
fn is_entry(dataset: &Dataset, path: &Path, own: &Origin) -> bool {
    let Some(above) = own.key.strip_suffix(path.leaf()).and_then(|above| above.strip_suffix('.')) else { return false };
    let of_fields = FIELDS.iter().any(|key| above == *key || above.ends_with(&format!(".{key}")));
    let holder = path.parent().filter(|above| !above.is_empty()).and_then(|above| dataset.locate(&above));
    of_fields && holder.as_ref() != Some(own)
}

/// The fields of a catalog's datasets by where they are written.
pub struct Sites(BTreeMap<Site, Vec<(String, Path)>>);

impl Sites {
    /// Those of `catalog`.
    pub fn of(catalog: &Catalog) -> Self {
        let mut sites: BTreeMap<Site, Vec<(String, Path)>> = BTreeMap::new();
        for dataset in &catalog.datasets {
            for column in &dataset.columns {
                visit(&Path::top(column.name()), column.field.data_type(), &mut |path| {
                    if let Some(site) = site(dataset, path) {
                        sites.entry(site).or_default().push((dataset.name.clone(), path.clone()));
                    }
                });
            }
        }
        Self(sites)
    }

    /// The datasets and the paths of the fields that are written at `site`.
    pub fn fields(&self, site: &Site) -> &[(String, Path)] {
        self.0.get(site).map_or(&[], Vec::as_slice)
    }
}

/// The path of a field, and those of the fields inside.
fn visit(path: &Path, data_type: &DataType, take: &mut dyn FnMut(&Path)) {
    take(path);
    visit_inside(path, data_type, take);
}

fn visit_inside(path: &Path, data_type: &DataType, take: &mut dyn FnMut(&Path)) {
    match data_type {
        DataType::Struct(fields) => {
            fields.iter().for_each(|field| visit(&path.join(field.name()), field.data_type(), take));
        }
        DataType::Map(entries, _) => {
            if let Some((key, value)) = map_fields(entries) {
                visit(&path.join("key"), key.data_type(), take);
                visit(&path.join("value"), value.data_type(), take);
            }
        }
        other => {
            if let Some(item) = list_child(other) {
                visit_inside(path, item.data_type(), take);
            }
        }
    }
}

/// The text of a type, and what it spells.
pub struct TypeText<'a> {
    /// The scalar.
    pub written: Written<'a>,
    /// What it spells.
    pub expr: TypeExpr,
}

impl Site {
    /// The entry, in its mapping.
    pub fn spot<'a>(&self, sources: &'a Sources) -> Option<Spot<'a>> {
        sources.layout(&self.origin.file)?.spot(&self.origin.key)
    }

    /// The text of the entry's type.
    pub fn type_text<'a>(&self, sources: &'a Sources) -> Option<TypeText<'a>> {
        let value = self.spot(sources)?.entry()?.value();
        let is_alias = self.origin.key == ALIAS;
        let written = if value.is_mapping() && !is_alias { value.get(TYPE)? } else { value };
        let expr = syntax::parse(written.text()?).ok()?;
        Some(TypeText { written, expr })
    }
}

/// The type around the one that `names` lead to inside `expr`, and its number there.
pub fn member<'e>(expr: &'e TypeExpr, names: &[String]) -> Option<(&'e TypeExpr, usize)> {
    let (name, rest) = names.split_first()?;
    let number = match expr.name.as_str() {
        "map" => usize::from(name != "key"),
        "dictionary" | "run_end_encoded" => return member(&expr.children.get(1)?.ty, names),
        name if name.contains("list") => return member(&expr.children.first()?.ty, names),
        _ => expr.children.iter().position(|child| child.name.as_ref() == Some(name))?,
    };
    let child = expr.children.get(number)?;
    if rest.is_empty() { Some((expr, number)) } else { member(&child.ty, rest) }
}

/// The name in `expr` that is no other type's: the named type that a field of this type is made of, through lists and maps' values alone.
pub fn named(expr: &TypeExpr) -> Option<&TypeExpr> {
    match expr.children.as_slice() {
        [] => Some(expr),
        [item, ..] if expr.name.contains("list") => named(&item.ty),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cstspec_contract::prelude::path;

    use super::*;

    /// Fields are found where they are written: in the dataset, in a type, in a type that it extends, and inside texts.
    #[test]
    fn sites_of_fields() {
        let compiled = cstspec_spec::compile_embedded(&[
            ("catalog.yaml", "catalog: c\nversion: 1\nengine: \"55.2.0\"\ninclude: [types, d.yaml]\n"),
            ("types/base.yaml", "type: base\nfields: { id: int8, deep: 'struct<x: int8, deep: struct<x: int8>>' }\n"),
            ("types/ref.yaml", "type: ref\nextends: [base]\nfields:\n  more: list<base>\n"),
            ("types/alias.yaml", "type: alias\nis: 'list<struct<is: int8, b: base>>'\n"),
            (
                "d.yaml",
                "dataset: d\nversion: 1\ncolumns:\n  id: int8\n  ref: { type: ref }\n  a: alias\n  m: 'map<utf8, struct<y: int8>>'\n",
            ),
        ]);
        let catalog = compiled.catalog.unwrap_or_else(|| panic!("{:#?}", compiled.findings));
        let dataset = &catalog.datasets[0];
        for (field, expected) in [
            ("id", "d.yaml#columns.id"),
            ("ref", "d.yaml#columns.ref"),
            ("ref.id", "types/base.yaml#fields.id"),
            ("ref.deep", "types/base.yaml#fields.deep"),
            ("ref.deep.x", "types/base.yaml#fields.deep > x"),
            ("ref.deep.deep", "types/base.yaml#fields.deep > deep"),
            ("ref.deep.deep.x", "types/base.yaml#fields.deep > deep > x"),
            ("ref.more", "types/ref.yaml#fields.more"),
            ("ref.more.deep.x", "types/base.yaml#fields.deep > x"),
            ("a", "d.yaml#columns.a"),
            ("a.is", "types/alias.yaml#is > is"),
            ("a.b", "types/alias.yaml#is > b"),
            ("a.b.id", "types/base.yaml#fields.id"),
            ("m.value", "d.yaml#columns.m > value"),
            ("m.value.y", "d.yaml#columns.m > value > y"),
        ] {
            let site = site(dataset, &path(field)).unwrap();
            let parts: Vec<String> = std::iter::once(site.origin.to_string()).chain(site.inside.clone()).collect();
            assert_eq!(parts.join(" > "), expected, "{field}");
            if !site.inside.is_empty() {
                let text = site.type_text(&compiled.sources).unwrap();
                assert!(member(&text.expr, &site.inside).is_some(), "{field}");
            }
        }
        let shared = site(dataset, &path("ref.id")).unwrap();
        let fields = Sites::of(&catalog);
        let paths: Vec<String> = fields.fields(&shared).iter().map(|(_, path)| path.to_string()).collect();
        assert_eq!(paths, ["ref.id", "ref.more.id", "a.b.id"]);
    }
}
