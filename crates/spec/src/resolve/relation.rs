//! Relations in the order that they need one another.

use std::collections::BTreeMap;

use cstspec_contract::{Origin, Path};

use super::name;
use super::report::Report;
use super::scope::{Environment, RelationScope, Relations, ResolvedDataset, ResolvedView};
use super::{accessor, diagnose, query, row_view, size, view};
use crate::documents::{Document, Documents};
use crate::expr::{Reach, query_uses};
use crate::model::{AccessorSpec, ViewSpec};
use crate::order::order;
use crate::rules;

/// Something that defines the name of a relation.
struct Item<'a> {
    name: &'a str,
    origin: Origin,
    body: Body<'a>,
    /// The relations that it reads, as it names them.
    reads: Vec<Read>,
    /// How often it reads them, once its WITH queries stand where they are named.
    reach: Reach,
}

/// A relation that is read, and where its name stands.
struct Read {
    relation: Path,
    origin: Origin,
    /// Bytes into the text at the origin.
    offset: usize,
}

#[derive(Clone, Copy)]
enum Body<'a> {
    Dataset,
    View(&'a Document<ViewSpec>),
    Accessor(&'a Document<ViewSpec>, &'a AccessorSpec),
    /// An accessor of a view whose name is another's: it is defined, and over what is not known.
    Nothing,
}

