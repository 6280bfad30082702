//! Types that are written as YAML mappings, wherever a type stands.

use cstspec_contract::prelude::path;
use cstspec_contract::{Catalog, Origin, Path, spelling};

use crate::folder::{clean, compiled};
use crate::text::text;

fn catalog(more: &[(&str, &str)]) -> Catalog {
    clean(compiled(more))
}

/// The type of the column `c` that is written as `spec`.
fn column(spec: &str) -> String {
    let dataset = format!("dataset: d\nversion: 1\ncolumns:\n  c: {spec}\n");
    let catalog = catalog(&[
        ("d.yaml", &dataset),
        ("span.yaml", "type: span\nextension: { name: test.span }\nfields: { start: int32, end: int32 }\n"),
    ]);
    let column = &catalog.dataset("d").unwrap().columns[0];
    let not_null = if column.field.is_nullable() { "" } else { " not null" };
    format!("{}{not_null}", spelling::short(column.field.data_type()))
}

/// A mapping and the text of the same type are equal, at every depth and for every kind of list and map.
#[test]
fn mapping_equals_text() {
    for (mapping, text) in [
        (
            "{ id: int64, span: { start: int32, end: int32 } }",
            "struct<id: int64, span: struct<start: int32, end: int32>>",
        ),
        ("{ type: { type: utf8, doc: utf8 } }", "struct<type: utf8, doc: utf8>"),
        (
            "{ type: { id: { type: int64, nullable: false } }, nullable: false }",
            "{ type: \"struct<id: int64 not null>\", nullable: false }",
        ),
        ("{ type: list, items: { start: int32, end: int32 } }", "list<struct<start: int32, end: int32>>"),
        ("{ type: list, items: span }", "list<span>"),
        ("{ type: list, items: { type: utf8, nullable: false } }", "list<utf8 not null>"),
        ("{ type: large_list, items: { type: list, items: { a: utf8 } } }", "large_list<list<struct<a: utf8>>>"),
        ("{ type: list_view, items: utf8 }", "list_view<utf8>"),
        ("{ type: large_list_view, items: utf8 }", "large_list_view<utf8>"),
        ("{ type: fixed_size_list, items: { x: float64 }, size: 3 }", "fixed_size_list<struct<x: float64>, 3>"),
        ("{ type: map, key: utf8, value: { low: int8, high: int8 } }", "map<utf8, struct<low: int8, high: int8>>"),
        ("{ type: map, key: { type: utf8 }, value: { type: int64, nullable: false } }", "map<utf8, int64 not null>"),
        ("{ key: utf8, value: { type: list, items: span } }", "struct<key: utf8, value: list<span>>"),
        ("{ items: { type: map, key: utf8, value: span } }", "struct<items: map<utf8, span>>"),
    ] {
        let written = if text.starts_with('{') { text.to_owned() } else { format!("\"{text}\"") };
        assert_eq!(column(mapping), column(&written), "{mapping}");
    }
}

/// The type of list items keeps the metadata that is written beside it.
#[test]
fn item_metadata_kept() {
    let catalog = catalog(&[(
        "d.yaml",
        "dataset: d\nversion: 1\ncolumns:\n  c: { type: list, items: { type: utf8, metadata: { unit: m } } }\n",
    )]);
    let columns = &catalog.dataset("d").unwrap().columns;
    let arrow_schema::DataType::List(item) = columns[0].field.data_type() else { panic!("a list") };
    assert_eq!(item.metadata()["unit"], "m");
}

/// Everything that has a type takes a mapping: named types, outputs, columns of row views, boundaries and parameters.
#[test]
fn mapping_wherever_a_type_stands() {
    let catalog = catalog(&[
        ("pair.yaml", "type: pair\nis: { low: int8, high: { type: int8, doc: The upper end. } }\n"),
        ("pairs.yaml", "type: pairs\nis: list\nitems: { name: utf8, of: pair }\n"),
        ("limits.yaml", "type: limits\nis: map\nkey: utf8\nvalue: { type: pair, nullable: false }\n"),
        ("d.yaml", "dataset: d\nversion: 1\ncolumns: { pairs: pairs, limits: limits }\n"),
        (
            "v.yaml",
            "view: v\nsql: SELECT named_struct('a', 1) AS s FROM d\noutput: { s: { a: { type: int64, nullable: false } } }\n",
        ),
        ("functions.yaml", "functions: { named_struct: { signatures: [\"named_struct((utf8, any)...) -> ?\"] } }\n"),
        ("b.yaml", "boundary: b\ncolumns: { s: { a: int64 }, l: { type: list, items: { a: int64 } } }\n"),
        (
            "s.yaml",
            "statements: { s: { parameters: [utf8, { a: int64 }, { type: list, items: int64 }], sql: \"SELECT $1, $2, $3\" } }\n",
        ),
        (
            "r.yaml",
            "view: r\nrows: { of: d, unnest: pairs }\ncolumns:\n  of: { type: { low: int8, high: int8 } }\n  name: { type: utf8 }\n",
        ),
    ]);
    let types = |relation: &str| -> Vec<String> {
        let columns = catalog.relation(relation).unwrap().columns().to_vec();
        columns.iter().map(|column| spelling::short(column.field.data_type())).collect()
    };
    let pair = "struct<low: int8, high: int8>";
    assert_eq!(types("d"), [format!("list<struct<name: utf8, of: {pair}>>"), format!("map<utf8, {pair} not null>")]);
    assert_eq!(types("v"), ["struct<a: int64 not null>"]);
    assert_eq!(types("r"), ["utf8", pair]);
    let boundary = &catalog.boundaries[0].columns;
    assert_eq!(spelling::short(boundary[1].field.data_type()), "list<struct<a: int64>>");
    let parameters: Vec<String> = catalog.statements[0].parameters.iter().map(spelling::short).collect();
    assert_eq!(parameters, ["utf8", "struct<a: int64>", "list<int64>"]);
}

