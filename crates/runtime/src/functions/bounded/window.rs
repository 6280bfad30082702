//! Aggregates as window functions: each row of a partition has a result of its own, and a result may be as large as the partition.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunctionParams, WindowFunctionParams};
use datafusion::logical_expr::function::{AccumulatorArgs, AggregateFunctionSimplification, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF, SetMonotonicity,
    Signature,
};

use super::refused;

/// The aggregates whose result is no number.
const AGGREGATES: [&str; 8] =
    ["any_value", "array_agg", "first_value", "last_value", "max", "min", "nth_value", "string_agg"];

/// An aggregate in a window, and the most bytes that its results may have together.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Windowed {
    inner: Arc<AggregateUDF>,
    most: u64,
    /// How many results the engine keeps at once; all of a partition where `None`.
    at_once: Option<usize>,
}

impl Windowed {
    /// `inner` with its bound, if it is one of [`AGGREGATES`] and has none.
    pub fn of(inner: &Arc<AggregateUDF>, most: u64, at_once: Option<usize>) -> Option<AggregateUDF> {
        if !AGGREGATES.contains(&inner.name()) || inner.inner().is::<Self>() {
            return None;
        }
        Some(AggregateUDF::new_from_impl(Self { inner: Arc::clone(inner), most, at_once }))
    }

    fn counted(&self, inner: Box<dyn Accumulator>) -> Box<dyn Accumulator> {
        let name = self.inner.name().to_owned();
        let (most, at_once) = (self.most, self.at_once);
        Box::new(Counted { inner, name, most, at_once, rows: 0, results: 0, bytes: 0 })
    }
}

impl AggregateUDFImpl for Windowed {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, params: &AggregateFunctionParams) -> Result<String> {
        self.inner.schema_name(params)
    }

    fn human_display(&self, params: &AggregateFunctionParams) -> Result<String> {
        self.inner.human_display(params)
    }

    fn window_function_schema_name(&self, params: &WindowFunctionParams) -> Result<String> {
        self.inner.window_function_schema_name(params)
    }

    fn display_name(&self, params: &AggregateFunctionParams) -> Result<String> {
        self.inner.display_name(params)
    }

    fn window_function_display_name(&self, params: &WindowFunctionParams) -> Result<String> {
        self.inner.window_function_display_name(params)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn return_field(&self, arg_fields: &[FieldRef]) -> Result<FieldRef> {
        self.inner.return_field(arg_fields)
    }

    fn is_nullable(&self) -> bool {
        self.inner.is_nullable()
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(self.counted(self.inner.accumulator(args)?))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        self.inner.create_groups_accumulator(args)
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(self.counted(self.inner.create_sliding_accumulator(args)?))
    }

    fn with_beneficial_ordering(self: Arc<Self>, is_beneficial: bool) -> Result<Option<Arc<dyn AggregateUDFImpl>>> {
        let inner = self.inner.as_ref().clone().with_beneficial_ordering(is_beneficial)?;
        Ok(inner.map(|inner| {
            let bounded = Self { inner: Arc::new(inner), most: self.most, at_once: self.at_once };
            Arc::new(bounded) as Arc<dyn AggregateUDFImpl>
        }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        // What the engine simplifies is an aggregate of groups.
        None
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        match self.inner.reverse_udf() {
            ReversedUDAF::Reversed(inner) => match Self::of(&inner, self.most, self.at_once) {
                Some(bounded) => ReversedUDAF::Reversed(Arc::new(bounded)),
                None => ReversedUDAF::Reversed(inner),
            },
            other => other,
        }
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn is_descending(&self) -> Option<bool> {
        self.inner.is_descending()
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        self.inner.default_value(data_type)
    }

    fn supports_null_handling_clause(&self) -> bool {
        self.inner.supports_null_handling_clause()
    }

    fn supports_within_group_clause(&self) -> bool {
        self.inner.supports_within_group_clause()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.inner.inner().set_monotonicity(data_type)
    }
}

/// An accumulator that counts the bytes of its results.
#[derive(Debug)]
struct Counted {
    inner: Box<dyn Accumulator>,
    name: String,
    most: u64,
    at_once: Option<usize>,
    /// The rows since the last result. The engine repeats the one result of a frame that is the partition for each of its rows.
    rows: u64,
    /// The results that are counted.
    results: usize,
    bytes: u64,
}

impl Accumulator for Counted {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.rows += values.first().map_or(0, |values| values.len() as u64);
        self.inner.update_batch(values)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = self.inner.evaluate()?;
        let copies = if self.at_once.is_some() { 1 } else { self.rows.max(1) };
        if self.at_once.is_some_and(|at_once| self.results >= at_once) {
            (self.results, self.bytes) = (0, 0);
        }
        self.results += 1;
        self.bytes = self.bytes.saturating_add(super::plan::bytes(&value).saturating_mul(copies));
        self.rows = 0;
        if self.bytes > self.most { Err(refused(&self.name, self.bytes, self.most)) } else { Ok(value) }
    }

    fn size(&self) -> usize {
        self.inner.size() + size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(values)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }
}
