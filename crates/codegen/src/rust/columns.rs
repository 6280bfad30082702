//! The columns of a relation: the constants of their names, and the code that builds them from named types and other relations.

use std::collections::{BTreeMap, BTreeSet};

use cstspec_contract::artifact::one_line;
use cstspec_contract::{
    Catalog, Column, ColumnSource, Dataset, NestedOrigins, Path, Relation, View, ViewBody, diagnosis_columns,
    kept_columns, row_columns, unnested,
};
use serde::Serialize;

use super::data_type::{NamedTypeScope, column_parts};
use super::literal::{Literal, call, prose, text};
use super::name::{Named, distinct};
use super::types::{NamedType, NamedTypes, constants, structure};

/// The scope of a relation's code: named types and other relations.
pub(crate) struct Context<'c> {
    pub(super) types: NamedTypes,
    relations: BTreeMap<&'c str, Relation<'c>>,
    names: &'c BTreeMap<&'c str, Named>,
}

/// The constant of a column's name.
#[derive(Serialize)]
pub(super) struct Constant {
    pub doc: String,
    pub identifier: String,
    /// The name as a literal.
    pub name: String,
}

/// A function that builds a column with a struct of its own inside.
#[derive(Serialize)]
struct Function {
    name: String,
    /// The `let`s of the structs.
    statements: Vec<String>,
    value: String,
}

/// The columns of a relation, for its template.
#[derive(Serialize)]
pub(super) struct Columns {
    /// Constants of columns that are another's, as paths to them.
    uses: Vec<String>,
    constants: Vec<Constant>,
    /// The expression that builds the columns.
    expression: String,
    /// The expression that builds them with where each comes from; empty where they come from elsewhere than a list's elements.
    rows: String,
    functions: Vec<Function>,
}

/// The names of a relation's columns as its code spells them: by their constants.
pub(super) struct Names<'c> {
    constants: BTreeMap<&'c str, String>,
    /// The module of the constants.
    module: String,
}

impl Columns {
    /// Whether the columns are built with where each comes from.
    pub(super) fn has_rows(&self) -> bool {
        !self.rows.is_empty()
    }
}

impl<'c> Names<'c> {
    /// The names of `columns`, whose constants are in `module`.
    fn of(columns: &'c [Column], module: String) -> Self {
        Self { constants: columns.iter().map(Column::name).zip(constants(columns)).collect(), module }
    }

    /// One name; a literal where no column is called so.
    pub(super) fn name(&self, name: &str) -> String {
        self.constants.get(name).map_or_else(|| text(name), |constant| format!("{}::{constant}", self.module))
    }

    /// A vector of names.
    pub(super) fn texts(&self, names: &[String]) -> String {
        call("texts", &names.iter().map(|name| self.name(name)).collect::<Vec<_>>())
    }

    /// A vector of paths.
    pub(super) fn paths(&self, paths: &[Path]) -> String {
        call("paths", &paths.iter().map(|path| self.path_text(path)).collect::<Vec<_>>())
    }

    /// The text of a path: the name alone, where the path is a column whose name needs no quotes in it.
    pub(super) fn path_text(&self, path: &Path) -> String {
        let spelled = path.to_string();
        if path.only() == Some(spelled.as_str()) { self.name(&spelled) } else { text(&spelled) }
    }

    pub(super) fn source(&self, source: &ColumnSource) -> String {
        match source {
            ColumnSource::Row(path) => format!("ColumnSource::Row(path({}))", self.path_text(path)),
            ColumnSource::Context(path) => format!("ColumnSource::Context(path({}))", self.path_text(path)),
            ColumnSource::Element(path) => format!("ColumnSource::Element(path({}))", self.path_text(path)),
            ColumnSource::Position(_) | ColumnSource::Expr(_) => source.literal(),
        }
    }
}

