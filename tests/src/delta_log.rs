//! Logs of Delta tables, written by hand: each action is exactly what the test says.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use arrow::datatypes::{DataType, Field, Schema};
use serde_json::{Value, json};

/// A table's folder, and how many versions its log has.
pub struct Table {
    folder: PathBuf,
    versions: u64,
}

impl Table {
    /// A folder without a log yet.
    pub fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder.join("_delta_log")).unwrap();
        Self { folder: folder.to_owned(), versions: 0 }
    }

    /// A log of one version: `schema`, partitioned by `partitions`, and `files` with their partition values.
    pub fn of(folder: &Path, schema: &Schema, partitions: &[&str], files: &[(&str, Value)]) -> Self {
        let mut table = Self::new(folder);
        let mut actions = vec![protocol(1, 2), metadata(schema, partitions, &json!({}))];
        actions.extend(files.iter().map(|(path, values)| table.add(path, values)));
        table.commit(&actions);
        table
    }

    /// Writes the next version. Its time is an hour after the one before, from 2026-01-01 on.
    pub fn commit(&mut self, actions: &[Value]) -> u64 {
        let version = self.versions;
        let lines: Vec<String> = actions.iter().map(ToString::to_string).collect();
        let path = self.commit_path(version);
        fs::write(&path, lines.join("\n")).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600 + 3600 * version);
        fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        self.versions += 1;
        version
    }

    /// The file of a version.
    pub fn commit_path(&self, version: u64) -> PathBuf {
        self.folder.join(format!("_delta_log/{version:020}.json"))
    }

    /// A file of the folder, with its size; `path` is spelled as the log does.
    pub fn add(&self, path: &str, partition: &Value) -> Value {
        let decoded = path.replace("%20", " ").replace("%25", "%");
        let size = fs::metadata(self.folder.join(decoded)).map_or(1, |file| file.len());
        json!({ "add": {
            "path": path, "partitionValues": partition, "size": size, "modificationTime": 1_767_225_600_000_u64, "dataChange": true
        }})
    }

    /// The same with some of its `rows` deleted, by their place in the file.
    pub fn add_without(&self, path: &str, rows: u64, deleted: &[u64]) -> Value {
        let mut add = self.add_deleted(path, deleted, Stored::Inline);
        add["add"]["stats"] = json!(json!({ "numRecords": rows }).to_string());
        add
    }

    /// A file of the folder of which rows are `deleted`, with its vector in the log or in a file.
    pub fn add_deleted(&self, path: &str, deleted: &[u64], stored: Stored) -> Value {
        let mut add = self.add(path, &json!({}));
        let vector = vector(deleted);
        let mut described = json!({ "sizeInBytes": vector.len(), "cardinality": deleted.len() });
        let uuid: [u8; 16] = match stored {
            Stored::Inline => {
                described["storageType"] = json!("i");
                described["pathOrInlineDv"] = json!(z85(&vector));
                add["add"]["deletionVector"] = described;
                return add;
            }
            Stored::Shared => [0xab; 16],
            Stored::Relative | Stored::Absolute => std::array::from_fn(|_| fastrand::u8(..)),
        };
        let hex = uuid.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &hex[part]);
        let folder = if stored == Stored::Relative { "d\u{e9}/" } else { "" };
        let file = self.folder.join(format!("{folder}deletion_vector_{}.bin", parts.join("-")));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let mut bytes = fs::read(&file).unwrap_or_else(|_| vec![1]);
        described["offset"] = json!(bytes.len());
        bytes.extend(u32::try_from(vector.len()).unwrap().to_be_bytes());
        bytes.extend(&vector);
        bytes.extend(crc32fast::hash(&vector).to_be_bytes());
        fs::write(&file, bytes).unwrap();
        let (storage, text) = match stored {
            Stored::Absolute => ("p", url::Url::from_file_path(&file).unwrap().to_string()),
            _ => ("u", format!("{}{}", folder.trim_end_matches('/'), z85(&uuid))),
        };
        described["storageType"] = json!(storage);
        described["pathOrInlineDv"] = json!(text);
        add["add"]["deletionVector"] = described;
        add
    }
}

