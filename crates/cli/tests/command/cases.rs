//! Cases of `verify` and of boundaries: folders with the command, what its specs and its data have wrong, and all that it prints.
//!
//! `tests/cases/verify/<rule>/<condition>/case.toml` describes a case; [`case::Description`] lists its keys. `UPDATE_EXPECT=1 cargo test -p
//! cstspec cases` rewrites `expected.txt`; read what it wrote before you keep it. `CSTSPEC_CASE=key-not-unique` runs the cases whose name
//! holds the text.

mod case;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use crate::{empty, run, stderr, stdout};
use case::Description;

/// The folder of cases that end without a finding, which stands beside those of the rules.
const CLEAN: &str = "clean";

/// Rules that no folder shows, with the reason.
const WITHOUT_CASE: &[(&str, &str)] = &[
    ("dataset-missing", "a host takes the table out of its session"),
    ("batches-differ", "a function of a host returns another type than it declares"),
    ("setting-not-pinned", "a host changes a setting, or makes its session without the preset"),
    ("engine-differs", "the reader of specs knows one version of the engine, which is that of the command"),
    ("setting-unknown", "the reader of specs knows the settings of the engine"),
    ("name-drifted", "the reader of specs compares the names that a query selects; a host registers another view"),
    ("name-needs-quotes", "the reader of specs reports each name that the specs declare"),
    ("folder-unreadable", "permissions do not bind every user that runs tests"),
    ("partition-type-differs", "a host replaces the table that was registered"),
    ("file-denied", "permissions do not bind every user that runs tests"),
    ("file-vanished", "the file is removed while it is read"),
    ("file-changed", "the file is replaced while it is read"),
    ("file-unfetched", "an object store fails"),
    (
        "boundary-default-misfit",
        "the reader of specs compares each default with its type; a host makes its own catalog",
    ),
    ("definition-differs", "a host registers another relation under the name"),
    ("information-schema-replaced", "a host sets the engine's own information_schema"),
    ("keys-differ", "a host registers one catalog and verifies another"),
    ("default-differs", "a host registers one catalog and verifies another"),
    ("diagnostics-lost", "a sink of a host fails"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/verify")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.collect()
}

/// The rules that the runtime has, as name and code.
fn rules() -> BTreeMap<String, String> {
    let output = run(empty().path(), &["rules", "--format", "json"]);
    let listed: Value = serde_json::from_str(stdout(&output)).unwrap();
    let text = |rule: &Value, key: &str| rule[key].as_str().unwrap().to_owned();
    let rules = listed.as_array().unwrap().iter().map(|rule| (text(rule, "name"), text(rule, "code")));
    rules.filter(|(_, code)| code.starts_with('R')).collect()
}

/// Each case, as `rule/condition`; where `CSTSPEC_CASE` is set, those whose name holds it.
fn cases() -> Vec<String> {
    let folder = folder();
    let part = std::env::var("CSTSPEC_CASE").unwrap_or_default();
    let of_rule = |rule: String| names(&folder.join(&rule)).into_iter().map(move |name| format!("{rule}/{name}"));
    names(&folder).into_iter().flat_map(of_rule).filter(|name| name.contains(&part)).collect()
}

/// Everything that the command printed, without the names of temporary folders, and how it ended. The head of the report and its list of
/// checks are not part of it, nor is the talk of `-v`: they are much the same in all cases, and transcripts hold them.
fn printed(description: &Description, output: &Output, here: &Path) -> String {
    let kept = |block: &&str| !block.starts_with("catalog ") && !block.starts_with("checked\n");
    let blocks: Vec<&str> = stdout(output).trim_end().split("\n\n").filter(kept).collect();
    let mut text = blocks.join("\n\n");
    if !description.verifies() {
        let _ = write!(text, "\n--- standard error\n{}", stderr(output).trim_end());
    }
    let place = here.canonicalize().unwrap();
    let text = text.replace(&*place.to_string_lossy(), "");
    // Object stores name a file by its path without the first slash.
    let text = text.replace(&place.to_string_lossy()[1..], "");
    let lines: Vec<&str> = text.trim_start().lines().map(str::trim_end).collect();
    format!("{}\n--- exit code {}\n", lines.join("\n"), output.status.code().map_or(-1, |code| code))
}

/// Runs a case, and adds what is wrong with it to `mistakes`.
fn hold(name: &str, code: Option<&str>, mistakes: &Mutex<Vec<String>>) {
    let folder = folder().join(name);
    let mut description = Description::read(&folder);
    let here = empty();
    description.build(&folder, here.path());
    let output = run(here.path(), &description.arguments());
    let found = printed(&description, &output, here.path());
    let fail = |mistake: String| mistakes.lock().unwrap().push(format!("tests/cases/verify/{name}{mistake}"));
    match code {
        Some(code) if !found.contains(&format!("[{code}]: ")) => fail(format!(" has no finding {code}:\n{found}")),
        None if !found.contains("\nclean\n") => fail(format!(" has findings:\n{found}")),
        _ => (),
    }
    let path = folder.join("expected.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected != found {
        fail(format!("/expected.txt\n--- expected\n{expected}\n--- found\n{found}"));
    }
}

#[test]
fn verify_cases() {
    let rules = rules();
    let cases = cases();
    let mistakes = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(name) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (rule, _) = name.split_once('/').unwrap();
                    if rule == CLEAN || rules.contains_key(rule) {
                        let code = rules.get(rule).map(String::as_str);
                        if catch_unwind(AssertUnwindSafe(|| hold(name, code, &mistakes))).is_err() {
                            mistakes.lock().unwrap().push(format!("tests/cases/verify/{name} cannot be made"));
                        }
                    } else {
                        mistakes.lock().unwrap().push(format!("tests/cases/verify/{name}: there is no rule {rule}"));
                    }
                }
            });
        }
    });
    let mut mistakes = mistakes.into_inner().unwrap();
    mistakes.sort();
    let help = "`UPDATE_EXPECT=1 cargo test -p cstspec cases` rewrites expected.txt";
    assert!(mistakes.is_empty(), "{}\n\n{help}", mistakes.join("\n\n"));
}

#[test]
fn verify_cases_cover_rules() {
    let shown: BTreeSet<String> = names(&folder()).into_iter().filter(|name| name != CLEAN).collect();
    let excused: BTreeSet<String> = WITHOUT_CASE.iter().map(|(rule, _)| (*rule).to_owned()).collect();
    let rules: BTreeSet<String> = rules().into_keys().collect();
    let both: Vec<_> = shown.intersection(&excused).collect();
    assert!(both.is_empty(), "{both:?} have a folder, and stand among the rules that no folder shows");
    let covered: BTreeSet<String> = shown.union(&excused).cloned().collect();
    let missing: Vec<_> = rules.symmetric_difference(&covered).collect();
    assert!(
        missing.is_empty(),
        "neither a folder in tests/cases/verify nor a reason in WITHOUT_CASE, or no rule: {missing:?}"
    );
}
