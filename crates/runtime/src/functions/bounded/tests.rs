use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::SessionConfig;
use futures::FutureExt as _;

use super::*;

/// A session in which a call may make 1 MiB.
fn session() -> SessionContext {
    let runtime = RuntimeEnvBuilder::new().with_memory_limit(8 << 20, 1.0).build_arc().unwrap();
    let ctx = SessionContext::new_with_config_rt(SessionConfig::new().with_target_partitions(1), runtime);
    bound(&ctx).unwrap();
    ctx
}

fn ask(ctx: &SessionContext, sql: &str) -> Result<String> {
    let rows = async { ctx.sql(sql).await?.collect().await };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let batches = runtime.block_on(rows.boxed())?;
    Ok(arrow::util::pretty::pretty_format_batches(&batches)?.to_string())
}

/// Each statement is refused, with the name of the function, the bytes and the most that is allowed.
fn refused_by(name: &str, statements: &[&str]) {
    for sql in statements {
        let error = ask(&session(), sql).unwrap_err();
        let text = error.to_string();
        let exhausted = matches!(error.find_root(), DataFusionError::ResourcesExhausted(_));
        assert!(exhausted && text.contains(&format!("`{name}` would make")), "{sql}: {error}");
        assert!(text.contains("at most 1048576 are allowed, an eighth of the memory of the session"), "{error}");
    }
}

#[test]
fn long_text_refused_early() {
    refused_by(
        "repeat",
        &[
            "SELECT repeat('x', 2000000000)",
            "SELECT repeat(x, 2000000000) FROM (VALUES ('x')) AS t(x)",
            "SELECT repeat(x, 1000000) FROM (VALUES ('x'), ('y')) AS t(x)",
            "SELECT length(repeat(repeat('x', 100000), 100000))",
        ],
    );
    refused_by("lpad", &["SELECT lpad('x', 2000000000)", "SELECT lpad('x', 300000, 'ä😀')"]);
    refused_by("rpad", &["SELECT rpad('x', 2000000000, 'yz')"]);
}

#[test]
fn replaced_text_refused_early() {
    refused_by(
        "replace",
        &[
            "SELECT length(replace(repeat('x', 100000), 'x', repeat('y', 100000)))",
            "SELECT replace(x, 'x', repeat('y', 2000)) FROM (SELECT repeat('x', value) AS x FROM range(1000, 1010))",
            "SELECT replace(concat(x, x, x, x, x), x, repeat(x, 100)) FROM (SELECT arrow_cast(value, 'Utf8') AS x FROM range(100, 1000))",
            "SELECT replace(arrow_cast(x, 'Utf8View'), 'x', repeat('y', 2000)) FROM (SELECT repeat('x', 1000) AS x)",
            "SELECT replace(arrow_cast(x, 'LargeUtf8'), 'x', repeat('y', 2000)) FROM (SELECT repeat('x', 1000) AS x)",
        ],
    );
    refused_by(
        "regexp_replace",
        &[
            "SELECT regexp_replace(repeat('x', 100000), 'x', repeat('y', 100000), 'g')",
            "SELECT regexp_replace(repeat('X', 100000), 'x', repeat('y', 1000), 'gi')",
            "SELECT regexp_replace(repeat('x', 100000), '(x+)', repeat('\\1', 1000))",
            "SELECT regexp_replace(repeat('x', 100000), '(?<all>.*)', repeat('${all}', 1000))",
            "SELECT regexp_replace(repeat('x', value), '', repeat('y', 1000), 'g') FROM range(1000, 1010)",
            "SELECT regexp_replace(repeat('x', value), p, repeat('y', 3000), 'g') FROM range(1000, 1001), (VALUES ('x|y')) AS t(p)",
        ],
    );
    refused_by("translate", &["SELECT translate(repeat('x', 300000), 'x', '😀')"]);
}

#[test]
fn joined_text_refused_early() {
    refused_by("concat", &["SELECT concat(x, x, x) FROM (SELECT repeat('x', value) AS x FROM range(500000, 500001))"]);
    refused_by(
        "concat_ws",
        &["SELECT concat_ws(x, 'a', 'b', 'c') FROM (SELECT repeat('x', value) AS x FROM range(600000, 600001))"],
    );
    refused_by(
        "overlay",
        &["SELECT overlay(x PLACING x FROM 1 FOR 0) FROM (SELECT repeat('x', value) AS x FROM range(600000, 600001))"],
    );
    refused_by("encode", &["SELECT encode(arrow_cast(repeat('x', 600000), 'Binary'), 'hex')"]);
    refused_by("to_char", &["SELECT to_char(TIMESTAMP '2024-01-01', repeat('%c', 500000))"]);
    refused_by(
        "array_to_string",
        &[
            "SELECT length(array_to_string(range(0, 100000), repeat('y', 1000)))",
            "SELECT array_to_string([[1, 2], range(0, 100000)], repeat('y', 1000))",
            "SELECT array_to_string(array_repeat(NULL, 10000), ',', repeat('y', 1000))",
            "SELECT array_to_string(range(0, value), repeat('y', 1000)) FROM range(2000, 2001)",
        ],
    );
}

