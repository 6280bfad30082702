//! Questions to the engine. One that it does not answer gives no candidate.

use arrow::array::{ArrayRef, AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::prelude::SessionContext;

/// The integers of the first row of a query's result.
pub async fn numbers<const N: usize>(context: &SessionContext, sql: &str) -> Option<[u64; N]> {
    let numbers = all_numbers(context, sql).await?;
    numbers.try_into().ok()
}

/// The integers of the first row of a query's result, one per column.
pub async fn all_numbers(context: &SessionContext, sql: &str) -> Option<Vec<u64>> {
    let batches = rows(context, sql).await?;
    let batch = batches.iter().find(|batch| batch.num_rows() > 0)?;
    let number = |column: &ArrayRef| {
        let column = cast(column, &DataType::Int64).ok()?;
        u64::try_from(column.as_primitive::<Int64Type>().value(0)).ok()
    };
    batch.columns().iter().map(number).collect()
}

/// The one integer of a query's result.
pub async fn count(context: &SessionContext, sql: &str) -> Option<u64> {
    numbers(context, sql).await.map(|[count]| count)
}

/// The texts of a query's result, sorted.
pub async fn texts(context: &SessionContext, sql: &str) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for batch in rows(context, sql).await? {
        let column = cast(batch.column(0), &DataType::Utf8).ok()?;
        texts.extend(column.as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    texts.sort();
    Some(texts)
}

async fn rows(context: &SessionContext, sql: &str) -> Option<Vec<RecordBatch>> {
    context.sql(sql).await.ok()?.collect().await.ok()
}
