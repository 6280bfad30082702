//! The catalog: all specs, resolved and typed.

use arrow_schema::SchemaRef;

use crate::{Boundary, Column, Dataset, Function, NestedOrigins, Origin, Path, Session, Statement, View, schema};

/// All specs resolved and typed. Every list is sorted by name, but for the views, which come in dependency order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    /// The catalog's name.
    pub name: String,
    /// What it describes.
    pub doc: String,
    /// The catalog's own version.
    pub version: u32,
    /// The DataFusion version that the expectations were made with: `55.2.0`.
    pub engine: String,
    /// The preset that a session gets unless another is asked for.
    pub session: String,
    /// Expected functions.
    pub functions: Vec<Function>,
    /// Session presets.
    pub sessions: Vec<Session>,
    /// Datasets.
    pub datasets: Vec<Dataset>,
    /// Views, each after the relations it reads; by name where that leaves a choice.
    pub views: Vec<View>,
    /// Boundaries.
    pub boundaries: Vec<Boundary>,
    /// Prepared statements.
    pub statements: Vec<Statement>,
}

impl Catalog {
    /// The dataset called `name`.
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.name == name)
    }

    /// The view called `name`.
    pub fn view(&self, name: &str) -> Option<&View> {
        self.views.iter().find(|view| view.name == name)
    }

    /// The preset called `name`.
    pub fn session(&self, name: &str) -> Option<&Session> {
        self.sessions.iter().find(|session| session.name == name)
    }

    /// The relation called `name`.
    pub fn relation(&self, name: &str) -> Option<Relation<'_>> {
        self.dataset(name).map(Relation::Dataset).or_else(|| self.view(name).map(Relation::View))
    }

    /// Every relation, datasets first, then views, in the order they can be registered in.
    pub fn relations(&self) -> impl Iterator<Item = Relation<'_>> {
        self.datasets.iter().map(Relation::Dataset).chain(self.views.iter().map(Relation::View))
    }
}

/// A dataset or a view.
#[derive(Clone, Copy, Debug)]
pub enum Relation<'a> {
    /// A table that has files behind it.
    Dataset(&'a Dataset),
    /// A relation defined over others.
    View(&'a View),
}

impl<'a> Relation<'a> {
    /// The name it is registered under.
    pub fn name(&self) -> &'a str {
        match self {
            Self::Dataset(dataset) => &dataset.name,
            Self::View(view) => &view.name,
        }
    }

    /// `dataset` or `view`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dataset(_) => "dataset",
            Self::View(_) => "view",
        }
    }

    /// Meaning of one row.
    pub fn doc(&self) -> &'a str {
        match self {
            Self::Dataset(dataset) => &dataset.doc,
            Self::View(view) => &view.doc,
        }
    }

    /// Where it was written.
    pub fn origin(&self) -> &'a Origin {
        match self {
            Self::Dataset(dataset) => &dataset.origin,
            Self::View(view) => &view.origin,
        }
    }

    /// The columns in order.
    pub fn columns(&self) -> &'a [Column] {
        match self {
            Self::Dataset(dataset) => &dataset.columns,
            Self::View(view) => &view.columns,
        }
    }

    /// The schema as the engine must report it.
    pub fn schema(&self) -> SchemaRef {
        match self {
            Self::Dataset(dataset) => dataset.schema(),
            Self::View(view) => view.schema(),
        }
    }

    /// The relations that it reads, sorted; none for a dataset.
    pub fn depends_on(&self) -> &'a [String] {
        match self {
            Self::Dataset(_) => &[],
            Self::View(view) => &view.depends_on,
        }
    }

    /// Where the field at `path` was written.
    pub fn locate(&self, path: &Path) -> Option<Origin> {
        schema::locate(self.columns(), self.nested(), path)
    }

    fn nested(&self) -> &'a NestedOrigins {
        match self {
            Self::Dataset(dataset) => &dataset.nested,
            Self::View(view) => &view.nested,
        }
    }
}
