//! Boundaries.

use std::collections::BTreeMap;

use cstspec_contract::{Boundary, Finding, Origin};

use super::column::{self, Columns};
use super::name;
use super::report::Report;
use crate::documents::Document;
use crate::model::BoundarySpec;
use crate::rules;
use crate::types::NamedTypes;

/// Resolves the boundaries, sorted by name.
pub fn resolve(documents: &[Document<BoundarySpec>], types: &NamedTypes, report: &mut Report<'_>) -> Vec<Boundary> {
    let mut boundaries: BTreeMap<&str, Boundary> = BTreeMap::new();
    let mut spots: BTreeMap<&str, Origin> = BTreeMap::new();
    for document @ Document { file, spec, .. } in documents {
        let root = Origin::root(file);
        let origin = root.join("boundary");
        if spec.columns.is_empty() && !document.lacks("columns") {
            let finding = Finding::new(&rules::MISSING_KEY, format!("the boundary `{}` has no columns", spec.boundary))
                .differing("`columns` with a name and a type for each", "none")
                .remedy("declare the columns that the consumer requests");
            report.key(&root.join("columns"), finding);
        }
        name::is_sound(report, &origin, "boundary", &spec.boundary);
        if let Some(first) = spots.get(spec.boundary.as_str()) {
            let first = first.clone();
            report.duplicate_name(&origin, "boundary", &spec.boundary, &first);
            continue;
        }
        let Columns { all: columns, nested, defaults, .. } =
            column::resolve_all(&spec.columns, &root.join("columns"), types, report);
        name::check_columns(report, spec.columns.keys().map(String::as_str), |name| {
            (root.join("columns").join(name), "rename it")
        });
        spots.insert(&spec.boundary, origin.clone());
        boundaries.insert(
            &spec.boundary,
            Boundary {
                name: spec.boundary.clone(),
                doc: spec.doc.clone(),
                origin: origin.clone(),
                columns,
                nested,
                metadata: spec.metadata.iter().map(|(key, value)| (key.clone(), value.0.clone())).collect(),
                defaults,
                missing: spec.missing,
                extra: spec.extra,
                casts: spec.casts,
            },
        );
    }
    boundaries.into_values().collect()
}
