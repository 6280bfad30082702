//! Specs of people who do not know the language yet, and optional parts.

use cstspec_contract::{Finding, Severity};
use cstspec_spec::{Compiled, compile_embedded};

use crate::folder::write;
use crate::text::text;

const CATALOG: &str = "catalog: case\nversion: 1\nengine: \"55.2.0\"\ninclude: [.]\n";

fn compile(more: &[(&str, &str)]) -> Compiled {
    let mut files = vec![("catalog.yaml", CATALOG)];
    files.extend(more);
    compile_embedded(&files)
}

fn of_type(written: &str) -> Vec<Finding> {
    let spec = format!("dataset: orders\nversion: 1\ncolumns:\n  a: '{}'\n", written.replace('\'', "''"));
    let named = ("named.yaml", "type: part\nfields: { x: int64 }\n");
    compile(&[("orders.yaml", &spec), named]).findings
}

/// Types of other systems get the spelling that is meant.
#[test]
fn foreign_types_suggested() {
    for (written, column, remedy) in [
        ("string", 7, "write `utf8`"),
        ("int", 7, "write `int64` or `int32`"),
        ("Int64", 7, "write `int64`"),
        ("boolean", 7, "write `bool`"),
        ("varchar(10)", 7, "write `utf8`"),
        ("timestamp", 7, "write `timestamp(us)`"),
        ("timestamp[us]", 16, "write `timestamp(us)`"),
        ("timestamp[us, tz=UTC]", 16, "write `timestamp(us, UTC)`"),
        ("Timestamp(Microsecond, Some(\"UTC\"))", 41, "write `timestamp(us, UTC)`"),
        ("array<part>", 7, "write `list<part>`"),
        ("list<string>", 12, "write `list<utf8>`"),
        ("list<item: int64>", 7, "write `list<int64>`"),
        ("struct<a: part, b: string>", 26, "write `struct<a: part, b: utf8>`"),
        ("struct<a: prt, b: string>", 17, "did you mean `part`?"),
        ("decimal(10, 2)", 7, "write `decimal128(10, 2)`"),
        ("decimal128(10)", 7, "write `decimal128(10, 0)`"),
        ("binary(16)", 7, "write `fixed_size_binary(16)`"),
        ("timestamp with time zone", 17, "write `timestamp(us, UTC)`"),
        ("prt", 7, "did you mean `part`?"),
        ("strng", 7, "write `utf8`"),
        ("list<bolean>", 12, "write `bool`"),
        ("int64 not null", 13, "write `int64` with `nullable: false` beside it"),
        ("varchar(9) NOT NULL", 18, "write `utf8` with `nullable: false` beside it"),
        ("struct<a:int>", 16, "write `\"struct<a: int64>\"`"),
    ] {
        let found = of_type(written);
        assert_eq!(found.len(), 1, "{written}: {}", text(&found));
        let place = found[0].spec.as_ref().unwrap();
        let at = (place.line, place.column.map(|column| column - 1));
        assert_eq!(found[0].remedy.as_deref(), Some(remedy), "{written}: {}", text(&found));
        assert_eq!(at, (Some(4), Some(column - 1)), "{written}: {}", text(&found));
    }
}

/// Keys without quotes that some reader of YAML takes for something else than text.
const KEYS: [&str; 24] = [
    "n",
    "y",
    "N",
    "Y",
    "no",
    "yes",
    "Off",
    "ON",
    "null",
    "Null",
    "~",
    "true",
    "False",
    "1",
    "-1",
    "012",
    "0x1F",
    "1_000",
    "1.5",
    ".inf",
    "1e3",
    "12:30",
    "2024-01-01",
    "=",
];

