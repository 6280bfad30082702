//! Bounds of specs on the engine: sizes of values, of batches and of plans, and values that the engine can hold.

use cstspec_contract::Finding;
use cstspec_spec::compile_embedded;

use crate::folder::CATALOG;
use crate::text::text;

fn findings(more: &[(&str, &str)]) -> Vec<Finding> {
    let mut files = vec![("catalog.yaml", CATALOG), ("plain.yaml", "session: plain\n")];
    files.extend(more);
    compile_embedded(&files).findings
}

fn names(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.name.as_ref()).collect()
}

/// The findings of a dataset with these columns.
fn columns(columns: &str) -> Vec<Finding> {
    findings(&[("case.yaml", &format!("dataset: thing\nversion: 1\ncolumns:\n{columns}"))])
}

/// Fixed types are bounded wherever they stand.
#[test]
fn fixed_types_bounded() {
    let types = [
        "fixed_size_binary(2147483647)",
        "fixed_size_binary(65537)",
        "fixed_size_list<int8, 2147483647>",
        "fixed_size_list<null, 2147483647>",
        "fixed_size_list<float64, 8193>",
        "fixed_size_list<fixed_size_list<float32, 1000>, 1000>",
        "fixed_size_list<struct<a: int64, b: fixed_size_binary(1000)>, 100>",
        "fixed_size_list<utf8, 100000>",
        "list<fixed_size_binary(70000)>",
        "map<utf8, fixed_size_list<bool, 70000>>",
        "struct<a: fixed_size_binary(40000), b: fixed_size_binary(40000)>",
        "dictionary<int32, fixed_size_binary(70000)>",
        "run_end_encoded<int32, fixed_size_binary(70000)>",
        "union<a: fixed_size_binary(70000), b: utf8>",
        "fixed_size_list<half, 5>",
    ];
    let half = ("half.yaml", "type: half\nis: fixed_size_binary(20000)\n");
    for ty in types {
        let dataset = format!("dataset: thing\nversion: 1\ncolumns:\n  id: int64\n  c: \"{ty}\"\n");
        let boundary = format!("boundary: out\ncolumns:\n  id: int64\n  c: \"{ty}\"\n");
        let view = format!("view: v\nsql: SELECT 1 AS c\noutput:\n  c: \"{ty}\"\n");
        let statement = format!("statements:\n  s:\n    parameters: [\"{ty}\"]\n    sql: SELECT $1 AS c\n");
        for spec in [dataset, boundary, view, statement] {
            let found = findings(&[half, ("case.yaml", &spec)]);
            assert_eq!(names(&found), ["specs-too-large"], "{ty} in {spec}: {}", text(&found));
            assert!(found[0].spec.as_ref().unwrap().line >= Some(3), "{}", text(&found));
        }
        let named = format!("type: wide\nis: \"{ty}\"\n");
        let found = findings(&[
            half,
            ("wide.yaml", &named),
            ("case.yaml", "dataset: d\nversion: 1\ncolumns: { c: list<wide> }\n"),
        ]);
        assert_eq!(names(&found), ["specs-too-large"], "{ty}: {}", text(&found));
        // A struct in a signature is a pattern, not a type: its fields are held to the bound each for itself.
        if ty.starts_with("struct") {
            continue;
        }
        let function = format!(
            "functions: {{ f: {{ signatures: [\"f({}) -> utf8\"] }} }}\n",
            ty.replace("half", "fixed_size_binary(20000)")
        );
        let found = findings(&[("case.yaml", &function)]);
        assert_eq!(names(&found), ["signature-syntax"], "{ty}: {}", text(&found));
    }
    for ty in [
        "fixed_size_binary(65536)",
        "fixed_size_list<float32, 16384>",
        "list<fixed_size_list<float64, 1536>>",
        "fixed_size_binary(0)",
    ] {
        let found = columns(&format!("  c: \"{ty}\"\n"));
        assert!(found.is_empty(), "{ty}: {}", text(&found));
    }
}

/// Batches are bounded under every preset.
#[test]
fn batches_bounded() {
    let half = "  a: fixed_size_binary(60000)\n  b: \"fixed_size_list<float64, 8000>\"\n";
    let found = columns(half);
    assert!(found.is_empty(), "{}", text(&found));
    let third = format!("{half}  c: struct<a: fixed_size_binary(60000)>\n")
        .replace("struct<a: f", "\"struct<a: f")
        .replace(")>\n", ")>\"\n");
    let found = columns(&third);
    assert_eq!(names(&found), ["specs-too-large"], "{}", text(&found));
    // A preset that no command uses has batches of more rows.
    let dataset = format!("dataset: thing\nversion: 1\ncolumns:\n{half}");
    let large = "session: large\nsettings: { datafusion.execution.batch_size: 16384 }\n";
    let found = findings(&[("case.yaml", &dataset), ("large.yaml", large)]);
    assert_eq!(names(&found), ["specs-too-large"], "{}", text(&found));
    assert!(found[0].expected.as_ref().unwrap().contains("`large`"), "{}", text(&found));
    // Long defaults: each row of a file that lacks the column has them.
    let long = |length: usize| format!("{{ type: utf8, default: {} }}\n", "x".repeat(length));
    assert!(columns(&format!("  a: {}", long(65_536))).is_empty());
    assert_eq!(names(&columns(&format!("  a: {}", long(65_537)))), ["specs-too-large"]);
    let three: String = ["a", "b", "c"].map(|name| format!("  {name}: {}", long(60_000))).concat();
    assert_eq!(names(&columns(&three)), ["specs-too-large"]);
}

