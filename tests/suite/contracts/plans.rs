//! How the engine runs each view: recorded with schemas, and the same wherever the data lies.

use cstspec_contract::report::Report;
use cstspec_runtime::{Options, register, session};
use cstspec_verify::{Checks, NoProgress, verify};

use super::Case;

async fn with(case: &Case, partitions: usize) -> Report {
    let catalog = case.catalog();
    let options = Options { target_partitions: Some(partitions), ..Options::default() };
    let ctx = session(&catalog, &options).unwrap();
    register(&ctx, &catalog, &case.locations()).await.unwrap();
    verify(&ctx, &catalog, Checks::Schema, &NoProgress).await
}

/// Plans of every view are the same wherever the data lies and however many partitions there are.
#[tokio::test]
async fn plans_independent_of_layout() {
    let one = Case::sound();
    let two = Case::new();
    let (first, second) = Case::ROWS.trim().split_at(Case::ROWS.trim().find("{\"repo\":\"beta").unwrap());
    two.write("some/where/else.parquet", first);
    two.write("some/more.parquet", second);
    let plans = with(&one, 1).await.plans;
    assert_eq!(plans, with(&two, 7).await.plans);

    let views: Vec<_> = plans.iter().map(|plan| plan.view.as_str()).collect();
    assert_eq!(views, ["locals", "ref_attrs", "ref_origin", "refs"]);
    let refs = &plans[3];
    assert!(refs.logical.contains("Unnest") && refs.optimized.contains("TableScan: units_v1"), "{refs:#?}");
    assert!(refs.physical.contains("DataSourceExec: file_groups={1 group: [[files]]}"), "{}", refs.physical);
    assert!(refs.physical.contains("schema=["), "{}", refs.physical);
    assert!(refs.dfschema.starts_with("units_v1.path: Utf8 NOT NULL\n"), "{}", refs.dfschema);
    assert!(
        refs.dfschema.contains("span: Struct [ARROW:extension:name=units.span]\n  start: Int32\n"),
        "{}",
        refs.dfschema
    );
}

/// A view that cannot be planned has no plan and the others have theirs.
#[tokio::test]
async fn view_not_planned() {
    let case = Case::sound();
    let mut catalog = case.catalog();
    let view = catalog.views.iter_mut().find(|view| view.name == "locals").unwrap();
    view.sql = "SELECT no_such FROM nowhere\n".to_owned();
    let ctx = session(&catalog, &Options::default()).unwrap();
    register(&ctx, &catalog, &case.locations()).await.unwrap();
    let report = verify(&ctx, &catalog, Checks::Schema, &NoProgress).await;
    let planned: Vec<_> = report.plans.iter().map(|plan| plan.view.as_str()).collect();
    assert_eq!(planned, ["ref_attrs", "ref_origin", "refs"]);
    assert!(report.plans.iter().all(|plan| !plan.physical.is_empty() && !plan.optimized.is_empty()));
}
