//! Relations in the order that they need one another.

use std::collections::BTreeMap;

use cstspec_contract::{Column, Function, NestedOrigins, Path, View};

use super::dataset::Resolved;
use super::name;
use super::report::{Report, Spot};
use super::{Environment, Relations, accessor, diagnose, query, row_view, view};
use crate::documents::{Document, Documents};
use crate::model::{AccessorSpec, ViewSpec};
use crate::order::order;
use crate::rules;
use crate::types::NamedTypes;

/// What views may know of the relations that they read.
#[derive(Clone, Debug)]
pub struct Known {
    /// The relation's name.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Where nested fields were written.
    pub nested: NestedOrigins,
    /// What nested fields mean.
    pub docs: BTreeMap<Path, String>,
    /// Its key.
    pub key: Vec<String>,
}

/// Something that defines the name of a relation.
struct Item<'a> {
    name: &'a str,
    spot: Spot,
    body: Body<'a>,
}

#[derive(Clone, Copy)]
enum Body<'a> {
    Dataset,
    View(&'a Document<ViewSpec>),
    Accessor(&'a Document<ViewSpec>, &'a AccessorSpec),
}

/// Resolves the views, each after the relations it reads.
pub fn resolve(
    documents: &Documents,
    datasets: BTreeMap<String, Resolved>,
    types: &NamedTypes,
    functions: &[Function],
    report: &mut Report<'_>,
) -> Relations {
    let items = collect(documents, report);
    let mut relations = Relations::default();
    let numbers: BTreeMap<&str, usize> = items.iter().enumerate().map(|(number, item)| (item.name, number)).collect();
    let needs: Vec<Vec<usize>> = items.iter().map(|item| needs(item, &numbers, report)).collect();
    let order = order(&needs);
    for circle in &order.circles {
        let names: Vec<&str> = circle.iter().map(|number| items[*number].name).collect();
        report.circle(&items[circle[0]].spot, &rules::DEPENDENCY_CYCLE, "views that read one another", &names);
    }
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    for (name, resolved) in datasets {
        if !resolved.broken {
            known.insert(name.clone(), of_dataset(&resolved));
        }
        relations.datasets.insert(name, resolved.dataset);
    }
    let callable = view::with_builtins(functions);
    let environment = Environment { types, functions: &callable };
    for number in order.sorted {
        let item = &items[number];
        // A view over a relation that is at fault is not judged: the fault has its own finding.
        let readable = needs[number].iter().all(|need| known.contains_key(items[*need].name));
        if !readable || items_missing(item, &numbers) {
            continue;
        }
        let resolved = match item.body {
            Body::Dataset => None,
            Body::View(document) => resolve_view(document, &known, environment, report),
            Body::Accessor(document, spec) => {
                let of = &known[document.spec.view.as_str()];
                accessor::resolve(item.name, spec, of, &item.spot, environment, report)
            }
        };
        if let Some(made) = resolved {
            known.insert(made.view.name.clone(), of_view(&made));
            relations.views.push(made.view);
        }
    }
    relations.defined = items.into_iter().map(|item| item.name.to_owned()).collect();
    relations
}

/// A view, and the docs of its nested fields.
pub struct Made {
    /// The view.
    pub view: View,
    /// What nested fields mean.
    pub docs: BTreeMap<Path, String>,
}

fn of_dataset(resolved: &Resolved) -> Known {
    let dataset = &resolved.dataset;
    Known {
        name: dataset.name.clone(),
        columns: dataset.columns.clone(),
        nested: dataset.nested.clone(),
        docs: resolved.docs.clone(),
        key: dataset.constraints.primary_key.clone(),
    }
}

fn of_view(made: &Made) -> Known {
    let view = &made.view;
    Known {
        name: view.name.clone(),
        columns: view.columns.clone(),
        nested: view.nested.clone(),
        docs: made.docs.clone(),
        key: view.key.clone(),
    }
}

/// Everything that defines a relation's name, sorted by name, each name once.
fn collect<'a>(documents: &'a Documents, report: &mut Report<'_>) -> Vec<Item<'a>> {
    let datasets = documents.datasets.iter().map(|document| Item {
        name: &document.spec.dataset,
        spot: Spot::root(&document.file).join("dataset"),
        body: Body::Dataset,
    });
    let views = documents.views.iter().flat_map(|document| {
        let root = Spot::root(&document.file);
        let accessors = root.join("accessors");
        let view = Item { name: &document.spec.view, spot: root.join("view"), body: Body::View(document) };
        let further = document.spec.accessors.iter().map(move |(name, spec)| Item {
            name,
            spot: accessors.join(name),
            body: Body::Accessor(document, spec),
        });
        std::iter::once(view).chain(further)
    });
    let mut items: Vec<Item<'_>> = Vec::new();
    let mut first: BTreeMap<&str, Spot> = BTreeMap::new();
    for item in datasets.chain(views) {
        name::check(report, &item.spot, "relation", item.name);
        if let Some(earlier) = first.get(item.name) {
            report.duplicate_name(&item.spot, "relation", item.name, earlier);
        } else {
            first.insert(item.name, item.spot.clone());
            items.push(item);
        }
    }
    items.sort_by_key(|item| item.name);
    items
}

/// The relations that an item reads, as it names them, with the place of each name.
fn reads(item: &Item<'_>) -> Vec<(String, Spot, usize)> {
    match item.body {
        Body::Dataset => Vec::new(),
        Body::Accessor(document, _) => vec![(document.spec.view.clone(), item.spot.clone(), 0)],
        Body::View(document) => {
            let root = Spot::root(&document.file);
            let rows = document.spec.rows.iter().map(|rows| (rows.of.clone(), root.join("rows.of"), 0));
            let diagnose =
                document.spec.diagnose.iter().map(|diagnose| (diagnose.of.clone(), root.join("diagnose.of"), 0));
            let sql = document.spec.sql.iter().flat_map(|sql| query::relations(sql));
            let sql = sql.map(|(name, offset)| (name, root.join("sql"), offset));
            rows.chain(diagnose).chain(sql).collect()
        }
    }
}

fn needs(item: &Item<'_>, numbers: &BTreeMap<&str, usize>, report: &mut Report<'_>) -> Vec<usize> {
    let mut needs = Vec::new();
    for (name, spot, offset) in reads(item) {
        match numbers.get(name.as_str()) {
            Some(number) => needs.push(*number),
            None => report.unknown_relation(&spot, offset, &name, numbers.keys().copied()),
        }
    }
    needs
}

fn items_missing(item: &Item<'_>, numbers: &BTreeMap<&str, usize>) -> bool {
    reads(item).iter().any(|(name, _, _)| !numbers.contains_key(name.as_str()))
}

fn resolve_view(
    document: &Document<ViewSpec>,
    known: &BTreeMap<String, Known>,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<Made> {
    view::check_shape(document, report)?;
    let Document { spec, .. } = document;
    if let Some(rows) = &spec.rows {
        row_view::resolve(document, rows, known.get(&rows.of)?, environment, report)
    } else if let Some(diagnosed) = &spec.diagnose {
        diagnose::resolve(document, diagnosed, known.get(&diagnosed.of)?, environment, report)
    } else {
        query::resolve(document, environment, report)
    }
}
