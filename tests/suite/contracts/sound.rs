//! Nothing is said of a sound table.

use cstspec_runtime::Depth;

use super::Case;

#[tokio::test]
async fn a_sound_table_has_no_finding() {
    let case = Case::sound();
    for depth in [Depth::Plain, Depth::Deep] {
        let report = case.verify(depth).await;
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        let rows: Vec<_> = report.relations.iter().map(|relation| (relation.name.as_str(), relation.rows)).collect();
        let expected = [("units_v1", 4), ("locals", 3), ("refs", 3), ("ref_attrs", 2), ("ref_origin", 3)]
            .map(|(name, rows)| (name, Some(rows)));
        assert_eq!(rows, expected);
    }
}
