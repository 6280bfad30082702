//! When the output of a function may be NULL, by its arguments.

use cstspec_contract::NullRule;
use cstspec_spec::{Compiled, compile_embedded};

use crate::folder::CATALOG;
use crate::text::text;

const FILES: &str = "dataset: files\nversion: 1\ncolumns: { lines: \"list<struct<name: utf8, size: int64>>\" }\n";
const CUTS: &str = "view: cuts\nrows: { of: files, unnest: lines }\ncolumns:\n  first: { expr: \"cut(name, 1)\" }\n  second: { expr: \"cut('a', size)\" }\n  further: { expr: \"cut('a', 1, name)\" }\n  last: { expr: \"cut('a', 1, 'b', name)\" }\n";

/// The results of a view that calls `cut` with one nullable argument, in turn.
fn compiled(nulls: &str) -> Compiled {
    let functions = format!(
        "functions:\n  cut:\n    provider: host\n    signatures: [\"cut(utf8, int64, utf8...) -> utf8\"]\n    nulls: {nulls}\n"
    );
    let files = [
        ("catalog.yaml", CATALOG),
        ("plain.yaml", "session: plain\n"),
        ("files.yaml", FILES),
        ("cuts.yaml", CUTS),
        ("functions.yaml", functions.as_str()),
    ];
    compile_embedded(&files)
}

/// The arguments that are named decide.
#[test]
fn named_arguments_decide() {
    for (nulls, rule, expected) in [
        ("always", NullRule::Always, [true, true, true, true]),
        ("propagate", NullRule::Propagate, [true, true, true, true]),
        ("never", NullRule::Never, [false, false, false, false]),
        ("[1]", NullRule::Arguments(vec![1]), [true, false, false, false]),
        ("[2]", NullRule::Arguments(vec![2]), [false, true, false, false]),
        ("[3, 2]", NullRule::Arguments(vec![2, 3]), [false, true, true, true]),
        ("\n      - 3", NullRule::Arguments(vec![3]), [false, false, true, true]),
    ] {
        let compiled = compiled(nulls);
        assert!(compiled.findings.is_empty(), "{nulls}: {}", text(&compiled.findings));
        let catalog = compiled.catalog.unwrap();
        assert_eq!(catalog.functions[0].signatures[0].nulls, rule);
        let columns = &catalog.view("cuts").unwrap().columns;
        let nullable = ["first", "second", "further", "last"]
            .map(|name| columns.iter().find(|column| column.name() == name).unwrap().field.is_nullable());
        assert_eq!(nullable, expected, "{nulls}");
    }
}

/// A mistake in them is one finding and of the views there is none.
#[test]
fn mistake_reported_once() {
    for (nulls, place, message) in [
        ("sometimes", "functions.yaml:5:12", "unknown word `sometimes`"),
        ("2", "functions.yaml:5:12", "unknown word `2`"),
        ("{ 2: true }", "functions.yaml:5:12", "a mapping where a word or a list belongs"),
        ("[two]", "functions.yaml:5:13", "where a whole number belongs"),
        ("[2, \"1\"]", "functions.yaml:5:16", "where a whole number belongs"),
        ("[2, 1.5]", "functions.yaml:5:16", "where a whole number belongs"),
        ("[2, [1]]", "functions.yaml:5:16", "where a whole number belongs"),
        ("[4]", "functions.yaml:5:13", "`nulls` of `cut` names an argument 4, which no signature has"),
        ("[1, 0]", "functions.yaml:5:16", "`nulls` of `cut` names an argument 0, which no signature has"),
        ("[1, 1]", "functions.yaml:5:16", "`nulls` of `cut` names the argument 1 twice"),
        ("[]", "functions.yaml:5:12", "`nulls` of `cut` is a list without an argument"),
    ] {
        let compiled = compiled(nulls);
        let told = text(&compiled.findings);
        assert_eq!(compiled.findings.len(), 1, "{nulls}: {told}");
        assert!(told.starts_with(place) && told.contains(message), "{nulls}: {told}");
    }
}
