//! Parquet leaves whose values the engine's reader would decode with a loss: they are read as the bytes that are stored, and decoded
//! as the contract asks (`cstspec_conform`).
//!
//! INT96 is a day and the nanoseconds in it. The reader makes a timestamp of one unit of it, and wraps around where that holds no such day;
//! the session's `coerce_int96` is one unit for all columns. INTERVAL is months, days and milliseconds, and of these the reader gives either
//! months or the others (parquet 59.3, `arrow/array_reader`). Both have twelve bytes, and so has a fixed length that is called nothing.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Fields, Schema};
use cstspec_conform::{Encoding, KEY, WIDTH};
use cstspec_contract::{list_child, with_list_child};
use datafusion::parquet::arrow::{ARROW_SCHEMA_META_KEY, encode_arrow_schema, parquet_to_arrow_schema};
use datafusion::parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use datafusion::parquet::errors::Result;
use datafusion::parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataBuilder, RowGroupMetaData,
};
use datafusion::parquet::schema::types::{ColumnDescPtr, SchemaDescriptor, Type, TypePtr};

/// How the values of a leaf are stored, where the reader would lose some of them. `by_arrow`: whether arrow-rs wrote the file.
fn encoding_of(leaf: &ColumnDescPtr, by_arrow: bool) -> Option<Encoding> {
    let basic = leaf.self_type().get_basic_info();
    // Of nothing but NULLs, whatever the type.
    if matches!(basic.logical_type_ref(), Some(LogicalType::Unknown)) {
        return None;
    }
    match leaf.physical_type() {
        Physical::INT96 => Some(Encoding::Int96),
        Physical::FIXED_LEN_BYTE_ARRAY
            if basic.converted_type() == ConvertedType::INTERVAL && leaf.type_length() == WIDTH =>
        {
            Some(if by_arrow { Encoding::SignedInterval } else { Encoding::Interval })
        }
        _ => None,
    }
}

/// `footer`, in which such leaves are twelve bytes each and have no statistics. Its Arrow schema says how they are to be decoded.
///
/// # Errors
///
/// Those of a schema that the reader cannot read either.
pub(crate) fn undecoded(footer: &Arc<ParquetMetaData>) -> Result<Arc<ParquetMetaData>> {
    let file = footer.file_metadata();
    // pyarrow stores an Arrow schema too, and writes no intervals.
    let by_arrow =
        file.key_value_metadata().is_some_and(|pairs| pairs.iter().any(|pair| pair.key == ARROW_SCHEMA_META_KEY));
    let leaves = file.schema_descr().columns();
    let encodings: Vec<Option<Encoding>> = leaves.iter().map(|leaf| encoding_of(leaf, by_arrow)).collect();
    if encodings.iter().all(Option::is_none) {
        return Ok(Arc::clone(footer));
    }
    let mut next = encodings.iter();
    let root = Arc::new(SchemaDescriptor::new(bytes(&file.schema_descr().root_schema_ptr(), false, &mut next)?));

    let schema = parquet_to_arrow_schema(&root, file.key_value_metadata())?;
    let mut next = encodings.iter();
    let fields: Fields = schema.fields().iter().map(|field| marked(field, &mut next)).collect();
    let schema = encode_arrow_schema(&Schema::new_with_metadata(fields, schema.metadata().clone()));
    let mut pairs = file.key_value_metadata().cloned().unwrap_or_default();
    pairs.retain(|pair| pair.key != ARROW_SCHEMA_META_KEY);
    pairs.push(KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), schema));

    let (version, rows, creator) = (file.version(), file.num_rows(), file.created_by().map(str::to_owned));
    let orders = file.column_orders().cloned();
    let metadata = FileMetaData::new(version, rows, creator, Some(pairs), Arc::clone(&root), orders);
    let mut builder = with_file_metadata(footer, metadata);
    for group in footer.row_groups() {
        let mut chunks = group.columns().to_vec();
        for (leaf, (chunk, encoding)) in chunks.iter_mut().zip(&encodings).enumerate() {
            if encoding.is_some() {
                *chunk = without_statistics(chunk, root.column(leaf))?;
            }
        }
        let mut whole = RowGroupMetaData::builder(Arc::clone(&root))
            .set_num_rows(group.num_rows())
            .set_total_byte_size(group.total_byte_size())
            .set_sorting_columns(group.sorting_columns().cloned())
            .set_column_metadata(chunks);
        if let Some(ordinal) = group.ordinal() {
            whole = whole.set_ordinal(ordinal);
        }
        if let Some(offset) = group.file_offset() {
            whole = whole.set_file_offset(offset);
        }
        builder = builder.add_row_group(whole.build()?);
    }
    Ok(Arc::new(builder.build()))
}

