//! The columns of a table as its log has them, and where a file stores each.

use deltalake_core::kernel::{ColumnMetadataKey, DataType, MetadataValue, PrimitiveType, StructField, StructType};

/// The columns of a log, and how a file's fields are found to be theirs.
#[derive(Debug)]
pub struct Logged {
    /// The columns, in the log's order.
    pub fields: Vec<LoggedField>,
    /// The identity of a field in a file.
    pub mapping: Mapping,
}

/// The identity of a field in a file: the table property `delta.columnMapping.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// By its name, which is the log's.
    None,
    /// By the physical name that the log gives it.
    Name,
    /// By its number, or by the physical name where the file has no numbers.
    Id,
}

/// A column or nested field of a log.
#[derive(Debug)]
pub struct LoggedField {
    /// Its name in the table.
    pub name: String,
    /// Its name in files, in partition values and in statistics.
    pub physical: String,
    /// Its number in files.
    pub id: Option<i64>,
    /// The parts of its type that a file may declare differently.
    pub data_type: LoggedType,
}

/// The parts of a type that a file may declare differently.
#[derive(Debug)]
pub enum LoggedType {
    /// Fields, which files name.
    Struct(Vec<LoggedField>),
    /// Elements.
    List(Box<LoggedType>),
    /// Keys and values.
    Map(Box<[LoggedType; 2]>),
    /// `timestamp`: an instant, whether or not the file marks it as UTC.
    Instant,
    /// `timestamp_ntz`: a time without a zone.
    Local,
    /// Anything else, where the file's type counts.
    Other,
}

impl Logged {
    /// The columns of `schema`.
    pub fn new(schema: &StructType, mapping: Mapping) -> Self {
        Self { fields: fields(schema, mapping), mapping }
    }

    /// Whether every file says of itself what the log says of it.
    pub fn is_plain(&self) -> bool {
        self.mapping == Mapping::None && self.fields.iter().all(|field| field.data_type.is_plain())
    }

    /// The name in the table of the column that is called `physical` in files.
    pub fn name(&self, physical: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.physical == physical).map(|field| field.name.as_str())
    }
}

impl LoggedType {
    fn is_plain(&self) -> bool {
        match self {
            Self::Struct(fields) => fields.iter().all(|field| field.data_type.is_plain()),
            Self::List(item) => item.is_plain(),
            Self::Map(entry) => entry.iter().all(Self::is_plain),
            Self::Instant | Self::Local => false,
            Self::Other => true,
        }
    }

    fn of(data_type: &DataType, mapping: Mapping) -> Self {
        match data_type {
            DataType::Struct(schema) => Self::Struct(fields(schema, mapping)),
            DataType::Array(array) => Self::List(Box::new(Self::of(array.element_type(), mapping))),
            DataType::Map(map) => {
                Self::Map(Box::new([Self::of(map.key_type(), mapping), Self::of(map.value_type(), mapping)]))
            }
            DataType::Primitive(PrimitiveType::Timestamp) => Self::Instant,
            DataType::Primitive(PrimitiveType::TimestampNtz) => Self::Local,
            _ => Self::Other,
        }
    }
}

fn fields(schema: &StructType, mapping: Mapping) -> Vec<LoggedField> {
    schema.fields().map(|field| of_field(field, mapping)).collect()
}

/// Without column mapping what a log says of it is to be passed over.
fn of_field(field: &StructField, mapping: Mapping) -> LoggedField {
    let mapped = mapping != Mapping::None;
    let physical = match field.get_config_value(&ColumnMetadataKey::ColumnMappingPhysicalName) {
        Some(MetadataValue::String(name)) if mapped => name.clone(),
        _ => field.name().clone(),
    };
    let id = field.column_mapping_id().filter(|_| mapped);
    LoggedField { name: field.name().clone(), physical, id, data_type: LoggedType::of(field.data_type(), mapping) }
}
