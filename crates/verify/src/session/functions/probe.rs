//! A function called as its signatures say, and as they do not.

use std::collections::BTreeSet;

use arrow::datatypes::{DataType, Field};
use cstspec_contract::types::same_shape;
use cstspec_contract::{Finding, Function, FunctionKind, NullRule, Pattern, Signature};
use cstspec_runtime::ENGINE;
use datafusion::common::Result;

use super::call::{Argument, Bench, Call, Planned};
use super::own;
use super::sample::{self, FIELD, ROUNDS};
use crate::rules;

/// Constants that functions ask for where a signature says `utf8`: a field of the struct, a type's name, a part of a date.
const CONSTANTS: [&str; 3] = [FIELD, "Int64", "year"];

/// How the text arguments of a call are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As columns, like all others.
    Columns,
    /// As a constant.
    Constant(&'static str),
}

impl Form {
    const ALL: [Self; 4] =
        [Self::Columns, Self::Constant(CONSTANTS[0]), Self::Constant(CONSTANTS[1]), Self::Constant(CONSTANTS[2])];

    /// `patterns` and the types chosen for them, as arguments.
    fn arguments(self, patterns: &[&Pattern], types: &[DataType], nullable: impl Fn(usize) -> bool) -> Vec<Argument> {
        let mut texts = 0;
        let argument = |(index, (pattern, data_type)): (usize, (&&Pattern, &DataType))| match (self, pattern) {
            (Self::Constant(text), Pattern::Type(DataType::Utf8)) => {
                texts += 1;
                // Functions that take several names want different ones.
                Argument::Text(if texts == 1 { text.to_owned() } else { format!("{text}{index}") })
            }
            _ => Argument::Column(data_type.clone(), nullable(index)),
        };
        patterns.iter().zip(types).enumerate().map(argument).collect()
    }
}

/// The results of one signature.
#[derive(Debug, Default)]
pub struct Probed {
    /// Calls as the signature says that were planned as it promises.
    pub accepted: u64,
    /// Calls as no signature says that were refused.
    pub refused: u64,
    /// The first promise that is broken.
    pub finding: Option<Finding>,
}

/// Calls `function` in every way that tells about its signatures; one answer for each of them.
pub async fn probe(bench: &Bench, function: &Function) -> Vec<Probed> {
    let mut answers = Vec::with_capacity(function.signatures.len());
    let mut forms = Vec::with_capacity(function.signatures.len());
    for (index, signature) in function.signatures.iter().enumerate() {
        let mut probed = Probed::default();
        let mut form = Form::Columns;
        if let Err(difference) = as_declared(bench, function, signature, &mut form, &mut probed.accepted).await {
            probed.finding = Some(difference.finding(function, index));
        }
        answers.push(probed);
        forms.push(form);
    }
    // A function that is another altogether refuses and takes other things too: that is said once.
    if answers.iter().any(|probed| probed.finding.is_some()) {
        return answers;
    }
    for (index, form) in forms.into_iter().enumerate() {
        let probed = &mut answers[index];
        if let Err(call) = otherwise(bench, function, index, form, &mut probed.refused).await {
            probed.finding = Some(taken(function, index, &call));
        }
    }
    answers
}

/// How a call as the signature says came out otherwise than it promises.
struct Difference {
    expected: String,
    observed: String,
    remedy: &'static str,
}

const ANOTHER_SIGNATURE: &str =
    "declare the signature that this engine has, or register the function that the catalog means";
const ANOTHER_NULL_RULE: &str = "say under `nulls` when the output may be NULL: `always`, `propagate`, `never`, or the numbers of the \
                                 arguments that decide it, such as `[2]`";

impl Difference {
    fn finding(self, function: &Function, index: usize) -> Finding {
        let signature = &function.signatures[index];
        Finding::new(
            &rules::SIGNATURE_DIFFERS,
            format!("the engine differs from the signature `{}{signature}`", function.name),
        )
        .differing(self.expected, self.observed)
        .remedy(self.remedy)
        .at(&function.origin.join("signatures").join(&index.to_string()))
    }
}

fn taken(function: &Function, index: usize, call: &str) -> Finding {
    let signature = &function.signatures[index];
    let message = format!("`{}` accepts arguments that no signature declares", function.name);
    Finding::new(&rules::UNDECLARED_ARGUMENTS_TAKEN, message)
        .differing(format!("{}{signature}", function.name), format!("{call} is accepted by DataFusion {ENGINE}"))
        .remedy("give the function a precise signature; or declare this form too, if it is intended")
        .at(&function.origin.join("signatures").join(&index.to_string()))
}

/// Calls as the signature says, with all types that its patterns stand for in turn, and with arguments that may be NULL or not.
async fn as_declared(
    bench: &Bench,
    function: &Function,
    signature: &Signature,
    form: &mut Form,
    accepted: &mut u64,
) -> Result<(), Difference> {
    let mut seen = BTreeSet::new();
    for round in 0..ROUNDS {
        let bindings = sample::bindings(signature, round);
        let promised = sample::output(&signature.returns, &bindings);
        for count in sample::counts(signature) {
            let patterns = signature.patterns(count).expect("only counts that it takes are tried");
            let types: Vec<DataType> = patterns
                .iter()
                .enumerate()
                .map(|(index, pattern)| sample::instance(pattern, &bindings, round + index))
                .collect();
            if !seen.insert(format!("{types:?}")) {
                continue;
            }
            let by_argument = matches!(signature.nulls, NullRule::Propagate | NullRule::Arguments(_));
            let lone = (0..count).filter(|_| count > 1 && by_argument).map(Some);
            // No argument may be NULL, all may be, and each alone may be.
            for may_be_null in [None, Some(usize::MAX)].into_iter().chain(lone) {
                let nullable = |index: usize| may_be_null.is_some_and(|lone| lone == usize::MAX || lone == index);
                let (call, planned) = plan(bench, function, (&patterns, &types), nullable, form).await?;
                compare(&call, &planned.field, promised.as_ref(), signature)?;
                *accepted += 1;
            }
        }
    }
    Ok(())
}

