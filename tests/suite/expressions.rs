//! Static typing of expressions against the engine: every expression of `expressions.txt` is typed by `cstspec_spec` and planned,
//! analyzed and executed by DataFusion, and both must agree on type, nullability and metadata, or both must refuse.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow_schema::{DataType, Field, FieldRef, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit};
use cstspec_contract::{Function, FunctionKind, NullRule, Origin, Provider, Signature, types};
use cstspec_spec::expr::{ExprError, ExprErrorKind, Scope, Typed, check};
use cstspec_spec::signature;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};

/// Parsed here, taken by DataFusion: this compiles only while both use one version of the parser.
#[allow(dead_code)]
fn one_parser(expression: sqlparser::ast::Expr) -> datafusion::sql::sqlparser::ast::Expr {
    expression
}

/// One line of the table.
struct Case {
    line: usize,
    section: String,
    /// The kind of mistake, in the sections that have one.
    kind: Option<String>,
    text: String,
}

/// The lines under `[section]` headings; `#` starts a comment line.
fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/expressions.txt");
    let table = std::fs::read_to_string(path).unwrap();
    let mut section = String::new();
    let mut cases = Vec::new();
    for (index, line) in table.lines().enumerate() {
        let line_text = line.trim();
        if line_text.is_empty() || line_text.starts_with('#') {
            continue;
        }
        if let Some(name) = line_text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix("]"))
            .filter(|name| ["agree", "refused", "stricter", "unsupported"].contains(name))
        {
            name.clone_into(&mut section);
            continue;
        }
        let (kind, text) = match section.as_str() {
            "refused" | "stricter" => {
                let (kind, text) = line_text.split_once(": ").unwrap();
                (Some(kind.to_owned()), text.to_owned())
            }
            _ => (None, line_text.to_owned()),
        };
        cases.push(Case { line: index + 1, section: section.clone(), kind, text });
    }
    cases
}

fn fields() -> Vec<FieldRef> {
    use DataType as T;
    let optional = types::nullable;
    let required = types::required;
    let marked = |field: FieldRef, key: &str, value: &str| types::annotated(&field, [(key, value)]);
    let point = || {
        T::Struct(Fields::from(vec![
            marked(required("a", T::Utf8), "unit", "name"),
            optional("b", T::Int32),
            optional("inner", types::structure([required("x", T::Int64), optional("y", T::Utf8)])),
        ]))
    };
    let element = types::structure([marked(required("name", T::Utf8), "unit", "name"), optional("n", T::Int64)]);
    let entry = types::structure([required("v", T::Int64), optional("w", T::Utf8)]);
    let utc = Some(Arc::from("UTC"));
    let east = Some(Arc::from("+02:00"));
    let mut fields = vec![
        required("id", T::Int64),
        required("s", T::Utf8),
        optional("t", T::Utf8),
        optional("ls", T::LargeUtf8),
        optional("sv", T::Utf8View),
        optional("b", T::Boolean),
        required("bn", T::Boolean),
        optional("i8", T::Int8),
        optional("i16", T::Int16),
        optional("i32", T::Int32),
        required("n32", T::Int32),
        optional("i64", T::Int64),
        optional("u8", T::UInt8),
        optional("u16", T::UInt16),
        optional("u32", T::UInt32),
        optional("u64", T::UInt64),
        optional("f16", T::Float16),
        optional("f32", T::Float32),
        optional("f64", T::Float64),
        optional("d32", T::Decimal32(9, 2)),
        optional("d64", T::Decimal64(18, 3)),
        optional("d10", T::Decimal128(10, 2)),
        required("d20", T::Decimal128(20, 5)),
        optional("d256", T::Decimal256(50, 10)),
        optional("dt", T::Date32),
        required("dn", T::Date32),
        optional("dt64", T::Date64),
        optional("tm", T::Time64(TimeUnit::Nanosecond)),
        optional("tm32", T::Time32(TimeUnit::Second)),
        optional("ts", T::Timestamp(TimeUnit::Nanosecond, None)),
        required("tsu", T::Timestamp(TimeUnit::Microsecond, utc)),
        optional("tse", T::Timestamp(TimeUnit::Millisecond, east)),
        optional("dur", T::Duration(TimeUnit::Millisecond)),
        optional("iv", T::Interval(IntervalUnit::MonthDayNano)),
        optional("bin", T::Binary),
        optional("lbin", T::LargeBinary),
        optional("fsb", T::FixedSizeBinary(4)),
        optional("ln", types::list(T::Utf8)),
        optional("li", types::list(T::Int32)),
        required("ll", T::LargeList(optional("item", T::Int64))),
        optional("fsl", T::FixedSizeList(optional("item", T::Int32), 3)),
        optional("lli", types::list(types::list(T::Int64))),
        optional("lst", types::list(element.clone())),
        marked(optional("st", point()), "doc", "a point"),
        required("stn", point()),
        marked(optional("m", types::map(T::Utf8, T::Utf8)), "default_value", "{}"),
        optional("ms", types::map(T::Utf8, entry)),
        required("mi", types::map(T::Int64, T::Utf8)),
        optional("dic", T::Dictionary(Box::new(T::Int32), Box::new(T::Utf8))),
        optional("dici", T::Dictionary(Box::new(T::Int8), Box::new(T::Int64))),
        marked(optional("tag", T::Utf8), "ARROW:extension:name", "codeintel.tag"),
        marked(required("len", T::Int32), "unit", "bytes"),
        optional("nul", T::Null),
        required("Mixed", T::Utf8),
    ];
    let tag = fields.iter().position(|field| field.name() == "tag").unwrap();
    let metadata = [("ARROW:extension:name", "codeintel.tag"), ("ARROW:extension:metadata", "Tag"), ("unit", "tag")];
    fields[tag] = types::annotated(&optional("tag", T::Utf8), metadata);
    fields
}

