//! Columns of all kinds in forms of all kinds, against the engine: not chosen by a person, so that nothing is left out.

use std::sync::Arc;

use arrow_schema::{FieldRef, Schema};
use cstspec_contract::Function;
use cstspec_spec::expr::{ExprErrorKind, Scope, check};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::TreeNode;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::ExprSchemable;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercionRewriter;
use datafusion::prelude::SessionContext;

use super::table::{dialect, fields, functions, session};
use super::{Answer, ask, first_line, messages, spelled};

/// The forms in which every two columns meet.
const PAIRS: [&str; 14] = [
    "{l} + {r}",
    "{l} - {r}",
    "{l} * {r}",
    "{l} / {r}",
    "{l} % {r}",
    "{l} = {r}",
    "{l} || {r}",
    "{l} & {r}",
    "{l} LIKE {r}",
    "{l} IN ({r})",
    "{l} BETWEEN {r} AND {l}",
    "coalesce({l}, {r})",
    "nullif({l}, {r})",
    "CASE WHEN bn THEN {l} ELSE {r} END",
];

/// The forms that every column is put into.
const SINGLES: [&str; 63] = [
    "NOT {l}",
    "-{l}",
    "+{l}",
    "{l} IS TRUE",
    "{l} IS NULL",
    "{l} = 1",
    "{l} = 'a'",
    "{l} + 1",
    "{l} * 1.5",
    "{l} || 'x'",
    "{l} ~ s",
    "{l} SIMILAR TO s",
    "{l} ILIKE ls",
    "{l} IN (1, 2.5)",
    "{l} + INTERVAL '1 day'",
    "{l} - {l}",
    "{l} = {l}",
    "CASE WHEN {l} THEN 1 END",
    "CASE {l} WHEN t THEN {l} END",
    "CASE WHEN {l} IS NOT NULL THEN {l} ELSE {l} END",
    "{l}[1]",
    "{l}['a']",
    "{l}[1:2]",
    "get_field({l}, 'a')",
    "map_entries({l})",
    "map_keys({l})",
    "map_values({l})",
    "map_extract({l}, 'a')",
    "map_extract(m, {l})",
    "cardinality({l})",
    "array_length({l})",
    "array_has({l}, 1)",
    "array_has(li, {l})",
    "array_element(ln, {l})",
    "array_to_string({l}, ',')",
    "make_array({l}, 1)",
    "named_struct('a', {l})",
    "struct({l}, 1)",
    "arrow_typeof({l})",
    "arrow_metadata({l})",
    "upper({l})",
    "length({l})",
    "octet_length({l})",
    "chr({l})",
    "concat({l}, s)",
    "concat({l})",
    "concat_ws(',', {l}, 1)",
    "trim({l})",
    "trim({l}, 'x')",
    "substr({l}, 1)",
    "substr(s, {l})",
    "strpos({l}, 'a')",
    "strpos('a', {l})",
    "starts_with({l}, 'a')",
    "replace({l}, 'a', 'b')",
    "replace(s, {l}, 'b')",
    "split_part({l}, 'a', 1)",
    "split_part(s, ':', {l})",
    "stable_id({l}, s)",
    "prefixed_hash64('a', {l})",
    "nullif({l}, 1)",
    "coalesce({l}, 'x')",
    "coalesce(NULL, {l}, 1)",
];

/// The types that every column is cast to.
const CASTS: [&str; 22] = [
    "Null",
    "Boolean",
    "Int8",
    "Int64",
    "UInt32",
    "Float32",
    "Utf8",
    "LargeUtf8",
    "Utf8View",
    "Binary",
    "BinaryView",
    "Date32",
    "Date64",
    "Time32(Second)",
    "Time64(Nanosecond)",
    "Timestamp(Millisecond, None)",
    "Timestamp(Nanosecond, Some(\"UTC\"))",
    "Duration(Second)",
    "Interval(MonthDayNano)",
    "Decimal128(20, 2)",
    "List(Int64)",
    "Dictionary(Int32, Utf8)",
];

/// Every two columns meet as in the engine.
#[tokio::test]
async fn column_pairs() {
    let mut sweep = Sweep::new();
    for form in PAIRS {
        for left in sweep.names.clone() {
            let texts = sweep.names.iter().map(|right| form.replace("{l}", &left).replace("{r}", right)).collect();
            sweep.compare(texts, Depth::Planned).await;
        }
    }
    sweep.finish(30_000);
}

