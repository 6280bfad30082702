//! How data files are called: by default, by the contract, by the location; and what is left out is told.

use std::fs;
use std::path::{Path, PathBuf};

use cstspec_contract::report::Report;
use cstspec_contract::{Finding, Severity};
use cstspec_runtime::{Location, Locations};
use cstspec_verify::{Checks, ignored};
use datafusion::prelude::SessionContext;

use super::{Case, DATASET, line, only, spec_line};
use crate::world;

const SPEC: &str = "datasets/units_v1.yaml";

/// A row called `name`, as a file at the path.
fn put(case: &Case, path: &str, name: &str) {
    case.write(path, &format!(r#"{{"repo":"r","path":"{name}","file_id":"{name}","refs":[],"scopes":[]}}"#));
}

async fn paths(ctx: &SessionContext) -> Vec<String> {
    let batches = ctx.sql("SELECT path FROM units_v1 ORDER BY path").await.unwrap().collect().await.unwrap();
    let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
    text.lines()
        .skip(3)
        .map(|line| line.trim_matches(['|', '+', '-', ' ']).to_owned())
        .filter(|path| !path.is_empty())
        .collect()
}

async fn at(case: &Case, below: &str) -> SessionContext {
    let location = case.data("").join(below);
    world::open(&case.catalog(), &world::at([(DATASET, location.as_path())])).await
}

fn coded<'r>(report: &'r Report, code: &str) -> Vec<&'r Finding> {
    report.findings.iter().filter(|finding| finding.code == code).collect()
}

