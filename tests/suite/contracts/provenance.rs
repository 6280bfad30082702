//! Registered relations have the definitions of the catalog, and the session reports them: definitions, keys and defaults.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use cstspec_verify::Checks;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;

use super::{Case, DATASET, line, only, spec_line};

/// A session in which another table has the name of `relation`.
async fn replaced(case: &Case, relation: &str, schema: Schema) -> SessionContext {
    let ctx = case.open().await;
    ctx.deregister_table(relation).unwrap();
    let table = MemTable::try_new(Arc::new(schema), vec![vec![]]).unwrap();
    ctx.register_table(relation, Arc::new(table)).unwrap();
    ctx
}

/// A dataset that another table took the name of.
#[tokio::test]
async fn dataset_replaced() {
    let case = Case::sound();
    let same = case.catalog().dataset(DATASET).unwrap().schema();
    let other = Schema::new(vec![Field::new("x", DataType::Int8, true)]);
    // Whether its columns differ or not, it is one finding: everything else follows from it.
    for schema in [same.as_ref().clone(), other] {
        let equal = schema == *same;
        let ctx = replaced(&case, DATASET, schema).await;
        let report = case.verify_in(&ctx, Checks::Schema).await;
        let finding = only(&report);
        assert_eq!(finding.code, "R501");
        assert_eq!(finding.relation.as_deref(), Some(DATASET));
        assert_eq!(spec_line(finding), line("datasets/units_v1.yaml", "dataset: units_v1"));
        assert!(finding.expected.as_deref().unwrap().starts_with("CREATE EXTERNAL TABLE units_v1\nSTORED AS CSTSPEC"));
        assert_eq!(finding.observed.as_deref(), Some("no statement: another provider has the name"));
        assert!(finding.remedy.as_deref().unwrap().contains("register the catalog again"));
        assert_eq!(report.relations[0].describe_equal, equal);
    }
}

/// A view that was created otherwise.
#[tokio::test]
async fn view_replaced() {
    let case = Case::sound();
    let ctx = case.open().await;
    ctx.sql("CREATE OR REPLACE VIEW locals AS SELECT file_id, 's' AS scope FROM units_v1").await.unwrap();
    let report = case.verify_in(&ctx, Checks::Schema).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R501");
    assert_eq!(spec_line(finding), line("views/locals.yaml", "view: locals"));
    assert!(finding.expected.as_deref().unwrap().starts_with("CREATE VIEW locals AS\nSELECT"));
    assert_eq!(
        finding.observed.as_deref(),
        Some("CREATE OR REPLACE VIEW locals AS SELECT file_id, 's' AS scope FROM units_v1")
    );
}

/// A view that its own statement created again is the same.
#[tokio::test]
async fn view_recreated() {
    let case = Case::sound();
    let ctx = case.open().await;
    for name in ["ref_origin", "ref_attrs", "refs", "locals", DATASET] {
        let statement = cstspec_runtime::definition::of(&ctx, name).await.unwrap();
        ctx.deregister_table(name).unwrap();
        ctx.sql(&statement).await.unwrap();
    }
    let report = case.verify_in(&ctx, Checks::Schema).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

/// A key that the session does not answer.
#[tokio::test]
async fn key_differs() {
    let case = Case::sound();
    let ctx = case.open().await;
    case.edit("datasets/units_v1.yaml", "primary_key: [file_id]", "primary_key: [path]");
    let report = case.verify_in(&ctx, Checks::Schema).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R503");
    assert_eq!(finding.relation.as_deref(), Some(DATASET));
    assert_eq!(spec_line(finding), line("datasets/units_v1.yaml", "constraints:"));
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("(path)"), Some("(file_id)")));
}

/// A reference that the session does not answer.
#[tokio::test]
async fn reference_differs() {
    let case = Case::sound();
    let ctx = case.open().await;
    case.edit(
        "views/refs.yaml",
        "columns: [file_id, target_id], relation: refs, to: [file_id, ref_id]",
        "columns: [file_id], relation: units_v1, to: [file_id]",
    );
    let report = case.verify_in(&ctx, Checks::Schema).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R503");
    assert_eq!(spec_line(finding), line("views/refs.yaml", "  - { columns:"));
    assert_eq!(finding.expected.as_deref(), Some("(file_id) to units_v1 (file_id)"));
    assert_eq!(finding.observed.as_deref(), Some("(file_id, target_id) to refs (file_id, ref_id)"));
}

/// A default that the session does not answer.
#[tokio::test]
async fn default_differs() {
    let case = Case::sound();
    let ctx = case.open().await;
    case.edit("datasets/units_v1.yaml", "type: int64, default: 0", "type: int64, default: 4");
    // The default is metadata of its column as well, which is a promise of its own.
    let mut report = case.verify_in(&ctx, Checks::Schema).await;
    report.findings.retain(|finding| finding.code != "R002");
    let finding = only(&report);
    assert_eq!(finding.code, "R504");
    assert_eq!(finding.path.as_deref(), Some("size"));
    assert_eq!(spec_line(finding), line("datasets/units_v1.yaml", "  size:"));
    assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("4"), Some("0")));
}

/// An information schema that knows no contracts.
#[tokio::test]
async fn information_schema_replaced() {
    let case = Case::sound();
    let ctx = case.open().await;
    ctx.sql("SET datafusion.catalog.information_schema = true").await.unwrap();
    let report = case.verify_in(&ctx, Checks::Schema).await;
    let finding = only(&report);
    assert_eq!(finding.code, "R502");
    assert_eq!(spec_line(finding), line("sessions/pinned.yaml", "session: pinned"));
    assert!(finding.observed.as_deref().unwrap().contains("table_constraints"), "{finding:?}");
    assert!(finding.remedy.as_deref().unwrap().contains("SET datafusion.catalog.information_schema = false"));
}
