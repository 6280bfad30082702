//! The partition columns that a dataset has, held against the declared ones.

use cstspec_contract::report::{PartitionSchemaValidation, PartitionTypeMismatch};
use cstspec_contract::{DataPlace, Dataset, Finding, Path, spelling};

use crate::rules;

/// A finding for each way in which the partition columns of the table as a whole are not the declared ones. `seen` is a file or the
/// location.
pub fn differences(contract: &Dataset, validation: &PartitionSchemaValidation, seen: Option<&str>) -> Vec<Finding> {
    let dataset = contract.name.as_str();
    let place = if contract.partitions.is_empty() { contract.origin.clone() } else { contract.key("partitions") };
    let folders = |names: &[String]| match names {
        [] => "no `key=value` folders".to_owned(),
        names => names.iter().map(|name| format!("`{name}=...`")).collect::<Vec<_>>().join("/"),
    };
    let expected = folders(&validation.expected_partition_cols);
    let observed = folders(&validation.actual_partition_cols);
    let mut findings = Vec::new();
    let mut add = |rule, column: Option<&String>, message: String, remedy: String| {
        let mut finding = Finding::new(rule, message)
            .differing(expected.as_str(), observed.as_str())
            .relation(dataset)
            .remedy(remedy)
            .at(&place);
        finding.path = column.cloned();
        finding.data = seen.map(|seen| DataPlace { file: seen.to_owned(), row: None });
        findings.push(finding);
    };
    // A key that is there instead of one that is missing has the same cause.
    let extra: &[String] =
        if validation.missing_partition_cols.is_empty() { &validation.extra_partition_cols } else { &[] };
    for column in &validation.missing_partition_cols {
        let remedy = match validation.extra_partition_cols.as_slice() {
            [other] if validation.missing_partition_cols.len() == 1 => {
                format!("rename the folders `{other}=...` to `{column}=...`, or declare `{other}` instead")
            }
            _ => format!("write the table with folders {expected}, or remove `{column}` from `partitions`"),
        };
        let message = format!("the folders of `{dataset}` lack the partition column `{column}`");
        add(&rules::PARTITION_MISSING, Some(column), message, remedy);
    }
    for column in extra {
        let message = format!("the folders of `{dataset}` have the key `{column}`, which is not a declared partition");
        let remedy = format!("add `{column}` to `partitions`, or move the files out of the folders `{column}=...`");
        add(&rules::PARTITION_UNDECLARED, Some(column), message, remedy);
    }
    if !validation.partition_order_matches {
        let message = format!("the folders of `{dataset}` nest in another order than its partitions");
        let remedy = format!("declare `partitions: [{}]`", validation.actual_partition_cols.join(", "));
        add(&rules::PARTITIONS_REORDERED, None, message, remedy);
    }
    for PartitionTypeMismatch { column, expected, actual } in &validation.partition_type_mismatches {
        let place = contract.locate(&Path::top(column.as_str())).unwrap_or_else(|| place.clone());
        let finding = Finding::new(
            &rules::PARTITION_TYPE_DIFFERS,
            format!("the partition column `{column}` of `{dataset}` has another type"),
        )
        .differing(spelling::of_arrow(expected), spelling::of_arrow(actual))
        .relation(dataset)
        .path(column.as_str())
        .remedy("register the catalog again, or change the column's `type`")
        .at(&place);
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use arrow::datatypes::DataType;
    use cstspec_contract::types::nullable;
    use cstspec_contract::{Column, Dataset, Origin, Severity};

    use cstspec_runtime::observe::partitions::compare;

    use super::differences;

    fn dataset() -> Dataset {
        let column = |name: &str| Column {
            field: nullable(name, DataType::Utf8),
            doc: String::new(),
            origin: Origin::new("datasets/units.yaml", format!("columns.{name}")),
        };
        Dataset {
            origin: Origin::new("datasets/units.yaml", "dataset"),
            partitions: vec!["repo".to_owned(), "year".to_owned()],
            ..Dataset::new("units", ["repo", "year"].map(column))
        }
    }

    fn types(pairs: [(&str, &str); 2]) -> BTreeMap<String, String> {
        pairs.map(|(name, data_type)| (name.to_owned(), data_type.to_owned())).into()
    }

    /// A partition column of another type is one finding at its column.
    #[test]
    fn partition_type_differs() {
        let contract = dataset();
        let declared = types([("repo", "Utf8"), ("year", "Utf8")]);
        let actual = types([("repo", "Utf8"), ("year", "Int32")]);
        let validation = compare(&contract, contract.partitions.clone(), declared, actual);
        assert!(validation.partition_order_matches && validation.missing_partition_cols.is_empty());
        let findings = differences(&contract, &validation, None);
        let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
        assert_eq!((finding.name.as_ref(), finding.severity), ("partition-type-differs", Severity::Error));
        assert_eq!(finding.spec.as_ref().unwrap().key, "columns.year");
        assert_eq!((finding.expected.as_deref(), finding.observed.as_deref()), (Some("utf8"), Some("int32")));
    }

    /// A key in place of another is one finding.
    #[test]
    fn partition_key_replaced() {
        let contract = dataset();
        let declared = types([("repo", "Utf8"), ("year", "Utf8")]);
        let actual = vec!["repo".to_owned(), "month".to_owned()];
        let validation = compare(&contract, actual, declared, BTreeMap::new());
        assert_eq!(validation.missing_partition_cols, ["year"]);
        assert_eq!(validation.extra_partition_cols, ["month"]);
        let findings = differences(&contract, &validation, Some("/data"));
        assert_eq!(findings.len(), 1);
        assert!(findings[0].remedy.as_deref().unwrap().contains("`month=...` to `year=...`"));
    }
}