/// Plans are bounded and the first view over the bound is named.
#[test]
fn plans_bounded() {
    let numbers = ("numbers.yaml", "dataset: numbers\nversion: 1\ncolumns: { id: int64 }\n");
    let held = |views: &[(String, String)], expected: &[&str], place: &str| {
        let mut more = vec![numbers];
        more.extend(views.iter().map(|(file, spec)| (file.as_str(), spec.as_str())));
        let found = findings(&more);
        assert_eq!(names(&found), expected, "{}", text(&found));
        assert!(found.iter().all(|finding| finding.spec.as_ref().unwrap().file == place), "{place}: {}", text(&found));
    };
    let chain = |length: usize, sql: &dyn Fn(&str) -> String| -> Vec<(String, String)> {
        (0..length)
            .map(|at| {
                let of = if at == 0 { "numbers".to_owned() } else { format!("v{:04}", at - 1) };
                (format!("v{at:04}.yaml"), format!("view: v{at:04}\nsql: {}\noutput: {{ id: int64 }}\n", sql(&of)))
            })
            .collect()
    };
    let plain = |of: &str| format!("SELECT id FROM {of}");
    held(&chain(99, &plain), &[], "");
    held(&chain(5_000, &plain), &["plan-too-large"], "v0100.yaml");
    let twice = |of: &str| format!("SELECT a.id FROM {of} AS a JOIN {of} AS b ON a.id = b.id");
    held(&chain(30, &twice), &["plan-too-large"], "v0008.yaml");
    held(&chain(1_000, &twice), &["plan-too-large"], "v0008.yaml");
    let below =
        |of: &str| format!("SELECT id FROM {of} WHERE id IN (SELECT id FROM {of}) AND EXISTS (SELECT 1 FROM {of})");
    held(&chain(30, &below), &["plan-too-large"], "v0005.yaml");
    // One view: WITH that doubles, WITH below a WITH, and WITH of which nothing is used.
    let with = |last: &str| {
        let tables: Vec<String> = (0..40)
            .map(|at| {
                let of = if at == 0 { "numbers".to_owned() } else { format!("c{}", at - 1) };
                format!("c{at} AS (SELECT id FROM {of} UNION ALL SELECT id FROM {of})")
            })
            .collect();
        let sql = format!("WITH {} SELECT id FROM {last}", tables.join(", "));
        vec![("one.yaml".to_owned(), format!("view: one\nsql: {sql}\noutput: {{ id: int64 }}\n"))]
    };
    held(&with("c39"), &["plan-too-large"], "one.yaml");
    held(&with("(WITH d AS (SELECT id FROM c30) SELECT id FROM d) AS e"), &["plan-too-large"], "one.yaml");
    held(&with("c3"), &[], "");
    // Many that are sound each.
    let wide = |of: &str| vec![format!("SELECT id FROM {of}"); 150].join(" UNION ALL ");
    let many: Vec<(String, String)> = (0..400)
        .map(|at| {
            (format!("w{at:03}.yaml"), format!("view: w{at:03}\nsql: {}\noutput: {{ id: int64 }}\n", wide("numbers")))
        })
        .collect();
    held(&many, &["plan-too-large"], "w333.yaml");
}

/// Queries that read themselves are statements.
#[test]
fn recursive_queries_refused() {
    let numbers = ("numbers.yaml", "dataset: numbers\nversion: 1\ncolumns: { id: int64 }\n");
    let recursive = "WITH RECURSIVE c AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM c) SELECT id FROM c";
    for (sql, expected) in [
        (recursive.to_owned(), &["recursive-view"][..]),
        (format!("SELECT id FROM ({recursive}) AS inner_query"), &["recursive-view"]),
        (
            "WITH RECURSIVE a AS (SELECT id FROM b), b AS (SELECT id FROM a) SELECT id FROM b".to_owned(),
            &["recursive-view"],
        ),
        ("WITH RECURSIVE c AS (SELECT id FROM numbers) SELECT id FROM c".to_owned(), &[]),
        // Another relation of the name, not the query itself.
        ("WITH numbers AS (SELECT id FROM numbers) SELECT id FROM numbers".to_owned(), &[]),
    ] {
        let view = format!("view: v\nsql: {sql}\noutput: {{ id: int64 }}\n");
        let found = findings(&[numbers, ("v.yaml", &view)]);
        assert_eq!(names(&found), expected, "{sql}: {}", text(&found));
        let statement = format!("statements: {{ s: {{ sql: \"{sql}\" }} }}\n");
        let found = findings(&[numbers, ("s.yaml", &statement)]);
        assert!(found.is_empty(), "{sql}: {}", text(&found));
    }
}

