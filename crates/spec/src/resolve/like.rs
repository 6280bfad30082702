//! Datasets that take the columns of another one: `like`.

use std::collections::{BTreeMap, BTreeSet};

use cstspec_contract::{Column, Finding, Origin};

use super::column::Columns;
use super::report::{Report, one_of};
use super::scope::ResolvedDataset;
use crate::documents::Document;
use crate::model::DatasetSpec;
use crate::order::order;
use crate::rules;
use crate::types::{MAX_FIELDS, TypeError};

/// The source of the columns that a dataset does not write itself.
pub enum Base<'a> {
    /// It writes all of them.
    Nothing,
    /// They are those of another dataset.
    Dataset(&'a ResolvedDataset),
    /// They are not known, which is reported elsewhere.
    Unknown,
}

impl Base<'_> {
    /// The columns.
    pub fn columns(&self) -> &[Column] {
        match self {
            Self::Dataset(base) => &base.dataset.columns,
            Self::Nothing | Self::Unknown => &[],
        }
    }
}

/// The names that relations have, whether they could be resolved or not.
pub struct Names<'a> {
    /// Datasets.
    pub datasets: BTreeSet<&'a str>,
    /// Views and their accessors.
    pub views: &'a BTreeSet<&'a str>,
}

/// The order in which datasets are resolved.
pub struct Sequence {
    /// Their numbers, each after the one that it takes columns from; those in a circle come last.
    pub sorted: Vec<usize>,
    /// Those in a circle.
    pub circular: BTreeSet<usize>,
}

/// The order in which `documents` are resolved. A circle is reported.
pub fn sequence(documents: &[Document<DatasetSpec>], report: &mut Report<'_>) -> Sequence {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, document) in documents.iter().enumerate() {
        numbers.entry(&document.spec.dataset).or_insert(number);
    }
    let like = |document: &Document<DatasetSpec>| numbers.get(document.spec.like.as_deref()?).copied();
    let needs: Vec<Vec<usize>> = documents.iter().map(|document| like(document).into_iter().collect()).collect();
    let order = order(&needs);
    for circle in &order.circles {
        let names: Vec<&str> = circle.iter().map(|number| documents[*number].spec.dataset.as_str()).collect();
        let origin = Origin::root(&documents[circle[0]].file).join("like");
        report.circle(&origin, &rules::DEPENDENCY_CYCLE, "datasets that take their columns from one another", &names);
    }
    let circular: BTreeSet<usize> = order.circles.iter().flatten().copied().collect();
    let sorted = order.sorted.into_iter().chain(circular.iter().copied()).collect();
    Sequence { sorted, circular }
}

/// The dataset `name` whose columns `document` takes. A name that is none of a dataset is reported.
pub fn base<'a>(
    name: &str,
    document: &Document<DatasetSpec>,
    resolved: &'a BTreeMap<String, ResolvedDataset>,
    names: &Names<'_>,
    report: &mut Report<'_>,
) -> Base<'a> {
    if let Some(base) = resolved.get(name) {
        return if base.broken { Base::Unknown } else { Base::Dataset(base) };
    }
    let own = document.spec.dataset.as_str();
    let known: Vec<&str> = names.datasets.iter().copied().filter(|known| *known != own).collect();
    let origin = Origin::root(&document.file).join("like");
    if names.views.contains(name) {
        let finding = Finding::new(&rules::UNKNOWN_RELATION, format!("`{name}` is a view and no dataset"))
            .differing(one_of(&known), format!("`{name}`"))
            .remedy("name a dataset: the columns of a view are those of its query")
            .relation(own);
        report.value(&origin, finding);
    } else if !report.may_be_defined(name, known.iter().copied()) {
        let advice =
            report.advise(name, known.iter().copied(), "correct the name, or include the folder that defines it");
        let finding = Finding::new(&rules::UNKNOWN_RELATION, format!("unknown dataset `{name}`"))
            .differing(one_of(&known), format!("`{name}`"))
            .remedy(advice)
            .relation(own);
        report.value(&origin, finding);
    }
    Base::Unknown
}

impl Columns {
    /// Puts the columns of `base` in front of these, with what is said of them and of the fields inside them. One that is here already, which
    /// is reported, keeps its place.
    pub fn take_over(&mut self, base: &Base<'_>, root: &Origin, report: &mut Report<'_>) {
        let base = match base {
            Base::Nothing => return,
            Base::Unknown => {
                self.broken = true;
                return;
            }
            Base::Dataset(base) => base,
        };
        let dataset = &base.dataset;
        let own: BTreeSet<&str> = self.all.iter().map(Column::name).collect();
        if dataset.columns.iter().any(|column| own.contains(column.name())) {
            // Its names are known all the same.
            self.broken = true;
            let others = dataset.columns.iter().filter(|column| !own.contains(column.name())).cloned();
            let others: Vec<Column> = others.collect();
            self.all.splice(0..0, others);
            return;
        }
        let fields = dataset.columns.len() + dataset.nested.below.len() + dataset.nested.fields.len() + self.all.len();
        if fields > MAX_FIELDS {
            report.type_error(&root.join("like"), TypeError::TooLarge);
            self.broken = true;
            return;
        }
        self.all.splice(0..0, dataset.columns.iter().cloned());
        self.nested.below.extend(dataset.nested.below.clone());
        self.nested.fields.extend(dataset.nested.fields.clone());
        self.docs.extend(base.docs.clone());
        self.defaults.extend(dataset.defaults.iter().cloned());
        self.allowed.extend(dataset.allowed.iter().cloned());
        self.sort();
    }
}
