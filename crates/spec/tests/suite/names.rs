//! Names and paths: any that files have, in every place that takes one.

use cstspec_contract::{Catalog, ColumnSource, Severity, ViewBody};
use cstspec_spec::compile_embedded;

use crate::folder::CATALOG;
use crate::text::text;

/// The catalog of the specs, and the findings that are more than advice about names.
fn compiled(more: &[(&str, &str)]) -> (Option<Catalog>, String) {
    let mut files = vec![("catalog.yaml", CATALOG), ("plain.yaml", "session: plain\n")];
    files.extend(more);
    let compiled = compile_embedded(&files);
    let told: Vec<_> = compiled.findings.into_iter().filter(|finding| finding.severity > Severity::Info).collect();
    (compiled.catalog, text(&told))
}

fn catalog(more: &[(&str, &str)]) -> Catalog {
    let (catalog, told) = compiled(more);
    assert_eq!(told, "");
    catalog.unwrap()
}

fn told(more: &[(&str, &str)]) -> String {
    compiled(more).1
}

/// Renames follow the names that files have.
#[test]
fn renames_follow_file_names() {
    let dataset = |renames: &str| {
        format!(
            "dataset: events\nversion: 2\ncolumns:\n  event: 'struct<message_id: utf8, parts: list<struct<\"a.b\": int64, m: map<utf8, struct<level: int64>>>>>'\nevolution:\n  renames: {{ {renames} }}\n"
        )
    };
    for renames in [
        "theEvent: event, theEvent.messageId: message_id",
        "event.messageId: message_id",
        "theEvent: event, theEvent.pieces: parts, 'theEvent.pieces.ab': a.b",
        "theEvent: event, theEvent.pieces: parts, theEvent.pieces.marks: m, theEvent.pieces.marks.value.grade: level",
        "'\"the.event\"': event, '\"the.event\".\"message.id\"': message_id",
    ] {
        assert_eq!(told(&[("events.yaml", &dataset(renames))]), "", "{renames}");
    }
    for (renames, help) in [
        ("theEvent: event, theEvent.messageId: messageid", "did you mean `message_id`?"),
        ("theEvent.messageId: message_id", "spell the old path as the file has it"),
        ("event.messageId: event.message_id", "write only the new name, without the path: `message_id`"),
    ] {
        let told = told(&[("events.yaml", &dataset(renames))]);
        assert!(told.contains("C209") && told.contains(help), "{renames}: {told}");
    }
}

/// A list below the values of a map becomes rows.
#[test]
fn list_in_map_values() {
    let catalog = catalog(&[
        (
            "files.yaml",
            "dataset: files\nversion: 1\ncolumns:\n  ID: int64\n  a: 'struct<\"by.name\": map<utf8, list<struct<n: int64, deep: list<list<struct<x: list<int64>>>>>>>>'\n",
        ),
        (
            "one.yaml",
            "view: one\nrows: { of: files, unnest: 'a.\"by.name\".value' }\ncontext: { name: 'a.\"by.name\".key' }\ncolumns: { ID: row }\nomit: [deep]\n",
        ),
        ("two.yaml", "view: two\nrows: { of: files, unnest: 'a.\"by.name\".value.deep.x', as: x }\n"),
    ]);
    assert_eq!(
        catalog.view("one").unwrap().sql,
        "\
SELECT
  \"ID\",
  name,
  get_field(element_2, 'n') AS n
FROM (
  SELECT
    \"ID\",
    get_field(element_1, 'key') AS name,
    unnest(get_field(element_1, 'value')) AS element_2
  FROM (
    SELECT
      \"ID\",
      unnest(map_entries(get_field(a, 'by.name'))) AS element_1
    FROM files
  )
)
"
    );
    let two = &catalog.view("two").unwrap().sql;
    assert_eq!(two.matches("unnest(").count(), 5, "{two}");
}

