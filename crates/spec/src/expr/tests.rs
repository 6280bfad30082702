//! Places of mistakes, hostile texts, and what queries use. Types are held against the engine in `tests/suite/expressions.rs`.

use std::time::{Duration, Instant};

use arrow_schema::DataType;
use cstspec_contract::types;

use super::*;

fn scope() -> Scope {
    let point = types::structure([types::required("line", DataType::Int32), types::nullable("col", DataType::Int32)]);
    Scope::new([
        types::required("path", DataType::Utf8),
        types::nullable("span", point),
        types::nullable("id", DataType::Int64),
    ])
}

fn functions() -> Vec<Function> {
    let read = |text: &str| crate::signature::parse(text, &|_| None).unwrap();
    ["upper(utf8) -> utf8", "stable_id(utf8, utf8) -> utf8", "length(utf8) -> utf8"]
        .map(|text| {
            let (name, signature) = read(text);
            Function {
                name,
                doc: String::new(),
                origin: cstspec_contract::Origin::default(),
                kind: cstspec_contract::FunctionKind::Scalar,
                provider: cstspec_contract::Provider::Engine,
                signatures: vec![signature],
            }
        })
        .to_vec()
}

fn mistakes(text: &str) -> Vec<(ExprErrorKind, String, String)> {
    let errors = check(text, &scope(), &functions(), &Dialect::of_engine()).unwrap_err();
    errors.into_iter().map(|error| (error.kind, text[error.start..error.end].to_owned(), error.help)).collect()
}

/// What is used is reported.
#[test]
fn uses_listed() {
    let typed = check("upper(path) || stable_id('x', PATH)", &scope(), &functions(), &Dialect::of_engine()).unwrap();
    assert_eq!(typed.columns.into_iter().collect::<Vec<_>>(), ["path"]);
    assert_eq!(typed.functions.into_iter().collect::<Vec<_>>(), ["stable_id", "upper"]);
    assert_eq!((typed.field.name().as_str(), typed.field.data_type()), ("", &DataType::Utf8));
}

/// All mistakes are reported each at its place.
#[test]
fn mistakes_have_places() {
    let found = mistakes("uper(paht) || span['lin'] || (id + path)");
    let places: Vec<(ExprErrorKind, &str)> = found.iter().map(|(kind, place, _)| (*kind, place.as_str())).collect();
    assert_eq!(
        places,
        [
            (ExprErrorKind::UnknownFunction, "uper"),
            (ExprErrorKind::UnknownColumn, "paht"),
            (ExprErrorKind::UnknownField, "'lin'"),
            (ExprErrorKind::TypeMismatch, "id + path"),
        ]
    );
    for (_, _, help) in &found[..3] {
        assert!(help.starts_with("did you mean"), "{help}");
    }
}

/// Places count bytes over lines and signs of many bytes.
#[test]
fn places_in_bytes() {
    let found = mistakes("upper('größer') ||\n  'é' || nope");
    assert_eq!(found[0].1, "nope");
}

/// Texts that are more than one expression are refused.
#[test]
fn several_expressions_refused() {
    for text in ["id, path", "id AS x", "id; id", "id -- note", "", "  ", "id) FROM t --"] {
        assert!(mistakes(text).iter().all(|(kind, ..)| *kind == ExprErrorKind::Parse), "{text}");
    }
    assert!(check("id /* note */ + 1", &scope(), &functions(), &Dialect::of_engine()).is_ok());
}

/// A declared signature is checked not believed.
#[test]
fn signature_checked() {
    assert_eq!(mistakes("length(path)")[0].0, ExprErrorKind::WrongSignature);
}

