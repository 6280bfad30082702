//! Pages whose bytes are not those that their writer took the checksum of.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::{cstspec, empty, stderr, stdout};

const SPECS: [(&str, &str); 3] = [
    ("catalog.yaml", "catalog: c\nversion: 1\nengine: \"55.2.0\"\nsession: s\ninclude: [s.yaml, t.yaml]\n"),
    (
        "s.yaml",
        "session: s\nsettings: { datafusion.execution.parquet.schema_force_view_types: false, \
         datafusion.sql_parser.map_string_types_to_utf8view: false }\n",
    ),
    (
        "t.yaml",
        "dataset: t\nversion: 1\ncolumns:\n  id: int64\n  word: utf8\n  elements: \"list<struct<x: int64, y: utf8>>\"\n",
    ),
];

/// A Python with pyarrow, or a word that the test is skipped.
fn required_python() -> Option<PathBuf> {
    let python = std::env::var_os("CSTSPEC_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let found = Command::new(&python).args(["-c", "import pyarrow.parquet"]).output();
    let found = found.is_ok_and(|output| output.status.success()).then_some(python);
    if found.is_none() {
        assert!(std::env::var_os("CSTSPEC_PYTHON").is_none(), "CSTSPEC_PYTHON names a Python without pyarrow");
        eprintln!("skipped: no Python with pyarrow; set CSTSPEC_PYTHON to one");
    }
    found
}

/// A changed page is refused wherever it is.
#[test]
fn changed_page_refused() {
    let Some(python) = required_python() else { return };
    let here = empty();
    for (name, text) in SPECS {
        fs::create_dir_all(here.path().join("specs")).unwrap();
        fs::write(here.path().join("specs").join(name), text).unwrap();
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/python/checksums.py");
    let output = Command::new(python).arg(script).arg(here.path()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let run = |args: &[&str], file: &str| {
        cstspec(here.path()).args(args).args(["--specs", "specs", "--data", &format!("t={file}")]).output().unwrap()
    };
    for number in 0..8 {
        let sound = run(
            &["query", "SELECT count(word) + sum(id) AS n FROM t", "--format", "csv", "-q"],
            &format!("sound-{number}.parquet"),
        );
        assert_eq!(stdout(&sound), "n\n45090\n", "{}", stderr(&sound));
    }
    let bad: Vec<serde_json::Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(bad.len() > 100, "{}", bad.len());
    // A bit of a page's header can contradict something else before the page is read.
    let mut by_checksum = 0;
    for (number, page) in bad.iter().enumerate() {
        let (file, column) = (page["file"].as_str().unwrap(), page["column"].as_str().unwrap());
        let place = format!("column `{column}`, row group {}", page["group"]);
        let whole = run(&["query", "SELECT * FROM t", "--format", "json", "-q"], file);
        // The report is on stdout, or on stderr once rows are on stdout.
        let said = [stdout(&whole), stderr(&whole)].concat();
        assert_eq!(whole.status.code(), Some(1), "{file}: {}", stderr(&whole));
        assert!(said.contains(file) && said.contains(&place), "{file}: {said}");
        let checked = said.contains("a page does not match its checksum");
        by_checksum += usize::from(checked);
        // What reads that column alone, and each of the others.
        let alone = column.split('.').next_back().unwrap();
        let narrowed = match alone {
            "x" | "y" => format!("SELECT get_field(e, '{alone}') FROM (SELECT unnest(elements) AS e FROM t)"),
            name => format!("SELECT {name} FROM t"),
        };
        let narrowed = run(&["query", &narrowed, "--format", "json", "-q"], file);
        let said = [stdout(&narrowed), stderr(&narrowed)].concat();
        assert!(said.contains(&place), "{file}: {said}");
        if number % 8 == 0 {
            for depth in [["-q"].as_slice(), &["-q", "--deep"]] {
                let verified = run(&[["verify"].as_slice(), depth].concat(), file);
                let report = stdout(&verified);
                assert_eq!(verified.status.code(), Some(1), "{file}: {report}");
                assert!(report.contains("error[R113]") && report.contains(file), "{file}: {report}");
                assert!(!checked || report.replace("\n  |", "").contains("checksum"), "{file}: {report}");
            }
        }
    }
    assert!(by_checksum * 10 >= bad.len() * 9, "{by_checksum} of {}", bad.len());
}
