//! What a named type says of all fields that have it: whether they may be NULL, and which values they may have.

use cstspec_contract::{AllowedValues, Catalog, spelling};
use cstspec_spec::Compiled;

use crate::folder;
use crate::text::text;

const STATE: &str = "type: state\nis: utf8\nnullable: false\nallowed: [open, done, lost]\ndefault: open\n";

fn compiled(more: &[(&str, &str)]) -> Compiled {
    folder::compiled(&[&[("state.yaml", STATE)], more].concat())
}

fn catalog(columns: &str, more: &[(&str, &str)]) -> Catalog {
    let dataset = format!("dataset: d\nversion: 1\ncolumns:\n{columns}");
    folder::clean(compiled(&[&[("d.yaml", dataset.as_str())], more].concat()))
}

/// `path elements: values` of each.
fn lines(allowed: &[AllowedValues]) -> Vec<String> {
    let line = |one: &AllowedValues| {
        let values: Vec<String> = one.values.iter().map(ToString::to_string).collect();
        format!("{} {}: {}", one.path, one.elements, values.join(" "))
    };
    allowed.iter().map(line).collect()
}

/// Every use has the values of the type, at every depth: fields, elements of lists in lists, both sides of maps, encoded values.
#[test]
fn allowed_values_at_every_use() {
    let catalog = catalog(
        "  plain: state
  list: list<state>
  lists: list<large_list<state>>
  inside: list<struct<a: state, b: list<state>>>
  map: map<state, list<state>>
  code: dictionary<int32, state>
  codes: list<dictionary<int32, state>>
  runs: run_end_encoded<int32, state>
  items: { type: list, items: { type: int8, allowed: [1, 2] } }
  whole: { type: list<utf8>, allowed: [[a], [a, b]] }
"
        .replace("list<struct<a: state, b: list<state>>>", "\"list<struct<a: state, b: list<state>>>\"")
        .as_str(),
        &[],
    );
    let all = "\"open\" \"done\" \"lost\"";
    let dataset = catalog.dataset("d").unwrap();
    assert_eq!(
        lines(&dataset.allowed),
        [
            format!("code 0: {all}"),
            format!("codes 1: {all}"),
            format!("inside.a 0: {all}"),
            format!("inside.b 1: {all}"),
            "items 1: 1 2".to_owned(),
            format!("list 1: {all}"),
            format!("lists 2: {all}"),
            format!("map.key 0: {all}"),
            format!("map.value 1: {all}"),
            format!("plain 0: {all}"),
            format!("runs 0: {all}"),
            "whole 0: [\"a\"] [\"a\", \"b\"]".to_owned(),
        ]
    );
    assert!(dataset.allowed.iter().filter(|one| one.values.len() == 3).all(|one| one.origin.file == "state.yaml"));
}

/// A type that is never NULL makes its uses NOT NULL, unless one says otherwise.
#[test]
fn nullability_of_type_and_use() {
    let catalog = catalog(
        "  plain: state
  said: { type: state, nullable: true }
  list: list<state>
  inside: { a: state, b: { type: state, nullable: true } }
  map: map<utf8, state>
  code: dictionary<int32, state>
  relaxed: { type: list, items: { type: state, nullable: true } }
  alias: alias
  loose: loose
  span: span
  spans: list<span>
",
        &[
            ("alias.yaml", "type: alias\nis: state\n"),
            ("loose.yaml", "type: loose\nis: state\nnullable: true\n"),
            ("span.yaml", "type: span\nnullable: false\nfields: { start: int32 }\n"),
        ],
    );
    let columns: Vec<String> = catalog
        .dataset("d")
        .unwrap()
        .columns
        .iter()
        .map(|column| {
            let not_null = if column.field.is_nullable() { "" } else { " not null" };
            format!("{}{not_null}", spelling::short(column.field.data_type()))
        })
        .collect();
    assert_eq!(
        columns,
        [
            "utf8 not null",
            "utf8",
            "list<utf8 not null>",
            "struct<a: utf8 not null, b: utf8>",
            "map<utf8, utf8 not null>",
            "dictionary<int32, utf8> not null",
            "list<utf8>",
            "utf8 not null",
            "utf8",
            "struct<start: int32> not null",
            "list<struct<start: int32> not null>",
        ]
    );
}

/// A use, or a type made of another, allows fewer values and no others.
#[test]
fn use_allows_fewer_values() {
    let catalog = catalog(
        "  few: { type: state, allowed: [done, open] }\n  one: list<over>\n",
        &[("over.yaml", "type: over\nis: state\nallowed: [done]\ndefault: done\n")],
    );
    let dataset = catalog.dataset("d").unwrap();
    assert_eq!(lines(&dataset.allowed), ["few 0: \"done\" \"open\"", "one 1: \"done\""]);
    let found = compiled(&[
        ("d.yaml", "dataset: d\nversion: 1\ncolumns: { a: { type: state, allowed: [open, shut] }, b: { type: list, items: { type: state, allowed: [gone] } } }\n"),
        ("over.yaml", "type: over\nis: state\nallowed: [over]\n"),
    ])
    .findings;
    let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_ref()).collect();
    assert_eq!(codes, ["C223", "C223", "C223", "C222"], "{}", text(&found));
}

/// The output of a query has the values of its types.
#[test]
fn query_output_has_allowed_values() {
    let catalog =
        catalog("  plain: state\n", &[("v.yaml", "view: v\nsql: SELECT plain FROM d\noutput: { plain: state }\n")]);
    let view = catalog.view("v").unwrap();
    assert_eq!(lines(&view.allowed), ["plain 0: \"open\" \"done\" \"lost\""]);
    assert!(!view.columns[0].field.is_nullable());
}
