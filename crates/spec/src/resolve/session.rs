//! Session presets.

use std::collections::{BTreeMap, BTreeSet};

use cstspec_contract::{Finding, OWN_SETTINGS, Origin, Session, Setting};

use super::name;
use super::report::{Report, one_of};
use crate::documents::{Document, Documents};
use crate::engine::{self, Values};
use crate::model::{ScalarText, SessionSpec};
use crate::order::order;
use crate::rules;
use crate::sources::CATALOG;

/// Resolves the presets, sorted by name, and checks the preset and engine version that the catalog names.
pub fn resolve(documents: &Documents, report: &mut Report<'_>) -> Vec<Session> {
    let mut sessions = resolve_all(&documents.sessions, report);
    if let Some(Document { file, spec, .. }) = &documents.catalog {
        let root = Origin::root(file);
        name::check_word(report, &root.join("catalog"), "catalog", &spec.catalog);
        if let Some(session) = &spec.session {
            check_session(report, &root.join("session"), session, &names(&documents.sessions));
        }
        if spec.engine != engine::VERSION {
            let finding =
                Finding::new(&rules::UNKNOWN_ENGINE, format!("no table for the engine version `{}`", spec.engine))
                    .differing(format!("`{}`", engine::VERSION), format!("`{}`", spec.engine))
                    .remedy(format!("write engine: \"{}\"", engine::VERSION));
            report.value(&root.join("engine"), finding);
        }
    }
    // A preset that nobody uses is none of the catalog's.
    let used = documents
        .catalog
        .as_ref()
        .is_some_and(|document| document.spec.session.as_deref().unwrap_or(BUILT_IN) == BUILT_IN)
        || sessions.iter().any(|session| session.extends.iter().any(|base| base == BUILT_IN));
    if used && !sessions.iter().any(|session| session.name == BUILT_IN) {
        sessions.push(built_in());
        sessions.sort_by(|left, right| left.name.cmp(&right.name));
    }
    sessions
}

/// The preset of a catalog that names none.
pub const BUILT_IN: &str = "built_in";

/// What the checker's types of views depend on, and what it takes these settings for.
const PINNED: [(&str, &str); 7] = [
    ("datafusion.execution.parquet.schema_force_view_types", "false"),
    ("datafusion.execution.time_zone", "UTC"),
    ("datafusion.optimizer.expand_views_at_output", "false"),
    ("datafusion.sql_parser.dialect", "generic"),
    ("datafusion.sql_parser.enable_ident_normalization", "true"),
    ("datafusion.sql_parser.map_string_types_to_utf8view", "false"),
    ("datafusion.sql_parser.parse_float_as_decimal", "false"),
];

/// The preset of a catalog that names none. Its settings stand where the catalog could name another.
fn built_in() -> Session {
    let origin = Origin::root(CATALOG).join("catalog");
    let pinned =
        |(name, value): (&str, &str)| (name.to_owned(), Setting { value: value.to_owned(), origin: origin.clone() });
    Session {
        name: BUILT_IN.to_owned(),
        doc: "What the types of views depend on, as the checker takes it.".to_owned(),
        origin: origin.clone(),
        extends: Vec::new(),
        settings: PINNED.into_iter().map(pinned).collect(),
    }
}

/// The names of presets that there are.
fn names(documents: &[Document<SessionSpec>]) -> BTreeSet<&str> {
    documents.iter().map(|document| document.spec.session.as_str()).chain([BUILT_IN]).collect()
}

fn resolve_all(documents: &[Document<SessionSpec>], report: &mut Report<'_>) -> Vec<Session> {
    let known = names(documents);
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, document) in documents.iter().enumerate() {
        let origin = Origin::root(&document.file).join("session");
        name::check_word(report, &origin, "session preset", &document.spec.session);
        if let Some(first) = numbers.get(document.spec.session.as_str()) {
            let first = Origin::root(&documents[*first].file).join("session");
            report.duplicate_name(&origin, "session preset", &document.spec.session, &first);
        } else {
            numbers.insert(&document.spec.session, number);
        }
        let extends = Origin::root(&document.file).join("extends");
        for (number, base) in report.distinct(&extends, "preset", &document.spec.extends) {
            check_session(report, &extends.index(number), base, &known);
        }
        check_settings(document, report);
    }
    let needs: Vec<Vec<usize>> = documents
        .iter()
        .map(|document| document.spec.extends.iter().filter_map(|base| numbers.get(base.as_str()).copied()).collect())
        .collect();
    let order = order(&needs);
    for circle in &order.circles {
        let names: Vec<&str> = circle.iter().map(|number| documents[*number].spec.session.as_str()).collect();
        let origin = Origin::root(&documents[circle[0]].file).join("extends");
        report.circle(&origin, &rules::DEPENDENCY_CYCLE, "presets that extend one another", &names);
    }
    let mut resolved: BTreeMap<String, Session> = BTreeMap::from([(BUILT_IN.to_owned(), built_in())]);
    for number in order.sorted {
        let Document { file, spec, .. } = &documents[number];
        let root = Origin::root(file);
        let own = spec.settings.iter().map(|(name, value)| {
            let origin = root.join("settings").join(name);
            (name.clone(), Setting { value: value.0.clone(), origin })
        });
        let mut session = Session {
            name: spec.session.clone(),
            doc: spec.doc.clone(),
            origin: root.join("session"),
            extends: spec.extends.clone(),
            settings: own.collect(),
        };
        session.inherit(spec.extends.iter().filter_map(|base| resolved.get(base)));
        check_chunks(&documents[number], &session, report);
        if spec.session == BUILT_IN {
            let finding =
                Finding::new(&rules::DUPLICATE_NAME, format!("`{BUILT_IN}` is the preset of catalogs that name none"))
                    .differing("a name of its own", format!("`{BUILT_IN}`"))
                    .remedy("rename it");
            report.key(&root.join("session"), finding);
        }
        resolved.entry(spec.session.clone()).or_insert(session);
    }
    resolved.remove(BUILT_IN);
    resolved.into_values().collect()
}