/// Resolves the views, each after the relations it reads.
pub fn resolve(
    documents: &Documents,
    datasets: BTreeMap<String, ResolvedDataset>,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Relations {
    let items = collect(documents, report);
    let mut relations = Relations::default();
    let numbers: BTreeMap<&str, usize> = items.iter().enumerate().map(|(number, item)| (item.name, number)).collect();
    let needs: Vec<Needs> = items.iter().map(|item| needs(item, &numbers, report)).collect();
    let order = order(&needs.iter().map(|needs| needs.known.clone()).collect::<Vec<_>>());
    for circle in &order.circles {
        let names: Vec<&str> = circle.iter().map(|number| items[*number].name).collect();
        report.circle(&items[circle[0]].origin, &rules::DEPENDENCY_CYCLE, "views that read one another", &names);
    }
    let mut known: BTreeMap<String, RelationScope> = BTreeMap::new();
    for (name, resolved) in datasets {
        if resolved.broken {
            relations.broken.insert(name.clone());
        } else {
            known.insert(name.clone(), of_dataset(&resolved));
        }
        relations.datasets.insert(name, resolved.dataset);
    }
    for number in order.sorted {
        let item = &items[number];
        match item.body {
            Body::Dataset => relations.sizes.dataset(item.name),
            _ => relations.sizes.view(item.name, &item.reach, &item.origin, report),
        }
        // Of a view over a relation that is at fault only that is judged which does not depend on it: the fault has its own finding.
        let readable = needs[number].known.iter().all(|need| known.contains_key(items[*need].name));
        if !readable || needs[number].unknown {
            match item.body {
                Body::View(document) if document.spec.sql.is_some() => {}
                Body::View(document) => {
                    row_view::check_alone(document, environment, report);
                    continue;
                }
                _ => continue,
            }
        }
        let resolved = match item.body {
            Body::Dataset | Body::Nothing => None,
            Body::View(document) => resolve_view(document, &known, environment, report),
            Body::Accessor(document, spec) => {
                let of = &known[document.spec.view.as_str()];
                accessor::resolve(item.name, spec, of, &item.origin, environment, report)
            }
        };
        let Some(made) = resolved else { continue };
        if !report.afford(&item.origin, made.view.columns.len(), &made.view.nested) {
            break;
        }
        known.insert(made.view.name.clone(), of_view(&made));
        relations.views.push(made.view);
    }
    relations.defined = items.into_iter().map(|item| item.name.to_owned()).collect();
    relations
}

fn of_dataset(resolved: &ResolvedDataset) -> RelationScope {
    let dataset = &resolved.dataset;
    RelationScope {
        name: dataset.name.clone(),
        columns: dataset.columns.clone(),
        nested: dataset.nested.clone(),
        docs: resolved.docs.clone(),
        key: dataset.constraints.primary_key.clone(),
    }
}

fn of_view(made: &ResolvedView) -> RelationScope {
    let view = &made.view;
    RelationScope {
        name: view.name.clone(),
        columns: view.columns.clone(),
        nested: view.nested.clone(),
        docs: made.docs.clone(),
        key: view.key.clone(),
    }
}

/// Everything that defines a relation's name, sorted by name, each name once.
fn collect<'a>(documents: &'a Documents, report: &mut Report<'_>) -> Vec<Item<'a>> {
    let mut items: Vec<Item<'_>> = Vec::new();
    let mut first: BTreeMap<&str, Origin> = BTreeMap::new();
    let mut define = |item: Item<'a>, report: &mut Report<'_>| {
        name::check(report, &item.origin, "relation", item.name);
        if let Some(earlier) = first.get(item.name) {
            report.duplicate_name(&item.origin, "relation", item.name, earlier);
            return false;
        }
        first.insert(item.name, item.origin.clone());
        items.push(item);
        true
    };
    for document in &documents.datasets {
        let origin = Origin::root(&document.file).join("dataset");
        let (body, reads, reach) = (Body::Dataset, Vec::new(), Reach::default());
        define(Item { name: &document.spec.dataset, origin, body, reads, reach }, report);
    }
    for document in &documents.views {
        let root = Origin::root(&document.file);
        let body = Body::View(document);
        let (reads, reach) = reads(document);
        let view = Item { name: &document.spec.view, origin: root.join("view"), body, reads, reach };
        let is_the_view = define(view, report);
        for (name, spec) in &document.spec.accessors {
            let origin = root.join("accessors").join(name);
            let body = if is_the_view { Body::Accessor(document, spec) } else { Body::Nothing };
            let reads =
                vec![Read { relation: Path::top(document.spec.view.as_str()), origin: origin.clone(), offset: 0 }];
            define(Item { name, origin, body, reads, reach: size::one(&document.spec.view) }, report);
        }
    }
    items.sort_by_key(|item| item.name);
    items
}

/// The relations that a view reads, as it names them, and how often it reads them. None of a query that does not parse, which is
/// reported elsewhere.
fn reads(document: &Document<ViewSpec>) -> (Vec<Read>, Reach) {
    let Document { file, spec, .. } = document;
    let root = Origin::root(file);
    let named = spec.rows.iter().map(|rows| (rows.of.as_str(), "rows.of"));
    let named = named.chain(spec.diagnose.iter().map(|diagnose| (diagnose.of.as_str(), "diagnose.of")));
    let mut reads = Vec::new();
    let mut reach = Reach::default();
    for (name, key) in named {
        reads.push(Read { relation: Path::top(name), origin: root.join(key), offset: 0 });
        reach = size::one(name);
    }
    if let Some(uses) = spec.sql.as_deref().and_then(|sql| query_uses(sql).ok()) {
        let queried = uses.relations.into_iter();
        reads.extend(queried.map(|(relation, offset)| Read { relation, origin: root.join("sql"), offset }));
        reach = uses.reach;
    }
    (reads, reach)
}

/// The dependencies of an item.
struct Needs {
    /// The numbers of the items that it reads.
    known: Vec<usize>,
    /// It reads something that is no item.
    unknown: bool,
}

fn needs(item: &Item<'_>, numbers: &BTreeMap<&str, usize>, report: &mut Report<'_>) -> Needs {
    let mut needs = Needs { known: Vec::new(), unknown: false };
    for Read { relation, origin, offset } in &item.reads {
        if let Some(number) = relation.only().and_then(|name| numbers.get(name)) {
            needs.known.push(*number);
        } else {
            report.unknown_relation(origin, *offset, relation, numbers.keys().copied());
            needs.unknown = true;
        }
    }
    needs
}

fn resolve_view(
    document: &Document<ViewSpec>,
    known: &BTreeMap<String, RelationScope>,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<ResolvedView> {
    let Document { spec, .. } = document;
    // A view of which something is left out would seem to lack it.
    if !document.is_complete() {
        return None;
    }
    view::check_shape(document, report)?;
    if let Some(rows) = &spec.rows {
        row_view::resolve(document, rows, known.get(&rows.of)?, environment, report)
    } else if let Some(diagnosed) = &spec.diagnose {
        diagnose::resolve(document, diagnosed, known.get(&diagnosed.of)?, environment, report)
    } else {
        query::resolve(document, environment, report)
    }
}