/// The schema with twelve plain bytes for each leaf that has an encoding; `next` gives those of the leaves in their order. A leaf that
/// is repeated itself becomes the element of a list of three levels, which has the same levels: the Arrow schema says nothing of others.
fn bytes<'a>(of: &TypePtr, in_list: bool, next: &mut impl Iterator<Item = &'a Option<Encoding>>) -> Result<TypePtr> {
    let basic = of.get_basic_info();
    let id = basic.has_id().then(|| basic.id());
    let repetition = if basic.has_repetition() { Some(basic.repetition()) } else { None };
    if of.is_primitive() {
        if next.next().is_none_or(Option::is_none) {
            return Ok(Arc::clone(of));
        }
        let plain = |name: &str, repetition: Repetition| {
            Type::primitive_type_builder(name, Physical::FIXED_LEN_BYTE_ARRAY)
                .with_length(WIDTH)
                .with_repetition(repetition)
                .with_id(id)
                .build()
        };
        if repetition != Some(Repetition::REPEATED) {
            return Ok(Arc::new(plain(of.name(), repetition.unwrap_or(Repetition::OPTIONAL))?));
        }
        let elements = Type::group_type_builder("list")
            .with_repetition(Repetition::REPEATED)
            .with_fields(vec![Arc::new(plain("element", Repetition::REQUIRED)?)])
            .build()?;
        return if in_list { Ok(Arc::new(elements)) } else { list_of(of.name(), elements) };
    }
    let in_list =
        basic.converted_type() == ConvertedType::LIST || matches!(basic.logical_type_ref(), Some(LogicalType::List));
    let mut fields = Vec::with_capacity(of.get_fields().len());
    for field in of.get_fields() {
        fields.push(bytes(field, in_list, next)?);
    }
    let mut group = Type::group_type_builder(of.name())
        .with_converted_type(basic.converted_type())
        .with_logical_type(basic.logical_type_ref().cloned())
        .with_fields(fields)
        .with_id(id);
    if let Some(repetition) = repetition {
        group = group.with_repetition(repetition);
    }
    Ok(Arc::new(group.build()?))
}

/// A column or a field that is repeated without being called a list, as one that is.
fn list_of(name: &str, elements: Type) -> Result<TypePtr> {
    let list = Type::group_type_builder(name)
        .with_repetition(Repetition::REQUIRED)
        .with_converted_type(ConvertedType::LIST)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(elements)]);
    Ok(Arc::new(list.build()?))
}

/// `field`, in which each leaf that has an encoding says so.
fn marked<'a>(field: &FieldRef, next: &mut impl Iterator<Item = &'a Option<Encoding>>) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| marked(field, next)).collect()),
        DataType::Map(entries, sorted) => DataType::Map(marked(entries, next), *sorted),
        other => {
            let Some(item) = list_child(other) else {
                let Some(Some(encoding)) = next.next() else { return Arc::clone(field) };
                let mut metadata: HashMap<String, String> = field.metadata().clone();
                metadata.insert(KEY.to_owned(), encoding.name().to_owned());
                return Arc::new(field.as_ref().clone().with_metadata(metadata));
            };
            with_list_child(other, marked(item, next))
        }
    };
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}

/// A chunk without what is said of its values, as one of `leaf`.
fn without_statistics(chunk: &ColumnChunkMetaData, leaf: ColumnDescPtr) -> Result<ColumnChunkMetaData> {
    let plain = ColumnChunkMetaData::builder(leaf)
        .set_encodings_mask(*chunk.encodings_mask())
        .set_num_values(chunk.num_values())
        .set_compression_codec(chunk.compression_codec())
        .set_total_compressed_size(chunk.compressed_size())
        .set_total_uncompressed_size(chunk.uncompressed_size())
        .set_data_page_offset(chunk.data_page_offset())
        .set_dictionary_page_offset(chunk.dictionary_page_offset())
        .set_index_page_offset(chunk.index_page_offset())
        .set_offset_index_offset(chunk.offset_index_offset())
        .set_offset_index_length(chunk.offset_index_length());
    plain.build()
}

/// A footer with other metadata of the file than `footer`, the same page index, and no row groups yet.
pub(crate) fn with_file_metadata(footer: &ParquetMetaData, file: FileMetaData) -> ParquetMetaDataBuilder {
    ParquetMetaDataBuilder::new(file)
        .set_column_index(footer.column_index().cloned())
        .set_offset_index(footer.offset_index().cloned())
}