/// Hostile texts end soon and within a small stack.
#[test]
fn hostile_texts_bounded() {
    let work = || {
        let repeated = [
            ("(", "1", ")", 10_000),
            ("NOT ", "TRUE", "", 10_000),
            ("- ", "1", "", 10_000),
            ("", "1", " + 1", 30_000),
            ("", "1", " + 1", 490),
            ("", "id", " IS NULL", 490),
            ("", "id", "::int", 330),
            ("", "id", "::int", 10_000),
            ("", "span", "['a']", 900),
            ("", "span", "['a']", 10_000),
            ("", "span", ".a", 400),
            ("CASE WHEN ", "TRUE", " THEN 1 END", 40),
            ("CASE WHEN ", "TRUE", " THEN 1 END", 5_000),
            ("upper(", "path", ")", 20),
            ("upper(", "path", ")", 5_000),
            ("[", "1", "]", 20),
            ("{'a': ", "1", "}", 20),
            ("ARRAY<", "INT", ">", 1_000),
            ("CAST(NULL AS ARRAY<", "INT", ">)", 300),
            ("CAST(1 AS ", "INT", ")", 5_000),
            ("INTERVAL ", "1", "", 1_000),
            ("(SELECT ", "1", ")", 20),
            ("x -> ", "1", "", 1_000),
            ("(a, b) -> (", "1", ")", 20),
            ("", "1", " BETWEEN 1 AND 2", 190),
            ("", "1", " IN (1)", 490),
            ("\u{0}", "1", "é", 1_000),
        ];
        for (before, middle, after, times) in repeated {
            let text = format!("{}{middle}{}", before.repeat(times), after.repeat(times));
            let start = Instant::now();
            let _ = check(&text, &scope(), &functions(), &Dialect::of_engine());
            let _ = query_uses(&format!("SELECT {text}"));
            assert!(start.elapsed() < Duration::from_secs(5), "{before}…{after} took {:?}", start.elapsed());
        }
        let long = "'".to_owned() + &"x".repeat(70_000) + "'";
        assert_eq!(
            check(&long, &scope(), &functions(), &Dialect::of_engine()).unwrap_err()[0].kind,
            ExprErrorKind::TooComplex
        );
        let wide = vec!["1"; 20_000].join(",");
        assert!(query_uses(&format!("SELECT {wide}")).is_ok());
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}

/// A query tells what it reads calls and returns.
#[test]
fn query_reads_calls_and_returns() {
    let sql = "WITH one AS (SELECT * FROM Refs), two AS (SELECT upper(x) AS u FROM one)\n\
               SELECT t.path, two.u AS name, count(*) AS n FROM two JOIN \"Defs\" AS t ON t.id = $2\n\
               WHERE t.id IN (SELECT id FROM cat.sch.other) AND $1 = 3";
    let uses = query_uses(sql).unwrap();
    let names = |list: &[(String, usize)]| list.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let paths: Vec<String> = uses.relations.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(paths, ["refs", "Defs", "cat.sch.other"]);
    assert_eq!(&sql[uses.relations[1].1..][..6], "\"Defs\"");
    assert_eq!(names(&uses.functions), ["upper", "count"]);
    assert_eq!(&sql[uses.functions[0].1..][..5], "upper");
    assert_eq!(uses.output_names.unwrap(), ["path", "name", "n"]);
    assert_eq!(uses.parameters, 2);
}

/// With names hide relations only where they are visible.
#[test]
fn with_names_scoped() {
    let names =
        |sql: &str| query_uses(sql).unwrap().relations.iter().map(|(path, _)| path.to_string()).collect::<Vec<_>>();
    assert_eq!(names("WITH t AS (SELECT * FROM t) SELECT * FROM t"), ["t"]);
    assert_eq!(names("WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM b"), ["b"]);
    assert_eq!(names("SELECT * FROM (WITH t AS (SELECT 1) SELECT * FROM t) AS x, t"), ["t"]);
    assert_eq!(names("WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT * FROM t) SELECT * FROM t"), Vec::<String>::new());
    assert_eq!(names("WITH t AS (SELECT 1) SELECT (SELECT max(x) FROM t), (SELECT 1 FROM u)"), ["u"]);
}

/// A query whose columns are not all named says so.
#[test]
fn query_with_unnamed_columns() {
    assert_eq!(query_uses("SELECT * FROM t").unwrap().output_names, None);
    assert_eq!(query_uses("SELECT a + 1 FROM t").unwrap().output_names, None);
    assert_eq!(query_uses("SELECT span.line FROM t").unwrap().output_names, None);
    assert_eq!(
        query_uses("SELECT A, \"B\" FROM t UNION SELECT c, d FROM u").unwrap().output_names.unwrap(),
        ["a", "B"]
    );
    assert_eq!(query_uses("SELECT x FROM t, unnest([1]) AS u, generate_series(1, 2)").unwrap().functions.len(), 2);
}

/// Statements that are no query are refused.
#[test]
fn statements_refused() {
    for sql in ["DROP TABLE t", "INSERT INTO t VALUES (1)", "SELECT 1; SELECT 2", "SET x = 1", "SELECT", ""] {
        assert!(query_uses(sql).is_err(), "{sql}");
    }
    assert!(query_uses("SELECT 1 AS x;").is_ok());
    assert!(query_uses("WITH a AS (INSERT INTO t VALUES (1)) SELECT 1").is_err());
    assert!(query_uses("TABLE t").is_err());
}
