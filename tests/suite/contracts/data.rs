//! What `verify --deep` counts, and rows that are in no file.

use std::sync::Arc;

use cstspec_contract::report::{ContractReport, Report};
use cstspec_runtime::{Location, Locations};
use cstspec_verify::Checks;
use datafusion::datasource::MemTable;

use super::{Case, DATASET, line, only, spec_line};
use crate::world;

/// The one promise of a kind about these columns.
fn contract<'a>(report: &'a Report, relation: &str, kind: &str, columns: &str) -> &'a ContractReport {
    let found: Vec<_> = report
        .contracts
        .iter()
        .filter(|contract| {
            contract.relation == relation && contract.kind.name() == kind && contract.columns.join(" ") == columns
        })
        .collect();
    let [contract] = found[..] else { panic!("{relation} {kind} {columns}: {:#?}", report.contracts) };
    contract
}

/// The rows with `from`, which must be there once, replaced by `to`.
fn rows(from: &str, to: &str) -> String {
    assert_eq!(Case::ROWS.matches(from).count(), 1, "`{from}`");
    Case::ROWS.replace(from, to)
}

/// Every promise of the sound table is counted.
#[tokio::test]
async fn constraints_counted() {
    let report = Case::sound().verify(Checks::Rows).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert!(report.contracts.iter().all(|contract| contract.broken == 0));
    let checked = |relation, kind, columns| contract(&report, relation, kind, columns).checked;
    // A nested field is looked at where its parent is present: three uses, one mark, three names.
    assert_eq!(checked(DATASET, "not_null", "path"), 4);
    assert_eq!(checked(DATASET, "not_null", "refs.file_id"), 3);
    assert_eq!(checked(DATASET, "not_null", "refs.marks.value.level"), 1);
    assert_eq!(checked(DATASET, "not_null", "scopes.locals.slot"), 3);
    assert_eq!(checked(DATASET, "allowed", "refs.kind"), 2);
    assert_eq!(checked(DATASET, "identity", "refs.file_id"), 3);
    assert_eq!(checked(DATASET, "key", "file_id"), 4);
    assert_eq!(checked(DATASET, "order", "path"), 4);
    assert_eq!(checked("refs", "key", "file_id ref_id"), 3);
    // Two of three uses repeat no other.
    assert_eq!(checked("refs", "reference", "file_id target_id"), 1);
    assert_eq!(contract(&report, "refs", "reference", "file_id target_id").target.as_deref(), Some("refs"));
    assert_eq!(report.contracts.len(), 11, "{:#?}", report.contracts);
    assert!(Case::sound().verify(Checks::Schema).await.contracts.is_empty());
}

/// A value that is not allowed in rows that are in no file.
#[tokio::test]
async fn value_not_allowed_in_host_table() {
    let case = Case::new();
    let schema = case.catalog().dataset(DATASET).unwrap().schema();
    let text = rows("\"kind\":\"attribute\"", "\"kind\":\"label\"");
    let batch = cstspec_tests::rows::batch(&text, &schema);
    let table = MemTable::try_new(schema, vec![vec![batch]]).unwrap();
    let locations = Locations::from([(DATASET.to_owned(), Location::Table(Arc::new(table)))]);
    let ctx = world::open(&case.catalog(), &locations).await;
    let report = case.verify_in(&ctx, Checks::Rows).await;
    let finding = only(&report);
    assert_eq!((finding.code.as_ref(), spec_line(finding)), ("R206", line("types/ref.yaml", "allowed:")));
    assert_eq!(finding.data, None);
    assert_eq!(
        finding.observed.as_deref(),
        Some("1 of 2 values: refs[1].kind in a row (kind = label, file_id = f1); rows and elements count from 0")
    );
    // Views over those rows are proven too.
    assert_eq!(contract(&report, "refs", "key", "file_id ref_id").checked, 3);
}