/// Columns as expressions, those with structs as calls of functions.
struct Spelled<'n> {
    known: NamedTypeScope<'n>,
    names: &'n Names<'n>,
    identifiers: BTreeMap<&'n str, String>,
    functions: Vec<Function>,
}

impl<'n> Spelled<'n> {
    fn new(known: NamedTypeScope<'n>, names: &'n Names<'n>, columns: &'n [Column]) -> Self {
        let identifiers = columns.iter().map(Column::name).zip(distinct(columns.iter().map(Column::name))).collect();
        Self { known, names, identifiers, functions: Vec::new() }
    }

    fn column(&mut self, column: &Column) -> String {
        let (statements, value) = column_parts(column, self.known, &self.names.name(column.name()));
        if statements.is_empty() {
            return value;
        }
        let name = format!("column_{}", self.identifiers[column.name()]);
        let call = format!("{name}()");
        self.functions.push(Function { name, statements, value });
        call
    }

    fn columns<'a>(&mut self, columns: impl IntoIterator<Item = &'a Column>) -> String {
        let columns: Vec<String> = columns.into_iter().map(|column| self.column(column)).collect();
        columns.join(", ")
    }
}

impl<'c> Context<'c> {
    /// What there is in `catalog`, whose relations' modules are called `names`.
    pub(crate) fn of(catalog: &'c Catalog, names: &'c BTreeMap<&'c str, Named>) -> Self {
        let relations = catalog.relations().map(|relation| (relation.name(), relation)).collect();
        Self { types: NamedTypes::of(catalog), relations, names }
    }

    /// The named types of the catalog.
    pub(crate) fn types(&self) -> &NamedTypes {
        &self.types
    }

    /// The named types, for columns whose nested fields were written at `nested`.
    pub(super) fn known<'k>(&'k self, nested: &'k NestedOrigins) -> NamedTypeScope<'k> {
        NamedTypeScope { types: &self.types, nested, module: "super::types::" }
    }

