//! Functions of the engine whose result may be far larger than their arguments. They allocate from the system and not from the session's
//! pool, in one piece: `repeat('x', 2000000000)` allocates 2 GB at once, which the pool never sees and an address space with a limit
//! ends by an abort. In a session with a limit, the bytes of each result are estimated before the function is invoked ([`text`],
//! [`list`]). A result of window functions is one value for each row of a partition: their accumulators count it ([`window`]). A
//! constant becomes one value for each row of a batch, whatever evaluates it: constants are measured in the plan ([`plan`]).

mod call;
mod list;
mod plan;
mod size;
mod text;
mod window;

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{ExprSchema, Result};
use datafusion::error::DataFusionError;
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ExpressionPlacement, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature,
};
use datafusion::prelude::SessionContext;

use call::Call;

/// How many bytes a call makes, or somewhat more, where that is known. An argument that the function refuses makes none.
type Estimate = fn(&Call<'_>) -> Option<u64>;

/// The functions whose results may be far larger than their arguments, and those that add up what they are given: in one another
/// they double it.
const FUNCTIONS: [(&str, Estimate); 27] = [
    ("array_append", list::gathered),
    ("array_concat", list::gathered),
    ("array_prepend", list::gathered),
    ("array_repeat", list::copies),
    ("array_replace", list::replaced),
    ("array_replace_all", list::replaced),
    ("array_replace_n", list::replaced),
    ("array_resize", list::resized),
    ("array_to_string", text::joined),
    ("array_union", list::gathered),
    ("arrays_zip", list::zipped),
    ("concat", list::gathered),
    ("concat_ws", text::separated),
    ("encode", text::encoded),
    ("generate_series", list::series),
    ("lpad", text::padded),
    ("make_array", list::gathered),
    ("overlay", list::gathered),
    ("range", list::series),
    ("regexp_match", text::groups),
    ("regexp_replace", text::pattern_replaced),
    ("repeat", text::repeated),
    ("replace", text::replaced),
    ("rpad", text::padded),
    ("string_to_array", text::split),
    ("to_char", text::formatted),
    ("translate", text::translated),
];
/// One call may take this part of the session's memory: a result is copied more than once on its way out.
const SHARE: usize = 8;

/// Puts a bound on the functions of a session whose memory has a limit.
///
/// # Errors
///
/// The engine takes no rewrite of functions.
pub(crate) fn bound(ctx: &SessionContext) -> Result<()> {
    let MemoryLimit::Finite(limit) = ctx.runtime_env().memory_pool.memory_limit() else { return Ok(()) };
    let most = (limit / SHARE) as u64;
    let functions = ctx.state().scalar_functions().clone();
    for (name, _) in FUNCTIONS {
        if let Some(bounded) = functions.get(name).and_then(|inner| Bounded::of(inner, most)) {
            ctx.register_udf(bounded);
        }
    }
    ctx.state_ref().write().register_function_rewrite(Arc::new(plan::Bound { most }))?;
    ctx.add_optimizer_rule(Arc::new(plan::Constants { most }));
    Ok(())
}

/// The error of a call that would make too much.
fn refused(name: &str, bytes: u64, most: u64) -> DataFusionError {
    DataFusionError::ResourcesExhausted(format!(
        "`{name}` would make {bytes} bytes at once, and at most {most} are allowed, an eighth of the memory of the session"
    ))
}

/// A function of the engine, and the most bytes that one call of it may give.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    estimate: Bytes,
    most: u64,
}

impl Bounded {
    /// `inner` with its bound, if it is one of [`FUNCTIONS`] and has none.
    fn of(inner: &Arc<ScalarUDF>, most: u64) -> Option<ScalarUDF> {
        let (_, estimate) = FUNCTIONS.into_iter().find(|(name, _)| *name == inner.name())?;
        if inner.inner().is::<Self>() {
            return None;
        }
        Some(ScalarUDF::new_from_impl(Self { inner: Arc::clone(inner), estimate: Bytes(estimate), most }))
    }
}

/// The estimate of a function. Which one it is follows from the function's name.
#[derive(Debug)]
struct Bytes(Estimate);

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
        // What is wrong with the arguments is the function's to say.
        let bytes = Call::of(&args, self.most).ok().and_then(|call| (self.estimate.0)(&call));
        if let Some(bytes) = bytes.filter(|bytes| *bytes > self.most) {
            return Err(refused(self.name(), bytes, self.most));
        }
        self.inner.invoke_with_args(args)
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        // What it is simplified to may be a call of the engine's own function.
        Ok(match self.inner.simplify(args, info)? {
            ExprSimplifyResult::Simplified(Expr::ScalarFunction(mut call)) => {
                if let Some(bounded) = Self::of(&call.func, self.most) {
                    call.func = Arc::new(bounded);
                }
                ExprSimplifyResult::Simplified(Expr::ScalarFunction(call))
            }
            other => other,
        })
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

#[cfg(test)]
mod tests;
