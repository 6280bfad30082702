//! `verify`: clean where it should be, and one finding for one root cause where not.

use std::collections::BTreeSet;
use std::sync::Mutex;

use arrow::datatypes::DataType;
use cstspec_contract::types::{nullable, required};
use cstspec_contract::{
    Family, Finding, Function, FunctionKind, NullRule, Origin, Parameter, Pattern, Provider, Signature,
};
use cstspec_runtime::{Locations, Options, register, session};
use cstspec_verify::{Checks, NoProgress, Progress, rules, verify};
use tempfile::TempDir;

use crate::world::{ROWS, at, batch, catalog, one_file, open, run, schema, view, write};

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Progress for Log {
    fn relation(&self, name: &str, index: usize, total: usize) {
        self.0.lock().unwrap().push(format!("{}/{total} {name}", index + 1));
    }
}

/// A sound table is clean and every relation is counted.
#[test]
fn sound_table_clean() {
    run(async {
        let folder = TempDir::new().unwrap();
        let ctx = open(&catalog(), &one_file(folder.path())).await;
        let log = Log::default();
        let report = verify(&ctx, &catalog(), Checks::Schema, &log).await;
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        assert_eq!(report.engine, cstspec_runtime::ENGINE);
        let rows: Vec<_> = report.relations.iter().map(|relation| (relation.name.as_str(), relation.rows)).collect();
        assert_eq!(rows, [("files_v1", Some(4)), ("locals", Some(3)), ("refs", Some(3)), ("ref_attrs", Some(2))]);
        assert!(report.relations.iter().all(|relation| relation.describe_equal && relation.executed));
        assert_eq!(*log.0.lock().unwrap(), ["1/4 files_v1", "2/4 locals", "3/4 refs", "4/4 ref_attrs"]);
    });
}

fn codes(findings: &[Finding]) -> Vec<(&str, Option<&str>)> {
    findings.iter().map(|finding| (finding.name.as_ref(), finding.relation.as_deref())).collect()
}

/// A column that differs is found where it was written.
#[test]
fn column_differs() {
    run(async {
        let mut catalog = catalog();
        let locals = &mut catalog.views[0].columns;
        locals[2].field = required("slot", DataType::Int32);
        locals[3].field = nullable("label", DataType::Int32);
        let ctx = open(&catalog, &Locations::new()).await;
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        let mut paths: Vec<_> = report.findings.iter().map(|finding| finding.path.as_deref().unwrap()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["label", "name", "slot"], "a column of another name and type is no renamed one");
        let slot = report.findings.iter().find(|finding| finding.path.as_deref() == Some("slot")).unwrap();
        assert_eq!(slot.code, "R001");
        assert_eq!(slot.expected.as_deref(), Some("int32 not null"));
        assert_eq!(slot.observed.as_deref(), Some("int64"));
        assert_eq!(slot.spec.as_ref().unwrap().key, "columns.slot");
        assert!(!report.relations[1].describe_equal);
        assert!(report.relations[1].executed);
    });
}

/// Columns in another order are one finding.
#[test]
fn columns_reordered() {
    run(async {
        let mut catalog = catalog();
        catalog.views[0].columns.swap(0, 1);
        let ctx = open(&catalog, &Locations::new()).await;
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert_eq!(codes(&report.findings), [("describe-differs", Some("locals"))]);
    });
}

/// Metadata that describe does not show is a warning.
#[test]
fn metadata_differs() {
    run(async {
        let mut catalog = catalog();
        catalog.views[1].columns[5].field = nullable("span", catalog.views[1].columns[5].field.data_type().clone());
        let ctx = open(&catalog, &Locations::new()).await;
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert_eq!(codes(&report.findings), [("metadata-differs", Some("refs"))]);
    });
}

/// A view that describes and does not run is found.
#[test]
fn view_described_and_failing() {
    run(async {
        let mut catalog = catalog();
        let sql = "SELECT path, a.b AS item FROM files_v1 CROSS JOIN unnest(files_v1.refs) AS a(b)";
        let item = nullable("item", crate::world::reference());
        catalog.views.push(view("crossed", sql, &["files_v1"], vec![required("path", DataType::Utf8), item]));
        let folder = TempDir::new().unwrap();
        let ctx = open(&catalog, &one_file(folder.path())).await;
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert_eq!(codes(&report.findings), [("view-fails", Some("crossed"))]);
        let crossed = report.relations.last().unwrap();
        assert!(crossed.describe_equal && !crossed.executed && crossed.rows.is_none());
    });
}

