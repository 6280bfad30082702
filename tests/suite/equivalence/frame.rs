//! Random queries through the `DataFrame` API, which unnests otherwise than SQL does.

use arrow::datatypes::DataType;
use datafusion::common::{Column, Result, UnnestOptions};
use datafusion::dataframe::DataFrame;
use datafusion::functions::core::expr_ext::FieldAccessor as _;
use datafusion::functions_aggregate::count::count;
use datafusion::logical_expr::Expr;
use datafusion::prelude::SessionContext;
use fastrand::Rng;

use super::chance;
use super::query::Relation;

/// A query made from `seed`: the same in each session.
pub async fn frame(ctx: &SessionContext, relations: &[Relation], seed: u64) -> Result<DataFrame> {
    let random = &mut Rng::with_seed(seed);
    let relation = &relations[random.usize(..relations.len())];
    let col = |name: &str| Expr::Column(Column::from_name(name));
    let mut frame = ctx.table(relation.name.as_str()).await?;
    // Whatever is nested is opened for a while.
    for _ in 0..random.usize(1..=3) {
        let schema = frame.schema().clone();
        let nested: Vec<String> = schema
            .fields()
            .iter()
            .filter(|field| {
                matches!(field.data_type(), DataType::List(_) | DataType::LargeList(_) | DataType::Struct(_))
            })
            .map(|field| field.name().clone())
            .collect();
        if nested.is_empty() {
            break;
        }
        let column = &nested[random.usize(..nested.len())];
        if chance(random, 1, 3) {
            let kept: Vec<Expr> = schema
                .fields()
                .iter()
                .filter(|field| field.name() == column || random.bool())
                .map(|field| col(field.name()))
                .collect();
            frame = frame.select(kept)?;
        }
        let field = schema.field_with_unqualified_name(column)?;
        match field.data_type() {
            DataType::Struct(fields) if random.bool() && !fields.is_empty() => {
                let taken = fields[random.usize(..fields.len())].name();
                let rest = frame
                    .schema()
                    .fields()
                    .iter()
                    .filter(|field| field.name() != column)
                    .map(|field| col(field.name()));
                let items: Vec<Expr> = rest.chain([col(column).field(taken).alias("taken")]).collect();
                frame = frame.select(items)?;
            }
            _ => {
                let options = UnnestOptions::new().with_preserve_nulls(random.bool());
                frame = frame.unnest_columns_with_options(&[column.as_str()], options)?;
            }
        }
    }
    let columns = frame.schema().clone();
    let one = columns.field(random.usize(..columns.fields().len()));
    let other = col(columns.field(random.usize(..columns.fields().len())).name());
    match random.usize(..5) {
        0 => frame.filter(col(one.name()).is_null()),
        1 => frame.filter(col(one.name()).is_not_null())?.select(vec![other]),
        2 => frame.aggregate(vec![], vec![count(other)]),
        3 => frame.aggregate(vec![col(one.name())], vec![count(other).alias("many")]),
        _ => match one.data_type() {
            DataType::Struct(fields) if !fields.is_empty() => {
                let taken = fields[random.usize(..fields.len())].name();
                frame.select(vec![col(one.name()).field(taken).alias("taken"), other.is_null().alias("lacks")])
            }
            _ => frame.select(vec![col(one.name())]),
        },
    }
}
