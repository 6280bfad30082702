//! Values of arrays, one by one and as a person would name them.

use arrow::array::{Array, AsArray as _};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// A value. A value under a NULL parent has none.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    /// A value of any other type, as arrow prints it.
    Other(String),
    Struct(Vec<(String, Value)>),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// A value that the plain evaluation does not compute.
    Unknown,
}

impl Value {
    /// The value at `row` of `array`.
    pub fn at(array: &dyn Array, row: usize) -> Self {
        if array.is_null(row) {
            return Self::Null;
        }
        let items = |items: &dyn Array| (0..items.len()).map(|item| Self::at(items, item)).collect();
        match array.data_type() {
            DataType::Boolean => Self::Bool(array.as_boolean().value(row)),
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => {
                let wide = cast(&array.slice(row, 1), &DataType::Int64).unwrap();
                Self::Int(wide.as_primitive::<Int64Type>().value(0))
            }
            DataType::Utf8 => Self::Text(array.as_string::<i32>().value(row).to_owned()),
            DataType::Dictionary(_, values) if **values == DataType::Utf8 => {
                Self::at(cast(&array.slice(row, 1), &DataType::Utf8).unwrap().as_ref(), 0)
            }
            DataType::Struct(fields) => {
                let array = array.as_struct();
                let field = |(index, name): (usize, &String)| (name.clone(), Self::at(array.column(index), row));
                Self::Struct(fields.iter().map(|field| field.name()).enumerate().map(field).collect())
            }
            DataType::List(_) => Self::List(items(array.as_list::<i32>().value(row).as_ref())),
            DataType::LargeList(_) => Self::List(items(array.as_list::<i64>().value(row).as_ref())),
            DataType::Map(..) => {
                let entries = array.as_map().value(row);
                let entry = |entry| (Self::at(entries.column(0), entry), Self::at(entries.column(1), entry));
                Self::Map((0..entries.len()).map(entry).collect())
            }
            _ => {
                let format = ArrayFormatter::try_new(array, &FormatOptions::new()).unwrap();
                Self::Other(format.value(row).to_string())
            }
        }
    }

    /// The field `name` of a struct; NULL of NULL.
    pub fn field(&self, name: &str) -> Self {
        match self {
            Self::Struct(fields) => {
                let found = fields.iter().find(|(field, _)| field == name);
                found.unwrap_or_else(|| panic!("no field {name} in {self:?}")).1.clone()
            }
            Self::Null => Self::Null,
            other => panic!("{other:?} has no field {name}"),
        }
    }

    /// The value at the end of a path through structs.
    pub fn follow<'a>(&self, path: impl Iterator<Item = &'a str>) -> Self {
        path.fold(self.clone(), |value, name| value.field(name))
    }
}