/// Reports a name that is no preset's.
fn check_session(report: &mut Report<'_>, origin: &Origin, name: &str, known: &BTreeSet<&str>) {
    if known.contains(name) || report.may_be_defined(name, known.iter().copied()) {
        return;
    }
    let advice = report.advise(name, known.iter().copied(), "define it, or correct the name");
    let names: Vec<&str> = known.iter().copied().collect();
    let finding = Finding::new(&rules::UNKNOWN_SESSION, format!("unknown session preset `{name}`"))
        .differing(one_of(&names), format!("`{name}`"))
        .remedy(advice);
    report.value(origin, finding);
}

fn check_settings(document: &Document<SessionSpec>, report: &mut Report<'_>) {
    let settings = Origin::root(&document.file).join("settings");
    for (name, ScalarText(value)) in &document.spec.settings {
        let origin = settings.join(name);
        if let Some(instead) = engine::overruled(name, value) {
            let of_files = name.starts_with("datafusion.execution.parquet.");
            let finding = if of_files {
                Finding::new(&rules::SETTING_OVERRULED, format!("`{name}` has no effect on a dataset"))
            } else {
                Finding::new(&rules::SETTING_VALUE, format!("invalid value `{value}` for `{name}` in a catalog"))
            };
            let finding = finding.differing(instead, format!("`{name}: {value}`")).remedy("remove it from the preset");
            report.key(&origin, finding);
        } else if OWN_SETTINGS.iter().any(|(own, ..)| own == name) {
            check_value(name, value, &Values::Boolean, &origin, report);
        } else if let Some(setting) = engine::setting(name) {
            check_value(name, value, &setting.values, &origin, report);
        } else {
            let own = OWN_SETTINGS.map(|(name, ..)| name);
            let known = engine::settings().iter().map(|setting| setting.name).chain(own);
            let advice = report.advise(name, known, "remove it");
            let finding = Finding::new(&rules::UNKNOWN_SETTING, format!("unknown setting `{name}`"))
                .differing(format!("a setting of DataFusion {}, or of cstspec", engine::VERSION), format!("`{name}`"))
                .remedy(advice);
            report.key(&origin, finding);
        }
    }
}

/// Reports a value that the setting `name` cannot have.
fn check_value(name: &str, value: &str, values: &Values, origin: &Origin, report: &mut Report<'_>) {
    if values.hold(value) {
        return;
    }
    let advice = report.advise(value, values.choices(), &format!("write {values}"));
    let finding = Finding::new(&rules::SETTING_VALUE, format!("invalid value `{value}` for `{name}`"))
        .differing(values.to_string(), format!("`{value}`"))
        .remedy(advice);
    report.value(origin, finding);
}

/// The settings of the smallest and of the largest chunk when Parquet is written, and how far they must lie apart at least: the engine
/// makes a mask of bits from the distance, and panics where none is left.
const CHUNKS: [&str; 2] = ["min_chunk_size", "max_chunk_size"];
const CHUNK_DISTANCE: i64 = 256;

/// Reports chunks whose largest size is not above their smallest, where a preset writes one of the two.
fn check_chunks(document: &Document<SessionSpec>, session: &Session, report: &mut Report<'_>) {
    let names = CHUNKS.map(|name| format!("datafusion.execution.parquet.content_defined_chunking.{name}"));
    let size = |name: &String| -> Option<i64> {
        let setting = engine::setting(name)?;
        let value = session.settings.get(name).map(|setting| setting.value.as_str()).or(setting.default)?;
        value.parse().ok().filter(|_| setting.values.hold(value))
    };
    let written = names.iter().rev().find(|name| document.spec.settings.contains_key(*name));
    if let (Some(written), Some(least), Some(most)) = (written, size(&names[0]), size(&names[1]))
        && most < least + CHUNK_DISTANCE
    {
        let finding = Finding::new(
            &rules::SETTING_VALUE,
            format!("`{}` is not above `{}`, as the preset `{}` has them", CHUNKS[1], CHUNKS[0], session.name),
        )
        .differing(format!("at least {} bytes", least + CHUNK_DISTANCE), format!("{most} bytes"))
        .remedy("write a larger one, or a smaller `min_chunk_size`");
        report.value(&Origin::root(&document.file).join("settings").join(written), finding);
    }
}