/// The declared functions: those of the LibCST catalog and a handful more.
fn functions() -> Vec<Function> {
    let signatures = [
        "arrow_cast(any, utf8) -> ?",
        "arrow_metadata(any) -> ?",
        "arrow_metadata(any, utf8) -> utf8",
        "arrow_typeof(any) -> utf8",
        "array_element(list<T>, int64) -> T",
        "array_has(list<T>, T) -> bool",
        "array_length(list, int64?) -> uint64",
        "array_slice(list<T>, int64, int64, int64?) -> ?",
        "array_to_string(list, utf8, utf8?) -> utf8",
        "btrim(string, string?) -> ?",
        "cardinality(list | map) -> uint64",
        "character_length(any) -> ?",
        "chr(int64) -> utf8",
        "coalesce(T, T...) -> T",
        "concat(any...) -> ?",
        "concat_ws(any, any...) -> ?",
        "contains(string, string) -> bool",
        "ends_with(string, string) -> bool",
        "element_at(map<K, V>, K) -> list<V>",
        "get_field(struct | map, any, any...) -> ?",
        "length(any) -> ?",
        "lower(string) -> ?",
        "ltrim(string, string?) -> ?",
        "make_array(T...) -> ?",
        "map_entries(map<K, V>) -> list<struct<key: K, value: V>>",
        "map_extract(map<K, V>, K) -> list<V>",
        "map_extract(map, any) -> ?",
        "map_keys(map<K, V>) -> list<K>",
        "map_values(map<K, V>) -> list<V>",
        "named_struct((utf8, any)...) -> ?",
        "nullif(T, T) -> ?",
        "octet_length(string) -> ?",
        "position(string, string) -> ?",
        "prefixed_hash64(utf8, utf8) -> utf8",
        "replace(string, string, string) -> ?",
        "rtrim(string, string?) -> ?",
        "split_part(string, string, integer) -> ?",
        "stable_id(utf8, utf8) -> utf8",
        "starts_with(string, string) -> bool",
        "strpos(string, string) -> ?",
        "struct(any...) -> ?",
        "substr(string, int64, int64?) -> ?",
        "substring(string, int64, int64?) -> ?",
        "trim(string, string?) -> ?",
        "upper(string) -> ?",
    ];
    let mut functions: Vec<Function> = Vec::new();
    for text in signatures {
        let (name, mut signature): (String, Signature) =
            signature::parse(text, &|_| None).unwrap_or_else(|error| panic!("{text}: {error}"));
        let ours = matches!(name.as_str(), "stable_id" | "prefixed_hash64");
        if ours {
            signature.nulls = NullRule::Propagate;
        }
        match functions.iter_mut().find(|function| function.name == name) {
            Some(function) => function.signatures.push(signature),
            None => functions.push(Function {
                name,
                doc: String::new(),
                origin: Origin::default(),
                kind: FunctionKind::Scalar,
                provider: if ours { Provider::Runtime } else { Provider::Engine },
                signatures: vec![signature],
            }),
        }
    }
    functions.push(Function {
        name: "sum".to_owned(),
        doc: String::new(),
        origin: Origin::default(),
        kind: FunctionKind::Aggregate,
        provider: Provider::Engine,
        signatures: vec![signature::parse("sum(int64) -> int64", &|_| None).unwrap().1],
    });
    functions
}

fn session(schema: &SchemaRef) -> SessionContext {
    let config = SessionConfig::new()
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_bool("datafusion.execution.parquet.schema_force_view_types", false);
    let context = SessionContext::new_with_config(config);
    cstspec_runtime::functions::register(&context);
    let table = MemTable::try_new(Arc::clone(schema), vec![vec![RecordBatch::new_empty(Arc::clone(schema))]]).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    context
}