/// Every column fits where it fits in the engine.
#[tokio::test]
async fn column_arguments() {
    let mut sweep = Sweep::new();
    let casts = CASTS.map(|to| format!("arrow_cast({{l}}, '{to}')"));
    for form in SINGLES.iter().copied().chain(casts.iter().map(String::as_str)) {
        let texts = sweep.names.iter().map(|name| form.replace("{l}", name)).collect();
        sweep.compare(texts, Depth::Executed).await;
    }
    sweep.finish(4_000);
}

/// How far the engine takes an expression that we type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Planned,
    Executed,
}

/// Many expressions against the engine, and what differs.
struct Sweep {
    context: SessionContext,
    state: SessionState,
    schema: DFSchema,
    scope: Scope,
    functions: Vec<Function>,
    names: Vec<String>,
    known: usize,
    unknown: usize,
    problems: Vec<String>,
}

impl Sweep {
    fn new() -> Self {
        let fields = fields();
        let schema = Arc::new(Schema::new(fields.clone()));
        let context = session(&schema);
        Self {
            state: context.state(),
            context,
            schema: DFSchema::try_from(schema).unwrap(),
            names: fields.iter().map(|field| field.name().clone()).filter(|name| name != "Mixed").collect(),
            scope: Scope::new(fields),
            functions: functions(),
            known: 0,
            unknown: 0,
            problems: Vec::new(),
        }
    }

    /// Compares our typing of each text with the engine's. The engine evaluates all expressions that the checker types in one query.
    async fn compare(&mut self, texts: Vec<String>, depth: Depth) {
        let mut typed = Vec::new();
        for text in texts {
            match check(&text, &self.scope, &self.functions, &dialect()) {
                Ok(ours) => typed.push((text, ours)),
                Err(errors) if errors.iter().any(|error| error.kind == ExprErrorKind::Unsupported) => self.unknown += 1,
                Err(errors) => {
                    self.known += 1;
                    let planned = coerced_field(&self.state, &self.schema, &text);
                    if planned.is_ok()
                        && let Answer::Executes(field) = ask(&self.context, &text).await
                    {
                        let ours = messages(&errors);
                        self.problems
                            .push(format!("{text}\n    ours   refuses: {ours}\n    engine {}", spelled(&field)));
                    }
                }
            }
        }
        self.known += typed.len();
        let texts: Vec<&str> = typed.iter().map(|(text, _)| text.as_str()).collect();
        let together = self.asked(&texts, depth).await;
        for (index, (text, ours)) in typed.iter().enumerate() {
            let theirs = match &together {
                Ok(fields) => Ok(Arc::clone(&fields[index])),
                Err(_) => self.asked(&[text], depth).await.map(|fields| Arc::clone(&fields[0])),
            };
            let ours = spelled(&ours.field);
            let theirs =
                theirs.as_ref().map_or_else(|error| format!("refuses: {}", first_line(error)), |field| spelled(field));
            if ours != theirs {
                self.problems.push(format!("{text}\n    ours   {ours}\n    engine {theirs}"));
            }
        }
    }

    /// The fields of these expressions, by the engine.
    async fn asked(&self, texts: &[&str], depth: Depth) -> Result<Vec<FieldRef>, DataFusionError> {
        let fields =
            texts.iter().map(|text| coerced_field(&self.state, &self.schema, text)).collect::<Result<Vec<_>, _>>()?;
        if depth == Depth::Planned {
            return Ok(fields);
        }
        let frame = self.context.sql(&query(texts)).await?;
        // A kernel of arrow panics on a dictionary without values, which is what a table without rows has.
        match tokio::spawn(frame.collect()).await {
            Ok(batches) => batches.map(|_| fields),
            Err(_) => Ok(fields),
        }
    }

    fn finish(self, least: usize) {
        let Self { known, unknown, problems, .. } = self;
        let wrong = problems.len();
        let report = problems.join("\n  ");
        assert!(wrong == 0, "{wrong} of {known} expressions differ ({unknown} are not known):\n  {report}");
        assert!(known > least, "only {known} expressions are known, {unknown} are not");
    }
}

/// The field of an expression after coercion, by the engine's own parts: a whole plan would take ten times as long.
pub fn coerced_field(state: &SessionState, schema: &DFSchema, text: &str) -> Result<FieldRef, DataFusionError> {
    let expression = state.create_logical_expr(text, schema)?;
    expression.to_field(schema)?;
    let coerced = expression.rewrite(&mut TypeCoercionRewriter::new(schema))?.data;
    Ok(coerced.to_field(schema)?.1)
}

fn query(texts: &[&str]) -> String {
    let items: Vec<String> = texts.iter().enumerate().map(|(index, text)| format!(", {text} AS x{index}")).collect();
    format!("SELECT id{} FROM t", items.concat())
}
