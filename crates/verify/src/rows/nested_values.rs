//! Which values of a nested array are there at all, and whose row they are in.
//!
//! Arrow keeps values below a NULL: the fields of a NULL struct, the elements of a NULL list. Nothing is promised of those. And an
//! array may be a slice of a larger one, so that its children start somewhere else than at their first value.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, BooleanBufferBuilder, OffsetSizeTrait};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{cast, take};
use arrow::datatypes::{ArrowNativeType as _, DataType};
use arrow::error::ArrowError;
use cstspec_conform::{entry, segment};
use cstspec_contract::spelling;

/// The way from a nested array to the arrays inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStep {
    /// The field of a struct, by its place.
    Field(usize),
    /// The elements of a list.
    Elements,
    /// The keys of a map.
    Keys,
    /// The values of a map.
    Values,
}

/// The values of one array at some depth below a batch of rows.
#[derive(Debug)]
pub struct NestedValues<'a> {
    /// Those that have no NULL above them; all of them when `None`.
    present: Option<NullBuffer>,
    length: usize,
    above: Option<(&'a NestedValues<'a>, ParentOffsets)>,
    step: Step,
}

/// The last step of the place of a value inside its row.
#[derive(Debug)]
enum Step {
    /// The column, or a field of a struct.
    Name(String),
    /// An element of a list.
    Element,
    /// The entry of a map, whose keys these are.
    Entry(ArrayRef),
}

/// Which values belong to which parent.
#[derive(Debug)]
enum ParentOffsets {
    /// One each.
    One,
    /// So many each.
    Fixed(usize),
    /// As the offsets say.
    Short(OffsetBuffer<i32>),
    /// As the offsets say.
    Long(OffsetBuffer<i64>),
}

impl ParentOffsets {
    /// The place of a parent's first value.
    fn start(&self, parent: usize) -> usize {
        match self {
            Self::One => parent,
            Self::Fixed(size) => parent * size,
            Self::Short(offsets) => (offsets[parent] - offsets[0]).as_usize(),
            Self::Long(offsets) => (offsets[parent] - offsets[0]).as_usize(),
        }
    }

    /// The parent of the value at `place`.
    fn parent(&self, place: usize) -> usize {
        match self {
            Self::One => place,
            Self::Fixed(size) => place / size,
            Self::Short(offsets) => run_of(offsets, place),
            Self::Long(offsets) => run_of(offsets, place),
        }
    }
}

fn run_of<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>, place: usize) -> usize {
    offsets.partition_point(|offset| (*offset - offsets[0]).as_usize() <= place).saturating_sub(1)
}

impl<'a> NestedValues<'a> {
    /// The rows themselves, of which the column `name` is looked at.
    pub fn rows(name: &str, length: usize) -> Self {
        Self { present: None, length, above: None, step: Step::Name(name.to_owned()) }
    }

    /// The place of the value at `place` inside its row, as `codes[3].instructions[17].opname` with elements counted from 0; `None` for a
    /// column.
    pub fn inside(&self, place: usize) -> Option<String> {
        self.above.as_ref().map(|_| self.spelled(place))
    }

    fn spelled(&self, place: usize) -> String {
        let Some((above, runs)) = &self.above else {
            return match &self.step {
                Step::Name(name) => segment(name),
                Step::Element | Step::Entry(_) => String::new(),
            };
        };
        let parent = runs.parent(place);
        let above = above.spelled(parent);
        match &self.step {
            Step::Name(name) => format!("{above}.{}", segment(name)),
            Step::Element => format!("{above}[{}]", place - runs.start(parent)),
            Step::Entry(keys) => format!("{above}{}", entry(keys, place)),
        }
    }

    /// How many values are there.
    pub fn count(&self) -> u64 {
        (self.length - self.present.as_ref().map_or(0, NullBuffer::null_count)) as u64
    }

    /// The values that are there, if not all of them are.
    pub fn present(&self) -> Option<&NullBuffer> {
        self.present.as_ref()
    }

    /// The row that the value at `place` is in.
    pub fn row_of(&self, place: usize) -> usize {
        match &self.above {
            None => place,
            Some((above, runs)) => above.row_of(runs.parent(place)),
        }
    }

    /// The place of the first value of `row`, or of the next row that has one.
    pub fn start_of(&self, row: usize) -> usize {
        match &self.above {
            None => row,
            Some((above, runs)) => runs.start(above.start_of(row)),
        }
    }