/// What the engine says of an expression, and where it stops.
enum Answer {
    /// It plans, and it executes: the analyzed field.
    Executes(FieldRef),
    /// It plans, and does not execute.
    PlansOnly(DataFusionError),
    /// It does not plan.
    Refuses(DataFusionError),
}

async fn ask(context: &SessionContext, text: &str) -> Answer {
    let state = context.state();
    let plan = match state.create_logical_plan(&format!("SELECT {text} AS x FROM t")).await {
        Ok(plan) => plan,
        Err(error) => return Answer::Refuses(error),
    };
    let analyzed = state.analyzer().execute_and_check(plan.clone(), state.config_options(), |_, _| {});
    let field = match analyzed {
        Ok(analyzed) => Arc::clone(analyzed.schema().field(0)),
        Err(error) => return Answer::Refuses(error),
    };
    match DataFrame::new(state, plan).collect().await {
        Ok(batches) => {
            for batch in batches {
                assert_eq!(batch.schema().field(0).data_type(), field.data_type(), "{text} executes with another type");
            }
            Answer::Executes(field)
        }
        Err(error) => Answer::PlansOnly(error),
    }
}

/// The first line of an error of the engine.
fn first_line(error: &DataFusionError) -> String {
    error.strip_backtrace().lines().next().unwrap_or_default().to_owned()
}

fn spelled(field: &Field) -> String {
    let mut metadata: Vec<_> = field.metadata().iter().collect();
    metadata.sort();
    format!("{}{} {metadata:?}", field.data_type(), if field.is_nullable() { "" } else { " NOT NULL" })
}

fn messages(errors: &[ExprError]) -> String {
    errors.iter().map(|error| format!("{:?}: {error}", error.kind)).collect::<Vec<_>>().join("; ")
}

/// What is wrong with one case, or nothing.
fn judge(case: &Case, ours: &Result<Typed, Vec<ExprError>>, engine: &Answer) -> Option<String> {
    if let Err(errors) = ours {
        for error in errors {
            let inside = error.start <= error.end && error.end <= case.text.len();
            if !inside || error.help.is_empty() || error.message.is_empty() {
                return Some(format!("a poor report: {error:?}"));
            }
        }
    }
    match (case.section.as_str(), ours, engine) {
        ("agree", Ok(typed), Answer::Executes(field)) => {
            let same = typed.field.data_type() == field.data_type()
                && typed.field.is_nullable() == field.is_nullable()
                && typed.field.metadata() == field.metadata();
            (!same).then(|| format!("ours   {}\n    engine {}", spelled(&typed.field), spelled(field)))
        }
        ("agree", Ok(typed), Answer::PlansOnly(error) | Answer::Refuses(error)) => {
            Some(format!("ours   {}\n    engine refuses: {}", spelled(&typed.field), first_line(error)))
        }
        ("agree", Err(errors), Answer::Executes(field)) => {
            Some(format!("ours   refuses: {}\n    engine {}", messages(errors), spelled(field)))
        }
        ("agree", Err(errors), _) => Some(format!("both refuse, ours: {}", messages(errors))),
        ("refused", Err(errors), Answer::Refuses(_)) | ("stricter", Err(errors), Answer::PlansOnly(_)) => {
            let kind = case.kind.as_deref().unwrap();
            let found = errors.iter().any(|error| format!("{:?}", error.kind) == kind);
            (!found).then(|| format!("another kind of mistake: {}", messages(errors)))
        }
        ("refused" | "stricter", Ok(typed), _) => Some(format!("ours takes it: {}", spelled(&typed.field))),
        ("refused", _, Answer::PlansOnly(error)) => Some(format!("engine plans it, then: {}", first_line(error))),
        ("refused" | "stricter", _, Answer::Executes(field)) => Some(format!("engine executes it: {}", spelled(field))),
        ("stricter", _, Answer::Refuses(error)) => Some(format!("engine refuses it: {}", first_line(error))),
        ("unsupported", Err(errors), _) => {
            let asks =
                errors.iter().all(|error| error.kind == ExprErrorKind::Unsupported && error.help.contains("`type:`"));
            (!asks).then(|| format!("no request for `type:`: {}", messages(errors)))
        }
        ("unsupported", Ok(typed), _) => Some(format!("ours types it: {}", spelled(&typed.field))),
        (section, ..) => Some(format!("in no section: {section}")),
    }
}