    /// The names of the relation's own columns.
    pub(super) fn own_names(columns: &[Column]) -> Names<'_> {
        Names::of(columns, "columns".to_owned())
    }

    /// The names of another relation's columns; literals where there is no such relation.
    pub(super) fn names_of(&self, relation: &str) -> Names<'c> {
        match (self.relations.get(relation), self.names.get(relation)) {
            (Some(relation), Some(named)) => Names::of(relation.columns(), format!("super::{}::columns", named.module)),
            _ => Names::of(&[], String::new()),
        }
    }

    /// The columns of a dataset.
    pub(super) fn dataset(&self, dataset: &Dataset) -> Columns {
        self.plain(&dataset.columns, &dataset.nested)
    }

    /// The columns of a view.
    pub(super) fn view(&self, view: &View) -> Columns {
        let other = match &view.body {
            ViewBody::Rows { of, unnest, sources, .. } => self.rows(view, of, unnest, sources),
            ViewBody::Entries { of, .. }
            | ViewBody::Entry { of, .. }
            | ViewBody::Pack { of, .. }
            | ViewBody::Unpack { of, .. } => self.kept(view, of),
            ViewBody::Diagnose { of, columns } => self.diagnosis(view, of, columns),
            ViewBody::Sql => None,
        };
        other.unwrap_or_else(|| self.plain(&view.columns, &view.nested))
    }

    fn plain(&self, columns: &[Column], nested: &NestedOrigins) -> Columns {
        let names = Self::own_names(columns);
        let mut spelled = Spelled::new(self.known(nested), &names, columns);
        Columns {
            uses: Vec::new(),
            constants: own_constants(columns, |_| true),
            expression: format!("vec![{}]", spelled.columns(columns)),
            rows: String::new(),
            functions: spelled.functions,
        }
    }

    /// The columns of a row view as fields of the list's elements and columns of its own; `None` where they are not made of such.
    fn rows(&self, view: &View, of: &str, unnest: &Path, sources: &[ColumnSource]) -> Option<Columns> {
        if sources.len() != view.columns.len() {
            return None;
        }
        let element = self.element(of, unnest);
        let fields = element.map_or(&[][..], |element| &element.fields[..]);
        let taken: BTreeMap<&str, (Column, ColumnSource)> =
            fields.iter().map(|field| (field.name(), unnested(field))).collect();
        let rows: Vec<(Column, ColumnSource)> = view.columns.iter().cloned().zip(sources.iter().cloned()).collect();
        let own: Vec<&(Column, ColumnSource)> =
            rows.iter().filter(|row| taken.get(row.0.name()) != Some(*row)).collect();
        let present: BTreeSet<&str> = view.columns.iter().map(Column::name).collect();
        let omitted: Vec<&str> = fields.iter().map(Column::name).filter(|name| !present.contains(name)).collect();
        if row_columns(fields.iter().cloned(), &omitted, own.iter().map(|row| (*row).clone())) != rows {
            return None;
        }
        let names = Self::own_names(&view.columns);
        let mut spelled = Spelled::new(self.known(&view.nested), &names, &view.columns);
        let spelled_own: Vec<String> = own
            .iter()
            .map(|(column, source)| format!("({}, {})", spelled.column(column), names.source(source)))
            .collect();
        let spelled_fields =
            element.map_or_else(|| "[]".to_owned(), |element| format!("super::types::{}", element.call()));
        let omitted_texts: Vec<String> =
            omitted.iter().map(|name| element.map_or_else(|| text(name), |element| element.constant(name))).collect();
        let rows =
            format!("row_columns({spelled_fields}, &[{}], [{}])", omitted_texts.join(", "), spelled_own.join(", "));
        let own: BTreeSet<&str> = own.iter().map(|(column, _)| column.name()).collect();
        let (uses, held) = element.map_or_else(Default::default, |element| element.reexported(&names, &own, &omitted));
        Some(Columns {
            uses,
            constants: own_constants(&view.columns, |name| !held.contains(name)),
            expression: "columns_of(rows())".to_owned(),
            rows,
            functions: spelled.functions,
        })
    }

    /// The named type that the elements of the list `unnest` of `of` are.
    fn element(&self, of: &str, unnest: &Path) -> Option<&NamedType> {
        let relation = self.relations.get(of)?;
        let nested = match relation {
            Relation::Dataset(dataset) => &dataset.nested,
            Relation::View(view) => &view.nested,
        };
        let columns: Vec<_> = relation.columns().iter().map(|column| column.field.clone()).collect();
        self.types.at(nested, unnest, structure(unnest.find(&columns)?.data_type())?)
    }

    /// The columns of a view that keeps some of those of `of`, and then has its own; `None` where it keeps none.
    fn kept(&self, view: &View, of: &str) -> Option<Columns> {
        let (relation, kept_from) = (self.relations.get(of)?, self.names.get(of)?);
        let all = relation.columns();
        let count = view.columns.iter().take_while(|column| all.contains(column)).count();
        let (kept, own) = view.columns.split_at(count);
        let kept: Vec<&str> = kept.iter().map(Column::name).collect();
        if kept.is_empty() || kept_columns(all, &kept, own.iter().cloned()) != view.columns {
            return None;
        }
        let names = Self::own_names(&view.columns);
        let theirs = Names::of(all, String::new());
        let mut spelled = Spelled::new(self.known(&view.nested), &names, &view.columns);
        let held: BTreeSet<&str> =
            kept.iter().copied().filter(|name| names.constants.get(*name) == theirs.constants.get(*name)).collect();
        let constants: BTreeSet<&str> = held.iter().map(|name| names.constants[name].as_str()).collect();
        let constants: Vec<&str> = constants.into_iter().collect();
        let uses = match constants[..] {
            [] => vec![],
            [one] => vec![format!("super::super::{}::columns::{one}", kept_from.module)],
            _ => vec![format!("super::super::{}::columns::{{{}}}", kept_from.module, constants.join(", "))],
        };
        let kept: Vec<String> = kept.iter().map(|name| names.name(name)).collect();
        Some(Columns {
            uses,
            constants: own_constants(&view.columns, |name| !held.contains(name)),
            expression: format!(
                "kept_columns(&super::{}::columns(), &[{}], [{}])",
                kept_from.module,
                kept.join(", "),
                spelled.columns(own)
            ),
            rows: String::new(),
            functions: spelled.functions,
        })
    }

    /// The columns of a view that describes the columns `described` of `of`; `None` where they are other ones.
    fn diagnosis(&self, view: &View, of: &str, described: &[String]) -> Option<Columns> {
        let written_at = view.columns.first()?.origin.to_string();
        let names: Vec<&str> = described.iter().map(String::as_str).collect();
        if diagnosis_columns(&names, &written_at) != view.columns {
            return None;
        }
        let theirs = self.names_of(of);
        let names: Vec<String> = described.iter().map(|name| theirs.name(name)).collect();
        Some(Columns {
            uses: Vec::new(),
            constants: own_constants(&view.columns, |_| true),
            expression: format!("diagnosis_columns(&[{}], {})", names.join(", "), text(&written_at)),
            rows: String::new(),
            functions: Vec::new(),
        })
    }
}

