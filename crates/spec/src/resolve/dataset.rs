//! Datasets.

use std::collections::{BTreeMap, BTreeSet};

use cstspec_contract::{
    Column, Constraints, Dataset, Evolution, Finding, Ordering, Origin, Path, Reference, Scan, SortKey,
};

use super::column::{self, Columns};
use super::dataset_checks::{Checks, sort_column};
use super::like::{self, Base, Names, Sequence};
use super::name;
use super::report::Report;
use super::scope::ResolvedDataset;
use crate::documents::Document;
use crate::model::{DatasetSpec, ReferenceSpec, WordOr};
use crate::rules;
use crate::types::NamedTypes;

/// Resolves the datasets by name; `views` are the names of the other relations. One whose columns are at fault is kept with those that are sound.
pub fn resolve(
    documents: &[Document<DatasetSpec>],
    views: &BTreeSet<&str>,
    types: &NamedTypes,
    report: &mut Report<'_>,
) -> BTreeMap<String, ResolvedDataset> {
    let mut resolved: BTreeMap<String, ResolvedDataset> = BTreeMap::new();
    let names = Names { datasets: documents.iter().map(|document| document.spec.dataset.as_str()).collect(), views };
    let Sequence { sorted, circular } = like::sequence(documents, report);
    for number in sorted {
        let document = &documents[number];
        let base = match &document.spec.like {
            Some(_) if circular.contains(&number) => Base::Unknown,
            Some(name) => like::base(name, document, &resolved, &names, report),
            None if document.lacks("like") => Base::Unknown,
            None => Base::Nothing,
        };
        let dataset = resolve_one(document, &base, types, report);
        let origin = Origin::root(&document.file).join("dataset");
        if !report.afford(&origin, dataset.dataset.columns.len(), &dataset.dataset.nested) {
            break;
        }
        // A second definition of the name is reported with the views'.
        resolved.entry(document.spec.dataset.clone()).or_insert(dataset);
    }
    resolved
}

fn resolve_one(
    document: &Document<DatasetSpec>,
    base: &Base<'_>,
    types: &NamedTypes,
    report: &mut Report<'_>,
) -> ResolvedDataset {
    let Document { file, spec, .. } = document;
    let root = Origin::root(file);
    let mut columns = column::resolve_all(&spec.columns, &root.join("columns"), types, report);
    columns.broken |= document.lacks("columns");
    if spec.columns.is_empty() && !columns.broken && matches!(base, Base::Nothing) {
        let finding = Finding::new(&rules::MISSING_KEY, format!("the dataset `{}` has no columns", spec.dataset))
            .differing("`columns` with a name and a type for each", "none")
            .remedy("declare the columns that its files have")
            .relation(spec.dataset.as_str());
        report.key(&root.join("columns"), finding);
        columns.broken = true;
    }
    let taken = base.columns().iter().map(Column::name);
    name::check_columns(report, taken.chain(spec.columns.keys().map(String::as_str)), |name| {
        let remedy = if spec.like.is_some() { "rename it, or remove it: `like` brings it in" } else { "rename it" };
        (root.join("columns").join(name), remedy)
    });
    columns.take_over(base, &root, report);
    name::check_quotes(
        report,
        "column",
        spec.columns.keys().map(|name| (name.as_str(), root.join("columns").join(name))),
    );
    let by_name = columns.all.iter().map(|column| (column.name(), column)).collect();
    let is_partial = matches!(base, Base::Unknown);
    let mut checks = Checks { document, spec, root: &root, columns: &columns, by_name, is_partial, report };
    checks.partitions();
    checks.ordering();
    checks.keys();
    checks.references();
    let not_null = checks.not_null();
    let renames = checks.renames();
    let paths = checks.policies();
    let [statistics, bloom_filters] = checks.recommended();
    checks.files();
    let listing_cache_ttl_ms = spec.scan.listing_cache_ttl.as_deref().and_then(|text| duration(text, &root, report));
    let Columns { all: columns, nested, defaults, allowed, docs, broken } = columns;
    let dataset = Dataset {
        name: spec.dataset.clone(),
        doc: spec.doc.clone(),
        version: spec.version,
        origin: root.join("dataset"),
        columns,
        metadata: spec.metadata.iter().map(|(key, value)| (key.clone(), value.0.clone())).collect(),
        nested,
        partitions: spec.partitions.clone(),
        ordering: ordering(spec, &root),
        constraints: match (&spec.constraints, base) {
            (None, Base::Dataset(base)) => base.dataset.constraints.clone(),
            _ => constraints(spec, not_null, &root),
        },
        defaults,
        allowed,
        evolution: Evolution {
            missing: spec.evolution.missing,
            extra: spec.evolution.extra,
            casts: spec.evolution.casts,
            nullability: spec.evolution.nullability,
            renames,
            paths,
            origin: root.join("evolution"),
        },
        scan: Scan {
            statistics,
            bloom_filters,
            files: spec.scan.files.choices().to_vec(),
            listing_cache_ttl_ms,
            listing_mutable: spec.scan.listing_mutable.unwrap_or(true),
        },
    };
    ResolvedDataset { dataset, docs, broken }
}

fn ordering(spec: &DatasetSpec, root: &Origin) -> Ordering {
    let Some(ordering) = &spec.ordering else { return Ordering::default() };
    let keys = ordering.by.iter().map(|key| SortKey {
        column: sort_column(key).clone(),
        descending: matches!(key, WordOr::Mapping(key) if key.descending),
    });
    Ordering { keys: keys.collect(), scope: ordering.scope, origin: root.join("ordering") }
}

fn constraints(spec: &DatasetSpec, not_null: Vec<Path>, root: &Origin) -> Constraints {
    let origin = root.join("constraints");
    Constraints {
        primary_key: spec.constraints().primary_key.clone(),
        unique: spec.constraints().unique.clone(),
        not_null,
        references: references(&spec.constraints().references, &origin.join("references")),
        origin: origin.clone(),
    }
}

/// References as a contract has them.
pub fn references(specs: &[ReferenceSpec], origin: &Origin) -> Vec<Reference> {
    let reference = |(number, spec): (usize, &ReferenceSpec)| Reference {
        columns: spec.columns.clone(),
        relation: spec.relation.clone(),
        to: spec.to.clone().unwrap_or_else(|| spec.columns.clone()),
        origin: origin.index(number),
    };
    specs.iter().enumerate().map(reference).collect()
}

/// Reads `500ms`, `30s`, `2m`, `1h` as milliseconds.
fn duration(text: &str, root: &Origin, report: &mut Report<'_>) -> Option<u64> {
    let split = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let milliseconds = number.parse::<u64>().ok().zip(scale).and_then(|(number, scale)| number.checked_mul(scale));
    if milliseconds.is_none() {
        let finding = Finding::new(&rules::INVALID_DURATION, format!("`{text}` is not a duration"))
            .differing("a whole number with ms, s, m or h", format!("`{text}`"))
            .remedy("write for example `2m`");
        report.value(&root.join("scan.listing_cache_ttl"), finding);
    }
    milliseconds
}
