//! Schemas of files that drifted: the contract's own, changed at one path.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, make_array};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use cstspec_contract::Path;

/// `schema` with each column and nested field replaced by what `change` makes of it, outermost last; `None` leaves it out. Paths do
/// not spell list children, which are changed too, under the empty path.
pub fn respelled(schema: &Schema, change: &dyn Fn(&str, Field) -> Option<Field>) -> SchemaRef {
    let fields = schema.fields().iter().filter_map(|field| respell(&Path::default(), field, change));
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone()))
}

/// `schema` without the field at `path`.
pub fn without(schema: &Schema, path: &str) -> SchemaRef {
    respelled(schema, &|at, field| (at != path).then_some(field))
}

/// `schema` with another type at `path`.
pub fn retyped(schema: &Schema, path: &str, data_type: &DataType) -> SchemaRef {
    respelled(schema, &|at, field| Some(if at == path { field.with_data_type(data_type.clone()) } else { field }))
}

/// `schema` with another name for the field at `path`.
pub fn renamed(schema: &Schema, path: &str, name: &str) -> SchemaRef {
    respelled(schema, &|at, field| Some(if at == path { field.with_name(name) } else { field }))
}

/// `schema` with nothing NOT NULL, as most writers have it.
pub fn nullable(schema: &Schema) -> SchemaRef {
    respelled(schema, &|_, field| Some(field.with_nullable(true)))
}

/// `schema` with the columns, and the fields of every struct, in reverse order.
pub fn reversed(schema: &Schema) -> SchemaRef {
    let reversed = respelled(schema, &|_, field| {
        Some(match field.data_type() {
            DataType::Struct(fields) => {
                let fields: Vec<FieldRef> = fields.iter().rev().cloned().collect();
                field.with_data_type(DataType::Struct(fields.into()))
            }
            _ => field,
        })
    });
    let fields: Vec<FieldRef> = reversed.fields().iter().rev().cloned().collect();
    Arc::new(Schema::new_with_metadata(fields, reversed.metadata().clone()))
}

/// `schema` with other names for what has none of its own: list children and map entries.
pub fn elements(schema: &Schema) -> SchemaRef {
    let named = |item: &FieldRef, name: &str| Arc::new(item.as_ref().clone().with_name(name));
    respelled(schema, &|_, field| {
        Some(match field.data_type() {
            DataType::List(item) => {
                let item = named(item, "element");
                field.with_data_type(DataType::List(item))
            }
            DataType::Map(entries, sorted) => {
                let (entries, sorted) = (named(entries, "key_value"), *sorted);
                field.with_data_type(DataType::Map(entries, sorted))
            }
            _ => field,
        })
    })
}

/// `array` under a type that differs by names alone.
pub fn under(array: &ArrayRef, data_type: &DataType) -> ArrayRef {
    let children = array.to_data().child_data().to_vec();
    let types: Vec<DataType> = match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type().clone()).collect(),
        DataType::List(item) | DataType::Map(item, _) => vec![item.data_type().clone()],
        _ => Vec::new(),
    };
    let children =
        children.into_iter().zip(types).map(|(child, data_type)| under(&make_array(child), &data_type).to_data());
    let data = array.to_data().into_builder().data_type(data_type.clone()).child_data(children.collect());
    make_array(data.build().unwrap())
}

fn respell(parent: &Path, field: &FieldRef, change: &dyn Fn(&str, Field) -> Option<Field>) -> Option<FieldRef> {
    let path = parent.join(field.name());
    let data_type = below(&path, field.data_type(), change);
    change(&path.to_string(), field.as_ref().clone().with_data_type(data_type)).map(Arc::new)
}

fn below(path: &Path, data_type: &DataType, change: &dyn Fn(&str, Field) -> Option<Field>) -> DataType {
    match data_type {
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().filter_map(|field| respell(path, field, change)).collect())
        }
        DataType::List(item) => {
            let data_type = below(path, item.data_type(), change);
            // The element itself has no path; what is changed of every field is changed of it too.
            let element = change("", item.as_ref().clone().with_data_type(data_type.clone()));
            let element = element.unwrap_or_else(|| item.as_ref().clone().with_data_type(data_type));
            DataType::List(Arc::new(element.with_name(item.name())))
        }
        DataType::Map(entries, sorted) => {
            let DataType::Struct(fields) = entries.data_type() else { return data_type.clone() };
            let value = respell(path, &fields[1], change).unwrap_or_else(|| Arc::clone(&fields[1]));
            let fields = DataType::Struct(vec![Arc::clone(&fields[0]), value].into());
            DataType::Map(Arc::new(entries.as_ref().clone().with_data_type(fields)), *sorted)
        }
        other => other.clone(),
    }
}

/// `schema` with one more field at the end of the struct at `path`, or of the columns where it is empty.
pub fn extended(schema: &Schema, path: &str, extra: &FieldRef) -> SchemaRef {
    let longer = |fields: &[FieldRef]| fields.iter().chain([extra]).cloned().collect::<Vec<_>>();
    if path.is_empty() {
        return Arc::new(Schema::new_with_metadata(longer(schema.fields()), schema.metadata().clone()));
    }
    respelled(schema, &|at, field| {
        let data_type = match field.data_type() {
            DataType::Struct(fields) if at == path => DataType::Struct(longer(fields).into()),
            DataType::List(item) if at == path => {
                let DataType::Struct(fields) = item.data_type() else { panic!("`{path}` is no list of structs") };
                let item = item.as_ref().clone().with_data_type(DataType::Struct(longer(fields).into()));
                DataType::List(Arc::new(item))
            }
            _ => return Some(field),
        };
        Some(field.with_data_type(data_type))
    })
}