/// A field of a mapping has the place where it is written, its doc, its default and its allowed values.
#[test]
fn fields_of_mappings_have_places() {
    let spec = "dataset: d\nversion: 1\ncolumns:\n  refs:\n    type: list\n    items:\n      id: { type: int64, default: 0 }\n      span:\n        start: { type: int32, allowed: [1, 2] }\n        by: { type: { name: utf8 } }\n      tags: { type: map, key: utf8, value: { deep: { type: \"struct<x: int8>\" } } }\n";
    let compiled = compiled(&[("d.yaml", spec)]);
    assert!(compiled.findings.is_empty(), "{}", text(&compiled.findings));
    let catalog = compiled.catalog.clone().unwrap();
    let dataset = catalog.dataset("d").unwrap();
    for (of, key) in [
        ("refs", "columns.refs"),
        ("refs.id", "columns.refs.items.id"),
        ("refs.span", "columns.refs.items.span"),
        ("refs.span.start", "columns.refs.items.span.start"),
        ("refs.span.by.name", "columns.refs.items.span.by.type.name"),
        ("refs.tags.key", "columns.refs.items.tags.key"),
        ("refs.tags.value", "columns.refs.items.tags.value"),
        ("refs.tags.value.deep", "columns.refs.items.tags.value.deep"),
        ("refs.tags.value.deep.x", "columns.refs.items.tags.value.deep"),
    ] {
        let origin = dataset.locate(&path(of)).unwrap();
        assert_eq!(origin.to_string(), format!("d.yaml#{key}"), "{of}");
        assert!(compiled.sources.is_written(&origin), "{origin}");
    }
    let default: Vec<(&Path, &Origin)> = dataset.defaults.iter().map(|value| (&value.path, &value.origin)).collect();
    assert_eq!(default, [(&path("refs.id"), &Origin::parse("d.yaml#columns.refs.items.id.default"))]);
    assert_eq!(dataset.allowed[0].path, path("refs.span.start"));
}

/// Fields that a type takes over from another keep their places, those inside a mapping too.
#[test]
fn inherited_mapping_keeps_places() {
    let compiled = compiled(&[
        ("base.yaml", "type: base\nfields: { span: { start: int32 } }\n"),
        ("more.yaml", "type: more\nextends: [base]\nfields: { id: int64 }\n"),
        ("d.yaml", "dataset: d\nversion: 1\ncolumns: { all: list<more> }\n"),
    ]);
    let catalog = compiled.catalog.unwrap();
    let locate = |of: &str| catalog.dataset("d").unwrap().locate(&path(of)).unwrap().to_string();
    assert_eq!(locate("all.span"), "base.yaml#fields.span");
    assert_eq!(locate("all.span.start"), "base.yaml#fields.span.start");
    assert_eq!(locate("all.id"), "more.yaml#fields.id");
    let nested = &catalog.dataset("d").unwrap().nested;
    assert_eq!(nested.named_type(&path("all")), Some("more"));
    assert_eq!(nested.named_type(&path("all.span")), None, "a struct without a name");
}

/// Types that use each other through mappings are resolved in order, and a circle is found.
#[test]
fn mappings_order_named_types() {
    let catalog = catalog(&[
        ("a.yaml", "type: a\nfields: { b: { type: list, items: { c: { type: map, key: utf8, value: z } } } }\n"),
        ("z.yaml", "type: z\nfields: { id: int64 }\n"),
        ("d.yaml", "dataset: d\nversion: 1\ncolumns: { a: a }\n"),
    ]);
    let column = &catalog.dataset("d").unwrap().columns[0];
    assert_eq!(spelling::short(column.field.data_type()), "struct<b: list<struct<c: map<utf8, struct<id: int64>>>>>");
    let circle = compiled(&[
        ("a.yaml", "type: a\nfields: { b: { type: list, items: { c: z } } }\n"),
        ("z.yaml", "type: z\nis: { a: a }\n"),
    ]);
    let codes: Vec<&str> = circle.findings.iter().map(|finding| finding.code.as_ref()).collect();
    assert_eq!(codes, ["C103"], "{}", text(&circle.findings));
}
