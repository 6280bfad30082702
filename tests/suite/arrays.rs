//! Random arrays in which a NULL parent hides values that are not NULL.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, GenericListArray, Int64Array, MapArray,
    OffsetSizeTrait, StringArray, StructArray, make_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};

const WORDS: [&str; 12] =
    ["", "x", "name", "attribute", "None", "a:b", "\u{1f}", "größe", "🦀", "critical", "warning", "KWH"];

/// A source of random arrays.
pub struct Dice {
    random: fastrand::Rng,
    /// Keys that maps have often.
    keys: Vec<String>,
}

impl Dice {
    pub fn new(seed: u64, keys: &[String]) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), keys: keys.to_vec() }
    }

    /// `length` values of a field. Only a nullable field has NULLs, and whatever they hide is there.
    pub fn array(&mut self, field: &Field, length: usize) -> ArrayRef {
        let nulls = self.nulls(field, length);
        match field.data_type() {
            DataType::Struct(fields) => {
                let columns = fields.iter().map(|field| self.array(field, length)).collect();
                Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, length).unwrap())
            }
            DataType::List(item) => Arc::new(self.list::<i32>(item, length, nulls)),
            DataType::LargeList(item) => Arc::new(self.list::<i64>(item, length, nulls)),
            DataType::Map(entries, sorted) => Arc::new(self.map(entries, *sorted, length, nulls)),
            leaf => with_nulls(&self.leaf(leaf, length), nulls),
        }
    }

    fn nulls(&mut self, field: &Field, length: usize) -> Option<NullBuffer> {
        field.is_nullable().then(|| (0..length).map(|_| self.random.u8(..4) > 0).collect())
    }

    /// Lengths of lists. Also of those that are NULL: their elements are in the array and belong to nobody.
    fn lengths(&mut self, length: usize) -> Vec<usize> {
        (0..length).map(|_| [0, 0, 1, 1, 2, 3][self.random.usize(..6)]).collect()
    }

    fn list<O: OffsetSizeTrait>(
        &mut self,
        item: &FieldRef,
        length: usize,
        nulls: Option<NullBuffer>,
    ) -> GenericListArray<O> {
        let lengths = self.lengths(length);
        let values = self.array(item, lengths.iter().sum());
        GenericListArray::try_new(Arc::clone(item), OffsetBuffer::from_lengths(lengths), values, nulls).unwrap()
    }

    fn map(&mut self, entries: &FieldRef, sorted: bool, length: usize, nulls: Option<NullBuffer>) -> MapArray {
        let DataType::Struct(fields) = entries.data_type() else { panic!("a map's entries are a struct") };
        let lengths = self.lengths(length);
        let total = lengths.iter().sum();
        // Keys are unique in each map.
        let mut keys = Vec::with_capacity(total);
        for length in &lengths {
            let mut known: Vec<String> =
                self.keys.iter().cloned().chain(["other", "third", "fourth"].map(str::to_owned)).collect();
            self.random.shuffle(&mut known);
            keys.extend(known.into_iter().take(*length));
        }
        let keys = cast(&StringArray::from(keys), fields[0].data_type()).unwrap();
        let columns = vec![keys, self.array(&fields[1], total)];
        let pairs = StructArray::try_new_with_length(fields.clone(), columns, None, total).unwrap();
        MapArray::try_new(Arc::clone(entries), OffsetBuffer::from_lengths(lengths), pairs, nulls, sorted).unwrap()
    }

    fn leaf(&mut self, data_type: &DataType, length: usize) -> ArrayRef {
        let random = &mut self.random;
        match data_type {
            DataType::Boolean => Arc::new((0..length).map(|_| Some(random.bool())).collect::<BooleanArray>()),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
                let words = (0..length).map(|_| Some(WORDS[random.usize(..WORDS.len())])).collect::<StringArray>();
                cast(&words, data_type).unwrap()
            }
            DataType::Binary => {
                Arc::new((0..length).map(|_| Some(random.u16(..).to_le_bytes())).collect::<BinaryArray>())
            }
            DataType::FixedSizeBinary(size) => {
                let bytes = |random: &mut fastrand::Rng| vec![random.u8(..); usize::try_from(*size).unwrap()];
                let values: Vec<Vec<u8>> = (0..length).map(|_| bytes(random)).collect();
                Arc::new(FixedSizeBinaryArray::try_from_iter(values.into_iter()).unwrap())
            }
            _ => {
                let small = (0..length).map(|_| random.i64(0..100)).collect::<Int64Array>();
                let step = match data_type {
                    DataType::Date32 | DataType::Time32(_) => cast(&small, &DataType::Int32).unwrap(),
                    _ => Arc::new(small) as ArrayRef,
                };
                cast(&step, data_type).unwrap_or_else(|error| panic!("random values of {data_type}: {error}"))
            }
        }
    }
}

/// `field`, in which fields of structs and elements of lists are NOT NULL at random, at every depth: as one writer marks them and another not.
pub fn marked(field: &Field, random: &mut fastrand::Rng) -> FieldRef {
    let inside = |field: &FieldRef, random: &mut fastrand::Rng| {
        let required = random.bool();
        let field = marked(field, random);
        Arc::new(field.as_ref().clone().with_nullable(field.is_nullable() && !required))
    };
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| inside(field, random)).collect()),
        DataType::List(item) => DataType::List(inside(item, random)),
        DataType::LargeList(item) => DataType::LargeList(inside(item, random)),
        DataType::Map(entries, sorted) => {
            let DataType::Struct(pair) = entries.data_type() else { panic!("a map's entries are a struct") };
            // `map_entries` of the engine panics over values that are NOT NULL themselves.
            let pair = DataType::Struct(vec![Arc::clone(&pair[0]), marked(&pair[1], random)].into());
            DataType::Map(Arc::new(entries.as_ref().clone().with_data_type(pair)), *sorted)
        }
        leaf => leaf.clone(),
    };
    Arc::new(field.clone().with_data_type(data_type))
}

fn with_nulls(array: &ArrayRef, nulls: Option<NullBuffer>) -> ArrayRef {
    // The keys of a dictionary are NULL, and not its values.
    make_array(array.to_data().into_builder().nulls(nulls).build().unwrap())
}
