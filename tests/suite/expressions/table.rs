//! The columns, functions and session that the expressions are typed in.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow_schema::{DataType, FieldRef, Fields, IntervalUnit, SchemaRef, TimeUnit};
use cstspec_contract::{Function, FunctionKind, NullRule, Origin, Provider, Signature, types};
use cstspec_spec::expr::Dialect;
use cstspec_spec::signature;
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};

/// Columns of all kinds, nullable and not, with metadata and without.
pub fn fields() -> Vec<FieldRef> {
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
pub fn functions() -> Vec<Function> {
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
        "current_date() -> date32",
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
        "named_struct(utf8, any, (utf8, any)...) -> ?",
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

/// The SQL dialect of [`session`].
pub fn dialect() -> Dialect {
    Dialect { text: DataType::Utf8, lengths: true, decimals: false, zone: None }
}

/// A session of ours with an empty table `t` of these columns.
pub fn session(schema: &SchemaRef) -> SessionContext {
    let settings = [
        ("datafusion.sql_parser.map_string_types_to_utf8view", "false"),
        ("datafusion.execution.parquet.schema_force_view_types", "false"),
    ];
    session_with(schema, &settings)
}

/// A session with these settings and an empty table `t` of these columns.
pub fn session_with(schema: &SchemaRef, settings: &[(&str, &str)]) -> SessionContext {
    let mut config = SessionConfig::new();
    for (name, value) in settings {
        config.options_mut().set(name, value).unwrap();
    }
    let context = SessionContext::new_with_config(config);
    cstspec_runtime::functions::register(&context);
    let table = MemTable::try_new(Arc::clone(schema), vec![vec![RecordBatch::new_empty(Arc::clone(schema))]]).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    context
}
