//! The Arrow schema that writers store in a footer.

use arrow::ipc::{
    DateUnit, Endianness, Field, Int, IntervalUnit, Precision, TimeUnit, Type, UnionMode, root_as_message,
};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Wrong;

/// Whether the reader, which takes the values of a sound flatbuffer for sound values, can make types of the schema stored as `text`. The same
/// for one that it cannot decode at all, which it says itself (`fb_to_schema` of arrow-ipc 59 panics, `get_arrow_schema_from_metadata` of
/// parquet does not).
///
/// # Errors
///
/// The field whose type makes no sense.
pub(crate) fn schema(text: &str) -> Result<(), Wrong> {
    let Ok(bytes) = BASE64_STANDARD.decode(text) else { return Ok(()) };
    let message = if bytes.len() > 8 && bytes[..4] == [255; 4] { &bytes[8..] } else { bytes.as_slice() };
    let Ok(message) = root_as_message(message) else { return Ok(()) };
    let Some(schema) = message.header_as_schema() else { return Ok(()) };
    let fields = schema.fields().ok_or("the Arrow schema in it has no fields")?;
    // The bytes are those of a tree whose depth the flatbuffer's own test bounds.
    fields.iter().try_for_each(|field| {
        if field.type_type() == Type::Decimal && schema.endianness() == Endianness::Big {
            return Err("the Arrow schema in it is big-endian".to_owned());
        }
        sound(field)
    })
}

fn sound(field: Field<'_>) -> Result<(), Wrong> {
    let name = field.name().unwrap_or_default();
    known(field).ok_or_else(|| format!("the Arrow schema in it has no sound type for `{name}`"))?;
    field.children().into_iter().flatten().try_for_each(sound)
}

/// Nothing where the type of `field` is none.
fn known(field: Field<'_>) -> Option<()> {
    if let Some(dictionary) = field.dictionary() {
        integer(dictionary.indexType()?)?;
    }
    let children = field.children().map_or(0, |children| children.len());
    let holds = |condition: bool| condition.then_some(());
    match field.type_type() {
        Type::Null
        | Type::Bool
        | Type::Binary
        | Type::BinaryView
        | Type::LargeBinary
        | Type::Utf8
        | Type::Utf8View
        | Type::LargeUtf8
        | Type::Struct_ => Some(()),
        Type::Int => integer(field.type_as_int()?),
        Type::FixedSizeBinary => holds(field.type_as_fixed_size_binary()?.byteWidth() >= 0),
        Type::FloatingPoint => {
            let precision = field.type_as_floating_point()?.precision();
            holds([Precision::HALF, Precision::SINGLE, Precision::DOUBLE].contains(&precision))
        }
        Type::Date => holds([DateUnit::DAY, DateUnit::MILLISECOND].contains(&field.type_as_date()?.unit())),
        Type::Time => {
            let time = field.type_as_time()?;
            let of = match time.bitWidth() {
                32 => [TimeUnit::SECOND, TimeUnit::MILLISECOND],
                64 => [TimeUnit::MICROSECOND, TimeUnit::NANOSECOND],
                _ => return None,
            };
            holds(of.contains(&time.unit()))
        }
        Type::Timestamp => unit(field.type_as_timestamp()?.unit()),
        Type::Duration => unit(field.type_as_duration()?.unit()),
        Type::Interval => {
            let units = [IntervalUnit::YEAR_MONTH, IntervalUnit::DAY_TIME, IntervalUnit::MONTH_DAY_NANO];
            holds(units.contains(&field.type_as_interval()?.unit()))
        }
        Type::List | Type::LargeList | Type::ListView | Type::LargeListView => holds(children == 1),
        Type::FixedSizeList => holds(children == 1 && field.type_as_fixed_size_list()?.listSize() >= 0),
        Type::Map => {
            field.type_as_map()?;
            let entries = field.children()?.iter().next()?;
            holds(children == 1 && entries.type_type() == Type::Struct_ && entries.children()?.len() == 2)
        }
        Type::RunEndEncoded => holds(children == 2),
        Type::Decimal => {
            let decimal = field.type_as_decimal()?;
            let most = match decimal.bitWidth() {
                32 => 9,
                64 => 18,
                128 => 38,
                256 => 76,
                _ => return None,
            };
            holds((1..=most).contains(&decimal.precision()) && i8::try_from(decimal.scale()).is_ok())
        }
        Type::Union => {
            let union = field.type_as_union()?;
            holds([UnionMode::Dense, UnionMode::Sparse].contains(&union.mode()))?;
            let Some(ids) = union.typeIds() else { return holds(children <= 127) };
            let mut ids: Vec<i32> = ids.iter().collect();
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            holds(ids.len() == count && count == children && ids.iter().all(|id| (0..128).contains(id)))
        }
        _ => None,
    }
}

fn integer(int: Int<'_>) -> Option<()> {
    matches!(int.bitWidth(), 8 | 16 | 32 | 64).then_some(())
}

fn unit(unit: TimeUnit) -> Option<()> {
    [TimeUnit::SECOND, TimeUnit::MILLISECOND, TimeUnit::MICROSECOND, TimeUnit::NANOSECOND].contains(&unit).then_some(())
}
