//! The id functions.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, DictionaryArray, Int8Array, RecordBatch, StringArray, StringViewArray,
};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Int8Type};
use blake2::digest::consts::{U8, U16};
use blake2::{Blake2b, Digest as _};
use cstspec_runtime::functions;
use datafusion::prelude::{SessionContext, col};

use crate::world::{error, rows, run};

async fn one(ctx: &SessionContext, expr: &str) -> Option<String> {
    let batch = rows(ctx, &format!("SELECT {expr} AS id")).await;
    let ids = batch.column(0).as_string::<i32>();
    ids.is_valid(0).then(|| ids.value(0).to_owned())
}

/// The id as another library makes it.
fn oracle(function: &str, prefix: &str, text: &str) -> String {
    let mut id = format!("{prefix}:");
    match function {
        "stable_id" => {
            for byte in Blake2b::<U16>::digest(text) {
                write!(id, "{byte:02x}").unwrap();
            }
        }
        _ => write!(id, "{}", u64::from_be_bytes(Blake2b::<U8>::digest(text).into()) & (u64::MAX >> 1)).unwrap(),
    }
    id
}

/// Texts of every length around the blocks that are digested at a time, more of them than are digested side by side, with some that
/// are NULL.
fn texts() -> StringArray {
    let lengths = [0, 1, 2, 63, 64, 126, 127, 128, 129, 130, 255, 256, 257, 383, 384, 385, 1024];
    let long = |length: usize| "0123456789abcdef".chars().cycle().skip(length % 16).take(length).collect::<String>();
    let of_length = lengths.into_iter().cycle().take(150).map(long);
    let odd = ["é", "日本語", "\u{1f}", "a\0b", "🦀".repeat(40).as_str(), " "].map(str::to_owned);
    of_length.chain(odd).enumerate().map(|(row, text)| (row % 7 != 3).then_some(text)).collect()
}

/// The same texts in every encoding.
fn encodings(texts: &StringArray) -> impl Iterator<Item = ArrayRef> {
    let dictionary = |keys: DataType, values: DataType| DataType::Dictionary(Box::new(keys), Box::new(values));
    let types = [
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        dictionary(DataType::Int32, DataType::Utf8),
        dictionary(DataType::UInt8, DataType::LargeUtf8),
        dictionary(DataType::Int64, DataType::Utf8View),
    ];
    types.into_iter().map(|data_type| cast(texts, &data_type).unwrap())
}

/// The ids of two columns.
async fn ids(ctx: &SessionContext, function: &str, prefixes: &ArrayRef, texts: &ArrayRef) -> StringArray {
    let columns = [("p", Arc::clone(prefixes), true), ("t", Arc::clone(texts), true)];
    let frame = ctx.read_batch(RecordBatch::try_from_iter_with_nullable(columns).unwrap()).unwrap();
    let call = ctx.state().scalar_functions()[function].call(vec![col("p"), col("t")]);
    let batches = frame.select(vec![call.alias("id")]).unwrap().collect().await.unwrap();
    let ids: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(0).as_ref()).collect();
    if ids.is_empty() { StringArray::new_null(0) } else { concat(&ids).unwrap().as_string().clone() }
}

/// The oracle's result for two columns.
fn expected(function: &str, prefixes: &ArrayRef, texts: &ArrayRef) -> StringArray {
    let [prefixes, texts] = [prefixes, texts].map(|array| cast(array, &DataType::Utf8).unwrap());
    let both = prefixes.as_string::<i32>().iter().zip(texts.as_string::<i32>()).map(|row| match row {
        (Some(prefix), Some(text)) => Some(oracle(function, prefix, text)),
        _ => None,
    });
    both.collect()
}

fn context() -> SessionContext {
    let ctx = SessionContext::new();
    functions::register(&ctx);
    ctx
}

