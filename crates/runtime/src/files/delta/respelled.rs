//! The footer of a file as the log of its table spells it.
//!
//! Under column mapping files have other names than the table, and old writers do not mark an instant as UTC. The log knows both, so its
//! names and its kinds of timestamp are put into the footer as soon as that is fetched: whatever looks at the file later (the comparison with
//! the contract, pruning, narrowing, the rows, an error) finds what the table has. The file's bytes are found by their place, not by names.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use cstspec_conform::DROPPED;
use cstspec_contract::{list_child, map_fields, with_list_child};
use datafusion::parquet::arrow::{ARROW_SCHEMA_META_KEY, encode_arrow_schema, parquet_to_arrow_schema};
use datafusion::parquet::basic::{LogicalType, Repetition, TimeUnit as StoredUnit};
use datafusion::parquet::errors::{ParquetError, Result};
use datafusion::parquet::file::metadata::{FileMetaData, KeyValue, ParquetMetaData};
use datafusion::parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

use super::logged::{Logged, LoggedField, LoggedType, Mapping};
use crate::files::footer::encoding::with_file_metadata;

/// The zone of an instant.
const UTC: &str = "UTC";

/// A Parquet type and what it is in Arrow.
type Both = (TypePtr, DataType);

impl Logged {
    /// `footer` as the log spells it.
    ///
    /// # Errors
    ///
    /// Why the file's schema cannot be read.
    pub fn respelled(&self, footer: Arc<ParquetMetaData>) -> Result<Arc<ParquetMetaData>> {
        if self.is_plain() {
            return Ok(footer);
        }
        let file = footer.file_metadata();
        let found = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())?;
        let root = file.schema_descr().root_schema();
        let Some((stored, fields)) = self.group(&self.fields, root.get_fields(), found.fields())? else {
            return Ok(footer);
        };
        let root = Type::group_type_builder(root.name()).with_fields(stored).build()?;
        // What Parquet has no word for (a dictionary, seconds, how an INT96 is to be decoded) is told beside the schema.
        let arrow = encode_arrow_schema(&Schema::new_with_metadata(fields, found.metadata().clone()));
        let mut pairs = file.key_value_metadata().cloned().unwrap_or_default();
        pairs.retain(|pair| pair.key != ARROW_SCHEMA_META_KEY);
        pairs.push(KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), arrow));
        let respelled = FileMetaData::new(
            file.version(),
            file.num_rows(),
            file.created_by().map(str::to_owned),
            Some(pairs),
            Arc::new(SchemaDescriptor::new(Arc::new(root))),
            file.column_orders().cloned(),
        );
        let groups = footer.row_groups().to_vec();
        Ok(Arc::new(with_file_metadata(&footer, respelled).set_row_groups(groups).build()))
    }

    /// The fields of a group, of which the log has those of `logged`; `None` if it spells them alike.
    fn group(
        &self,
        logged: &[LoggedField],
        stored: &[TypePtr],
        found: &Fields,
    ) -> Result<Option<(Vec<TypePtr>, Fields)>> {
        if stored.len() != found.len() {
            return Err(ParquetError::General("a group has columns that Arrow cannot read".to_owned()));
        }
        let mut taken = vec![false; logged.len()];
        let mut same = true;
        let (mut types, mut fields) = (Vec::with_capacity(stored.len()), Vec::with_capacity(stored.len()));
        for (stored, found) in stored.iter().zip(found) {
            let place = self.find(logged, stored).filter(|place| !std::mem::replace(&mut taken[*place], true));
            let (name, inner) = match place.map(|place| &logged[place]) {
                Some(field) => (field.name.clone(), self.inner(&field.data_type, stored, found.data_type())?),
                // The table had it once, under a name that may be another column's by now.
                None if self.mapping != Mapping::None => (format!("{DROPPED}{}", stored.name()), None),
                None => (stored.name().to_owned(), None),
            };
            same &= inner.is_none() && name == stored.name();
            let (stored, data_type) = inner.unwrap_or_else(|| (Arc::clone(stored), found.data_type().clone()));
            types.push(if name == stored.name() { stored } else { Arc::new(rebuilt(&stored, &name, None, None)?) });
            fields.push(Arc::new(Field::clone(found).with_name(name).with_data_type(data_type)));
        }
        Ok((!same).then(|| (types, fields.into())))
    }

    /// The place of the field of the log that `stored` is.
    fn find(&self, logged: &[LoggedField], stored: &Type) -> Option<usize> {
        let info = stored.get_basic_info();
        if self.mapping == Mapping::Id && info.has_id() {
            return logged.iter().position(|field| field.id == Some(i64::from(info.id())));
        }
        logged.iter().position(|field| field.physical == stored.name())
    }

    /// The type `stored` as the log spells it; `None` if it spells it alike.
    fn inner(&self, logged: &LoggedType, stored: &TypePtr, found: &DataType) -> Result<Option<Both>> {
        match (logged, found) {
            (LoggedType::Struct(logged), DataType::Struct(fields)) => {
                let group = self.group(logged, stored.get_fields(), fields)?;
                group.map(|(types, fields)| Ok((of_fields(stored, types)?, DataType::Struct(fields)))).transpose()
            }
            (LoggedType::Map(logged), DataType::Map(entries, sorted)) => {
                let ([pair], Some((key, value))) = (stored.get_fields(), map_fields(entries)) else { return Ok(None) };
                let [stored_key, stored_value] = pair.get_fields() else { return Ok(None) };
                let new_key = self.inner(&logged[0], stored_key, key.data_type())?;
                let new_value = self.inner(&logged[1], stored_value, value.data_type())?;
                if new_key.is_none() && new_value.is_none() {
                    return Ok(None);
                }
                let or = |new: Option<Both>, stored: &TypePtr, field: &FieldRef| {
                    let (stored, data_type) = new.unwrap_or_else(|| (Arc::clone(stored), field.data_type().clone()));
                    (stored, Arc::new(Field::clone(field).with_data_type(data_type)))
                };
                let (stored_key, key) = or(new_key, stored_key, key);
                let (stored_value, value) = or(new_value, stored_value, value);
                let pair = of_fields(pair, vec![stored_key, stored_value])?;
                let entries = Field::clone(entries).with_data_type(DataType::Struct(vec![key, value].into()));
                Ok(Some((of_fields(stored, vec![pair])?, DataType::Map(Arc::new(entries), *sorted))))
            }
            (LoggedType::List(logged), list) => {
                let Some(item) = list_child(list) else { return Ok(None) };
                let Some((stored, data_type)) = self.element(logged, stored, item.data_type())? else {
                    return Ok(None);
                };
                let item = Field::clone(item).with_data_type(data_type);
                Ok(Some((stored, with_list_child(list, Arc::new(item)))))
            }
            (LoggedType::Instant, DataType::Timestamp(unit, zone)) => timestamp(stored, *unit, zone.is_some(), true),
            (LoggedType::Local, DataType::Timestamp(unit, zone)) => timestamp(stored, *unit, zone.is_some(), false),
            _ => Ok(None),
        }
    }

    /// The list `stored` with its elements as the log spells them, and their type. Of old, writers left out the level between the list and
    /// its elements, and the list itself (`visit_list` of parquet's `arrow/schema/complex.rs`).
    fn element(&self, logged: &LoggedType, stored: &TypePtr, found: &DataType) -> Result<Option<Both>> {
        if is_repeated(stored) {
            return self.inner(logged, stored, found);
        }
        let [repeated] = stored.get_fields() else { return Ok(None) };
        let is_element = |inner: &[TypePtr]| {
            let named = repeated.name() == "array" || repeated.name() == format!("{}_tuple", stored.name());
            inner.len() != 1 || (named && !is_repeated(&inner[0]) && !is_list(repeated))
        };
        if repeated.is_primitive() || is_element(repeated.get_fields()) {
            let element = self.inner(logged, repeated, found)?;
            return element.map(|(element, found)| Ok((of_fields(stored, vec![element])?, found))).transpose();
        }
        let element = self.inner(logged, &repeated.get_fields()[0], found)?;
        let around = |(element, found)| {
            let repeated = of_fields(repeated, vec![element])?;
            Ok((of_fields(stored, vec![repeated])?, found))
        };
        element.map(around).transpose()
    }
}