#[test]
fn split_text_refused_early() {
    refused_by(
        "string_to_array",
        &["SELECT string_to_array(repeat('x', 100000), NULL)", "SELECT string_to_array(repeat('x,', 100000), ',')"],
    );
    refused_by("regexp_match", &["SELECT regexp_match(repeat('x', 500000), '(((.*)))')"]);
}

#[test]
fn long_lists_refused_early() {
    refused_by(
        "range",
        &[
            "SELECT range(0, 1000000000)",
            "SELECT range(1000000000)",
            "SELECT range(x, 1000000000) FROM (VALUES (0)) AS t(x)",
            "SELECT range(TIMESTAMP '1970-01-01', TIMESTAMP '2100-01-01', INTERVAL '1' SECOND)",
            "SELECT range(DATE '0001-01-01', DATE '9999-12-31', INTERVAL '1' DAY)",
        ],
    );
    refused_by("generate_series", &["SELECT generate_series(1000000000, 0, -1)"]);
    refused_by(
        "array_repeat",
        &[
            "SELECT array_repeat(1, 1000000000)",
            "SELECT array_repeat([1, 2, 3], 1000000000)",
            "SELECT array_repeat('xyz', 1000000000)",
            "SELECT list_repeat('xyz', 1000000000)",
            "SELECT array_repeat(repeat('x', 1000), 2000)",
            "SELECT array_repeat(range(0, 1000), 200)",
            "SELECT array_repeat({'a': repeat('x', 1000)}, 2000)",
        ],
    );
    refused_by(
        "array_resize",
        &["SELECT array_resize([1], 1000000000, 0)", "SELECT array_resize(['a'], 2000, repeat('x', 1000))"],
    );
}

#[test]
fn lists_of_lists_refused_early() {
    for function in ["array_replace_all", "list_replace_all"] {
        let sql = format!("SELECT cardinality({function}(array_repeat('x', 10000), 'x', repeat('y', 1000)))");
        refused_by("array_replace_all", &[&sql]);
    }
    refused_by("array_replace_n", &["SELECT array_replace_n(array_repeat('x', 10000), 'x', repeat('y', 1000), 5000)"]);
    let list = "(SELECT range(0, value) AS l FROM range(50000, 50001))";
    for (function, sql) in [
        ("array_concat", "SELECT array_concat(l, l, l) FROM"),
        ("array_concat", "SELECT l || l || l FROM"),
        ("array_concat", "SELECT list_cat(l, l, l) FROM"),
        ("make_array", "SELECT [l, l, l] FROM"),
        ("make_array", "SELECT make_array(l, l, l) FROM"),
        ("array_append", "SELECT array_append([l, l], l) FROM"),
        ("array_prepend", "SELECT array_prepend(l, [l, l]) FROM"),
        ("array_union", "SELECT array_union(array_concat(l, l), l) FROM"),
    ] {
        refused_by(function, &[&format!("{sql} {list}")]);
    }
    refused_by("arrays_zip", &["SELECT arrays_zip(range(0, 100000), [arrow_cast(NULL, 'FixedSizeBinary(1000)')])"]);
}

#[test]
fn windows_refused_early() {
    let text = "(SELECT arrow_cast(value, 'Utf8') AS x, value FROM range(0, 10000))";
    for (function, sql) in [
        ("array_agg", "SELECT max(cardinality(a)) FROM (SELECT array_agg(value) OVER () AS a FROM range(0, 10000))"),
        (
            "array_agg",
            "SELECT max(cardinality(a)) FROM (SELECT array_agg(value) OVER (ORDER BY value) AS a FROM range(0, 10000))",
        ),
        (
            "array_agg",
            "SELECT max(cardinality(a)) FROM (SELECT array_agg(value) OVER (ORDER BY value ROWS BETWEEN CURRENT ROW AND \
             UNBOUNDED FOLLOWING) AS a FROM range(0, 10000))",
        ),
        (
            "string_agg",
            &format!("SELECT max(length(a)) FROM (SELECT string_agg(x, ',') OVER (ORDER BY value) AS a FROM {text})"),
        ),
        ("max", "SELECT max(length(a)) FROM (SELECT max(repeat('x', value)) OVER () AS a FROM range(0, 1100))"),
    ] {
        refused_by(function, &[sql]);
    }
}

#[test]
fn constants_refused_early() {
    for sql in [
        "SELECT max(length(t)) FROM (SELECT repeat('x', 100000) AS t, value FROM range(0, 100000)) WHERE value % 7 = length(t) % 7",
        "SELECT CASE WHEN value = 1 THEN repeat('x', 100000) END FROM range(0, 100000)",
        "SELECT coalesce(arrow_cast(nullif(value, 1), 'Utf8'), repeat('x', 100000)) FROM range(0, 100000)",
        "SELECT repeat('x', 100000) || arrow_cast(value, 'Utf8') FROM range(0, 100000)",
        "SELECT string_agg(arrow_cast(value, 'Utf8'), repeat('x', 100000)) FROM range(0, 100000)",
        "SELECT range(0, 10000), value FROM range(0, 100000)",
        "SELECT {'a': repeat('x', 100000), 'b': value} FROM range(0, 100000)",
    ] {
        let error = ask(&session(), sql).unwrap_err();
        let exhausted = matches!(error.find_root(), DataFusionError::ResourcesExhausted(_));
        assert!(exhausted && error.to_string().contains("bytes in a batch of 8192 rows"), "{sql}: {error}");
    }
}