/// Ids are the known vectors.
#[test]
fn ids_known_vectors() {
    run(async {
        let ctx = context();
        for (expr, expected) in [
            ("stable_id('p', '')", "p:cae66941d9efbd404e4d88758ea67670"),
            ("prefixed_hash64('p', '')", "p:7252660547403494068"),
            ("stable_id('', 'abc')", ":cf4ab791c62b8d2b2109c90275287816"),
            ("stable_id('é:', '日本語')", "é::7ce831c0ff398dc29f79baf7b2a79592"),
        ] {
            assert_eq!(one(&ctx, expr).await.as_deref(), Some(expected));
        }
    });
}

/// A NULL argument makes NULL and no other does.
#[test]
fn ids_null_arguments() {
    run(async {
        let ctx = context();
        assert_eq!(one(&ctx, "stable_id('p', NULL)").await, None);
        assert_eq!(one(&ctx, "prefixed_hash64(CAST(NULL AS VARCHAR), 'x')").await, None);
        let batch = rows(
            &ctx,
            "SELECT stable_id(column1, column2) AS a, stable_id('p', column2) AS b, prefixed_hash64(column1, 'x') AS c
             FROM (VALUES ('p', ''), (NULL, 'x'), ('q', NULL))",
        )
        .await;
        let valid = |column: usize| (0..3).map(|row| batch.column(column).is_valid(row)).collect::<Vec<_>>();
        assert_eq!(valid(0), [true, false, false]);
        assert_eq!(valid(1), [true, true, false]);
        assert_eq!(valid(2), [true, false, true]);
        assert_eq!(batch.column(0).as_string::<i32>().value(0), "p:cae66941d9efbd404e4d88758ea67670");
    });
}

/// An id is nullable iff an argument is.
#[test]
fn ids_nullability() {
    run(async {
        let ctx = context();
        let frame = ctx
            .sql("SELECT stable_id('p', 'x') AS a, stable_id('p', x) AS b FROM (SELECT CASE WHEN 1 > 2 THEN 'y' END AS x)")
            .await
            .unwrap();
        let fields = frame.schema().as_arrow().fields().clone();
        assert!(!fields[0].is_nullable());
        assert!(fields[1].is_nullable());
    });
}

/// Other texts are coerced and other counts refused.
#[test]
fn ids_coercion_and_counts() {
    run(async {
        let ctx = context();
        for kind in ["Utf8View", "LargeUtf8"] {
            let expr = format!("stable_id('p', arrow_cast('', '{kind}'))");
            assert_eq!(one(&ctx, &expr).await.as_deref(), Some("p:cae66941d9efbd404e4d88758ea67670"));
        }
        assert_eq!(one(&ctx, "stable_id('p', 12)").await, one(&ctx, "stable_id('p', '12')").await);
        for call in ["stable_id('p')", "stable_id('p', 'x', 'y')", "prefixed_hash64()"] {
            let said = ctx.sql(&format!("SELECT {call}")).await.unwrap_err().to_string();
            assert!(said.contains(call.split('(').next().unwrap()), "{said}");
        }
        assert!(error(&ctx, "SELECT stable_id('p', struct(1))").await.contains("Struct"));
    });
}

/// Ids are those of another library in every encoding.
#[test]
fn ids_match_other_library() {
    run(async {
        let ctx = context();
        let texts = texts();
        let prefixes: StringArray =
            (0..texts.len()).map(|row| (row % 5 != 2).then(|| "prefix é".repeat(row % 4))).collect();
        for function in ["stable_id", "prefixed_hash64"] {
            for (text, prefix) in
                encodings(&texts).flat_map(|text| encodings(&prefixes).map(move |prefix| (text.clone(), prefix)))
            {
                for (offset, rows) in [(0, text.len()), (5, 90), (text.len() - 9, 9), (3, 0)] {
                    let (prefix, text) = (prefix.slice(offset, rows), text.slice(offset, rows));
                    let what = format!("{function}({}, {}) of {rows} rows", prefix.data_type(), text.data_type());
                    assert_eq!(ids(&ctx, function, &prefix, &text).await, expected(function, &prefix, &text), "{what}");
                }
            }
        }
    });
}

