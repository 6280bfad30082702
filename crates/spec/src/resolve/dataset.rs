//! Datasets.

use std::collections::{BTreeMap, BTreeSet};

use cstspec_contract::{
    Constraints, Dataset, Evolution, Finding, Ordering, Path, Reference, Scan, SortKey, list_child,
};

use super::column::{self, Columns};
use super::name;
use super::report::{Report, Spot, list};
use crate::documents::Document;
use crate::model::{DatasetSpec, ReferenceSpec, WordOr};
use crate::rules;
use crate::suggest::did_you_mean;
use crate::types::NamedTypes;

/// Resolves the datasets by name. One whose columns are at fault is kept with those that are sound.
pub fn resolve(
    documents: &[Document<DatasetSpec>],
    types: &NamedTypes,
    report: &mut Report<'_>,
) -> BTreeMap<String, Resolved> {
    let mut resolved: BTreeMap<String, Resolved> = BTreeMap::new();
    for document in documents {
        let dataset = resolve_one(document, types, report);
        // A second definition of the name is reported with the views'.
        resolved.entry(document.spec.dataset.clone()).or_insert(dataset);
    }
    resolved
}

/// A dataset, and the docs of its nested fields.
#[derive(Debug)]
pub struct Resolved {
    /// The dataset.
    pub dataset: Dataset,
    /// What nested fields mean.
    pub docs: BTreeMap<Path, String>,
    /// Some column could not be resolved: a name that is missing may be that column's.
    pub broken: bool,
}

fn resolve_one(document: &Document<DatasetSpec>, types: &NamedTypes, report: &mut Report<'_>) -> Resolved {
    let Document { file, spec } = document;
    let root = Spot::root(file);
    let columns = column::resolve_all(&spec.columns, &root.join("columns"), types, report);
    name::check_columns(report, spec.columns.keys().map(String::as_str), |name| root.join("columns").join(name));
    let mut checks = Checks { columns: &columns, dataset: &spec.dataset, report };
    checks.partitions(spec, &root);
    checks.ordering(spec, &root);
    checks.keys(spec, &root);
    checks.renames(spec, &root);
    checks.wishes(spec, &root);
    let listing_cache_ttl_ms = spec.scan.listing_cache_ttl.as_deref().and_then(|text| duration(text, &root, report));
    let Columns { columns, nested, defaults, allowed, docs, broken } = columns;
    let dataset = Dataset {
        name: spec.dataset.clone(),
        doc: spec.doc.clone(),
        version: spec.version,
        origin: root.join("dataset").origin(),
        columns,
        metadata: spec.metadata.iter().map(|(key, value)| (key.clone(), value.0.clone())).collect(),
        nested,
        partitions: spec.partitions.clone(),
        ordering: ordering(spec, &root),
        constraints: constraints(spec, &root),
        defaults,
        allowed,
        evolution: Evolution {
            missing: spec.evolution.missing.into(),
            extra: spec.evolution.extra.into(),
            casts: spec.evolution.casts.into(),
            nullability: spec.evolution.nullability.into(),
            renames: spec
                .evolution
                .renames
                .iter()
                .map(|(path, name)| (Path::new(path.as_str()), name.clone()))
                .collect(),
            origin: root.join("evolution").origin(),
        },
        scan: Scan {
            statistics: spec.scan.statistics.clone(),
            bloom_filters: spec.scan.bloom_filters.clone(),
            listing_cache_ttl_ms,
            listing_mutable: spec.scan.listing_mutable.unwrap_or(true),
        },
    };
    Resolved { dataset, docs, broken }
}

fn ordering(spec: &DatasetSpec, root: &Spot) -> Ordering {
    let Some(ordering) = &spec.ordering else { return Ordering::default() };
    let keys = ordering.by.iter().map(|key| match key {
        WordOr::Word(column) => SortKey { column: column.clone(), descending: false },
        WordOr::Mapping(key) => SortKey { column: key.column.clone(), descending: key.descending },
    });
    Ordering { keys: keys.collect(), scope: ordering.scope.into(), origin: root.join("ordering").origin() }
}

