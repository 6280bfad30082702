//! The scope of views: the relations that they read, and the types, functions and dialect of their expressions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_schema::FieldRef;
use cstspec_contract::{Column, Dataset, Function, NestedOrigins, Path, View};

use super::size::Sizes;
use crate::expr::Dialect;
use crate::types::NamedTypes;

/// Everything that names in expressions and types refer to, apart from relations.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// The types of types/.
    pub types: &'a NamedTypes,
    /// The functions of functions/, and those of generated queries.
    pub functions: &'a [Function],
    /// The SQL dialect of the catalog's own session.
    pub dialect: &'a Dialect,
}

/// A relation in the scope of the views that read it.
#[derive(Clone, Debug)]
pub struct RelationScope {
    /// The relation's name.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Where nested fields were written.
    pub nested: NestedOrigins,
    /// Docs of nested fields.
    pub docs: BTreeMap<Path, String>,
    /// Its key.
    pub key: Vec<String>,
}

impl RelationScope {
    /// The fields of its columns.
    pub fn fields(&self) -> Vec<FieldRef> {
        self.columns.iter().map(|column| Arc::clone(&column.field)).collect()
    }
}

/// A resolved dataset, with the docs of its nested fields.
#[derive(Debug)]
pub struct ResolvedDataset {
    /// The dataset.
    pub dataset: Dataset,
    /// Docs of nested fields.
    pub docs: BTreeMap<Path, String>,
    /// Some column could not be resolved: a name that is missing may be that column's.
    pub broken: bool,
}

/// A resolved view, with the docs of its nested fields.
pub struct ResolvedView {
    /// The view.
    pub view: View,
    /// Docs of nested fields.
    pub docs: BTreeMap<Path, String>,
}

/// The relations of a catalog.
#[derive(Debug, Default)]
pub struct Relations {
    /// By name.
    pub datasets: BTreeMap<String, Dataset>,
    /// In dependency order.
    pub views: Vec<View>,
    /// Every name that a spec defines, whether its relation could be resolved or not.
    pub defined: BTreeSet<String>,
    /// Datasets with a column that could not be resolved.
    pub broken: BTreeSet<String>,
    /// How large they are to the engine.
    pub sizes: Sizes,
}
