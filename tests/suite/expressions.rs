//! Static typing of expressions against the engine: every expression of `expressions.txt` is typed by `cstspec_spec` and planned,
//! analyzed and executed by DataFusion, and both must agree on type, nullability and metadata, or both must refuse.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow_schema::{DataType, Field, FieldRef, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit};
use cstspec_contract::{Function, FunctionKind, NullRule, Origin, Provider, Signature, types};
use cstspec_spec::expr::{ExprError, ExprErrorKind, Scope, Typed, check, query_uses};
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

/// The functions that cstspec brings to the engine.
fn register_ours(context: &SessionContext) {
    id_stub::register(context);
}

/// Stand-ins for the id functions: the same signature and nullability, and no hashing.
mod id_stub {
    use std::sync::Arc;

    use arrow_schema::{DataType, Field, FieldRef};
    use datafusion::error::Result;
    use datafusion::logical_expr::{
        ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    };
    use datafusion::prelude::SessionContext;

    pub fn register(context: &SessionContext) {
        for name in ["stable_id", "prefixed_hash64"] {
            let signature = Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable);
            context.register_udf(ScalarUDF::new_from_impl(Stub { name, signature }));
        }
    }

    #[derive(Debug, PartialEq, Eq, Hash)]
    struct Stub {
        name: &'static str,
        signature: Signature,
    }

    impl ScalarUDFImpl for Stub {
        fn name(&self) -> &str {
            self.name
        }

        fn signature(&self) -> &Signature {
            &self.signature
        }

        fn return_type(&self, _: &[DataType]) -> Result<DataType> {
            Ok(DataType::Utf8)
        }

        fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
            let nullable = arguments.arg_fields.iter().any(|field| field.is_nullable());
            Ok(Arc::new(Field::new(self.name, DataType::Utf8, nullable)))
        }

        fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
            Ok(arguments.args[1].clone())
        }
    }
}

fn session(schema: &SchemaRef) -> SessionContext {
    let config = SessionConfig::new()
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_bool("datafusion.execution.parquet.schema_force_view_types", false);
    let context = SessionContext::new_with_config(config);
    register_ours(&context);
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
