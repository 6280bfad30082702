//! The tables of the `diagnostics` schema: what each has and where it is taken from.

use std::collections::BTreeMap;

use datafusion::catalog::Session;

use super::SessionLog;
use super::tables::{Cell, Definition, Kind};
use crate::observe::settings::PinnedSettings;
use crate::scan::scan_log::ScanLog;

/// Every table, by name.
pub(super) const TABLES: [Definition; 7] = [
    Definition {
        name: "contracts",
        columns: &[
            ("relation", Kind::Text, "the relation"),
            ("kind", Kind::Text, "not_null, key, reference, order, identity or allowed"),
            ("columns", Kind::Text, "the columns or nested fields it is about, joined by commas"),
            ("target", Kind::Text, "the relation referred to, for a reference"),
            ("checked", Kind::Number, "how many values or rows were looked at"),
            ("broken", Kind::Number, "how many of them break the promise"),
        ],
        rows: contracts,
    },
    Definition {
        name: "conversions",
        columns: &[
            ("dataset", Kind::Text, "the dataset"),
            ("file", Kind::Text, "the file that differs from the contract"),
            ("path", Kind::Text, "the column or nested field"),
            ("kind", Kind::Text, "missing, extra, renamed, cast, reordered or nullable"),
            ("found", Kind::Text, "what the file has: a type, a name or an order; NULL for what it lacks"),
            (
                "read_as",
                Kind::Text,
                "what it is read as: a type, a name, an order or a value; NULL for what is not read",
            ),
            ("reason", Kind::Text, "why it is read so"),
        ],
        rows: conversions,
    },
    Definition {
        name: "findings",
        columns: &[
            ("code", Kind::Text, "the rule's stable code"),
            ("name", Kind::Text, "the rule's stable name"),
            ("severity", Kind::Text, "error, warning or info"),
            ("relation", Kind::Text, "the relation concerned"),
            ("path", Kind::Text, "the column or nested field concerned"),
            ("message", Kind::Text, "what is wrong"),
            ("expected", Kind::Text, "what was promised"),
            ("observed", Kind::Text, "what was seen"),
            ("remedy", Kind::Text, "what to do"),
            ("spec_file", Kind::Text, "the spec of the promise, below the specs folder"),
            ("spec_key", Kind::Text, "the key path in it"),
            ("data_file", Kind::Text, "the file or folder it was seen in"),
            ("data_row", Kind::Number, "the row in the file, from 0"),
        ],
        rows: findings,
    },
    Definition {
        name: "functions",
        columns: &[
            ("name", Kind::Text, "the function"),
            ("signature", Kind::Text, "the signature as the catalog has it"),
            ("kind", Kind::Text, "the kind that the engine has under the name; NULL if it has none"),
            ("listed", Kind::Text, "signatures in information_schema.parameters, one per line"),
            ("accepted", Kind::Number, "calls with fitting arguments that were planned"),
            ("refused", Kind::Number, "calls with other arguments that were refused, as they should be"),
        ],
        rows: functions,
    },
    Definition {
        name: "projections",
        columns: &[
            ("boundary", Kind::Text, "the boundary that rows left through"),
            ("source", Kind::Text, "the fingerprint of the schema that the rows had"),
            ("path", Kind::Text, "the column or nested field; NULL where nothing differs from what was asked for"),
            ("kind", Kind::Text, "missing, extra, cast, reordered or nullable"),
            ("found", Kind::Text, "what the rows had: a type or an order; NULL for what they lacked"),
            ("left_as", Kind::Text, "what left: a type, an order or a value; NULL for what was not asked for"),
        ],
        rows: projections,
    },
    Definition {
        name: "registrations",
        columns: &[
            ("name", Kind::Text, "the dataset, view or statement"),
            ("kind", Kind::Text, "dataset, view or statement"),
            ("location", Kind::Text, "where a dataset is, as it was given; NULL without a location"),
            ("refused", Kind::Text, "why it was left out; NULL for what is registered"),
            ("registered_at", Kind::Time, "when"),
        ],
        rows: registrations,
    },
    Definition {
        name: "settings",
        columns: &[
            ("name", Kind::Text, "the setting"),
            ("value", Kind::Text, "its value now; NULL where it is not set or unknown to the engine"),
            ("pinned", Kind::Text, "its value in the session's preset; NULL where the preset does not name it"),
            ("preset", Kind::Text, "the session's preset"),
            ("overridden", Kind::Flag, "whether the host chose otherwise than the preset when it made the session"),
            ("refused", Kind::Text, "what the engine said when it refused the pinned value"),
        ],
        rows: settings,
    },
];