/// Names in an expression that are words of SQL are put in quotes.
#[test]
fn expression_sql_words_quoted() {
    let files = (
        "files.yaml",
        "dataset: files\nversion: 1\ncolumns:\n  l: 'list<struct<offset: int64, trim: int64, Order: int64, user: int64, s: struct<limit: int64>>>'\n",
    );
    let view = |expression: &str| {
        format!("view: v\nrows: {{ of: files, unnest: l }}\ncolumns:\n  x: {{ expr: '{expression}' }}\n")
    };
    let sound = [
        ("offset + 1", "\"offset\" + 1"),
        ("OFFSET + \"Order\"", "\"offset\" + \"Order\""),
        ("s.limit", "\"s\".\"limit\""),
        ("\"trim\" - offset", "\"trim\" - \"offset\""),
    ];
    for (written, spelled) in sound {
        let catalog = catalog(&[files, ("v.yaml", &view(written))]);
        let ViewBody::Rows { sources, .. } = &catalog.view("v").unwrap().body else { panic!("{written}") };
        let Some(ColumnSource::Expr(sql)) = sources.last() else { panic!("{written}") };
        assert_eq!(sql.replace("s.\"", "\"s\".\""), spelled, "{written}");
    }
    for (written, help) in [
        ("trim + 1", "`trim` is a keyword of SQL: the column is written \"trim\""),
        ("user + 1", "`user` is a keyword of SQL: the column is written \"user\""),
        ("Order + 1", "names without quotes are read in lower case: write \"Order\""),
    ] {
        let told = told(&[files, ("v.yaml", &view(written))]);
        assert!(told.contains(help), "{written}: {told}");
    }
    // A written type does not make a call of the word.
    let files = ("files.yaml", "dataset: files\nversion: 1\ncolumns:\n  l: 'list<struct<current_date: date32>>'\n");
    let view = "view: v\nrows: { of: files, unnest: l }\ncolumns:\n  x: { expr: current_date, type: date32 }\n";
    let told = told(&[files, ("v.yaml", view)]);
    assert!(told.contains("`current_date` is a keyword of SQL: the column is written \"current_date\""), "{told}");
}

/// A qualified name is no name with a dot.
#[test]
fn qualified_name_and_dotted_name() {
    let files = ("files.yaml", "dataset: service.files\nversion: 1\ncolumns: { a: int64 }\n");
    let view = |from: &str| format!("view: v\nsql: SELECT a FROM {from}\noutput: {{ a: int64 }}\n");
    assert_eq!(told(&[files, ("v.yaml", &view("\"service.files\""))]), "");
    let told = told(&[files, ("v.yaml", &view("service.files"))]);
    assert!(told.contains("C107") && told.contains("write \"service.files\""), "{told}");
}

/// Words that YAML disagrees about are text as keys and in lists.
#[test]
fn yaml_words_as_text() {
    let files = "dataset: files\nversion: 1\ncolumns:\n  n: { type: int64, nullable: false }\n  y: { type: utf8, default: no }\n  on: utf8\n  off: utf8\nconstraints: { primary_key: [n] }\npartitions: [off]\n";
    let (catalog, told) = compiled(&[("files.yaml", files)]);
    let dataset = &catalog.unwrap().datasets[0];
    let names: Vec<&str> = dataset.columns.iter().map(cstspec_contract::Column::name).collect();
    assert_eq!(names, ["n", "y", "on", "off"]);
    assert_eq!(dataset.constraints.primary_key, ["n"]);
    assert_eq!(told.matches("C013").count(), 7, "{told}");
    assert_eq!(told.matches(" C").count(), 7, "{told}");
}

/// Lists of columns have names and paths have quotes.
#[test]
fn column_lists_and_paths() {
    let dataset = |key: &str, path: &str| {
        format!(
            "dataset: files\nversion: 1\ncolumns:\n  a.b: {{ type: int64, nullable: false }}\n  c: 'struct<\"d.e\": int64>'\nconstraints: {{ primary_key: [{key}], not_null: [{path}] }}\n"
        )
    };
    assert_eq!(told(&[("files.yaml", &dataset("a.b", "'\"a.b\"', 'c.\"d.e\"'"))]), "");
    let told = told(&[("files.yaml", &dataset("'\"a.b\"'", "a.b, '\"a.b', c..d"))]);
    assert!(told.contains("write `a.b` without quotes"), "{told}");
    assert_eq!((told.matches("C117").count(), told.matches("C204").count()), (2, 2), "{told}");
}
