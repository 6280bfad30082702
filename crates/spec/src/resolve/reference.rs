//! References between relations, once all of them are known.

use std::collections::{BTreeMap, BTreeSet};

use cstspec_contract::{Column, Finding, Origin, Path, Reference, spelling};

use super::report::{Report, one_of};
use super::scope::Relations;
use crate::documents::Documents;
use crate::model::ReferenceSpec;
use crate::rules;

/// A relation as a reference sees it.
struct Side<'a> {
    name: &'a str,
    columns: &'a [Column],
    keys: Vec<&'a [String]>,
}

/// Checks that every reference leads to a key of a relation, and that both sides are alike.
pub fn check(documents: &Documents, relations: &Relations, report: &mut Report<'_>) {
    let sides = sides(relations);
    for document in &documents.datasets {
        let dataset = relations.datasets.get(&document.spec.dataset);
        // A second definition of the name is not the one that is known.
        if let Some(dataset) = dataset.filter(|dataset| dataset.origin.file == document.file)
            // Those that `like` takes over are checked where they are written.
            && let Some(constraints) = &document.spec.constraints
        {
            let origin = Origin::root(&document.file).join("constraints.references");
            let written = &constraints.references;
            let checking = Checking { from: &dataset.name, origin, relations, sides: &sides };
            checking.all(&dataset.constraints.references, written, report);
        }
    }
    let files: BTreeMap<&str, usize> =
        documents.views.iter().enumerate().map(|(number, document)| (document.file.as_str(), number)).collect();
    for view in &relations.views {
        if let Some(number) = files.get(view.origin.file.as_str()).filter(|_| !view.references.is_empty()) {
            let document = &documents.views[*number];
            let origin = Origin::root(&document.file).join("references");
            let checking = Checking { from: &view.name, origin, relations, sides: &sides };
            checking.all(&view.references, &document.spec.references, report);
        }
    }
}

/// The relations whose columns and keys are not at fault themselves, by name.
fn sides(relations: &Relations) -> BTreeMap<&str, Side<'_>> {
    let datasets =
        relations.datasets.values().filter(|dataset| !relations.broken.contains(&dataset.name)).map(|dataset| {
            let primary = std::iter::once(dataset.constraints.primary_key.as_slice());
            let keys = primary.chain(dataset.constraints.unique.iter().map(Vec::as_slice)).collect();
            Side { name: &dataset.name, columns: &dataset.columns, keys }
        });
    let views =
        relations.views.iter().map(|view| Side { name: &view.name, columns: &view.columns, keys: vec![&view.key] });
    let sides = datasets.chain(views).filter(|side| {
        let known: BTreeSet<&str> = side.columns.iter().map(Column::name).collect();
        side.keys.iter().copied().flatten().all(|name| known.contains(name.as_str()))
    });
    sides.map(|side| (side.name, side)).collect()
}

/// The references of one relation.
struct Checking<'a> {
    from: &'a str,
    origin: Origin,
    relations: &'a Relations,
    sides: &'a BTreeMap<&'a str, Side<'a>>,
}

impl Checking<'_> {
    fn all(&self, references: &[Reference], written: &[ReferenceSpec], report: &mut Report<'_>) {
        for (number, (reference, written)) in references.iter().zip(written).enumerate() {
            let origin = self.origin.index(number);
            if !self.relations.defined.contains(&reference.relation) {
                let known = self.relations.defined.iter().map(String::as_str);
                report.unknown_relation(&origin.join("relation"), 0, &Path::top(reference.relation.as_str()), known);
                continue;
            }
            // A relation that is defined and could not be resolved has findings of its own.
            if let (Some(from), Some(to)) = (self.sides.get(self.from), self.sides.get(reference.relation.as_str())) {
                check_one(reference, written.to.is_some(), from, to, &origin, report);
            }
        }
    }
}

fn check_one(
    reference: &Reference,
    to_is_written: bool,
    from: &Side<'_>,
    to: &Side<'_>,
    origin: &Origin,
    report: &mut Report<'_>,
) {
    let column = |side: &Side<'_>, name: &str| side.columns.iter().find(|column| column.name() == name).cloned();
    // Referring columns that are unknown were reported with the relation they stand in.
    if reference.columns.iter().any(|name| column(from, name).is_none()) {
        return;
    }
    let known: Vec<&str> = to.columns.iter().map(Column::name).collect();
    let key = if to_is_written { "to" } else { "columns" };
    let mut sound = true;
    for (number, name) in reference.to.iter().enumerate() {
        if column(to, name).is_none() {
            let advice = report.advise(name, known.iter().copied(), "name the column of the other relation under `to`");
            let finding =
                Finding::new(&rules::KEY_UNKNOWN, format!("`{}` has no column `{name}` to refer to", to.name))
                    .differing(one_of(&known), format!("`{name}`"))
                    .remedy(advice)
                    .relation(from.name);
            report.value(&origin.join(key).index(number), finding);
            sound = false;
        }
    }
    if !sound {
        return;
    }
    let target: BTreeSet<&String> = reference.to.iter().collect();
    let keys: Vec<&[String]> = to.keys.iter().copied().filter(|key| !key.is_empty()).collect();
    if !keys.iter().any(|key| key.iter().collect::<BTreeSet<_>>() == target) {
        let names: Vec<String> = keys.iter().map(|key| format!("({})", key.join(", "))).collect();
        let expected =
            if names.is_empty() { format!("a key of `{}`, which declares none", to.name) } else { names.join(" or ") };
        let finding = Finding::new(
            &rules::REFERENCE_NOT_KEY,
            format!("the reference of `{}` to `{}` leads to columns that are not a key", from.name, to.name),
        )
        .differing(expected, format!("({})", reference.to.join(", ")))
        .remedy("refer to the whole key, or declare these columns as one")
        .relation(from.name);
        report.value(&origin.join(key), finding);
        return;
    }
    if reference.columns.len() != reference.to.len() {
        let (expected, observed) = (format!("{} columns", reference.to.len()), format!("{}", reference.columns.len()));
        report.value(&origin.join("columns"), mismatch(from, to, &expected, &observed));
        return;
    }
    for (number, (left, right)) in reference.columns.iter().zip(&reference.to).enumerate() {
        let (Some(left), Some(right)) = (column(from, left), column(to, right)) else { continue };
        let (left_type, right_type) = (left.field.data_type(), right.field.data_type());
        if left_type != right_type {
            let expected = format!("{}, the type of `{}`", spelling::short(right_type), right.name());
            let observed = format!("{}, the type of `{}`", spelling::short(left_type), left.name());
            report.value(&origin.join("columns").index(number), mismatch(from, to, &expected, &observed));
        }
    }
}

fn mismatch(from: &Side<'_>, to: &Side<'_>, expected: &str, observed: &str) -> Finding {
    Finding::new(
        &rules::REFERENCE_MISMATCH,
        format!("the two sides of the reference of `{}` to `{}` differ", from.name, to.name),
    )
    .differing(expected, observed)
    .remedy("give both sides the same number of columns and the same types")
    .relation(from.name)
}
