//! Accessors: views over another that open a map, or pack and unpack a struct.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef};
use cstspec_contract::sql::{ident, literal};
use cstspec_contract::{Column, Finding, NestedOrigins, Origin, Path, View, ViewBody, map_fields, spelling};

use super::name;
use super::report::Report;
use super::row_level::{UnnestLevel, UnnestPath, follow, stem};
use super::scope::{Environment, RelationScope, ResolvedView};
use super::sql_text::{self, Select, Source};
use super::view::{self, Draft};
use crate::expr::Scope;
use crate::model::{AccessorSpec, PackSpec};
use crate::rules;

fn shape(report: &mut Report<'_>, origin: &Origin, name: &str, expected: &str, observed: &str) {
    let finding = Finding::new(&rules::VIEW_SHAPE, format!("the accessor `{name}` must say once how it is made"))
        .differing(expected, observed)
        .remedy("keep the one that is meant")
        .relation(name);
    report.key(origin, finding);
}

/// Resolves the accessor `name` over `of`.
pub fn resolve(
    name: &str,
    spec: &AccessorSpec,
    of: &RelationScope,
    origin: &Origin,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<ResolvedView> {
    let forms = [spec.entries.is_some(), spec.entry.is_some(), spec.pack.is_some(), spec.unpack.is_some()];
    if forms.iter().filter(|form| **form).count() != 1 {
        shape(
            report,
            origin,
            name,
            "exactly one of `entries`, `entry`, `pack` and `unpack`",
            "none or several of them",
        );
        return None;
    }
    if spec.key.is_some() != spec.entry.is_some() {
        let expected = "`entry` with the `key` to look up, and no `key` elsewhere";
        shape(report, origin, name, expected, "one without the other");
        return None;
    }
    let key_columns = match &spec.keys {
        Some(keys) => {
            let listed = origin.join("keys");
            let distinct = report.distinct(&listed, "key column", keys).len() == keys.len();
            view::named_columns(of, keys, &listed, report).filter(|_| distinct)?
        }
        // Where the view's own key is at fault, that was reported.
        None => of.key.iter().map(|key| view::passed(of, key)).collect::<Option<Vec<Column>>>()?,
    };
    let keys: Vec<String> = key_columns.iter().map(|column| column.name().to_owned()).collect();
    if keys.iter().collect::<BTreeSet<_>>().len() < keys.len() {
        return None;
    }
    let mut building = Building { name, spec, of, origin, environment, report, keys, key_columns };
    let draft = if let Some(map) = &spec.entries {
        building.entries(map)
    } else if let (Some(map), Some(key)) = (&spec.entry, &spec.key) {
        building.entry(map, key)
    } else if let Some(pack) = &spec.pack {
        building.pack(pack)
    } else {
        building.unpack(spec.unpack.as_ref()?)
    }?;
    Some(building.finish(draft))
}

struct Building<'b, 'r, 's> {
    name: &'b str,
    spec: &'b AccessorSpec,
    of: &'b RelationScope,
    origin: &'b Origin,
    environment: Environment<'b>,
    report: &'r mut Report<'s>,
    keys: Vec<String>,
    key_columns: Vec<Column>,
}

