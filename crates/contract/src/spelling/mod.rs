//! Types as specs spell them.

mod difference;
mod full;
mod short;

use arrow_schema::DataType;

pub use difference::difference;
pub use full::{data_type, field_type};
pub use short::{cut, short, short_field, short_named};

/// The kind of a list, and its size where that is fixed: `large_list`, `fixed_size_list of 3`.
pub fn list_kind(list: &DataType) -> String {
    match list {
        DataType::FixedSizeList(_, size) => format!("fixed_size_list of {size}"),
        other => full::list(other, "").trim_end_matches("<>").to_owned(),
    }
}

/// A type that the engine gives as a text, as a spec spells it; the text where it is no type.
pub fn of_arrow(text: &str) -> String {
    without_metadata(text).parse::<DataType>().map_or_else(|_| text.to_owned(), |data_type| short(&data_type))
}

/// The text of a type without the metadata of its fields, which Arrow prints and does not read.
fn without_metadata(text: &str) -> String {
    const BEGIN: &str = ", metadata: {";
    let (mut kept, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(BEGIN) {
        kept.push_str(before);
        let (mut quoted, mut escaped) = (false, false);
        let end = after.find(|c| match c {
            _ if escaped => {
                escaped = false;
                false
            }
            '\\' => {
                escaped = true;
                false
            }
            '"' => {
                quoted = !quoted;
                false
            }
            c => c == '}' && !quoted,
        });
        rest = end.map_or("", |end| &after[end + 1..]);
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{list, nullable, structure};

    /// What Arrow prints of metadata is left out.
    #[test]
    fn arrow_metadata_removed() {
        let field = nullable("at", structure([nullable("line", DataType::Int32)]));
        let marked = crate::types::annotated(&field, [("ARROW:extension:name", "a \"}\" span")]);
        let printed = list(structure([marked, nullable("name", DataType::Utf8)])).to_string();
        assert!(printed.contains("metadata"), "{printed}");
        assert_eq!(of_arrow(&printed), "list<struct<at: struct<line: int32>, name: utf8>>");
        assert_eq!(of_arrow("no type"), "no type");
    }
}