    /// The array inside `array`, which is of this level, that `way` leads to.
    ///
    /// # Errors
    ///
    /// `array` is of a type that has nothing there.
    pub fn descend(&'a self, array: &ArrayRef, way: ChildStep) -> Result<(ArrayRef, NestedValues<'a>), ArrowError> {
        let array = spelled_out(array)?;
        match (array.data_type(), way) {
            (DataType::Struct(_), ChildStep::Field(index)) if index < array.as_struct().num_columns() => {
                let structure = array.as_struct();
                let present = NullBuffer::union(self.present.as_ref(), structure.nulls());
                let step = Step::Name(structure.fields()[index].name().clone());
                Ok((Arc::clone(structure.column(index)), self.below(present, self.length, ParentOffsets::One, step)))
            }
            (DataType::List(_), ChildStep::Elements) => {
                let list = array.as_list::<i32>();
                let (values, present) = self.shown(list.offsets(), list.values(), list.nulls());
                let length = values.len();
                Ok((values, self.below(present, length, ParentOffsets::Short(list.offsets().clone()), Step::Element)))
            }
            (DataType::LargeList(_), ChildStep::Elements) => {
                let list = array.as_list::<i64>();
                let (values, present) = self.shown(list.offsets(), list.values(), list.nulls());
                let length = values.len();
                Ok((values, self.below(present, length, ParentOffsets::Long(list.offsets().clone()), Step::Element)))
            }
            (DataType::FixedSizeList(_, size), ChildStep::Elements) => {
                let (list, size) = (array.as_fixed_size_list(), usize::try_from(*size).unwrap_or_default());
                let present = NullBuffer::union(self.present.as_ref(), list.nulls()).map(|nulls| nulls.expand(size));
                let values = Arc::clone(list.values());
                let length = values.len();
                Ok((values, self.below(present, length, ParentOffsets::Fixed(size.max(1)), Step::Element)))
            }
            (DataType::Map(..), ChildStep::Keys | ChildStep::Values) => {
                let map = array.as_map();
                let side = if way == ChildStep::Keys { map.keys() } else { map.values() };
                let (values, present) = self.shown(map.offsets(), side, map.nulls());
                let length = values.len();
                let (keys, _) = self.shown(map.offsets(), map.keys(), None);
                Ok((
                    values,
                    self.below(present, length, ParentOffsets::Short(map.offsets().clone()), Step::Entry(keys)),
                ))
            }
            (data_type, _) => {
                Err(ArrowError::SchemaError(format!("nothing is inside {} there", spelling::short(data_type))))
            }
        }
    }

    fn below(&'a self, present: Option<NullBuffer>, length: usize, runs: ParentOffsets, step: Step) -> Self {
        let present = present.filter(|present| present.null_count() > 0);
        Self { present, length, above: Some((self, runs)), step }
    }

    /// The values that the offsets reach, and which of them are not below a NULL.
    fn shown<O: OffsetSizeTrait>(
        &self,
        offsets: &OffsetBuffer<O>,
        values: &ArrayRef,
        nulls: Option<&NullBuffer>,
    ) -> (ArrayRef, Option<NullBuffer>) {
        let (first, last) = (offsets[0].as_usize(), offsets[offsets.len() - 1].as_usize());
        let values = values.slice(first, last - first);
        let Some(parents) = NullBuffer::union(self.present.as_ref(), nulls).filter(|nulls| nulls.null_count() > 0)
        else {
            return (values, None);
        };
        let hides = offsets.lengths().enumerate().any(|(parent, length)| length > 0 && parents.is_null(parent));
        if !hides {
            return (values, None);
        }
        let mut present = BooleanBufferBuilder::new(values.len());
        for (parent, length) in offsets.lengths().enumerate() {
            present.append_n(length, parents.is_valid(parent));
        }
        (values, Some(NullBuffer::new(present.finish())))
    }
}

/// `array` as one of the types that have their values in order: dictionaries decoded, lists of views as lists.
fn spelled_out(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            spelled_out(&take(dictionary.values(), dictionary.keys(), None)?)
        }
        DataType::RunEndEncoded(_, values) => cast(array, values.data_type()),
        DataType::ListView(item) => cast(array, &DataType::List(Arc::clone(item))),
        DataType::LargeListView(item) => cast(array, &DataType::LargeList(Arc::clone(item))),
        _ => Ok(Arc::clone(array)),
    }
}
