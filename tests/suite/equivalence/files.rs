//! Files of a dataset, each drifted in ways that its contract allows.

use std::fs::{self, File};
use std::path::Path as FilePath;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use cstspec_contract::{Dataset, Path};
use cstspec_runtime::Location;
use datafusion::catalog::MemTable;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use fastrand::Rng;

use super::chance;
use crate::arrays::Dice;

/// Map keys that queries and views ask for.
pub const KEYS: [&str; 2] = ["origin", "note"];

/// Writes the files of `dataset` below `folder`, or makes a table in memory, in which NULL parents hide values.
pub fn lay(random: &mut Rng, dataset: &Dataset, folder: &FilePath) -> Location {
    let mut dice = Dice::new(random.u64(..), &KEYS.map(str::to_owned));
    let partitioned = !dataset.partitions.is_empty();
    if !partitioned && chance(random, 1, 6) {
        let batch = rows(random, &mut dice, dataset.schema().fields());
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
        return Location::Table(Arc::new(table));
    }
    for number in 0..random.usize(1..=3) {
        let folder = if partitioned { folder.join(format!("part=p{}", random.u8(..3))) } else { folder.to_owned() };
        fs::create_dir_all(&folder).unwrap();
        let drifted = number > 0 || random.bool();
        let fields: Vec<FieldRef> = dataset.columns.iter().map(|column| column.field.clone()).collect();
        let stored = fields.into_iter().filter(|field| !partitioned || field.name() != "part").collect();
        let stored = if drifted { Drift { random, dataset }.fields(&Path::default(), &stored) } else { stored };
        let mut batch = rows(random, &mut dice, &stored);
        if drifted {
            batch = relaxed(random, &batch);
        }
        write(random, &folder.join(format!("{number}.parquet")), &batch);
    }
    Location::Url(folder.display().to_string())
}

fn rows(random: &mut Rng, dice: &mut Dice, fields: &Fields) -> RecordBatch {
    let rows = random.usize(2..=16);
    let column = |field: &FieldRef| match field.name().as_str() {
        "row_id" => {
            let ids: Int64Array = (0..rows).map(|_| Some(random.i64(0..60))).collect();
            cast_with_options(&ids, field.data_type(), &CastOptions::default()).unwrap()
        }
        _ => dice.array(field, rows),
    };
    let columns = fields.iter().map(column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields.clone())), columns).unwrap()
}

fn write(random: &mut Rng, path: &FilePath, batch: &RecordBatch) {
    let statistics = [EnabledStatistics::Page, EnabledStatistics::Chunk, EnabledStatistics::None][random.usize(..3)];
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(random.usize(3..=12)))
        .set_dictionary_enabled(random.bool())
        .set_statistics_enabled(statistics)
        .set_bloom_filter_enabled(chance(random, 1, 4))
        .build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Rows whose fields are declared nullable here and there, though none of them is NULL.
fn relaxed(random: &mut Rng, batch: &RecordBatch) -> RecordBatch {
    fn relax(random: &mut Rng, field: &FieldRef) -> FieldRef {
        let data_type = match field.data_type() {
            DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| relax(random, field)).collect()),
            DataType::List(item) => DataType::List(relax(random, item)),
            DataType::LargeList(item) => DataType::LargeList(relax(random, item)),
            // Keys are never NULL.
            other => other.clone(),
        };
        let nullable = field.is_nullable() || random.bool();
        Arc::new(Field::clone(field).with_data_type(data_type).with_nullable(nullable))
    }
    let fields: Fields = batch.schema().fields().iter().map(|field| relax(random, field)).collect();
    let relaxed = |(column, field): (&ArrayRef, &FieldRef)| {
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        let relaxed = cast_with_options(column, field.data_type(), &strict).unwrap();
        assert_eq!(relaxed.null_count(), column.null_count());
        relaxed
    };
    let columns = batch.columns().iter().zip(&fields).map(relaxed).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// Drift that a contract allows.
struct Drift<'a> {
    random: &'a mut Rng,
    dataset: &'a Dataset,
}

impl Drift<'_> {
    /// `fields` of the struct at `path`, which is spelled as the file has it.
    fn fields(&mut self, path: &Path, fields: &Fields) -> Fields {
        let mut drifted: Vec<FieldRef> = Vec::new();
        for field in fields {
            let inside = path.join(field.name());
            let may_lack = field.is_nullable() || self.dataset.defaults.iter().any(|default| default.path == inside);
            // A file without its identity tells its rows from no others.
            if may_lack && field.name() != "row_id" && chance(self.random, 1, 8) {
                continue;
            }
            let renamed = path.join(&format!("old_{}", field.name()));
            let name = match self.dataset.evolution.renames.get(&renamed) {
                Some(_) if self.random.bool() => renamed,
                _ => inside,
            };
            let data_type = self.data_type(&name, field.data_type());
            drifted.push(Arc::new(Field::clone(field).with_name(name.leaf()).with_data_type(data_type)));
        }
        if chance(self.random, 1, 4) {
            let extra = [DataType::Utf8, DataType::Int64][self.random.usize(..2)].clone();
            drifted.push(Arc::new(Field::new("extra", extra, true)));
        }
        if chance(self.random, 1, 3) {
            self.random.shuffle(&mut drifted);
        }
        // A Parquet group holds something.
        if drifted.is_empty() {
            drifted.push(Arc::new(Field::new("extra", DataType::Int64, true)));
        }
        drifted.into()
    }

    fn item(&mut self, path: &Path, item: &FieldRef) -> FieldRef {
        let name = ["item", "element", "array"][self.random.usize(..3)];
        Arc::new(Field::clone(item).with_name(name).with_data_type(self.data_type(path, item.data_type())))
    }

    fn data_type(&mut self, path: &Path, declared: &DataType) -> DataType {
        match declared {
            DataType::Struct(fields) => DataType::Struct(self.fields(path, fields)),
            DataType::List(item) => {
                let item = self.item(path, item);
                if chance(self.random, 1, 6) { DataType::LargeList(item) } else { DataType::List(item) }
            }
            DataType::LargeList(item) => {
                let item = self.item(path, item);
                if chance(self.random, 1, 6) { DataType::List(item) } else { DataType::LargeList(item) }
            }
            DataType::Map(entries, sorted) => {
                let DataType::Struct(fields) = entries.data_type() else { panic!("entries are a struct") };
                let inside = path.join("value");
                let value = Field::clone(&fields[1]).with_data_type(self.data_type(&inside, fields[1].data_type()));
                let fields = [Arc::clone(&fields[0]), Arc::new(value)].into_iter().collect();
                DataType::Map(Arc::new(Field::clone(entries).with_data_type(DataType::Struct(fields))), *sorted)
            }
            leaf if chance(self.random, 3, 4) => leaf.clone(),
            DataType::Int64 => [DataType::Int32, DataType::Int16, DataType::UInt32][self.random.usize(..3)].clone(),
            DataType::Int32 => [DataType::Int16, DataType::UInt8][self.random.usize(..2)].clone(),
            DataType::Float64 => [DataType::Float32, DataType::Int16][self.random.usize(..2)].clone(),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
                let index = self.random.usize(..4);
                let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View, dictionary][index].clone()
            }
            DataType::Decimal128(..) => DataType::Decimal128(9, 1),
            other => other.clone(),
        }
    }
}
