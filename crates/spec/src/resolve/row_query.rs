//! The query of a row view.
//!
//! It has a layer per list on the way: the innermost takes what is needed of the row and unnests the first list, each further one
//! unnests the next, one more gives the element's fields their names, and the outermost computes and filters. It is the form that the engine
//! executes (a lateral join with `unnest` plans and does not run). Where the view has the position of an element, the indices of its list
//! are unnested beside the list, which is as long.

use std::collections::{BTreeMap, BTreeSet};

use arrow_schema::FieldRef;
use cstspec_contract::sql::ident;
use cstspec_contract::{Column, ColumnSource, Path};

use super::row_level::{UnnestLevel, below};
use super::scope::RelationScope;
use super::sql_text::{self, Select, Source};

/// The names that expressions may use: each with its field, and how the layer of names makes it.
pub type Names = BTreeMap<String, (FieldRef, String)>;

/// An output column of a row view.
pub struct Output {
    /// The column; computed ones have no type yet.
    pub column: Column,
    /// Where it comes from.
    pub source: ColumnSource,
    /// The path from the row's relation that it is, to find what is known of its inside.
    pub full_path: Option<Path>,
    /// Promised without NULLs though the engine reports it as nullable.
    pub not_null: bool,
}

impl Output {
    /// The level whose elements it numbers.
    fn position(&self) -> Option<usize> {
        match self.source {
            ColumnSource::Position(level) => Some(level),
            _ => None,
        }
    }
}

/// The parts of a row view's query.
pub struct Query<'q> {
    /// The relation whose rows hold the list.
    pub of: &'q RelationScope,
    /// The lists, outermost first.
    pub levels: &'q [UnnestLevel],
    /// The output columns.
    pub outputs: &'q [Output],
    /// The names that expressions may use.
    pub names: &'q Names,
    /// The names that they do use.
    pub used: &'q BTreeSet<String>,
    /// The condition that the rows meet, over the same names.
    pub condition: Option<&'q str>,
}

/// What the column `name`, which is `path` of a row of `of`, is called below the layer of names. Beside an `unnest` the engine takes a
/// name that the relation has for another column to be ambiguous.
pub fn on_the_way(name: &str, path: &Path, of: &RelationScope) -> String {
    let columns = || of.columns.iter().map(Column::name);
    if path.only() != Some(name) && columns().any(|column| column == name) {
        sql_text::free_name(&format!("row_{name}"), columns())
    } else {
        name.to_owned()
    }
}

impl Query<'_> {
    /// The query as text.
    pub fn text(&self) -> String {
        let is_computed = |output: &Output| matches!(output.source, ColumnSource::Expr(_));
        let passed = self.outputs.iter().filter(|output| !is_computed(output)).map(|output| output.column.name());
        let mut items: Vec<(String, String)> = passed.map(|name| self.naming(name)).collect();
        if !self.outputs.iter().any(is_computed) && self.condition.is_none() {
            return Select::all(items, self.unnested(self.levels.len())).text();
        }
        let present: BTreeSet<String> = items.iter().map(|(_, name)| name.clone()).collect();
        items.extend(self.used.difference(&present).map(|name| self.naming(name)));
        let inner = Select::all(items, self.unnested(self.levels.len()));
        let items = self.outputs.iter().map(|output| {
            let name = output.column.name().to_owned();
            match &output.source {
                ColumnSource::Expr(expression) => (expression.trim().to_owned(), name),
                ColumnSource::Row(_)
                | ColumnSource::Context(_)
                | ColumnSource::Element(_)
                | ColumnSource::Position(_) => (ident(&name).into_owned(), name),
            }
        });
        let condition = self.condition.map(str::to_owned);
        Select { items: items.collect(), from: Source::Query(Box::new(inner)), condition }.text()
    }

    /// `name` as the layer of names makes it.
    fn naming(&self, name: &str) -> (String, String) {
        (self.names[name].1.clone(), name.to_owned())
    }

    /// The layers in which the first `depth` lists have been unnested.
    fn unnested(&self, depth: usize) -> Source {
        let level = &self.levels[depth - 1];
        let mut items: Vec<(String, String)> = Vec::new();
        for output in self.outputs {
            let name = output.column.name().to_owned();
            match &output.source {
                ColumnSource::Row(path) if depth == 1 => {
                    items.push((sql_text::at(path), on_the_way(&name, path, self.of)));
                }
                ColumnSource::Row(path) => {
                    let name = on_the_way(&name, path, self.of);
                    items.push((ident(&name).into_owned(), name));
                }
                ColumnSource::Context(path) => {
                    let outer = &self.levels[..self.levels.len() - 1];
                    let mut innermost_first = outer.iter().enumerate().rev();
                    let owner = innermost_first.find_map(|(number, level)| Some((number, below(&level.list, path)?)));
                    let (owner, rest) = owner.expect("a context column has an outer list");
                    if depth == owner + 2 {
                        items.push((sql_text::field(&self.levels[owner].alias, rest.segments()), name));
                    } else if depth > owner + 2 {
                        items.push((ident(&name).into_owned(), name));
                    }
                }
                ColumnSource::Position(_) | ColumnSource::Element(_) | ColumnSource::Expr(_) => {}
            }
        }
        let numbered: BTreeSet<usize> = self.outputs.iter().filter_map(Output::position).collect();
        for owner in numbered.range(..depth - 1) {
            let index = self.levels[*owner].index();
            items.push((ident(&index).into_owned(), index));
        }
        items.push((format!("unnest({})", level.expression), level.alias.clone()));
        if numbered.contains(&(depth - 1)) {
            items.push((format!("unnest(element_indices({}))", level.expression), level.index()));
        }
        let from = if depth == 1 { Source::Relation(self.of.name.clone()) } else { self.unnested(depth - 1) };
        Source::Query(Box::new(Select::all(items, from)))
    }
}
