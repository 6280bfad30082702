//! Which statistics of a file count.
//!
//! Writers disagree about the order of values and about what a missing count means, and the engine's reader takes all of them alike
//! (apache/datafusion#8335). Here a bound counts where its order is certain, and a count of NULLs where it is there and can be right.

use arrow::datatypes::{ArrowPrimitiveType, Float16Type};
use datafusion::parquet::basic::{ColumnOrder, LogicalType, SortOrder, Type};
use datafusion::parquet::data_type::{ByteArray, FixedLenByteArray};
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use datafusion::parquet::file::page_index::column_index::ColumnIndexMetaData;
use datafusion::parquet::file::statistics::{Statistics, ValueStatistics};

/// The first parquet-rs that orders unsigned integers as such (apache/arrow-rs#1532).
const RUST_ORDERS_UNSIGNED: u64 = 13;

/// The effect of NaN on a leaf of floating point numbers. Bounds leave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nan {
    /// A row with it may be wanted.
    Wanted,
    /// No row with it is.
    Excluded,
}

/// How the values of a leaf are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// The same to all writers: signed integers, dates, times, booleans.
    Common,
    /// Unsigned integers, which the deprecated statistics take for signed ones.
    Unsigned,
    /// Bytes, which the deprecated statistics take for signed ones; of this length, if all have the same.
    Bytes(Option<usize>),
    /// Floating point numbers: bounds leave out NaN.
    Float,
    /// In no order that writers agree on. Decimals that are stored as bytes are of these: parquet-cpp before 1.6 (PARQUET-1655),
    /// parquet-rs (apache/arrow-rs#10860), parquet-go, Polars and `ClickHouse` have all ordered them by unsigned bytes.
    Unknown,
}

/// One Parquet leaf of a file.
pub(super) struct Leaf {
    order: Order,
    /// Whether the file says that bounds follow the order of the type.
    defined: bool,
    optional: bool,
}

impl Leaf {
    pub fn of(footer: &ParquetMetaData, leaf: usize) -> Self {
        let file = footer.file_metadata();
        let column = file.schema_descr().column(leaf);
        let (logical, physical) = (column.logical_type_ref(), column.physical_type());
        let sort = ColumnOrder::sort_order_for_type(logical, column.converted_type(), physical);
        let order = match (physical, sort) {
            (Type::BOOLEAN, _) | (Type::INT32 | Type::INT64, SortOrder::SIGNED) => Order::Common,
            (Type::INT32 | Type::INT64, SortOrder::UNSIGNED) => Order::Unsigned,
            (Type::FLOAT | Type::DOUBLE, _) => Order::Float,
            (Type::FIXED_LEN_BYTE_ARRAY, _) if matches!(logical, Some(LogicalType::Float16)) => Order::Float,
            (Type::FIXED_LEN_BYTE_ARRAY, SortOrder::UNSIGNED) => {
                Order::Bytes(usize::try_from(column.type_length()).ok())
            }
            (Type::BYTE_ARRAY, SortOrder::UNSIGNED) => Order::Bytes(None),
            _ => Order::Unknown,
        };
        let defined = file.column_orders().and_then(|orders| orders.get(leaf));
        let mut defined = matches!(defined, Some(ColumnOrder::TYPE_DEFINED_ORDER(_)));
        if order == Order::Unsigned && rust_version(file.created_by()).is_some_and(|major| major < RUST_ORDERS_UNSIGNED)
        {
            defined = false;
        }
        Self { order, defined, optional: column.max_def_level() > 0 }
    }

    /// Whether the bounds in `statistics` are bounds; those of floating point numbers, as far as [`Nan`] is excluded.
    pub fn bounds(&self, statistics: &Statistics) -> bool {
        let defined = self.defined && !statistics.is_min_max_deprecated();
        match self.order {
            Order::Common | Order::Float => is_sorted(statistics, self.order),
            Order::Unsigned => defined && is_sorted(statistics, self.order),
            Order::Bytes(length) => defined && has_length(statistics, length) && is_sorted(statistics, self.order),
            Order::Unknown => false,
        }
    }

