//! The id functions.

use arrow::array::{Array as _, AsArray as _};
use cstspec_runtime::functions;
use datafusion::prelude::SessionContext;

use crate::world::{error, rows, run};

async fn one(ctx: &SessionContext, expr: &str) -> Option<String> {
    let batch = rows(ctx, &format!("SELECT {expr} AS id")).await;
    let ids = batch.column(0).as_string::<i32>();
    ids.is_valid(0).then(|| ids.value(0).to_owned())
}

fn context() -> SessionContext {
    let ctx = SessionContext::new();
    functions::register(&ctx);
    ctx
}

#[test]
fn ids_are_the_known_vectors() {
    run(async {
        let ctx = context();
        for (expr, expected) in [
            ("stable_id('p', '')", "p:cae66941d9efbd404e4d88758ea67670"),
            ("prefixed_hash64('p', '')", "p:7252660547403494068"),
        ] {
            assert_eq!(one(&ctx, expr).await.as_deref(), Some(expected));
        }
    });
}

#[test]
fn a_null_argument_makes_null_and_no_other_does() {
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

#[test]
fn an_id_is_nullable_iff_an_argument_is() {
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

#[test]
fn other_texts_are_coerced_and_other_counts_refused() {
    run(async {
        let ctx = context();
        for kind in ["Utf8View", "LargeUtf8"] {
            let expr = format!("stable_id('p', arrow_cast('', '{kind}'))");
            assert_eq!(one(&ctx, &expr).await.as_deref(), Some("p:cae66941d9efbd404e4d88758ea67670"));
        }
        assert!(error(&ctx, "SELECT stable_id('p')").await.contains("stable_id"));
    });
}
