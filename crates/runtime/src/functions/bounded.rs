//! Functions of the engine whose result is as long as a number says. They take their memory from the system and not from the session's
//! pool, in one piece: `repeat('x', 2000000000)` has 2 GB before anything can be asked. In a session with a limit they ask before.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, ArrowPrimitiveType, AsArray as _};
use arrow::compute::cast;
use arrow::compute::kernels::length::length;
use arrow::datatypes::{
    DataType, FieldRef, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
};
use datafusion::common::{ExprSchema, Result};
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ExpressionPlacement, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature,
};
use datafusion::prelude::SessionContext;

/// How many bytes a call with these arguments gives at least, where that is known.
type LeastBytes = fn(&[ArrayRef]) -> Option<u64>;

/// The functions whose results may be far larger than their arguments.
const FUNCTIONS: [(&str, LeastBytes); 7] = [
    ("repeat", repeated),
    ("lpad", padded),
    ("rpad", padded),
    ("range", series),
    ("generate_series", series),
    ("array_repeat", copies),
    ("array_resize", resized),
];
/// One call may take this part of the session's memory: a result is copied more than once on its way out.
const SHARE: usize = 8;

/// Puts a bound on the functions of a session whose memory has a limit.
pub(crate) fn bound(ctx: &SessionContext) {
    let MemoryLimit::Finite(limit) = ctx.runtime_env().memory_pool.memory_limit() else { return };
    let most = (limit / SHARE) as u64;
    let functions = ctx.state().scalar_functions().clone();
    for (name, bytes) in FUNCTIONS {
        if let Some(inner) = functions.get(name) {
            let inner = Arc::clone(inner);
            ctx.register_udf(ScalarUDF::new_from_impl(Bounded { inner, bytes: Bytes(bytes), most }));
        }
    }
}

/// A function of the engine, and the most bytes that one call of it may give.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    bytes: Bytes,
    most: u64,
}

/// How many bytes a call gives at least, if it can be told. Which one it is follows from the function's name.
#[derive(Debug)]
struct Bytes(fn(&[ArrayRef]) -> Option<u64>);

impl PartialEq for Bytes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Bytes {}

impl std::hash::Hash for Bytes {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    #[expect(deprecated, reason = "the engine asks for it still")]
    fn is_nullable(&self, args: &[Expr], schema: &dyn ExprSchema) -> bool {
        self.inner.inner().is_nullable(args, schema)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        // Constants alone are one row, whatever the batch has.
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let values: Result<Vec<ArrayRef>> = args.args.iter().map(|arg| arg.to_array(rows)).collect();
        // What is wrong with the arguments is the function's to say.
        if let Some(bytes) = values.ok().and_then(|values| (self.bytes.0)(&values)).filter(|bytes| *bytes > self.most) {
            return Err(DataFusionError::ResourcesExhausted(format!(
                "`{}` would make {bytes} bytes at once, and at most {} are allowed",
                self.name(),
                self.most
            )));
        }
        self.inner.invoke_with_args(args)
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        self.inner.simplify(args, info)
    }

    fn short_circuits(&self) -> bool {
        self.inner.short_circuits()
    }

    fn evaluate_bounds(&self, input: &[&Interval]) -> Result<Interval> {
        self.inner.evaluate_bounds(input)
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.inner.output_ordering(inputs)
    }

    fn preserves_lex_ordering(&self, inputs: &[ExprProperties]) -> Result<bool> {
        self.inner.preserves_lex_ordering(inputs)
    }

    fn is_strict(&self) -> bool {
        self.inner.is_strict()
    }

