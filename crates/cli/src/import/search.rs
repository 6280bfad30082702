//! Candidates for constraints: cheap questions to the engine about single columns and pairs. The proof decides.

mod elements;
mod order;
mod question;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::SessionContext;

pub use elements::{free, of_elements};
pub use order::of_order;

use super::table::Table;
use cstspec_contract::Path;
use cstspec_contract::sql::ident;
use question::{count, numbers, texts};

/// The most columns that are looked at for keys and sets of values.
const MOST_COLUMNS: usize = 64;
/// The most pairs of columns that are looked at for keys.
const MOST_PAIRS: usize = 40;
/// The most values of a set.
const MOST_VALUES: u64 = 12;
/// The fewest values of a column for each distinct one, from which on the distinct ones may be a set.
const REPEATS: u64 = 20;
/// The longest value of a set, in bytes.
const LONGEST_VALUE: usize = 64;

/// What is known of the values of a column.
#[derive(Debug)]
struct Column {
    name: String,
    rank: usize,
    rows: u64,
    present: u64,
    distinct: u64,
}

/// Whether a column of the type can be part of a key: no nested type, no float, and more than two values.
fn is_key_type(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_key_type(values),
        DataType::Null
        | DataType::Boolean
        | DataType::RunEndEncoded(..)
        | DataType::Union(..)
        | DataType::Interval(_) => false,
        other => !other.is_nested() && !other.is_floating(),
    }
}

/// Whether a field of the elements has the name and type of a column: it repeats the value of the row, or is another thing by the same name.
fn repeats(schema: &Schema, field: &Field) -> bool {
    schema.field_with_name(field.name()).is_ok_and(|column| column.data_type() == field.data_type())
}

/// Whether values of the type are texts.
fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Whether a name is that of an identifier.
fn is_id(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["id", "uuid", "guid", "key", "pk"].iter().any(|word| lower == *word || lower.ends_with(&format!("_{word}")))
        || name.ends_with("Id")
        || name.ends_with("ID")
}

/// How likely a column is one of a key: the lower the likelier.
fn rank(field: &Field) -> usize {
    match field.data_type() {
        _ if is_id(field.name()) => 0,
        data_type if data_type.is_integer() => 1,
        DataType::FixedSizeBinary(_) => 1,
        data_type if is_text(data_type) => 2,
        _ => 3,
    }
}

/// Candidates among the columns of the table: its primary key and sets of values. Each list view gets the columns of the key.
pub async fn of_rows(context: &SessionContext, table: &mut Table) {
    let dataset = ident(&table.draft.dataset).into_owned();
    let mut columns = Vec::new();
    let fields: Vec<Field> = table.draft.schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    for field in fields.iter().filter(|field| is_key_type(field.data_type())).take(MOST_COLUMNS) {
        let column = ident(field.name());
        let sql = format!("SELECT count(*), count({column}), count(DISTINCT {column}) FROM {dataset}");
        let Some([rows, present, distinct]) = numbers(context, &sql).await else { continue };
        let is_partition = table.draft.partitions.contains(field.name());
        if is_text(field.data_type()) && is_set(present, distinct) && !is_id(field.name()) && !is_partition {
            let sql = format!("SELECT DISTINCT {column} FROM {dataset} WHERE {column} IS NOT NULL");
            if let Some(values) = texts(context, &sql).await.filter(|values| are_words(values)) {
                table.draft.allowed.insert(Path::top(field.name().as_str()), values);
            }
        }
        columns.push(Column { name: field.name().clone(), rank: rank(field), rows, present, distinct });
    }
    columns.sort_by_key(|column| column.rank);
    let key = primary_key(context, &dataset, &columns).await;
    table.draft.set_primary_key(&key);
    for number in 0..table.draft.views.len() {
        elements::take_key(context, &mut table.draft, number).await;
    }
}

/// Whether so many distinct values may be a set.
fn is_set(present: u64, distinct: u64) -> bool {
    (2..=MOST_VALUES).contains(&distinct) && present >= distinct * REPEATS
}

fn are_words(values: &[String]) -> bool {
    values.iter().all(|value| value.len() <= LONGEST_VALUE && !value.chars().any(char::is_control))
}

/// The column, or the pair of columns, that differs in all rows.
async fn primary_key(context: &SessionContext, dataset: &str, columns: &[Column]) -> Vec<String> {
    let full: Vec<&Column> = columns.iter().filter(|column| column.rows > 1 && column.present == column.rows).collect();
    if let Some(single) = full.iter().find(|column| column.distinct == column.rows && column.rank < 3) {
        return vec![single.name.clone()];
    }
    let mut pairs: Vec<(usize, &Column, &Column)> = Vec::new();
    for (number, one) in full.iter().enumerate() {
        for other in &full[number + 1..] {
            if one.distinct > 1 && other.distinct > 1 && one.distinct.saturating_mul(other.distinct) >= one.rows {
                pairs.push((one.rank + other.rank, one, other));
            }
        }
    }
    pairs.sort_by_key(|(rank, ..)| *rank);
    for (_, one, other) in pairs.into_iter().take(MOST_PAIRS) {
        let sql = format!(
            "SELECT count(*) FROM (SELECT DISTINCT {}, {} FROM {dataset})",
            ident(&one.name),
            ident(&other.name)
        );
        if count(context, &sql).await == Some(one.rows) {
            return vec![one.name.clone(), other.name.clone()];
        }
    }
    Vec::new()
}