/// Constants are the same as columns of them.
#[test]
fn ids_of_constants() {
    run(async {
        let ctx = context();
        ctx.register_batch("t", RecordBatch::try_from_iter([("text", Arc::new(texts()) as ArrayRef)]).unwrap())
            .unwrap();
        for function in ["stable_id", "prefixed_hash64"] {
            let sql = format!(
                "SELECT {function}('p é', text) AS a, {function}(text, 'p é') AS b, {function}(NULL, text) AS c, {function}(text, NULL) AS d FROM t"
            );
            let batch = rows(&ctx, &sql).await;
            let constant: ArrayRef =
                Arc::new(StringArray::from_iter_values(std::iter::repeat_n("p é", batch.num_rows())));
            let text: ArrayRef = Arc::new(texts());
            assert_eq!(batch.column(0).as_string::<i32>(), &expected(function, &constant, &text));
            assert_eq!(batch.column(1).as_string::<i32>(), &expected(function, &text, &constant));
            assert_eq!(
                (batch.column(2).null_count(), batch.column(3).null_count()),
                (batch.num_rows(), batch.num_rows())
            );
            for kind in ["Utf8View", "LargeUtf8", "Dictionary(Int8, Utf8)"] {
                let id =
                    one(&ctx, &format!("{function}(arrow_cast('p', '{kind}'), arrow_cast('日本語', '{kind}'))")).await;
                assert_eq!(id, Some(oracle(function, "p", "日本語")));
            }
        }
    });
}

/// A dictionary may hold NULL nothing and more than is used.
#[test]
fn ids_of_dictionaries() {
    run(async {
        let ctx = context();
        let values = [
            Arc::new(StringArray::from(vec![Some("a"), None, Some("unused"), Some("")])) as ArrayRef,
            Arc::new(StringViewArray::from(vec![Some("a"), None, Some("unused"), Some("")])),
        ];
        for values in values {
            // With more rows than values, and with fewer.
            for keys in [vec![Some(3), Some(1), None, Some(0), Some(0), Some(3), Some(1)], vec![Some(1), Some(0), None]]
            {
                let keys = Int8Array::from(keys);
                let text: ArrayRef = Arc::new(DictionaryArray::<Int8Type>::new(keys, Arc::clone(&values)));
                for function in ["stable_id", "prefixed_hash64"] {
                    let prefix: ArrayRef =
                        Arc::new(StringArray::from_iter_values(std::iter::repeat_n("p", text.len())));
                    assert_eq!(ids(&ctx, function, &prefix, &text).await, expected(function, &prefix, &text));
                    assert_eq!(ids(&ctx, function, &text, &prefix).await, expected(function, &text, &prefix));
                }
            }
        }
        let none =
            DictionaryArray::<Int8Type>::new(Int8Array::from(vec![None, None]), Arc::new(StringArray::new_null(0)));
        let (none, prefix): (ArrayRef, ArrayRef) = (Arc::new(none), Arc::new(StringArray::from(vec!["p", "q"])));
        assert_eq!(ids(&ctx, "stable_id", &prefix, &none).await.null_count(), 2);
    });
}

/// Text of every encoding is taken without a cast.
#[test]
fn ids_without_cast() {
    run(async {
        let ctx = context();
        for text in encodings(&texts()) {
            ctx.deregister_table("t").unwrap();
            ctx.register_batch("t", RecordBatch::try_from_iter([("text", text)]).unwrap()).unwrap();
            for call in ["stable_id('p', text)", "prefixed_hash64(text, text)"] {
                let frame = ctx.sql(&format!("SELECT {call} AS id FROM t")).await.unwrap();
                let plan = frame.into_optimized_plan().unwrap();
                assert_eq!(plan.schema().field(0).data_type(), &DataType::Utf8);
                assert!(!plan.display_indent().to_string().contains("CAST"), "{}", plan.display_indent());
            }
        }
    });
}

/// More ids than an array has room for are an error.
#[test]
fn ids_too_many() {
    run(async {
        let ctx = context();
        let said = error(&ctx, "SELECT stable_id(repeat('p', 1000000), CAST(value AS VARCHAR)) FROM range(8000)").await;
        assert!(said.contains("the ids of 8000 rows take 8000264000 bytes"), "{said}");
    });
}
