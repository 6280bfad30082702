//! What a refresh may change of a catalog, and what it may not.

use std::collections::BTreeSet;

use cstspec_contract::{Catalog, Dataset, NestedOrigins, View, ViewBody};

/// Compares everything beside the columns of the dataset `name`, of the datasets `others`, and of the views over them.
///
/// # Errors
///
/// The words for what differs.
pub fn beside(old: &Catalog, new: &Catalog, name: &str, others: &BTreeSet<String>) -> Result<(), String> {
    let head = |catalog: &Catalog| {
        let Catalog { name, doc, version, engine, session, functions, sessions, statements, .. } = catalog.clone();
        (name, doc, version, engine, session, functions, sessions, statements.len())
    };
    if head(old) != head(new) {
        return Err("the head, the functions, the presets or the statements of the catalog".to_owned());
    }
    let names = |catalog: &Catalog| -> Vec<String> {
        let datasets = catalog.datasets.iter().map(|dataset| dataset.name.clone());
        datasets.chain(catalog.views.iter().map(|view| view.name.clone())).collect()
    };
    if names(old) != names(new) || old.boundaries.len() != new.boundaries.len() {
        return Err("the names of relations".to_owned());
    }
    let may_change = |one: &str| one == name || others.contains(one);
    for (old, new) in old.datasets.iter().zip(&new.datasets) {
        let is_same = if may_change(&old.name) { bare(old) == bare(new) } else { old == new };
        if !is_same {
            return Err(format!("the dataset `{}`", old.name));
        }
    }
    for (old, new) in old.views.iter().zip(&new.views) {
        if !same_view(old, new) {
            return Err(format!("the view `{}`", old.name));
        }
    }
    Ok(())
}

/// A dataset without what follows from its columns.
fn bare(dataset: &Dataset) -> Dataset {
    let mut bare = dataset.clone();
    bare.columns.clear();
    bare.nested = NestedOrigins::default();
    bare.partitions.clear();
    bare.defaults.clear();
    bare.allowed.clear();
    bare
}

/// Whether two views have the same body; the fields of the rows that it reads may be others.
fn same_view(old: &View, new: &View) -> bool {
    let kind = |body: &ViewBody| std::mem::discriminant(body);
    old.doc == new.doc && old.origin == new.origin && kind(&old.body) == kind(&new.body)
}