/// Parquet under another name is a warning of verify and of a query.
#[tokio::test]
async fn other_names_reported() {
    let case = Case::sound();
    for (file, name) in
        [("000000_0", "x"), ("000001_0", "y"), ("part.0.parq", "z"), ("_pyrepl.parquet", "p"), ("_old/a.parquet", "o")]
    {
        put(&case, file, name);
    }
    fs::write(case.data("notes.txt"), "x").unwrap();
    fs::write(case.data("empty.parq"), "").unwrap();
    for name in ["_metadata", "_common_metadata", "_delta_index/a.parquet", ".git/a.parquet", "_temporary/0/a.parquet"]
    {
        put(&case, name, "s");
    }
    for depth in [Checks::Schema, Checks::Rows] {
        let report = case.verify(depth).await;
        let [finding] = coded(&report, "R119")[..] else { panic!("{:#?}", report.findings) };
        assert_eq!(finding.severity, Severity::Warning);
        assert_eq!(finding.message, "5 Parquet files in the location of `units_v1` are not read");
        assert_eq!(spec_line(finding), line(SPEC, "dataset: units_v1"));
        let observed = finding.observed.as_deref().unwrap();
        for name in ["000000_0", "000001_0", "part.0.parq", "_pyrepl.parquet", "_old/a.parquet"] {
            assert!(observed.contains(&format!("`/data/{name}`")), "{observed}");
        }
        let remedy = finding.remedy.as_deref().unwrap();
        assert!(
            remedy.contains(r#"["*.parquet", "**/_old/**/*.parquet", "*.parq", "00000*", "_*.parquet"]"#),
            "{remedy}"
        );
        let told: Vec<_> = coded(&report, "R114").iter().map(|told| told.data.as_ref().unwrap().file.clone()).collect();
        assert_eq!(told, ["/data/_common_metadata", "/data/_metadata", "/data/empty.parq", "/data/notes.txt"]);
        assert_eq!(report.relations[0].rows, Some(4));
    }
    let ctx = case.open().await;
    assert_eq!(ignored(&ctx).await, [], "nothing was read yet");
    paths(&ctx).await;
    let told = ignored(&ctx).await;
    assert_eq!(told.iter().map(|finding| finding.code.as_ref()).collect::<Vec<_>>(), ["R119"]);
    assert_eq!(ignored(&ctx).await, [], "it is told once");
}

/// Many files of other names are counted.
#[tokio::test]
async fn other_names_many() {
    let case = Case::sound();
    for number in 0..250 {
        fs::copy(case.data("units.parquet"), case.data(&format!("part-{number:03}.pq"))).unwrap();
    }
    let report = case.verify(Checks::Schema).await;
    let [finding] = coded(&report, "R119")[..] else { panic!("{:#?}", report.findings) };
    assert_eq!(finding.message, "at least 100 Parquet files in the location of `units_v1` are not read");
    assert!(finding.observed.as_deref().unwrap().contains("and 150 files with the same endings"), "{finding:#?}");
    assert_eq!(report.findings.len(), 1);
}

/// A location may be a pattern.
#[tokio::test]
async fn location_pattern() {
    let case = Case::new();
    for path in ["a.parquet", "part-0", "b/c.parquet", "b/d/e.parquet", "f [1].parquet"] {
        put(&case, path, path);
    }
    for (pattern, expected) in [
        ("*.parquet", &["a.parquet", "f [1].parquet"][..]),
        ("**/*.parquet", &["a.parquet", "b/c.parquet", "b/d/e.parquet", "f [1].parquet"]),
        ("part-*", &["part-0"]),
        ("b/*", &["b/c.parquet", "b/d/e.parquet"]),
        ("?/c.parquet", &["b/c.parquet"]),
        ("[ab]", &["b/c.parquet", "b/d/e.parquet"]),
        ("f [1].parquet", &["f [1].parquet"]),
        ("b/", &["b/c.parquet", "b/d/e.parquet"]),
    ] {
        assert_eq!(paths(&at(&case, pattern).await).await, expected, "{pattern}");
        let report = case.verify_in(&at(&case, pattern).await, Checks::Schema).await;
        assert_eq!(report.findings, [], "{pattern}");
    }
    for pattern in ["*.parq", "none/*.parquet", "[xy]/**"] {
        let report = case.verify_in(&at(&case, pattern).await, Checks::Schema).await;
        let code = only(&report).code.as_ref().to_owned();
        assert!(code == "R103" || code == "R101", "{pattern}: {code}");
    }
    let catalog = case.catalog();
    let ctx = cstspec_runtime::session(&catalog, &cstspec_runtime::Options::default()).unwrap();
    let bad = Locations::from([(DATASET.to_owned(), Location::Url(format!("{}/a**", case.data("").display())))]);
    let refused = cstspec_runtime::register(&ctx, &catalog, &bad).await.unwrap_err().to_string();
    assert!(refused.contains("no pattern"), "{refused}");
}

/// Rows of two partitions, whose files do not store `repo`.
fn hive() -> Case {
    let case = Case::new();
    let schema = case.schema();
    let stored = schema.project(&[1, 2, 3, 4, 5]).unwrap().into();
    for (path, name) in [("repo=alpha/x.parquet", "a"), ("repo=alpha/y.parquet", "b"), ("repo=beta%20b/x.parquet", "c")]
    {
        case.write_as(path, &format!(r#"{{"path":"{name}","file_id":"{name}","refs":[],"scopes":[]}}"#), &stored);
    }
    case
}

async fn repos(ctx: &SessionContext) -> String {
    let sql = "SELECT string_agg(path || '=' || coalesce(repo, 'NULL'), ' ' ORDER BY path) AS t FROM units_v1";
    let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
    arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string()
}

/// A part of a layout has the values of the folders above.
#[tokio::test]
async fn location_inside_hive_layout() {
    let case = hive();
    for (location, expected) in [
        ("", "a=alpha b=alpha c=beta b"),
        ("repo=alpha", "a=alpha b=alpha"),
        ("repo=alpha/", "a=alpha b=alpha"),
        ("repo=beta%20b/x.parquet", "c=beta b"),
        ("repo=alpha/y.parquet", "b=alpha"),
        ("repo=alpha/x*", "a=alpha"),
        ("repo=*/x.parquet", "a=alpha c=beta b"),
        ("**/x.parquet", "a=alpha c=beta b"),
        ("repo=a*", "a=alpha b=alpha"),
    ] {
        let ctx = at(&case, location).await;
        let found = repos(&ctx).await;
        assert!(found.contains(&format!(" {expected} ")), "{location}: {found}");
        let report = case.verify_in(&ctx, Checks::Rows).await;
        assert_eq!(report.findings, [], "{location}");
        assert_eq!(report.sources[0].layout, "hive");
    }
}

/// A part of a Delta table is refused.
#[tokio::test]
async fn location_inside_delta_table() {
    let case = hive();
    fs::create_dir(case.data("_delta_log")).unwrap();
    fs::write(case.data("_delta_log/00000000000000000000.json"), "{}").unwrap();
    for location in ["repo=alpha", "repo=alpha/x.parquet", "**/*.parquet"] {
        let report = case.verify_in(&at(&case, location).await, Checks::Schema).await;
        let finding = only(&report);
        assert_eq!(finding.code, "R102", "{location}");
        assert!(finding.message.contains("inside a Delta table"), "{location}: {}", finding.message);
    }
}

/// A place that the session names and that has no table is a finding.
#[tokio::test]
async fn session_location_without_table() {
    let case = Case::new();
    let root: PathBuf = case.data("");
    let pin = |root: &Path| {
        let case = Case::new();
        let mut catalog = case.catalog();
        let pinned = catalog.sessions.iter_mut().find(|session| session.name == catalog.session).unwrap();
        for (name, value) in [("location", format!("file://{}", root.display())), ("format", "parquet".to_owned())] {
            let origin = pinned.origin.clone();
            let setting = cstspec_contract::Setting { value, origin };
            pinned.settings.insert(format!("datafusion.catalog.{name}"), setting);
        }
        catalog
    };
    let catalog = pin(&root);
    let verify = async || {
        let ctx = world::open(&catalog, &Locations::new()).await;
        let report = cstspec_verify::verify(&ctx, &catalog, Checks::Schema, &cstspec_verify::NoProgress).await;
        (
            coded(&report, "R101").len(),
            report.findings.len(),
            report.relations[0].rows,
            report.sources[0].location.is_some(),
        )
    };
    assert_eq!(verify().await, (1, 1, Some(0), false), "the folder is not there");
    fs::create_dir_all(root.join("other")).unwrap();
    assert_eq!(verify().await, (1, 1, Some(0), false), "it has other tables");
    fs::create_dir_all(root.join(DATASET)).unwrap();
    assert_eq!(verify().await, (0, 1, None, true), "a folder without files is a wrong location");
    case.write(&format!("{DATASET}/a.parquet"), Case::ROWS);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        fs::write(root.join(std::ffi::OsStr::from_bytes(b"notes\xff.txt")), "x").unwrap();
    }
    assert_eq!(verify().await, (0, 0, Some(4), true), "the report says where the rows are from");
}
