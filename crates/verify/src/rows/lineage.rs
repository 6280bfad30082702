//! Which views have rows that are each made from one row of a dataset, and which of their columns are that row's own.

use std::collections::BTreeMap;

use cstspec_contract::{Catalog, ColumnSource, Dataset, View, ViewBody};

/// Where the rows of a relation come from.
#[derive(Clone, Debug)]
pub struct Lineage<'a> {
    /// The dataset, each of whose rows gives rows of its own.
    pub dataset: &'a Dataset,
    /// The columns that every row has from its row of the dataset, with their names there.
    pub own: BTreeMap<&'a str, &'a str>,
}

/// The lineage of every relation that has one: datasets themselves, and views over a list, a map or a struct of such a relation's rows.
/// Views with a query of their own have none: they may join or count.
pub fn of(catalog: &Catalog) -> BTreeMap<&str, Lineage<'_>> {
    let mut known: BTreeMap<&str, Lineage<'_>> = BTreeMap::new();
    for dataset in &catalog.datasets {
        let own = dataset.columns.iter().map(|column| (column.name(), column.name())).collect();
        known.insert(&dataset.name, Lineage { dataset, own });
    }
    // Views come after what they read.
    for view in &catalog.views {
        if let Some(lineage) = of_view(view, &known) {
            known.insert(&view.name, lineage);
        }
    }
    known
}

fn of_view<'a>(view: &'a View, known: &BTreeMap<&str, Lineage<'a>>) -> Option<Lineage<'a>> {
    let [of] = view.depends_on.as_slice() else { return None };
    let parent = known.get(of.as_str())?;
    let own = |name: &str| parent.own.get(name).copied();
    let own = match &view.body {
        ViewBody::Rows { sources, .. } => view
            .columns
            .iter()
            .zip(sources)
            .filter_map(|(column, source)| match source {
                ColumnSource::Row(path) => Some((column.name(), own(path.only()?)?)),
                ColumnSource::Context(_)
                | ColumnSource::Element(_)
                | ColumnSource::Position(_)
                | ColumnSource::Expr(_) => None,
            })
            .collect(),
        ViewBody::Entries { keys, .. }
        | ViewBody::Entry { keys, .. }
        | ViewBody::Pack { keys, .. }
        | ViewBody::Unpack { keys, .. } => keys.iter().filter_map(|name| Some((name.as_str(), own(name)?))).collect(),
        ViewBody::Diagnose { .. } | ViewBody::Sql => return None,
    };
    Some(Lineage { dataset: parent.dataset, own })
}

impl Lineage<'_> {
    /// Whether rows with the same values in `columns` are made from one row of the dataset.
    pub fn names_a_row(&self, columns: &[String]) -> bool {
        self.dataset.constraints.row_key().is_some_and(|key| {
            key.iter().all(|part| columns.iter().any(|column| self.own.get(column.as_str()) == Some(&part.as_str())))
        })
    }

    /// Whether a row can only refer to rows that are made from the same row of the dataset as itself.
    pub fn stays_within(&self, columns: &[String], target: &Lineage<'_>, to: &[String]) -> bool {
        let pair = |part: &String| {
            columns.iter().zip(to).any(|(from, to)| {
                self.own.get(from.as_str()) == Some(&part.as_str())
                    && target.own.get(to.as_str()) == Some(&part.as_str())
            })
        };
        self.dataset.name == target.dataset.name
            && self.dataset.constraints.row_key().is_some_and(|key| key.iter().all(pair))
    }
}