/// Keys are the names that stand there.
#[test]
fn keys_as_written() {
    for key in KEYS {
        let spec = format!("dataset: orders\nversion: 1\ncolumns:\n  {key}: int64\n  s: utf8\n");
        let more = [
            ("orders.yaml", spec),
            ("type.yaml", format!("type: part\nfields:\n  {key}: utf8\nmetadata:\n  {key}: x\n")),
            ("out.yaml", format!("boundary: out\ncolumns:\n  {key}: utf8\n")),
            ("all.yaml", format!("statements:\n  {key}: {{ sql: SELECT 1 }}\n")),
        ];
        let more: Vec<(&str, &str)> = more.iter().map(|(file, text)| (*file, text.as_str())).collect();
        let compiled = compile(&more);
        let worst = compiled.findings.iter().map(|finding| finding.severity).max();
        assert_eq!(worst, Some(Severity::Warning), "{key}: {}", text(&compiled.findings));
        let told = compiled.findings.iter().filter(|finding| finding.code == "C013").count();
        assert_eq!(told, 5, "{key}: {}", text(&compiled.findings));
        let catalog = compiled.catalog.unwrap();
        let dataset = catalog.dataset("orders").unwrap();
        assert_eq!(dataset.columns[0].field.name(), key);
        assert_eq!(catalog.boundaries[0].columns[0].field.name(), key);
        assert_eq!(catalog.statements[0].name, key);
        // In quotes nobody takes it for anything else.
        let quoted: Vec<(&str, String)> = more
            .iter()
            .map(|(file, text)| (*file, text.replace(&format!("  {key}:"), &format!("  \"{key}\":"))))
            .collect();
        let quoted: Vec<(&str, &str)> = quoted.iter().map(|(file, text)| (*file, text.as_str())).collect();
        let found = compile(&quoted).findings;
        assert!(found.iter().all(|finding| finding.code != "C013"), "{key}: {}", text(&found));
    }
}

/// Keys of constants may be numbers and values stay strict.
#[test]
fn constant_keys_numeric() {
    let spec = "dataset: orders\nversion: 1\ncolumns:\n  m: { type: \"map<int64, utf8>\", default: { 1: a, 2: b } }\n";
    assert!(compile(&[("orders.yaml", spec)]).findings.is_empty());
    for name in ["null", "~", "true", "1", "1.5"] {
        let spec = format!("dataset: {name}\nversion: 1\ncolumns: {{ id: int64 }}\n");
        let found = compile(&[("orders.yaml", &spec)]).findings;
        assert!(found.iter().any(|finding| finding.name == "wrong-type"), "{name}: {}", text(&found));
    }
}

/// A document without its version is judged all the same.
#[test]
fn document_without_version() {
    for version in ["verson: 1\n", "version:1\n", "version: \"1\"\n", ""] {
        let spec = format!("dataset: orders\n{version}columns: {{ id: int63 }}\n");
        let found = compile(&[("orders.yaml", &spec)]).findings;
        let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_ref()).collect();
        assert_eq!(codes.len(), 2, "{version:?}: {}", text(&found));
        assert!(codes.contains(&"C102"), "{version:?}: {}", text(&found));
    }
}

/// Keys that stand wrong are reported as that.
#[test]
fn keys_misplaced() {
    let remedy = |spec: &str| -> Vec<String> {
        let found = compile(&[("orders.yaml", spec)]).findings;
        found.into_iter().filter_map(|finding| finding.remedy).collect()
    };
    let found = remedy("dataset: orders\nversion: 1\ncolumns:\nid: int64\n");
    assert!(found.contains(&"indent it, if it belongs to `columns`, or remove it".to_owned()), "{found:?}");
    let found = remedy("dataset: orders\nversion: 1\ncolumns:\n\u{a0}id: int64\n");
    assert!(found.contains(&"write spaces in the place of U+00A0".to_owned()), "{found:?}");
    let found = remedy("dataset: orders\nversion: 1\ncolumns: { id: { type:int64 } }\n");
    assert_eq!(found, ["write type: int64: a blank belongs after the colon"]);
    let found = remedy("dataset: orders\nversion: 1\ncolumns: { id: int64 }\npartitions:\n  id\n");
    assert!(found.contains(&"write [id]".to_owned()), "{found:?}");
}

