//! Every promise of the catalogs in this repository leads back to the place where it was written.

use std::path::Path as FilePath;

use arrow_schema::{DataType, FieldRef};
use cstspec_contract::{Catalog, Origin, Path, Relation, list_child, map_fields};
use cstspec_spec::{Compiled, compile};

/// Calls `found` with the path of every field at any depth.
fn walk(fields: &[FieldRef], above: &Path, found: &mut impl FnMut(&Path)) {
    for field in fields {
        walk_field(field.name(), field.data_type(), above, found);
    }
}

fn walk_field(name: &str, data_type: &DataType, above: &Path, found: &mut impl FnMut(&Path)) {
    let path = above.join(name);
    found(&path);
    walk_inside(data_type, &path, found);
}

fn walk_inside(data_type: &DataType, path: &Path, found: &mut impl FnMut(&Path)) {
    match data_type {
        DataType::Struct(fields) => walk(fields, path, found),
        DataType::Map(entries, _) => {
            let (key, value) = map_fields(entries).unwrap();
            walk_field("key", key.data_type(), path, found);
            walk_field("value", value.data_type(), path, found);
        }
        DataType::Dictionary(_, values) => walk_inside(values, path, found),
        other => {
            if let Some(item) = list_child(other) {
                walk_inside(item.data_type(), path, found);
            }
        }
    }
}

/// The last key of an origin, where it is the name of what was looked for.
fn hold(catalog: &Catalog, compiled: &Compiled) -> usize {
    let mut paths = 0;
    let written = |origin: &Origin, what: &str| {
        assert!(compiled.sources.is_written(origin), "{what} was not written at {origin}");
        assert!(compiled.sources.place(origin).is_some());
    };
    for relation in catalog.relations() {
        written(relation.origin(), relation.name());
        let fields: Vec<FieldRef> = relation.columns().iter().map(|column| column.field.clone()).collect();
        walk(&fields, &Path::default(), &mut |path| {
            let origin = relation.locate(path).unwrap_or_else(|| panic!("{}.{path} is nowhere", relation.name()));
            written(&origin, &format!("{}.{path}", relation.name()));
            paths += 1;
        });
    }
    for dataset in &catalog.datasets {
        for default in &dataset.defaults {
            written(&default.origin, &format!("the default of {}", default.path));
        }
        for allowed in &dataset.allowed {
            written(&allowed.origin, &format!("the values of {}", allowed.path));
        }
    }
    for session in &catalog.sessions {
        for (name, setting) in &session.settings {
            written(&setting.origin, name);
        }
    }
    for (name, origin) in catalog
        .functions
        .iter()
        .map(|function| (&function.name, &function.origin))
        .chain(catalog.statements.iter().map(|statement| (&statement.name, &statement.origin)))
        .chain(catalog.boundaries.iter().map(|boundary| (&boundary.name, &boundary.origin)))
    {
        written(origin, name);
    }
    paths
}

fn compiled(folder: &str) -> (Catalog, Compiled) {
    let compiled = compile(&FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder));
    assert!(compiled.findings.is_empty(), "{}", crate::text::text(&compiled.findings));
    (compiled.catalog.clone().unwrap(), compiled)
}

/// Every nested path has an origin that was written.
#[test]
fn nested_paths_have_origins() {
    let (catalog, sources) = compiled("specs");
    assert!(hold(&catalog, &sources) > 400);
    let (catalog, sources) = compiled("tests/catalogs/telemetry");
    assert!(hold(&catalog, &sources) > 150);
}

/// Origins are those of the named type that says it.
#[test]
fn named_type_origins() {
    let (catalog, _) = compiled("specs");
    let locate = |relation: &str, path: &str| {
        catalog
            .relation(relation)
            .and_then(|relation: Relation<'_>| relation.locate(&cstspec_contract::prelude::path(path)))
            .unwrap()
            .to_string()
    };
    for (relation, path, origin) in [
        ("libcst_files_v1", "refs", "datasets/libcst_files_v1.yaml#columns.refs"),
        ("libcst_files_v1", "refs.expr_ctx", "types/cst_ref.yaml#fields.expr_ctx"),
        ("libcst_files_v1", "docstrings.file_id", "types/file_identity.yaml#fields.file_id"),
        ("libcst_files_v1", "refs.attrs", "types/cst_ref.yaml#fields.attrs"),
        ("libcst_files_v1", "refs.attrs.value", "types/attrs.yaml#is"),
        ("cst_refs", "expr_ctx", "types/cst_ref.yaml#fields.expr_ctx"),
        ("cst_refs", "file_id", "views/cst_refs.yaml#columns.file_id"),
        ("cst_refs", "attrs.key", "types/attrs.yaml#is"),
        ("cst_refs_attrs", "attr_key", "views/cst_refs.yaml#accessors.cst_refs_attrs"),
    ] {
        assert_eq!(locate(relation, path), origin, "{relation}.{path}");
    }
}
