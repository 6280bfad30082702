//! The page on reliability: each test that it names exists and runs, each promise names one, and each code is that of a rule.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::world;

const PAGE: &str = "docs/reliability.md";

/// The packages as the page names them, and the folders that their tests are in.
const PACKAGES: [(&str, &[&str]); 5] = [
    ("cli", &["crates/cli/tests/command", "crates/cli/src"]),
    ("codegen", &["crates/codegen/tests/artifacts", "crates/codegen/src"]),
    ("runtime", &["crates/runtime/tests/suite", "crates/runtime/src"]),
    ("spec", &["crates/spec/tests/suite", "crates/spec/src"]),
    ("tests", &["tests/suite"]),
];

/// The last column of a table of promises, and that of the table of what is not promised.
const HELD: &str = "held by";
const SHOWN: &str = "shown by";

/// The files in which the module `path` of a package may be. A module of unit tests is in the file of what it tests, or in its own.
fn files(folder: &str, path: &[&str]) -> Vec<PathBuf> {
    let folder = world::workspace().join(folder);
    let of = |path: &[&str]| {
        let module = folder.join(path.join("/"));
        [module.with_extension("rs"), module.join("mod.rs")]
    };
    let mut files = of(path).to_vec();
    if let Some((&"tests", outer)) = path.split_last() {
        files.extend(of(outer));
    }
    files
}

/// Whether `text` has a test of this name that is not left out.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declared = [format!("fn {name}()"), format!("async fn {name}()")];
    lines.iter().enumerate().any(|(at, line)| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        let attributes: Vec<_> = above.filter(|line| line.starts_with("#[")).collect();
        declared.iter().any(|declared| line.starts_with(declared.as_str()))
            && attributes.iter().any(|line| **line == "#[test]" || line.starts_with("#[tokio::test"))
            && !attributes.iter().any(|line| line.starts_with("#[ignore"))
    })
}

/// Whether `named` is a test, as a package and the path of a test in it, or the folder of a case of `verify`.
fn is_test(named: &str) -> bool {
    let Some((package, path)) = named.split_once(' ') else { return false };
    if package == "case" {
        return world::workspace().join("tests/cases/verify").join(path).join("case.toml").is_file();
    }
    let Some((_, folders)) = PACKAGES.iter().find(|(name, _)| *name == package) else { return false };
    let path: Vec<&str> = path.split("::").collect();
    let Some((name, module)) = path.split_last() else { return false };
    !module.is_empty()
        && folders
            .iter()
            .flat_map(|folder| files(folder, module))
            .any(|file| fs::read_to_string(file).is_ok_and(|text| has_test(&text, name)))
}

/// The texts between backquotes in `text`.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The names of tests on `page`, and what is wrong with it.
fn read<'a>(page: &'a str, codes: &BTreeSet<&str>) -> (BTreeSet<&'a str>, Vec<String>) {
    let (mut named, mut wrong) = (BTreeSet::new(), Vec::new());
    let mut last_column = None;
    for line in page.lines() {
        let is_code = |word: &&str| {
            word.len() == 4
                && word.starts_with(char::is_uppercase)
                && word[1..].bytes().all(|byte| byte.is_ascii_digit())
        };
        let words = line.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(is_code);
        wrong.extend(words.filter(|word| !codes.contains(word)).map(|word| format!("{word} is the code of no rule")));

        let Some(row) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            last_column = None;
            // Names in sentences have a path, as nothing else here has.
            named.extend(spans(line).filter(|span| span.contains("::") && !span.starts_with("cargo ")));
            continue;
        };
        let cell = row.rsplit('|').next().unwrap_or_default().trim();
        match last_column {
            None if [HELD, SHOWN].contains(&cell) => last_column = Some(cell),
            None => wrong.push(format!("a table ends with `{cell}`")),
            Some(_) if cell.chars().all(|letter| letter == '-') && !cell.is_empty() => {}
            Some(column) => {
                if column == HELD && spans(cell).next().is_none() {
                    wrong.push(format!("no test holds it: {line}"));
                }
                named.extend(spans(cell));
            }
        }
    }
    wrong.extend(named.iter().filter(|named| !is_test(named)).map(|named| format!("`{named}` is not a test")));
    (named, wrong)
}

fn codes() -> BTreeSet<&'static str> {
    let rules = cstspec_spec::rules::ALL.iter().chain(cstspec_codegen::rules::ALL).copied();
    rules.chain(cstspec_verify::rules::all()).map(|rule| rule.code).collect()
}

/// Every test that the page names exists.
#[test]
fn page_tests_exist() {
    let page = fs::read_to_string(world::workspace().join(PAGE)).unwrap();
    let (named, wrong) = read(&page, &codes());
    assert!(wrong.is_empty(), "{PAGE}: {wrong:#?}");
    for (package, _) in PACKAGES {
        assert!(named.iter().any(|named| named.starts_with(package)), "{PAGE} names no test of {package}");
    }
    for from in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(world::workspace().join(from)).unwrap();
        assert!(text.contains(&format!("]({PAGE})")), "{from} does not lead to {PAGE}");
    }
}

/// A page that names no test is wrong.
#[test]
fn page_mistakes_found() {
    let row = |cell: &str| format!("| a | promise | held by |\n|---|---|---|\n| x | R105 | {cell} |\n");
    let codes = codes();
    let of = |page: &str| read(page, &codes).1;
    let sound = "`tests reliability::page_mistakes_found`, `runtime guard::tests::stream_ends_with_panic`";
    assert_eq!(of(&row(sound)), [""; 0]);
    for cell in [
        "`case file-truncated/gone`",
        "`tests reliability::gone`",
        "`tests reliability::codes`",
        "`tests nowhere::page_tests_exist`",
        "`runtime reliability::page_tests_exist`",
        "`page_tests_exist`",
        "`elsewhere reliability::page_tests_exist`",
        "",
        "a sentence",
    ] {
        assert_eq!(of(&row(cell)).len(), 1, "{cell}");
    }
    assert_eq!(of("As `tests reliability::gone` holds.").len(), 1);
    assert_eq!(of("R999 and Q000.").len(), 2);
    assert_eq!(of("| a | b |\n").len(), 1);
    let left_out = "#[test]\n#[ignore = \"slow\"]\nfn slow() {}\n#[test]\n// A word.\nfn quick() {}\nfn no_test() {}\n";
    assert_eq!(["slow", "quick", "no_test"].map(|name| has_test(left_out, name)), [false, true, false]);
}