    fn placement(&self, args: &[ExpressionPlacement]) -> ExpressionPlacement {
        self.inner.placement(args)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

/// Numbers of a column, 0 for NULL and for what is none.
fn numbers(values: &ArrayRef) -> Option<Vec<i64>> {
    let numbers = cast(values, &DataType::Int64).ok()?;
    Some(primitive::<Int64Type>(&numbers))
}

fn primitive<T: ArrowPrimitiveType>(values: &ArrayRef) -> Vec<T::Native> {
    values.as_primitive::<T>().iter().map(Option::unwrap_or_default).collect()
}

fn total(counts: &[i64], each: impl Fn(usize) -> u64) -> u64 {
    let bytes = |(row, count): (usize, &i64)| u64::try_from(*count).unwrap_or(0).saturating_mul(each(row));
    counts.iter().enumerate().map(bytes).fold(0, u64::saturating_add)
}

/// `repeat(text, number)`
fn repeated(args: &[ArrayRef]) -> Option<u64> {
    let [text, number] = args else { return None };
    let lengths = numbers(&length(text).ok()?)?;
    Some(total(&numbers(number)?, |row| u64::try_from(lengths[row]).unwrap_or(0)))
}

/// `lpad(text, number[, fill])`
fn padded(args: &[ArrayRef]) -> Option<u64> {
    let [_, number, ..] = args else { return None };
    Some(total(&numbers(number)?, |_| 1))
}

/// `range([start,] stop[, step])`
fn series(args: &[ArrayRef]) -> Option<u64> {
    let ends: Vec<Vec<i128>> = args.iter().take(2).map(ticks).collect::<Option<_>>()?;
    let (start, stop) = match &*ends {
        [stop] => (vec![0; stop.len()], stop.clone()),
        [start, stop] => (start.clone(), stop.clone()),
        _ => return None,
    };
    let strides = match args.get(2) {
        Some(stride) if args[0].data_type().is_temporal() => intervals(stride)?,
        Some(stride) => ticks(stride)?,
        None => vec![1; stop.len()],
    };
    let counts: Vec<i64> = (0..stop.len())
        .map(|row| {
            let count = (stop[row] - start[row]).checked_div(strides[row]).unwrap_or(0);
            i64::try_from(count.max(0)).unwrap_or(i64::MAX)
        })
        .collect();
    Some(total(&counts, |_| 8))
}

/// Whole numbers as they are; dates and times in nanoseconds, of which some years have more than 64 bits hold.
fn ticks(values: &ArrayRef) -> Option<Vec<i128>> {
    if values.data_type().is_temporal() {
        let times = cast(values, &DataType::Timestamp(TimeUnit::Microsecond, None)).ok()?;
        return Some(numbers(&times)?.into_iter().map(|time| i128::from(time) * 1_000).collect());
    }
    Some(numbers(values)?.into_iter().map(i128::from).collect())
}

/// Intervals in nanoseconds; a month has 31 days, so that the bound is not above what a call gives.
fn intervals(values: &ArrayRef) -> Option<Vec<i128>> {
    let intervals = cast(values, &DataType::Interval(IntervalUnit::MonthDayNano)).ok()?;
    let length = |interval: IntervalMonthDayNano| {
        let days = i128::from(interval.months) * 31 + i128::from(interval.days);
        days * 86_400_000_000_000 + i128::from(interval.nanoseconds)
    };
    Some(primitive::<IntervalMonthDayNanoType>(&intervals).into_iter().map(length).collect())
}

/// `array_repeat(element, number)`
fn copies(args: &[ArrayRef]) -> Option<u64> {
    let [element, number] = args else { return None };
    let rows = element.len().max(1);
    let size = (element.get_array_memory_size() / rows).max(1) as u64;
    // Of a slice the memory is that of the whole: then the bytes of a fixed type are what is known.
    let size = element.data_type().primitive_width().map_or(size.min(1 << 20), |width| width as u64);
    Some(total(&numbers(number)?, |_| size))
}

/// `array_resize(array, number[, value])`
fn resized(args: &[ArrayRef]) -> Option<u64> {
    let [_, number, ..] = args else { return None };
    Some(total(&numbers(number)?, |_| 8))
}

#[cfg(test)]
mod tests {
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::prelude::SessionConfig;
    use futures::FutureExt as _;

    use super::*;

    /// A session in which a call may make 1 MiB.
    fn session() -> SessionContext {
        let runtime = RuntimeEnvBuilder::new().with_memory_limit(8 << 20, 1.0).build_arc().unwrap();
        let ctx = SessionContext::new_with_config_rt(SessionConfig::new().with_target_partitions(1), runtime);
        bound(&ctx);
        ctx
    }

    fn ask(sql: &str) -> Result<usize> {
        let rows = async { session().sql(sql).await?.collect().await };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let batches = runtime.block_on(rows.boxed())?;
        Ok(batches.iter().map(arrow::array::RecordBatch::num_rows).sum())
    }

    #[test]
    fn long_text_refused_early() {
        for sql in [
            "SELECT repeat('x', 2000000000)",
            "SELECT repeat(x, 2000000000) FROM (VALUES ('x')) AS t(x)",
            "SELECT repeat(x, 1000000) FROM (VALUES ('x'), ('y')) AS t(x)",
            "SELECT length(repeat(repeat('x', 100000), 100000))",
            "SELECT lpad('x', 2000000000)",
            "SELECT rpad('x', 2000000000, 'yz')",
            "SELECT range(0, 1000000000)",
            "SELECT range(1000000000)",
            "SELECT generate_series(1000000000, 0, -1)",
            "SELECT range(x, 1000000000) FROM (VALUES (0)) AS t(x)",
            "SELECT range(TIMESTAMP '1970-01-01', TIMESTAMP '2100-01-01', INTERVAL '1' SECOND)",
            "SELECT range(DATE '0001-01-01', DATE '9999-12-31', INTERVAL '1' DAY)",
            "SELECT array_repeat(1, 1000000000)",
            "SELECT array_repeat([1, 2, 3], 1000000000)",
            "SELECT array_repeat('xyz', 1000000000)",
            "SELECT list_repeat('xyz', 1000000000)",
            "SELECT array_resize([1], 1000000000, 0)",
        ] {
            let error = ask(sql).unwrap_err();
            let exhausted = matches!(error.find_root(), DataFusionError::ResourcesExhausted(_));
            assert!(exhausted && error.to_string().contains("at once"), "{sql}: {error}");
        }
    }

    #[test]
    fn short_text_unchanged() {
        for sql in [
            "SELECT repeat('x', 1000)",
            "SELECT repeat('', 2000000000)",
            "SELECT repeat('x', NULL), repeat('x', -1)",
            "SELECT lpad('x', 1000), rpad('x', 10, 'yz')",
            "SELECT range(0, 1000), range(5), range(0, 10, 3), generate_series(10, 0, -1), range(10, 0)",
            "SELECT range(DATE '2020-01-01', DATE '2020-02-01', INTERVAL '1' DAY)",
            "SELECT array_repeat(1, 5), array_resize([1], 5, 0)",
        ] {
            assert_eq!(ask(sql).map_err(|error| error.to_string()), Ok(1), "{sql}");
        }
    }
}