/// Defaults are held to what is allowed.
#[test]
fn defaults_allowed() {
    for (case, expected) in [
        ("  a: { type: utf8, allowed: [x, z], default: w }\n", &["default-not-allowed"][..]),
        ("  a: { type: utf8, allowed: [x, z], default: x }\n", &[]),
        ("  a: { type: utf8, allowed: [x, z], default: null }\n", &[]),
        ("  a: { type: float64, allowed: [1, 2], default: 1.0 }\n", &[]),
        ("  a: { type: int64, allowed: [1, 2], default: 3 }\n", &["default-not-allowed"]),
        ("  a: { type: mode, default: neither }\n", &["default-not-allowed"]),
        ("  a: { type: list<pair>, default: [{ way: up }, { way: sideways }] }\n", &["default-not-allowed"]),
        ("  a: { type: \"map<utf8, pair>\", default: { k: { way: sideways } } }\n", &["default-not-allowed"]),
        ("  a: { type: \"map<utf8, pair>\", default: { sideways: { way: up } } }\n", &[]),
        ("  a: pair\n  b: pair\n", &[]),
    ] {
        let pair = ("pair.yaml", "type: pair\nfields: { way: { type: utf8, allowed: [up, down] } }\n");
        let mode = ("mode.yaml", "type: mode\nis: utf8\n");
        let dataset = format!("dataset: thing\nversion: 1\ncolumns:\n{case}")
            .replace("type: mode", "type: utf8, allowed: [one, other]");
        let found = findings(&[pair, mode, ("case.yaml", &dataset)]);
        assert_eq!(names(&found), expected, "{case}: {}", text(&found));
    }
    // In a named type, once, however often it is used.
    let wrong = ("wrong.yaml", "type: wrong\nfields:\n  way: { type: utf8, allowed: [up, down], default: sideways }\n");
    let dataset = "dataset: thing\nversion: 1\ncolumns: { a: wrong, b: list<wrong>, c: \"map<utf8, wrong>\" }\n";
    let found = findings(&[wrong, ("case.yaml", dataset)]);
    assert_eq!(names(&found), ["default-not-allowed"], "{}", text(&found));
    assert_eq!(found[0].spec.as_ref().unwrap().file, "wrong.yaml");
}

/// Relations without columns are none.
#[test]
fn relations_without_columns() {
    for spec in ["dataset: thing\nversion: 1\ncolumns: {}\n", "boundary: thing\ncolumns: {}\n"] {
        let found = findings(&[("case.yaml", spec)]);
        assert_eq!(names(&found), ["missing-key"], "{spec}: {}", text(&found));
    }
    let of = ("of.yaml", "dataset: of\nversion: 1\ncolumns: { l: \"list<struct<a: utf8>>\" }\n");
    let found = findings(&[of, ("view.yaml", "view: v\nrows: { of: of, unnest: l }\nomit: [a]\n")]);
    assert_eq!(names(&found), ["view-shape"], "{}", text(&found));
}

/// Chains of operators need no more stack than a thread has.
#[test]
fn operator_chains_stack() {
    let of = ("of.yaml", "dataset: of\nversion: 1\ncolumns: { l: \"list<struct<a: bool, s: utf8, n: int64>>\" }\n");
    for (operand, sign) in [("a", " OR "), ("a", " AND "), ("n = 1", " OR "), ("s", " || ")] {
        for length in [100, 480, 9_000] {
            let chain = vec![operand; length].join(sign);
            let nested =
                (0..20).fold(chain.clone(), |inner, _| format!("{} {sign} ({inner})", vec![operand; 40].join(sign)));
            for expression in [chain, nested] {
                let expression = if operand == "n" { format!("{expression} = 1") } else { expression };
                let view =
                    format!("view: v\nrows: {{ of: of, unnest: l }}\ncolumns: {{ x: {{ expr: \"{expression}\" }} }}\n");
                let query = format!("view: q\nsql: \"SELECT {expression} AS x FROM v\"\noutput: {{ x: bool }}\n");
                let found = findings(&[of, ("v.yaml", &view), ("q.yaml", &query)]);
                let known = ["specs-too-large", "type-needed"];
                assert!(
                    found.iter().all(|finding| known.contains(&finding.name.as_ref())),
                    "{length} of {sign}: {}",
                    text(&found)
                );
                assert!(length < 9_000 || !found.is_empty(), "{length} of {sign}");
            }
        }
    }
}
