//! Refreshes of specs: the edits change the lines of what changed, and no others.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema};
use cstspec_contract::types::{annotated, list, map, nullable, required, structure};
use cstspec_contract::{Catalog, with_list_child};
use cstspec_import::Existing;
use cstspec_import::refresh::{Change, Difference, Kind, Plan, Refresh, apply, differences};
use cstspec_spec::{Compiled, compile_embedded};

const ROOT: &str = "catalog: c\nversion: 1\nengine: \"55.2.0\"\ninclude: [types, datasets]\n";

type Texts = BTreeMap<String, String>;

fn texts(files: &[(&str, &str)]) -> Texts {
    let root = ("catalog.yaml", ROOT);
    std::iter::once(&root).chain(files).map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn compiled(texts: &Texts) -> (Compiled, Catalog) {
    let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut compiled = compile_embedded(&files);
    let catalog = compiled.catalog.take().unwrap_or_else(|| panic!("{:#?}\n{texts:#?}", compiled.findings));
    (compiled, catalog)
}

/// No type is read as another.
fn found(catalog: &Catalog, table: &Schema) -> Vec<Difference> {
    let dataset = catalog.dataset("d").unwrap();
    differences(dataset, table, &dataset.partitions, &|_, found, declared| found.data_type() == declared.data_type())
}

/// The files after a refresh of the dataset `d`, and what changed.
fn refreshed(before: &Texts, table: &Schema) -> (Texts, Vec<Change>) {
    let (compiled_before, catalog) = compiled(before);
    let existing = Existing::of(before.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let dataset = catalog.dataset("d").unwrap();
    let refresh = Refresh { catalog: &catalog, sources: &compiled_before.sources, dataset, existing: &existing };
    let Plan { edits, created, changes, .. } = refresh.plan(&found(&catalog, table));
    let mut after = before.clone();
    for (file, edits) in edits {
        let text = apply(&before[&file], &edits).unwrap();
        after.insert(file, text);
    }
    after.extend(created);
    if changes.iter().all(|change| change.stuck.is_none()) {
        let (_, catalog) = compiled(&after);
        let left = found(&catalog, table);
        assert!(left.is_empty(), "{left:#?}\n{after:#?}");
    }
    (after, changes)
}

/// The lines that are in one of the texts alone: `file - line` and `file + line`.
fn lines(before: &Texts, after: &Texts) -> Vec<String> {
    let mut lines = Vec::new();
    for (file, new) in after {
        let old = before.get(file).map_or("", String::as_str);
        let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
        let start = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
        let most = old.len().min(new.len()) - start;
        let end = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(one, other)| one == other).count();
        lines.extend(old[start..old.len() - end].iter().map(|line| format!("{file} -{line}")));
        lines.extend(new[start..new.len() - end].iter().map(|line| format!("{file} +{line}")));
    }
    lines
}

/// The schema of the dataset `d`, with the struct at `holder` changed.
fn table(before: &Texts, holder: &str, change: &dyn Fn(&mut Vec<FieldRef>)) -> Schema {
    let (_, catalog) = compiled(before);
    let mut fields: Vec<FieldRef> = catalog.dataset("d").unwrap().schema().fields().to_vec();
    let names: Vec<&str> = holder.split('.').filter(|name| !name.is_empty()).collect();
    at(&mut fields, &names, change);
    Schema::new(fields)
}

fn at(fields: &mut Vec<FieldRef>, names: &[&str], change: &dyn Fn(&mut Vec<FieldRef>)) {
    let Some((name, rest)) = names.split_first() else { return change(fields) };
    let field = fields.iter_mut().find(|field| field.name() == name).unwrap_or_else(|| panic!("no {name}"));
    *field = Arc::new(field.as_ref().clone().with_data_type(inside(field.data_type(), rest, change)));
}

fn inside(data_type: &DataType, names: &[&str], change: &dyn Fn(&mut Vec<FieldRef>)) -> DataType {
    match data_type {
        DataType::Struct(fields) => {
            let mut fields = fields.to_vec();
            at(&mut fields, names, change);
            DataType::Struct(fields.into())
        }
        DataType::Map(entries, _) => {
            let (key, value) = cstspec_contract::map_fields(entries).unwrap();
            let value = value.as_ref().clone();
            let data_type = inside(value.data_type(), &names[1..], change);
            cstspec_contract::types::map_of(key.clone(), value.with_data_type(data_type).into())
        }
        other => {
            let item = cstspec_contract::list_child(other).unwrap_or_else(|| panic!("no fields in {other}"));
            let data_type = inside(item.data_type(), names, change);
            with_list_child(other, Field::new(item.name(), data_type, item.is_nullable()).into())
        }
    }
}

/// Adds `field` behind the field `after`, or as the first one.
fn adds(after: &'static str, field: FieldRef) -> impl Fn(&mut Vec<FieldRef>) {
    move |fields| {
        let place = fields.iter().position(|one| one.name() == after).map_or(0, |place| place + 1);
        fields.insert(place, field.clone());
    }
}

fn new() -> FieldRef {
    nullable("new", DataType::Int32)
}

const REF: &str = "\
# A reference.
type: ref

fields:
  # The first.
  a: int8 # one
  b: { type: utf8, nullable: false }   # two

  # The last.
  c: list<inner>
";
const INNER: &str = "type: inner\nfields:\n    x:    int8\n    name: 'utf8'\n    long: utf8\n";
const D: &str = "\
dataset: d
version: 1   # of the schema
columns:
  id: {type: int64, nullable: false}
  refs: list<ref>
  s: \"struct<p: int8, q: struct<r: utf8, s: int8 not null>>\"
  m: >-
    map<utf8,
      struct<level: int8,
             kind: utf8>>

constraints: { primary_key: [id] }
";

fn sound() -> Texts {
    texts(&[("types/ref.yaml", REF), ("types/inner.yaml", INNER), ("datasets/d.yaml", D)])
}

/// A new field is one line, or a part of the line of a struct's text, in the style of its neighbours.
#[test]
fn field_added_at_its_place() {
    let before = sound();
    for (holder, after, field, expected) in [
        ("", "id", new(), vec!["datasets/d.yaml +  new: int32"]),
        ("", "", new(), vec!["datasets/d.yaml +  new: int32"]),
        ("", "m", required("new", DataType::Int32), vec!["datasets/d.yaml +  new: { type: int32, nullable: false }"]),
        ("refs", "", new(), vec!["types/ref.yaml +  new: int32", "types/ref.yaml +  # The first."]),
        ("refs", "a", new(), vec!["types/ref.yaml +  new: int32"]),
        ("refs", "b", nullable("on", DataType::Utf8), vec!["types/ref.yaml +  \"on\": utf8"]),
        ("refs", "c", new(), vec!["types/ref.yaml +  new: int32"]),
        (
            "refs",
            "c",
            annotated(&new(), [("unit", "ms")]),
            vec!["types/ref.yaml +  new: { type: int32, metadata: { unit: ms } }"],
        ),
        ("refs.c", "x", new(), vec!["types/inner.yaml +    new:  int32"]),
        ("refs.c", "long", nullable("new_name", DataType::Int8), vec!["types/inner.yaml +    new_name: int8"]),
        (
            "s",
            "p",
            new(),
            vec![
                "datasets/d.yaml -  s: \"struct<p: int8, q: struct<r: utf8, s: int8 not null>>\"",
                "datasets/d.yaml +  s: \"struct<p: int8, new: int32, q: struct<r: utf8, s: int8 not null>>\"",
            ],
        ),
        (
            "s.q",
            "s",
            nullable("a b", DataType::Int32),
            vec![
                "datasets/d.yaml -  s: \"struct<p: int8, q: struct<r: utf8, s: int8 not null>>\"",
                "datasets/d.yaml +  s: \"struct<p: int8, q: struct<r: utf8, s: int8 not null, \\\"a b\\\": int32>>\"",
            ],
        ),
        ("m.value", "level", new(), vec!["datasets/d.yaml +             new: int32,"]),
        (
            "m.value",
            "kind",
            new(),
            vec![
                "datasets/d.yaml -             kind: utf8>>",
                "datasets/d.yaml +             kind: utf8,",
                "datasets/d.yaml +             new: int32>>",
            ],
        ),
    ] {
        let table = table(&before, holder, &adds(after, field));
        let (now, changes) = refreshed(&before, &table);
        let mut lines = lines(&before, &now);
        // The first lines of the two texts are the same where a comment stands above.
        lines.sort();
        let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        expected.retain(|line| !line.ends_with("# The first."));
        expected.sort();
        assert_eq!(lines, expected, "{holder}.{after}: {now:#?}");
        assert_eq!((changes.len(), changes[0].is_asked), (1, false), "{changes:#?}");
    }
}

/// The bytes of line ends, and of a last line without one, stay.
#[test]
fn line_ends_kept() {
    let windows: Texts = sound().into_iter().map(|(path, text)| (path, text.replace('\n', "\r\n"))).collect();
    let (now, _) = refreshed(&windows, &table(&windows, "refs", &adds("a", new())));
    assert_eq!(now["types/ref.yaml"], windows["types/ref.yaml"].replace("# one\r\n", "# one\r\n  new: int32\r\n"));
    let (now, _) = refreshed(&windows, &table(&windows, "refs.c", &adds("long", new())));
    assert_eq!(
        now["types/inner.yaml"],
        windows["types/inner.yaml"].replace("long: utf8\r\n", "long: utf8\r\n    new:  int32\r\n")
    );
    let mut open = sound();
    open.insert("types/inner.yaml".to_owned(), INNER.trim_end().to_owned());
    let (now, _) = refreshed(&open, &table(&open, "refs.c", &adds("long", new())));
    assert_eq!(now["types/inner.yaml"], format!("{}\n    new:  int32", INNER.trim_end()));
}

/// Mappings in braces, on one line and on several, and mappings of mappings.
#[test]
fn styles_of_mappings() {
    let d = |columns: &str| format!("dataset: d\nversion: 1\ncolumns: {columns}\n");
    for (columns, after, field, expected) in [
        ("{ a: int8, b: utf8 }", "a", new(), "{ a: int8, new: int32, b: utf8 }"),
        ("{a: int8, b: utf8}", "b", new(), "{a: int8, b: utf8, new: int32}"),
        ("{ a: int8, b: utf8 } # why", "", new(), "{ new: int32, a: int8, b: utf8 } # why"),
        ("{ a: int8 }", "a", nullable("new", DataType::Decimal128(4, 2)), "{ a: int8, new: \"decimal128(4, 2)\" }"),
        (
            "{\n  a: int8, # one\n  b: utf8, # two\n}",
            "a",
            new(),
            "{\n  a: int8, # one\n  new: int32,\n  b: utf8, # two\n}",
        ),
        (
            "{\n  a: int8, # one\n  b: utf8, # two\n}",
            "b",
            new(),
            "{\n  a: int8, # one\n  b: utf8, # two\n  new: int32,\n}",
        ),
        ("{\n  a: int8,\n  b: utf8 # two\n}", "b", new(), "{\n  a: int8,\n  b: utf8, # two\n  new: int32\n}"),
        ("{\n  a: int8,\n  b: utf8 }", "b", new(), "{\n  a: int8,\n  b: utf8, new: int32 }"),
        ("{\n  a: int8,\n  b: utf8 }", "", new(), "{\n  new: int32,\n  a: int8,\n  b: utf8 }"),
        (
            "\n  a:\n      type: int8\n      doc: |\n        Long.\n\n        Text.\n\n  b: utf8",
            "a",
            required("new", DataType::Int32),
            "\n  a:\n      type: int8\n      doc: |\n        Long.\n\n        Text.\n  new:\n      type: int32\n      nullable: false\n\n  b: utf8",
        ),
        (
            "\n  \"a\": \"int8\"\n  \"b\": \"utf8\"",
            "a",
            new(),
            "\n  \"a\": \"int8\"\n  \"new\": \"int32\"\n  \"b\": \"utf8\"",
        ),
    ] {
        let before = texts(&[("datasets/d.yaml", &d(columns))]);
        let (now, _) = refreshed(&before, &table(&before, "", &adds(after, field)));
        assert_eq!(now["datasets/d.yaml"], d(expected), "{columns}");
    }
}

/// Several new fields, and a new struct, which gets a named type or has one.
#[test]
fn fields_of_several_kinds() {
    let before = sound();
    let several = |fields: &mut Vec<FieldRef>| {
        adds("a", nullable("two", DataType::Int8))(fields);
        adds("a", nullable("one", DataType::Int8))(fields);
        adds("c", nullable("three", DataType::Int8))(fields);
    };
    let (now, _) = refreshed(&before, &table(&before, "refs", &several));
    let expected =
        REF.replace("# one\n", "# one\n  one: int8\n  two: int8\n").replace("<inner>\n", "<inner>\n  three: int8\n");
    assert_eq!(now["types/ref.yaml"], expected);

    let inner =
        structure([nullable("x", DataType::Int8), nullable("name", DataType::Utf8), nullable("long", DataType::Utf8)]);
    let (now, _) = refreshed(&before, &table(&before, "", &adds("refs", nullable("more", list(inner)))));
    assert_eq!(lines(&before, &now), ["datasets/d.yaml +  more: list<inner>"]);

    let place = structure([nullable("line", DataType::Int32), nullable("inner", list(DataType::Utf8))]);
    let field = nullable("places", map(DataType::Utf8, place));
    let (now, _) = refreshed(&before, &table(&before, "refs", &adds("b", field)));
    assert_eq!(lines(&before, &now).len(), 5, "{now:#?}");
    assert_eq!(now["types/place.yaml"], "type: place\nfields:\n  line: int32\n  inner: list<utf8>\n");
    assert!(
        now["types/ref.yaml"].contains("  places: \"map<utf8, place>\"\n")
            || now["types/ref.yaml"].contains("  places: map<utf8, place>\n"),
        "{now:#?}"
    );
}

/// A field of one of several structs that share a type: that one gets a type that extends it, and the others stay as they are.
#[test]
fn shared_type_extended() {
    let before = texts(&[
        ("types/span.yaml", "type: span\nfields: { start: int8, end: int8 } # both\n"),
        ("types/ref.yaml", "type: ref\nfields:\n  a: span # here\n  b: { type: list<span>, doc: There. }\n"),
        ("datasets/d.yaml", "dataset: d\nversion: 1\ncolumns:\n  refs: list<ref>\n  whole: span\n"),
    ]);
    let (now, changes) = refreshed(&before, &table(&before, "refs.b", &adds("end", new())));
    assert_eq!(
        lines(&before, &now),
        [
            "types/b.yaml +type: b",
            "types/b.yaml +extends: [span]",
            "types/b.yaml +fields:",
            "types/b.yaml +  new: int32",
            "types/ref.yaml -  b: { type: list<span>, doc: There. }",
            "types/ref.yaml +  b: { type: list<b>, doc: There. }",
        ]
    );
    assert!(!changes[0].is_asked && changes[0].what.contains("extends `span`"), "{changes:#?}");
    // All three have it: the type has it.
    let all = {
        let first = table(&before, "refs.a", &adds("start", new()));
        let mut fields = first.fields().to_vec();
        at(&mut fields, &["refs", "b"], &adds("start", new()));
        at(&mut fields, &["whole"], &adds("start", new()));
        Schema::new(fields)
    };
    let (now, changes) = refreshed(&before, &all);
    assert_eq!(now["types/span.yaml"], "type: span\nfields: { start: int8, new: int32, end: int8 } # both\n");
    assert_eq!(changes.len(), 3);
}

/// A type that another dataset has too changes when somebody agrees, as do removals and other types.
#[test]
fn changes_asked_for() {
    let mut before = sound();
    before.insert("datasets/other.yaml".to_owned(), "dataset: other\nversion: 1\ncolumns: { r: ref }\n".to_owned());
    let (now, changes) = refreshed(&before, &table(&before, "refs", &adds("a", new())));
    assert_eq!(lines(&before, &now), ["types/ref.yaml +  new: int32"]);
    assert!(changes[0].is_asked && changes[0].what.contains("`other`"), "{changes:#?}");

    let before = sound();
    let removes = |name: &'static str| move |fields: &mut Vec<FieldRef>| fields.retain(|field| field.name() != name);
    for (holder, name, file, old, new) in [
        ("refs", "b", "types/ref.yaml", "  b: { type: utf8, nullable: false }   # two\n", ""),
        ("", "s", "datasets/d.yaml", "  s: \"struct<p: int8, q: struct<r: utf8, s: int8 not null>>\"\n", ""),
        ("s", "p", "datasets/d.yaml", "struct<p: int8, q: ", "struct<q: "),
        ("s.q", "s", "datasets/d.yaml", ", s: int8 not null", ""),
    ] {
        let (now, changes) = refreshed(&before, &table(&before, holder, &removes(name)));
        assert_eq!(now[file], before[file].replace(old, new), "{holder}.{name}");
        assert!(changes.len() == 1 && changes[0].is_asked, "{changes:#?}");
    }
    let retypes = |name: &'static str, data_type: DataType| {
        move |fields: &mut Vec<FieldRef>| {
            for field in fields.iter_mut().filter(|field| field.name() == name) {
                *field = Arc::new(field.as_ref().clone().with_data_type(data_type.clone()));
            }
        }
    };
    for (holder, name, data_type, file, old, new) in [
        ("refs", "b", DataType::Int64, "types/ref.yaml", "type: utf8", "type: int64"),
        ("refs.c", "name", DataType::LargeUtf8, "types/inner.yaml", "'utf8'", "'large_utf8'"),
        ("refs", "c", list(DataType::Int8), "types/ref.yaml", "list<inner>", "list<int8>"),
        ("s.q", "s", DataType::Int64, "datasets/d.yaml", "s: int8 not null", "s: int64 not null"),
    ] {
        let (now, changes) = refreshed(&before, &table(&before, holder, &retypes(name, data_type)));
        assert_eq!(now[file], before[file].replace(old, new), "{holder}.{name}");
        assert!(changes.len() == 1 && changes[0].is_asked, "{changes:#?}");
    }
}

/// A field that a shared type has cannot go from one place alone.
#[test]
fn change_of_one_place_stuck() {
    let before = texts(&[
        ("types/span.yaml", "type: span\nfields: { start: int8, end: int8 }\n"),
        ("datasets/d.yaml", "dataset: d\nversion: 1\ncolumns: { a: span, b: span }\n"),
    ]);
    let (now, changes) = refreshed(&before, &table(&before, "a", &|fields| drop(fields.pop())));
    assert_eq!(lines(&before, &now), Vec::<String>::new());
    assert!(changes[0].stuck.as_ref().is_some_and(|why| why.contains("`b.end`")), "{changes:#?}");
    assert!(matches!(
        found(&compiled(&before).1, &table(&before, "a", &|fields| drop(fields.pop())))[0].kind,
        Kind::Removed
    ));
}
