//! What listings, footers and logs say of a table.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, IntervalUnit, Schema, TimeUnit};
use cstspec_conform::{Encoding, Rules, compare_fields};
use cstspec_contract::{Catalog, Column, Dataset, Evolution, Finding, Path, Scan, list_child, with_list_child};
use cstspec_import::{Unsaid, normalized};
use cstspec_runtime::files::footer::fetch;
use cstspec_runtime::files::hive;
use cstspec_runtime::files::listing::{ListedFile, Listing};
use cstspec_runtime::files::location_files::LocationFiles;
use cstspec_runtime::files::store::FileStore;
use cstspec_runtime::files::table_files::{DataFile, TableFiles};
use cstspec_runtime::{FileErrorKind, Location, RuntimeError};
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use futures::stream::{self, StreamExt as _};

use super::Stopped;
use super::merge::merged;
use crate::error::CommandError;

/// How many footers are read at the same time.
const AT_ONCE: usize = 16;

/// What is known of a table without reading its rows.
#[derive(Debug)]
pub struct Surveyed {
    /// The columns, with the partition columns, in the form that specs declare.
    pub schema: Schema,
    /// The partition columns, outermost first.
    pub partitions: Vec<String>,
    /// What specs cannot declare.
    pub unsaid: Vec<Unsaid>,
    /// How many files there are.
    pub files: u64,
    /// How many rows the files have, if the footers say so.
    pub rows: Option<u64>,
    /// The order that every file says that it has: columns, and whether they descend.
    pub sorted: Vec<(String, bool)>,
}

/// Whether the contract of `dataset` reads the field `found` of files as the field `declared` at `path`.
pub fn reads(dataset: &Dataset, path: &Path, found: &Field, declared: &Field) -> bool {
    let evolution = Evolution { casts: dataset.evolution.casts, ..Evolution::default() };
    let one = |field: &Field| Fields::from(vec![Field::new(path.leaf(), field.data_type().clone(), true)]);
    compare_fields(&one(found), &one(declared), Rules { evolution: &evolution, defaults: &[] }).refused.is_empty()
}

/// Surveys the table at `location`, which is to be called `name`.
///
/// # Errors
///
/// A finding for each file that cannot be read.
pub async fn take(name: &str, location: &Location) -> Result<Surveyed, Stopped> {
    of(name, location, None).await
}