    /// How many values of a chunk are NULL, if that is known.
    pub fn nulls(&self, chunk: &ColumnChunkMetaData) -> Option<u64> {
        if !self.optional {
            return Some(0);
        }
        let statistics = chunk.statistics()?;
        let nulls = statistics.null_count_opt()?;
        let values = u64::try_from(chunk.num_values()).ok()?;
        let has_bound = statistics.min_bytes_opt().is_some() || statistics.max_bytes_opt().is_some();
        // Of nothing but NULLs there is no bound.
        (nulls < values || (nulls == values && !has_bound)).then_some(nulls)
    }

    /// Whether bounds of pages count. Their NaN cannot be seen here.
    fn pages(&self) -> bool {
        match self.order {
            Order::Common => true,
            Order::Unsigned | Order::Bytes(_) => self.defined,
            Order::Float | Order::Unknown => false,
        }
    }

    /// The chunk with those of its statistics alone that count; `None` if all do.
    fn believed(&self, chunk: &ColumnChunkMetaData, nan: Nan) -> Option<ColumnChunkMetaData> {
        let found = chunk.statistics();
        let bounded = found.is_some_and(|found| {
            (found.min_bytes_opt().is_some() || found.max_bytes_opt().is_some())
                && self.bounds(found)
                && (self.order != Order::Float || nan == Nan::Excluded)
        });
        // A chunk that has no bounds has said nothing against its pages.
        let unordered = found.is_some_and(|found| !is_sorted(found, self.order));
        let paged = self.pages() && !unordered;
        let statistics = found.and_then(|found| {
            let nulls = self.nulls(chunk).or_else(|| {
                // The engine takes a missing count for 0. One of many leaves open which are NULL, and two values are needed for it.
                (chunk.num_values() > 1).then_some(1)
            });
            nulls.map(|nulls| rewritten(found, bounded, nulls, self.order))
        });
        // The two zeros are equal, and differ in their bytes.
        let bytes = |statistics: Option<&Statistics>| {
            statistics
                .map(|found| [found.min_bytes_opt(), found.max_bytes_opt()].map(|bound| bound.map(<[u8]>::to_vec)))
        };
        let same = statistics.as_ref() == found
            && bytes(statistics.as_ref()) == bytes(found)
            && (paged || chunk.column_index_offset().is_none());
        if same {
            return None;
        }
        let mut builder = chunk.clone().into_builder().clear_statistics();
        if let Some(statistics) = statistics {
            builder = builder.set_statistics(statistics);
        }
        if !paged {
            builder = builder.set_column_index_offset(None).set_column_index_length(None);
        }
        // Nothing but values that were there before is in it.
        builder.build().ok()
    }
}

/// `footer` with those statistics of `leaves` alone that count; `None` if all do.
pub(crate) fn believed(footer: &ParquetMetaData, leaves: &[(usize, Nan)]) -> Option<ParquetMetaData> {
    let leaves: Vec<(usize, Nan, Leaf)> =
        leaves.iter().map(|(leaf, nan)| (*leaf, *nan, Leaf::of(footer, *leaf))).collect();
    let mut changed = Vec::new();
    for (place, group) in footer.row_groups().iter().enumerate() {
        for (leaf, nan, judge) in &leaves {
            if let Some(chunk) = judge.believed(group.column(*leaf), *nan) {
                changed.push((place, *leaf, chunk));
            }
        }
    }
    if changed.is_empty() {
        return None;
    }
    let mut builder = footer.clone().into_builder();
    let mut groups = builder.take_row_groups();
    let mut pages = builder.take_column_index();
    for (place, leaf, chunk) in changed {
        if chunk.column_index_offset().is_none()
            && let Some(pages) = pages.as_mut().and_then(|pages| pages.get_mut(place)?.get_mut(leaf))
        {
            *pages = ColumnIndexMetaData::NONE;
        }
        let mut columns = groups[place].columns().to_vec();
        columns[leaf] = chunk;
        groups[place] = groups[place].clone().into_builder().set_column_metadata(columns).build().ok()?;
    }
    Some(builder.set_row_groups(groups).set_column_index(pages).build())
}

/// The major version of parquet-rs that wrote a file.
fn rust_version(created_by: Option<&str>) -> Option<u64> {
    created_by?.strip_prefix("parquet-rs version ")?.split('.').next()?.parse().ok()
}

