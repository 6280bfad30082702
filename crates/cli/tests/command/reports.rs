//! Reports as JSON: each is of the published shape.

use serde_json::Value;

use crate::{empty, fixture, run, specs, stderr, stdout};

fn report(args: &[&str]) -> (Value, Option<i32>) {
    let here = empty();
    let output = run(here.path(), &[args, &["--format", "json"]].concat());
    let value = serde_json::from_str(stdout(&output))
        .unwrap_or_else(|error| panic!("{error} in {}{}", stdout(&output), stderr(&output)));
    (value, output.status.code())
}

pub fn valid(report: &Value) {
    let here = empty();
    let schema: Value =
        serde_json::from_str(stdout(&run(here.path(), &["schema", "report"]))).expect("schemas are JSON");
    let validator = jsonschema::draft7::new(&schema).expect("the schema is a schema");
    let mistakes: Vec<String> = validator.iter_errors(report).map(|error| error.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

/// A clean verify tells of every relation.
#[test]
fn report_of_clean_verify() {
    let (report, code) = report(&["verify"]);
    valid(&report);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["status"], "clean");
    assert_eq!(report["schema_version"], 2);
    assert!(report["functions"].as_array().unwrap().iter().all(|function| function["accepted"].as_u64() > Some(0)));
    let relations = report["relations"].as_array().unwrap();
    assert_eq!(relations.len(), 32);
    for relation in relations {
        assert_eq!(relation["describe_equal"], true, "{relation}");
        assert_eq!(relation["executed"], true, "{relation}");
        assert!(relation["rows"].as_u64().unwrap() > 0, "{relation}");
    }
}

#[test]
fn findings_have_line_and_column() {
    let broken = fixture("broken");
    for command in ["check", "verify", "generate"] {
        let (report, code) = report(&[command, "--specs", broken.to_str().unwrap()]);
        valid(&report);
        assert_eq!(code, Some(1), "{command}");
        assert_eq!(report["status"], "findings");
        assert!(report["engine"].is_null());
        let finding = &report["findings"][0];
        assert!(finding["spec"]["line"].as_u64().unwrap() > 0, "{finding:#}");
        assert!(finding["spec"]["column"].as_u64().unwrap() > 0, "{finding:#}");
    }
}

#[test]
fn generated_artifacts_fresh() {
    let specs = specs();
    let (report, code) = report(&["generate", "--check", "--specs", specs.to_str().unwrap()]);
    valid(&report);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["relations"], serde_json::json!([]));
}

/// The schema refuses what is no report.
#[test]
fn schema_refuses_other_documents() {
    let here = empty();
    let schema: Value =
        serde_json::from_str(stdout(&run(here.path(), &["schema", "report"]))).expect("schemas are JSON");
    let validator = jsonschema::draft7::new(&schema).expect("the schema is a schema");
    let (mut report, _) = report(&["check"]);
    assert!(validator.is_valid(&report));
    report["unknown"] = Value::Null;
    assert!(!validator.is_valid(&report));
    let map = report.as_object_mut().unwrap();
    map.remove("unknown");
    map.remove("engine");
    assert!(!validator.is_valid(&report), "every key is always there");
}

#[test]
fn lists_in_json() {
    let here = empty();
    let rules: Value = serde_json::from_str(stdout(&run(here.path(), &["rules", "--format", "json"]))).unwrap();
    let codes: Vec<&str> = rules.as_array().unwrap().iter().map(|rule| rule["code"].as_str().unwrap()).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted, "codes are sorted, and each is there once");
    for code in codes {
        let page = run(here.path(), &["explain", code]);
        assert!(stdout(&page).starts_with(code), "{}", stderr(&page));
    }
}

#[test]
fn completions_of_every_shell() {
    let here = empty();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(stdout(&run(here.path(), &["completions", shell])).contains("cstspec"), "{shell}");
    }
}

/// Every schema is a schema.
#[test]
fn schemas_valid() {
    let here = empty();
    for name in stdout(&run(here.path(), &["schema"])).lines() {
        let schema: Value =
            serde_json::from_str(stdout(&run(here.path(), &["schema", name]))).expect("schemas are JSON");
        jsonschema::draft7::new(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
