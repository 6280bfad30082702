//! Static typing of expressions against the engine: every expression of `expressions.txt` is typed by `cstspec_spec` and planned,
//! analyzed and executed by DataFusion, and both must agree on type, nullability and metadata, or both must refuse.

mod nested;
mod sweep;
mod table;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow_schema::{Field, FieldRef, Schema};
use cstspec_contract::{Origin, Session, Setting};
use cstspec_spec::expr::{Dialect, ExprError, ExprErrorKind, Scope, Typed, check};
use datafusion::error::DataFusionError;
use datafusion::prelude::{DataFrame, SessionContext};
use table::{dialect, fields, functions, session, session_with};

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

/// The engine's result for an expression, and the stage where it stops.
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

/// The error of one case, or none.
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

/// Every expression is typed as the engine types it.
#[tokio::test]
async fn expression_types() {
    let fields = fields();
    let context = session(&Arc::new(Schema::new(fields.clone())));
    let (scope, functions) = (Scope::new(fields), functions());
    let cases = cases();
    let mut report = String::new();
    let mut wrong = 0;
    for case in &cases {
        let ours = check(&case.text, &scope, &functions, &dialect());
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

/// Texts whose meaning depends on settings, which name types of SQL or have constants.
const OF_SESSIONS: [&str; 18] = [
    "CAST(1 AS VARCHAR)",
    "CAST(1 AS VARCHAR(10))",
    "CAST(1 AS TEXT)",
    "CAST('a' AS CHAR(3))",
    "CAST(NULL AS STRING)",
    "TRY_CAST('1' AS VARCHAR)",
    "CAST(1 AS VARCHAR) || 'a'",
    "CAST(1 AS VARCHAR) = 'a'",
    "upper(CAST(1 AS VARCHAR))",
    "CASE WHEN true THEN CAST(1 AS VARCHAR) ELSE 'a' END",
    "coalesce(CAST(NULL AS VARCHAR), 'a')",
    "named_struct('a', CAST(1 AS VARCHAR))",
    "CAST('2024-02-29T12:00:00Z' AS TIMESTAMP WITH TIME ZONE)",
    "CAST('2024-02-29T12:00:00Z' AS TIMESTAMP(3) WITH TIME ZONE)",
    "CAST('2024-02-29T12:00:00' AS TIMESTAMP)",
    "1.5",
    "1.5 + 1",
    "DATE '2024-02-29'",
];

/// Types follow the settings of the session.
#[tokio::test]
async fn types_follow_settings() {
    let text = "datafusion.sql_parser.map_string_types_to_utf8view";
    let zone = "datafusion.execution.time_zone";
    let presets: [&[(&str, &str)]; 9] = [
        &[],
        &[(text, "true")],
        &[(text, "FALSE")],
        &[(text, "true"), (zone, "UTC")],
        &[(text, "false"), (zone, "+02:00")],
        &[("datafusion.sql_parser.support_varchar_with_length", "false")],
        &[("datafusion.sql_parser.parse_float_as_decimal", "true")],
        &[("datafusion.execution.parquet.schema_force_view_types", "false")],
        // Not `expand_views_at_output`: it changes what a query gives, and no expression in it.
        &[("datafusion.execution.parquet.schema_force_view_types", "true")],
    ];
    let schema = Arc::new(Schema::new(fields()));
    let (scope, functions) = (Scope::new(fields()), functions());
    let mut wrong = String::new();
    let mut agreed = 0;
    for preset in presets {
        let context = session_with(&schema, preset);
        let setting = |(name, value): &(&str, &str)| {
            ((*name).to_owned(), Setting { value: (*value).to_owned(), origin: Origin::default() })
        };
        let dialect = Dialect::of(&Session {
            name: "preset".to_owned(),
            doc: String::new(),
            origin: Origin::default(),
            extends: Vec::new(),
            settings: preset.iter().map(setting).collect(),
        });
        for text in OF_SESSIONS {
            let theirs = ask(&context, text).await;
            match (check(text, &scope, &functions, &dialect), theirs) {
                (Ok(ours), Answer::Executes(theirs)) if ours.field.data_type() == theirs.data_type() => agreed += 1,
                (Err(_), Answer::Refuses(_)) => agreed += 1,
                // Not known without the engine, and said so.
                (Err(errors), _) if errors.iter().all(|error| error.kind == ExprErrorKind::Unsupported) => {}
                (ours, theirs) => {
                    let theirs = match theirs {
                        Answer::Executes(field) => field.data_type().to_string(),
                        Answer::PlansOnly(error) | Answer::Refuses(error) => error.strip_backtrace(),
                    };
                    let ours = ours.map(|typed| typed.field.data_type().to_string());
                    let _ = writeln!(wrong, "{preset:?}: {text}: {ours:?} here, {theirs} in the engine");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(agreed > 140, "{agreed} of {} agree", presets.len() * OF_SESSIONS.len());
}