impl Building<'_, '_, '_> {
    /// The way to the map that `text` names.
    fn map(&mut self, text: &str, key: &str) -> Option<(Path, UnnestPath)> {
        let origin = self.origin.join(key);
        let path = self.report.path(&origin, text)?;
        let way = match follow(&self.of.fields(), &path, &stem(self.of.columns.iter().map(Column::name))) {
            Ok(way) => way,
            Err(unresolved) => {
                unresolved.report(&origin, &self.of.name, self.report);
                return None;
            }
        };
        if !matches!(way.field.data_type(), DataType::Map(..)) {
            let finding = Finding::new(&rules::NOT_A_MAP, format!("`{path}` is not a map"))
                .differing("the path of a map", format!("a column of type {}", spelling::short(way.field.data_type())))
                .remedy("name a map column, or a map inside another column")
                .relation(self.name);
            self.report.value(&origin, finding);
            return None;
        }
        Some((path, way))
    }

    /// Where rows come from once the lists and maps on a way are opened.
    fn opened(&self, levels: &[UnnestLevel]) -> Source {
        levels.iter().fold(Source::Relation(self.of.name.clone()), |from, level| {
            let mut items = self.key_items();
            items.push((format!("unnest({})", level.expression), level.alias.clone()));
            Source::Query(Box::new(Select::all(items, from)))
        })
    }

    fn key_items(&self) -> Vec<(String, String)> {
        self.keys.iter().map(|key| (ident(key).into_owned(), key.clone())).collect()
    }

    fn scope(&self) -> Scope {
        Scope::new(self.of.columns.iter().map(|column| Arc::clone(&column.field)))
    }

    /// A column that this accessor makes.
    fn made(&self, field: &FieldRef, name: &str, doc: &str) -> Column {
        Column { field: view::renamed(field, name), doc: doc.to_owned(), origin: self.origin.clone() }
    }

    fn draft(&self, columns: Vec<Column>, sql: String, body: ViewBody) -> Draft {
        let mut nested = NestedOrigins::default();
        let mut docs = BTreeMap::new();
        for key in &self.keys {
            nested.absorb(key, &self.of.nested.at(&Path::top(key.as_str())));
            docs.extend(
                self.of
                    .docs
                    .iter()
                    .filter(|(known, _)| known.column() == key)
                    .map(|(known, doc)| (known.clone(), doc.clone())),
            );
        }
        let depends_on = vec![self.of.name.clone()];
        Draft { columns, nested, docs, sql, depends_on, body, not_null: Vec::new(), allowed: Vec::new() }
    }

    fn entries(&mut self, map: &str) -> Option<Draft> {
        let (path, way) = self.map(map, "entries")?;
        let DataType::Map(entries, _) = way.field.data_type().clone() else { return None };
        let (key, value) = map_fields(&entries)?;
        let stem = self.spec.name.clone().unwrap_or_else(|| path.leaf().trim_end_matches('s').to_owned());
        let (key_name, value_name) = (format!("{stem}_key"), format!("{stem}_value"));
        let mut items = self.key_items();
        let entry = sql_text::free_name("entry", self.of.columns.iter().map(Column::name));
        items.push((format!("unnest(map_entries({}))", way.expression), entry.clone()));
        let inner = Select::all(items, self.opened(&way.levels));
        let mut items = self.key_items();
        items.push((sql_text::field(&ident(&entry), ["key"]), key_name.clone()));
        items.push((sql_text::field(&ident(&entry), ["value"]), value_name.clone()));
        let sql = Select::all(items, Source::Query(Box::new(inner))).text();
        let mut columns = self.key_columns.clone();
        columns.push(self.made(&view::unnested(key, &key_name), &key_name, "The entry's key."));
        columns.push(self.made(&view::unnested(value, &value_name), &value_name, "The entry's value."));
        let body = ViewBody::Entries { of: self.of.name.clone(), map: path, keys: self.keys.clone() };
        Some(self.draft(columns, sql, body))
    }

    fn entry(&mut self, map: &str, key: &str) -> Option<Draft> {
        let (path, UnnestPath { levels, field, expression, .. }) = self.map(map, "entry")?;
        if !levels.is_empty() {
            let finding =
                Finding::new(&rules::NOT_A_MAP, format!("`{path}` is inside a list or map, so a row has many"))
                    .differing("the path of one map of each row", format!("`{path}`"))
                    .remedy("take all entries with `entries`, or write the accessor under a view of the elements")
                    .relation(self.name);
            self.report.value(&self.origin.join("entry"), finding);
            return None;
        }
        let DataType::Map(entries, _) = field.data_type() else { return None };
        let (key_field, _) = map_fields(entries)?;
        let textual = matches!(key_field.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        let literal = if textual || key.parse::<f64>().is_err() { literal(key) } else { key.to_owned() };
        let output = self.spec.name.clone().unwrap_or_else(|| key.to_owned());
        let call = format!("map_extract({expression}, {literal})");
        let typed =
            view::type_generated(&call, &self.scope(), &self.origin.join("key"), self.environment, self.report)?;
        let mut items = self.key_items();
        items.push((call, output.clone()));
        let sql = Select::all(items, Source::Relation(self.of.name.clone())).text();
        let mut columns = self.key_columns.clone();
        let doc = format!("The values of the key `{key}`: a list of one, of NULL where the key is absent.");
        columns.push(self.made(&typed, &output, &doc));
        let body =
            ViewBody::Entry { of: self.of.name.clone(), map: path, key: key.to_owned(), keys: self.keys.clone() };
        Some(self.draft(columns, sql, body))
    }

    /// The one struct of a `pack` or `unpack`: its name, and its fields with the columns they are made from.
    fn one_struct(&mut self, pack: &PackSpec, key: &str) -> Option<(String, Vec<(String, String)>)> {
        let Some((name, members)) = pack.first().filter(|(_, members)| pack.len() == 1 && !members.is_empty()) else {
            let observed = match pack.len() {
                1 => "a struct without fields".to_owned(),
                count => format!("{count} structs"),
            };
            shape(self.report, self.origin, self.name, "one struct with at least one field", &observed);
            return None;
        };
        let mut sound = true;
        for (member, column) in members {
            if view::passed(self.of, column).is_none() {
                let origin = self.origin.join(key).join(name).join(member);
                self.report.unknown_column(&origin, &self.of.name, column, self.of.columns.iter().map(Column::name));
                sound = false;
            }
        }
        let fields = members.iter().map(|(member, column)| (member.clone(), column.clone())).collect();
        sound.then(|| (name.clone(), fields))
    }

    fn named_struct(fields: &[(String, String)]) -> String {
        let parts: Vec<String> =
            fields.iter().map(|(member, column)| format!("{}, {}", literal(member), ident(column))).collect();
        format!("named_struct({})", parts.join(", "))
    }

    fn pack(&mut self, pack: &PackSpec) -> Option<Draft> {
        let (name, fields) = self.one_struct(pack, "pack")?;
        let call = Self::named_struct(&fields);
        let typed =
            view::type_generated(&call, &self.scope(), &self.origin.join("pack"), self.environment, self.report)?;
        let mut items = self.key_items();
        let mut columns = self.key_columns.clone();
        for (member, column) in &fields {
            items.push((ident(column).into_owned(), member.clone()));
            let passed = view::passed(self.of, column);
            columns.extend(passed.map(|passed| Column { field: view::renamed(&passed.field, member), ..passed }));
        }
        items.push((call, name.clone()));
        columns.push(self.made(&typed, &name, "The columns packed into a struct."));
        let sql = Select::all(items, Source::Relation(self.of.name.clone())).text();
        let body = ViewBody::Pack { of: self.of.name.clone(), keys: self.keys.clone(), name, fields };
        Some(self.draft(columns, sql, body))
    }

    fn unpack(&mut self, pack: &PackSpec) -> Option<Draft> {
        let (name, fields) = self.one_struct(pack, "unpack")?;
        let call = Self::named_struct(&fields);
        let typed =
            view::type_generated(&call, &self.scope(), &self.origin.join("unpack"), self.environment, self.report)?;
        let alias = sql_text::free_name(&name, self.of.columns.iter().map(Column::name));
        let scope = Scope::new([view::renamed(&typed, &alias)]);
        let mut inner = self.key_items();
        inner.push((call, alias.clone()));
        let mut items = self.key_items();
        let mut columns = self.key_columns.clone();
        for (member, _) in &fields {
            let field = sql_text::field(&ident(&alias), [member.as_str()]);
            let typed =
                view::type_generated(&field, &scope, &self.origin.join("unpack"), self.environment, self.report)?;
            items.push((field, member.clone()));
            columns.push(self.made(&typed, member, "The struct's field, taken back out."));
        }
        let inner = Select::all(inner, Source::Relation(self.of.name.clone()));
        let sql = Select::all(items, Source::Query(Box::new(inner))).text();
        let body = ViewBody::Unpack { of: self.of.name.clone(), keys: self.keys.clone(), name, fields };
        Some(self.draft(columns, sql, body))
    }

    fn finish(self, draft: Draft) -> ResolvedView {
        let naming =
            |name: &str| (column_origin(self.spec, self.origin, name), "rename it, with `as` or where it comes from");
        let made = draft.columns.iter().map(Column::name).filter(|name| !self.keys.iter().any(|key| key == name));
        name::check_quotes(self.report, "column", made.map(|name| (name, naming(name).0)));
        name::check_columns(self.report, draft.columns.iter().map(Column::name), naming);
        let view = View {
            name: self.name.to_owned(),
            doc: self.spec.doc.clone(),
            origin: self.origin.clone(),
            columns: draft.columns,
            nested: draft.nested,
            sql: draft.sql,
            depends_on: draft.depends_on,
            body: draft.body,
            key: Vec::new(),
            not_null: draft.not_null,
            allowed: draft.allowed,
            references: Vec::new(),
        };
        ResolvedView { view, docs: draft.docs }
    }
}

/// Where the name of an output column is written.
fn column_origin(spec: &AccessorSpec, origin: &Origin, name: &str) -> Origin {
    for (key, pack) in [("pack", &spec.pack), ("unpack", &spec.unpack)] {
        for (structure, members) in pack.iter().flatten() {
            let place = origin.join(key).join(structure);
            if members.contains_key(name) {
                return place.join(name);
            }
            if structure == name {
                return place;
            }
        }
    }
    match (&spec.name, &spec.key) {
        (Some(_), _) => origin.join("as"),
        (None, Some(key)) if key == name => origin.join("key"),
        _ => origin.clone(),
    }
}