/// A timestamp, which has a zone or not in the file and has one or not in the log. An INT96 is none yet (`encoding.rs`).
fn timestamp(stored: &TypePtr, unit: TimeUnit, zoned: bool, instant: bool) -> Result<Option<Both>> {
    if zoned == instant {
        return Ok(None);
    }
    let zone = instant.then(|| UTC.into());
    let stored_unit = match unit {
        // Parquet has no seconds: it is the Arrow type beside the schema that says so.
        TimeUnit::Second => return Ok(Some((Arc::clone(stored), DataType::Timestamp(unit, zone)))),
        TimeUnit::Millisecond => StoredUnit::MILLIS,
        TimeUnit::Microsecond => StoredUnit::MICROS,
        TimeUnit::Nanosecond => StoredUnit::NANOS,
    };
    let logical = LogicalType::timestamp(instant, stored_unit);
    let stored = rebuilt(stored, stored.name(), None, Some(logical))?;
    Ok(Some((Arc::new(stored), DataType::Timestamp(unit, zone))))
}

fn of_fields(group: &TypePtr, fields: Vec<TypePtr>) -> Result<TypePtr> {
    rebuilt(group, group.name(), Some(fields), None).map(Arc::new)
}

/// `stored` under the name `name`, with other fields or another logical type if there are any.
fn rebuilt(stored: &Type, name: &str, fields: Option<Vec<TypePtr>>, logical: Option<LogicalType>) -> Result<Type> {
    let info = stored.get_basic_info();
    let id = info.has_id().then(|| info.id());
    let converted = info.converted_type();
    let logical_type = logical.or_else(|| info.logical_type_ref().cloned());
    match stored {
        Type::PrimitiveType { physical_type, type_length, scale, precision, .. } => {
            let builder = Type::primitive_type_builder(name, *physical_type)
                .with_repetition(info.repetition())
                .with_converted_type(converted)
                .with_logical_type(logical_type)
                .with_length(*type_length)
                .with_scale(*scale)
                .with_precision(*precision);
            builder.with_id(id).build()
        }
        Type::GroupType { fields: own, .. } => {
            let mut builder = Type::group_type_builder(name)
                .with_converted_type(converted)
                .with_logical_type(logical_type)
                .with_fields(fields.unwrap_or_else(|| own.clone()));
            if info.has_repetition() {
                builder = builder.with_repetition(info.repetition());
            }
            builder.with_id(id).build()
        }
    }
}

fn is_repeated(stored: &Type) -> bool {
    let info = stored.get_basic_info();
    info.has_repetition() && info.repetition() == Repetition::REPEATED
}

fn is_list(stored: &Type) -> bool {
    matches!(stored.get_basic_info().logical_type_ref(), Some(LogicalType::List))
}