/// Surveys the table at `location`, whose files `scan` selects.
///
/// # Errors
///
/// A finding for each file that cannot be read.
pub async fn of(name: &str, location: &Location, scan: Option<&Scan>) -> Result<Surveyed, Stopped> {
    let runtime = Arc::new(RuntimeEnv::default());
    let url = location.url().unwrap_or_default();
    let (asked, clone_of): (_, &[String]) = match location {
        Location::Delta { at, clone_of, .. } => (Some(*at), clone_of),
        _ => (None, &[]),
    };
    let mut bare = Dataset::new(name, Vec::<FieldRef>::new());
    bare.scan = scan.cloned().unwrap_or_default();
    let stopped = |errors: Vec<RuntimeError>| found(name, errors);
    let listing = Listing::open(name, url).and_then(|listing| listing.cloned_from(clone_of));
    let listing = listing.map_err(|error| stopped(vec![error]))?;
    let has_log = listing.has_log(&runtime).await.map_err(|error| stopped(vec![error]))?;
    let contract = if has_log || asked.is_some() {
        bare
    } else {
        let listed = listing.files(&bare, &runtime).await.map_err(|error| stopped(vec![error]))?;
        if !listed.rejected.is_empty() {
            return Err(stopped(listed.rejected.into_iter().map(|rejected| rejected.error).collect()));
        }
        with_partitions(bare, &listed.files)
    };
    let files = LocationFiles::new(listing, asked)
        .list_files(&contract, &runtime)
        .await
        .map_err(|error| stopped(vec![error]))?;
    let TableFiles { store, files, rejected, log, .. } = files;
    let mut errors: Vec<RuntimeError> = rejected.into_iter().map(|rejected| rejected.error).collect();
    let footers = match &store {
        Some(store) => footers(name, store, &files).await,
        None => Vec::new(),
    };
    let mut read = Vec::with_capacity(footers.len());
    for footer in footers {
        match footer {
            Ok(footer) => read.push(footer),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(stopped(errors));
    }
    let (schema, partitions) = if let Some(log) = &log {
        (log.schema.as_ref().clone(), log.partitions.clone())
    } else {
        let Some(schema) = read.iter().map(|file| file.schema.clone()).reduce(|one, other| merged(&one, &other)) else {
            return Err(Stopped::Failed(CommandError::Engine(format!("{location} has no files"))));
        };
        (partitioned(&schema, &contract, &files), contract.partitions.clone())
    };
    let (schema, unsaid) = normalized(&schema);
    let mut sorted = read.first().map(|file| file.sorted.clone()).unwrap_or_default();
    if read.iter().any(|file| file.sorted != sorted) {
        sorted.clear();
    }
    let rows = read.iter().map(|file| file.rows).sum();
    // Deletion vectors remove rows.
    let rows = Some(rows).filter(|_| log.is_none());
    Ok(Surveyed { schema, partitions, unsaid, files: files.len() as u64, rows, sorted })
}

/// The findings of errors about the table `name`.
fn found(name: &str, errors: Vec<RuntimeError>) -> Stopped {
    let catalog = Catalog { datasets: vec![Dataset::new(name, Vec::<FieldRef>::new())], ..super::table::preset() };
    let mut findings: Vec<Finding> = Vec::new();
    for error in errors {
        let text = error.to_string();
        match cstspec_verify::broken(&catalog, &DataFusionError::External(Box::new(error))) {
            Some(finding) => findings.push(finding),
            None => return Stopped::Failed(CommandError::Engine(text)),
        }
    }
    Stopped::Found(findings, None)
}

/// What one footer says.
struct Footer {
    schema: Schema,
    rows: u64,
    sorted: Vec<(String, bool)>,
}

async fn footers(name: &str, place: &FileStore, files: &[DataFile]) -> Vec<Result<Footer, RuntimeError>> {
    let read = |file: &DataFile| {
        let (place, file, name) = (place.clone(), file.clone(), name.to_owned());
        async move { footer(&name, &place, &file).await }
    };
    stream::iter(files.iter().map(read)).buffered(AT_ONCE).collect().await
}

async fn footer(name: &str, place: &FileStore, file: &DataFile) -> Result<Footer, RuntimeError> {
    let metadata = fetch::footer(name, place, file, None).await?;
    let stored = metadata.file_metadata();
    let schema = parquet_to_arrow_schema(stored.schema_descr(), stored.key_value_metadata());
    let schema = schema
        .map_err(|error| FileErrorKind::SchemaUnreadable { reason: error.to_string() }.of(name, &file.display_path))?;
    let fields: Fields = schema.fields().iter().map(decoded).collect();
    let order = metadata.row_groups().iter().map(|group| {
        let columns = group.sorting_columns().map(Vec::as_slice).unwrap_or_default();
        let named = columns.iter().map_while(|sorted| {
            let leaf = stored.schema_descr().columns().get(usize::try_from(sorted.column_idx).ok()?)?;
            // The engine's order has NULLs last when ascending and first when descending.
            let [only] = leaf.path().parts() else { return None };
            Some((only.clone(), sorted.descending))
        });
        named.collect::<Vec<_>>()
    });
    let orders: Vec<Vec<(String, bool)>> = order.collect();
    let mut sorted = orders.first().cloned().unwrap_or_default();
    if orders.iter().any(|order| *order != sorted) {
        sorted.clear();
    }
    Ok(Footer {
        schema: Schema::new_with_metadata(fields, schema.metadata().clone()),
        rows: fetch::rows(&metadata),
        sorted,
    })
}

/// `field` with the types that values of Parquet's own encodings are decoded to.
fn decoded(field: &FieldRef) -> FieldRef {
    let data_type = match Encoding::of(field) {
        Some(Encoding::Int96) => DataType::Timestamp(TimeUnit::Nanosecond, None),
        Some(Encoding::Interval | Encoding::SignedInterval) => DataType::Interval(IntervalUnit::MonthDayNano),
        None => match field.data_type() {
            DataType::Struct(fields) => DataType::Struct(fields.iter().map(decoded).collect()),
            DataType::Map(entries, sorted) => DataType::Map(decoded(entries), *sorted),
            other => match list_child(other) {
                Some(item) => with_list_child(other, decoded(item)),
                None => return Arc::clone(field),
            },
        },
    };
    let mut metadata: HashMap<String, String> = field.metadata().clone();
    metadata.remove(cstspec_conform::KEY);
    Arc::new(Field::new(field.name(), data_type, field.is_nullable()).with_metadata(metadata))
}

/// `contract` with the keys that the folders of most files have as partition columns of text.
fn with_partitions(mut contract: Dataset, files: &[ListedFile]) -> Dataset {
    let mut counts: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for file in files {
        let keys: Option<Vec<String>> = file.folders.iter().map(|folder| hive::key(folder)).collect();
        *counts.entry(keys.unwrap_or_default()).or_default() += 1;
    }
    let keys = counts.into_iter().max_by_key(|(_, count)| *count).map(|(keys, _)| keys).unwrap_or_default();
    let column = |name: &String| Column::from(Arc::new(Field::new(name, DataType::Utf8, true)));
    contract.columns = keys.iter().map(column).collect();
    contract.partitions = keys;
    contract
}

/// The schema of the files with the partition columns: those that they store where they are, and others at the end.
fn partitioned(schema: &Schema, contract: &Dataset, files: &[DataFile]) -> Schema {
    let mut fields: Vec<FieldRef> = schema.fields().to_vec();
    for (number, name) in contract.partitions.iter().enumerate() {
        let values = || {
            let values = files.iter().filter_map(|file| file.partition.get(number));
            values.filter(|value| !value.is_null()).map(ToString::to_string)
        };
        match fields.iter_mut().find(|field| field.name() == name) {
            // A file may store the column too; NULL is a folder of its own.
            Some(field) => {
                let has_null = files.iter().filter_map(|file| file.partition.get(number)).any(ScalarValue::is_null);
                if has_null {
                    *field = Arc::new(field.as_ref().clone().with_nullable(true));
                }
            }
            None => fields.push(Arc::new(Field::new(name, partition_type(values), true))),
        }
    }
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

/// The type of a partition column: one that holds every value as its folder writes it, or else text.
fn partition_type<I: Iterator<Item = String>>(values: impl Fn() -> I) -> DataType {
    let is_integer = |value: &String| value.parse::<i64>().is_ok_and(|number| number.to_string() == *value);
    let is_date = |value: &String| {
        let parsed = ScalarValue::try_from_string(value.clone(), &DataType::Date32);
        parsed.is_ok_and(|date| date.to_string() == *value)
    };
    if values().next().is_none() {
        DataType::Utf8
    } else if values().all(|value| is_integer(&value)) {
        DataType::Int64
    } else if values().all(|value| is_date(&value)) {
        DataType::Date32
    } else if values().all(|value| value == "true" || value == "false") {
        DataType::Boolean
    } else {
        DataType::Utf8
    }
}