fn constraints(spec: &DatasetSpec, root: &Spot) -> Constraints {
    let spot = root.join("constraints");
    Constraints {
        primary_key: spec.constraints.primary_key.clone(),
        unique: spec.constraints.unique.clone(),
        not_null: spec.constraints.not_null.iter().map(|path| Path::new(path.as_str())).collect(),
        references: references(&spec.constraints.references, &spot.join("references")),
        origin: spot.origin(),
    }
}

/// References as a contract has them.
pub fn references(specs: &[ReferenceSpec], spot: &Spot) -> Vec<Reference> {
    let reference = |(number, spec): (usize, &ReferenceSpec)| Reference {
        columns: spec.columns.clone(),
        relation: spec.relation.clone(),
        to: spec.to.clone().unwrap_or_else(|| spec.columns.clone()),
        origin: spot.index(number).origin(),
    };
    specs.iter().enumerate().map(reference).collect()
}

/// Reads `500ms`, `30s`, `2m`, `1h` as milliseconds.
fn duration(text: &str, root: &Spot, report: &mut Report<'_>) -> Option<u64> {
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
        let finding = Finding::new(&rules::INVALID_DURATION, format!("`{text}` is no length of time"))
            .differing("a whole number with ms, s, m or h", format!("`{text}`"))
            .remedy("write for example `2m`");
        report.value(&root.join("scan.listing_cache_ttl"), finding);
    }
    milliseconds
}

struct Checks<'c, 'r, 's> {
    columns: &'c Columns,
    dataset: &'c str,
    report: &'r mut Report<'s>,
}