/// A view that cannot be planned is one finding with those over it.
#[test]
fn view_not_planned() {
    run(async {
        let mut catalog = catalog();
        catalog.views[1].sql = "SELECT no_such FROM files_v1\n".to_owned();
        let ctx = session(&catalog, &Options::default()).unwrap();
        let registered = register(&ctx, &catalog, &Locations::new()).await.unwrap();
        assert_eq!(registered.refused.len(), 3);
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert_eq!(codes(&report.findings), [("view-not-planned", Some("refs"))]);
        assert!(report.findings[0].observed.as_ref().unwrap().contains("no_such"));
    });
}

/// A missing function is one finding with the views that need it.
#[test]
fn function_missing() {
    run(async {
        let mut catalog = catalog();
        let item = Pattern::Variable("T".to_owned());
        let unnest = (FunctionKind::Unnest, Pattern::List(Box::new(item.clone())), item);
        let no_such = (FunctionKind::Scalar, Pattern::Family(Family::String), Pattern::Type(DataType::Utf8));
        catalog.functions = [("unnest", unnest), ("no_such", no_such)]
            .into_iter()
            .map(|(name, (kind, pattern, returns))| Function {
                name: name.to_owned(),
                doc: String::new(),
                origin: Origin::new(format!("functions/{name}.yaml"), ""),
                kind,
                provider: Provider::Host,
                signatures: vec![Signature {
                    parameters: vec![Parameter { pattern, optional: false }],
                    rest: None,
                    returns,
                    nulls: NullRule::Always,
                }],
            })
            .collect();
        catalog.views[1].sql = "SELECT no_such(file_id) AS x FROM files_v1\n".to_owned();
        let ctx = session(&catalog, &Options::default()).unwrap();
        register(&ctx, &catalog, &Locations::new()).await.unwrap();
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert_eq!(codes(&report.findings), [("function-missing", None)]);
        assert_eq!(report.findings[0].expected.as_deref(), Some("no_such(string) -> utf8"));
    });
}

/// A damaged file is one finding that names it.
#[test]
fn file_damaged() {
    run(async {
        let folder = TempDir::new().unwrap();
        write(&folder.path().join("a.parquet"), &batch(&schema(), ROWS));
        std::fs::write(folder.path().join("b.parquet"), "PAR1 no more").unwrap();
        let ctx = open(&catalog(), &at(folder.path())).await;
        let report = verify(&ctx, &catalog(), Checks::Schema, &NoProgress).await;
        assert_eq!(codes(&report.findings), [("file-truncated", Some("files_v1"))]);
        let place = report.findings[0].data.as_ref().unwrap();
        assert!(place.file.ends_with("b.parquet"), "{place:?}");
        // Everything else was read.
        assert!(report.relations.iter().all(|relation| relation.describe_equal && relation.executed));
        assert_eq!(report.relations[0].rows, Some(4));
    });
}

/// Nothing registered is a finding for the dataset only.
#[test]
fn nothing_registered() {
    run(async {
        let ctx = session(&catalog(), &Options::default()).unwrap();
        let report = verify(&ctx, &catalog(), Checks::Schema, &NoProgress).await;
        assert_eq!(codes(&report.findings), [("dataset-missing", Some("files_v1"))]);
    });
}

/// Another engine is a warning.
#[test]
fn engine_differs() {
    run(async {
        let mut catalog = catalog();
        catalog.engine = "54.0.0".to_owned();
        let ctx = open(&catalog, &Locations::new()).await;
        let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
        assert_eq!(codes(&report.findings), [("engine-differs", None)]);
    });
}

/// Rules have codes of their own in order.
#[test]
fn rule_codes_unique() {
    let codes: Vec<&str> = rules::all().map(|rule| rule.code).collect();
    assert!(codes.is_sorted_by(|left, right| left < right), "{codes:?}");
    let names: BTreeSet<&str> = rules::all().map(|rule| rule.name).collect();
    assert_eq!(names.len(), codes.len(), "a name is used twice");
    for rule in rules::all() {
        assert!(!rule.summary.is_empty() && rule.explanation.len() > 100, "{}", rule.name);
    }
}
