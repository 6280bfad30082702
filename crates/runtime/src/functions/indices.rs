//! `element_indices(list)`: for each list the list of the indices of its elements, from 0, as long as the list itself.
//!
//! A row view that declares `position` unnests the indices beside the list. The value is made from offsets alone, so no field of an
//! element is read for it, and the optimizer drops it where no column uses it (`optimizer/indices.rs`).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, GenericListArray, Int64Array, OffsetSizeTrait};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{ArrowNativeType as _, DataType, Field, FieldRef};
use datafusion::common::{Result, exec_datafusion_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

/// The function's name.
pub(crate) const NAME: &str = "element_indices";

/// The function. It takes a list of any kind or a map, whose entries it counts.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ElementIndices {
    signature: Signature,
}

impl ElementIndices {
    pub fn new() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ElementIndices {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let item = || Arc::new(Field::new_list_field(DataType::Int64, false));
        match arguments {
            [DataType::LargeList(_) | DataType::LargeListView(_)] => Ok(DataType::LargeList(item())),
            [DataType::List(_) | DataType::ListView(_) | DataType::FixedSizeList(..) | DataType::Map(..)] => {
                Ok(DataType::List(item()))
            }
            [other] => plan_err!("{NAME} takes a list or a map, and not a value of type {other}"),
            _ => plan_err!("{NAME} takes one list or map"),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(NAME, self.return_type(&types)?, nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [list] = args.args.as_slice() else { return plan_err!("{NAME} takes one list or map") };
        match list {
            ColumnarValue::Array(list) => Ok(ColumnarValue::Array(indices(list)?)),
            ColumnarValue::Scalar(list) => {
                let one = indices(&list.to_array()?)?;
                Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&one, 0)?))
            }
        }
    }
}

/// The indices of the elements of each of `lists`. A NULL list has none, and is NULL.
fn indices(lists: &ArrayRef) -> Result<ArrayRef> {
    let nulls = lists.nulls();
    match lists.data_type() {
        DataType::List(_) => numbered::<i32>(lists.as_list::<i32>().offsets().lengths(), nulls),
        DataType::LargeList(_) => numbered::<i64>(lists.as_list::<i64>().offsets().lengths(), nulls),
        DataType::Map(..) => numbered::<i32>(lists.as_map().offsets().lengths(), nulls),
        DataType::ListView(_) => {
            numbered::<i32>(lists.as_list_view::<i32>().sizes().iter().map(|size| size.as_usize()), nulls)
        }
        DataType::LargeListView(_) => {
            numbered::<i64>(lists.as_list_view::<i64>().sizes().iter().map(|size| size.as_usize()), nulls)
        }
        DataType::FixedSizeList(_, size) => numbered::<i32>(std::iter::repeat_n(size.as_usize(), lists.len()), nulls),
        other => plan_err!("{NAME} takes a list or a map, and not a value of type {other}"),
    }
}

/// Lists of these lengths that count from 0. What a NULL hides has no indices.
///
/// # Errors
///
/// They are longer together than the offsets of one array can say.
fn numbered<O: OffsetSizeTrait>(lengths: impl Iterator<Item = usize>, nulls: Option<&NullBuffer>) -> Result<ArrayRef> {
    let shown = lengths.enumerate().map(|(row, length)| match nulls {
        Some(nulls) if nulls.is_null(row) => 0,
        _ => length,
    });
    let lengths: Vec<usize> = shown.collect();
    let total = lengths.iter().try_fold(0_usize, |total, length| total.checked_add(*length));
    let total = total.filter(|total| O::from_usize(*total).is_some());
    let total =
        total.ok_or_else(|| exec_datafusion_err!("{NAME} of {} lists makes too many indices", lengths.len()))?;
    let mut values: Vec<i64> = Vec::with_capacity(total);
    for length in &lengths {
        let length = i64::try_from(*length).map_err(|_| exec_datafusion_err!("a list of {length} elements"))?;
        values.extend(0..length);
    }
    let item = Arc::new(Field::new_list_field(DataType::Int64, false));
    let offsets = OffsetBuffer::<O>::from_lengths(lengths);
    let lists = GenericListArray::<O>::try_new(item, offsets, Arc::new(Int64Array::from(values)), nulls.cloned())?;
    Ok(Arc::new(lists))
}