impl NamedType {
    /// The function that gives its fields.
    pub(super) fn function(&self) -> String {
        format!("{}_fields", self.named.stem)
    }

    /// The call that gives its fields.
    pub(super) fn call(&self) -> String {
        format!("{}()", self.function())
    }

    /// The path to the constant that holds the name of its field `name`, from a relation's module.
    fn constant(&self, name: &str) -> String {
        let found = self.fields.iter().zip(&self.constants).find(|(field, _)| field.name() == name);
        found.map_or_else(|| text(name), |(_, constant)| format!("super::types::{}::{constant}", self.named.module))
    }

    /// The constants that a row view over elements of the type takes from it, as paths to them, and the columns whose names they hold: all,
    /// those of the view's `own` columns stand before them, or the ones that are the same where a field is `omitted`.
    fn reexported(&self, names: &Names<'_>, own: &BTreeSet<&str>, omitted: &[&str]) -> (Vec<String>, BTreeSet<&str>) {
        let alike = |(name, constant): &(&str, &String)| names.constants.get(*name) == Some(*constant);
        let all: Vec<(&str, &String)> = self.fields.iter().map(Column::name).zip(&self.constants).collect();
        let taken: Vec<(&str, &String)> =
            all.iter().copied().filter(alike).filter(|(name, _)| !own.contains(name)).collect();
        let held: BTreeSet<&str> = taken.iter().map(|(name, _)| *name).collect();
        let module = format!("super::super::types::{}", self.named.module);
        let constants: BTreeSet<&str> = taken.iter().map(|(_, constant)| constant.as_str()).collect();
        let constants: Vec<&str> = constants.into_iter().collect();
        let uses = match constants[..] {
            [] => vec![],
            _ if omitted.is_empty() && all.iter().all(alike) => vec![format!("{module}::*")],
            [one] => vec![format!("{module}::{one}")],
            _ => vec![format!("{module}::{{{}}}", constants.join(", "))],
        };
        (uses, held)
    }
}

/// The constants of the columns whose names are `own`.
fn own_constants(columns: &[Column], own: impl Fn(&str) -> bool) -> Vec<Constant> {
    let constants = columns.iter().zip(constants(columns)).filter(|(column, _)| own(column.name()));
    constants.map(|(column, constant)| self::constant(column, constant, "column")).collect()
}

/// The constant that holds the name of `column`, which is a `kind`.
pub(super) fn constant(column: &Column, identifier: String, kind: &str) -> Constant {
    let name = one_line(column.name());
    Constant { doc: prose(&column.doc, &format!("The {kind} `{name}`.")), identifier, name: text(column.name()) }
}