/// A catalog without a session has the built in one.
#[test]
fn catalog_without_session() {
    let dataset = ("orders.yaml", "dataset: orders\nversion: 1\ncolumns: { id: int64 }\n");
    let compiled = compile(&[dataset]);
    assert!(compiled.findings.is_empty(), "{}", text(&compiled.findings));
    let catalog = compiled.catalog.unwrap();
    assert_eq!(catalog.session, "built_in");
    let preset = catalog.session("built_in").unwrap();
    assert_eq!(preset.settings["datafusion.sql_parser.map_string_types_to_utf8view"].value, "false");
    assert_eq!(preset.settings["datafusion.execution.time_zone"].value, "UTC");
    for setting in preset.settings.values() {
        assert_eq!(compiled.sources.place(&setting.origin), Some((1, 1)));
    }
    for name in preset.settings.keys() {
        assert!(cstspec_spec::engine::setting(name).is_some(), "{name}");
    }

    // It can be named and extended, and is none of a catalog that does neither.
    let own = ("own.yaml", "session: own\nextends: [built_in]\nsettings: { datafusion.execution.time_zone: +02:00 }\n");
    let with = |session: &str, preset| {
        let catalog = format!("{CATALOG}session: {session}\n");
        compile_embedded(&[("catalog.yaml", &catalog), dataset, preset])
    };
    let catalog = with("own", own).catalog.unwrap();
    assert_eq!(catalog.sessions.len(), 2);
    let own = catalog.session("own").unwrap();
    assert_eq!(own.settings["datafusion.execution.time_zone"].value, "+02:00");
    assert_eq!(own.settings["datafusion.sql_parser.map_string_types_to_utf8view"].value, "false");
    let alone = ("own.yaml", "session: own\n");
    assert_eq!(with("own", alone).catalog.unwrap().sessions.len(), 1);
    assert_eq!(with("built_in", alone).catalog.unwrap().session, "built_in");
    let taken = with("own", ("own.yaml", "session: built_in\n"));
    assert!(taken.findings.iter().any(|finding| finding.name == "duplicate-name"), "{}", text(&taken.findings));
}

/// A mapping that a colon made of a type is reported as that.
#[test]
fn type_split_by_colon() {
    let spec = "statements:\n  s:\n    parameters:\n      - struct<a: int32>\n    sql: SELECT $1\n";
    let found = compile(&[("s.yaml", spec)]).findings;
    assert!(text(&found).contains("write \"struct<a: int32>\": without quotes"), "{}", text(&found));
    let spec = "dataset: orders\nversion: 1\ncolumns: { id: { type: int64, doc: one, two, three } }\n";
    let found = compile(&[("orders.yaml", spec)]).findings;
    assert!(text(&found).contains("write doc: \"one, two, three\": inside braces"), "{}", text(&found));
}

/// What a broken catalog includes is read.
#[test]
fn broken_catalog_includes() {
    let spec = "dataset: orders\nversion: 1\ncolumns: { id: int63 }\n";
    for include in [
        "include: [datasets, [views\n",
        "include:[datasets]\n",
        "include\n  - datasets\n",
        "include: 'datasets\n",
        "\tinclude: [datasets]\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let head = format!("catalog: case\nversion: 1\nengine: \"55.2.0\"\n{include}");
        write(folder.path(), "catalog.yaml", head);
        write(folder.path(), "datasets/orders.yaml", spec);
        write(folder.path(), "drafts/other.yaml", spec);
        let found = cstspec_spec::compile(folder.path()).findings;
        let of = |file: &str| {
            found.iter().filter(|finding| finding.spec.as_ref().is_some_and(|place| place.file == file)).count()
        };
        assert_eq!((of("datasets/orders.yaml"), of("drafts/other.yaml")), (1, 0), "{include:?}: {}", text(&found));
        assert!(of("catalog.yaml") > 0, "{include:?}: {}", text(&found));
    }
}

/// Texts in other encodings are named.
#[test]
fn encodings_named() {
    let spec = "dataset: orders\nversion: 1\ncolumns: { id: int64 }\n";
    let little: Vec<u8> = spec.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = spec.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let wide: Vec<u8> = spec.chars().flat_map(|sign| u32::from(sign).to_le_bytes()).collect();
    for (bytes, encoding) in [
        ([b"\xff\xfe".as_slice(), &little].concat(), "UTF-16"),
        ([b"\xfe\xff".as_slice(), &big].concat(), "UTF-16"),
        (little, "UTF-16"),
        (big, "UTF-16"),
        ([b"\xff\xfe\0\0".as_slice(), &wide].concat(), "UTF-32"),
        (wide, "UTF-32"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "catalog.yaml", CATALOG);
        write(folder.path(), "orders.yaml", bytes);
        let found = cstspec_spec::compile(folder.path()).findings;
        assert_eq!(found.len(), 1, "{}", text(&found));
        assert_eq!(found[0].observed.as_deref(), Some(format!("text in {encoding}").as_str()));
    }
}
