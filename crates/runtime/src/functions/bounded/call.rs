//! The arguments of a call, each with as many values as it has: a constant is one value for all rows.

use std::cell::OnceCell;

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray as _};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::size;
use crate::functions::text::Texts;

/// A call of a function, before it is made.
pub(super) struct Call<'a> {
    pub args: Vec<Arg<'a>>,
    /// How many results it has. Constants alone have one, whatever the batch has.
    pub rows: usize,
    /// More bytes than this are refused. An estimate that is not above them need not be better.
    pub most: u64,
}

/// One argument.
pub(super) struct Arg<'a> {
    written: &'a ColumnarValue,
    /// One value for each row, or one for all.
    pub values: ArrayRef,
    is_constant: bool,
    rows: usize,
    sizes: OnceCell<Vec<u64>>,
}

impl<'a> Call<'a> {
    pub fn of(args: &'a ScalarFunctionArgs, most: u64) -> Result<Self> {
        let is_constant = |arg: &ColumnarValue| matches!(arg, ColumnarValue::Scalar(_));
        let rows = if args.args.iter().all(is_constant) { 1 } else { args.number_rows };
        let arg = |written: &'a ColumnarValue| {
            let is_constant = is_constant(written);
            let values = written.to_array(1)?;
            Ok(Arg { written, values, is_constant, rows, sizes: OnceCell::new() })
        };
        Ok(Self { args: args.args.iter().map(arg).collect::<Result<_>>()?, rows, most })
    }

    /// What `each` says of all rows together.
    pub fn sum(&self, each: impl Fn(usize) -> u64) -> u64 {
        (0..self.rows).map(each).fold(0, u64::saturating_add)
    }

    /// `least` where it is not above what is allowed, and what `exact` says otherwise.
    pub fn refine(&self, least: u64, exact: impl FnOnce() -> Option<u64>) -> Option<u64> {
        if least <= self.most { Some(least) } else { exact() }
    }
}

impl<'a> Arg<'a> {
    /// Where the value of a row is.
    pub fn slot(&self, row: usize) -> usize {
        if self.is_constant { 0 } else { row }
    }

    /// The value for all rows, if there is one.
    pub fn constant(&self) -> Option<&ArrayRef> {
        self.is_constant.then_some(&self.values)
    }

    /// The bytes of the values of all rows.
    pub fn total(&self) -> u64 {
        size::total(&self.values).saturating_mul(if self.is_constant { self.rows as u64 } else { 1 })
    }

    /// The bytes of the value of a row.
    pub fn size(&self, row: usize) -> u64 {
        self.sizes.get_or_init(|| size::each(&self.values))[self.slot(row)]
    }

    /// The most bytes that a value has.
    pub fn largest(&self) -> u64 {
        self.sizes.get_or_init(|| size::each(&self.values)).iter().copied().max().unwrap_or(0)
    }

    /// The texts of all rows; `None` if it is no text, or NULL in all of them.
    pub fn texts(&self) -> Option<Texts<'a>> {
        Texts::of(self.written, self.rows).ok()?
    }

    /// The whole numbers of all values, 0 for NULL and for what is none.
    pub fn numbers(&self) -> Option<Vec<i64>> {
        Some(primitive::<Int64Type>(&cast(&self.values, &DataType::Int64).ok()?))
    }

    /// The counts of all rows: whole numbers, of which those below zero are none.
    pub fn counts(&self) -> Option<impl Fn(usize) -> u64> {
        let numbers = self.numbers()?;
        let is_constant = self.is_constant;
        Some(move |row: usize| u64::try_from(numbers[if is_constant { 0 } else { row }]).unwrap_or(0))
    }
}

/// The values of an array, 0 for NULL.
pub(super) fn primitive<T: ArrowPrimitiveType>(values: &ArrayRef) -> Vec<T::Native> {
    values.as_primitive::<T>().iter().map(Option::unwrap_or_default).collect()
}
