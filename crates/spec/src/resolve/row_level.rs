//! The lists and maps on the way along a path.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields};
use cstspec_contract::sql::ident;
use cstspec_contract::{Column, Finding, Origin, Path, list_child, map_fields, spelling};

use super::report::Report;
use super::scope::RelationScope;
use super::sql_text;
use crate::documents::Document;
use crate::model::{RowsSpec, ViewSpec};
use crate::rules;

/// One list, or one map's entries, on the way.
#[derive(Debug)]
pub struct UnnestLevel {
    /// The path of the list or map from the row.
    pub list: Path,
    /// The element's name in the query.
    pub alias: String,
    /// The list of elements, over the names of the level before.
    pub expression: String,
    /// The element; that of a map is a struct of `key` and `value`.
    pub element: FieldRef,
    /// Whether it is a map.
    pub is_map: bool,
}

impl UnnestLevel {
    /// The fields of the element; none where it is no struct.
    pub fn fields(&self) -> &[FieldRef] {
        match self.element.data_type() {
            DataType::Struct(fields) => fields,
            _ => &[],
        }
    }

    /// What the index of the element is called in the query.
    pub fn index(&self) -> String {
        format!("{}{INDEX}", self.alias)
    }
}

/// The end of the name of an index.
const INDEX: &str = "_index";

/// The way along a path, through whatever lists and maps it leads.
pub struct UnnestPath {
    /// The lists and maps that are opened on the way, outermost first. What stands at the path's end is not among them.
    pub levels: Vec<UnnestLevel>,
    /// The field at the path's end.
    pub field: FieldRef,
    /// That field, over the names of the last level.
    pub expression: String,
    /// The elements' name without its number.
    stem: String,
}

/// Where a path leads nowhere.
pub struct Unresolved<'p> {
    /// As far as it could be followed.
    pub walked: Path,
    /// The name that is not there.
    pub name: &'p str,
    /// The names that are.
    pub known: Vec<String>,
}

impl Unresolved<'_> {
    /// Reports the path, which leads nowhere in `relation`, at `origin`.
    pub fn report(&self, origin: &Origin, relation: &str, report: &mut Report<'_>) {
        let Self { walked, name, known } = self;
        let place = if walked.is_empty() { relation.to_owned() } else { format!("{relation}.{walked}") };
        report.unknown_column(origin, &place, name, known.iter().map(String::as_str));
    }
}

/// Follows `path` from `fields`. Elements are called `stem` and a number.
pub fn follow<'p>(fields: &[FieldRef], path: &'p Path, stem: &str) -> Result<UnnestPath, Unresolved<'p>> {
    let mut way: Option<UnnestPath> = None;
    let mut walked = Path::default();
    for name in path.segments() {
        // What stands on the way is opened only once it is known that the path leads on.
        let (levels, inside, around) = match way.take() {
            None => (Vec::new(), Fields::from(fields.to_vec()), None),
            Some(mut way) => {
                while way.open(&walked) {}
                let inside = match way.field.data_type() {
                    DataType::Struct(fields) => fields.clone(),
                    _ => Fields::empty(),
                };
                (way.levels, inside, Some(way.expression))
            }
        };
        let Some(field) = inside.iter().find(|field| field.name() == name) else {
            return Err(Unresolved { walked, name, known: inside.iter().map(|field| field.name().clone()).collect() });
        };
        let expression = match around {
            None => ident(name).into_owned(),
            Some(around) => sql_text::field(&around, [name]),
        };
        walked = walked.join(name);
        way = Some(UnnestPath { levels, field: Arc::clone(field), expression, stem: stem.to_owned() });
    }
    way.ok_or(Unresolved { walked, name: "", known: fields.iter().map(|field| field.name().clone()).collect() })
}

impl UnnestPath {
    /// Goes into the list or map at the end, which is at `path`; false if it is neither.
    pub fn open(&mut self, path: &Path) -> bool {
        let (expression, element) = match self.field.data_type() {
            DataType::Map(entries, _) => {
                let Some((key, value)) = map_fields(entries) else { return false };
                let named = |field: &FieldRef, name: &str| field.as_ref().clone().with_name(name);
                let fields = Fields::from(vec![named(key, "key"), named(value, "value")]);
                let entry = Arc::new(Field::new("entry", DataType::Struct(fields), true));
                (format!("map_entries({})", self.expression), entry)
            }
            list => match list_child(list) {
                Some(item) => (self.expression.clone(), Arc::clone(item)),
                None => return false,
            },
        };
        let is_map = matches!(self.field.data_type(), DataType::Map(..));
        let alias = format!("{}_{}", self.stem, self.levels.len() + 1);
        self.field = Arc::clone(&element);
        self.expression.clone_from(&alias);
        self.levels.push(UnnestLevel { list: path.clone(), alias, expression, element, is_map });
        true
    }
}

/// The lists and maps on the way along `rows.unnest`, outermost first, the last of them the list or map at its end; `None` if it leads to
/// none, which is reported.
pub fn resolve(
    document: &Document<ViewSpec>,
    rows: &RowsSpec,
    of: &RelationScope,
    report: &mut Report<'_>,
) -> Option<Vec<UnnestLevel>> {
    let origin = Origin::root(&document.file).join("rows.unnest");
    let path = report.path(&origin, &rows.unnest)?;
    let names = document.spec.columns.keys().chain(document.spec.context.keys()).map(String::as_str);
    let mut way = match follow(&of.fields(), &path, &stem(names.chain(of.columns.iter().map(Column::name)))) {
        Ok(way) => way,
        Err(unresolved) => {
            unresolved.report(&origin, &of.name, report);
            return None;
        }
    };
    if way.open(&path) {
        return Some(way.levels);
    }
    let finding = Finding::new(&rules::NOT_A_LIST, format!("`{path}` is not a list or a map"))
        .differing("the path of a list or map", format!("a column of type {}", spelling::short(way.field.data_type())))
        .remedy("name a list or map column, or a list or map inside one")
        .relation(document.spec.view.as_str());
    report.value(&origin, finding);
    None
}

/// What elements are called in a query over columns of these names: none of them has such a name. The engine takes fields of an
/// element for those of a column of its name further down.
pub fn stem<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let mut stem = "element".to_owned();
    let numbered = |stem: &str, name: &str| {
        let rest = name.strip_suffix(INDEX).unwrap_or(name).strip_prefix(stem);
        rest.and_then(|rest| rest.strip_prefix('_')).is_some_and(|rest| rest.parse::<u32>().is_ok())
    };
    while names.iter().any(|name| numbered(&stem, name)) {
        stem.push('_');
    }
    stem
}

/// The rest of `path` below `prefix`; `None` where it does not lead through it.
pub fn below(prefix: &Path, path: &Path) -> Option<Path> {
    let depth = prefix.segments().len();
    (path.starts_with(prefix) && path.segments().len() > depth).then(|| path.skip(depth))
}