/// Where a deletion vector is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// In the log.
    Inline,
    /// In a file of its own, in a folder below the table.
    Relative,
    /// In a file of its own, which the log names by its URL.
    Absolute,
    /// In one file of the table with all that are stored so.
    Shared,
}

/// A file is no longer the table's.
pub fn remove(path: &str) -> Value {
    json!({ "remove": { "path": path, "deletionTimestamp": 1_767_225_600_000_u64, "dataChange": true } })
}

/// A protocol without features.
pub fn protocol(reader: u32, writer: u32) -> Value {
    json!({ "protocol": { "minReaderVersion": reader, "minWriterVersion": writer } })
}

/// A protocol whose readers must have `features`.
pub fn features(features: &[&str]) -> Value {
    json!({ "protocol": {
        "minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": features, "writerFeatures": features
    }})
}

/// The metadata of a table: its columns, partition columns and properties.
pub fn metadata(schema: &Schema, partitions: &[&str], properties: &Value) -> Value {
    described(&struct_type(schema.fields()), partitions, properties)
}

/// The same with the columns as the log spells them.
pub fn described(schema: &Value, partitions: &[&str], properties: &Value) -> Value {
    json!({ "metaData": {
        "id": "00000000-0000-0000-0000-000000000000",
        "format": { "provider": "parquet", "options": {} },
        "schemaString": schema.to_string(),
        "partitionColumns": partitions,
        "configuration": properties,
        "createdTime": 1_767_225_600_000_u64,
    }})
}

/// A struct as the log spells it.
pub fn struct_type<'a>(fields: impl IntoIterator<Item = &'a std::sync::Arc<Field>>) -> Value {
    let fields: Vec<Value> = fields
        .into_iter()
        .map(|field| {
            let data_type = type_of(field.data_type());
            json!({ "name": field.name(), "type": data_type, "nullable": field.is_nullable(), "metadata": {} })
        })
        .collect();
    json!({ "type": "struct", "fields": fields })
}

fn type_of(data_type: &DataType) -> Value {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 => json!("string"),
        DataType::Boolean => json!("boolean"),
        DataType::Int32 | DataType::UInt32 => json!("integer"),
        DataType::Int64 => json!("long"),
        DataType::Float64 => json!("double"),
        DataType::Date32 => json!("date"),
        DataType::Timestamp(_, Some(_)) => json!("timestamp"),
        DataType::Timestamp(_, None) => json!("timestamp_ntz"),
        DataType::Struct(fields) => struct_type(fields),
        DataType::List(item) => {
            json!({ "type": "array", "elementType": type_of(item.data_type()), "containsNull": item.is_nullable() })
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else { panic!("entries are a struct") };
            json!({
                "type": "map",
                "keyType": type_of(fields[0].data_type()),
                "valueType": type_of(fields[1].data_type()),
                "valueContainsNull": fields[1].is_nullable(),
            })
        }
        other => panic!("{other} has no spelling here"),
    }
}

/// Rows as a deletion vector: a 64-bit Roaring bitmap in its portable form.
fn vector(rows: &[u64]) -> Vec<u8> {
    let mut bitmap: roaring::RoaringTreemap = rows.iter().copied().collect();
    // Runs are stored as such, as other writers do.
    bitmap.optimize();
    let mut bytes = 1_681_511_377_u32.to_le_bytes().to_vec();
    bitmap.serialize_into(&mut bytes).unwrap();
    bytes
}

/// Bytes as text: four of them are five digits of base 85.
fn z85(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 85] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    let mut text = String::new();
    for chunk in bytes.chunks(4) {
        let mut padded = [0; 4];
        padded[..chunk.len()].copy_from_slice(chunk);
        let number = u32::from_be_bytes(padded);
        for power in (0..5).rev() {
            text.push(char::from(DIGITS[(number / 85_u32.pow(power) % 85) as usize]));
        }
    }
    text
}