#[tokio::test]
async fn every_expression_is_typed_as_the_engine_types_it() {
    let fields = fields();
    let context = session(&Arc::new(Schema::new(fields.clone())));
    let (scope, functions) = (Scope::new(fields), functions());
    let cases = cases();
    let mut report = String::new();
    let mut wrong = 0;
    for case in &cases {
        let ours = check(&case.text, &scope, &functions);
        let engine = ask(&context, &case.text).await;
        if let Some(problem) = judge(case, &ours, &engine) {
            wrong += 1;
            let _ = writeln!(report, "  {}: {}\n    {problem}", case.line, case.text);
        }
    }
    let mut texts: Vec<&str> =
        cases.iter().filter(|case| case.section == "agree").map(|case| case.text.as_str()).collect();
    let counted = texts.len();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), counted, "an expression is in the table twice");
    assert!(wrong == 0, "{wrong} of {} expressions differ:\n{report}", cases.len());
    assert!(counted >= 260, "only {counted} expressions");
}

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

#[tokio::test]
async fn every_two_columns_meet_as_in_the_engine() {
    let mut sweep = Sweep::new();
    for form in PAIRS {
        for left in sweep.names.clone() {
            let texts = sweep.names.iter().map(|right| form.replace("{l}", &left).replace("{r}", right)).collect();
            sweep.compare(texts).await;
        }
    }
    sweep.finish(30_000);
}

#[tokio::test]
async fn every_column_fits_where_it_fits_in_the_engine() {
    let mut sweep = Sweep::new();
    let casts = CASTS.map(|to| format!("arrow_cast({{l}}, '{to}')"));
    for form in SINGLES.iter().copied().chain(casts.iter().map(String::as_str)) {
        let texts = sweep.names.iter().map(|name| form.replace("{l}", name)).collect();
        sweep.compare(texts).await;
    }
    sweep.finish(4_000);
}

/// Many expressions against the engine, and what differs.
struct Sweep {
    context: SessionContext,
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
        Self {
            context: session(&Arc::new(Schema::new(fields.clone()))),
            names: fields.iter().map(|field| field.name().clone()).filter(|name| name != "Mixed").collect(),
            scope: Scope::new(fields),
            functions: functions(),
            known: 0,
            unknown: 0,
            problems: Vec::new(),
        }
    }

    /// Compares our typing of each text with the engine's. What we type is executed in one query.
    async fn compare(&mut self, texts: Vec<String>) {
        let mut typed = Vec::new();
        for text in texts {
            match check(&text, &self.scope, &self.functions) {
                Ok(ours) => typed.push((text, ours)),
                Err(errors) if errors.iter().any(|error| error.kind == ExprErrorKind::Unsupported) => self.unknown += 1,
                Err(errors) => {
                    self.known += 1;
                    let refused = plan(&self.context, &[&text]).await.is_err();
                    if !refused && let Answer::Executes(field) = ask(&self.context, &text).await {
                        let ours = messages(&errors);
                        self.problems.push(format!("{text}\n    ours   refuses: {ours}\n    engine {}", spelled(&field)));
                    }
                }
            }
        }
        self.known += typed.len();
        let texts: Vec<&str> = typed.iter().map(|(text, _)| text.as_str()).collect();
        let together = execute(&self.context, &texts).await;
        for (index, (text, ours)) in typed.iter().enumerate() {
            let theirs = match &together {
                Ok(fields) => Ok(Arc::clone(&fields[index])),
                Err(_) => execute(&self.context, &[text]).await.map(|fields| Arc::clone(&fields[0])),
            };
            let ours = spelled(&ours.field);
            let theirs = theirs.as_ref().map_or_else(|error| format!("refuses: {}", first_line(error)), |field| spelled(field));
            if ours != theirs {
                self.problems.push(format!("{text}\n    ours   {ours}\n    engine {theirs}"));
            }
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

/// The analyzed fields of a query of these expressions, without executing it.
async fn plan(context: &SessionContext, texts: &[&str]) -> Result<Vec<FieldRef>, DataFusionError> {
    let state = context.state();
    let plan = state.create_logical_plan(&query(texts)).await?;
    let analyzed = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {})?;
    Ok(analyzed.schema().fields().iter().skip(1).cloned().collect())
}

/// The same, and it executes.
async fn execute(context: &SessionContext, texts: &[&str]) -> Result<Vec<FieldRef>, DataFusionError> {
    let fields = plan(context, texts).await?;
    let frame = context.sql(&query(texts)).await?;
    // A kernel of arrow panics on a dictionary without values, which is what a table without rows has.
    match tokio::spawn(frame.collect()).await {
        Ok(batches) => batches.map(|_| fields),
        Err(_) => Ok(fields),
    }
}

fn query(texts: &[&str]) -> String {
    let items: Vec<String> = texts.iter().enumerate().map(|(index, text)| format!("{text} AS x{index}")).collect();
    format!("SELECT id, {} FROM t", items.join(", ")).replace("id,  FROM", "id FROM")
}
