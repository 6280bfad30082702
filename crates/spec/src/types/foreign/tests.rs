//! Types as people type them who come from elsewhere.

use super::super::{NamedTypes, Resolver};
use super::names::TYPE_NAMES;
use super::suggestions;

/// Every suggestion is a type.
#[test]
fn suggestions_are_types() {
    let named = NamedTypes::default();
    for (word, types) in TYPE_NAMES {
        assert_eq!(suggestions(word), *types, "{word}");
        assert_eq!(suggestions(&word.to_uppercase()), *types, "{word}");
        for text in *types {
            assert!((Resolver { named: &named }).data_type(text).is_ok(), "{word}: {text}");
        }
    }
    let words: Vec<&str> = TYPE_NAMES.iter().map(|(word, _)| *word).collect();
    let mut once = words.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(words.len(), once.len(), "a word twice");
}

/// Types as other systems spell them, and the spelling that is meant; none where that is nothing of the kind.
const FOREIGN: &[(&str, &str)] = &[
    // SQL
    ("varchar(255)", "utf8"),
    ("CHARACTER VARYING(20)", "utf8"),
    ("decimal(10, 2)", "decimal128(10, 2)"),
    ("NUMERIC(10)", "decimal128(10, 0)"),
    ("decimal(40, 2)", "decimal256(40, 2)"),
    ("decimal128(10)", "decimal128(10, 0)"),
    ("binary(16)", "fixed_size_binary(16)"),
    ("DOUBLE PRECISION", "float64"),
    ("timestamp(3)", "timestamp(ms)"),
    ("timestamp(6) with time zone", "timestamp(us, UTC)"),
    ("TIMESTAMP WITH TIME ZONE", "timestamp(us, UTC)"),
    ("array<int>", "list<int64>"),
    ("ARRAY<STRING>", "list<utf8>"),
    ("int[]", "list<int64>"),
    ("text[]", "list<utf8>"),
    ("struct<a: string, b: bigint>", "struct<a: utf8, b: int64>"),
    ("ROW(a varchar(3), b bigint)", "struct<a: utf8, b: int64>"),
    ("STRUCT(a INTEGER, b VARCHAR)", "struct<a: int64, b: utf8>"),
    ("MAP(VARCHAR, INTEGER)", "map<utf8, int64>"),
    ("map<string, array<struct<a: double>>>", "map<utf8, list<struct<a: float64>>>"),
    ("array<cst>", "list<cst>"),
    // Arrow in Rust
    ("Utf8", "utf8"),
    ("LargeUtf8", "large_utf8"),
    ("Utf8View", "utf8_view"),
    ("DataType::Int64", "int64"),
    ("Boolean", "bool"),
    ("Timestamp(Microsecond, Some(\"UTC\"))", "timestamp(us, UTC)"),
    ("Timestamp(Nanosecond, None)", "timestamp(ns)"),
    ("Timestamp(µs, \"Europe/Vienna\")", "timestamp(us, Europe/Vienna)"),
    ("Timestamp(ms)", "timestamp(ms)"),
    ("List(Int64)", "list<int64>"),
    ("List(non-null Int64)", "list<int64 not null>"),
    ("List(nullable Utf8)", "list<utf8>"),
    ("FixedSizeList(3 x Int64)", "fixed_size_list<int64, 3>"),
    ("LargeList(Utf8)", "large_list<utf8>"),
    ("Struct(\"a\": Int64, \"b c\": non-null Utf8)", "struct<a: int64, \"b c\": utf8 not null>"),
    ("Dictionary(Int32, Utf8)", "dictionary<int32, utf8>"),
    ("FixedSizeBinary(16)", "fixed_size_binary(16)"),
    ("Decimal128(10, 2)", "decimal128(10, 2)"),
    ("Time64(Nanosecond)", "time64(ns)"),
    ("Duration(Second)", "duration(s)"),
    ("Interval(MonthDayNano)", "interval(month_day_nano)"),
    ("Interval(YearMonth)", "interval(year_month)"),
    // pyarrow
    ("timestamp[us, tz=UTC]", "timestamp(us, UTC)"),
    ("timestamp[ns]", "timestamp(ns)"),
    ("pa.timestamp('us', tz='UTC')", "timestamp(us, UTC)"),
    ("pa.string()", "utf8"),
    ("pa.list_(pa.int64())", "list<int64>"),
    ("pa.struct([('a', pa.int64()), ('b', pa.string())])", "struct<a: int64, b: utf8>"),
    ("pa.struct([pa.field('a', pa.int64(), False)])", "struct<a: int64 not null>"),
    ("pa.list_(pa.float32(), 3)", "fixed_size_list<float32, 3>"),
    ("pa.map_(pa.string(), pa.int32())", "map<utf8, int32>"),
    ("list<item: string>", "list<utf8>"),
    ("list<element: int64 not null>", "list<int64 not null>"),
    ("large_list<item: string>", "large_list<utf8>"),
    ("fixed_size_list<item: float>[3]", "fixed_size_list<float64, 3>"),
    ("fixed_size_binary[16]", "fixed_size_binary(16)"),
    ("dictionary<values=string, indices=int32, ordered=0>", "dictionary<int32, utf8>"),
    ("struct<a: int64 not null, b: string>", "struct<a: int64 not null, b: utf8>"),
    ("date32[day]", "date32"),
    ("time32[ms]", "time32(ms)"),
    ("duration[us]", "duration(us)"),
    // polars
    ("pl.String", "utf8"),
    ("Datetime(time_unit='us', time_zone='UTC')", "timestamp(us, UTC)"),
    ("Datetime('ms')", "timestamp(ms)"),
    ("List(String)", "list<utf8>"),
    ("Array(Int64, shape=(3,))", "fixed_size_list<int64, 3>"),
    ("Array(Int64, 3)", "fixed_size_list<int64, 3>"),
    ("Struct({'a': Int64, 'b': List(String)})", "struct<a: int64, b: list<utf8>>"),
    ("Decimal(precision=10, scale=2)", "decimal128(10, 2)"),
    // Python, pandas
    ("Optional[str]", "utf8"),
    ("list[int]", "list<int64>"),
    ("dict[str, float]", "map<utf8, float64>"),
    ("datetime64[ns]", "timestamp(ns)"),
    ("datetime64[ns, UTC]", "timestamp(ns, UTC)"),
    ("int64[pyarrow]", "int64"),
    ("string[python]", "utf8"),
    ("str | None", "utf8"),
    ("None | list[int]", "list<int64>"),
    ("datetime.datetime", "timestamp(us)"),
    ("np.float32", "float32"),
    // Spark
    ("StringType()", "utf8"),
    ("T.LongType()", "int64"),
    ("DecimalType(10, 2)", "decimal128(10, 2)"),
    ("ArrayType(StringType(), True)", "list<utf8>"),
    ("MapType(StringType(), IntegerType())", "map<utf8, int64>"),
    (
        "StructType([StructField('a', LongType(), False), StructField('b', StringType())])",
        "struct<a: int64 not null, b: utf8>",
    ),
    ("array<struct<a:int,b:string>>", "list<struct<a: int64, b: utf8>>"),
    ("timestamp_ntz", "timestamp(us)"),
    // DuckDB
    ("INTEGER[3]", "fixed_size_list<int64, 3>"),
    ("INTEGER[][]", "list<list<int64>>"),
    ("VARCHAR[]", "list<utf8>"),
    ("UNION(num INTEGER, str VARCHAR)", "union<num: int64, str: utf8>"),
    ("ENUM('a', 'b')", "dictionary<uint32, utf8>"),
    ("HUGEINT", "decimal128(38, 0)"),
    ("MAP(INTEGER, STRUCT(a DOUBLE)[])", "map<int64, list<struct<a: float64>>>"),
    // Other SQL
    ("VARCHAR(10) NOT NULL", "utf8"),
    ("BIGINT PRIMARY KEY", "int64"),
    ("NUMBER(10,2)", "decimal128(10, 2)"),
    ("nvarchar(max)", "utf8"),
    ("integer array", "list<int64>"),
    ("STRUCT<a INT64, b ARRAY<STRING>>", "struct<a: int64, b: list<utf8>>"),
    ("Nullable(String)", "utf8"),
    ("LowCardinality(String)", "dictionary<int32, utf8>"),
    ("DateTime64(3, 'UTC')", "timestamp(ms, UTC)"),
    ("FixedString(16)", "fixed_size_binary(16)"),
    ("Tuple(a String, b UInt8)", "struct<a: utf8, b: uint8>"),
    ("fixed[16]", "fixed_size_binary(16)"),
    // Rust, Go, Java, TypeScript, protobuf
    ("String", "utf8"),
    ("&str", "utf8"),
    ("Vec<u8>", "binary"),
    ("[u8; 16]", "fixed_size_binary(16)"),
    ("Vec<Option<i64>>", "list<int64>"),
    ("std::collections::HashMap<String, Vec<f32>>", "map<utf8, list<float32>>"),
    ("DateTime<Utc>", "timestamp(us, UTC)"),
    ("NaiveDate", "date32"),
    ("[]string", "list<utf8>"),
    ("[][]int64", "list<list<int64>>"),
    ("List<String>", "list<utf8>"),
    ("Map<String, Long>", "map<utf8, int64>"),
    ("string[]", "list<utf8>"),
    ("string?", "utf8"),
    ("Record<string, number>", "map<utf8, decimal128(38, 10)>"),
    ("{ a: string, b: number[] }", "struct<a: utf8, b: list<decimal128(38, 10)>>"),
    ("google.protobuf.Timestamp", "timestamp(us)"),
    ("repeated string", "list<utf8>"),
    ("sint64", "int64"),
    ("map<string, int32>", "map<utf8, int32>"),
    // Nothing of the kind
    ("", ""),
    ("list<", ""),
    ("a b c", ""),
    ("struct<>", ""),
    ("varchar(255) or so <", ""),
    ("decimal(99, 2)", "decimal256(99, 2)"),
];

/// Types of other systems are known.
#[test]
fn foreign_types_known() {
    let named = NamedTypes::default();
    let mut mistakes = Vec::new();
    for &(written, expected) in FOREIGN {
        let found = suggestions(written);
        if found.first().map_or("", String::as_str) != expected {
            mistakes.push(format!("{written}: {found:?}, and not {expected}"));
        }
        if !expected.is_empty() && !expected.contains("cst") && !expected.contains("99") {
            assert!((Resolver { named: &named }).data_type(expected).is_ok(), "{written}: {expected}");
        }
    }
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    assert!(suggestions(&"list<".repeat(10_000)).is_empty());
    assert!(suggestions(&"list<".repeat(100)).is_empty());
}