fn record(state: &dyn Session) -> std::sync::Arc<SessionLog> {
    SessionLog::of(state.config())
}

fn contracts(state: &dyn Session) -> Vec<Vec<Cell>> {
    let contracts = record(state).last_verified().contracts.into_iter();
    let row = contracts.map(|contract| {
        vec![
            contract.relation.into(),
            contract.kind.name().into(),
            contract.columns.join(", ").into(),
            Cell::Text(contract.target),
            Cell::Number(Some(contract.checked)),
            Cell::Number(Some(contract.broken)),
        ]
    });
    row.collect()
}

fn conversions(state: &dyn Session) -> Vec<Vec<Cell>> {
    let conversions = ScanLog::of(state.config()).conversions().into_iter();
    let row = conversions.map(|recorded| {
        vec![
            recorded.dataset.into(),
            recorded.file.into(),
            recorded.conversion.path.to_string().into(),
            recorded.conversion.kind.into(),
            Cell::Text(recorded.conversion.from),
            Cell::Text(recorded.conversion.to),
            recorded.conversion.reason.into(),
        ]
    });
    row.collect()
}

fn findings(state: &dyn Session) -> Vec<Vec<Cell>> {
    let findings = record(state).last_verified().findings.into_iter();
    let row = findings.map(|finding| {
        let (spec_file, spec_key) = finding.spec.map(|place| (place.file, place.key)).unzip();
        let row = finding.data.as_ref().and_then(|place| place.row);
        vec![
            finding.code.into(),
            finding.name.into(),
            finding.severity.into(),
            Cell::Text(finding.relation),
            Cell::Text(finding.path),
            finding.message.into(),
            Cell::Text(finding.expected),
            Cell::Text(finding.observed),
            Cell::Text(finding.remedy),
            Cell::Text(spec_file),
            Cell::Text(spec_key),
            Cell::Text(finding.data.map(|place| place.file)),
            Cell::Number(row),
        ]
    });
    row.collect()
}

fn functions(state: &dyn Session) -> Vec<Vec<Cell>> {
    let functions = record(state).last_verified().functions.into_iter();
    let row = functions.map(|function| {
        vec![
            function.name.into(),
            function.signature.into(),
            Cell::Text(function.kind),
            function.listed.join("\n").into(),
            Cell::Number(Some(function.accepted)),
            Cell::Number(Some(function.refused)),
        ]
    });
    row.collect()
}

fn projections(state: &dyn Session) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for projection in record(state).projections() {
        let whose = || [Cell::from(&projection.boundary), Cell::from(&projection.source)];
        let converted = projection.conversions.iter().map(|conversion| {
            let differs = [
                Cell::from(&conversion.path),
                conversion.kind.into(),
                Cell::Text(conversion.from.clone()),
                Cell::Text(conversion.to.clone()),
            ];
            whose().into_iter().chain(differs).collect()
        });
        rows.extend(converted);
        if projection.conversions.is_empty() {
            rows.push(whose().into_iter().chain([const { Cell::Text(None) }; 4]).collect());
        }
    }
    rows
}

fn registrations(state: &dyn Session) -> Vec<Vec<Cell>> {
    let registrations = record(state).registrations().into_iter();
    let row = registrations.map(|(name, registration)| {
        vec![
            name.into(),
            registration.kind.into(),
            Cell::Text(registration.location),
            Cell::Text(registration.refused),
            Cell::Time(registration.event_time_unix_ms),
        ]
    });
    row.collect()
}

/// The engine's settings, and those that only the preset has.
fn settings(state: &dyn Session) -> Vec<Vec<Cell>> {
    let entries = state.config_options().entries().into_iter().chain(state.runtime_env().config_entries());
    let mut values: BTreeMap<String, Option<String>> = entries.map(|entry| (entry.key, entry.value)).collect();
    let pinned = state.config().get_extension::<PinnedSettings>().unwrap_or_default();
    for name in pinned.settings.keys() {
        values.entry(name.clone()).or_default();
    }
    let row = values.into_iter().map(|(name, value)| {
        vec![
            Cell::Text(Some(name.clone())),
            Cell::Text(value),
            Cell::Text(pinned.settings.get(&name).cloned()),
            pinned.preset.clone().into(),
            Cell::Flag(pinned.overridden.contains_key(&name)),
            Cell::Text(pinned.refused.get(&name).cloned()),
        ]
    });
    row.collect()
}