/// Whether the minimum is not greater than the maximum, and none is NaN.
fn is_sorted(statistics: &Statistics, order: Order) -> bool {
    fn sorted<T, K: PartialOrd>(statistics: &ValueStatistics<T>, key: impl Fn(&T) -> K) -> bool {
        let (min, max) = (statistics.min_opt().map(&key), statistics.max_opt().map(&key));
        // NaN is not equal to itself.
        let number = |bound: &Option<K>| bound.as_ref().is_none_or(|bound| bound.partial_cmp(bound).is_some());
        let in_order = min.as_ref().zip(max.as_ref()).is_none_or(|(min, max)| min <= max);
        number(&min) && number(&max) && in_order
    }
    match (statistics, order) {
        (Statistics::Boolean(found), _) => sorted(found, |value| *value),
        (Statistics::Int32(found), Order::Unsigned) => sorted(found, |value| value.cast_unsigned()),
        (Statistics::Int32(found), _) => sorted(found, |value| *value),
        (Statistics::Int64(found), Order::Unsigned) => sorted(found, |value| value.cast_unsigned()),
        (Statistics::Int64(found), _) => sorted(found, |value| *value),
        (Statistics::Float(found), _) => sorted(found, |value| *value),
        (Statistics::Double(found), _) => sorted(found, |value| *value),
        (Statistics::FixedLenByteArray(found), Order::Float) => sorted(found, |value| half(value.data())),
        (Statistics::FixedLenByteArray(found), _) => sorted(found, |value| value.data().to_vec()),
        (Statistics::ByteArray(found), _) => sorted(found, |value| value.data().to_vec()),
        (Statistics::Int96(_), _) => false,
    }
}

/// The number of half precision in two bytes, and NaN in any other.
fn half(bytes: &[u8]) -> f32 {
    bytes
        .try_into()
        .map_or(f32::NAN, |bytes| <Float16Type as ArrowPrimitiveType>::Native::from_le_bytes(bytes).to_f32())
}

fn has_length(statistics: &Statistics, length: Option<usize>) -> bool {
    let fits = |bound: Option<&[u8]>| length.is_none_or(|length| bound.is_none_or(|bound| bound.len() == length));
    fits(statistics.min_bytes_opt()) && fits(statistics.max_bytes_opt())
}

/// `found` with or without its bounds, and with so many NULLs. A zero that bounds floating point numbers may be of either sign.
fn rewritten(found: &Statistics, bounded: bool, nulls: u64, order: Order) -> Statistics {
    macro_rules! rewritten {
        ($variant:ident, $found:expr, $min:expr, $max:expr) => {{
            let (min, max) = if bounded {
                ($found.min_opt().cloned().map($min), $found.max_opt().cloned().map($max))
            } else {
                (None, None)
            };
            let exact = [bounded && $found.min_is_exact(), bounded && $found.max_is_exact()];
            let deprecated = bounded && found.is_min_max_deprecated();
            let values = ValueStatistics::new(min, max, $found.distinct_count(), Some(nulls), deprecated);
            let values = values.with_backwards_compatible_min_max(found.is_min_max_backwards_compatible());
            Statistics::$variant(values.with_min_is_exact(exact[0]).with_max_is_exact(exact[1]))
        }};
    }
    match found {
        Statistics::Boolean(found) => rewritten!(Boolean, found, |value| value, |value| value),
        Statistics::Int32(found) => rewritten!(Int32, found, |value| value, |value| value),
        Statistics::Int64(found) => rewritten!(Int64, found, |value| value, |value| value),
        Statistics::Int96(found) => rewritten!(Int96, found, |value| value, |value| value),
        Statistics::Float(found) => {
            rewritten!(Float, found, |value| if value == 0.0 { -0.0 } else { value }, |value| value + 0.0)
        }
        Statistics::Double(found) => {
            rewritten!(Double, found, |value| if value == 0.0 { -0.0 } else { value }, |value| value + 0.0)
        }
        Statistics::ByteArray(found) => rewritten!(ByteArray, found, |value| value, |value| value),
        Statistics::FixedLenByteArray(found) => {
            let zero = |bits: u16| FixedLenByteArray::from(ByteArray::from(bits.to_le_bytes().to_vec()));
            let zeroed = |value: FixedLenByteArray, bits| {
                if order == Order::Float && half(value.data()) == 0.0 { zero(bits) } else { value }
            };
            rewritten!(FixedLenByteArray, found, |value| zeroed(value, 0x8000), |value| zeroed(value, 0))
        }
    }
}