/// Plans a call in the form that did before, or else in the first that does.
async fn plan<'a>(
    bench: &Bench,
    function: &'a Function,
    (patterns, types): (&[&Pattern], &[DataType]),
    nullable: impl Fn(usize) -> bool,
    form: &mut Form,
) -> Result<(Call<'a>, Planned), Difference> {
    let mut refused = None;
    for attempt in std::iter::once(*form).chain(Form::ALL) {
        let arguments = attempt.arguments(patterns, types, &nullable);
        let call = Call { name: &function.name, kind: function.kind, arguments };
        match bench.plan(&call).await {
            Ok(planned) => {
                *form = attempt;
                return Ok((call, planned));
            }
            Err(error) => {
                refused.get_or_insert_with(|| (call.to_string(), first_line(&error.strip_backtrace())));
            }
        }
    }
    let (expected, error) = refused.unwrap_or_default();
    let observed = format!("refused by DataFusion {ENGINE}: {error}");
    Err(Difference { expected, observed, remedy: ANOTHER_SIGNATURE })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Holds the output of a call against what its signature promises, or the engine's own rule where it promises nothing.
fn compare(
    call: &Call<'_>,
    observed: &Field,
    promised: Option<&DataType>,
    signature: &Signature,
) -> Result<(), Difference> {
    let own = own::output(call);
    let data_type = promised.or(own.as_ref().map(Field::data_type)).unwrap_or(observed.data_type());
    let arguments: Vec<bool> = call.arguments.iter().map(Argument::is_nullable).collect();
    let nullable = own.as_ref().map_or_else(|| signature.may_be_null(&arguments), Field::is_nullable);
    let is_of_type = same_shape(data_type, observed.data_type());
    if is_of_type && nullable == observed.is_nullable() {
        return Ok(());
    }
    let output = |data_type: &DataType, nullable| Argument::Column(data_type.clone(), nullable).to_string();
    Err(Difference {
        expected: format!("{call} -> {}", output(data_type, nullable)),
        observed: format!("{} in DataFusion {ENGINE}", output(observed.data_type(), observed.is_nullable())),
        remedy: if is_of_type && own.is_none() { ANOTHER_NULL_RULE } else { ANOTHER_SIGNATURE },
    })
}

/// Calls as no signature says; the first that the function takes as it is, without a coercion to what some signature says, is an
/// error.
async fn otherwise(
    bench: &Bench,
    function: &Function,
    index: usize,
    form: Form,
    refused: &mut u64,
) -> Result<(), String> {
    let signatures = function.signatures.as_slice();
    let signature = &signatures[index];
    let bindings = sample::bindings(signature, 0);
    let counts = sample::counts(signature);
    let group = signature.rest.as_ref().map_or(0, Vec::len);
    let most = counts.iter().copied().filter(|count| *count <= signature.parameters.len() + group).max();
    let patterns = most.and_then(|most| signature.patterns(most)).unwrap_or_default();
    let types: Vec<DataType> =
        patterns.iter().enumerate().map(|(index, pattern)| sample::instance(pattern, &bindings, index)).collect();
    let mut wrong: Vec<Vec<Argument>> = Vec::new();
    for position in 0..types.len() {
        for kind in sample::kinds() {
            // To the engine `unnest` of a struct is a form of its own, which gives several columns.
            if function.kind == FunctionKind::Unnest && matches!(kind, DataType::Struct(_)) {
                continue;
            }
            let mut types = types.clone();
            types[position] = kind;
            if !sample::taken(signatures, &types) {
                let mut arguments = form.arguments(&patterns, &types, |_| true);
                // A constant here would be the very argument that is wrong.
                arguments[position] = Argument::Column(types[position].clone(), true);
                wrong.push(arguments);
            }
        }
    }
    let most = signatures.iter().flat_map(sample::counts).max().unwrap_or(0);
    for count in (0..=most + 1).filter(|count| signatures.iter().all(|signature| signature.patterns(*count).is_none()))
    {
        let types: Vec<DataType> = types.iter().cycle().take(count).cloned().collect();
        let patterns: Vec<&Pattern> = patterns.iter().copied().cycle().take(count).collect();
        if types.len() == count {
            wrong.push(form.arguments(&patterns, &types, |_| true));
        }
    }
    for arguments in wrong {
        let call = Call { name: &function.name, kind: function.kind, arguments };
        let Ok(planned) = bench.plan(&call).await else {
            *refused += 1;
            continue;
        };
        if planned.handed.as_ref().is_some_and(|handed| sample::taken(signatures, handed)) {
            continue;
        }
        if bench.run(planned).await.is_ok() {
            return Err(call.to_string());
        }
        *refused += 1;
    }
    Ok(())
}