/// Within the bound the results are those of the engine, whatever the arguments are.
#[test]
fn results_of_engine_unchanged() {
    for sql in [
        "SELECT repeat('x', 1000)",
        "SELECT repeat('', 2000000000)",
        "SELECT repeat('x', NULL), repeat('x', -1)",
        "SELECT lpad('x', 1000), rpad('x', 10, 'yz'), lpad(repeat('x', 1000000), 10)",
        "SELECT range(0, 1000), range(5), range(0, 10, 3), generate_series(10, 0, -1), range(10, 0)",
        "SELECT range(DATE '2020-01-01', DATE '2020-02-01', INTERVAL '1' DAY)",
        "SELECT array_repeat(1, 5), array_resize([1], 5, 0)",
        "SELECT replace('abc', '', 'x'), replace(NULL, 'a', 'b'), replace('aXbX', 'X', 'yy')",
        "SELECT length(replace(repeat('a', 100000), 'b', repeat('x', 1000)))",
        "SELECT replace(x, 'a', x) FROM (VALUES ('aba'), (NULL), ('')) AS t(x)",
        "SELECT regexp_replace('foobarbequebaz', '(bar)(beque)', '\\2'), regexp_replace('aaa', 'a', 'bb', 'g')",
        "SELECT length(regexp_replace(repeat('x', 100000), 'y', repeat('z', 1000), 'g'))",
        "SELECT length(regexp_replace(repeat('x', 100000), 'x', repeat('z', 1000)))",
        "SELECT regexp_replace(x, 'A', 'b', f) FROM (VALUES ('aa', 'gi'), ('aA', 'g'), (NULL, NULL)) AS t(x, f)",
        "SELECT regexp_match('foobar', '(o+)(b)'), regexp_match(NULL, 'a')",
        "SELECT translate('abc', 'ab', 'x'), concat('a', 1, NULL), concat_ws(',', 'a', NULL, 'b'), concat_ws(NULL, 'a')",
        "SELECT concat(x, 'a', 'b'), overlay(x PLACING 'z' FROM 1) FROM (VALUES ('x')) AS t(x)",
        "SELECT encode('abc', 'hex'), to_char(DATE '2024-01-02', '%Y'), string_to_array('a,b', ','), string_to_array('ab', NULL)",
        "SELECT array_to_string([1, NULL, 3], ',', '-'), array_to_string([[1], [2, 3]], '+'), array_to_string(arrow_cast(NULL, 'List(Int64)'), ',')",
        "SELECT array_replace([1, 2, 1], 1, 3), array_replace_all([1, 2, 1], 1, 3), array_replace_n([1, 1, 1], 1, 3, 2)",
        "SELECT array_replace_all([[1], [2]], [1], [3]), array_replace_all(NULL, 1, 2)",
        "SELECT cardinality(array_replace_all(array_repeat('x', 10000), 'y', repeat('y', 1000)))",
        "SELECT arrays_zip([1, 2], ['a']), array_append([1], 2), array_prepend(1, [2]), [1] || [2] || 3, [] || [1]",
        "SELECT array_union([1, 2], [2, 3]), make_array(), make_array(1, NULL), [[1], [2]]",
        "SELECT value, array_agg(value) OVER (ORDER BY value), max(arrow_cast(value, 'Utf8')) OVER () FROM range(0, 5)",
        "SELECT array_agg(value) OVER (ORDER BY value ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM range(0, 5)",
        "SELECT value, last_value(value) OVER (ORDER BY value DESC), string_agg(arrow_cast(value, 'Utf8'), ',') OVER () FROM range(0, 5)",
        "SELECT repeat('x', 10000), count(*) FROM range(0, 100000)",
        "SELECT count(*) FROM range(0, 100000) WHERE arrow_cast(value, 'Utf8') <> repeat('x', 100000)",
    ] {
        let engine = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
        let expected = ask(&engine, sql).map_err(|error| error.to_string());
        assert!(expected.is_ok(), "{sql}: {expected:?}");
        assert_eq!(ask(&session(), sql).map_err(|error| error.to_string()), expected, "{sql}");
    }
}

/// A function that the engine makes of another one, by simplifying it, has the bound too.
#[test]
fn simplified_calls_bounded() {
    refused_by(
        "concat",
        &[
            "SELECT concat('a', 'b', x, x, x, 'c', 'd') FROM (SELECT repeat('x', value) AS x FROM range(500000, 500001))",
        ],
    );
}
