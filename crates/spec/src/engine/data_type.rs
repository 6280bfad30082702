//! Types inside other types, as far as the rules of the engine cover them.

use arrow_schema::DataType;

/// Whether the typing rules cover `data_type` at any depth.
///
/// Unions, run-end encodings and list views pass through as columns, but what operators do with them is not covered.
pub fn covers(data_type: &DataType) -> bool {
    match data_type {
        DataType::Union(..) | DataType::RunEndEncoded(..) | DataType::ListView(_) | DataType::LargeListView(_) => false,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => covers(item.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| covers(field.data_type())),
        DataType::Map(entries, _) => covers(entries.data_type()),
        DataType::Dictionary(_, values) => covers(values),
        _ => true,
    }
}

/// The type of the values: that of a dictionary's values, or the type itself.
pub fn value_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => value_type(values),
        other => other,
    }
}