impl Checks<'_, '_, '_> {
    fn names(&self) -> Vec<&str> {
        self.columns.columns.iter().map(cstspec_contract::Column::name).collect()
    }

    /// Whether a column of this name was written, be its type sound or not.
    fn written(spec: &DatasetSpec, name: &str) -> bool {
        spec.columns.contains_key(name)
    }

    fn unknown(&mut self, rule: &'static cstspec_contract::Rule, what: &str, name: &str, spot: &Spot) {
        let known = self.names();
        let finding = Finding::new(rule, format!("the {what} `{name}` is no column of `{}`", self.dataset))
            .differing(format!("one of {}", list(&known)), format!("`{name}`"))
            .remedy(
                did_you_mean(name, known).unwrap_or_else(|| format!("add `{name}` to `columns`, or correct the name")),
            )
            .relation(self.dataset);
        self.report.value(spot, finding);
    }

    fn partitions(&mut self, spec: &DatasetSpec, root: &Spot) {
        let mut seen = BTreeSet::new();
        for (number, name) in spec.partitions.iter().enumerate() {
            let spot = root.join("partitions").index(number);
            let nested = name.contains('.');
            if !nested && !Self::written(spec, name) {
                self.unknown(&rules::PARTITION_NOT_IN_SCHEMA, "partition column", name, &spot);
                continue;
            }
            let column = self.columns.columns.iter().find(|column| column.name() == name);
            let data_type = column.map(|column| column.field.data_type());
            if nested || data_type.is_some_and(|data_type| data_type.is_nested() || list_child(data_type).is_some()) {
                let observed = data_type
                    .map_or_else(|| format!("the path `{name}`"), |data_type| format!("`{name}` of type {data_type}"));
                let finding = Finding::new(&rules::PARTITION_NESTED, format!("a folder name cannot carry `{name}`"))
                    .differing("a top-level column of a scalar type", observed)
                    .remedy("partition by a top-level column of a scalar type")
                    .relation(self.dataset);
                self.report.value(&spot, finding);
            }
            if !seen.insert(name) {
                let finding =
                    Finding::new(&rules::DUPLICATE_NAME, format!("the partition column `{name}` is listed twice"))
                        .remedy("remove one of the two")
                        .relation(self.dataset);
                self.report.value(&spot, finding);
            }
        }
    }

    fn ordering(&mut self, spec: &DatasetSpec, root: &Spot) {
        let Some(ordering) = &spec.ordering else { return };
        for (number, key) in ordering.by.iter().enumerate() {
            let item = root.join("ordering.by").index(number);
            let (name, spot) = match key {
                WordOr::Word(column) => (column, item),
                WordOr::Mapping(key) => (&key.column, item.join("column")),
            };
            if !Self::written(spec, name) {
                self.unknown(&rules::ORDERING_UNKNOWN, "sort key", name, &spot);
            }
        }
    }

    fn keys(&mut self, spec: &DatasetSpec, root: &Spot) {
        let spot = root.join("constraints");
        let primary = std::iter::once((&spec.constraints.primary_key, spot.join("primary_key")));
        let unique =
            spec.constraints.unique.iter().enumerate().map(|(number, key)| (key, spot.join("unique").index(number)));
        for (key, spot) in primary.chain(unique) {
            for (number, name) in key.iter().enumerate() {
                let spot = spot.index(number);
                if !Self::written(spec, name) {
                    self.unknown(&rules::KEY_UNKNOWN, "key column", name, &spot);
                    continue;
                }
                let column = self.columns.columns.iter().find(|column| column.name() == name);
                if column.is_some_and(|column| column.field.is_nullable()) {
                    let finding = Finding::new(&rules::UNIQUE_NULLABLE, format!("the key column `{name}` may be NULL"))
                        .differing("key columns with `nullable: false`", format!("`{name}` is nullable"))
                        .remedy(format!("declare `{name}` with `nullable: false`, or drop the key"))
                        .relation(self.dataset)
                        .path(name.as_str());
                    self.report.value(&spot, finding);
                }
            }
        }
        for (number, path) in spec.constraints.not_null.iter().enumerate() {
            self.path(path, &spot.join("not_null").index(number), spec);
        }
        for (number, reference) in spec.constraints.references.iter().enumerate() {
            for (item, name) in reference.columns.iter().enumerate() {
                if !Self::written(spec, name) {
                    let spot = spot.join("references").index(number).join("columns").index(item);
                    self.unknown(&rules::KEY_UNKNOWN, "referring column", name, &spot);
                }
            }
        }
    }

    /// A column or nested field that must exist.
    fn path(&mut self, dotted: &str, spot: &Spot, spec: &DatasetSpec) {
        let path = Path::new(dotted);
        let fields: Vec<_> = self.columns.columns.iter().map(|column| column.field.clone()).collect();
        let broken = Self::written(spec, path.column()) && !fields.iter().any(|field| field.name() == path.column());
        if path.find(&fields).is_none() && !broken {
            self.unknown(&rules::KEY_UNKNOWN, "path", dotted, spot);
        }
    }

    fn renames(&mut self, spec: &DatasetSpec, root: &Spot) {
        let fields: Vec<_> = self.columns.columns.iter().map(|column| column.field.clone()).collect();
        for (old, new) in &spec.evolution.renames {
            let segments: Vec<&str> = old.split('.').collect();
            let parent = segments[..segments.len() - 1].join(".");
            let target = Path::new(parent).join(new);
            if target.find(&fields).is_none() && !self.columns.broken {
                let finding = Finding::new(
                    &rules::RENAME_UNKNOWN,
                    format!("`{old}` is renamed to `{target}`, which does not exist"),
                )
                .differing("a field of the contract in the same place", format!("`{target}`"))
                .remedy("correct the new name: it is the name alone, without the path")
                .relation(self.dataset);
                self.report.value(&root.join("evolution.renames").join(old), finding);
            }
        }
    }

    fn wishes(&mut self, spec: &DatasetSpec, root: &Spot) {
        let lists = [("scan.statistics", &spec.scan.statistics), ("scan.bloom_filters", &spec.scan.bloom_filters)];
        for (key, paths) in lists {
            for (number, path) in paths.iter().enumerate() {
                self.path(path, &root.join(key).index(number), spec);
            }
        }
    }
}
