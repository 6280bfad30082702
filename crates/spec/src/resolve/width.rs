//! Whether a batch of a relation's rows fits into memory: columns of fixed size and defaults have their bytes in every row.

use cstspec_contract::{Boundary, Column, DefaultValue, Finding, Session, Value};

use super::report::Report;
use super::scope::Relations;
use crate::engine;
use crate::rules;
use crate::types::fixed_bytes;

/// The most bytes that fixed columns and defaults may take in one batch.
const MAX_BATCH_BYTES: u64 = 1 << 30;
/// The setting that says how many rows a batch has.
const BATCH_SIZE: &str = "datafusion.execution.batch_size";

/// Reports relations and boundaries of which one batch takes too much, under the preset with the largest batches.
pub fn check(sessions: &[Session], relations: &Relations, boundaries: &[Boundary], report: &mut Report<'_>) {
    let (rows, preset) = largest_batch(sessions);
    let Relations { datasets, views, .. } = relations;
    let relations = datasets
        .values()
        .map(|dataset| (&dataset.name, &dataset.origin, row_bytes(&dataset.columns, &dataset.defaults)))
        .chain(views.iter().map(|view| (&view.name, &view.origin, row_bytes(&view.columns, &[]))));
    let boundaries = boundaries
        .iter()
        .map(|boundary| (&boundary.name, &boundary.origin, row_bytes(&boundary.columns, &boundary.defaults)));
    for (name, origin, bytes) in relations.chain(boundaries) {
        if bytes.saturating_mul(rows) <= MAX_BATCH_BYTES {
            continue;
        }
        let most = MAX_BATCH_BYTES / rows.max(1);
        let batch = preset.map_or_else(String::new, |preset| format!(", as the preset `{preset}` has them"));
        let finding = Finding::new(
            &rules::TOO_LARGE,
            format!("a row of `{name}` takes {bytes} bytes in columns of fixed size and in defaults"),
        )
        .differing(
            format!("at most {most} bytes, a gibibyte for a batch of {rows} rows{batch}"),
            format!("{bytes} bytes"),
        )
        .remedy(
            "declare such columns as `binary` or `list<T>`, split the relation, or give the presets smaller batches",
        );
        report.key(origin, finding);
    }
}

/// The rows of the largest batch that a preset asks for, and the preset if one does.
fn largest_batch(sessions: &[Session]) -> (u64, Option<&str>) {
    let default = engine::setting(BATCH_SIZE).and_then(|setting| setting.default?.parse().ok()).unwrap_or(0);
    let pinned = sessions.iter().filter_map(|session| {
        let setting = session.settings.get(BATCH_SIZE)?;
        let held = engine::setting(BATCH_SIZE)?.values.hold(&setting.value);
        Some((setting.value.parse().ok().filter(|_| held)?, Some(session.name.as_str())))
    });
    pinned.chain([(default, None)]).max_by_key(|(rows, _)| *rows).unwrap_or((default, None))
}

fn row_bytes(columns: &[Column], defaults: &[DefaultValue]) -> u64 {
    let fixed = columns.iter().map(|column| fixed_bytes(column.field.data_type()));
    fixed.chain(defaults.iter().map(|default| constant_bytes(&default.value))).fold(0, u64::saturating_add)
}

/// The bytes that an array has for each row with the constant.
pub fn constant_bytes(value: &Value) -> u64 {
    let length = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) => 8,
        Value::Decimal(_) => 16,
        Value::Text(text) => length(text),
        Value::List(items) => items.iter().map(constant_bytes).fold(8, u64::saturating_add),
        Value::Entries(entries) => entries
            .iter()
            .map(|(name, value)| length(name).saturating_add(constant_bytes(value)))
            .fold(8, u64::saturating_add),
    }
}
