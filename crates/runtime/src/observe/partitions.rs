//! The partition columns that a dataset has, and the declared ones.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use cstspec_contract::Dataset;
use cstspec_contract::report::{PartitionSchemaValidation, PartitionTypeMismatch};
use datafusion::prelude::SessionContext;
use tokio::sync::OnceCell;

use crate::files::hive;
use crate::files::table_files::TableFiles;
use crate::names::table_reference;

/// Compares what is declared with what folder names carry, and with the types that the session and its `information_schema` give
/// these columns.
///
/// Without `key=value` folders the table is not partitioned: its files store the columns, and those that the relation has are the
/// actual ones.
pub async fn validate(
    ctx: &SessionContext,
    contract: &Dataset,
    table_files: &TableFiles,
    listed: &ListedTypes,
) -> PartitionSchemaValidation {
    let declared: BTreeMap<String, String> = hive::columns(contract)
        .map(|column| (column.name().to_owned(), column.field.data_type().to_string()))
        .collect();
    let schema = match ctx.table_provider(table_reference(&contract.name)).await {
        Ok(table) => table.schema(),
        Err(_) => contract.schema(),
    };
    let keys = table_files.log.as_ref().map_or(&table_files.keys, |log| &log.partitions);
    let actual: Vec<String> = if keys.is_empty() {
        contract.partitions.iter().filter(|name| schema.index_of(name).is_ok()).cloned().collect()
    } else {
        keys.clone()
    };
    let listed = if actual.is_empty() { None } else { listed.of(ctx, &contract.name).await };
    let with_type = |name: &String| {
        let of_schema = schema.field_with_name(name).ok()?.data_type().to_string();
        // Where the relation itself is of another type, its DESCRIBE says so.
        let text = listed
            .and_then(|listed| listed.get(name))
            .filter(|listed| declared.get(name) == Some(&of_schema) && **listed != of_schema);
        Some((name.clone(), text.cloned().unwrap_or(of_schema)))
    };
    let types: BTreeMap<String, String> = actual.iter().filter_map(with_type).collect();
    compare(contract, actual, declared, types)
}

/// Compares the partition columns `actual`, outermost first, with their `types`, with the declared ones.
pub fn compare(
    contract: &Dataset,
    actual: Vec<String>,
    declared: BTreeMap<String, String>,
    types: BTreeMap<String, String>,
) -> PartitionSchemaValidation {
    let expected = contract.partitions.clone();
    let lacks = |names: &[String], name: &String| !names.contains(name);
    let missing: Vec<String> = expected.iter().filter(|name| lacks(&actual, name)).cloned().collect();
    let extra: Vec<String> = actual.iter().filter(|name| lacks(&expected, name)).cloned().collect();
    let common = |names: &[String], other: &[String]| {
        names.iter().filter(|name| other.contains(name)).cloned().collect::<Vec<_>>()
    };
    let mismatches = declared.iter().filter_map(|(column, expected)| {
        let actual = types.get(column).filter(|actual| *actual != expected)?;
        Some(PartitionTypeMismatch { column: column.clone(), expected: expected.clone(), actual: actual.clone() })
    });
    PartitionSchemaValidation {
        partition_order_matches: common(&expected, &actual) == common(&actual, &expected),
        partition_type_mismatches: mismatches.collect(),
        expected_partition_cols: expected,
        actual_partition_cols: actual,
        missing_partition_cols: missing,
        extra_partition_cols: extra,
        expected_partition_types: declared,
        actual_partition_types: types,
    }
}

/// The types of columns as `information_schema.columns` gives them, by relation and column. It is listed once for all relations, since
/// the engine lists every column of a session for each query.
#[derive(Debug, Default)]
pub struct ListedTypes(OnceCell<BTreeMap<String, BTreeMap<String, String>>>);

impl ListedTypes {
    /// Those of a relation; none where the session has no such schema.
    async fn of(&self, ctx: &SessionContext, relation: &str) -> Option<&BTreeMap<String, String>> {
        self.0.get_or_init(|| Self::list(ctx)).await.get(relation)
    }

    async fn list(ctx: &SessionContext) -> BTreeMap<String, BTreeMap<String, String>> {
        let mut types: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let query = "SELECT table_name, column_name, data_type FROM information_schema.columns";
        let Ok(frame) = ctx.sql(query).await else { return types };
        let Ok(batches) = frame.collect().await else { return types };
        for batch in batches {
            let texts = |index: usize| cast(batch.column(index), &DataType::Utf8).ok();
            let (Some(relations), Some(names), Some(listed)) = (texts(0), texts(1), texts(2)) else { continue };
            let texts = [&relations, &names, &listed].map(AsArray::as_string::<i32>);
            for ((relation, name), listed) in texts[0].iter().zip(texts[1]).zip(texts[2]) {
                let (Some(relation), Some(name), Some(listed)) = (relation, name, listed) else { continue };
                types.entry(relation.to_owned()).or_default().insert(name.to_owned(), listed.to_owned());
            }
        }
        types
    }
}
